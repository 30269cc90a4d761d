"""What does a curve look like? Labels stand at the ends of the lines, not in a box beside them."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from embedding_second_opinion.findings.charts import Curve

from .lettering import (
    COLOURS,
    Layout,
    canvas,
    clean,
    dress,
    end_label,
    letters,
    name_axis,
    number,
    room_below,
    spread,
    write,
)
from .marks import name_marks

_DASHES = ("-", (0, (5, 2)), (0, (1.5, 1.5)))


def draw_curve(chart: Curve, layout: Layout, head: float) -> Figure:
    """Lines labelled at their right ends, bands for intervals, marks named at the foot."""
    ends = [(s.name, s.x[-1], s.y[-1], f"series-{s.role}") for s in chart.series if s.x]
    last = max((x for _, x, _, _ in ends), default=1.0)
    ends += [(level.name, last, level.y, "muted") for level in chart.levels]
    line = 1.25 * layout.font
    texts = [end_label(name, number(y, chart.y_share), layout) for name, _, y, _ in ends]
    heights = [line * len(text) + 6 for text in texts]
    bottom, top = room_below(chart.x_label, layout), 2.4 * layout.font + head
    height = max(0.32 * layout.width + 140 + head, sum(heights) + bottom + top)  # room for all
    drawn, axes = canvas(layout, height, layout.left, bottom, top)

    seen: list[str] = []
    for series in chart.series:
        colour, style = COLOURS[f"series-{series.role}"], _DASHES[seen.count(series.role) % 3]
        seen.append(series.role)
        if series.low and series.high:
            axes.fill_between(series.x, series.low, series.high, color=colour, alpha=0.18, lw=0)
        axes.plot(
            series.x,
            series.y,
            color=colour,
            ls=style,
            ms=4.5,
            lw=1.6 if series.role == "context" else 2.6,
            marker="o" if len(series.x) <= 12 else "",
        )
    for level in chart.levels:
        axes.axhline(level.y, color=COLOURS["muted"], lw=1.2, ls=(0, (4, 3)))
    for mark in chart.marks:  # before the axes are set: a mark may lie beyond the lines
        colour = COLOURS[f"series-{mark.role}"]
        axes.plot([mark.x], [mark.y], color=colour, marker="o", ms=7, clip_on=False)
    _curve_axes(axes, chart, layout)
    axes.set(xlim=axes.get_xlim(), ylim=axes.get_ylim())  # what is drawn beside moves nothing
    corner = 1 / layout.width, 1 - (head + 1.1 * layout.font) / height
    set_so = letters(layout.font, "muted")
    axes.text(*corner, clean(chart.y_label), transform=drawn.transFigure, **set_so)

    points = [axes.transData.transform((x, y)) for _, x, y, _ in ends]
    places = spread([float(p[1]) for p in points], heights, bottom - 12, height - top + 8)
    edge, unit = layout.width - layout.right, np.array([layout.width, height])
    for (_, _, _, colour), text, point, place in zip(ends, texts, points, places, strict=True):
        leader = np.array([[point[0] + 4, point[1]], [edge + 14, place]]) / unit
        axes.plot(
            *leader.T, transform=drawn.transFigure, lw=0.8, color=COLOURS[colour], clip_on=False
        )
        for row, words in enumerate(text):
            y = place + ((len(text) - 1) / 2 - row) * line
            write(drawn, (edge + 18) / layout.width, y / height, words, layout.font, colour)
    labels = [
        (edge, place - tall / 2, layout.right, tall)
        for place, tall in zip(places, heights, strict=True)
    ]
    name_marks(axes, chart, layout, labels)
    return drawn


def _curve_axes(axes: Axes, chart: Curve, layout: Layout) -> None:
    xs = [x for series in chart.series for x in series.x] or [1.0]
    ys = [y for s in chart.series for y in (*s.y, *s.low, *s.high)] + [v.y for v in chart.levels]
    if chart.x_scale == "log":
        axes.set_xscale("log")
        # Its ends are numbers a reader looks for (one candidate, all 399); decades where they fit.
        low, high, room = min(xs), max(xs), 2.2 if layout.width > 400 else 4.0
        decades = [10.0**k for k in range(-9, 13) if low * room < 10.0**k < high / room]
        axes.xaxis.set_major_locator(FixedLocator([low, *decades, high]))
        axes.xaxis.set_minor_locator(NullLocator())
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    if chart.y_share and ys:
        # A curve needs no zero, but one that goes low is read against it.
        floor = 0.0 if min(ys) < 0.4 else np.floor(10 * min(ys) - 0.2) / 10
        axes.set_ylim(min(floor, min(ys)), max(1.0, max(ys)))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(
        FuncFormatter(lambda value, _: f"{100 * value:.4g} %" if chart.y_share else f"{value:,.4g}")
    )
    axes.grid(axis="y", color=COLOURS["grid"], lw=0.8)
    dress(axes, layout)
    name_axis(axes, chart.x_label, layout)
