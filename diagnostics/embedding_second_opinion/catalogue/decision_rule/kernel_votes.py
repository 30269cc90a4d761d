"""What do the k nearest vote, and what would they without one of the classes?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.geometry.passes.kernels import jit


@dataclass(frozen=True, eq=False)
class Votes:
    """Per query, (q,): whether the own class has most of the votes of the k nearest.

    Rows as far as the k-th vote too. Of classes with as many votes the one with the nearest row wins;
    where that is a tie too, or reaches beyond the list of neighbours, the query counts as wrong.

    right: 1 or 0. confidence: share of votes of the class with most. own: of the own class.
    squares: sum of the squared shares. rival: the other class with most votes, -1 where there is none.
    changed, deleted, change: (m,) without class ``deleted`` the query ``changed`` gains or loses (+1, -1).
    """

    right: Reals
    confidence: Reals
    own: Reals
    squares: Reals
    rival: Ints
    changed: Ints
    deleted: Ints
    change: Reals


def vote(codes: Ints, distances: Reals, own: Ints, k: int, enrolled: int) -> Votes:
    """Votes of (q, w) neighbours, nearest first; codes: their classes, -1 where there is none.

    own: (q,) class of each query. enrolled: rows that a query is compared with.
    Without a class the next ones in the list move up; w is far above k.
    """
    q, width = codes.shape
    chances, rival = np.empty((4, q)), np.empty(q, dtype=np.int64)
    change = np.zeros((q, width), dtype=np.int8)
    _vote_all(codes, distances, own, k, width >= enrolled, chances, rival, change)
    changed, at = np.nonzero(change)
    return Votes(
        right=chances[0],
        confidence=chances[1],
        own=chances[2],
        squares=chances[3],
        rival=rival,
        changed=changed,
        deleted=codes[changed, at],
        change=change[changed, at].astype(np.float64),
    )


@jit
def _vote_all(codes, distances, own, k, whole, chances, rival, change):  # type: ignore[no-untyped-def]
    for i in range(codes.shape[0]):
        right, most, mine, squares, other, voters = _count(
            codes[i], distances[i], own[i], k, -1, whole
        )
        chances[0, i], chances[1, i], chances[2, i], chances[3, i] = right, most, mine, squares
        rival[i] = other
        for j in range(voters):
            c = codes[i, j]
            first = c != own[i]
            for before in range(j):
                first = first and codes[i, before] != c
            if first:
                now = _count(codes[i], distances[i], own[i], k, c, whole)[0]
                change[i, j] = int(now) - int(right)


@jit
def _count(codes, distances, own, k, gone, whole):  # type: ignore[no-untyped-def]
    """Right, share of the first, of the own class, sum of squares, first other class, voters' end."""
    width = codes.shape[0]
    votes, end, reach = 0, 0, np.inf
    while end < width and codes[end] >= 0:
        if codes[end] != gone:
            if votes >= k and distances[end] > reach:
                break
            votes += 1
            reach = distances[end]
        end += 1
    # A tie that reaches the end of a list may go on beyond it.
    open_end = not whole and end == width and votes > k
    mine, nearest = 0, np.inf
    for j in range(end):
        if codes[j] == own:
            mine += 1
            nearest = min(nearest, distances[j])
    right = 1.0 if mine > 0 and not open_end else 0.0
    most, other, others, squares = mine, -1, 0, float(mine * mine)
    for j in range(end):
        c = codes[j]
        if c in (own, gone):
            continue
        seen = False
        for before in range(j):
            seen = seen or codes[before] == c
        if seen:
            continue
        count = 0
        for after in range(j, end):
            count += codes[after] == c
        squares += count * count
        most = max(most, count)
        if count > others:
            others, other = count, c
        if count > mine or (count == mine and distances[j] <= nearest):
            right = 0.0
    total = max(votes, 1)
    return right, most / total, mine / total, squares / (total * total), other, end
