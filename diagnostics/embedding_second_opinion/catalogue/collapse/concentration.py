"""Do the vectors lie at one point, in one direction, or at equal distances?

Class jackknife throughout; each number says in its method what leaving a class out leaves out.
Intrinsic dimension: TwoNN, Facco et al., Scientific Reports 2017.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.classes import ROWS, ClassStats
from embedding_second_opinion.geometry.passes.rank_results import Ranks
from embedding_second_opinion.stats import surface
from embedding_second_opinion.stats.intervals import Interval, no_interval, share_interval

from .class_groups import ClassGroups
from .moments import ROUNDING

KEPT = 0.9  # of the ratios of TwoNN: the largest tenth is as often chance as dimension

Measured = tuple[float, Interval]


def spread(stats: ClassStats) -> Measured:
    """Root mean square distance to the mean of all rows, over the root mean square length.

    1 for vectors about the origin, 0 for one point; 0 too where all vectors are zero.
    """
    offset = stats.means - stats.mean
    square = stats.counts * (stats.spread + np.einsum("ij,ij->i", offset, offset))
    length = stats.counts * (stats.spread + np.einsum("ij,ij->i", stats.means, stats.means))
    rows, present = stats.counts.sum(), stats.counts > 0

    def of(square: Reals, moved: Reals, length: Reals, rows: Reals) -> Reals:
        around = np.maximum(square - moved / np.maximum(rows, 1), 0)
        share = np.divide(around, length, out=np.full(np.shape(length), np.nan), where=length > 0)
        return np.asarray(np.sqrt(share))

    # Offsets of all classes add up to nothing, so those of the others to minus the class's own.
    moved = stats.counts**2 * np.einsum("ij,ij->i", offset, offset)
    without = of(square.sum() - square, moved, length.sum() - length, rows - stats.counts)[present]
    value = of(np.array(square.sum()), np.array(0.0), np.array(length.sum()), np.array(rows))
    if not np.isfinite(value):
        return 0.0, no_interval("all vectors are zero")
    return float(value), ClassGroups.single(stats).interval(float(value), without, positive=True)


def mean_cosine(space: Geometry, *, centred: bool = False) -> Measured | None:
    """Mean cosine over all pairs of different rows; 0 for even directions, 1 for one direction.

    centred: of the offsets from the mean of all rows, which is kept where a class is left out.
    Rows without a direction (zero, or at the mean up to rounding) take no part. None where fewer
    than two are left.
    """
    stats, points, codes = space.class_stats, space.points, space.codes
    sums = np.zeros_like(stats.means)
    counts = np.zeros(len(stats.counts))
    least = ROUNDING * np.sqrt(stats.mean_square) if centred else 0.0
    for start in range(0, len(points), ROWS):
        rows = points[start : start + ROWS].astype(np.float64)
        rows = rows - stats.mean if centred else rows
        length = np.sqrt(np.einsum("ij,ij->i", rows, rows))
        keep = length > least
        part = codes[start : start + ROWS][keep]
        np.add.at(sums, part, rows[keep] / length[keep, None])
        np.add.at(counts, part, 1)

    def of(squared: Reals, n: Reals) -> Reals:
        # The n pairs of a row with itself have cosine 1.
        pairs = np.where(n > 1, n * (n - 1), np.nan)
        return np.asarray((squared - n) / pairs)

    total = sums.sum(axis=0)
    others = total - sums
    value = of(np.array(total @ total), np.array(counts.sum()))
    if not np.isfinite(value):
        return None
    without = of(np.einsum("ij,ij->i", others, others), counts.sum() - counts)
    interval = ClassGroups.single(stats).interval(float(value), without[stats.counts > 0])
    if centred and interval.low is not None:
        interval = replace(interval, method=f"{interval.method}; the mean of all rows kept")
    return float(value), interval


def tied_first(space: Geometry) -> Measured:
    """Share of queries that are wrong by a tie alone: the closed-set accuracy lenient less strict.

    Exact without each class: its own queries go, those that it alone tied with are right, and those
    that it alone beat, while others tied, are now wrong by a tie. No tie at all is [0, 0] and not
    a bound over classes: whether numbers tie is decided by how they are stored, which is the
    same for every class, and not by which classes were drawn.
    """
    ranks = space.ranks
    a, k = ranks.anchors, ranks.classes
    tied = (ranks.z[a] > 0) & (ranks.z_lenient[a] == 0)
    if not tied.any():
        return 0.0, Interval(0.0, 0.0, "no query is decided by a tie, which is seen, not inferred")
    counts = surface.anchor_counts(ranks)
    own = np.bincount(ranks.codes[a[tied]], minlength=k)
    alone = ranks.sole[a[tied]]
    saved = np.bincount(alone[alone >= 0], minlength=k)
    # The only class that is nearer is that of the nearest negative.
    behind = a[(ranks.z_lenient[a] == 1) & (ranks.z[a] > 1)]
    nearer = space.evaluation.codes[ranks.nearest_negative[behind]]
    new = np.bincount(np.searchsorted(ranks.class_ids, nearer), minlength=k)
    left = np.where(counts < len(a), len(a) - counts, np.nan)
    without = (tied.sum() - own - saved + new) / left
    value = float(tied.mean())
    return value, share_interval(value, without, int(np.count_nonzero(counts)))


def tie_mass(ranks: Ranks) -> Measured:
    """Share of the (positive, negative) pairs that are exactly as far, mean over anchors."""
    a = ranks.anchors
    share = ranks.tied[a] / (ranks.positives[a] * ranks.negatives[a])
    if not share.any():
        return 0.0, Interval(0.0, 0.0, "no pair ties, which is seen, not inferred")
    return anchor_share(share, ranks.codes[a])


def anchor_share(share: Reals, codes: Ints) -> Measured:
    """Mean over anchors; a class is left out as anchors only, and stays enrolled for the others."""
    _, of = np.unique(codes, return_inverse=True)
    counts = np.bincount(of)
    left = np.where(counts < len(of), len(of) - counts, np.nan)
    without = (share.sum() - np.bincount(of, weights=share)) / left
    value = float(share.mean())
    interval = share_interval(value, np.clip(without, 0, 1), len(counts))
    if interval.low is None:
        return value, interval
    return value, replace(interval, method=f"{interval.method}; left out as anchors only")


def intrinsic_dimension(space: Geometry, groups: ClassGroups) -> tuple[float, Interval, int] | None:
    """TwoNN: d where the second neighbour's distance over the first's exceeds r with chance r^-d.

    The smallest nine tenths of the ratios are fitted by maximum likelihood, the rest known only
    to be larger (censored), where Facco et al. discard them and fit a line. Rows with a
    copy (distance 0) take no part and are counted, third. None where fewer than ten are left, or all
    ratios are 1.
    """
    near = space.neighbors(2).distances
    if near.shape[1] < 2:
        return None
    copies = near[:, 0] == 0
    usable = np.isfinite(near).all(axis=1) & ~copies
    # Half a squared chord under cosine: its ratio is the square of the chords' ratio.
    power = 0.5 if space.metric == "cosine" else 1.0
    logs = power * np.log(near[usable, 1] / near[usable, 0])
    value = _censored(logs)
    if value is None:
        return None
    group = groups.of[space.codes[usable]]
    left = [_censored(logs[group != g]) for g in range(len(groups.sizes))]
    without = np.array([np.nan if x is None else x for x in left])
    interval = groups.interval(value, without, positive=True)
    if interval.low is not None:
        interval = replace(interval, method=f"{interval.method}; left out as queries only")
    return value, interval, int(np.count_nonzero(copies))


def _censored(logs: Reals) -> float | None:
    kept = int(np.ceil(KEPT * len(logs)))
    if kept < 10:
        return None
    ordered = np.sort(logs)
    exposure = ordered[:kept].sum() + (len(logs) - kept) * ordered[kept - 1]
    # One fewer than were seen: without bias, as for any rate.
    return float((kept - 1) / exposure) if exposure > 0 else None
