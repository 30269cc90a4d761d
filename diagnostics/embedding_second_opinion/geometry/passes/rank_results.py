"""What do all blocks add up to? The ranks of every anchor, and sums by class."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals, Rows

from .kernels import jit
from .ranks import LARGE_CLASS, PER_QUERY, RIVALS, RankPlan, identity_chances, rank_queries
from .source import Source
from .sweep import sweep


@dataclass(frozen=True, eq=False, repr=False)
class Beaten:
    """What beats each query's nearest positive. Arrays are per query in the order given, -1 where unknown.

    An anchor is a query with at least one positive and one negative in the gallery; ``anchors``
    holds their positions. ``codes``, ``positives`` (P), ``negatives`` (M), ``z`` (classes that beat or
    tie with the nearest positive), ``z_lenient`` (that beat it), ``sole`` (the class that alone beats or
    ties), ``nearer_first``, ``tied_first`` (rows that do), ``nearest_positive``, ``nearest_negative``
    (row numbers) and their distances are all (q,). By class of the gallery, (K,): ``class_ids``, its number
    in the evaluation; ``gallery_sizes``; ``id_gain`` (K, G), what its going gains others among G identities.
    """

    anchors: Ints
    class_ids: Ints
    codes: Ints
    positives: Ints
    negatives: Ints
    z: Ints
    z_lenient: Ints
    sole: Ints
    nearer_first: Ints
    tied_first: Ints
    nearest_positive: Rows
    nearest_negative: Rows
    nearest_positive_distance: Reals
    nearest_negative_distance: Reals
    gallery_sizes: Ints
    id_grid: Ints
    id_gain: Reals

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(of {len(self.codes):,} queries, {len(self.anchors):,} of them anchors, "
            f"against {int(self.gallery_sizes.sum()):,} rows of {self.classes:,} classes)"
        )

    @property
    def classes(self) -> int:
        """K, classes enrolled."""
        return len(self.gallery_sizes)

    @property
    def right(self) -> Reals:
        """(q,) 1 where the nearest of all enrolled is of the query's class; a tie is an error."""
        return np.asarray(self.z == 0, dtype=np.float64)

    def identity_accuracy(self) -> Reals:
        """(a, G) chance of each anchor to be recognised in galleries of ``id_grid`` identities."""
        chances = identity_chances(self.classes - 1, self.id_grid - 1)
        found: Reals = chances[self.z[self.anchors]]
        return found


@dataclass(frozen=True, eq=False, repr=False)
class Ranks(Beaten):
    """The rank pass over all queries: what ``Beaten`` holds, and the ranks of all positives.

    ``lost`` (pairs with the negative nearer or as near), ``tied`` (of these, as near), ``found_at_r`` and
    ``score_at_r`` (R-precision and MAP@R times P, and as is) are (q,); ``found`` is (q, 3), positives among
    the first ``CUTS``. A positive stands behind what ties with it.

    By class of the gallery, (K,): ``lost_share`` and ``rival_lost``, what the other classes' anchors lose to
    it; ``first_lost_share``, the same of their nearest positives; ``rivals``, to whom it loses most.
    ``wins``, ``lenient_gain``, ``random_gain``: per class an array (P, grid), summed over its
    anchors: chance that the j-th nearest positive beats a draw of negatives.
    """

    lost: Ints
    tied: Ints
    found: Ints
    found_at_r: Ints
    score_at_r: Reals
    lost_share: Reals
    first_lost_share: Reals
    rival_lost: Ints
    rivals: dict[int, tuple[tuple[int, int], ...]]
    grid: Ints
    wins: dict[int, Reals]
    lenient_gain: dict[int, Reals]
    random_gain: dict[int, Reals]


@dataclass(frozen=True, eq=False)
class Swept:
    """A plan's blocks, added up. k nearest of every query: row numbers, -1 beyond the gallery's end."""

    beaten: Beaten
    neighbors: Ints
    neighbor_distances: Reals


def run(plan: RankPlan, source: Source, order: Ints, class_ids: Ints, what: str) -> Swept:
    """Sweep all blocks; results go back to the order before sorting by class.

    order: (q,) the query at each place. ``beaten`` is a ``Ranks`` where the plan ranks every positive.
    """
    parts: dict[str, list[Any]] = {name: [] for name in PER_QUERY}
    lost_share, first_lost_share = np.zeros(plan.classes), np.zeros(plan.classes)
    id_gain = np.zeros((plan.classes, len(plan.id_grid)))
    wins: dict[str, dict[int, Reals]] = {"wins": {}, "lenient_gain": {}, "random_gain": {}}
    rivals, sizes = _Rivals(plan.classes), np.diff(plan.class_start)
    for (start, stop), block in sweep(
        partial(rank_queries, plan, source), list(plan.spans()), what
    ):
        for name, each in parts.items():
            each.append(getattr(block, name))
        id_gain += block.id_gain
        if not plan.every:
            continue
        lost_share += block.lost_share
        first_lost_share += block.first_lost_share
        first = int(plan.query_codes[start])
        for code in np.unique(plan.query_codes[start:stop]).tolist():
            rivals.add(code, block.rivals[code - first])
            at = int(sizes[first:code].sum())
            for name, tables in wins.items():
                rows = getattr(block, name)[at : at + sizes[code]]
                tables[code] = tables[code] + rows if code in tables else rows.copy()

    back = np.argsort(order)
    found: dict[str, Any] = {name: np.concatenate(each)[back] for name, each in parts.items()}
    for name in ("nearest_positive", "nearest_negative", "neighbors"):
        found[name] = np.where(found[name] >= 0, plan.rows[found[name]], -1)
    for name in ("nearest_positive_distance", "nearest_negative_distance", "neighbor_distances"):
        found[name] = source.distance(found[name.replace("distance", "score")])
    found |= {
        "anchors": np.flatnonzero((found["positives"] > 0) & (found["negatives"] > 0)),
        "class_ids": class_ids,
        "codes": plan.query_codes[back],
        "gallery_sizes": sizes,
        "id_grid": plan.id_grid,
        "id_gain": id_gain,
        "lost_share": lost_share,
        "first_lost_share": first_lost_share,
        "rival_lost": rivals.total,
        "rivals": rivals.largest(),
        "grid": plan.grid,
        **wins,
    }
    for value in found.values():
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
    kind = Ranks if plan.every else Beaten
    beaten = kind(**{field.name: found[field.name] for field in fields(kind)})
    return Swept(beaten, found["neighbors"], found["neighbor_distances"])


def needs_precision(plan: RankPlan) -> bool:
    """Whether some queries belong to a class so large that their block is made in float64."""
    return bool((np.diff(plan.class_start)[plan.query_codes] > LARGE_CLASS).any())


class _Rivals:
    """Pairs lost by class to class, of which only the largest are kept: K x RIVALS, never K x K."""

    def __init__(self, classes: int) -> None:
        self.total = np.zeros(classes, dtype=np.int64)
        self._kept: dict[int, tuple[tuple[int, int], ...]] = {}
        self._code, self._lost = -1, np.zeros(classes, dtype=np.int64)

    def add(self, code: int, lost: Ints) -> None:
        """Classes come in order, and one class's blocks in a row."""
        if code != self._code:
            self._close()
            self._code, self._lost = code, np.zeros_like(self._lost)
        self._lost += lost
        self.total += lost

    def largest(self) -> dict[int, tuple[tuple[int, int], ...]]:
        """For each class the rivals it loses most pairs to, most first, ties by code."""
        self._close()
        return self._kept

    def _close(self) -> None:
        if self._code >= 0:
            most = _largest(self._lost, RIVALS)
            self._kept[self._code] = tuple(
                zip(most.tolist(), self._lost[most].tolist(), strict=True)
            )


@jit
def _largest(lost: Ints, many: int) -> Ints:
    """Places of the largest counts above 0, so many at most, most first, ties by place."""
    kept, n = np.empty(many, dtype=np.int64), 0
    for c in range(lost.shape[0]):
        if lost[c] == 0 or (n == many and lost[c] <= lost[kept[n - 1]]):
            continue
        n = min(n + 1, many)
        t = n - 1
        while t > 0 and lost[kept[t - 1]] < lost[c]:
            kept[t] = kept[t - 1]
            t -= 1
        kept[t] = c
    return kept[:n]
