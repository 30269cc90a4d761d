"""Which place would a wrong index have named, and do indices lean to the front of the batch?

Code that takes the place of the best row in a list of the right rows, and then uses it as a place in
the whole batch, names a row that can be foretold: the k-th of the list becomes the k-th of the batch. Rows
that are no anchor stand at unknown places; two more traces need the order of the anchors only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import wilcoxon

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.stats.intervals import FEWEST_CLASSES

from .members import Members, Order
from .units import Units


@dataclass(frozen=True)
class Replay:
    """Shares of the ranked triplets that a wrong index foretells, the best of what was tried.

    positive, negative: share where the wrong index and the right one name different rows, and in words
    what was looked for. place_p, place_n: mean place of the
    chosen rows less that of what could be drawn, in lengths of the batch: 0 where the order does not
    matter. p_positive, p_negative: one-sided rank test over batches (or classes) that it is below 0.
    order: the order in which places were counted.
    """

    positive: float
    positive_of: str
    negative: float
    negative_of: str
    place_p: float
    place_n: float
    p_positive: float
    p_negative: float
    order: str


def replay(members: Members, units: Units) -> Replay:
    """Try every order and every list; units: of the ranked triplets."""
    positives: list[tuple[float, str]] = []
    negatives: list[tuple[float, str]] = []
    for order in members.orders:
        positives += _positives(members, order)
        negatives += _negatives(members, order)
    order = members.orders[0]
    if members.batched:
        positives.append(_agreeing(members, order))
        negatives += _ahead(members, order)
    offer, owner = members.offer, members.owner
    batch = offer.batch[owner]
    me = members.find(batch, offer.anchors[owner])
    # In the order of appearance the place of a row is known where it is an anchor.
    place = np.full(len(offer.rows), np.nan)
    known = me if members.batched else np.arange(len(place))
    place[known] = order.place[known]
    means = members.mean_place(place)
    length = np.diff(offer.start)[batch]
    lean = [
        (place[members.find(batch, rows)] - mean[me]) / length
        for rows, mean in zip((offer.positive, offer.negative), means, strict=True)
    ]
    (positive, positive_of), (negative, negative_of) = max(positives), max(negatives)
    return Replay(
        positive, positive_of, negative, negative_of, _mean(lean[0]), _mean(lean[1]),
        _leaning(lean[0], units), _leaning(lean[1], units), order.name,
    )  # fmt: skip


def _positives(members: Members, order: Order) -> list[tuple[float, str]]:
    offer, s = members.offer, members.standing
    me = members.find(offer.batch, offer.anchors)
    group, mine = members.group[me], order.place[me]
    before_me = members.before(order, group, mine)
    found = [(_matched(members, order, before_me, offer.positive, offer.anchors), "itself")]
    for rows, word in ((s.near_p, "nearest"), (s.far_p, "farthest")):
        known = rows >= 0
        place = order.place[members.find(offer.batch, np.where(known, rows, offer.anchors))]
        with_self = members.before(order, group, place)
        for index in (with_self, with_self - (mine < place)):
            index = np.where(known, index, -1)
            found.append((_matched(members, order, index, offer.positive, rows), word))
    return found


def _agreeing(members: Members, order: Order) -> tuple[float, str]:
    """Share of positives that are the commonest one of all anchors that are as many-th of their own class.

    The k-th of each class with the same positive: right code cannot do so, wherever the batch begins.
    Where two classes or more have a k-th anchor.
    """
    offer, owner = members.offer, members.owner
    me = members.find(offer.batch, offer.anchors)
    nth = members.before(order, members.group[me], order.place[me])
    slot = np.unique(offer.batch * order.wide + nth, return_inverse=True)[1].reshape(-1)[owner]
    pairs = np.unique(np.stack([slot, members.group[me][owner]]), axis=1)
    telling = np.bincount(pairs[0])[slot] > 1
    if not telling.any():
        return 0.0, "itself"
    pairs = np.stack([slot, offer.positive])[:, telling]
    picks, counts = np.unique(pairs, axis=1, return_counts=True)
    commonest = np.zeros(slot.max() + 1, dtype=np.int64)
    np.maximum.at(commonest, picks[0], counts)
    return float(commonest.sum() / np.count_nonzero(telling)), "itself"


def _ahead(members: Members, order: Order) -> list[tuple[float, str]]:
    """Share of negatives that stand before the best one by as many rows as the anchor's class has there.

    Or by fewer, since rows that are no anchor may stand between; among anchors only.
    """
    offer, s, owner = members.offer, members.standing, members.owner
    me = members.find(offer.batch, offer.anchors)
    is_anchor = np.zeros(len(offer.rows), dtype=np.bool_)
    is_anchor[me] = True
    named = members.find(offer.batch[owner], offer.negative)
    found = []
    for rows, word in ((s.near_n, "nearest"), (s.far_n, "farthest")):
        best = members.find(offer.batch, np.where(rows >= 0, rows, offer.anchors))
        shift = members.before(order, members.group[me], order.place[best])
        known = (rows >= 0) & is_anchor[best] & (shift > 0)
        telling = known[owner] & is_anchor[named]
        step = order.place[best][owner] - order.place[named]
        hits = (step > 0) & (step <= shift[owner])
        found.append((float(hits[telling].mean()) if telling.any() else 0.0, word))
    return found


def _negatives(members: Members, order: Order) -> list[tuple[float, str]]:
    offer, s = members.offer, members.standing
    group = members.group[members.find(offer.batch, offer.anchors)]
    found = []
    for rows, word in ((s.near_n, "nearest"), (s.far_n, "farthest")):
        known = rows >= 0
        place = order.place[members.find(offer.batch, np.where(known, rows, offer.anchors))]
        index = np.where(known, place - members.before(order, group, place), -1)
        found.append((_matched(members, order, index, offer.negative, rows), word))
    return found


def _matched(members: Members, order: Order, index: Ints, rows: Ints, right: Ints) -> float:
    """Share of the triplets whose row stands at the index (a,) of its anchor, where that is not ``right``."""
    offer = members.offer
    foretold = offer.rows[order.at[offer.start[offer.batch] + np.maximum(index, 0)]]
    telling = ((index >= 0) & (foretold != right))[members.owner]
    return float((foretold[members.owner] == rows)[telling].mean()) if telling.any() else 0.0


def _leaning(values: Reals, units: Units) -> float:
    """p-value of Wilcoxon's signed-rank test that the units' means lie below 0."""
    known = np.isfinite(values)
    size = units.sums(known.astype(np.float64))
    total = units.sums(np.where(known, values, 0.0))
    means = total[size > 0] / size[size > 0]
    if np.count_nonzero(means) < FEWEST_CLASSES:
        return 1.0
    return float(wilcoxon(means, alternative="less").pvalue)


def _mean(values: Reals) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else 0.0
