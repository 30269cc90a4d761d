"""Every accuracy of one evaluation, each with its interval and the words for what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Reals
from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.rank_results import Ranks
from embedding_second_opinion.inputs.inputs import Believed
from embedding_second_opinion.stats import jackknife, surface
from embedding_second_opinion.stats.intervals import (
    FEWEST_CLASSES,
    Interval,
    combined_interval,
    difference_interval,
    mean_interval,
    no_interval,
    share_interval,
    wilson_interval,
)


@dataclass(frozen=True)
class Measured:
    """What ``measure`` found. ``identity``: the curve A_id at the pass's grid, one estimate a point.

    classes: enrolled; queries: anchors of the closed set.
    tied_share: share of the (positive, negative) pairs of the triplet accuracy that are ties.
    """

    claim: Believed | None
    estimates: Mapping[str, Estimate]
    identity: tuple[Estimate, ...]
    harm: Estimate
    harm_interval: Interval
    classes: int
    queries: int
    tied_share: float

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


def measure(space: Geometry, claim: Believed | None) -> Measured:
    """All accuracies of queries against gallery, and of triplets within the queries."""
    ranks = space.ranks
    within = space.within if space.within is not None and len(space.within.anchors) else ranks
    of_gallery, of_queries = _Side(space, ranks), _Side(space, within)
    units = min(of_gallery.units, of_queries.units)

    a = within.anchors
    pairs_of_each = within.positives[a] * within.negatives[a]
    triplet_without = jackknife.triplet_without(within)
    triplet = surface.triplet_accuracy(within)
    weights, pairs = jackknife.triplet_weights(within), jackknife.closed_set_pairs(ranks)
    triplet_interval = of_queries.interval(triplet, triplet_without, weights=weights)
    closed_without = jackknife.closed_set_without(ranks)
    closed = surface.closed_set_accuracy(ranks)
    closed_interval = of_gallery.interval(closed, closed_without, pairs=pairs)
    if of_gallery.units < FEWEST_CLASSES and not space.evaluation.leave_one_out:
        # Few classes: given the gallery, the queries at least are independent.
        closed_interval = wilson_interval(int(ranks.right.sum()), len(ranks.anchors))
        triplet_interval = mean_interval(1 - within.lost[a] / pairs_of_each, triplet)
    estimates = {
        "triplet_accuracy": of_queries.estimate(triplet, triplet_interval),
        "triplet_accuracy_all_triplets": of_queries.share(
            surface.triplet_accuracy_all_triplets(within),
            jackknife.all_triplets_without(within),
            weights=jackknife.all_triplets_weights(within),
        ),
        "closed_set_accuracy": of_gallery.estimate(closed, closed_interval),
        "closed_set_accuracy_macro": of_gallery.share(
            surface.closed_set_accuracy_macro(ranks),
            jackknife.closed_set_macro_without(ranks),
            pairs=jackknife.closed_set_macro_pairs(ranks),
        ),
    }
    wide = jackknife.spread_over(within, triplet_without, triplet, ranks.class_ids)
    if within is not ranks:
        corner = surface.triplet_accuracy(ranks)
        corner_without = jackknife.triplet_without(ranks)
        estimates["triplet_accuracy_against_gallery"] = of_gallery.share(
            corner, corner_without, weights=jackknife.triplet_weights(ranks)
        )
        estimates["within_queries_step"] = of_gallery.estimate(
            triplet - corner,
            difference_interval(triplet - corner, wide - corner_without, units),
            quantity="accuracy points",
        )
    estimates |= _tie_variants(of_queries, of_gallery)

    if claim is not None:
        harm, interval = claim.value - closed, closed_interval.taken_from(claim.value)
    else:
        harm = triplet - closed
        without = wide - closed_without
        if closed_interval.unresolved or closed_interval.unit == "query":
            # At a limit no paired spread can be seen; with few classes there is none over classes.
            interval = combined_interval(triplet, triplet_interval, closed, closed_interval)
        elif without.min() > 0 and 1 - triplet <= (1 - closed) / 2:
            # Most wrong queries are wrong by few negatives: the gap is next to the share of them, and
            # skewed as that is. A symmetric interval held the truth of generated sets too rarely.
            interval = share_interval(harm, without, units, pairs=pairs)
        else:
            interval = difference_interval(harm, without, units)
    gap = of_gallery.estimate(harm, interval, quantity="accuracy points")
    estimates["accuracy_gap"] = gap
    return Measured(
        claim=claim,
        estimates=estimates,
        identity=_identity(of_gallery),
        harm=gap,
        harm_interval=interval,
        classes=ranks.classes,
        queries=len(ranks.anchors),
        tied_share=float((within.tied[a] / pairs_of_each).mean()),
    )


class _Side:
    """One rank pass with its number of units and its words."""

    def __init__(self, space: Geometry, ranks: Ranks) -> None:
        self.ranks = ranks
        self.units = int(np.count_nonzero(surface.anchor_counts(ranks)))
        self.about = _about(space, ranks, self.units)

    def interval(
        self, value: float, without: Reals, weights: Reals | None = None, pairs: float = 0.0
    ) -> Interval:
        return share_interval(value, without, self.units, weights, pairs)

    def share(
        self, value: float, without: Reals, weights: Reals | None = None, pairs: float = 0.0
    ) -> Estimate:
        return self.estimate(value, self.interval(value, without, weights, pairs))

    def estimate(self, value: float, interval: Interval, quantity: str = "share") -> Estimate:
        return interval.estimate(value, self.about, quantity)


def _about(space: Geometry, ranks: Ranks, units: int) -> str:
    evaluation = space.evaluation
    n, enrolled = len(ranks.anchors), int(ranks.gallery_sizes.sum())
    left_out = len(ranks.codes) - n
    note = f"; {left_out:,} alone in their class enrolled, not looked up" if left_out else ""
    if ranks is space.ranks and not evaluation.leave_one_out:
        note = f"; {left_out:,} without a positive left out" if left_out else ""
        return (
            f"{n:,} {evaluation.called}queries of {number(units, 'class')} against {enrolled:,} "
            f"{evaluation.gallery_name} rows of {ranks.classes:,}{note}"
        )
    rows = f"{n:,} {evaluation.called}rows of {number(units, 'class')}"
    return f"{rows}, each against the other {enrolled - 1:,}{note}"


def _identity(side: _Side) -> tuple[Estimate, ...]:
    values = surface.identity_curve(side.ranks)
    without = jackknife.identity_without(side.ranks)
    # A class that alone beats a query is among g with this chance: at K, the closed set's interval.
    met = (side.ranks.id_grid - 1) / max(1, side.ranks.classes - 1)
    pairs = jackknife.closed_set_pairs(side.ranks) * met**2
    return tuple(
        side.share(float(v), without[:, i], pairs=float(pairs[i])) for i, v in enumerate(values)
    )


def _tie_variants(queries: _Side, gallery: _Side) -> dict[str, Estimate]:
    """The other two tie rules, wherever a tie makes them differ."""
    found: dict[str, Estimate] = {}
    note = no_interval("a variant of the strict number beside it")
    rules: tuple[tuple[surface.Ties, str], ...] = (
        ("random", "random_ties"),
        ("lenient", "lenient"),
    )
    for name, side, function in (
        ("triplet_accuracy", queries, surface.triplet_accuracy),
        ("closed_set_accuracy", gallery, surface.closed_set_accuracy),
    ):
        for ties, suffix in rules:
            value = function(side.ranks, ties)
            if value != function(side.ranks):
                found[f"{name}_{suffix}"] = side.estimate(value, note)
    return found
