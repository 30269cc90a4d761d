"""How far is each row from its own class, and from the nearest other one? Mean distances, blocked.

The silhouette of a row is (b - a) / max(a, b), a its mean distance to the others of its class and b
the smallest mean distance to another class (Rousseeuw, J. Comput. Appl. Math. 1987).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals

from .kernels import jit, squared_distance
from .ranks import LARGE_CLASS
from .source import Source
from .sweep import sweep

ROWS = 256


@dataclass(frozen=True, eq=False)
class Silhouettes:
    """Per row, in the order given. Distances in the unit of the metric.

    own: mean distance to the other rows of its class; NaN for the only one of a class.
    nearest, second: smallest and second smallest mean distance to another class; inf where
    there is none. nearest_class: the class of ``nearest``, in the numbering of the codes given.
    codes: class of each row.
    """

    own: Reals
    nearest: Reals
    second: Reals
    nearest_class: Ints
    codes: Ints

    @property
    def values(self) -> Reals:
        """(n,) silhouettes in [-1, 1]; 0 for the only row of a class, as scikit-learn has it."""
        return _silhouette(self.own, self.nearest)

    def without_nearest(self) -> Reals:
        """(n,) silhouettes if each row's nearest other class were deleted."""
        return _silhouette(self.own, self.second)


class _Block(NamedTuple):
    own: Reals
    nearest: Reals
    second: Reals
    nearest_class: Ints


def silhouettes(source: Source, codes: Ints, order: Ints) -> Silhouettes:
    """All rows of ``source``, whose queries are its gallery, sorted by class.

    codes: (n,) class of each place, ascending. order: (n,) the row that stands at each place.
    """
    kinds, place_of = np.unique(codes, return_inverse=True)
    sizes = np.bincount(place_of).astype(np.int64)
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    n = len(codes)
    spans = [(start, min(start + ROWS, n)) for start in range(0, n, ROWS)]
    large = bool((sizes > LARGE_CLASS).any())
    work = partial(_one_block, source, place_of.astype(np.int64), starts, large)
    blocks = [block for _, block in sweep(work, spans, "distances to classes")]
    back = np.argsort(order)
    own, nearest, second = (
        np.concatenate([getattr(block, name) for block in blocks])[back]
        for name in ("own", "nearest", "second")
    )
    at = np.concatenate([block.nearest_class for block in blocks])[back]
    for array in (own, nearest, second):
        array.setflags(write=False)
    return Silhouettes(own, nearest, second, kinds[at], codes[back])


def _one_block(
    source: Source, places: Ints, starts: Ints, large: bool, first: int, last: int
) -> _Block:
    distances = source.block(first, last, precise=large)
    sums = np.zeros((last - first, len(starts) - 1))
    _sum_by_class(distances, starts, sums)
    at, rows, sizes = places[first:last], np.arange(last - first), np.diff(starts)
    own = np.full(last - first, np.nan)
    mates = sizes[at] - 1
    if source.recheck and not large:
        # A float32 product does not resolve the small distances inside a tight class.
        squares = np.zeros((last - first, int(sizes[at].max())))
        _own_squares(source.queries[first:last], source.gallery, at, starts, squares)
        sums[rows, at] = source.distance(squares).sum(axis=1)
    np.divide(sums[rows, at], mates, out=own, where=mates > 0)
    means = sums / sizes
    means[rows, at] = np.inf
    nearest_class = means.argmin(axis=1)
    nearest = means[rows, nearest_class]
    means[rows, nearest_class] = np.inf
    return _Block(own, nearest, means.min(axis=1), nearest_class.astype(np.int64))


@jit
def _sum_by_class(distances, starts, sums):  # type: ignore[no-untyped-def]
    """Add each row's distances to the rows of each class."""
    for i in range(distances.shape[0]):
        row = distances[i]
        for c in range(starts.shape[0] - 1):
            total = 0.0
            for j in range(starts[c], starts[c + 1]):
                total += row[j]
            sums[i, c] = total


@jit
def _own_squares(queries, gallery, at, starts, squares):  # type: ignore[no-untyped-def]
    """Squared distances of each row to its class, itself among them at 0; zeros beyond."""
    for i in range(queries.shape[0]):
        first = starts[at[i]]
        for j in range(first, starts[at[i] + 1]):
            squares[i, j - first] = squared_distance(queries[i], gallery[j])


def _silhouette(own: Reals, other: Reals) -> Reals:
    largest = np.fmax(own, other)
    proper = np.isfinite(own) & np.isfinite(other) & (largest > 0)
    values = np.zeros(len(own))
    np.divide(other - own, largest, out=values, where=proper)
    return values
