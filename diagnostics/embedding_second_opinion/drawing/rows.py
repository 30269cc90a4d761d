"""What do bars look like, one a row? Values from zero, or steps that hang between two totals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from embedding_second_opinion.findings.charts import Bars, Stage, Waterfall

from .lettering import (
    COLOURS,
    Layout,
    amount,
    canvas,
    dress,
    name_axis,
    number,
    room_below,
    wrap,
    write,
)

_UP, _DOWN, _TOTAL = "series-context", "series-second", "series-main"


def draw_bars(chart: Bars, layout: Layout, head: float) -> Figure:
    """Values with their intervals, each from zero."""
    words = [(b.label, amount(b.value, b.low, b.high, chart.points)) for b in chart.bars]
    rows = _Rows(chart.value_label, words, layout, head)
    ends = [e for b in chart.bars for e in (b.value, b.low, b.high) if e is not None] or [1.0]
    far = 1.0 if not chart.points and max(ends) > 0.6 else 1.05 * max(0.0, *ends)
    rows.axes.set_xlim(1.05 * min(0.0, *ends), far or 1.0)
    for bar, middle in zip(chart.bars, rows.middles(), strict=True):
        colour = COLOURS[f"series-{bar.role}"]
        rows.axes.barh(middle, bar.value, height=16, color=colour, alpha=0.85)
        _whiskers(rows.axes, middle, bar.low, bar.high)
    return rows.finished("" if chart.points else " %")


def draw_waterfall(chart: Waterfall, layout: Layout, head: float) -> Figure:
    """Totals begin at the axis; a change hangs between what was before and what is after."""
    stages = chart.stages
    rows = _Rows(chart.value_label, [(s.label, change(s)) for s in stages], layout, head)
    axes = rows.axes
    ends = [end for s in stages for end in (s.after, s.before + (s.high or 0.0))]
    axes.set_xlim(0, max([1.0, *ends]))
    last: tuple[float, float] | None = None
    for stage, middle in zip(stages, rows.middles(), strict=True):
        start = 0.0 if stage.total else min(stage.before, stage.after)
        wide = stage.after if stage.total else abs(stage.after - stage.before)
        kind = _TOTAL if stage.total else _UP if stage.after >= stage.before else _DOWN
        axes.barh(middle, max(wide, 0.002), left=start, height=16, color=COLOURS[kind], alpha=0.85)
        if last is not None:
            axes.vlines(last[0], middle + 8, last[1] - 8, color=COLOURS["muted"], lw=0.8)
        if stage.low is not None and stage.high is not None:
            _whiskers(axes, middle, stage.before + stage.low, stage.before + stage.high)
        last = (stage.after, middle)
    return rows.finished(" %")


def change(stage: Stage) -> str:
    """The value beside a row: a total in percent, a change in points with its sign and interval."""
    if stage.total:
        return number(stage.after, share=True)
    text = f"{100 * (stage.after - stage.before):+z.1f}"
    if stage.low is None or stage.high is None:
        return text
    return f"{text} [{100 * stage.low:z.1f}, {100 * stage.high:z.1f}]"


class _Rows:
    """Rows of one bar each: names at the left or, where there is no room, above; values at the right."""

    def __init__(
        self, value_label: str, rows: Sequence[tuple[str, str]], layout: Layout, head: float
    ) -> None:
        self.above, self.line = layout.left == 0, 1.25 * layout.font
        room = (layout.width if self.above else layout.left) - 14
        self.names = [wrap(label, room, layout.font, 2) for label, _ in rows]
        self.values = [value for _, value in rows]
        gap = 30 if self.above else 16
        self.heights = [self.line * len(name) + gap for name in self.names]
        self.value_label, self.layout = value_label, layout
        self.bottom, top = room_below(value_label, layout), 6 + head
        self.height = sum(self.heights) + self.bottom + top
        self.drawn, self.axes = canvas(layout, self.height, layout.left or 14, self.bottom, top)
        self.axes.set_ylim(0, sum(self.heights) or 1)

    def middles(self) -> Iterator[float]:
        """The height of each bar, from the top; its words are written when it is drawn."""
        layout, y = self.layout, sum(self.heights)
        beside = 1 - (layout.right - 12) / layout.width
        for name, value, tall in zip(self.names, self.values, self.heights, strict=True):
            middle = y - tall / 2 - (self.line * len(name) / 2 - 2 if self.above else 0)
            yield middle
            top = middle + (len(name) - 1) / 2 * self.line
            top = y - 2 - self.line / 2 if self.above else top
            for row, words in enumerate(name):
                self._write(1 / layout.width, top - row * self.line, words)
            self._write(beside, middle, value)
            y -= tall

    def finished(self, unit: str) -> Figure:
        """With its axis, in percent with this unit."""
        axes = self.axes
        axes.set_yticks([])
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 * x:.4g}{unit}"))
        if not self.above:  # where labels stand above the bars, lines would cross them
            axes.axvline(0, color=COLOURS["muted"], lw=1)
            axes.grid(axis="x", color=COLOURS["grid"], lw=0.8)
        dress(axes, self.layout)
        name_axis(axes, self.value_label, self.layout)
        return self.drawn

    def _write(self, x: float, at: float, words: str) -> None:
        y = (self.bottom + at) / self.height
        write(self.drawn, x, y, words, self.layout.font, "ink")


def _whiskers(axes: Axes, middle: float, low: float | None, high: float | None) -> None:
    if low is not None and high is not None:
        axes.hlines(middle, low, high, color=COLOURS["ink"], lw=1.6)
        axes.vlines([low, high], middle - 4, middle + 4, color=COLOURS["ink"], lw=1.6)
