"""How much of the accuracy do queries owe to rows of their own group (session, recording, drawer)?

Every query is looked up without its group's rows, and the same query among as many rows drawn from all:
fewer rows are harder whatever their group. Only the difference is owed to the group.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.stats.intervals import FEWEST_CLASSES, combined_interval

from .with_and_without import Pair, delete_one, possible, saved


@dataclass(frozen=True, eq=False)
class Groups:
    """groups: distinct ones among queries and gallery. overlap: share of anchors whose group is enrolled.

    left_out: anchors whose positives (or negatives) are all of their group. unknown: share of anchors that
    are right, have their group enrolled and cannot be looked up without it: so much more may be owed to
    groups. pair: accuracy among as many rows, and without the own group; None where no query can be judged,
    or none has its group enrolled.
    """

    groups: int
    overlap: float
    left_out: int
    unknown: float
    pair: Pair | None


def find_groups(space: Geometry) -> Groups | None:
    """One pass over all pairs of queries and gallery; None where no groups were given."""
    data, ranks = space.evaluation.data, space.ranks
    if data is None or data.groups is None:
        return None
    group = np.unique(data.groups, return_inverse=True)[1]
    taking = np.union1d(space.evaluation.queries, space.evaluation.enrolled)
    count = len(np.unique(group[taking]))
    a = ranks.anchors
    found = space.other_groups(group.astype(np.int64))
    enrolled = (found.own + found.rivals)[a] > 0
    rows = a[found.judged[a]]
    overlap, left_out = float(enrolled.mean()), len(a) - len(rows)
    unknown = float((enrolled & ~found.judged[a] & (ranks.right[a] > 0)).mean())
    if not enrolled.any() or not (found.own + found.rivals)[rows].any():
        return Groups(count, overlap, left_out, unknown, None)
    c, k = ranks.codes[rows], ranks.classes
    equal, right = found.equal[rows], found.right[rows]
    without = (
        delete_one(equal, c, k, found.gain),
        delete_one(right, c, k, saved(found.sole[rows], k)),
    )
    pair = Pair.of(equal, right, without, c)
    moved = np.unique(c[np.abs(equal - right) > 1e-9])
    if pair.units >= FEWEST_CLASSES and len(moved) < 2:
        # Next to nothing changes: no paired spread can be seen.
        interval = combined_interval(
            pair.before, pair.before_interval, pair.after, pair.after_interval
        )
        pair = replace(pair, interval=possible(interval))
    return Groups(count, overlap, left_out, unknown, pair)
