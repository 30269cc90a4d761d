"""Every number about leakage, each with its interval and the words for what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.stats.intervals import Interval, largest, no_interval, share_interval

from .copies import Copies, find_copies, unknown
from .groups import Groups, find_groups
from .with_and_without import Pair, delete_one, open_ended

UNKNOWN = "with no row of another group to be looked up in"


@dataclass(frozen=True, eq=False)
class Part:
    """One harm and its interval."""

    harm: Estimate
    interval: Interval


@dataclass(frozen=True, eq=False)
class Leakage:
    """groups: None where none were given. harm: None where neither copies nor groups can be judged.

    parts: the harm of what was examined, "copies" and "groups"; ``harm`` is the largest of them.
    """

    copies: Copies
    groups: Groups | None
    estimates: Mapping[str, Estimate]
    harm: Estimate | None
    interval: Interval
    parts: Mapping[str, Part]


def measure_leakage(space: Geometry) -> Leakage:
    """Copies, groups and strangers. Needs vectors and anchors."""
    copies, groups = find_copies(space), find_groups(space)
    about = space.evaluation.about()
    limit, set_by = copies.null.threshold, no_interval(copies.null.words)
    estimates = {
        "leaked_queries": copies.share_interval.estimate(copies.share, about),
        "copy_distance": set_by.estimate(limit, about, "distance"),
    }
    counted = no_interval("a count of these rows")
    parts: dict[str, Part] = {}
    if copies.pair is not None:
        if len(copies.leaked):  # else both are one number
            names = ("accuracy_with_copies", "accuracy_without_copies", "owed_to_copies")
            estimates |= _pair(copies.pair, names)
        parts["copies"] = _part(copies.pair)
    if copies.doubtful:
        estimates["doubtful_queries"] = counted.estimate(copies.doubtful, about)
    if groups is not None:
        counts = f"{about}; {number(groups.groups, 'group')}"
        estimates["queries_with_own_group"] = counted.estimate(groups.overlap, counts)
        if groups.pair is not None:
            opened = open_ended(groups.pair.interval, groups.unknown, UNKNOWN)
            pair = replace(groups.pair, interval=opened)
            names = ("accuracy_among_as_many", "accuracy_without_own_group", "owed_to_own_group")
            estimates |= _pair(pair, names)
            parts["groups"] = _part(pair)
        elif groups.overlap and parts:
            # Nothing was compared: all that is right may be owed to the group.
            method = f"as many queries are right {UNKNOWN}"
            interval = Interval(0.0, groups.unknown, method, "query")
            parts["groups"] = Part(interval.estimate(0.0, about, "accuracy points"), interval)
    estimates |= _strangers(space, copies)
    if not parts:
        return Leakage(copies, groups, estimates, None, unknown(copies), parts)
    value, interval = largest([(part.harm.value, part.interval) for part in parts.values()])
    judged = max(parts.values(), key=lambda part: part.harm.value).harm.about
    harm = interval.estimate(value, judged, "accuracy points")
    return Leakage(copies, groups, estimates, harm, interval, parts)


def _part(pair: Pair) -> Part:
    return Part(pair.interval.estimate(pair.harm, _about(pair), "accuracy points"), pair.interval)


def _pair(pair: Pair, names: tuple[str, str, str]) -> dict[str, Estimate]:
    about = _about(pair)
    before, after, harm = names
    return {
        before: pair.before_interval.estimate(pair.before, about),
        after: pair.after_interval.estimate(pair.after, about),
        harm: pair.interval.estimate(pair.harm, about, "accuracy points"),
    }


def _about(pair: Pair) -> str:
    queries = number(pair.queries, "query")
    return f"the same {queries} of {number(pair.units, 'class')} both times, 1-NN"


def _strangers(space: Geometry, copies: Copies) -> dict[str, Estimate]:
    """Strangers whose vector is enrolled under a name that the evaluation knows."""
    rows = space.evaluation.strangers
    if not len(rows):
        return {}
    copied = space.strangers.distances[:, 0] <= copies.null.threshold
    classes, codes = np.unique(space.evaluation.codes[rows], return_inverse=True)
    k = len(classes)
    interval = share_interval(float(copied.mean()), delete_one(copied, codes, k), k)
    about = f"{number(len(rows), 'stranger')} of {number(k, 'class')} against the gallery"
    return {"strangers_with_copy": interval.estimate(float(copied.mean()), about)}
