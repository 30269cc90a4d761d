"""What does a page of answers hold, on average over the queries, and how sure are we?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.stats.answers_without import REACHED, Without, without_each
from embedding_second_opinion.stats.intervals import (
    FEWEST_CLASSES,
    Interval,
    mean_interval,
    no_interval,
    share_interval,
    wilson_interval,
)
from embedding_second_opinion.stats.jackknife import closed_set_pairs
from embedding_second_opinion.stats.ranked_answers import (
    COUNTS,
    PAGE,
    RANKS,
    at_best,
    by_chance,
    first_match,
    per_query,
)
from embedding_second_opinion.stats.surface import anchor_counts

# With lists that reach far enough for 17 % of queries (digits), an interval came out a tenth too narrow.


@dataclass(frozen=True, eq=False)
class Retrieval:
    """All numbers by name, their chance and their best, and the harm: no match on the page.

    first: (a,) place of each anchor's first match. matched: share of anchors with one among the
    first r, an estimate for each of ``places``. lenient: the hit rate of a page if ties counted as found.
    """

    estimates: Mapping[str, Estimate]
    chance: Mapping[str, float]
    best: Mapping[str, float]
    harm: Estimate
    harm_interval: Interval
    first: Ints
    places: Ints
    matched: tuple[Estimate, ...]
    lenient: float
    without: Without

    @property
    def missed(self) -> int:
        """Queries without a match on the page."""
        return int((self.first > PAGE).sum())


def measure_retrieval(space: Geometry) -> Retrieval:
    """All numbers of the queries against the gallery. ``space.ranks`` must have an anchor."""
    ranks, side = space.ranks, _Side(space)
    values, without, first = per_query(ranks), without_each(space), first_match(ranks)
    about = about_queries(space)
    matches = _matches(side, without, first)
    estimates = {}
    for name, value in values.items():
        if name.startswith("recall_at_"):
            interval = matches[int(name.rsplit("_", 1)[1]) - 1]
        else:
            interval = side.interval(value, without.numbers[name], first=name == "precision_at_1")
        if name in ("r_precision", "map_at_r"):
            interval = _as_far_as_lists_reach(interval, without)
        estimates[name] = interval.estimate(float(value.mean()), f"{COUNTS[name]}; {about}")
    competing = ranks.positives[ranks.anchors] + ranks.negatives[ranks.anchors]
    places = np.arange(1, min(RANKS, int(competing.min())) + 1)
    harm = _missing(matches[PAGE - 1])
    about_harm = f"no match among the first {PAGE}; {about}"
    return Retrieval(
        estimates=estimates,
        chance=by_chance(ranks),
        best=at_best(ranks),
        harm=harm.estimate(float((first > PAGE).mean()), about_harm, "accuracy points"),
        harm_interval=harm,
        first=first,
        places=places,
        matched=tuple(
            matches[r - 1].estimate(float((first <= r).mean()), about) for r in places.tolist()
        ),
        lenient=float((ranks.nearer_first[ranks.anchors] < PAGE).mean()),
        without=without,
    )


def _matches(side: _Side, without: Without, first: Ints) -> list[Interval]:
    """For the share of queries with a match among the first r, r from 1 to RANKS.

    Where next to nothing is missed, a bound over classes is all that one length of answer gives. But
    a longer answer holds what a shorter one does: the lower end of the last that is resolved stands.
    """
    found: list[Interval] = []
    resolved: Interval | None = None
    for r in range(1, RANKS + 1):
        values = (first <= r).astype(np.float64)
        interval = side.interval(values, without.matched[:, r - 1], first=r == 1)
        if interval.low is not None and not interval.unresolved:
            resolved = interval
        elif interval.unresolved and _lower(interval) < _lower(resolved):
            assert resolved is not None
            method = f"{interval.method}; at least what fewer answers hold: {resolved.method}"
            interval = replace(interval, low=resolved.low, method=method)
        found.append(interval)
    return found


def _lower(interval: Interval | None) -> float:
    return 0.0 if interval is None or interval.low is None else interval.low


def _missing(matched: Interval) -> Interval:
    """The interval of what is missed, from that of what is found."""
    if matched.low is None or matched.high is None:
        return matched
    above = None
    if matched.above is not None:
        below = matched.above

        def above(x: float) -> float:
            return 1 - below(1 - x)

    return replace(matched, low=1 - matched.high, high=1 - matched.low, above=above)


def about_queries(space: Geometry) -> str:
    """Which rows were looked up in which, and how many were not."""
    evaluation, ranks = space.evaluation, space.ranks
    n, enrolled = len(ranks.anchors), int(ranks.gallery_sizes.sum())
    units = int(np.count_nonzero(anchor_counts(ranks)))
    left_out, alone = len(ranks.codes) - n, evaluation.leave_one_out
    text = (
        f"{n:,} rows of {number(units, 'class')}, each against the other {enrolled - 1:,}"
        if alone
        else f"{n:,} queries of {number(units, 'class')} against {enrolled:,} enrolled rows"
    )
    why = "alone in their class" if alone else "without a match"
    return text + (f"; {left_out:,} {why} left out" if left_out else "")


class _Side:
    """The queries as units: classes where there are enough, or single queries given a gallery."""

    def __init__(self, space: Geometry) -> None:
        self.units = int(np.count_nonzero(anchor_counts(space.ranks)))
        self.by_query = self.units < FEWEST_CLASSES and not space.evaluation.leave_one_out
        self.first_pairs = closed_set_pairs(space.ranks)

    def interval(self, values: Reals, without: Reals, *, first: bool = False) -> Interval:
        """For the mean of (a,) values, from the (K,) delete-one values where classes are the unit.

        first: it is the first answer that is counted, which is the closed-set accuracy.
        """
        value = float(values.mean())
        if not self.by_query:
            pairs = self.first_pairs if first else 0.0
            return share_interval(value, without, self.units, pairs=pairs)
        if np.isin(values, (0.0, 1.0)).all():
            return wilson_interval(int(values.sum()), len(values))
        return mean_interval(values, value)


def _as_far_as_lists_reach(interval: Interval, without: Without) -> Interval:
    """Deletion moves matches up among the first R: a list that ends before R does not show them."""
    if interval.low is None or interval.unit == "query" or without.exact == 1:
        return interval
    if without.exact < REACHED:
        return no_interval(
            f"classes are too large for the {without.width} nearest rows that are kept"
        )
    beyond = f"rows beyond the {without.width} nearest ignored"
    return replace(interval, method=f"{interval.method}; {beyond}")
