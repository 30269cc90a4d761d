"""Whose neighbour is each row, and whose would it be without a class? From lists of neighbours, compiled.

Deleting a class deletes its queries, whose votes go, and its rows, behind which others move up. Both change
few counts, so that only changes are kept: at most 2 k for each query.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from embedding_second_opinion.data.arrays import Ints
from embedding_second_opinion.geometry.passes.kernels import jit


class Moves(NamedTuple):
    """What deleting each class changes. By class, (K,): ``votes``, what the lists hold then, and
    ``mismatched``, how many of these are of another class than the query.

    deleted, row, change: (m,) without class ``deleted`` the count of ``row``, which is of another class,
    changes by ``change``; every pair of class and row once.
    unknown: votes that moved up from beyond the end of the lists, and were not counted.
    """

    deleted: Ints
    row: Ints
    change: Ints
    votes: Ints
    mismatched: Ints
    unknown: int


def moves(near: Ints, class_of: Ints, own: Ints, k: int, classes: int) -> Moves:
    """near: (q, m) places of the nearest rows, nearest first, -1 beyond the gallery's end; m >= k.

    class_of: (g,) class of each row; own: (q,) class of each query; k: neighbours that count.
    """
    size = max(2 * k * len(near), 1)
    deleted, row = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    change = np.zeros(size, dtype=np.int64)
    valid = near[:, :k] >= 0
    wrong = valid & (class_of[np.maximum(near[:, :k], 0)] != own[:, None])
    votes = np.full(classes, int(valid.sum()), dtype=np.int64)
    mismatched = np.full(classes, int(wrong.sum()), dtype=np.int64)
    m, unknown = _moves(near, class_of, own, k, deleted, row, change, votes, mismatched)
    key, which = np.unique(deleted[:m] * len(class_of) + row[:m], return_inverse=True)
    total = np.bincount(which, weights=change[:m], minlength=len(key)).astype(np.int64)
    return Moves(key // len(class_of), key % len(class_of), total, votes, mismatched, int(unknown))


@jit
def _moves(near, class_of, own, k, deleted, row, change, votes, mismatched):  # type: ignore[no-untyped-def]
    """Fill the arrays; returns how many changes there are, and how many votes are unknown."""
    m, unknown = 0, 0
    width = near.shape[1]
    for i in range(near.shape[0]):
        mine, listed = own[i], 0
        for t in range(k):
            if near[i, t] < 0:
                break
            listed += 1
            other = class_of[near[i, t]]
            votes[mine] -= 1
            if other != mine:
                mismatched[mine] -= 1
                deleted[m], row[m], change[m] = mine, near[i, t], -1
                m += 1
        for t in range(listed):
            gone = class_of[near[i, t]]
            if gone == mine:
                continue
            first, leaving = True, 0
            for u in range(listed):
                if class_of[near[i, u]] == gone:
                    first = first and u >= t
                    leaving += 1
            if not first:  # this class has been deleted from this list already
                continue
            votes[gone] -= leaving
            mismatched[gone] -= leaving
            u = k
            while leaving > 0 and u < width and near[i, u] >= 0:
                other = class_of[near[i, u]]
                if other != gone:
                    votes[gone] += 1
                    mismatched[gone] += other != mine
                    deleted[m], row[m], change[m] = gone, near[i, u], 1
                    m += 1
                    leaving -= 1
                u += 1
            if u == width:
                unknown += leaving
    return m, unknown
