"""Where does the name of a marked point stand, so that no line runs through it?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from embedding_second_opinion.data.arrays import Reals
from embedding_second_opinion.findings.charts import Curve

from .lettering import COLOURS, Layout, clean, letters, number

Places = Reals  # (n, 2) places on the canvas, in points
Box = tuple[float, float, float, float]  # left, foot, width and height of words, in points

# Heights at which a name may stand, as shares of the axis: the first, where the next begins, the last.
_FOOT, _NEXT, _TOP = 0.06, 0.11, 0.95
_ASIDE = 5.0  # points between the line to the foot and the name
_LETTER = 0.6  # width of a letter, in font sizes


def name_marks(axes: Axes, chart: Curve, layout: Layout, labels: Sequence[Box]) -> None:
    """The name of each dot at the foot, or where the lines leave room, and a thin line between.

    labels: what stands beside the axes already.
    """
    (low, high), box = axes.get_ylim(), axes.get_window_extent()
    taken = [_along(axes, series.x, series.y) for series in chart.series]
    taken += [_along(axes, axes.get_xlim(), (level.y, level.y)) for level in chart.levels]
    taken += [_along(axes, (mark.x, mark.x), (low, mark.y)) for mark in chart.marks]
    taken += [_filled(*label) for label in labels]
    for first, mark in enumerate(chart.marks):
        words = clean(f"{mark.name} {number(mark.y, chart.y_share)}")
        wide, tall = _LETTER * layout.font * len(words), 1.5 * layout.font
        x = float(axes.transData.transform((mark.x, mark.y))[0])
        # Names of several marks stand one above the other where nothing is in the way.
        heights = np.arange(_FOOT + _NEXT * first, _TOP, 0.02)
        covered = np.concatenate(taken)
        tried: list[tuple[int, bool, float, bool, Box]] = []
        for height, right in product(heights.tolist(), (True, False)):
            left = x + _ASIDE if right else x - _ASIDE - wide
            place = (left, box.y0 + height * box.height - 0.5 * layout.font, wide, tall)
            outside = left < box.x0 or left + wide > box.x1
            tried.append((_inside(covered, place), outside, height, right, place))
        _, _, height, right, place = min(tried, key=lambda each: each[:2])
        y, colour = low + height * (high - low), COLOURS[f"series-{mark.role}"]
        axes.plot([mark.x, mark.x], [y, mark.y], color=colour, lw=0.8, ls=(0, (1, 2)))
        axes.annotate(
            words,
            (mark.x, y),
            xytext=(_ASIDE if right else -_ASIDE, -2),
            textcoords="offset points",
            ha="left" if right else "right",
            **letters(layout.font, f"series-{mark.role}"),
        )
        taken.append(_filled(*place))


def _along(axes: Axes, x: ArrayLike, y: ArrayLike) -> Places:
    """Places on a line, none farther from the next than two points."""
    corners = axes.transData.transform(np.column_stack([x, y])) if np.size(x) else np.zeros((0, 2))
    steps = [
        np.linspace(one, two, 2 + int(np.hypot(*(two - one)) / 2)) for one, two in pairwise(corners)
    ]
    return np.concatenate([corners, *steps])


def _filled(left: float, foot: float, wide: float, tall: float) -> Places:
    """Places all over a box, two points apart."""
    columns, rows = np.arange(left, left + wide, 2.0), np.arange(foot, foot + tall, 2.0)
    return np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)


def _inside(taken: Places, box: Box) -> int:
    """How many of these places a name would cover."""
    left, foot, wide, tall = box
    x, y = taken.T
    return int(((x >= left) & (x <= left + wide) & (y >= foot) & (y <= foot + tall)).sum())
