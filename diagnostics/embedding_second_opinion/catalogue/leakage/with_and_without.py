"""Two accuracies of the same queries, their difference, and what each would be without one class."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.stats.intervals import (
    FEWEST_CLASSES,
    LEVEL,
    Interval,
    difference_interval,
    few_classes,
    share_interval,
)


@dataclass(frozen=True, eq=False)
class Pair:
    """Accuracy with (``before``) and without (``after``) what leaks, and the harm: before - after."""

    before: float
    before_interval: Interval
    after: float
    after_interval: Interval
    harm: float
    interval: Interval
    queries: int
    units: int

    @classmethod
    def of(cls, before: Reals, after: Reals, without: tuple[Reals, Reals], codes: Ints) -> Pair:
        """From the values of each query, of these classes, and both means without each class."""
        units = len(np.unique(codes))
        first, second = float(before.mean()), float(after.mean())
        value = float(before.mean() - after.mean())
        return cls(
            before=first,
            before_interval=share_interval(first, without[0], units),
            after=second,
            after_interval=share_interval(second, without[1], units),
            harm=value,
            interval=possible(difference_interval(value, without[0] - without[1], units)),
            queries=len(codes),
            units=units,
        )


def delete_one(
    values: Reals | NDArray[np.bool_], codes: Ints, classes: int, gain: Reals | None = None
) -> Reals:
    """(K,) mean of ``values`` without each class. gain: (K,) what its absence adds to the others' sum."""
    sums = np.bincount(codes, weights=values, minlength=classes)
    left = len(codes) - np.bincount(codes, minlength=classes)
    rest = values.sum() - sums + (0.0 if gain is None else gain)
    return np.asarray(np.divide(rest, left, out=np.full(classes, np.nan), where=left > 0))


def saved(sole: Ints, classes: int) -> Reals:
    """(K,) queries that are right once this class, which alone beats them, is gone."""
    return np.bincount(sole[sole >= 0], minlength=classes).astype(np.float64)


def none_seen(events: int, units: int, what: str) -> Interval:
    """For a harm or a share that is 0 in these rows: how large it may be in such rows all the same.

    events: independent chances to see one: queries, or half of them where a copy shows at both of its rows.
    Rule of three over them (Clopper-Pearson, one-sided): whether a row was saved twice is a matter of
    the row. Fewer than ten classes speak for no others, so they have no interval.
    """
    if units < FEWEST_CLASSES:
        return few_classes(units)
    bound = float(beta.ppf(LEVEL, 1, max(events, 1)))
    method = f"rule of three over {number(events, 'chance')} to see it: {what}"
    return Interval(0.0, bound, method, unit="query", unresolved=True)


def possible(interval: Interval) -> Interval:
    """Two shares are at most 100 points apart."""
    if interval.low is None or interval.high is None:
        return interval
    return replace(interval, low=max(interval.low, -1.0), high=min(interval.high, 1.0))


def open_ended(interval: Interval, share: float, why: str) -> Interval:
    """The upper bound of a harm where this share of queries may owe their answer to what leaks, too."""
    if interval.low is None or interval.high is None or share == 0:
        return interval
    method = f"{interval.method}; above, {100 * share:.1f} % more, {why}"
    return replace(interval, high=min(1.0, interval.high + share), method=method)
