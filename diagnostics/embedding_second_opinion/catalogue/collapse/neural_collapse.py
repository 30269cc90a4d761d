"""Has each class run together at its mean, and do the means stand like the corners of a simplex?

The four signs of neural collapse, Papyan, Han & Donoho, PNAS 2020. 0 is full collapse in all of them,
which is how a well-trained classifier ends: a description, never a fault. Every class counts alike.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.geometry.geometry import NEIGHBORS, Geometry
from embedding_second_opinion.geometry.passes.classes import ClassStats
from embedding_second_opinion.stats.intervals import Interval, no_interval

from .class_groups import ClassGroups
from .concentration import Measured, anchor_share
from .moments import ROUNDING


def within_over_between(within: Reals, between: Reals, classes: int, floor: float) -> float | None:
    """NC1: tr(W B^+) / K, with the pseudo-inverse of B over its K - 1 largest components.

    within: (d, d) covariance of rows about their class mean. between: of the class means about
    theirs. floor: variance below which a component is rounding. None where no mean differs.
    """
    inverse = _inverse(between, floor, classes - 1)
    return None if inverse is None else float((within * inverse).sum() / classes)


def self_duality(within: Reals, between: Reals, floor: float) -> float | None:
    """NC3: distance between class means and classifier weights, each scaled to length 1.

    The classifier is that of least squares on one-hot labels with an intercept: its weights are
    (W + B)^+ applied to the centred means. Between 0 and sqrt 2.
    """
    inverse = _inverse(within + between, floor, len(within))
    if inverse is None:
        return None
    weights = inverse @ between
    lengths = float(np.trace(between)) * float((weights * inverse).sum())
    if not lengths > 0:
        return None
    cosine = float(np.trace(weights)) / np.sqrt(lengths)
    return float(np.sqrt(max(0.0, 2 - 2 * cosine)))


def equinorm(stats: ClassStats) -> Measured | None:
    """NC2: standard deviation of the class means' distances from their centre, over their mean."""
    _, length = _offsets(stats)
    if length.mean() <= _least(stats):
        return None
    value = float(length.std() / length.mean())
    k = len(length)
    mean = (length.sum() - length) / max(k - 1, 1)
    square = ((length**2).sum() - length**2) / max(k - 1, 1)
    variance = np.maximum(square - mean**2, 0)
    without = np.divide(np.sqrt(variance), mean, out=np.full(k, np.nan), where=mean > 0)
    return value, _centre_kept(ClassGroups.single(stats).interval(value, without, positive=True))


def equiangular(stats: ClassStats) -> Measured | None:
    """NC2: standard deviation of the cosines between centred class means, over all pairs.

    From the (d, d) or (K, K) product, whichever is smaller; never from a list of pairs.
    """
    offset, length = _offsets(stats)
    keep = length > _least(stats)
    k = int(keep.sum())
    if k < 3:
        return None
    unit = offset[keep] / length[keep, None]
    total = unit.sum(axis=0)
    # Sums over ordered pairs of a class with all, itself included, of the cosine and its square.
    first = unit @ total
    if unit.shape[1] <= k:
        second = np.einsum("ij,ij->i", unit @ (unit.T @ unit), unit)
    else:
        second = np.concatenate(
            [((unit[i : i + 256] @ unit.T) ** 2).sum(axis=1) for i in range(0, k, 256)]
        )

    def of(sums: Reals, squares: Reals, k: int) -> Reals:
        pairs = k * (k - 1)
        mean = (sums - k) / pairs
        return np.asarray(np.sqrt(np.maximum((squares - k) / pairs - mean**2, 0)))

    value = float(of(np.array(first.sum()), np.array(second.sum()), k))
    if k < len(keep) or k < 4:
        return value, no_interval("too few class means have a direction")
    without = of(first.sum() - 2 * first + 1, second.sum() - 2 * second + 1, k - 1)
    return value, _centre_kept(ClassGroups.single(stats).interval(value, without, positive=True))


def nearest_mean_disagreement(space: Geometry) -> Measured | None:
    """NC4: share of queries for which nearest class mean and nearest row give different answers.

    A query's own class mean is taken without it. A tie is no answer, and no answer differs from
    every other. None where no class has two queries, or only one class has any.
    """
    stats, codes, ranks = space.class_stats, space.codes, space.ranks
    present = np.flatnonzero(stats.counts)
    q = ranks.anchors[stats.counts[codes[ranks.anchors]] > 1]
    if len(present) < 2 or not len(q):
        return None
    differ = _by_mean(space, q, present) != _by_row(space, q)  # no answers: -1 and -2
    return anchor_share(differ.astype(np.float64), codes[q])


def _by_mean(space: Geometry, q: Ints, present: Ints) -> Ints:
    """(len(q),) class of the nearest mean, -1 for a tie."""
    stats, codes = space.class_stats, space.codes[q]
    scale = float(np.sqrt(np.trace(stats.total) / stats.counts.sum()))
    # Centred and scaled, so that float32 loses no more than it has lost already.
    offset = np.concatenate([space.points[q].astype(np.float64), stats.means[present]]) - stats.mean
    vectors = (offset / (scale if scale > 0 else 1.0)).astype(np.float32)
    split = np.repeat(["row", "mean"], [len(q), len(present)])
    labels = np.concatenate([codes, present])
    data = EmbeddingSet.from_arrays(vectors, labels, split=split)
    arranged = arrange(data, gallery_split="mean", query_split="row")
    near = Geometry(arranged, listed=3).neighbors(3)
    answers = np.where(near.rows >= 0, labels[near.rows], -1)
    # The mean without the row is n / (n - 1) times as far from it.
    n = stats.counts[codes][:, None]
    own = answers == codes[:, None]
    distances = np.where(own, near.distances * n / (n - 1), near.distances)
    distances = np.where(np.isnan(distances), np.inf, distances)
    order = np.argsort(distances, axis=1, kind="stable")
    ordered = np.take_along_axis(distances, order, axis=1)
    first = np.take_along_axis(answers, order, axis=1)[:, 0]
    return np.where(ordered[:, 0] < ordered[:, 1], first, -1).astype(np.int64)


def _by_row(space: Geometry, q: Ints) -> Ints:
    """(len(q),) class of the nearest enrolled row, -2 where rows of several classes tie."""
    near = space.neighbors(NEIGHBORS)
    rows, distances = near.rows[q], near.distances[q]
    answers = np.where(rows >= 0, space.evaluation.codes[rows], -1)
    first = distances == distances[:, :1]
    several = (first & (answers != answers[:, :1])).any(axis=1)
    # Where all the neighbours kept are as near, more may be.
    endless = first.all(axis=1) & (rows.shape[1] < len(space.evaluation.enrolled))
    right = space.ranks.z[q] == 0
    clear = right | ~(several | endless)
    return np.where(clear, np.where(right, space.codes[q], answers[:, 0]), -2).astype(np.int64)


def _offsets(stats: ClassStats) -> tuple[Reals, Reals]:
    """(K, d) class means about their own mean, and their lengths; classes that have rows."""
    means = stats.means[stats.counts > 0]
    offset = means - means.mean(axis=0)
    return offset, np.sqrt(np.einsum("ij,ij->i", offset, offset))


def _least(stats: ClassStats) -> float:
    return float(ROUNDING * np.sqrt(stats.mean_square))


def _inverse(matrix: Reals, floor: float, rank: int) -> Reals | None:
    values, directions = np.linalg.eigh(matrix)
    keep = values > floor
    keep[: max(0, len(values) - rank)] = False
    if not keep.any():
        return None
    kept = directions[:, keep]
    return np.asarray((kept / values[keep]) @ kept.T)


def _centre_kept(interval: Interval) -> Interval:
    if interval.low is None:
        return interval
    return replace(interval, method=f"{interval.method}; the centre of the means kept")
