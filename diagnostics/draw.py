"""What does a chart look like? Specifications -> matplotlib: PNG for notebooks, SVG for the page.

Only this file and ``lettering`` import matplotlib, and only its object interface: no pyplot, no
global state. The same chart always gives the same bytes. In the SVG every colour is a CSS variable,
so that one picture reads in light and in dark; text stays text, in the font of the page.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import numpy as np
from matplotlib import rc, rc_context, rcdefaults
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator
from numpy.typing import NDArray
from PIL import Image

from diagnostics.charts import AnyChart, Bars, Curve, Examples, Sample
from diagnostics.inline_svg import inline
from diagnostics.lettering import (
    COLOURS,
    Layout,
    clean,
    end_label,
    name_axis,
    number,
    room_below,
    short,
    spread,
    wrap,
    write,
)

Width = Literal["wide", "narrow"]

_RIGHT, _WRONG = "#11703c", "#b3261e"
_DASHES = ("-", (0, (5, 2)), (0, (1.5, 1.5)))
_CURVE = {"wide": Layout(720, 14, 52, 190), "narrow": Layout(360, 13, 50, 112)}
_BARS = {"wide": Layout(720, 14, 230, 172), "narrow": Layout(360, 13, 0, 158)}


def png(charts: Sequence[AnyChart]) -> bytes:
    """All charts that have a picture, one below the other (``Finding.illustrator``)."""
    pixels = [_pixels(f) for f in (figure(chart, titled=True) for chart in charts) if f is not None]
    pixels = pixels or [np.full((1, 1, 3), 255, dtype=np.uint8)]
    widest = max(p.shape[1] for p in pixels)
    padded = [
        np.pad(p, ((0, 0), (0, widest - p.shape[1]), (0, 0)), constant_values=255) for p in pixels
    ]
    target = io.BytesIO()
    Image.fromarray(np.concatenate(padded)).save(target, format="PNG")
    return target.getvalue()


def svg(chart: Curve | Bars, prefix: str, width: Width = "wide") -> str:
    """One ``<svg>`` element for the page.

    prefix: begins every id in it, so that several pictures on one page never share one.
    """
    drawn = figure(chart, width=width)
    assert drawn is not None  # curves and bars always have a picture
    target = io.StringIO()
    with _settings():
        drawn.savefig(target, format="svg", transparent=True, metadata={"Date": None})
    return inline(target.getvalue(), prefix, {value: name for name, value in COLOURS.items()})


def figure(chart: AnyChart, *, width: Width = "wide", titled: bool = False) -> Figure | None:
    """The chart as a matplotlib figure; None for what is read rather than looked at."""
    head = 30 if titled else 0
    with _settings():
        if isinstance(chart, Curve):
            drawn = _curve(chart, _CURVE[width], head)
        elif isinstance(chart, Bars):
            drawn = _bars(chart, _BARS[width], head)
        elif isinstance(chart, Examples):
            drawn = _examples(chart, head)
        else:
            return None
        if titled:
            tall = 72 * drawn.get_figheight()
            write(drawn, 0.01, 1 - 16 / tall, short(chart.title, 80), 15, "ink")
    return drawn


def _curve(chart: Curve, layout: Layout, head: float) -> Figure:
    ends = [(s.name, s.x[-1], s.y[-1], f"series-{s.role}") for s in chart.series if s.x]
    last = max((x for _, x, _, _ in ends), default=1.0)
    ends += [(level.name, last, level.y, "muted") for level in chart.levels]
    line = 1.25 * layout.font
    texts = [end_label(name, number(y, chart.y_share), layout) for name, _, y, _ in ends]
    heights = [line * len(text) + 6 for text in texts]
    bottom, top = room_below(chart.x_label, layout), 2.4 * layout.font + head
    height = max(0.32 * layout.width + 140 + head, sum(heights) + bottom + top)  # room for all
    drawn, axes = _canvas(layout, height, layout.left, bottom, top)

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
    _curve_axes(axes, chart, layout)
    axes.text(
        1 / layout.width,
        1 - (head + 1.1 * layout.font) / height,
        clean(chart.y_label),
        fontsize=layout.font,
        color=COLOURS["muted"],
        transform=drawn.transFigure,
        parse_math=False,
    )

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
    _dress(axes, layout)
    name_axis(axes, chart.x_label, layout)


def _bars(chart: Bars, layout: Layout, head: float) -> Figure:
    above = layout.left == 0
    line, room = 1.25 * layout.font, (layout.width if above else layout.left) - 14
    names = [wrap(bar.label, room, layout.font, 2) for bar in chart.bars]
    heights = [line * len(name) + (30 if above else 16) for name in names]
    bottom, top = room_below(chart.value_label, layout), 6 + head
    height = sum(heights) + bottom + top
    drawn, axes = _canvas(layout, height, layout.left or 14, bottom, top)
    axes.set_ylim(0, sum(heights) or 1)
    ends = [e for b in chart.bars for e in (b.value, b.low, b.high) if e is not None] or [1.0]
    far = 1.0 if chart.share and max(ends) > 0.6 else 1.05 * max(0.0, *ends)
    axes.set_xlim(min(0.0, *ends), far or 1.0)
    y = sum(heights)
    for bar, name, tall in zip(chart.bars, names, heights, strict=True):
        middle = y - tall / 2 - (line * len(name) / 2 - 2 if above else 0)
        colour = COLOURS[f"series-{bar.role}"]
        axes.barh(middle, bar.value, height=16, color=colour, alpha=0.85)
        text = number(bar.value, chart.share)
        if bar.low is not None and bar.high is not None:
            axes.hlines(middle, bar.low, bar.high, color=COLOURS["ink"], lw=1.6)
            axes.vlines([bar.low, bar.high], middle - 4, middle + 4, color=COLOURS["ink"], lw=1.6)
            low, high = (number(v, chart.share).removesuffix(" %") for v in (bar.low, bar.high))
            text += f" [{low}, {high}]"
        top_line = y - 2 - line / 2 if above else middle + (len(name) - 1) / 2 * line
        for row, words in enumerate(name):
            at = top_line - row * line
            write(drawn, 1 / layout.width, (bottom + at) / height, words, layout.font, "ink")
        write(
            drawn,
            1 - (layout.right - 12) / layout.width,
            (bottom + middle) / height,
            text,
            layout.font,
            "ink",
        )
        y -= tall
    axes.set_yticks([])
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: f"{100 * value:.4g} %" if chart.share else f"{value:,.4g}")
    )
    if not above:  # where labels stand above the bars, lines would cross them
        axes.axvline(0, color=COLOURS["muted"], lw=1)
        axes.grid(axis="x", color=COLOURS["grid"], lw=0.8)
    _dress(axes, layout)
    name_axis(axes, chart.value_label, layout)
    return drawn


def _examples(chart: Examples, head: float) -> Figure:
    """The query left, its answers right; each framed and named right or wrong."""
    shown, across, cell = chart.examples[:6], 6, 120
    width, height = cell * across, 112 * max(1, len(shown)) + head
    drawn = _figure(width, height)
    for row, example in enumerate(shown):
        for column, sample in enumerate((example.query, *example.answers[: across - 1])):
            left, base = column * cell, height - head - 112 * (row + 1)
            axes = drawn.add_axes(
                ((left + 30) / width, (base + 44) / height, 60 / width, 60 / height)
            )
            axes.set_xticks([])
            axes.set_yticks([])
            if sample.image is not None:
                axes.imshow(sample.image.array(), cmap="gray", vmin=0, vmax=255)
            frame = {None: COLOURS["muted"], True: _RIGHT, False: _WRONG}[sample.match]
            axes.spines[:].set(color=frame, linewidth=2)
            for line, words in enumerate((short(sample.label, 14), _caption(sample))):
                write(
                    drawn,
                    (left + 30) / width,
                    (base + 34 - 15 * line) / height,
                    words,
                    10.5,
                    "muted" if line else "ink",
                )
    return drawn


def _caption(sample: Sample) -> str:
    word = {None: "query", True: "right", False: "wrong"}[sample.match]
    return word if sample.distance is None else f"{word}, {sample.distance:.3g}"


def _figure(width: float, height: float) -> Figure:
    drawn = Figure(figsize=(width / 72, height / 72), dpi=72, facecolor="white")
    FigureCanvasAgg(drawn)
    return drawn


def _canvas(
    layout: Layout, height: float, left: float, bottom: float, top: float
) -> tuple[Figure, Axes]:
    drawn = _figure(layout.width, height)
    wide = (layout.width - left - layout.right) / layout.width
    box = (left / layout.width, bottom / height, wide, (height - bottom - top) / height)
    return drawn, drawn.add_axes(box)


def _dress(axes: Axes, layout: Layout) -> None:
    axes.set_facecolor("none")
    axes.spines[["left", "top", "right"]].set_visible(False)
    axes.spines["bottom"].set_color(COLOURS["muted"])
    axes.tick_params(colors=COLOURS["muted"], labelsize=layout.font - 1, length=0, pad=6)
    axes.set_axisbelow(True)


def _pixels(drawn: Figure) -> NDArray[np.uint8]:
    target = io.BytesIO()
    with _settings():
        drawn.savefig(target, format="png", dpi=108)
    with Image.open(target) as image:
        return np.asarray(image.convert("RGB"))


@contextmanager
def _settings() -> Iterator[None]:
    """Our settings whatever the user's matplotlibrc says; no warning for a glyph the font lacks."""
    with warnings.catch_warnings(), rc_context():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        rcdefaults()
        rc("font", family=["DejaVu Sans"])
        rc("axes", unicode_minus=False)
        rc("svg", hashsalt="second-opinion", fonttype="none")
        yield
