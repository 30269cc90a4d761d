"""How many standard deviations lie between two class means, the spread pooled over all classes?

d' of classes a and b: |D| / sd, D the difference of their means and sd the pooled standard deviation
along D. The squared length of D is corrected for what sampling adds to it, tr W (1/n_a + 1/n_b), so
that two samples of one class are 0 apart on average. Two rows a class are enough.
"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.data.arrays import Floats, Ints, Reals
from embedding_second_opinion.geometry.passes.classes import ClassStats

from .kernel_class_pairs import ROWS


class PooledSeparation:
    """d' between any classes from their moments alone. A class without rows is nowhere: NaN."""

    def __init__(self, stats: ClassStats) -> None:
        n, k = int(stats.counts.sum()), int(np.count_nonzero(stats.counts))
        within = stats.within / max(n - k, 1)
        values, axes = np.linalg.eigh(within)
        self._known = stats.counts > 0
        self._counts, self._origin = stats.counts, stats.mean
        self._means = stats.means - stats.mean
        # Squared lengths of differences of these are the variances along the differences.
        self._root = axes * np.sqrt(np.maximum(values, 0))
        self._along = self._means @ self._root
        self._total = float(np.trace(within))
        self._sampling = self._total / np.maximum(stats.counts, 1)

    def between(self, one: Ints, other: Ints) -> Reals:
        """(m,) d' of m pairs of class codes; 0 where the means are nearer than sampling explains."""
        apart = ((self._means[one] - self._means[other]) ** 2).sum(axis=1)
        along = ((self._along[one] - self._along[other]) ** 2).sum(axis=1)
        found = _ratio(apart, along, self._sampling[one] + self._sampling[other])
        return np.where(self._known[one] & self._known[other], found, np.nan)

    def held_out(self, one: Ints, row: Floats, other: Ints, rival: Floats | None) -> Reals:
        """(m,) the same with one row taken out of each class mean, so that it is no witness.

        row: (m, d) a row of each class in ``one``; rival: one of each in ``other``, or None where
        these rows are not among those of the statistics. NaN where no other row is left.
        """
        found = np.full(len(one), np.nan)
        for start in range(0, len(one), ROWS):
            part = slice(start, start + ROWS)
            first, left = self._without(one[part], row[part])
            if rival is None:
                second, right = self._means[other[part]], self._counts[other[part]]
            else:
                second, right = self._without(other[part], rival[part])
            apart = first - second
            sampling = self._total / np.maximum(left, 1) + self._total / np.maximum(right, 1)
            squares = ((apart**2).sum(axis=1), ((apart @ self._root) ** 2).sum(axis=1))
            found[part] = np.where((left > 0) & (right > 0), _ratio(*squares, sampling), np.nan)
        return found

    def _without(self, codes: Ints, rows: Floats) -> tuple[Reals, Ints]:
        """Means of these classes without one row each, and how many rows are left."""
        left = self._counts[codes] - 1
        moved = (self._means[codes] - (rows - self._origin)) / np.maximum(left, 1)[:, None]
        return self._means[codes] + moved, left

    def near_share(self, below: float, weights: Reals) -> Reals:
        """(K,) for each class the share of the other classes' weight that is nearer than ``below``.

        weights: (K,) rows enrolled, say. 0 for a class that is nowhere. A block of K at a time.
        """
        k = len(weights)
        share = np.zeros(k)
        squares = [np.einsum("ij,ij->i", rows, rows) for rows in (self._means, self._along)]
        for start in range(0, k, ROWS):
            part = slice(start, min(start + ROWS, k))
            apart, along = (
                np.maximum(square[part, None] + square[None, :] - 2 * rows[part] @ rows.T, 0)
                for square, rows in zip(squares, (self._means, self._along), strict=True)
            )
            found = _ratio(apart, along, self._sampling[part, None] + self._sampling[None, :])
            near = (found < below) & self._known[None, :] & self._known[part, None]
            at = np.arange(part.stop - start)
            near[at, start + at] = False
            others = weights.sum() - weights[part]
            np.divide(near @ weights, others, out=share[part], where=others > 0)
        return share


def _ratio(apart: Reals, along: Reals, sampling: Reals) -> Reals:
    """sqrt(|D|^2 less what sampling adds) over the standard deviation along D.

    apart: |D|^2. along: |D|^2 times the variance along D.
    """
    true = np.maximum(apart - sampling, 0)
    certain = np.where(true > 0, np.inf, 0.0)  # no spread along D
    return np.sqrt(np.divide(true * apart, along, out=certain, where=along > 0))
