"""What does each kind of collapse cost, in accuracy points? Ties, one point, few dimensions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.rank_results import Ranks
from embedding_second_opinion.stats import jackknife, surface
from embedding_second_opinion.stats.intervals import (
    FEWEST_CLASSES,
    Interval,
    few_classes,
    share_interval,
)

from . import concentration
from .numbers import Numbers

# A triplet margin is commonly a fifth of the vectors' length. Where all lie within a hundredth of it
# about one point, no two of them can be a margin apart.
POINT = 0.01


@dataclass(frozen=True)
class Cost:
    """Accuracy points lost to one kind of collapse, at most what is lost in all.

    name: "ties", "one point" or "few dimensions".
    """

    name: str
    value: float
    interval: Interval


def closed_set_loss(ranks: Ranks) -> tuple[float, Interval]:
    """1 - closed-set accuracy (1-NN, strict)."""
    units = int(np.count_nonzero(surface.anchor_counts(ranks)))
    value = surface.closed_set_accuracy(ranks)
    interval = share_interval(
        value, jackknife.closed_set_without(ranks), units, pairs=jackknife.closed_set_pairs(ranks)
    )
    return 1 - value, interval.taken_from(1.0)


def costs(space: Geometry, numbers: Numbers) -> tuple[Cost, Cost, Cost]:
    """To ties, to one point, to few dimensions."""
    loss, interval = closed_set_loss(space.ranks)
    return (
        Cost("ties", *concentration.tied_first(space)),
        Cost("one point", *_to_a_point(loss, interval, numbers)),
        Cost(
            "few dimensions", *_to_few_dimensions(loss, interval, numbers, misfit(space, numbers))
        ),
    )


def misfit(space: Geometry, numbers: Numbers) -> float:
    """How far the surrogate's accuracy is from the measured one, in a gallery of as many classes.

    0 where there is no surrogate. Where the two differ, the classes are not the Gaussian ones of
    the surrogate, and its cost is not known better than by this difference.
    """
    if numbers.outcome is None:
        return 0.0
    ranks = space.ranks
    comparable = np.interp(
        min(numbers.surrogate.classes, ranks.classes), ranks.id_grid, surface.identity_curve(ranks)
    )
    return abs(float(comparable) - numbers.outcome.own)


def _to_a_point(loss: float, interval: Interval, numbers: Numbers) -> tuple[float, Interval]:
    """All of the loss where the spread is surely below ``POINT``, else nothing."""
    spread = numbers.estimates["spread"]
    high = spread.value if spread.high is None else spread.high
    if high >= POINT:
        shown = f"{spread.value:.3g} of the length, not surely below {POINT:g}"
        return 0.0, Interval(0.0, 0.0, f"not the case: the spread is {shown}")
    return loss, interval


def _to_few_dimensions(
    loss: float, whole: Interval, numbers: Numbers, off: float
) -> tuple[float, Interval]:
    """What the surrogate loses against its reference, at least 0 and at most the loss.

    off: see ``misfit``; it widens the interval.
    """
    outcome, groups = numbers.outcome, numbers.groups
    if whole.low is None or whole.high is None:
        value = 0.0 if outcome is None else min(max(outcome.cost, 0.0), loss)
        return value, whole
    without = [o for o in numbers.without if o is not None]
    if outcome is None or len(without) < len(numbers.without):
        words = (
            f"the width of a class cannot be seen, so at most what is lost in all: {whole.method}"
        )
        return 0.0, replace(whole, low=0.0, method=words, above=None)
    if groups.classes < FEWEST_CLASSES:
        return min(max(outcome.cost, 0.0), loss), few_classes(groups.classes)
    cost = outcome.cost
    error = float(np.hypot(groups.error(cost, np.array([o.cost for o in without])), outcome.error))
    reach = groups.quantile * error
    low, high = cost - reach - off, cost + reach
    if high > 0:  # a spectrum surely no worse than the reference costs nothing, Gaussian or not
        high += off
    if error < 1e-12:
        # Nothing moves it, as where the surrogate makes no mistake: no draw of 200 shows none.
        high = max(cost, 1 - (outcome.at_least or 0.0))
    bounded = whole.unresolved and whole.low < low

    def above(x: float) -> float:
        beyond = cost - off - x
        # Without an error the truth is the cost itself: at most x is either so or not.
        errors = beyond / error if error >= 1e-12 else (np.inf if beyond > 0 else -np.inf)
        return max(groups.tail(errors), whole.above(x) if whole.above is not None else 0.0)

    return min(max(cost, 0.0), loss), Interval(
        low=float(np.clip(low, 0, whole.low)),
        high=float(np.clip(high, 0, whole.high)),
        method=(
            f"of the surrogate's cost ({groups.words}, with the error of its draw), widened by the "
            f"{100 * off:.1f} points that its accuracy is off the measured one; at most what is lost in all"
        ),
        unresolved=bounded,
        above=None if bounded else above,
    )
