"""Second Opinion: why a model's accuracy misleads, what causes it and which fix helps.

Arrays in, findings out. This library knows nothing of notebooks, Papermill or HTML.

``diagnostics.embed(model, loader)`` makes the arrays with PyTorch, ``diagnostics.audit_metric(function)``
tests a metric, ``diagnostics.fit_remedy(space, key)`` gives a fix that was measured; each is imported when
it is first named.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from embedding_second_opinion.findings.charts import AnyChart
from embedding_second_opinion.findings.finding import Finding

if TYPE_CHECKING:
    from embedding_second_opinion.catalogue.remedies.fit import fit_remedy
    from embedding_second_opinion.model_audit.audit_metric import audit_metric
    from embedding_second_opinion.model_audit.embed import embed
    from embedding_second_opinion.remedy.store import load_remedy, save_remedy

__all__ = ["Finding", "audit_metric", "embed", "fit_remedy", "load_remedy", "save_remedy"]

_FOUND_IN = {
    "audit_metric": "embedding_second_opinion.model_audit.audit_metric",
    "embed": "embedding_second_opinion.model_audit.embed",
    "fit_remedy": "embedding_second_opinion.catalogue.remedies.fit",
    "load_remedy": "embedding_second_opinion.remedy.store",
    "save_remedy": "embedding_second_opinion.remedy.store",
}


def _illustrate(charts: tuple[AnyChart, ...], name: str, title: str) -> str:
    # Imported when the first figure is shown: matplotlib takes half a second that a script may not need.
    from embedding_second_opinion.drawing.draw import sheet

    return sheet(charts, name, title)


def __getattr__(name: str) -> object:
    # On demand: torch takes seconds, and whoever brings arrays needs none of it.
    if name in _FOUND_IN:
        return getattr(importlib.import_module(_FOUND_IN[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


Finding.illustrator = _illustrate
