"""What would mining within a batch draw? Batches of some rows, each with all its distances.

Source: Schroff et al., CVPR 2015 (semi-hard within a batch); Hermans et al., arXiv 1703.07737 (batch-hard,
P classes x S rows).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from embedding_second_opinion.data.arrays import Floats, Ints, Reals
from embedding_second_opinion.geometry.passes.kernels import jit, squared_distance
from embedding_second_opinion.geometry.passes.source import Source, VectorSource


class Mined(NamedTuple):
    """Of one batch. A triplet is active where d(a, n) <= d(a, p) + m, hard where d(a, n) <= d(a, p).

    pairs: (anchor, positive) pairs. semi_hard: those with a negative that is active and not hard;
    semi_hard_loss: summed over them, the mean loss of such negatives.
    anchors: rows with a positive and a negative; active, hard, loss: of their batch-hard triplets, the
    farthest positive against the nearest negative.
    """

    pairs: int
    semi_hard: int
    semi_hard_loss: float
    anchors: int
    active: int
    hard: int
    loss: float


def mine(source: Source, codes: Ints, margin: float) -> Mined:
    """source: of the batch's rows among themselves; codes: (b,) their classes."""
    return Mined(*_mine(distances_among(source), codes, margin))


def distances_among(source: Source) -> Reals:
    """(b, b) exact distances: direct differences in float64, or the given ones."""
    if isinstance(source, VectorSource):
        return np.asarray(_direct(source.queries, source.cosine))
    return np.asarray(source.block(0, len(source.queries), precise=True), dtype=np.float64)


@jit
def _direct(rows: Floats, cosine: bool) -> Reals:
    n = rows.shape[0]
    found = np.zeros((n, n), dtype=np.float64)
    for i in range(n):
        for j in range(i):
            square = squared_distance(rows[i], rows[j])
            found[i, j] = square / 2 if cosine else np.sqrt(square)
            found[j, i] = found[i, j]
    return found


@jit
def _mine(
    distances: Reals, codes: Ints, margin: float
) -> tuple[int, int, float, int, int, int, float]:
    pairs, semi, semi_loss, anchors, active, hard, loss = 0, 0, 0.0, 0, 0, 0, 0.0
    n = codes.shape[0]
    for a in range(n):
        row = distances[a]
        farthest, nearest = -np.inf, np.inf
        for j in range(n):
            if codes[j] != codes[a]:
                nearest = min(nearest, row[j])
            elif j != a:
                farthest = max(farthest, row[j])
        if farthest == -np.inf or nearest == np.inf:
            continue
        anchors += 1
        hard += nearest <= farthest
        if nearest <= farthest + margin:
            active += 1
            loss += farthest + margin - nearest
        for p in range(n):
            if p == a or codes[p] != codes[a]:
                continue
            pairs += 1
            count, total = 0, 0.0
            for j in range(n):
                if codes[j] != codes[a] and row[p] < row[j] <= row[p] + margin:
                    count += 1
                    total += row[p] + margin - row[j]
            if count:
                semi += 1
                semi_loss += total / count
    return pairs, semi, semi_loss, anchors, active, hard, loss
