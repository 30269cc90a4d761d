"""How sure is the share of wrong labels? Class jackknife, or a count of the classes that have any."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from scipy.stats import gamma

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.stats.intervals import (
    FEWEST_CLASSES,
    LEVEL,
    TAIL,
    Interval,
    difference_interval,
    few_classes,
    share_interval,
)

from .side import Side, rate_of

# Of the flips: where fewer are found, the few rows that overlap far count manifold.
LEAST_FOUND = 0.2
FEWEST_SUSPECTS = 20  # from which a share of them is worth a number


def rates(sides: Sequence[Side]) -> Reals:
    """(G + 1,) share of wrong labels in all rows of these sides: without each group, and with all.

    Suspects over what is found of flips; suspects as they are where too few flips are found.
    """
    rows = np.array([side.counts.rows for side in sides], dtype=np.float64)
    shares = []
    for side in sides:
        flagged = _share(side.counts.suspects, side.counts.rows)
        found = _share(side.counts.found, side.counts.flips)
        shares.append(flagged if found[-1] < LEAST_FOUND else rate_of(flagged, found))
    # A side without rows takes no part.
    parts = np.where(rows > 0, rows * shares, 0.0).sum(axis=0)
    return np.asarray(parts / np.where(rows.sum(axis=0) > 0, rows.sum(axis=0), np.nan))


def over_rows(sides: Sequence[Side], share: Callable[[Side], float]) -> float:
    """A share of each of these sides, over the rows of all."""
    rows = np.array([side.rows for side in sides], dtype=np.float64)
    return float((rows * [share(side) for side in sides]).sum() / rows.sum())


def found_share(sides: Sequence[Side]) -> float:
    """Share of single flips that are found."""
    return over_rows(sides, lambda side: side.found)


def rate_interval(sides: Sequence[Side], classes: int, group_of: Ints) -> tuple[float, Interval]:
    """The share of wrong labels, with its interval. classes: those that have rows here.

    group_of: group of every class of the evaluation.
    """
    every = rates(sides)
    value, without = float(every[-1]), every[:-1]
    if classes < FEWEST_CLASSES:
        return value, few_classes(classes)
    found, rows = found_share(sides), sum(side.rows for side in sides)
    hit = np.zeros(len(group_of), dtype=np.int64)  # suspects by class
    for side in sides:
        hit[side.space.ranks.class_ids] += side.counts.classes
    events = _events(hit)
    if found < LEAST_FOUND:
        most = 1.0 if found == 0 else float(gamma.ppf(1 - TAIL, events + 1)) / (rows * found)
        method = f"only {100 * found:.0f} % of labels flipped on purpose are found: an upper bound at best"
        return value, Interval(0.0, max(min(1.0, most), value), method, "row", True)
    if np.count_nonzero(hit) < FEWEST_CLASSES or not np.isfinite(without).all() or value >= 1:
        return value, _counted(value, events, rows * found)
    held = np.array([side.counts.rows[-1] - side.counts.rows[:-1] for side in sides]).sum(axis=0)
    has = held > 0
    interval = share_interval(value, without[has], int(has.sum()), held[has].astype(np.float64))
    if classes > len(without):
        method = f"{interval.method}: the {classes:,} classes are deleted in {len(without)} groups"
        interval = replace(interval, method=method)
    return value, interval


def precision(sides: Sequence[Side], classes: int) -> tuple[float, Interval] | None:
    """Share of the suspects that are wrong, by those so far that overlap does not reach; or None.

    Wrong labels hit any class, near or far; suspects that overlap are never so far as ``VERY_FAR``.
    """
    suspects = sum(int(side.counts.suspects[-1]) for side in sides)
    few = any(side.found < LEAST_FOUND or side.very_far.found[-1] == 0 for side in sides)
    if suspects < FEWEST_SUSPECTS or few:
        return None
    listed = np.zeros(len(sides[0].counts.rows))
    expected = np.zeros(len(listed))
    for side in sides:
        far = _share(side.very_far.suspects, side.very_far.found)
        listed += side.counts.suspects
        # What the flips give of all suspects where they give so many very far ones.
        expected += far * side.counts.found
    ratio = expected / np.where(listed > 0, listed, np.nan)
    value = float(ratio[-1])
    if classes < FEWEST_CLASSES:
        return min(value, 1.0), few_classes(classes)
    interval = difference_interval(value, ratio[:-1], len(ratio) - 1)
    if interval.low is None or interval.high is None:
        return min(value, 1.0), interval
    low, high = (float(np.clip(bound, 0, 1)) for bound in (interval.low, interval.high))
    return min(value, 1.0), replace(interval, low=low, high=high, above=None)


def _counted(value: float, events: float, exposure: float) -> Interval:
    """So few classes have a suspect that the classes hit are counted (Poisson; Garwood 1936).

    events: classes hit, those with more suspects counting less than their suspects; exposure: rows
    times the share of wrong labels that is found.
    """
    if events == 0:
        bound = float(min(1.0, -np.log(1 - LEVEL) / exposure))
        method = f"rule of three over {exposure:,.0f} rows whose label would be found wrong"
        return Interval(0.0, bound, method, "row", True)
    low, high = gamma.ppf([TAIL, 1 - TAIL], [events, events + 1]) * value / events

    def above(x: float) -> float:
        return float(gamma.cdf(x * events / value, events))

    method = f"Poisson over the {events:.3g} classes that have suspects"
    return Interval(float(low), float(min(high, 1.0)), method, above=above)


def _events(hit: Ints) -> float:
    """How many classes of equally many suspects these are worth."""
    squares = float((hit.astype(np.float64) ** 2).sum())
    return float(hit.sum()) ** 2 / squares if squares else 0.0


def _share(part: Ints, whole: Ints) -> Reals:
    return np.asarray(part / np.where(whole > 0, whole, np.nan))
