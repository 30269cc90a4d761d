"""How do the points stand on the page? Their data, a still picture without script, the facts of each map."""

from __future__ import annotations

import io
from dataclasses import dataclass

from markupsafe import Markup
from PIL import Image

from embedding_second_opinion.drawing.draw import png
from embedding_second_opinion.drawing.inline_svg import png_uri
from embedding_second_opinion.drawing.points import CLASS_COLOURS
from embedding_second_opinion.findings.charts import Points

from .pictures import Grid

_SHADES = 240  # of the still picture: dots, marks and smooth letters need no more


@dataclass(frozen=True)
class PointMap:
    """A :class:`Points` chart, ready for the template.

    data: the chart as JSON for a ``<script type="application/json">``, in which nothing can end it.
    still: a PNG of all panels as a data URI, for a reader without script.
    legend: the classes, where each can have a colour of its own; else empty.
    facts: what was measured of each map, one column a map.
    """

    anchor: str
    chart: Points
    points: int
    data: Markup
    still: str
    legend: tuple[str, ...]
    facts: Grid


def point_map(chart: Points, anchor: str) -> PointMap:
    """Prepare a chart; ``anchor`` begins every id of its elements."""
    few = len(chart.classes) <= len(CLASS_COLOURS)
    text = chart.model_dump_json(exclude={"title", "alt", "kind"})
    return PointMap(
        anchor=anchor,
        chart=chart,
        points=len(chart.codes.array()),
        # Markup: in JSON a "<" stands only in strings, where its escape means the same.
        data=Markup(text.replace("<", "\\u003c")),
        still=_still(chart),
        legend=chart.classes if few else (),
        facts=_facts(chart),
    )


def _still(chart: Points) -> str:
    with Image.open(io.BytesIO(png((chart,), titled=False))) as image:
        small = image.quantize(_SHADES, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    return png_uri(small)


def _facts(chart: Points) -> Grid:
    named = list(dict.fromkeys(name for panel in chart.panels for name, _ in panel.facts))
    measured = [dict(panel.facts) for panel in chart.panels]
    rows = tuple((name, *(facts.get(name, "") for facts in measured)) for name in named)
    columns = ("", *(panel.name for panel in chart.panels))
    return Grid(columns, rows, (False, *(True for _ in chart.panels)))
