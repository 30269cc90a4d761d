"""Every number about leakage, each with its interval and the words for what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from diagnostics.finding import Estimate
from diagnostics.geometry import Geometry
from diagnostics.measures.leakage.copies import Copies, find_copies, unknown
from diagnostics.measures.leakage.groups import Groups, find_groups
from diagnostics.measures.leakage.paired import Pair, delete_one
from diagnostics.resample import Interval, largest, no_interval, share_interval
from diagnostics.selection import number


@dataclass(frozen=True, eq=False)
class Leakage:
    """groups: None where none were given. harm: None where neither copies nor groups can be judged.

    by_groups: the larger part of the harm is the groups'.
    """

    copies: Copies
    groups: Groups | None
    estimates: Mapping[str, Estimate]
    harm: Estimate | None
    interval: Interval
    by_groups: bool


def measure_leakage(space: Geometry) -> Leakage:
    """Copies, groups and strangers. Needs vectors and anchors."""
    copies, groups = find_copies(space), find_groups(space)
    about = space.evaluation.about()
    estimates = {
        "leaked_queries": copies.share_interval.estimate(copies.share, about),
        "copy_distance": no_interval(copies.null.words).estimate(
            copies.null.threshold, about, "distance"
        ),
    }
    parts: list[tuple[float, Interval]] = []
    if copies.pair is not None:
        if len(copies.leaked):  # else both are one number
            estimates |= _pair(
                copies.pair, ("accuracy_with_copies", "accuracy_without_copies", "owed_to_copies")
            )
        parts.append((copies.pair.harm, copies.pair.interval))
    if groups is not None:
        estimates["queries_with_own_group"] = no_interval("a count of these rows").estimate(
            groups.overlap, f"{about}; {number(groups.groups, 'group')}"
        )
        if groups.pair is not None:
            estimates |= _pair(
                groups.pair,
                ("accuracy_among_as_many", "accuracy_without_own_group", "owed_to_own_group"),
            )
            parts.append((groups.pair.harm, groups.pair.interval))
    estimates |= _strangers(space, copies)
    if not parts:
        return Leakage(copies, groups, estimates, None, unknown(copies), False)
    value, interval = largest(parts)
    by_groups = groups is not None and groups.pair is not None and value == groups.pair.harm
    pair = groups.pair if by_groups and groups is not None else copies.pair
    judged = _about(pair) if pair is not None else about
    return Leakage(
        copies,
        groups,
        estimates,
        interval.estimate(value, judged, "accuracy points"),
        interval,
        by_groups and (copies.pair is None or copies.pair.harm < value),
    )


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
