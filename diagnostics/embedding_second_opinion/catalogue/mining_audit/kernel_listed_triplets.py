"""Where do listed positives and negatives stand among all that their batch offered?

A pass over anchors against the rows of their batch. Distances are direct differences in float64, so that
equal rows tie and no order is in doubt; memory is one row of distances a thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from embedding_second_opinion.data.arrays import Floats, Ints, Reals
from embedding_second_opinion.geometry.passes.kernels import ascending_stable, jit, squared_distance
from embedding_second_opinion.geometry.passes.sweep import sweep

DISTANCES = 2**20  # a block: a fraction of a second, and few enough to share among threads
FARTHEST, NEAREST = 0.1, 0.5  # of what is offered: an easy negative, an easy positive


@dataclass(frozen=True, eq=False)
class Offer:
    """What is looked up where. Rows of a batch stand together, sorted by class.

    start: (b + 1,) first place of each batch. rows: (m,) row numbers. codes: (m,) their classes.
    anchors: (a,) row numbers; batch: (a,) the batch of each. first: (a + 1,) first triplet of each.
    positive, negative: (t,) row numbers, by anchor.
    """

    start: Ints
    rows: Ints
    codes: Ints
    anchors: Ints
    batch: Ints
    first: Ints
    positive: Ints
    negative: Ints


class Standing(NamedTuple):
    """Per triplet (t,): how many rows of the batch stand where; and per anchor (a,): the extremes.

    nearer_p, tied_p: other rows of the anchor's class nearer than its positive, exactly as far.
    nearer_n, tied_n: the same of other classes and its negative. inside: rows of other classes at most as
    far as the positive. farther: whether the negative is farther than the positive.

    positives, negatives: rows of the anchor's class (itself left out by index) and of others.
    chance: of a negative drawn at random to be among the farthest tenth, by row or by class and then
    by row, whichever is larger. near_p, far_p, near_n, far_n: row numbers, -1 where there is none.
    """

    nearer_p: Ints
    tied_p: Ints
    nearer_n: Ints
    tied_n: Ints
    inside: Ints
    farther: Ints
    positives: Ints
    negatives: Ints
    chance: Reals
    near_p: Ints
    far_p: Ints
    near_n: Ints
    far_n: Ints


PER_TRIPLET = 6  # the first so many fields


def standing(vectors: Floats, codes: Ints, offer: Offer) -> Standing:
    """Sweep all anchors. vectors: (n, d); codes: (n,) classes. Rows outside the batch have no order."""
    sizes = np.diff(offer.start)[offer.batch]
    spans, begin = [], 0
    for cut in np.flatnonzero(np.diff(np.cumsum(sizes) // DISTANCES)) + 1:
        spans.append((begin, int(cut)))
        begin = int(cut)
    spans.append((begin, len(sizes)))
    work = partial(_one_block, vectors, codes, offer)
    blocks = [block for _, block in sweep(work, spans, "triplets within their batch")]
    return Standing(*(np.concatenate(parts) for parts in zip(*blocks, strict=True)))


def _one_block(vectors: Floats, codes: Ints, offer: Offer, start: int, stop: int) -> Standing:
    first = offer.first[start : stop + 1]
    per_triplet = np.zeros((PER_TRIPLET, first[-1] - first[0]), dtype=np.int64)
    counts = np.zeros((2, stop - start), dtype=np.int64)
    extremes = np.full((4, stop - start), -1, dtype=np.int64)
    chance = np.zeros(stop - start)
    _stand(
        vectors, codes, offer.start, offer.rows, offer.codes,
        offer.anchors[start:stop], offer.batch[start:stop], first, offer.positive, offer.negative,
        per_triplet, counts, chance, extremes,
    )  # fmt: skip
    nearer_p, tied_p, nearer_n, tied_n, inside, farther = per_triplet
    near_p, far_p, near_n, far_n = extremes
    return Standing(
        nearer_p, tied_p, nearer_n, tied_n, inside, farther, counts[0], counts[1], chance,
        near_p, far_p, near_n, far_n,
    )  # fmt: skip


@jit
def _stand(  # type: ignore[no-untyped-def]
    vectors, codes, start, rows, row_codes,
    anchors, batch, first, positive, negative, per_triplet, counts, chance, extremes,
):  # fmt: skip
    """Fill the last four for the anchors of a block."""
    longest = 0
    for i in range(anchors.shape[0]):
        longest = max(longest, start[batch[i] + 1] - start[batch[i]])
    far = np.empty(longest, dtype=np.float64)
    for i in range(anchors.shape[0]):
        me, low, high = anchors[i], start[batch[i]], start[batch[i] + 1]
        mine = codes[me]
        m_p, m_n = 0, 0
        for j in range(low, high):
            far[j - low] = squared_distance(vectors[me], vectors[rows[j]])
            if row_codes[j] != mine:
                m_n += 1
                _extreme(far, j - low, rows, low, extremes[2:, i])
            elif rows[j] != me:
                m_p += 1
                _extreme(far, j - low, rows, low, extremes[:2, i])
        counts[0, i], counts[1, i] = m_p, m_n
        chance[i] = _easy_chance(far[: high - low], row_codes[low:high], mine, m_n)
        for e in range(4):  # places until now
            if extremes[e, i] >= 0:
                extremes[e, i] = rows[low + extremes[e, i]]
        for t in range(first[i], first[i + 1]):
            out = per_triplet[:, t - first[0]]
            p, n = positive[t], negative[t]
            d_p = squared_distance(vectors[me], vectors[p])
            d_n = squared_distance(vectors[me], vectors[n])
            out[5] = d_n > d_p
            for j in range(low, high):
                d = far[j - low]
                if row_codes[j] != mine:
                    out[2] += d < d_n
                    out[3] += d == d_n and rows[j] != n
                    out[4] += d <= d_p
                elif rows[j] != me:
                    out[0] += d < d_p
                    out[1] += d == d_p and rows[j] != p


@jit
def _extreme(far, j, rows, low, extremes):  # type: ignore[no-untyped-def]
    """Keep the places of the nearest and of the farthest; of equal ones the smaller row number."""
    for e in range(2):
        best = extremes[e]
        if best < 0:
            extremes[e] = j
            continue
        step = far[j] - far[best] if e == 0 else far[best] - far[j]
        if step < 0 or (step == 0 and rows[low + j] < rows[low + best]):
            extremes[e] = j


@jit
def _easy_chance(far, row_codes, mine, m_n):  # type: ignore[no-untyped-def]
    """Chance of a drawn negative to be among the farthest tenth, see ``Standing``."""
    if m_n == 0:
        return 1.0
    others = np.empty(m_n, dtype=np.float64)
    at = 0
    for j in range(far.shape[0]):
        if row_codes[j] != mine:
            others[at] = far[j]
            at += 1
    easy = max(1, int(FARTHEST * m_n))
    if easy == m_n:
        return 1.0
    bound = others[ascending_stable(others)[m_n - easy - 1]]
    by_class, classes, found, j = 0.0, 0, 0, 0
    while j < far.shape[0]:
        end, beyond = j, 0
        while end < far.shape[0] and row_codes[end] == row_codes[j]:
            beyond += far[end] > bound
            end += 1
        if row_codes[j] != mine:
            classes += 1
            by_class += beyond / (end - j)
            found += beyond
        j = end
    return max(found / m_n, by_class / classes)
