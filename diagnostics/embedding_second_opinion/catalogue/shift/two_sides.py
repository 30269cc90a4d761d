"""Where do the gallery and the queries of each class lie, and how far apart are the two?

All per class that is looked up; a class with queries always has rows in the gallery.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Bools, Floats, Ints, Keys, Reals, Rows
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.metric import prepared
from embedding_second_opinion.geometry.passes.row_keys import class_keys, row_keys

FOLDS = 5
BLOCK = 4096


@dataclass(frozen=True, eq=False)
class Sides:
    """Both parts of the K classes that are looked up.

    vectors: (n, d) of the whole set, as the metric sees them. rows, codes, query: (m,) row numbers
    of both parts, their class 0..K-1 and whether each is a query; keys: (m,) their random keys.
    place: (K,) of each class in a random order, all different even where classes hold equal vectors.
    counts: (2, K) rows in the gallery and among the queries. shifts: (K, d) mean of the queries
    less mean of the gallery rows. spread: (2,) mean squared distance of a row of each part to its class
    mean there, unbiased; NaN where no class has two rows. fold: (K,) of each class.
    """

    vectors: Floats
    rows: Rows
    codes: Ints
    query: Bools
    keys: Keys
    place: Ints
    class_ids: Ints
    counts: Ints
    shifts: Reals
    spread: Reals
    fold: Ints

    @property
    def classes(self) -> int:
        """K."""
        return len(self.class_ids)

    @property
    def weights(self) -> Reals:
        """(K,) how much each class knows of a shift: the inverse of the variance of its own."""
        return np.asarray(self.counts.prod(axis=0) / self.counts.sum(axis=0))


def sides(space: Geometry) -> Sides:
    """Means and folds; whole classes make a fold, whatever they are called."""
    evaluation = space.evaluation
    vectors = prepared(evaluation, space.metric)
    assert vectors is not None
    class_ids = np.unique(evaluation.codes[evaluation.queries])
    gallery = evaluation.enrolled[np.isin(evaluation.codes[evaluation.enrolled], class_ids)]
    rows = np.concatenate([gallery, evaluation.queries])
    query = np.repeat([False, True], [len(gallery), len(evaluation.queries)])
    codes = np.searchsorted(class_ids, evaluation.codes[rows]).astype(np.int64)
    k = len(class_ids)
    keys = row_keys(vectors[rows], space.rng("shift: rows"))
    place = _places(keys, codes, query, k)
    means, counts, spread = _moments(vectors, rows, codes + k * query, 2 * k)
    free = np.maximum(counts.reshape(2, k) - 1, 0).sum(axis=1)
    return Sides(
        vectors=vectors,
        rows=rows,
        codes=codes,
        query=query,
        keys=keys,
        place=place,
        class_ids=class_ids,
        counts=counts.reshape(2, k),
        shifts=means[k:] - means[:k],
        spread=spread.reshape(2, k).sum(axis=1) / np.where(free > 0, free, np.nan),
        fold=place % min(FOLDS, k),
    )


def common_shifts(found: Sides) -> Reals:
    """(F, d) the mean shift of the classes outside each fold, weighted by what each class knows."""
    weighted = found.weights[:, None] * found.shifts
    total, folds = weighted.sum(axis=0), int(found.fold.max()) + 1
    out = []
    for f in range(folds):
        held = found.fold == f
        out.append((total - weighted[held].sum(axis=0)) / found.weights[~held].sum())
    return np.array(out)


def squared_common(shifts: Reals) -> tuple[float, Reals]:
    """The squared length of the shift that classes have in common, and without each class.

    The mean over pairs of classes of the product of their shifts, in which the noise of a class
    meets only that of others: unbiased, and negative about half the time where there is no shift.
    """
    k = len(shifts)
    total, squares = shifts.sum(axis=0), (shifts**2).sum(axis=1)
    value = float(total @ total - squares.sum()) / (k * (k - 1))
    if k < 3:
        return value, np.full(k, np.nan)
    rest = total - shifts
    without = ((rest**2).sum(axis=1) - (squares.sum() - squares)) / ((k - 1) * (k - 2))
    return value, np.asarray(without)


def _places(keys: Keys, codes: Ints, query: Bools, k: int) -> Ints:
    """(K,) places by what the rows hold; of classes that hold equal ones, by which of them are queries.

    Classes alike in both give the same numbers in either order: there the code decides.
    """
    asked = class_keys(keys[query], codes[query], k)
    place = np.empty(k, dtype=np.int64)
    place[np.lexsort((np.arange(k), asked, class_keys(keys, codes, k)))] = np.arange(k)
    return place


def _moments(vectors: Floats, rows: Rows, groups: Ints, count: int) -> tuple[Reals, Ints, Reals]:
    """Means (count, d), sizes and sums of squared distances to the mean, of the rows by group."""
    sizes = np.bincount(groups, minlength=count).astype(np.int64)
    means, spread = np.zeros((count, vectors.shape[1])), np.zeros(count)
    for start in range(0, len(rows), BLOCK):
        part = slice(start, start + BLOCK)
        np.add.at(means, groups[part], vectors[rows[part]].astype(np.float64))
    means /= sizes[:, None]
    for start in range(0, len(rows), BLOCK):
        part = slice(start, start + BLOCK)
        off = vectors[rows[part]].astype(np.float64) - means[groups[part]]
        np.add.at(spread, groups[part], np.einsum("ij,ij->i", off, off))
    return means, sizes, spread
