"""Second Opinion: why a model's accuracy misleads, what causes it and which fix helps.

Arrays in, findings out. This library knows nothing of notebooks, Papermill or HTML.
"""

from __future__ import annotations

from diagnostics.charts import AnyChart
from diagnostics.finding import Finding


def _illustrate(charts: tuple[AnyChart, ...]) -> bytes:
    # Imported when the first figure is shown: matplotlib takes half a second that a script may not need.
    from diagnostics.draw import png

    return png(charts)


Finding.illustrator = _illustrate
