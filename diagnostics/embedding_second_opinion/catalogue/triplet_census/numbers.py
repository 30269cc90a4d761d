"""Every number of the census, each with its interval and the words for what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from embedding_second_opinion.data.arrays import Reals
from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.rank_results import Ranks
from embedding_second_opinion.stats import jackknife, surface
from embedding_second_opinion.stats.intervals import Interval, no_interval, share_interval

from .kernel_margin_counts import MarginCounts
from .mining import BATCHES, Mining, try_miners
from .sides import CURVE, RULED, Margin, MarginShares, Side, choose_margin, counted, curve, sides
from .spent import Spent, find_spent


@dataclass(frozen=True, eq=False)
class Census:
    """triplets: the side that is counted; answers: the side whose errors are judged; one where they are one.

    curve: active shares by the margin.
    """

    triplets: Side
    answers: Side
    counts: MarginCounts
    margin: Margin
    curve: MarginShares
    mining: Mining
    spent: Spent
    estimates: Mapping[str, Estimate]
    harm: Estimate


def measure_census(space: Geometry, given: float | None) -> Census:
    """All triplets, the miners, and the errors that are not among what still teaches. Needs anchors."""
    triplets, answers = sides(space)
    margin = choose_margin(space, triplets, given)
    counts = counted(space, triplets, margin.value)
    against = counts if answers is triplets else counted(space, answers, margin.value)
    spent = find_spent(answers, against, space.rng("triplet_census: bound"))
    mining = try_miners(space, triplets, counts, margin.value)
    shares = curve(space, triplets, margin)
    about, asked = _about(space, triplets), _about(space, answers)
    harm = spent.interval.estimate(spent.share, asked, "accuracy points")
    estimates = {
        **_shares(triplets, counts, about),
        "wrong_queries": spent.wrong_interval.estimate(spent.wrong_share, asked),
        "spent_errors": harm,
        "margin": no_interval(margin.words).estimate(margin.value, about, "distance"),
        **_mined(mining, about),
    }
    if space.metric == "euclidean":
        note = no_interval(f"over at most {CURVE:,} anchors, all their triplets")
        where = f"{about}; had the loss taken squared distances, with the same margin"
        estimates["random_active_if_squared"] = note.estimate(shares.if_squared, where)
    if margin.median > 0:
        why = no_interval(f"the median over all negatives of at most {RULED} anchors")
        estimates["median_negative_distance"] = why.estimate(margin.median, about, "distance")
    return Census(triplets, answers, counts, margin, shares, mining, spent, estimates, harm)


def _shares(side: Side, counts: MarginCounts, about: str) -> dict[str, Estimate]:
    """Easy, semi-hard and hard of all triplets: triplet accuracies at margin m and at none."""
    ranks, at = side.ranks, with_margin(side.ranks, counts)
    units = int(np.count_nonzero(surface.anchor_counts(ranks)))
    weights = jackknife.triplet_weights(ranks)
    easy, right = surface.triplet_accuracy(at), surface.triplet_accuracy(ranks)
    easy_without, right_without = jackknife.triplet_without(at), jackknife.triplet_without(ranks)

    def share(value: float, without: Reals) -> Interval:
        # A difference of two sums may miss 0 by a rounding.
        return share_interval(value, np.where(np.abs(without) < 1e-12, 0, without), units, weights)

    semi = max(right - easy, 0.0)
    satisfied = share(easy, easy_without)
    strict = f"{about}; strict: farther by more than the margin"
    return {
        "share_easy": satisfied.estimate(easy, about),
        "share_semi_hard": share(semi, right_without - easy_without).estimate(semi, about),
        "share_hard": share(1 - right, 1 - right_without).estimate(1 - right, about),
        "margin_satisfaction": satisfied.estimate(easy, strict),
        "random_active": share(1 - easy, 1 - easy_without).estimate(1 - easy, about),
    }


def with_margin(ranks: Ranks, counts: MarginCounts) -> Ranks:
    """The rank pass as it would be, had every positive stood farther by the margin: as far as pairs go."""
    lost, tied = counts.active[:, counts.at], np.zeros_like(ranks.tied)
    return replace(ranks, lost=lost, tied=tied, lost_share=counts.to_class)


def _mined(mining: Mining, about: str) -> dict[str, Estimate]:
    """The random active share has its interval, and stands with the shares."""
    found: dict[str, Estimate] = {}
    for miner in mining.miners:
        name = miner.name.replace(" ", "_").replace("-", "_")
        why, where = no_interval("exact for these rows"), f"{about}; {miner.how}"
        if miner.simulated:
            why = no_interval(f"the mean of {BATCHES} simulated batches")
            where = f"{BATCHES} batches of {mining.batch}; {miner.how}"
        if miner.name != "random":
            found[f"{name}_active"] = why.estimate(miner.active, where)
        if miner.name in ("batch-hard", "hardest negative"):
            found[f"{name}_wrong_order"] = why.estimate(miner.hard, where)
        found[f"{name}_loss"] = why.estimate(miner.loss, where, "distance")
    return found


def _about(space: Geometry, side: Side) -> str:
    evaluation, ranks = space.evaluation, side.ranks
    units = int(np.count_nonzero(surface.anchor_counts(ranks)))
    n, enrolled = len(ranks.anchors), len(side.gallery)
    rows = number(n, f"{evaluation.called}{'row' if side.alone else 'query'}")
    where = f" against {number(enrolled)} of {evaluation.gallery_name}"
    if side.alone:
        where = ", each with all others as positives and negatives"
    return f"{rows} of {number(units, 'class')}{where}"
