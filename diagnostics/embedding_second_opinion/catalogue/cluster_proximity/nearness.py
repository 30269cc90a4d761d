"""How much is lost to classes that lie too near, and how near do classes lie? Measured together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

from embedding_second_opinion.data.arrays import Bools, Ints, Reals
from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.stats.intervals import (
    FEWEST_CLASSES,
    TAIL,
    Interval,
    difference_interval,
    few_classes,
    no_interval,
)

from .confusions import Confusions, confusions, near_loss
from .kernel_class_pairs import ClassPairs, class_pairs
from .kernel_pooled import PooledSeparation
from .separation import Separations, needed

CONTEXT = "context only: classes of several modes score badly here and work well"
FAR = 1e6  # d' where there is no spread at all


@dataclass(frozen=True, eq=False)
class Nearness:
    """What ``nearness`` found.

    harm, interval: share of queries lost to classes that lie too near, beyond chance.
    needed: d' below which two classes lie too near. found: confusions by ordered pair.
    winner: (q,) class of each query's nearest negative, as a position in ``ranks.class_ids``.
    near: (m,) pooled d' of each pair in ``found``; NaN where one class has no query. held_out: its
    d' with rows held out, where it stands out and has enough rows.
    shown: positions in ``found`` of the pairs worth naming, each in its more frequent direction.
    separations: d' of each class in ``pairs.classes`` from the one whose mean is nearest.
    """

    harm: Estimate
    interval: Interval
    needed: float
    found: Confusions
    winner: Ints
    near: Reals
    held_out: Reals
    shown: Ints
    pairs: ClassPairs
    pooled: PooledSeparation
    separations: Reals
    estimates: Mapping[str, Estimate]


def nearness(space: Geometry, tolerance: float) -> Nearness:
    """Measure it. tolerance: share of the rows of two classes that 1-NN may err in between them."""
    ranks, evaluation = space.ranks, space.evaluation
    rival = evaluation.codes[np.maximum(ranks.nearest_negative, 0)]
    winner = np.searchsorted(ranks.class_ids, rival)
    found = confusions(ranks, winner)
    pooled, limit = PooledSeparation(space.class_stats), needed(tolerance)
    own_code, rival_code = ranks.class_ids[found.own], ranks.class_ids[found.rival]
    near = pooled.between(own_code, rival_code)
    held_out = _held_out(space, found)
    # Classes that spread towards each other are nearer than the spread of all classes makes them
    # look; where they are also confused more often than chance, their own spread decides.
    confused = found.stands_out & ~(held_out >= limit)
    pair_of = ranks.codes * ranks.classes + winner
    pairs_found = found.own * ranks.classes + found.rival
    is_near = np.isin(pair_of, pairs_found[confused]) | _near_queries(space, pooled, limit)
    expected = _by_chance(space, pooled, limit, found, confused & ~(near < limit))
    value, interval = near_loss(ranks, is_near, expected[space.codes])
    named = found.stands_out | np.isin(pairs_found, pair_of[is_near & (ranks.z > 0)])
    pairs = class_pairs(space.points, space.codes, space.class_stats)
    separations = np.minimum(pooled.between(pairs.classes, pairs.nearest), FAR)
    units = len(np.unique(ranks.codes[ranks.anchors]))
    about = (
        f"{number(len(ranks.anchors), 'query')} of {number(units, 'class')} against "
        f"{ranks.classes:,} classes"
    )
    harm = interval.estimate(value, about, "accuracy points")
    shown = _each_once(found, named)
    pairs_confused = len(_each_once(found, found.stands_out))
    estimates = {
        "near_class_loss": harm,
        "look_alike_pairs": no_interval("a count of this set").estimate(
            pairs_confused, about, "pairs"
        ),
        **_context(space, pairs, separations),
    }
    return Nearness(
        harm=harm,
        interval=interval,
        needed=limit,
        found=found,
        winner=winner,
        near=near,
        held_out=held_out,
        shown=shown,
        pairs=pairs,
        pooled=pooled,
        separations=separations,
        estimates=estimates,
    )


def _near_queries(space: Geometry, pooled: PooledSeparation, limit: float) -> Bools:
    """(q,) whether a lost query's class and that of its nearest negative lie too near.

    Both rows are held out of their class means: a row with a wrong label, or a stray one, pulls
    its class towards the other and is no witness of where the class lies.
    """
    ranks, evaluation = space.ranks, space.evaluation
    lost = ranks.anchors[ranks.z[ranks.anchors] > 0]
    rows = ranks.nearest_negative[lost]
    rival = None
    if evaluation.leave_one_out:
        rival = space.points[np.searchsorted(evaluation.queries, rows)]
    near = np.zeros(len(ranks.codes), dtype=np.bool_)
    apart = pooled.held_out(space.codes[lost], space.points[lost], evaluation.codes[rows], rival)
    near[lost] = apart < limit
    return near


def _held_out(space: Geometry, found: Confusions) -> Reals:
    """(m,) d' with rows held out of the pairs that stand out; NaN for others and for few rows."""
    separations, ids = Separations(space), space.ranks.class_ids
    values = np.full(len(found.own), np.nan)
    for at in np.flatnonzero(found.stands_out).tolist():
        cut = separations.between(int(ids[found.own[at]]), int(ids[found.rival[at]]))
        values[at] = np.nan if cut is None else cut.value
    return values


def _by_chance(
    space: Geometry, pooled: PooledSeparation, limit: float, found: Confusions, added: Bools
) -> Reals:
    """(K,) share of the enrolled rows of other classes that lie in classes too near each class.

    added: pairs that count as near though their pooled d' is not below the limit.
    """
    evaluation = space.evaluation
    enrolled = np.bincount(
        evaluation.codes[evaluation.enrolled], minlength=len(evaluation.classes)
    ).astype(np.float64)
    share = pooled.near_share(limit, enrolled)
    ids = space.ranks.class_ids
    own, rival = ids[found.own[added]], ids[found.rival[added]]
    np.add.at(share, own, enrolled[rival] / (enrolled.sum() - enrolled[own]))
    return share


def _each_once(found: Confusions, chosen: Bools) -> Ints:
    """Positions of the chosen pairs in their more frequent direction, most queries lost first."""
    both: dict[tuple[int, int], list[int]] = {}
    for at in np.flatnonzero(chosen).tolist():
        low, high = sorted((int(found.own[at]), int(found.rival[at])))
        both.setdefault((low, high), []).append(at)
    # Pairs confused beyond chance come first: among many near ones some lose much by luck.
    ordered = sorted(
        both.values(),
        key=lambda ats: (not found.stands_out[ats].any(), -int(found.lost[ats].sum()), ats[0]),
    )
    return np.array([ats[0] for ats in ordered], dtype=np.int64)


def _context(space: Geometry, pairs: ClassPairs, separations: Reals) -> dict[str, Estimate]:
    """Numbers that describe and never judge."""
    about = f"{len(space.codes):,} rows of {len(pairs.classes):,} classes among themselves"
    plain, stats = no_interval(CONTEXT), space.class_stats
    within = float(np.trace(stats.within))
    found = {
        "nearest_separation": _median_interval(separations).estimate(
            float(np.median(separations)), about, "standard deviations"
        ),
        "silhouette": _silhouette_interval(space).estimate(
            float(space.silhouettes.values.mean()), about, "silhouette"
        ),
    }
    if within > 0:
        ratio = float(np.trace(stats.between)) / within
        found["fisher_ratio"] = plain.estimate(ratio, about, "ratio")
    for name, values in (
        ("davies_bouldin", pairs.worst_ratio),
        ("class_distance_normalised_variance", pairs.mean_variance),
        ("variance_to_nearest_class", pairs.variance_to_nearest),
    ):
        if np.isfinite(values).all():  # two means at one place: the number does not exist
            found[name] = plain.estimate(float(values.mean()), about, "ratio")
    return {
        name: e.model_copy(update={"context": e.why_none == CONTEXT}) for name, e in found.items()
    }


def _silhouette_interval(space: Geometry) -> Interval:
    """Exact class jackknife: rows whose nearest other class goes fall back on their second."""
    seen, k = space.silhouettes, len(space.evaluation.classes)
    values = seen.values
    counts = np.bincount(seen.codes, minlength=k)
    own = np.bincount(seen.codes, weights=values, minlength=k)
    change = np.bincount(seen.nearest_class, weights=seen.without_nearest() - values, minlength=k)
    left = np.where(counts < len(values), len(values) - counts, np.nan)
    without = ((values.sum() - own + change) / left)[counts > 0]
    return difference_interval(float(values.mean()), without, int(np.count_nonzero(counts)))


def _median_interval(values: Reals) -> Interval:
    """For a median over classes: the order statistics that bracket it (sign test), exact."""
    k = len(values)
    if k < FEWEST_CLASSES:
        return few_classes(k)
    low = int(binom.ppf(TAIL, k, 0.5))
    ordered = np.sort(values)
    method = f"order statistics of the median, {k} classes"
    return Interval(float(ordered[max(low - 1, 0)]), float(ordered[min(k - low, k - 1)]), method)
