"""What is gained by turning away whoever is far from all that are enrolled?

Of those who come a share are strangers. Without a threshold each of them is taken for somebody; with one,
some of the known are turned away too. The gain is in right outcomes: a known one recognised, a stranger
turned away. Rows that choose calibrate the threshold, for the fewest wrong outcomes; others measure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from embedding_second_opinion.data.arrays import Bools, Ints, Reals
from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.row_keys import class_keys, row_keys
from embedding_second_opinion.stats.gains import gain_interval, means_without
from embedding_second_opinion.stats.intervals import (
    FEWEST_CLASSES,
    Interval,
    combined_interval,
    few_classes,
    share_interval,
    wilson_interval,
)
from embedding_second_opinion.stats.rejection import least_cost

from .held_out import Roles
from .tried import as_it_is


@dataclass(frozen=True, eq=False)
class Rejected:
    """What ``rejecting`` found. gain: in right outcomes; lost: known ones rightly answered that are turned
    away; kept_out: strangers turned away; rehearsed: whether the strangers are known ones, their class
    taken out.
    """

    gain: Estimate
    lost: float
    kept_out: float
    rehearsed: bool


@dataclass(frozen=True, eq=False)
class _Side:
    """Rows looked up, (n,) each: distance to the nearest enrolled row, row number, whether it measures."""

    distance: Reals
    rows: Ints
    measures: Bools


def rejecting(
    space: Geometry, deals: Sequence[Roles], rate: float, lookups: Sequence[Geometry] | None = None
) -> Rejected | None:
    """None where no row, or no stranger, is left to calibrate or to measure by.

    lookups: of each deal what ``as_it_is`` gives, where they are at hand.
    rate: share of strangers among those who come, in [0, 1]. Without true strangers each row plays one, its
    own class taken out of the gallery.
    """
    rehearsed = not len(space.evaluation.strangers)
    half = _halves(space)
    lost, kept_out = [], []
    for i, roles in enumerate(deals):
        lookup = as_it_is(space, roles) if lookups is None else lookups[i]
        known, right, strange = _sides(lookup, roles, (space.evaluation.strangers, half == i % 2))
        sides = (known, strange)
        if any(side.measures.all() or not side.measures.any() for side in sides):
            return None
        calibrating = ~known.measures
        found = least_cost(
            np.sort(known.distance[calibrating & right]),
            int(calibrating.sum()),
            np.sort(strange.distance[~strange.measures]),
            rate,
            1.0,
        )
        threshold = -np.inf if found.threshold is None else found.threshold
        lost.append((known, right & (known.distance > threshold)))
        kept_out.append((strange, strange.distance > threshold))
    return _gain(space, lost, kept_out, (rate, rehearsed))


def calibrated(space: Geometry, rate: float) -> float:
    """The threshold of all queries and strangers there are, or of rehearsed ones; -inf: turn everyone away.

    Raises ValueError where no query has a positive and a negative to calibrate by.
    """
    ranks = space.ranks
    a = ranks.anchors
    if not len(a):
        raise ValueError("no query has both a positive and a negative to calibrate a threshold by")
    own, other = ranks.nearest_positive_distance[a], ranks.nearest_negative_distance[a]
    strange = space.strangers.distances[:, 0] if len(space.evaluation.strangers) else other
    found = least_cost(np.sort(own[own < other]), len(a), np.sort(strange), rate, 1.0)
    return -np.inf if found.threshold is None else found.threshold


def _halves(space: Geometry) -> Ints:
    """(s,) 0 or 1 for each stranger, drawn by what they hold: those of a class together, or row by row, equal
    ones together, where there are few classes: all strangers are often called one name.
    """
    evaluation = space.evaluation
    assert evaluation.data is not None
    codes = evaluation.codes[evaluation.strangers]
    if not len(codes):
        return np.zeros(0, dtype=np.int64)
    keys = row_keys(evaluation.data.vectors[evaluation.strangers], space.rng("remedies: strangers"))
    classes, own = np.unique(codes, return_inverse=True)
    if len(classes) < FEWEST_CLASSES:
        return np.asarray(np.unique(keys, return_inverse=True)[1] % 2, dtype=np.int64)
    place = np.argsort(np.argsort(class_keys(keys, own, len(classes)), kind="stable"))
    return np.asarray(place[own] % 2, dtype=np.int64)


def _sides(
    lookup: Geometry, roles: Roles, strangers: tuple[Ints, Bools]
) -> tuple[_Side, Bools, _Side]:
    """The known of one deal, which of them are rightly answered, and the strangers with who measures."""
    asked, ranks = lookup.evaluation.queries, lookup.beaten
    a = ranks.anchors
    own, other = ranks.nearest_positive_distance[a], ranks.nearest_negative_distance[a]
    measures = np.isin(asked[a], roles.test)
    known = _Side(np.minimum(own, other), asked[a], measures)
    rows, measuring = strangers
    if not len(rows):
        return known, own < other, replace(known, distance=other)
    far = lookup.nearest_enrolled(rows).distances[:, 0]
    return known, own < other, _Side(far, rows, measuring)


def _gain(
    space: Geometry,
    lost: Sequence[tuple[_Side, Bools]],
    kept_out: Sequence[tuple[_Side, Bools]],
    assumed: tuple[float, bool],
) -> Rejected:
    rate, rehearsed = assumed
    codes = space.evaluation.codes
    rows, one = _measured(lost)
    strangers, two = _measured(kept_out)
    units = len(np.unique(codes[rows]))
    about = f"{number(len(rows), 'row')} of {number(units, 'class')}"
    if rehearsed:
        values = rate * two - (1 - rate) * one
        interval = gain_interval(values, codes[rows])
        about += ", each also as a stranger, its class taken out"
    else:
        parts = (rate * float(two.mean()), (1 - rate) * float(one.mean()))
        first = _scaled(_of_strangers(two, codes[strangers]), rate)
        second = _scaled(share_over_classes(one, codes[rows]), 1 - rate)
        interval = combined_interval(parts[0], first, parts[1], second)
        strange = number(len(np.unique(codes[strangers])), "class")
        about += f" and {number(len(strangers), 'stranger')} of {strange}"
    value = rate * float(two.mean()) - (1 - rate) * float(one.mean())
    about += f"; right outcomes where {100 * rate:.3g} % of those who come are strangers"
    return Rejected(
        interval.estimate(value, about, "accuracy points"),
        float(one.mean()),
        float(two.mean()),
        rehearsed,
    )


def _measured(sides: Sequence[tuple[_Side, Bools]]) -> tuple[Ints, Reals]:
    """Rows that measure and their mean values: a stranger may measure in several deals."""
    rows = np.concatenate([side.rows[side.measures] for side, _ in sides])
    values = np.concatenate([value[side.measures] for side, value in sides]).astype(np.float64)
    own, at = np.unique(rows, return_inverse=True)
    return own, np.bincount(at, weights=values) / np.bincount(at)


def _of_strangers(values: Reals, codes: Ints) -> Interval:
    """Over their classes; of few classes over rows, which speaks for more strangers of these classes only."""
    if len(np.unique(codes)) >= FEWEST_CLASSES:
        return share_over_classes(values, codes)
    return wilson_interval(round(float(values.sum())), len(values))


def share_over_classes(values: Reals, codes: Ints) -> Interval:
    """Of the mean of (n,) values by the class jackknife; none where the classes are few."""
    units = len(np.unique(codes))
    if units < FEWEST_CLASSES:
        return few_classes(units)
    return share_interval(float(values.mean()), means_without(values, codes), units)


def _scaled(interval: Interval, by: float) -> Interval:
    if interval.low is None or interval.high is None:
        return interval
    return replace(interval, low=by * interval.low, high=by * interval.high, above=None)
