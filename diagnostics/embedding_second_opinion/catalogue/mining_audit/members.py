"""Who was in each batch, in which order, and where does a listed row stand in it?

The rows of a batch are those that the file names under it; without batches, all rows of the splits
that the file draws from. Two orders are tried, since a file does not say in which the rows stood: that
in which they appear as anchors, and that of their row numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.metric import prepared
from embedding_second_opinion.inputs.triplets import Triplets

from .kernel_listed_triplets import Offer, Standing, standing

MOST_DISTANCES = 100_000_000  # a few seconds; beyond, anchors are drawn


@dataclass(frozen=True, eq=False)
class Order:
    """One order of the rows of each batch.

    place: (m,) place of each member in its batch. at: (m,) the member at each place, by batch.
    sorted_places, group_start: places of a class in a batch, ascending, for counting those before one.
    """

    name: str
    place: Ints
    at: Ints
    sorted_places: Ints
    wide: int


@dataclass(frozen=True, eq=False)
class Members:
    """Batches of rows with their classes, and the triplets whose anchors are ranked.

    chosen: (t,) numbers of the ranked triplets in the file. owner: (t,) anchor of each in ``offer``.
    group: (m,) class in a batch, numbered. group_start: (groups + 1,). orders: see ``Order``.
    batched: whether the file says which rows stood in a batch together. keys, by: batch * n + row of
    each member, ascending, and the member, for finding it.
    """

    offer: Offer
    standing: Standing
    chosen: Ints
    owner: Ints
    group: Ints
    group_start: Ints
    orders: tuple[Order, ...]
    batched: bool
    n: int
    keys: Ints
    by: Ints

    def find(self, batch: Ints, rows: Ints) -> Ints:
        """Members of these row numbers in these batches."""
        return np.asarray(self.by[np.searchsorted(self.keys, batch * self.n + rows)])

    def before(self, order: Order, group: Ints, place: Ints) -> Ints:
        """How many rows of a class in a batch stand before a place."""
        found = np.searchsorted(order.sorted_places, group * order.wide + place)
        return np.asarray(found - self.group_start[group])

    def mean_place(self, place: Reals) -> tuple[Reals, Reals]:
        """Per member: mean place of the other rows of its class in its batch, and of rows of other classes.

        place: (m,) of each member, NaN where it is not known. NaN where there are none.
        """
        sizes = np.diff(self.offer.start)
        batch = np.repeat(np.arange(len(sizes)), sizes)
        known, there = np.isfinite(place).astype(np.float64), np.nan_to_num(place)
        own, own_n = (np.bincount(self.group, x)[self.group] for x in (there, known))
        total, total_n = (np.bincount(batch, x)[batch] for x in (there, known))
        with np.errstate(invalid="ignore", divide="ignore"):
            same = (own - there) / (own_n - known)
            other = (total - own) / (total_n - own_n)
        return same, other


def gather(space: Geometry, triplets: Triplets) -> Members:
    """Rank the triplets among the rows of their batch. The geometry must have vectors."""
    codes = space.evaluation.codes
    n, count = len(codes), len(triplets.anchor)
    listed = (triplets.anchor, triplets.positive, triplets.negative)
    if triplets.batch is None:
        rows = pool_of(space, np.unique(np.concatenate(listed)))
        batch_of, member_batch = (np.zeros(k, dtype=np.int64) for k in (count, len(rows)))
    else:
        batch_of = np.unique(triplets.batch, return_inverse=True)[1].reshape(-1)
        members = np.unique(np.concatenate([batch_of * n + r for r in listed]))
        member_batch, rows = np.divmod(members, n)
    placed = np.lexsort((rows, codes[rows], member_batch))
    rows, member_batch = rows[placed], member_batch[placed]
    start = np.concatenate([[0], np.cumsum(np.bincount(member_batch))]).astype(np.int64)

    by = np.argsort(member_batch * n + rows, kind="stable")
    keys = (member_batch * n + rows)[by]
    anchors = batch_of * n + triplets.anchor
    pairs, seen, owner = np.unique(anchors, return_index=True, return_inverse=True)
    sizes = np.diff(start)[pairs // n]
    kept = np.arange(len(pairs))
    if sizes.sum() > MOST_DISTANCES:
        share = MOST_DISTANCES / float(sizes.sum())
        kept = np.flatnonzero(space.rng("mining_audit anchors").random(len(pairs)) < share)
    number = np.full(len(pairs), -1)
    number[kept] = np.arange(len(kept))
    owner = number[owner.reshape(-1)]
    chosen = np.argsort(owner, kind="stable")[np.count_nonzero(owner < 0) :]
    owner = owner[chosen]
    first = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(kept)))])
    offer = Offer(
        start, rows, codes[rows], pairs[kept] % n, pairs[kept] // n, first.astype(np.int64),
        triplets.positive[chosen], triplets.negative[chosen],
    )  # fmt: skip
    vectors = prepared(space.evaluation, space.metric)
    assert vectors is not None

    group = np.cumsum(np.append(False, (np.diff(member_batch) != 0) | (np.diff(codes[rows]) != 0)))
    group_start = np.concatenate([[0], np.cumsum(np.bincount(group))]).astype(np.int64)
    orders = [_order("row number", member_batch, rows, rows * 0, group, start)]
    if triplets.batch is not None:
        # Rows that are no anchor come last: where they stood is not known.
        appears = np.full(len(rows), count)
        appears[by[np.searchsorted(keys, pairs)]] = seen
        orders.insert(0, _order("appearance", member_batch, rows, appears, group, start))
    return Members(
        offer, standing(vectors, codes, offer), chosen, owner, group, group_start, tuple(orders),
        triplets.batch is not None, n, keys, by,
    )  # fmt: skip


def pool_of(space: Geometry, named: Ints) -> Ints:
    """All rows that could have been drawn: of the splits that the file names, where there are splits."""
    data = space.evaluation.data
    if data is None or data.split is None:
        return np.arange(len(space.evaluation.codes))
    return np.flatnonzero(np.isin(data.split, np.unique(data.split[named])))


def _order(name: str, batch: Ints, rows: Ints, appears: Ints, group: Ints, start: Ints) -> Order:
    at = np.lexsort((rows, appears, batch))
    place = np.empty(len(rows), dtype=np.int64)
    place[at] = np.arange(len(rows)) - start[batch[at]]
    wide = int(np.diff(start).max()) + 1
    return Order(name, place, at, np.sort(group * wide + place), wide)
