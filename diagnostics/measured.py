"""Every accuracy of one evaluation, each with its interval and the words for what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from diagnostics import deletions, surface
from diagnostics.finding import Estimate
from diagnostics.geometry import Geometry
from diagnostics.inputs import Claim
from diagnostics.passes.ranks import Reals
from diagnostics.passes.tally import Ranks
from diagnostics.resample import (
    FEWEST_CLASSES,
    Interval,
    difference_interval,
    effective_observations,
    mean_interval,
    share_interval,
    wilson_interval,
)


@dataclass(frozen=True)
class Measured:
    """What ``measure`` found. ``identity``: the curve A_id at the pass's grid, one estimate a point.

    classes: enrolled; units: classes that hold anchors; queries: anchors of the closed set.
    ties: whether any negative is exactly as far as a positive.
    """

    claim: Claim | None
    estimates: Mapping[str, Estimate]
    identity: tuple[Estimate, ...]
    harm: Estimate
    harm_interval: Interval
    classes: int
    units: int
    queries: int
    ties: bool

    @property
    def triplet(self) -> Estimate:
        """Exact triplet accuracy, as a validation loop over the queries measures it."""
        return self.estimates["triplet_accuracy"]

    @property
    def closed_set(self) -> Estimate:
        """1-NN accuracy of the queries against the gallery."""
        return self.estimates["closed_set_accuracy"]

    @property
    def macro(self) -> Estimate:
        """The same, mean over classes."""
        return self.estimates["closed_set_accuracy_macro"]

    def p_value(self, tolerance: float) -> float | None:
        """Chance of a harm this large if the true one were the tolerance."""
        return self.harm_interval.p_value(self.harm.value, tolerance)


def measure(space: Geometry, claim: Claim | None) -> Measured:
    """All accuracies of queries against gallery, and of triplets within the queries."""
    ranks = space.ranks
    within = space.within if space.within is not None and len(space.within.anchors) else ranks
    of_gallery, of_queries = _Side(space, ranks), _Side(space, within)
    split = within is not ranks

    without = deletions.triplet_without(within)
    triplet = surface.triplet_accuracy(within)
    closed_without = deletions.closed_set_without(ranks)
    closed = surface.closed_set_accuracy(ranks)
    right = int(ranks.right[ranks.anchors].sum())
    # Few classes: a gallery makes queries independent given the gallery; without one nothing does.
    conditional = of_gallery.units < FEWEST_CLASSES and not space.evaluation.leave_one_out
    closed_interval = (
        wilson_interval(right, len(ranks.anchors))
        if conditional
        else of_gallery.interval(closed, closed_without)
    )
    estimates = {
        "triplet_accuracy": of_queries.share(triplet, without),
        "triplet_accuracy_all_triplets": of_queries.share(
            surface.triplet_accuracy_all_triplets(within), deletions.all_triplets_without(within)
        ),
        "closed_set_accuracy": of_gallery.estimate(closed, closed_interval),
        "closed_set_accuracy_macro": of_gallery.share(
            surface.closed_set_accuracy_macro(ranks), deletions.closed_set_macro_without(ranks)
        ),
    }
    wide = deletions.spread_over(within, without, triplet, ranks.class_ids)
    step = 0.0
    if split:
        corner = surface.triplet_accuracy(ranks)
        corner_without = deletions.triplet_without(ranks)
        estimates["triplet_accuracy_against_gallery"] = of_gallery.share(corner, corner_without)
        step = triplet - corner
        estimates["within_queries_step"] = of_gallery.estimate(
            step,
            difference_interval(step, wide - corner_without, of_gallery.units),
            quantity="accuracy points",
        )
    estimates |= _tie_variants(of_queries, of_gallery)

    if claim is not None:
        harm = claim.value - closed
        interval = _flipped(claim.value, closed_interval)
    else:
        harm = triplet - closed
        interval = (
            mean_interval(_per_query_gap(ranks), step)
            if conditional
            else difference_interval(harm, wide - closed_without, of_gallery.units)
        )
        if closed_interval.unresolved:
            # No query is wrong, so the paired jackknife sees no spread; the bound of 1-NN carries over.
            interval = _flipped(triplet, closed_interval)
    gap = of_gallery.estimate(harm, interval, quantity="accuracy points")
    estimates["accuracy_gap"] = gap
    return Measured(
        claim=claim,
        estimates=estimates,
        identity=_identity(of_gallery),
        harm=gap,
        harm_interval=interval,
        classes=ranks.classes,
        units=of_gallery.units,
        queries=len(ranks.anchors),
        ties=bool(ranks.tied.any() or within.tied.any()),
    )


class _Side:
    """One rank pass with its number of units, its words, and its effective observations."""

    def __init__(self, space: Geometry, ranks: Ranks) -> None:
        self.ranks = ranks
        self.units = int(np.count_nonzero(surface.anchor_counts(ranks)))
        self.about = _about(space, ranks, self.units)
        a = ranks.anchors
        near, far = ranks.nearest_positive_distance[a], ranks.nearest_negative_distance[a]
        size = np.abs(near) + np.abs(far)
        margins = np.divide(far - near, size, out=np.zeros(len(a)), where=size > 0)
        self.effective = effective_observations(margins, ranks.codes[a])

    def interval(self, value: float, without: Reals) -> Interval:
        return share_interval(value, without, self.units, self.effective)

    def share(self, value: float, without: Reals) -> Estimate:
        return self.estimate(value, self.interval(value, without))

    def estimate(self, value: float, interval: Interval, quantity: str = "share") -> Estimate:
        return Estimate(
            value=value,
            low=interval.low,
            high=interval.high,
            unit=interval.unit,
            quantity=quantity,
            about=self.about,
            method=interval.method,
            unresolved=interval.unresolved,
        )


def _about(space: Geometry, ranks: Ranks, units: int) -> str:
    evaluation = space.evaluation
    n, enrolled = len(ranks.anchors), int(ranks.gallery_sizes.sum())
    split = "" if evaluation.query_name.startswith("all") else f" {evaluation.query_name}"
    left_out = len(ranks.codes) - n
    note = f"; {left_out:,} without a positive left out" if left_out else ""
    if ranks is space.ranks and not evaluation.leave_one_out:
        return (
            f"{n:,}{split} queries of {units:,} classes against {enrolled:,} "
            f"{evaluation.gallery_name} rows of {ranks.classes:,}{note}"
        )
    return f"{n:,}{split} rows of {units:,} classes, each against the other {enrolled - 1:,}{note}"


def _identity(side: _Side) -> tuple[Estimate, ...]:
    values = surface.identity_curve(side.ranks)
    without = deletions.identity_without(side.ranks)
    return tuple(side.share(float(v), without[:, i]) for i, v in enumerate(values))


def _tie_variants(queries: _Side, gallery: _Side) -> dict[str, Estimate]:
    """The other two tie rules, wherever a tie makes them differ."""
    found: dict[str, Estimate] = {}
    variants = (
        ("triplet_accuracy", queries, surface.triplet_accuracy),
        ("closed_set_accuracy", gallery, surface.closed_set_accuracy),
    )
    for name, side, function in variants:
        for ties, suffix in (("random", "random_ties"), ("lenient", "lenient")):
            value = function(side.ranks, "random" if ties == "random" else "lenient")
            if value != function(side.ranks):
                note = Interval(None, None, "no interval: a variant of the strict number beside it")
                found[f"{name}_{suffix}"] = side.estimate(value, note)
    return found


def _per_query_gap(ranks: Ranks) -> Reals:
    a = ranks.anchors
    won = 1 - ranks.lost[a] / (ranks.positives[a] * ranks.negatives[a])
    return np.asarray(won - ranks.right[a])


def _flipped(believed: float, closed: Interval) -> Interval:
    """The interval of (believed - closed) for a believed number taken as fixed."""
    if closed.low is None or closed.high is None:
        return Interval(None, None, closed.method, closed.unit)
    return Interval(
        believed - closed.high,
        believed - closed.low,
        f"of the closed-set accuracy: {closed.method}",
        closed.unit,
        closed.unresolved,
        closed.error,
        closed.degrees,
    )
