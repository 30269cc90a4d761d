"""Which numbers tell whether small classes or a group fare worse, and how sure is each?"""

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
from embedding_second_opinion.stats.intervals import (
    Interval,
    combined_interval,
    difference_interval,
    largest,
    no_interval,
    share_interval,
)

from . import class_sizes
from .group_recalls import Groups, group_recalls
from .recalls import Recalls, common_without, full_without, mean_of, recalls
from .worst_of import chance_of_minimum, expected_minimum

Measured = tuple[float, Interval]


@dataclass(frozen=True)
class Imbalance:
    """What ``measure_imbalance`` found.

    by_size: the harm of small classes and its interval, which is exactly 0 where all classes have one
    size. harm: the largest of it and of every group's harm. third: weights of head, middle and tail,
    empty where all classes have one size. worst_chance: chance of a class as bad as the worst were
    all recalled alike.
    """

    recalls: Recalls
    groups: Groups | None
    third: Mapping[str, Reals]
    estimates: Mapping[str, Estimate]
    by_size: Measured
    harm: Estimate
    harm_interval: Interval
    worst_chance: float

    @property
    def units(self) -> int:
        """Classes with queries."""
        return int(np.count_nonzero(self.recalls.queries))


def measure_imbalance(space: Geometry) -> Imbalance:
    """All numbers by class size and by group, of the queries against the gallery."""
    ranks, found, groups = space.ranks, recalls(space), group_recalls(space)
    units = int(np.count_nonzero(found.queries))
    about = _about(space, units)
    third = class_sizes.thirds(found.sizes, found.asked)
    gap, by_size = _gap(ranks, found, units), _size_part(ranks, found, units)
    estimates = {
        f"micro_macro_gap{end}": interval.estimate(value, about, "accuracy points")
        for end, (value, interval) in (("", gap), ("_common_enrolment", by_size))
    }
    estimates |= _of_thirds(ranks, found, third, about)
    estimates |= _of_sizes(space, found, about)
    estimates |= _of_means(space, found, third)
    asked = found.queries[found.queries > 0]
    micro = surface.closed_set_accuracy(ranks)
    lowest = float(np.nanmin(found.full))
    chance = no_interval("the smallest of several; its chance is in the caveats")
    estimates["worst_class_recall"] = chance.estimate(lowest, about)
    exact = no_interval("exact under equal recall, queries independent (product of binomials)")
    estimates["worst_class_expected"] = exact.estimate(expected_minimum(asked, micro), about)
    estimates |= _of_groups(groups, space)
    judged = groups.judged if groups else ()
    parts = [by_size, *(g.harm for g in judged if g.harm is not None)]
    value, interval = largest(parts)
    return Imbalance(
        recalls=found,
        groups=groups,
        third=third,
        estimates=estimates,
        by_size=by_size,
        harm=interval.estimate(value, about, "accuracy points"),
        harm_interval=interval,
        worst_chance=chance_of_minimum(asked, micro, lowest),
    )


def _gap(ranks: Ranks, found: Recalls, units: int) -> Measured:
    """Micro less macro accuracy, everything enrolled."""
    if len(np.unique(found.queries[found.queries > 0])) == 1:
        return _nothing("every class has the same number of queries")
    micro, macro = surface.closed_set_accuracy(ranks), surface.closed_set_accuracy_macro(ranks)
    return _difference(
        (micro, jackknife.closed_set_without(ranks)),
        (macro, jackknife.closed_set_macro_without(ranks)),
        units,
    )


def _size_part(ranks: Ranks, found: Recalls, units: int) -> Measured:
    """The mean over enrolled rows less the mean over classes, every class at the same enrolment."""
    if found.one_size:
        return _nothing("every class has the same number of enrolled rows")
    first, second = (
        (mean_of(found.common, w), common_without(ranks, found, w))
        for w in (found.by_size, found.asked)
    )
    return _difference(first, second, units)


def _difference(first: tuple[float, Reals], second: tuple[float, Reals], units: int) -> Measured:
    value = first[0] - second[0]
    intervals = [share_interval(v, without, units) for v, without in (first, second)]
    if any(interval.unresolved for interval in intervals):
        # At a limit no paired spread can be seen.
        return value, combined_interval(first[0], intervals[0], second[0], intervals[1])
    return value, difference_interval(value, first[1] - second[1], units)


def _nothing(why: str) -> Measured:
    return 0.0, Interval(0.0, 0.0, f"zero by construction: {why}", above=_surely)


def _surely(x: float) -> float:
    """p-value of a harm that is exactly 0 against 'at most x'."""
    return 1.0 if x >= 0 else 0.0


def _of_thirds(
    ranks: Ranks, found: Recalls, third: Mapping[str, Reals], about: str
) -> dict[str, Estimate]:
    """Macro accuracy of each third of the classes, everything enrolled and at the common enrolment."""
    estimates = {}
    for suffix, recall, without in (
        ("", found.full, full_without),
        ("_common_enrolment", found.common, common_without),
    ):
        for name, weights in third.items():
            members = weights > 0
            low, high = found.sizes[members].min(), found.sizes[members].max()
            value, left = mean_of(recall, weights), without(ranks, found, weights)
            interval = share_interval(value, left, int(np.count_nonzero(members)))
            size = f"{low:,}" if low == high else f"{low:,} to {high:,}"
            words = f"the {name} third of the classes by size ({size} enrolled rows); {about}"
            estimates[f"{name}_accuracy{suffix}"] = interval.estimate(value, words)
    return estimates


def _of_sizes(space: Geometry, found: Recalls, about: str) -> dict[str, Estimate]:
    """How unequal the classes are, and whether recall goes with size."""
    sizes = space.ranks.gallery_sizes
    enrolled = f"{int(sizes.sum()):,} enrolled rows of {len(sizes):,} classes"
    known = no_interval("a property of these rows, not an estimate")
    numbers = (
        ("imbalance_ratio", float(sizes.max() / sizes.min()), "ratio"),
        ("effective_classes", class_sizes.effective_classes(sizes), "classes"),
        ("effective_samples_share", class_sizes.effective_samples_share(sizes), "share"),
    )
    estimates = {name: known.estimate(v, enrolled, quantity) for name, v, quantity in numbers}
    taking_part = found.queries > 0
    correlation = class_sizes.size_correlation(found.sizes[taking_part], found.common[taking_part])
    if correlation is not None:
        value, without = correlation
        interval = difference_interval(value, without, int(taking_part.sum()))
        if interval.low is not None and interval.high is not None:
            interval = replace(interval, low=max(-1.0, interval.low), high=min(1.0, interval.high))
        estimates["recall_by_size_correlation"] = interval.estimate(value, about, "correlation")
    return estimates


def _of_means(space: Geometry, found: Recalls, third: Mapping[str, Reals]) -> dict[str, Estimate]:
    if not third or not space.has_vectors:
        return {}
    ranks, stats = space.ranks, space.class_stats
    head, tail, asked = (
        jackknife.spread_over(ranks, w, 0.0, np.arange(len(stats.counts)))
        for w in (third["head"], third["tail"], found.asked)
    )
    alike = class_sizes.tail_cosine(stats, head, tail, asked)
    if alike is None:
        return {}
    value, without = alike
    about = f"means of the queries of {int(asked.sum()):,} classes, from the mean of all queries"
    interval = difference_interval(value, without, len(without))
    return {"minority_collapse": interval.estimate(value, about, "cosine")}


def _of_groups(groups: Groups | None, space: Geometry) -> dict[str, Estimate]:
    worst = groups.worst if groups else None
    if worst is None or worst.interval is None or worst.expected is None:
        return {}
    about = (
        f"group '{worst.name}': {worst.queries:,} queries of {worst.classes:,} classes against "
        f"{int(space.ranks.gallery_sizes.sum()):,} enrolled rows"
    )
    null = no_interval("the mean of 999 permutations of the groups, nothing else changed")
    return {
        "worst_group_recall": worst.interval.estimate(worst.recall, about),
        "worst_group_expected": null.estimate(worst.expected, about),
    }


def _about(space: Geometry, units: int) -> str:
    evaluation, ranks = space.evaluation, space.ranks
    n, enrolled = len(ranks.anchors), int(ranks.gallery_sizes.sum())
    if evaluation.leave_one_out:
        return f"{n:,} rows of {number(units, 'class')}, each against the other {enrolled - 1:,}"
    return f"{n:,} queries of {units:,} classes against {enrolled:,} enrolled rows"
