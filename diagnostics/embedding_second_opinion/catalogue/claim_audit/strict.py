"""What is the claimed quantity on the evaluated rows, counted exactly, with ties as errors?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from embedding_second_opinion.data.arrays import Reals
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.rank_results import Ranks
from embedding_second_opinion.stats import jackknife, surface
from embedding_second_opinion.stats.intervals import (
    FEWEST_CLASSES,
    Interval,
    mean_interval,
    share_interval,
    wilson_interval,
)

from .claimed import Reading


@dataclass(frozen=True)
class Strict:
    """The number that a claim is held against. name: of the estimate; words: in a sentence."""

    name: str
    words: str
    value: float
    interval: Interval
    about: str


def within(space: Geometry) -> Ranks:
    """The rank pass that a validation loop over triplets stands for: the queries among themselves.

    Against the gallery where the queries have no pair among themselves, or no distances are known.
    """
    among = space.within
    return among if among is not None and len(among.anchors) else space.ranks


def triplet(space: Geometry) -> Strict:
    """A(1, 1): each anchor counts alike, a tie is an error."""
    ranks = within(space)
    value, units = surface.triplet_accuracy(ranks), _units(ranks)
    interval = share_interval(
        value, jackknife.triplet_without(ranks), units, jackknife.triplet_weights(ranks)
    )
    if units < FEWEST_CLASSES and not space.evaluation.leave_one_out:
        interval = mean_interval(per_anchor(ranks), value)
    name = space.evaluation.called
    among = f"the {number(len(ranks.anchors), f'{name}row')} among themselves"
    if ranks is space.ranks and not space.evaluation.leave_one_out:
        among = f"{number(len(ranks.anchors), f'{name}row')} against the gallery"
    about = f"all triplets of {among}, {number(units, 'class')}"
    return Strict("triplet_accuracy", "triplet accuracy", value, interval, about)


def closed_set(space: Geometry) -> Strict:
    """1-NN accuracy of the queries against the gallery; a tie is an error."""
    ranks = space.ranks
    value, units = surface.closed_set_accuracy(ranks), _units(ranks)
    interval = share_interval(
        value, jackknife.closed_set_without(ranks), units, pairs=jackknife.closed_set_pairs(ranks)
    )
    if units < FEWEST_CLASSES and not space.evaluation.leave_one_out:
        interval = wilson_interval(int(ranks.right[ranks.anchors].sum()), len(ranks.anchors))
    return Strict("closed_set_accuracy", "closed-set accuracy", value, interval, searched(space))


def searched(space: Geometry) -> str:
    """Which queries were looked up in what, in a few words."""
    ranks, evaluation = space.ranks, space.evaluation
    rows, classes = len(ranks.anchors), number(ranks.classes, "class")
    name = evaluation.called
    if evaluation.leave_one_out:
        return f"{number(rows, f'{name}row')} of {classes}, each against all others"
    enrolled = f"{len(evaluation.enrolled):,} {evaluation.gallery_name} rows of {classes}"
    return f"{number(rows, f'{name}query')} against {enrolled}"


def per_anchor(ranks: Ranks) -> Reals:
    """(a,) share of each anchor's triplets in the right order; a tie is an error."""
    a = ranks.anchors
    return np.asarray(1 - ranks.lost[a] / (ranks.positives[a] * ranks.negatives[a]))


def beyond(claim: Reading, strict: Strict) -> tuple[float, Interval]:
    """The claim less the strict number, and its interval, opened by the rounding of the claim."""
    value = claim.value - strict.value
    interval = strict.interval.taken_from(claim.value)
    method = interval.method.replace("closed-set accuracy", strict.words)
    if interval.low is None or interval.high is None:
        return value, replace(interval, method=method)
    below = interval.above

    def above(x: float) -> float:
        assert below is not None
        return below(x + claim.half)

    return value, replace(
        interval,
        low=interval.low - claim.half,
        high=interval.high + claim.half,
        method=f"{method}; opened by the rounding of the claim, {100 * claim.half:.2g} points",
        above=None if below is None else above,
    )


def reproduced(claim: Reading, strict: Strict, around: float) -> tuple[float, Interval]:
    """The same for a claim that the strict number gives: counted on these rows, or on a sample of them.

    Then no other classes enter. What is open is the rounding, and ``around``: how far a sample falls.
    """
    value = claim.value - strict.value
    reach = around + claim.half
    drawn = f", and a sample is off by up to {100 * around:.2g}" if around else ""
    method = (
        f"the claim is this number on these rows: what is open is its rounding, {100 * claim.half:.2g} "
        f"points{drawn}"
    )

    def above(x: float) -> float:
        return float(x >= value - reach)

    return value, Interval(value - reach, value + reach, method, unit="row", above=above)


def _units(ranks: Ranks) -> int:
    return int(np.count_nonzero(surface.anchor_counts(ranks)))
