"""Does a metric tell classes apart by better directions, or does it only widen what was silent?

Directions that hold less than a hundredth of the mean variance are as good as switched off. A metric
that widens them may gain because the ones in use say the wrong things; then the spread between
classes grows against the spread within. Where that ratio stays what it was, the directions in use said
nothing wrong, there were only too few of them: that is a collapse, and no fault of the metric.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import t

from embedding_second_opinion.data.arrays import Floats, Ints, Reals
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.stats.intervals import FEWEST_CLASSES, TAIL

SILENT = 10.0  # times the root mean square: a hundredth of the mean variance


@dataclass(frozen=True, eq=False)
class Ratio:
    """Spread between classes over spread within. without: (K,) its logarithm without each class."""

    value: float
    without: Reals

    @classmethod
    def of(cls, space: Geometry) -> Ratio:
        """Of the queries, as the metric sees them."""
        return _ratio(space.points, np.unique(space.codes, return_inverse=True)[1])

    def surely_above(self, other: Ratio) -> bool:
        """By a paired class jackknife of the logarithms; False where it cannot tell."""
        change = self.without - other.without
        k = len(change)
        if k < FEWEST_CLASSES or not np.isfinite(change).all():
            return False
        error = float(np.sqrt((k - 1) / k * ((change - change.mean()) ** 2).sum()))
        return float(np.log(self.value / other.value)) > float(t.ppf(1 - TAIL, k - 1)) * error


def _ratio(points: Floats, codes: Ints) -> Ratio:
    order = np.argsort(codes, kind="stable")
    counts = np.bincount(codes)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    centre = points.mean(axis=0, dtype=np.float64)
    largest = float(np.abs(points - centre).max()) or 1.0  # squares of 1e200 overflow
    moved = (points[order] - centre) / largest
    means = np.add.reduceat(moved, starts, axis=0) / counts[:, None]
    apart = (means**2).sum(axis=1)
    within = np.add.reduceat(((moved - np.repeat(means, counts, axis=0)) ** 2).sum(axis=1), starts)
    between = counts * apart
    # The mean of all moves when a class goes.
    left = np.maximum(counts.sum() - counts, 1)
    rest = between.sum() - between - counts**2 * apart / left
    with np.errstate(divide="ignore", invalid="ignore"):
        without = np.log(rest) - np.log(within.sum() - within)
        value = float(between.sum() / within.sum())
    return Ratio(value, without)
