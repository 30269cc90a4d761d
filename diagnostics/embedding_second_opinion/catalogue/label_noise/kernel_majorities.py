"""Which class holds more than half of the nearest rows, and which would without some of the classes?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.geometry.passes.kernels import jit

Small = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Majorities:
    """Rows as far as the k-th vote too. No class has the majority where such a tie goes beyond the list.

    holder: (G + 1, q) class with more than half of the votes, -1 where there is none; row g is without
    the classes of group g, whose votes go to the next in the list, and the last row is with all.
    votes, voters: (q,) rows of that class, and all that voted, with all classes.
    """

    holder: Small
    votes: Ints
    voters: Ints


def majorities(
    codes: Ints, distances: Reals, k: int, group_of: Ints, groups: int, enrolled: int
) -> Majorities:
    """Of (q, w) neighbours, nearest first; codes: their classes, -1 where there is none.

    group_of: (K,) group of each class, below ``groups``. enrolled: rows a query is compared with.
    """
    q, width = codes.shape
    holder = np.empty((groups + 1, q), dtype=np.int32)
    votes, voters = np.empty(q, dtype=np.int64), np.empty(q, dtype=np.int64)
    _all_majorities(codes, distances, k, group_of, width >= enrolled, holder, votes, voters)
    return Majorities(holder, votes, voters)


@jit
def _all_majorities(  # type: ignore[no-untyped-def]
    codes, distances, k, group_of, whole, holder, votes, voters
):
    for i in range(codes.shape[0]):
        first, count, total, end = _majority(codes[i], distances[i], k, group_of, -1, whole)
        votes[i], voters[i] = count, total
        for g in range(holder.shape[0]):
            holder[g, i] = first
        # A group without a vote changes nothing.
        for j in range(end):
            gone = group_of[codes[i, j]]
            seen = False
            for before in range(j):
                seen = seen or group_of[codes[i, before]] == gone
            if not seen:
                holder[gone, i] = _majority(codes[i], distances[i], k, group_of, gone, whole)[0]


@jit
def _majority(codes, distances, k, group_of, gone, whole):  # type: ignore[no-untyped-def]
    """The class with more than half of the votes or -1, its votes, all votes, where they end."""
    width = codes.shape[0]
    total, end, reach = 0, 0, np.inf
    kept, balance = -1, 0
    while end < width and codes[end] >= 0:
        if group_of[codes[end]] != gone:
            if total >= k and distances[end] > reach:
                break
            total += 1
            reach = distances[end]
            # Whoever has the majority is left over when others are struck off one for one.
            if balance == 0:
                kept = codes[end]
            balance += 1 if codes[end] == kept else -1
        end += 1
    # A tie that reaches the end of a list may go on beyond it.
    if not whole and end == width and total > k:
        return -1, 0, total, end
    count = 0
    for j in range(end):
        count += codes[j] == kept
    # With fewer neighbours than k left, the missing ones vote for nobody.
    if 2 * count <= max(total, k):
        return -1, 0, total, end
    return kept, count, total, end
