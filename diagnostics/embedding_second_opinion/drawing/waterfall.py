"""How do steps between two totals look? Hanging bars, one a row, joined by thin lines."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from embedding_second_opinion.findings.charts import Stage, Waterfall

from .lettering import COLOURS, Layout, canvas, dress, name_axis, number, room_below, wrap, write

_UP, _DOWN, _TOTAL = "series-context", "series-second", "series-main"


def draw_waterfall(chart: Waterfall, layout: Layout, head: float) -> Figure:
    """Totals begin at the axis; a change hangs between what was before and what is after."""
    above = layout.left == 0
    line, room = 1.25 * layout.font, (layout.width if above else layout.left) - 14
    names = [wrap(stage.label, room, layout.font, 2) for stage in chart.stages]
    heights = [line * len(name) + (30 if above else 16) for name in names]
    bottom, top = room_below(chart.value_label, layout), 6 + head
    height = sum(heights) + bottom + top
    drawn, axes = canvas(layout, height, layout.left or 14, bottom, top)
    axes.set_ylim(0, sum(heights) or 1)
    axes.set_xlim(0, max([1.0, *(s.after for s in chart.stages), *(_end(s) for s in chart.stages)]))
    y = sum(heights)
    last: tuple[float, float] | None = None
    for stage, name, tall in zip(chart.stages, names, heights, strict=True):
        middle = y - tall / 2 - (line * len(name) / 2 - 2 if above else 0)
        start = 0.0 if stage.total else min(stage.before, stage.after)
        wide = stage.after if stage.total else abs(stage.after - stage.before)
        kind = _TOTAL if stage.total else _UP if stage.after >= stage.before else _DOWN
        axes.barh(middle, max(wide, 0.002), left=start, height=16, color=COLOURS[kind], alpha=0.85)
        if last is not None:
            axes.vlines(last[0], middle + 8, last[1] - 8, color=COLOURS["muted"], lw=0.8)
        if stage.low is not None and stage.high is not None:
            low, high = stage.before + stage.low, stage.before + stage.high
            axes.hlines(middle, low, high, color=COLOURS["ink"], lw=1.6)
            axes.vlines([low, high], middle - 4, middle + 4, color=COLOURS["ink"], lw=1.6)
        top_line = y - 2 - line / 2 if above else middle + (len(name) - 1) / 2 * line
        for row, words in enumerate(name):
            at = (bottom + top_line - row * line) / height
            write(drawn, 1 / layout.width, at, words, layout.font, "ink")
        beside = 1 - (layout.right - 12) / layout.width
        write(drawn, beside, (bottom + middle) / height, change(stage), layout.font, "ink")
        last = (stage.after, middle)
        y -= tall
    axes.set_yticks([])
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.4g} %"))
    if not above:
        axes.axvline(0, color=COLOURS["muted"], lw=1)
        axes.grid(axis="x", color=COLOURS["grid"], lw=0.8)
    dress(axes, layout)
    name_axis(axes, chart.value_label, layout)
    return drawn


def change(stage: Stage) -> str:
    """The value beside a row: a total in percent, a change in points with its sign and interval."""
    if stage.total:
        return number(stage.after, share=True)
    text = f"{100 * (stage.after - stage.before):+z.1f}"
    if stage.low is None or stage.high is None:
        return text
    return f"{text} [{100 * stage.low:z.1f}, {100 * stage.high:z.1f}]"


def _end(stage: Stage) -> float:
    return stage.before + (stage.high or 0.0)
