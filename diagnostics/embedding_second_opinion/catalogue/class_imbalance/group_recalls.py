"""Is one group of queries (a recording, a font, a camera) recognised less often than chance allows?

Groups that cross classes are compared within each class: a group that holds the hard classes is not to
blame for them. Groups that hold whole classes are compared as they are, the class being
what chance deals out. One of several equal groups is last by chance, so each is allowed the
shortfall that the worst of equal groups would show (permutation), in its own standard deviations.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.rank_results import Ranks
from embedding_second_opinion.stats.intervals import (
    FEWEST_CLASSES,
    Interval,
    combined_interval,
    difference_interval,
    share_interval,
)

from .worst_of import PERMUTATIONS, Cells, shuffled_between, shuffled_within

FEWEST_QUERIES = 20  # a share of fewer moves by five points with a single query


@dataclass(frozen=True, eq=False)
class GroupRecall:
    """One group, over the queries that can be compared.

    fair: the recall it would have were there no difference between groups. allowed: how far the worst
    of equal groups falls below that, by chance. harm: fair - allowed - recall, with its interval.
    All but the counts and the recall are None where the group is not judged.
    """

    name: str
    queries: int
    classes: int
    recall: float
    interval: Interval | None = None
    fair: float | None = None
    allowed: float | None = None
    harm: tuple[float, Interval] | None = None

    @property
    def expected(self) -> float | None:
        """Recall of the worst group, were there no difference."""
        return None if self.fair is None or self.allowed is None else self.fair - self.allowed


@dataclass(frozen=True, eq=False)
class Groups:
    """All groups by name. within: compared inside each class. left_out: queries of classes that lie in
    one group only, where others do not. p_value: chance of a group as far behind by permutation.
    """

    groups: tuple[GroupRecall, ...]
    within: bool
    left_out: int
    p_value: float | None

    @property
    def judged(self) -> tuple[GroupRecall, ...]:
        """Those with enough queries and classes."""
        return tuple(g for g in self.groups if g.harm is not None)

    @property
    def worst(self) -> GroupRecall | None:
        """The judged group with the largest harm; ties by name."""
        return max(
            self.judged, key=lambda g: (g.harm[0] if g.harm else 0.0, g.queries), default=None
        )


def group_recalls(space: Geometry) -> Groups | None:
    """Recall of every group of the queries at full enrolment; None where there are no two groups."""
    data, ranks = space.evaluation.data, space.ranks
    if data is None or data.groups is None or not len(ranks.anchors):
        return None
    names, group_of = np.unique(
        data.groups[space.evaluation.queries][ranks.anchors], return_inverse=True
    )
    if len(names) < 2:
        return None
    code, right = ranks.codes[ranks.anchors], ranks.right[ranks.anchors]
    pairs, cell_of = np.unique(group_of * ranks.classes + code, return_inverse=True)
    cells = Cells(
        classes=pairs % ranks.classes,
        groups=pairs // ranks.classes,
        queries=np.bincount(cell_of),
        right=np.bincount(cell_of, weights=right).round().astype(np.int64),
    )
    crossing = np.bincount(cells.classes, minlength=ranks.classes) > 1
    # Few crossing classes cannot speak for a set whose classes mostly lie in one group each.
    within = bool(2 * crossing[code].sum() >= len(code))
    keep = crossing[cells.classes] if within else np.ones(len(pairs), dtype=np.bool_)
    cells = Cells(cells.classes[keep], cells.groups[keep], cells.queries[keep], cells.right[keep])
    return _compared(space, cells, names.tolist(), group_of, within)


def _compared(
    space: Geometry, cells: Cells, names: list[str], group_of: Ints, within: bool
) -> Groups:
    ranks = space.ranks
    size = np.bincount(cells.groups, weights=cells.queries, minlength=len(names))
    members = np.bincount(cells.groups, minlength=len(names))
    right = np.bincount(cells.groups, weights=cells.right, minlength=len(names))
    enough = (size >= FEWEST_QUERIES) & (members >= FEWEST_CLASSES)
    judged = np.flatnonzero(enough)
    found = [
        GroupRecall(names[g], int(size[g]), int(members[g]), float(right[g] / size[g]))
        for g in np.flatnonzero(size).tolist()
    ]
    left_out = len(ranks.anchors) - int(size.sum())
    if not len(judged) or len(found) < 2:
        return Groups(tuple(found), within, left_out, None)

    shuffle = shuffled_within if within else shuffled_between
    null = shuffle(cells, judged, space.rng("groups of queries"))
    measure = _Without(ranks, cells, group_of, within)
    fair = np.array([measure.fair(g) for g in judged.tolist()])
    spread = null.std(axis=0)
    loose = spread > 1e-12
    behind = np.divide(fair - null, spread, out=np.zeros_like(null), where=loose)
    worst = behind.max(axis=1)
    allowed = max(0.0, float(worst.mean())) * spread
    recall = right[judged] / size[judged]
    seen = np.divide(fair - recall, spread, out=np.zeros(len(judged)), where=loose)
    p_value = (1 + np.count_nonzero(worst >= seen.max() - 1e-9)) / (PERMUTATIONS + 1)
    by_name = {g.name: g for g in found}
    for at, g in enumerate(judged.tolist()):
        plain = by_name[names[g]]
        by_name[names[g]] = measure.judged(g, plain, float(fair[at]), float(allowed[at]))
    return Groups(tuple(by_name.values()), within, left_out, float(p_value))


class _Without:
    """Recall of one group, and the recall it should have, without each class (as anchors and candidates)."""

    def __init__(self, ranks: Ranks, cells: Cells, group_of: Ints, within: bool) -> None:
        self.ranks, self.cells, self.within = ranks, cells, within
        k = ranks.classes
        self.queries = np.bincount(cells.classes, weights=cells.queries, minlength=k)
        self.right = np.bincount(cells.classes, weights=cells.right, minlength=k)
        alone = ranks.sole[ranks.anchors]
        used = (alone >= 0) & (self.queries[ranks.codes[ranks.anchors]] > 0)
        self.savers = alone[used]
        self.saved_code = ranks.codes[ranks.anchors[used]]
        self.saved_group = group_of[used]

    def fair(self, g: int) -> float:
        weights, asked = self._weights(g)
        return float((weights * self.right).sum() / asked.sum())

    def judged(self, g: int, plain: GroupRecall, fair: float, allowed: float) -> GroupRecall:
        """The group with its harm and intervals."""
        k = self.ranks.classes
        part = self.cells.groups == g
        at = self.cells.classes[part]
        queries, right = np.zeros(k), np.zeros(k)
        queries[at], right[at] = self.cells.queries[part], self.cells.right[part]
        mine = self.saved_group == g
        saved = np.bincount(self.savers[mine], minlength=k)
        recall_without = _left(right, queries, saved)
        weights, asked = self._weights(g)
        saved = np.bincount(self.savers, weights=weights[self.saved_code], minlength=k)
        fair_without = _left(weights * self.right, asked, saved)
        interval = share_interval(plain.recall, recall_without, plain.classes)
        gap = fair - plain.recall
        compared = weights > 0
        failing = np.count_nonzero(compared & (self.right < self.queries))
        if min(failing, np.count_nonzero(compared & (self.right > 0))) <= 1:
            # All right or all wrong but for one class: no paired spread can be seen.
            others = share_interval(fair, fair_without, plain.classes)
            harm = combined_interval(fair, others, plain.recall, interval)
        else:
            harm = difference_interval(gap, fair_without - recall_without, plain.classes)
        return replace(
            plain,
            interval=interval,
            fair=fair,
            allowed=allowed,
            harm=(gap - allowed, _less(harm, allowed)),
        )

    def _weights(self, g: int) -> tuple[Reals, Reals]:
        """Weight of a right answer of each class in the fair recall of a group, and the queries counted.

        Within classes: a class counts as often as the group asks for it. Else: everybody alike.
        """
        if not self.within:
            return np.ones(self.ranks.classes), self.queries.astype(np.float64)
        part = self.cells.groups == g
        asked = np.zeros(self.ranks.classes)
        asked[self.cells.classes[part]] = self.cells.queries[part]
        return np.divide(asked, self.queries, out=np.zeros_like(asked), where=asked > 0), asked


def _left(right: Reals, queries: Reals, saved: Reals | Ints) -> Reals:
    left = queries.sum() - queries
    left = np.where(left > 0, left, np.nan)
    return np.asarray((right.sum() - right + saved) / left)


def _less(interval: Interval, allowed: float) -> Interval:
    """The interval of a harm less what chance alone allows."""
    if interval.low is None or interval.high is None:
        return interval
    above = None
    if interval.above is not None:
        p = interval.above

        def above(x: float) -> float:
            return p(x + allowed)

    return replace(interval, low=interval.low - allowed, high=interval.high - allowed, above=above)
