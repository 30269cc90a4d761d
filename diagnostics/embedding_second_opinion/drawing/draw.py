"""What does a chart look like? Specifications -> matplotlib: SVG in notebooks and on the page, PNG of maps.

Only this file, its ``draw_`` siblings and ``lettering`` import matplotlib, and only its object interface:
no pyplot, no global state. The same chart always gives the same bytes. In the page's SVG every colour is
a CSS variable, so that one picture reads in light and in dark; text stays text, in the page's font.
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
from matplotlib.patches import Rectangle
from numpy.typing import NDArray
from PIL import Image

from embedding_second_opinion.findings.charts import (
    AnyChart,
    Bars,
    Curve,
    Examples,
    Points,
    Sample,
    Tree,
    Waterfall,
)

from .curve import draw_curve
from .inline_svg import inline
from .lettering import COLOURS, Layout, blank, short, write
from .points import draw_points
from .rows import draw_bars, draw_waterfall
from .sheet import stacked
from .tree import draw_tree

Width = Literal["wide", "narrow"]

_DOTS = 108  # per inch, of what is drawn in pixels inside an SVG
_SIDE = 60  # points that a sample's picture is high or wide
_RIGHT, _WRONG = "#11703c", "#b3261e"
_CURVE = {"wide": Layout(720, 14, 52, 190), "narrow": Layout(360, 13, 50, 112)}
_BARS = {"wide": Layout(720, 14, 230, 172), "narrow": Layout(360, 13, 0, 158)}
_TREE = {"wide": Layout(720, 14, 210, 24), "narrow": Layout(360, 13, 128, 12)}


def png(charts: Sequence[AnyChart], *, titled: bool = True) -> bytes:
    """All charts that have a picture, one below the other."""
    with _settings():
        figures = (_figure(chart, "wide", titled) for chart in charts)
        pixels = [_pixels(drawn) for drawn in figures if drawn is not None]
    pixels = pixels or [np.full((1, 1, 3), 255, dtype=np.uint8)]
    widest = max(p.shape[1] for p in pixels)
    padded = [
        np.pad(p, ((0, 0), (0, widest - p.shape[1]), (0, 0)), constant_values=255) for p in pixels
    ]
    target = io.BytesIO()
    Image.fromarray(np.concatenate(padded)).save(target, format="PNG")
    return target.getvalue()


def sheet(charts: Sequence[AnyChart], name: str, title: str) -> str:
    """The same as one SVG that stands alone (``findings.illustrator``); "" where nothing has a picture."""
    documents, words = [], []
    with _settings():
        for chart in charts:
            drawn = _figure(chart, "wide", titled=True)
            if drawn is not None:
                target = io.StringIO()
                drawn.savefig(target, format="svg", dpi=_DOTS, metadata={"Date": None})
                documents.append(target.getvalue())
                words.append(f"{chart.title}: {chart.alt}")
    return stacked(documents, name, title, words) if documents else ""


def svg(chart: Curve | Bars | Tree | Waterfall, prefix: str, width: Width = "wide") -> str:
    """One ``<svg>`` element for the page.

    prefix: begins every id in it, so that several pictures on one page never share one.
    """
    target = io.StringIO()
    with _settings():
        drawn = _figure(chart, width, titled=False)
        assert drawn is not None  # all of these have a picture
        drawn.savefig(target, format="svg", transparent=True, metadata={"Date": None})
    return inline(target.getvalue(), prefix, {value: name for name, value in COLOURS.items()})


def figure(chart: AnyChart, *, width: Width = "wide", titled: bool = False) -> Figure | None:
    """The chart as a matplotlib figure; None for what is read rather than looked at."""
    with _settings():
        return _figure(chart, width, titled)


def _figure(chart: AnyChart, width: Width, titled: bool) -> Figure | None:
    """The same under settings that hold already: to set them takes as long as to draw."""
    head = 30 if titled else 0
    if isinstance(chart, Curve):
        drawn = draw_curve(chart, _CURVE[width], head)
    elif isinstance(chart, Bars):
        drawn = draw_bars(chart, _BARS[width], head)
    elif isinstance(chart, Waterfall):
        drawn = draw_waterfall(chart, _BARS[width], head)
    elif isinstance(chart, Tree):
        drawn = draw_tree(chart, _TREE[width], head)
    elif isinstance(chart, Points):
        drawn = draw_points(chart, head)
    elif isinstance(chart, Examples):
        drawn = _examples(chart, head)
    else:
        return None
    if titled:
        tall = 72 * drawn.get_figheight()
        write(drawn, 0.01, 1 - 16 / tall, short(chart.title, 80), 15, "ink")
    return drawn


def _examples(chart: Examples, head: float) -> Figure:
    """The query left, its answers right; each framed and named right or wrong."""
    shown, across, cell = chart.examples[:6], 6, 120
    bare = all(s.image is None for each in shown for s in (each.query, *each.answers))
    tall, words_at = (46, 30) if bare else (112, 34)
    width, height = cell * across, tall * max(1, len(shown)) + head
    drawn = blank(width, height)
    axes = drawn.add_axes((0, 0, 1, 1))  # one for all, in points: axes are slow to make
    axes.set_axis_off()
    for row, example in enumerate(shown):
        for column, sample in enumerate((example.query, *example.answers[: across - 1])):
            left, base = column * cell, height - head - tall * (row + 1)
            frame = {None: COLOURS["muted"], True: _RIGHT, False: _WRONG}[sample.match]
            if bare:  # nothing to frame: a stroke beside the words
                axes.add_patch(Rectangle((left + 20, base + 8), 3, tall - 14, color=frame, lw=0))
            else:
                _picture(axes, sample, (left + 30 + _SIDE / 2, base + 44 + _SIDE / 2), frame)
            lines = ((short(sample.label, 14), "ink"), (_caption(sample), "muted"))
            for line, (words, colour) in enumerate(lines):
                y = (base + words_at - 15 * line) / height
                write(drawn, (left + 30) / width, y, words, 10.5, colour)
    axes.set(xlim=(0, width), ylim=(0, height), aspect="auto")
    return drawn


def _picture(axes: Axes, sample: Sample, centre: tuple[float, float], frame: str) -> None:
    """The thumbnail in its frame, or an empty frame."""
    pixels = None if sample.image is None else sample.image.array()
    rows, columns = (1, 1) if pixels is None else pixels.shape[:2]
    wide, tall = (_SIDE * n / max(rows, columns) for n in (columns, rows))
    x, y = centre[0] - wide / 2, centre[1] - tall / 2
    if pixels is not None:
        # Three channels and no interpolation: an SVG then holds the pixels as they are.
        coloured = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
        axes.imshow(coloured, extent=(x, x + wide, y, y + tall), interpolation="none")
    axes.add_patch(Rectangle((x, y), wide, tall, fill=False, edgecolor=frame, lw=2))


def _caption(sample: Sample) -> str:
    word = {None: "query", True: "right", False: "wrong"}[sample.match]
    return word if sample.distance is None else f"{word}, {sample.distance:.3g}"


def _pixels(drawn: Figure) -> NDArray[np.uint8]:
    agg = FigureCanvasAgg(drawn)
    drawn.set_dpi(108)
    agg.draw()  # type: ignore[no-untyped-call]
    return np.asarray(agg.buffer_rgba())[..., :3].copy()  # type: ignore[no-untyped-call]


@contextmanager
def _settings() -> Iterator[None]:
    """Our settings whatever the user's matplotlibrc says; no warning for a glyph the font lacks."""
    with warnings.catch_warnings(), rc_context():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        rcdefaults()
        rc("font", family=["DejaVu Sans"])
        rc("axes", unicode_minus=False)
        rc("svg", hashsalt="second-opinion", fonttype="none")
        rc("image", composite_image=False)
        yield
