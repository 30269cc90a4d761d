"""How much of who is near whom in a space is left in a picture of it?

One sweep compares the ranks of all distances of a block of rows in the space with those in each
picture. Distances are direct differences in float64, so a pair has the same distance in whatever
block it stands; equal distances go by place. Every number is a mean over rows, so a class can be left
out of the mean afterwards. Memory: a block of rows x n.
Sources: Venna & Kaski, ICANN 2001 (trustworthiness, continuity); Lee, Peluffo-Ordóñez & Verleysen,
Neurocomputing 2015 (R_NX and its area over log k).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from scipy.stats import rankdata

from embedding_second_opinion.data.arrays import Bools, Floats, Ints, Reals
from embedding_second_opinion.geometry.passes.sweep import sweep

ROWS = 128  # a block of distances of 10,000 rows is 10 MB

Ranks32 = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Faithfulness:
    """One picture against the space; per row (n,) unless said otherwise.

    trustworthiness: 1 less the penalty for neighbours in the picture that are far in the space; the
    mean is Venna & Kaski's number, 1 at best. continuity: the same, the other way round.
    preservation: a row's part of the area under R_NX over log k; mean 1 at best, 0 at chance.
    correlation: Spearman of the distances to all other rows, -1 to 1; 0 where one side is all ties.
    distortion: share of the k neighbours in the picture that are not among the 3 k of the space.
    neighbors: (n, k) places of the nearest in the picture, nearest first.
    quality: (n - 2,) R_NX(k) for k = 1 to n - 2.
    """

    trustworthiness: Reals
    continuity: Reals
    preservation: Reals
    correlation: Reals
    distortion: Reals
    neighbors: Ints
    quality: Reals


def nearest(points: Floats, k: int, block: int = ROWS) -> tuple[Ints, Reals]:
    """(n, k) places and euclidean distances of the k nearest other rows, exact, ties by place."""
    n = len(points)
    points = points.astype(np.float64)
    places, distances = np.empty((n, k), dtype=np.int64), np.empty((n, k))
    work = partial(_nearest_block, points, k)
    for (start, stop), (found, squares) in sweep(work, _spans(n, block), "neighbours for the maps"):
        places[start:stop], distances[start:stop] = found, np.sqrt(squares)
    return places, distances


def widest_k(n: int, k: int) -> int:
    """Trustworthiness is defined for k below n / 2."""
    return max(1, min(k, (n - 1) // 2))


def compare(
    points: Floats, pictures: Sequence[Reals], k: int, block: int = ROWS
) -> tuple[Faithfulness, ...]:
    """Each picture (n, 2) against the space (n, d), rows in the same order; k below n / 2, n above 2."""
    n = len(points)
    if not 0 < k < n / 2 or n < 3:
        raise ValueError(f"k must be at least 1 and below n / 2; it is {k} with n = {n}.")
    points = points.astype(np.float64)
    flat = [np.asarray(picture, dtype=np.float64) for picture in pictures]
    rows = [np.empty((5, n)) for _ in flat]
    neighbors = [np.empty((n, k), dtype=np.int64) for _ in flat]
    joint = [np.zeros(n, dtype=np.int64) for _ in flat]
    work = partial(_compare_block, points, flat, k, _area_weights(n))
    for (start, stop), blocks in sweep(work, _spans(n, block), "faithfulness of the maps"):
        for at, (values, found, counts) in enumerate(blocks):
            rows[at][:, start:stop] = values
            neighbors[at][start:stop] = found
            joint[at] += counts
    return tuple(
        Faithfulness(v[0], v[1], v[2], v[3], v[4], found, _quality(counts, n))
        for v, found, counts in zip(rows, neighbors, joint, strict=True)
    )


def _spans(n: int, block: int) -> list[tuple[int, int]]:
    return [(start, min(start + block, n)) for start in range(0, n, block)]


def _distances(points: Reals, start: int, stop: int) -> Reals:
    """(rows, n) squared distances; a row's own is below all, so that its rank is 0."""
    squares = cdist(points[start:stop], points, "sqeuclidean")
    squares[np.arange(stop - start), np.arange(start, stop)] = -1.0
    return np.asarray(squares)


def _nearest_block(points: Reals, k: int, start: int, stop: int) -> tuple[Ints, Reals]:
    squares = _distances(points, start, stop)
    places = np.argsort(squares, axis=1, kind="stable")[:, 1 : k + 1]
    return places, np.take_along_axis(squares, places, axis=1)


def _ranked(squares: Reals) -> tuple[Ints, Ranks32]:
    """Places by distance, and the rank of every place: 0 for the row itself, then 1 to n - 1."""
    order = np.argsort(squares, axis=1, kind="stable")
    ranks = np.empty(squares.shape, dtype=np.int32)
    steps = np.arange(squares.shape[1], dtype=np.int32)[None, :]
    np.put_along_axis(ranks, order, np.broadcast_to(steps, ranks.shape), axis=1)
    return order, ranks


def _compare_block(
    points: Reals, pictures: Sequence[Reals], k: int, weights: Reals, start: int, stop: int
) -> list[tuple[Reals, Ints, Ints]]:
    n = len(points)
    far = _distances(points, start, stop)
    order, high = _ranked(far)
    tied = _has_ties(far, order)
    nearest_here = order[:, 1 : k + 1]
    # The penalty of a neighbour that is all the way out, for all k: the scale of both measures.
    scale = 2.0 / (k * (2 * n - 3 * k - 1))
    wide = min(3 * k, n - 2)
    found = []
    for picture in pictures:
        seen = _distances(picture, start, stop)
        by_sight, low = _ranked(seen)
        neighbors = by_sight[:, 1 : k + 1]
        intruders = np.take_along_axis(high, neighbors, axis=1)
        missing = np.take_along_axis(low, nearest_here, axis=1)
        joint = np.maximum(high, low)
        values = np.stack(
            [
                1 - scale * np.maximum(intruders - k, 0).sum(axis=1),
                1 - scale * np.maximum(missing - k, 0).sum(axis=1),
                weights[joint].sum(axis=1) - 1,
                _spearman(far, seen, high, low, tied | _has_ties(seen, by_sight)),
                (intruders > wide).mean(axis=1),
            ]
        )
        found.append((values, neighbors, np.bincount(joint.ravel(), minlength=n)))
    return found


def _has_ties(squares: Reals, order: Ints) -> Bools:
    return np.asarray(
        (np.diff(np.take_along_axis(squares, order, axis=1), axis=1) == 0).any(axis=1)
    )


def _spearman(far: Reals, seen: Reals, high: Ranks32, low: Ranks32, tied: Bools) -> Reals:
    """Per row, over the other rows; tied distances share their mean rank."""
    m = float(far.shape[1] - 1)
    gap = (high - low).astype(np.float64)
    rho: Reals = 1 - 6 * np.einsum("ij,ij->i", gap, gap) / (m * (m * m - 1))
    if tied.any():
        # The row itself has rank 1 on both sides and is taken out of the sums.
        one, two = (rankdata(side[tied], axis=1) - 1 for side in (far, seen))
        middle = (m + 1) / 2
        a, b = (np.where(side > 0, side - middle, 0.0) for side in (one, two))
        spread = np.sqrt(np.einsum("ij,ij->i", a, a) * np.einsum("ij,ij->i", b, b))
        both = np.einsum("ij,ij->i", a, b)
        rho[tied] = np.divide(both, spread, out=np.zeros(len(both)), where=spread > 0)
    return rho


def _area_weights(n: int) -> Reals:
    """(n,) what a pair whose larger rank is m adds to its row's area, so that no co-ranking matrix is kept.

    R_NX(k) = ((n - 1) Q_NX(k) - k) / (n - 1 - k), and Q_NX(k) counts the pairs with m <= k over n k;
    the area weights R_NX(k) by 1 / k. Collected by pair, the row's area is the sum of weights less 1.
    """
    k = np.arange(1, n - 1, dtype=np.float64)
    terms = (n - 1) / (k * k * (n - 1 - k)) / (1 / k).sum()
    # Summed from the far end: entry m holds all k >= m; the row itself (m = 0) and m = n - 1 add nothing.
    return np.concatenate([[0.0], np.cumsum(terms[::-1])[::-1], [0.0]])


def _quality(joint: Ints, n: int) -> Reals:
    k = np.arange(1, n - 1, dtype=np.float64)
    kept = np.cumsum(joint[1 : n - 1]) / (n * k)
    return np.asarray(((n - 1) * kept - k) / (n - 1 - k))
