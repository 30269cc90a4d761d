"""How does a chart stand on the page? SVG in two widths, the data as a table, thumbnails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup
from PIL import Image

from embedding_second_opinion.drawing.draw import svg
from embedding_second_opinion.drawing.inline_svg import png_uri
from embedding_second_opinion.drawing.lettering import amount, number
from embedding_second_opinion.drawing.rows import change
from embedding_second_opinion.findings.charts import (
    AnyChart,
    Bars,
    Curve,
    Examples,
    Sample,
    Series,
    Table,
    Tree,
    Waterfall,
)
from embedding_second_opinion.findings.finding import Estimate

# Thumbnails are enlarged here by whole steps, so that a browser need not smooth them.
_SIDE = 72
_JUDGED = {None: "", True: "right", False: "wrong"}


@dataclass(frozen=True)
class Grid:
    """A table of texts. ``numeric`` columns are aligned right."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]


@dataclass(frozen=True)
class Shown:
    """A sample in words, with its picture as a data URI where there is one."""

    label: str
    place: str
    judgement: str  # "query", "right", "wrong", or "" where nobody can say
    picture: str
    side: int
    alt: str


@dataclass(frozen=True)
class Picture:
    """A chart, ready for the template: drawings, a grid, samples, or some of them."""

    chart: AnyChart
    wide: Markup | None = None
    narrow: Markup | None = None
    grid: Grid | None = None
    examples: tuple[tuple[Shown, tuple[Shown, ...], str], ...] = ()

    @property
    def pictured(self) -> bool:
        """Has any of its samples a thumbnail?"""
        return any(
            shown.picture for query, answers, _ in self.examples for shown in (query, *answers)
        )


def picture(chart: AnyChart, prefix: str) -> Picture:
    """Prepare a chart; ``prefix`` begins every id in its drawings. Points are for ``point_map``."""
    if isinstance(chart, Curve | Bars | Tree | Waterfall):
        # Markup: written by draw.svg, in which every word of the user is an escaped text node.
        wide = Markup(svg(chart, f"{prefix}w", "wide"))
        narrow = Markup(svg(chart, f"{prefix}n", "narrow"))
        return Picture(chart, wide, narrow, _grid(chart))
    if isinstance(chart, Table):
        numeric = chart.numeric or (False,) * len(chart.columns)
        return Picture(chart, grid=Grid(chart.columns, chart.rows, numeric))
    examples = chart.examples if isinstance(chart, Examples) else ()
    shown = (
        (_shown(e.query, "query"), tuple(_shown(a, _JUDGED[a.match]) for a in e.answers), e.note)
        for e in examples
    )
    return Picture(chart, examples=tuple(shown))


def interval(estimate: Estimate, mark: float | None = None) -> Markup:
    """A share on the line from 0 to 100 %: a dot, its interval as a band, a tick at ``mark``."""
    if estimate.quantity not in ("share", "accuracy points"):
        return Markup()
    ends = (estimate.value, estimate.low, estimate.high)
    spot, low, high = (_percent(estimate.value if end is None else end) for end in ends)
    tick = ""
    if mark is not None:
        tick = f'<rect class="mark" x="{_percent(mark):.2f}%" y="2" width="2" height="16"/>'
    return Markup(
        '<svg class="interval" aria-hidden="true" focusable="false" height="20" width="100%">'
        '<rect class="track" x="0" y="9" width="100%" height="2"/>'
        f'<rect class="band" x="{low:.2f}%" y="5" width="{max(high - low, 0.4):.2f}%" height="10"/>'
        f'{tick}<circle class="dot" cx="{spot:.2f}%" cy="10" r="5"/></svg>'
    )


def _percent(share: float) -> float:
    # Inset, so that a dot at the end of the line is whole on a narrow screen too.
    return 2 + 96 * min(1.0, max(0.0, share))


def _grid(chart: Curve | Bars | Tree | Waterfall) -> Grid:
    if isinstance(chart, Curve):
        return _curve_grid(chart)
    if isinstance(chart, Tree):
        return _tree_grid(chart)
    if isinstance(chart, Waterfall):
        rows = tuple(
            (each.label, number(each.after, True), "" if each.total else change(each))
            for each in chart.stages
        )
        return Grid(("", "accuracy", "change in points"), rows, (False, True, True))
    bars = tuple((b.label, amount(b.value, b.low, b.high, chart.points)) for b in chart.bars)
    return Grid(("", chart.value_label), bars, (False, True))


def _curve_grid(chart: Curve) -> Grid:
    xs = sorted({x for series in chart.series for x in series.x})
    rows = tuple(
        (f"{x:,.6g}", *(_at(series, x, chart.y_share) for series in chart.series)) for x in xs
    )
    names = tuple(series.name for series in chart.series)
    return Grid((chart.x_label, *names), rows, (True,) * (1 + len(names)))


def _at(series: Series, x: float, share: bool) -> str:
    if x not in series.x:
        return ""
    i = series.x.index(x)
    if not series.low or not series.high:
        return number(series.y[i], share)
    low, high = (number(end[i], share).removesuffix(" %") for end in (series.low, series.high))
    return f"{number(series.y[i], share)} [{low}, {high}]"


def _tree_grid(chart: Tree) -> Grid:
    """Who joins whom, and how high: the joints in the order of the chart."""
    groups: list[tuple[str, ...]] = [(leaf,) for leaf in chart.leaves]
    rows: list[tuple[str, str, str]] = []
    for merge in chart.merges:
        one, two = groups[merge.first], groups[merge.second]
        rows.append((_members(one), _members(two), number(merge.height, share=False)))
        groups.append(one + two)
    return Grid(("joined", "with", chart.height_label), tuple(rows), (False, False, True))


def _members(group: Sequence[str]) -> str:
    if len(group) <= 3:
        return ", ".join(group)
    return f"{group[0]}, {group[1]} and {len(group) - 2} more"


def _shown(sample: Sample, judgement: str) -> Shown:
    place = f"row {sample.row:,}"
    if sample.distance is not None:
        place += f" · distance {sample.distance:.3g}"
    words = f"{judgement or 'answer'}: class {sample.label}, row {sample.row}"
    if sample.image is None:
        return Shown(sample.label, place, judgement, "", 0, words)
    image = Image.fromarray(sample.image.array())
    side = round(image.width * max(1, _SIDE // max(image.size)))
    return Shown(sample.label, place, judgement, png_uri(image), side, words)
