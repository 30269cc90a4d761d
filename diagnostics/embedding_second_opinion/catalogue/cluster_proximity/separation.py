"""Can two classes be cut apart at all? d', the distance between them in standard deviations.

Each row is projected on the line between the two class means, its own class's mean taken without
it: with the row in the mean, two samples of one class look apart in many dimensions. An
equal-variance cut in the middle errs in Phi(-d' / 2) of the rows (Green & Swets 1966).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.geometry.geometry import Geometry

FEWEST_ROWS = 4  # of each class: with fewer the spread along the line is anybody's guess


@dataclass(frozen=True)
class Separation:
    """d' of two classes with its 95 % interval over rows: these two classes, new samples."""

    value: float
    low: float
    high: float


class Separations:
    """d' of any two classes of the queries, from their vectors (q, d).

    Rows are grouped once; a pair costs O((n_a + n_b) d).
    """

    def __init__(self, space: Geometry) -> None:
        codes = space.codes
        order = np.argsort(codes, kind="stable")
        self._points = space.points
        self._order = order
        self._starts = np.searchsorted(codes[order], np.arange(len(space.evaluation.classes) + 1))

    def rows(self, code: int) -> Ints:
        """Positions of a class's queries."""
        return self._order[self._starts[code] : self._starts[code + 1]]

    def between(self, one: int, other: int) -> Separation | None:
        """d' of two classes; None where one has fewer than FEWEST_ROWS rows.

        Negative where the held-out rows fall on the wrong side on average: no separation at all.
        inf is cut to 1e6 (no spread along the line).
        """
        a, b = (self._points[self.rows(c)].astype(np.float64) for c in (one, other))
        if min(len(a), len(b)) < FEWEST_ROWS:
            return None
        first, second = _positions(a, b), -_positions(b, a)
        spread = np.sqrt((first.var(ddof=1) + second.var(ddof=1)) / 2)
        gap = first.mean() - second.mean()
        if spread == 0:
            value = 0.0 if gap == 0 else float(np.sign(gap)) * 1e6
            return Separation(value, value, value)
        value = float(np.clip(gap / spread, -1e6, 1e6))
        # Standard error of a standardised difference (Hedges & Olkin 1985).
        error = np.sqrt(1 / len(a) + 1 / len(b) + value**2 / (2 * (len(a) + len(b) - 2)))
        reach = float(norm.isf(0.025) * error)
        return Separation(value, value - reach, value + reach)


def needed(error: float) -> float:
    """The d' from which 1-NN errs in at most this share of two Gaussian classes, given many rows.

    1-NN errs at most 2 p (1 - p) where the best cut errs p (Cover & Hart, IEEE Trans. IT 1967).
    """
    best = (1 - np.sqrt(1 - 2 * error)) / 2
    return float(2 * norm.isf(best))


def _positions(own: Reals, other: Reals) -> Reals:
    """Where rows of one class lie on the line from the other's mean to their own, each held out.

    0 is half-way; positive is the own side, in the unit of the vectors.
    """
    n = len(own)
    # Of two samples of one class, that with fewer rows has the longer mean: half-way is not half-way.
    longer = own.var(axis=0, ddof=1).sum() / (n - 1) - other.var(axis=0, ddof=1).sum() / len(other)
    held_out = (own.sum(axis=0) - own) / (n - 1)
    away = held_out - other.mean(axis=0)
    length = np.sqrt(np.einsum("ij,ij->i", away, away))
    middle = held_out - away / 2
    along = np.einsum("ij,ij->i", own - middle, away) + longer / 2
    positions: Reals = np.divide(along, length, out=np.zeros(n), where=length > 0)
    return positions
