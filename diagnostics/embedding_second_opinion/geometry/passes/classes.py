"""Class statistics: how many, where and how wide? One pass, additive over blocks of rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Floats, Ints, Reals

ROWS = 4096


@dataclass(frozen=True, eq=False)
class ClassStats:
    """First and second moments, float64.

    counts: (K,) rows of each class. means: (K, d), zero for an empty class.
    within, between: (d, d) scatter of rows about their class mean, and of class means about
    the mean of all rows (weighted by rows); their sum is the total scatter.
    spread: (K,) mean squared distance of a class's rows to its mean.
    mean: (d,) mean of all rows. mean_square: mean of ||x||^2.
    """

    counts: Ints
    means: Reals
    within: Reals
    between: Reals
    spread: Reals
    mean: Reals
    mean_square: float

    @property
    def total(self) -> Reals:
        """(d, d) scatter about the mean of all rows."""
        return np.asarray(self.within + self.between)


def class_statistics(vectors: Floats, codes: Ints, classes: int) -> ClassStats:
    """Moments of (n, d) vectors by class; O(n d^2) time, O(K d + d^2) memory."""
    n, d = vectors.shape
    counts = np.bincount(codes, minlength=classes).astype(np.int64)
    sums = np.zeros((classes, d))
    squares = 0.0
    for start in range(0, n, ROWS):
        rows = vectors[start : start + ROWS].astype(np.float64)
        np.add.at(sums, codes[start : start + ROWS], rows)
        squares += float(np.einsum("ij,ij->", rows, rows))
    means = sums / np.maximum(counts, 1)[:, None]
    mean = sums.sum(axis=0) / n
    within = np.zeros((d, d))
    spread = np.zeros(classes)
    # A second sweep about the means: one sweep of raw squares would cancel far from the origin.
    for start in range(0, n, ROWS):
        part = codes[start : start + ROWS]
        rows = vectors[start : start + ROWS].astype(np.float64) - means[part]
        within += rows.T @ rows
        np.add.at(spread, part, np.einsum("ij,ij->i", rows, rows))
    offset = (means - mean) * np.sqrt(counts)[:, None]
    return ClassStats(
        counts=counts,
        means=means,
        within=within,
        between=offset.T @ offset,
        spread=spread / np.maximum(counts, 1),
        mean=mean,
        mean_square=squares / n,
    )
