"""What does a tree of classes look like? Names at the left, joined at the height of their separation.

The axis is the unit of the heights, so that a reader can tell near from far by the eye; joints below
the marked height are drawn heavier, and in the second colour.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from embedding_second_opinion.findings.charts import Tree

from .lettering import COLOURS, Layout, canvas, dress, letters, name_axis, number, room_below, wrap


def draw_tree(chart: Tree, layout: Layout, head: float) -> Figure:
    """A dendrogram lying on its side: the first leaf on top, heights growing to the right."""
    line = 1.25 * layout.font
    names = [_name(leaf, layout) for leaf in chart.leaves]
    # A leaf of two lines needs more room than one: its neighbours must not touch it.
    rooms = [line * len(name) + 0.35 * layout.font for name in names]
    mark = _mark_lines(chart, layout)
    bottom, top = room_below(chart.height_label, layout), line * len(mark) + 8 + head
    height = sum(rooms) + bottom + top + (0 if rooms else line)
    drawn, axes = canvas(layout, height, layout.left, bottom, top)
    axes.set_ylim(0, sum(rooms) or 1)
    axes.set_xlim(*_span(chart))

    middles, y = [], sum(rooms)
    for name, room in zip(names, rooms, strict=True):
        middles.append(y - room / 2)
        y -= room
        _leaf(drawn, name, layout, (bottom + middles[-1]) / height, line / height)
    _branches(axes, chart, middles)
    if chart.mark is not None:
        _mark(axes, chart.mark.y, mark, layout)
    axes.set_yticks([])
    axes.xaxis.set_major_locator(MaxNLocator(5 if layout.width > 400 else 4, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.4g}"))
    axes.grid(axis="x", color=COLOURS["grid"], lw=0.8)
    dress(axes, layout)
    name_axis(axes, chart.height_label, layout)
    return drawn


def _span(chart: Tree) -> tuple[float, float]:
    """From zero, or below it where a height is, to a little beyond the last joint and the mark."""
    heights = [merge.height for merge in chart.merges]
    heights += [] if chart.mark is None else [chart.mark.y]
    low, high = min(0.0, *heights, 0.0), max(0.0, *heights, 0.0)
    return low, high + 0.04 * (high - low) or low + 1.0


def _name(leaf: str, layout: Layout) -> list[str]:
    """One or two lines. The last letters tell characters of one alphabet apart: a line ends where
    the name has a joint (Latin/ character_06), not in the middle of a word."""
    room = layout.left - 14
    letters = int(room / (0.6 * layout.font))
    joints = [found.end() for found in re.finditer(r"[/_.\s-]+", leaf[: letters + 1])]
    cut = max((end for end in joints if end >= letters / 3), default=0)
    if len(wrap(leaf, room, layout.font, 2)) == 1 or not cut:
        return wrap(leaf, room, layout.font, 2)
    lines = wrap(leaf[:cut], room, layout.font, 1) + wrap(leaf[cut:], room, layout.font, 1)
    return [line for line in lines if line]


def _leaf(drawn: Figure, name: Sequence[str], layout: Layout, middle: float, line: float) -> None:
    """The lines of a name, ending where its branch begins."""
    x, style = (layout.left - 8) / layout.width, letters(layout.font, "ink")
    for row, words in enumerate(name):
        y = middle + ((len(name) - 1) / 2 - row) * line
        drawn.text(x, y, words, ha="right", va="center", **style)


def _branches(axes: Axes, chart: Tree, middles: Sequence[float]) -> None:
    """Each joint as a bracket, from where its two branches stand to its own height."""
    ends = [(0.0, middle) for middle in middles]
    for merge in chart.merges:
        (x1, y1), (x2, y2) = ends[merge.first], ends[merge.second]
        below = chart.mark is not None and merge.height < chart.mark.y
        axes.plot(
            [x1, merge.height, merge.height, x2],
            [y1, y1, y2, y2],
            color=COLOURS["series-second" if below else "series-main"],
            lw=2.6 if below else 1.5,
            solid_joinstyle="miter",
            clip_on=False,
        )
        ends.append((merge.height, (y1 + y2) / 2))


def _mark_lines(chart: Tree, layout: Layout) -> list[str]:
    if chart.mark is None:
        return []
    value = number(chart.mark.y, share=False)
    named = chart.mark.name if value in chart.mark.name else f"{chart.mark.name} ({value})"
    return wrap(named, (layout.width - layout.left - layout.right) * 0.9, layout.font, 2)


def _mark(axes: Axes, height: float, lines: Sequence[str], layout: Layout) -> None:
    """A dashed line over all leaves with its name on top, on the side that has room for it."""
    axes.axvline(height, color=COLOURS["ink"], lw=1.3, ls=(0, (4, 3)))
    low, high = axes.get_xlim()
    left = (height - low) / (high - low) < 0.5
    axes.annotate(
        "\n".join(lines),
        (height, 1),
        xycoords=("data", "axes fraction"),
        xytext=(-2 if left else 2, 4),
        textcoords="offset points",
        ha="left" if left else "right",
        va="bottom",
        **letters(layout.font, "ink"),
    )
