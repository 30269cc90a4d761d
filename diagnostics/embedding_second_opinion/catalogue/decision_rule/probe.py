"""Which linear map tells the classes apart best? Linear discriminants with a shrunken covariance.

Nearest class mean in the space where the pooled covariance within classes is the identity: the linear
probe that needs no iterations, so that each row can be left out exactly. Every class counts as equally
likely, as it does for the other rules. Sources: Fisher 1936; Ledoit & Wolf, J. Multivariate
Analysis 2004.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from embedding_second_opinion.data.arrays import Floats, Ints, Keys, Reals
from embedding_second_opinion.geometry.passes.classes import ROWS, ClassStats
from embedding_second_opinion.geometry.passes.threads import one_blas_thread

from .kernel_class_means import Answers, Means, amid, nearest_means

FOLDS = 5
# Of its spread over all rows, the least that a dimension is taken to have within classes (a variance), and
# the least variance of any direction once dimensions are of one width.
FLOOR = 1e-8
RESOLUTION = 1e-8  # of its mean: what moves less is one number to float32, and tells nothing


@dataclass(frozen=True, eq=False)
class Probe:
    """Fitted discriminants: one where queries are others than the rows, else one for each fold of rows.

    shrinkage: 0 for the covariance as measured, 1 for its diagonal. freedom: rows less classes.
    """

    parts: tuple[Means, ...]
    shrinkage: float
    freedom: int

    @property
    def sizes(self) -> Ints:
        """(K,) rows of each class."""
        return self.parts[0].sizes

    def ask(self, queries: Floats, codes: Ints, keys: Keys | None, what: str) -> Answers:
        """Answers to (q, d) queries. keys: (q,) of queries that are among the rows, each left out."""
        # Energies whose exp(-energy) is a Gaussian's density.
        if keys is None:
            return nearest_means(
                queries, codes, self.parts[0], np.full(len(codes), 0.5), False, what
            )
        warmth = 0.5 * (self.freedom - 1) / self.freedom
        counts, chances = np.empty((3, len(codes)), dtype=np.int64), np.empty((3, len(codes)))
        for fold, means in enumerate(self.parts):
            part = np.flatnonzero(keys % FOLDS == fold)
            if len(part):
                found = nearest_means(
                    queries[part], codes[part], means, np.full(len(part), warmth), True, what
                )
                counts[:, part] = found.beaten, found.sole, found.rival
                chances[:, part] = found.confidence, found.own, found.squares
        return Answers(*counts, *chances)


def fit_probe(
    rows: Floats, codes: Ints, stats: ClassStats, keys: Keys | None, shrinkage: float | None = None
) -> Probe | None:
    """Fit (n, d) rows with their statistics by class. None where no class has rows to spread.

    keys: (n,) of the rows where they are to be asked about themselves; then the widths of the
    dimensions come from the other four folds, which leaving one row out of the covariance cannot undo.
    shrinkage: None for the one of Ledoit & Wolf, estimated on dimensions of one width.
    """
    freedom = len(rows) - int(np.count_nonzero(stats.counts))
    if freedom < 2:
        return None
    variance = np.diag(stats.within) / freedom
    if shrinkage is None:
        shrinkage = _ledoit_wolf(rows, codes, stats, _scale(stats, variance), freedom)
    widths = [variance] if keys is None else _widths(rows, codes, stats, keys, variance)
    with one_blas_thread():  # the same bits for any number of threads
        centre = amid(rows)
        parts = tuple(
            _whitened(stats, centre, _scale(stats, w), shrinkage, freedom) for w in widths
        )
    return Probe(parts, float(shrinkage), freedom)


def _whitened(
    stats: ClassStats, centre: Reals, scale: Reals, shrinkage: float, freedom: int
) -> Means:
    shrunk = (1 - shrinkage) / freedom * stats.within * scale[:, None] * scale[None, :]
    at = np.arange(len(scale))
    shrunk[at, at] += shrinkage + FLOOR
    shrunk[at[scale == 0], at[scale == 0]] = 1.0
    # Rows times this have the identity as their covariance within classes.
    root = solve_triangular(cholesky(shrunk, lower=True), np.eye(len(scale)), lower=True)
    turn = np.ascontiguousarray((root * scale[None, :]).T)
    return Means(
        centre=centre,
        turn=turn,
        places=(stats.means - centre) @ turn,
        sizes=stats.counts,
        downdate=(1 - shrinkage) / freedom,
    )


def _scale(stats: ClassStats, variance: Reals) -> Reals:
    """(d,) what makes dimensions of these variances one wide; 0 for one that does not move."""
    total = np.diag(stats.total) / stats.counts.sum()
    width = np.sqrt(np.maximum(variance, FLOOR * total))
    moves = total > (RESOLUTION * stats.mean) ** 2
    scale: Reals = np.divide(1.0, width, out=np.zeros(len(width)), where=moves)
    return scale


def _widths(rows: Floats, codes: Ints, stats: ClassStats, keys: Keys, whole: Reals) -> list[Reals]:
    """For each fold the (d,) variances within classes of the rows outside it."""
    found = []
    for fold in range(FOLDS):
        kept = keys % FOLDS != fold
        counts = np.bincount(codes[kept], minlength=len(stats.counts))
        means, squares = np.zeros(stats.means.shape), np.zeros(rows.shape[1])
        # About the means of these rows: about those of all, one far row outside would drown the rest.
        for start in range(0, len(rows), ROWS):
            inside = kept[start : start + ROWS]
            part = codes[start : start + ROWS][inside]
            np.add.at(means, part, rows[start : start + ROWS][inside].astype(np.float64))
        means /= np.maximum(counts, 1)[:, None]
        for start in range(0, len(rows), ROWS):
            inside = kept[start : start + ROWS]
            part = codes[start : start + ROWS][inside]
            off = rows[start : start + ROWS][inside].astype(np.float64) - means[part]
            squares += np.einsum("ij,ij->j", off, off)
        freedom = int(kept.sum()) - int(np.count_nonzero(counts))
        if freedom < 2:  # too few rows for folds: the widths of all
            return [whole] * FOLDS
        found.append(squares / freedom)
    return found


def _ledoit_wolf(rows: Floats, codes: Ints, stats: ClassStats, scale: Reals, freedom: int) -> float:
    """Shrinkage towards the identity that makes the expected squared error least.

    Rows about the mean of their class are stretched by n / (n - 1), as variances are; ``freedom`` of
    them are independent.
    """
    counts = stats.counts
    stretch = counts / np.maximum(counts - 1, 1) * (counts > 1)
    used, fourth = int(counts[counts > 1].sum()), 0.0
    for start in range(0, len(rows), ROWS):
        part = codes[start : start + ROWS]
        off = rows[start : start + ROWS].astype(np.float64) - stats.means[part]
        off *= scale
        fourth += float(((stretch[part] * np.einsum("ij,ij->i", off, off)) ** 2).sum())
    covariance = stats.within / freedom * scale[:, None] * scale[None, :]
    squared = float((covariance**2).sum())
    distance = squared - float(np.trace(covariance)) ** 2 / len(scale)
    error = (fourth / used - squared) / freedom
    return float(np.clip(error / distance, 0.0, 1.0)) if distance > 0 else 1.0
