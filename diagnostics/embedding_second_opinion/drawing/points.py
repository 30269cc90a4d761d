"""What do thousands of points look like in a notebook? Pictures side by side, with their faithfulness.

A picture of points has no unit, so it has no axes. Up to ten classes have colours and names of their own;
more cannot be told apart by colour, so that their dots are grey and what matters is marked instead:
a cross where the nearest enrolled row is of another class, a hollow dot where the picture distorts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from embedding_second_opinion.data.arrays import Bools, Reals
from embedding_second_opinion.findings.charts import Panel, Points

from .lettering import COLOURS, blank, letters, short, wrap, write

# Chosen by a search over sRGB: each at least 3:1 on white, and the least distance between any two (OKLab,
# also as seen with protanopia and deuteranopia) as large as could be had. The page has the same ten.
CLASS_COLOURS = (
    "#0c60a8",
    "#e46c18",
    "#543c00",
    "#0c90fc",
    "#601854",
    "#9c5400",
    "#a8246c",
    "#6c9c78",
    "#18249c",
    "#9078b4",
)
DISTORTED = 128  # of 255: more than half of the neighbours in the picture are none in the space
READ_SO = (
    "Read who lies beside whom, no more: how far groups lie apart, how large and how dense they "
    "look is made by the method. A picture like this has no unit."
)

_WIDTH, _LEFT, _GAP, _SIDE, _FONT = 720, 7, 14, 346, 12.5
_LINE, _NAMED = 1.35 * _FONT, 6


@dataclass(frozen=True)
class _Dots:
    """What all panels share. order: in which the dots are painted, so that no class hides all others."""

    codes: NDArray[np.integer]
    wrong: Bools
    order: NDArray[np.integer]
    radius: float
    named: tuple[int, ...]  # classes with a name in the picture, largest first


def draw_points(chart: Points, head: float) -> Figure:
    """Two panels a row, each above its facts; what the signs mean stands in the cell after the last."""
    dots = _dots(chart)
    deep = max((len(lines) for lines in map(_facts, chart.panels)), default=0)
    cell = _SIDE + _LINE * (1.4 + deep) + _GAP
    words, signs = _sentences(chart, dots), _signs(chart, dots)
    rows, beside = -(-len(chart.panels) // 2), len(chart.panels) % 2 == 1
    # Beside the last panel one below the other; under a full row side by side.
    legend = _LINE * (1 + (len(words) + 1 + len(signs) if beside else max(len(words), len(signs))))
    height = head + (
        max(rows * cell, (rows - 1) * cell + legend) if beside else rows * cell + legend
    )
    drawn = blank(_WIDTH, height)
    for place, panel in enumerate(chart.panels):
        left, top = _LEFT + place % 2 * (_SIDE + _GAP), height - head - place // 2 * cell
        _panel(drawn, panel, chart, dots, left, top)
    top = height - head - (rows - beside) * cell - (1.4 if beside else 0) * _LINE
    right = _LEFT + _SIDE + _GAP
    for row, line in enumerate(words):
        x = right if beside else _LEFT
        write(drawn, x / _WIDTH, (top - _LINE * (row + 0.5)) / height, line, _FONT, "ink")
    top -= _LINE * (len(words) + 1) if beside else 0
    for row, (sign, colour, line) in enumerate(signs):
        y = (top - _LINE * (row + 0.5)) / height
        _sign(drawn, (right + 6) / _WIDTH, y, sign, colour)
        write(drawn, (right + 20) / _WIDTH, y, line, _FONT, "ink")
    return drawn


def _dots(chart: Points) -> _Dots:
    codes = chart.codes.array()
    sizes = np.bincount(codes, minlength=len(chart.classes))
    largest = np.argsort(-sizes, kind="stable")[: 10 if _coloured(chart) else _NAMED]
    return _Dots(
        codes=codes,
        wrong=chart.wrong.array().astype(bool),
        # User rows often stand class by class; a fixed shuffle mixes them, the same in every panel.
        order=np.random.default_rng(0).permutation(len(codes)),
        radius=float(np.clip(70 / np.sqrt(max(1, len(codes))), 0.8, 2.6)),
        named=tuple(int(c) for c in largest if sizes[c]),
    )


def _coloured(chart: Points) -> bool:
    return len(chart.classes) <= len(CLASS_COLOURS)


def _panel(
    drawn: Figure, panel: Panel, chart: Points, dots: _Dots, left: float, top: float
) -> None:
    height = 72 * drawn.get_figheight()
    write(drawn, left / _WIDTH, (top - 0.7 * _LINE) / height, short(panel.name, 40), 14, "ink")
    base = top - 1.4 * _LINE - _SIDE
    axes = drawn.add_axes((left / _WIDTH, base / height, _SIDE / _WIDTH, _SIDE / height))
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), xticks=[], yticks=[])
    axes.spines[:].set(color=COLOURS["grid"], linewidth=1)
    places = panel.places.array().reshape(-1, 2) / 65535
    _scatter(axes, places, panel.distortion.array() >= DISTORTED, chart, dots)
    _names(axes, places, chart, dots)
    for row, words in enumerate(_facts(panel)):
        y = (base - _LINE * (row + 0.7)) / height
        write(drawn, left / _WIDTH, y, words, _FONT, "muted")


def _scatter(axes: Axes, places: Reals, distorted: Bools, chart: Points, dots: _Dots) -> None:
    palette = np.array(CLASS_COLOURS if _coloured(chart) else [COLOURS["series-context"]])
    colours = palette[dots.codes % len(palette)]
    for chosen, hollow in ((distorted, True), (~distorted, False)):
        at = dots.order[chosen[dots.order]]
        axes.scatter(
            places[at, 0],
            places[at, 1],
            s=(2 * dots.radius) ** 2,
            marker="o",
            facecolors="none" if hollow else colours[at],
            edgecolors=colours[at] if hollow else "none",
            linewidths=0.35 * dots.radius if hollow else 0,
            alpha=None if _coloured(chart) else 0.7,
            rasterized=True,
        )
    at = dots.order[dots.wrong[dots.order]]
    axes.scatter(
        places[at, 0],
        places[at, 1],
        s=(2.4 * dots.radius) ** 2,
        marker="x",
        color=COLOURS["ink" if _coloured(chart) else "series-second"],
        linewidths=0.4 * dots.radius + 0.2,
        rasterized=True,
    )


def _names(axes: Axes, places: Reals, chart: Points, dots: _Dots) -> None:
    """Names of classes at their middles, largest first; one that finds no free room is left out."""
    taken: list[tuple[float, float, float]] = []
    tall = 1.25 * _FONT / _SIDE
    for code in dots.named:
        own = places[dots.codes == code]
        # On a dot of the class: the median of a class in two places lies on neither.
        x, y = own[np.argmin(np.abs(own - np.median(own, axis=0)).sum(axis=1))]
        words = short(chart.classes[code], 18)
        wide = 0.62 * _FONT * len(words) / _SIDE
        x = min(max(x, wide / 2), 1 - wide / 2)
        steps = [0, *(sign * step for step in range(1, 5) for sign in (1, -1))]
        free = (y + step * tall for step in steps)
        y = next((y for y in free if _is_free(x, y, wide, tall, taken)), -1.0)
        if y < 0:
            continue
        taken.append((x, y, wide))
        halo = {"path_effects": [withStroke(linewidth=3, foreground="white")]}
        axes.annotate(words, (x, y), ha="center", va="center", **(letters(_FONT, "ink") | halo))


def _is_free(
    x: float, y: float, wide: float, tall: float, taken: Sequence[tuple[float, float, float]]
) -> bool:
    inside = tall / 2 <= y <= 1 - tall / 2
    return inside and all(
        abs(y - y2) >= tall or abs(x - x2) >= (wide + wide2) / 2 for x2, y2, wide2 in taken
    )


def _facts(panel: Panel) -> list[str]:
    """ "trustworthiness: 97.1 %", each on as many lines as it needs."""
    return _wrapped(f"{name}: {value}" for name, value in panel.facts)


def _wrapped(texts: Iterable[str]) -> list[str]:
    return [line for text in texts for line in wrap(text, _SIDE + 20, _FONT, 6)]


def _sentences(chart: Points, dots: _Dots) -> list[str]:
    texts = [f"{len(dots.codes):,} points of {len(chart.classes):,} classes.", READ_SO]
    if not _coloured(chart):
        texts.insert(1, f"The {len(dots.named)} largest classes are named, where there is room.")
    return _wrapped(texts)


def _signs(chart: Points, dots: _Dots) -> list[tuple[str, str, str]]:
    """Each sign of the pictures, its colour and its words."""
    cross = COLOURS["ink" if _coloured(chart) else "series-second"]
    signs = [
        ("x", cross, f"nearest enrolled row of another class ({int(dots.wrong.sum()):,})"),
        ("h", COLOURS["series-context"], "over half of its neighbours here are false"),
    ]
    if _coloured(chart):
        named = zip(CLASS_COLOURS, chart.classes, strict=False)
        signs += [("o", colour, short(name, 38)) for colour, name in named]
    return signs


def _sign(drawn: Figure, x: float, y: float, sign: str, colour: str) -> None:
    """One mark at figure coordinates, drawn as in the panels but larger."""
    size = 7 / _WIDTH, 7 / (72 * drawn.get_figheight())
    axes = drawn.add_axes((x - size[0], y - size[1], 2 * size[0], 2 * size[1]))
    axes.set(xlim=(-1, 1), ylim=(-1, 1))
    axes.set_axis_off()
    if sign == "x":
        axes.scatter([0], [0], s=36, marker="x", color=colour, linewidths=1.6)
        return
    face = "none" if sign == "h" else colour
    axes.scatter([0], [0], s=36, marker="o", facecolors=face, edgecolors=colour, linewidths=1.3)
