"""Second Opinion: why a model's accuracy misleads, what causes it and which fix helps.

Arrays in, findings out::

    import embedding_second_opinion as so

    result = so.diagnose(X, y)
    print(result)                  # the answer in one sentence
    result["hubness"]              # one finding; result.to_frame() has all
    result.report("my-report")     # the page

``so.checks`` has each diagnostic as a function, ``so.compare`` two models, ``so.embed`` makes the arrays with
PyTorch, ``so.audit_metric`` tests a metric, ``so.fit_remedy`` gives a fix that was measured. Each is imported
when it is first named. This library knows nothing of notebooks, Papermill or HTML pages.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from .findings import illustrator as _illustrator

if TYPE_CHECKING:
    from . import checks
    from .api import compare, diagnose
    from .catalogue.remedies.fit import fit_remedy
    from .data.embeddings import EmbeddingSet
    from .data.labels import InputError
    from .data.load import load
    from .data.roles import Evaluation, arrange
    from .findings.charts import AnyChart
    from .findings.finding import Finding
    from .geometry.geometry import Geometry
    from .model_audit.audit_metric import audit_metric
    from .model_audit.embed import embed
    from .remedy.store import load_remedy, save_remedy
    from .story.result import Result

    __version__: str

__all__ = [
    "EmbeddingSet",
    "Evaluation",
    "Finding",
    "Geometry",
    "InputError",
    "Result",
    "__version__",
    "arrange",
    "audit_metric",
    "checks",
    "compare",
    "diagnose",
    "embed",
    "fit_remedy",
    "load",
    "load_remedy",
    "save_remedy",
]

# No name here may be that of a module or folder beside this file: importing that would take its place.
_FOUND_IN = {
    "EmbeddingSet": "data.embeddings",
    "Evaluation": "data.roles",
    "Finding": "findings.finding",
    "Geometry": "geometry.geometry",
    "InputError": "data.labels",
    "Result": "story.result",
    "arrange": "data.roles",
    "audit_metric": "model_audit.audit_metric",
    "compare": "api",
    "diagnose": "api",
    "embed": "model_audit.embed",
    "fit_remedy": "catalogue.remedies.fit",
    "load": "data.load",
    "load_remedy": "remedy.store",
    "save_remedy": "remedy.store",
}


def _illustrate(charts: tuple[AnyChart, ...], name: str, title: str) -> str:
    # Imported when the first figure is shown: matplotlib takes half a second that a script may not need.
    from .drawing.draw import sheet

    return sheet(charts, name, title)


def __getattr__(name: str) -> object:
    # On demand: torch takes seconds, and whoever brings arrays needs none of it.
    if name in _FOUND_IN:
        return getattr(importlib.import_module(f"{__name__}.{_FOUND_IN[name]}"), name)
    if name == "checks":
        return importlib.import_module(f"{__name__}.checks")
    if name == "__version__":
        from importlib import metadata

        try:
            return metadata.version("embedding-second-opinion")
        except metadata.PackageNotFoundError:  # a clone that was not installed
            return "not installed"
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)


_illustrator.draw = _illustrate
