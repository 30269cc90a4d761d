"""Every number of the open set, with its interval and the words for what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from embedding_second_opinion.data.arrays import Reals
from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.rank_results import Ranks
from embedding_second_opinion.stats.intervals import (
    FEWEST_CLASSES,
    Interval,
    few_classes,
    no_interval,
)
from embedding_second_opinion.stats.rejection import Deployed, least_cost

from . import acceptance_intervals
from .acceptance_intervals import Without
from .gallery_size import BySize, by_size
from .known_and_strange import Sides, rehearsed, sides
from .without import (
    NUMBERS,
    Pools,
    conformal_rank,
    first_accepting,
    let_in_alone,
    numbers,
    shares,
    shares_without,
    without_enrolled,
    without_strangers,
)

HARM = "strangers_accepted_at_95"
REHEARSED = "strangers_accepted_rehearsed"
# Shares of the strangers, row by row, and the threshold they are counted at.
_COUNTED = {
    HARM: "threshold_at_95",
    "fpr95": "",
    "strangers_accepted_conformal": "conformal_threshold",
}
_THRESHOLDS = ("threshold_at_95", "conformal_threshold")
_AT_THRESHOLD = ("threshold_at_95", HARM, "known_turned_away_at_95", "fnir_at_95")
_KNOWN_ONLY = ("fnir_at_95", "known_turned_away_at_95")


@dataclass(frozen=True, eq=False)
class OpenSet:
    """What ``open_set_numbers`` found.

    sides: who was compared. pools: their distances. threshold: that of the harm. interval: of the harm.
    deployed: the threshold for the stated base rate and cost. by_size: against the size of the gallery.
    """

    sides: Sides
    pools: Pools
    estimates: Mapping[str, Estimate]
    interval: Interval
    threshold: float
    deployed: Deployed
    by_size: BySize

    @property
    def harm(self) -> Estimate:
        """Share of strangers accepted where 95 % of the known are."""
        return self.estimates[HARM]


def open_set_numbers(space: Geometry, rate: float, cost_of_stranger: float) -> OpenSet:
    """All numbers; needs a query with a positive and a negative in the gallery."""
    seen = sides(space)
    pools = Pools.of(seen)
    found = _Found(space, seen, pools)
    estimates = {name: found.estimate(name) for name in NUMBERS if np.isfinite(found[name])}
    best = deployed(pools, rate, cost_of_stranger)
    estimates |= found.at_deployed(best)
    if not seen.rehearsal:
        again = rehearsed(space, seen)
        estimates[REHEARSED] = _Found(space, again, Pools.of(again)).estimate(HARM)
    return OpenSet(
        sides=seen,
        pools=pools,
        estimates=estimates,
        interval=found.interval(HARM),
        threshold=found["threshold_at_95"],
        deployed=best,
        by_size=by_size(space, seen, found["threshold_at_95"]),
    )


def deployed(pools: Pools, rate: float, cost_of_stranger: float) -> Deployed:
    """The smallest threshold of the least cost; see ``least_cost``."""
    return least_cost(
        pools.right.base, pools.known.size, pools.strange.base, rate, cost_of_stranger
    )


class _Found:
    """The numbers of one pair of sides, with what they would be without each class."""

    def __init__(self, space: Geometry, seen: Sides, pools: Pools) -> None:
        ranks = space.ranks
        self._seen, self._pools, self._ranks = seen, pools, ranks
        self._gallery = not space.evaluation.leave_one_out
        self._values = dict(zip(NUMBERS, numbers(pools).tolist(), strict=True))
        self._units = seen.known.classes
        self._strange = np.full((seen.strange.classes, len(NUMBERS)), np.nan)
        few = self._units < FEWEST_CLASSES
        if not seen.rehearsal and seen.strange.classes >= FEWEST_CLASSES:
            self._strange = np.array([numbers(left) for left in without_strangers(seen, pools)])
        # Too few to be resampled are not resampled.
        self._enrolled = (
            np.full((ranks.classes, len(NUMBERS)), np.nan)
            if few
            else without_enrolled(seen, pools, ranks.class_ids)
        )
        self._about_known, self._about = _about(space, ranks, seen)

    def __getitem__(self, name: str) -> float:
        return float(self._values[name])

    def interval(self, name: str) -> Interval:
        """Of one of ``NUMBERS``."""
        at, seen = NUMBERS.index(name), self._seen
        if seen.few and name in _AT_THRESHOLD:
            return no_interval(seen.few)
        if name in _THRESHOLDS:
            return self._of_threshold(self[name])
        if name == "fpr95_strangers_positive":
            return no_interval("the errors of fpr95 from the other side, to compare with libraries")
        if name == "known_turned_away_at_95" and seen.fitted is seen.known:
            return no_interval("the threshold is set so that it is 5 %")
        if name in _KNOWN_ONLY:
            left = self._without(self._enrolled[:, at], None)
            return acceptance_intervals.share(self[name], left)
        strange = None if seen.rehearsal else self._strange[:, at]
        without = self._without(self._enrolled[:, at], strange)
        counted = name in _COUNTED
        if counted:
            x = self[_COUNTED[name]] if _COUNTED[name] else first_accepting(self._pools)
            without = replace(without, twice=let_in_alone(seen.strange, x))
        return acceptance_intervals.share(self[name], without, counted=counted)

    def _of_threshold(self, x: float) -> Interval:
        fitted = self._pools.fitted
        if self._units < FEWEST_CLASSES:
            return few_classes(self._units)
        below = shares_without(self._seen, self._pools, self._ranks.class_ids, x)[:, 0]
        units = self._seen.fitted.classes
        return acceptance_intervals.threshold(fitted.share(x), below, units, fitted.quantile)

    def estimate(self, name: str) -> Estimate:
        """With what it is about: the known, the strangers, or both."""
        far = name in _THRESHOLDS
        about = self._about_known if name in _KNOWN_ONLY else self._about
        if far:
            about = self._about_fitted()
        return self.interval(name).estimate(self[name], about, "distance" if far else "share")

    def at_deployed(self, best: Deployed) -> dict[str, Estimate]:
        """The threshold to deploy and its two errors; intervals take it as given."""
        x = -np.inf if best.threshold is None else best.threshold
        seen, pools, classes = self._seen, self._pools, self._ranks.class_ids
        left = np.full((len(classes), 3), np.nan)
        if self._units >= FEWEST_CLASSES:
            left = shares_without(seen, pools, classes, x)
        strange = None
        if not seen.rehearsal:
            strange = np.array([shares(less, x)[1] for less in without_strangers(seen, pools)])
        without = replace(self._without(left[:, 1], strange), twice=let_in_alone(seen.strange, x))
        one = _given(acceptance_intervals.share(best.accepted, without, counted=True))
        two = _given(acceptance_intervals.share(best.fnir, self._without(left[:, 2], None)))
        found = {
            "strangers_accepted_deployed": one.estimate(best.accepted, self._about),
            "fnir_deployed": two.estimate(best.fnir, self._about_known),
        }
        if best.threshold is None:
            return found
        jumps = no_interval("the place of the least cost jumps from one distance to another")
        placed = jumps.estimate(best.threshold, self._about, "distance")
        return {"deployed_threshold": placed, **found}

    def _without(self, enrolled: Reals, strange: Reals | None) -> Without:
        m = len(self._seen.strange.rows)
        return Without(enrolled, strange, self._units, m, self._gallery)

    def _about_fitted(self) -> str:
        fitted = self._seen.fitted
        n = len(fitted.rows)
        rows = "known queries" if fitted is self._seen.known else f"rows of {self._seen.fitted_on},"
        text = f"{n:,} {rows} of {number(fitted.classes, 'class')}"
        rank = f"; the conformal one is rank {min(conformal_rank(n), n):,} of {n:,}"
        return f"{text}, to their nearest enrolled row of any class{rank}"


def _about(space: Geometry, ranks: Ranks, seen: Sides) -> tuple[str, str]:
    """Who the known are, and who the strangers are, in what gallery."""
    evaluation = space.evaluation
    gallery = (
        f"the other {len(evaluation.enrolled) - 1:,} rows"
        if evaluation.leave_one_out
        else f"{len(evaluation.enrolled):,} {evaluation.gallery_name} rows"
    )
    known = (
        f"{len(seen.known.rows):,} known {evaluation.called}queries of "
        f"{number(seen.known.classes, 'class')} against {gallery} of {ranks.classes:,}"
    )
    strangers = (
        "each with its own class taken out, as strangers"
        if seen.rehearsal
        else f"{number(len(seen.strange.rows), 'stranger')} of {number(seen.strange.classes, 'class')}"
    )
    return known, f"{known}; {strangers}"


def _given(interval: Interval) -> Interval:
    if interval.conditional_on:
        return interval
    method = f"{interval.method}; the threshold as given"
    return replace(interval, method=method, conditional_on="the threshold")
