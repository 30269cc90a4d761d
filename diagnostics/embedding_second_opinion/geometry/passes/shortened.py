"""What would a ranked answer hold if one class were deleted? For every class, summed over queries.

An answer is the nearest rows of a query, nearest first. Deleting a class takes its rows out, and what
stood behind them moves up. A positive stands behind all that ties with it, as in the rank pass.
Rows beyond the end of an answer are not known: a positive there that would move up is not counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Bools, Ints, Reals

from .kernels import jit


@dataclass(frozen=True, eq=False)
class Gains:
    """By class deleted, K, what the queries of all other classes gain by it together.

    first: (K, ranks): queries whose first match comes at a rank r or before, r = 1, 2, ...
    found: (K,) share of all positives among the first ``cut``. at_r: (K,) R-precision. score_at_r:
    (K,) MAP@R. exact: (q,) whether no row beyond the query's answer could change its last three.
    """

    first: Reals
    found: Reals
    at_r: Reals
    score_at_r: Reals
    exact: Bools


def gains(
    codes: Ints,
    positives: Ints,
    first: Ints,
    near: Ints,
    distances: Reals,
    cut_short: Bools,
    classes: int,
    ranks: int,
    cut: int = 10,
) -> Gains:
    """Delete each class in turn from all answers.

    codes, positives, first: (q,) class, P and the rank of the first match of each query. near,
    distances: (q, W) classes of the nearest rows, -1 beyond the end, and how far they are.
    cut_short: (q,) whether there are rows beyond the last one.
    """
    steps = np.zeros((classes, ranks + 2))
    sums = np.zeros((3, classes))
    exact = np.zeros(len(codes), dtype=np.bool_)
    _add_gains(codes, positives, first, near, distances, cut_short, cut, steps, sums, exact)
    # A step up at the new rank and one down at the old: between them, the query is gained.
    return Gains(np.cumsum(steps, axis=1)[:, 1:-1], sums[0], sums[1], sums[2], exact)


@jit
def _add_gains(  # type: ignore[no-untyped-def]
    codes, positives, first, near, distances, cut_short, cut, steps, sums, exact
):
    width, last = near.shape[1], steps.shape[1] - 1
    tie_end = np.empty(width, dtype=np.int64)
    negatives = np.empty(width, dtype=np.int64)
    for i in range(near.shape[0]):
        own, row, apart, p = codes[i], near[i], distances[i], positives[i]
        length = 0
        while length < width and row[length] >= 0:
            length += 1
        if cut_short[i] and length > 0:
            # The last rows may tie with others that the answer has no room for.
            edge = apart[length - 1]
            while length > 0 and apart[length - 1] == edge:
                length -= 1
        end = length - 1
        seen = 0
        for w in range(length):
            seen += row[w] != own
            negatives[w] = seen
        for w in range(length - 1, -1, -1):
            if w < length - 1 and apart[w] < apart[w + 1]:
                end = w
            tie_end[w] = end
        nearest, furthest = -1, -1
        for w in range(length):
            if row[w] == own:
                nearest = w if nearest < 0 else nearest
                furthest = w
        longest = 0
        for start in range(length):
            other = row[start]
            if other == own or _is_in(row, other, start):
                continue
            reach = length - 1 if nearest < 0 else tie_end[nearest]
            before = 0
            for w in range(start, reach + 1):
                before += row[w] == other
            rank = first[i]
            if before > 0 and rank - before < last:
                steps[other, max(rank - before, 1)] += 1.0
                steps[other, min(rank, last)] -= 1.0
            if furthest >= 0 and start <= tie_end[furthest]:
                _add_class(row, own, other, start, furthest, tie_end, negatives, cut, p, sums)
            count = 0
            for w in range(start, length):
                count += row[w] == other
            longest = max(longest, count)
        exact[i] = not cut_short[i] or length - longest >= max(p, cut)


@jit
def _is_in(row, code, stop):  # type: ignore[no-untyped-def]
    found = False
    for w in range(stop):
        found |= row[w] == code
    return found


@jit
def _add_class(  # type: ignore[no-untyped-def]
    row, own, other, start, furthest, tie_end, negatives, cut, p, sums
):
    """What one query gains without one class, its positives one by one."""
    taken, done, t = 0, 0, 0
    for w in range(furthest + 1):
        if row[w] != own:
            continue
        t += 1
        while done <= tie_end[w]:
            taken += row[done] == other
            done += 1
        if taken == 0:
            continue
        place = negatives[tie_end[w]] + t
        shorter = place - taken
        if shorter <= cut < place:
            sums[0, other] += 1.0 / p
        if shorter <= p:
            score = t / shorter
            if place <= p:
                score -= t / place
            else:
                sums[1, other] += 1.0 / p
            sums[2, other] += score / p
