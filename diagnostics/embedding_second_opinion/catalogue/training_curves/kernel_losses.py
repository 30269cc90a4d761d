"""What would the usual losses be on these vectors, over all triplets and pairs of some anchors?

Triplet losses: relu(margin + f(a, p) - f(a, n)) with f the distance (Weinberger & Saul, JMLR 2009; Schroff
et al., CVPR 2015, who take its square) or 1 - cos. Contrastive loss: Hadsell, Chopra & LeCun, CVPR 2006. A
loss is continuous in the distances, so that the products' rounding needs no recheck, as ranks do.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from embedding_second_opinion.data.arrays import Floats, Ints, Reals
from embedding_second_opinion.geometry.passes.kernels import jit
from embedding_second_opinion.geometry.passes.ranks import ROWS
from embedding_second_opinion.geometry.passes.source import Source
from embedding_second_opinion.geometry.passes.sweep import sweep

# The columns of the result, each the mean over the positives, negatives or triplets of an anchor.
KINDS = ("distance", "squared", "cosine")  # f of the triplet losses
# fmt: off
COLUMNS = (
    *(f"{kind}_loss" for kind in KINDS), *(f"{kind}_active" for kind in KINDS),
    *(f"{kind}_hardest" for kind in KINDS), "right",
    "positive", "positive_square", "negative", "negative_square", "negative_active",
    "farthest", "nearest_square", "coordinate_positive", "coordinate_negative",
)
# fmt: on


def losses(
    source: Source, own: Ints, class_start: Ints, margin: float, coordinates: int
) -> dict[str, Reals]:
    """By column of ``COLUMNS`` (a,) values of each anchor; NaN where it has no positive.

    source: anchors against all rows, these sorted by class, euclidean. own: (a,) place of each anchor among
    them. class_start: (K + 1,). coordinates: how many of the first anchors get the contrastive loss of
    single coordinates, whose cost is that of all coordinates of all pairs; the others get NaN there.

    distance_loss, ...: mean over triplets. ..._active: share of them above 0. ..._hardest: of the farthest
    positive and the nearest negative, which no choice of triplets exceeds. right: share with the positive
    nearer. positive, positive_square: d and d^2 to positives; negative, negative_square: relu(margin - d)
    and its square to negatives; negative_active: share of negatives within the margin; farthest: the
    largest d^2 to a positive; nearest_square: relu(margin - d)^2 of the nearest negative.
    coordinate_positive, coordinate_negative: mean over coordinates of |a - p|^2 and of relu(margin - |a -
    n|)^2.
    """
    n = len(own)
    spans = [(start, min(start + ROWS, n)) for start in range(0, n, ROWS)]
    work = partial(_one_block, source, own, class_start, margin, coordinates)
    parts = [part for _, part in sweep(work, spans, "losses of the vectors")]
    table = np.concatenate(parts)
    return {name: table[:, j] for j, name in enumerate(COLUMNS)}


def _one_block(
    source: Source,
    own: Ints,
    class_start: Ints,
    margin: float,
    coordinates: int,
    start: int,
    stop: int,
) -> Reals:
    distances = source.block(start, stop, precise=False)
    table = np.full((stop - start, len(COLUMNS)), np.nan)
    low = class_start[np.searchsorted(class_start, own[start:stop], side="right") - 1]
    high = class_start[np.searchsorted(class_start, own[start:stop], side="right")]
    _anchors(distances, own[start:stop], low, high, margin, table)
    some = max(0, min(stop, coordinates) - start)
    if some:
        rows: Floats = source.queries[start : start + some]
        _coordinates(rows, source.gallery, own[start : start + some], low, high, margin, table)
    return table


@jit
def _anchors(distances, own, low, high, margin, table):  # type: ignore[no-untyped-def]
    """Fill all columns but the last two."""
    n = distances.shape[1]
    for i in range(distances.shape[0]):
        count = high[i] - low[i] - 1
        others = n - (high[i] - low[i])
        if count < 1 or others < 1:
            continue
        near = np.empty(count)
        k = 0
        for j in range(low[i], high[i]):
            if j != own[i]:
                near[k] = distances[i, j]
                k += 1
        near.sort()
        values = np.empty((3, count))
        tails = np.zeros((3, count + 1))  # sums of the values from a place on
        for k in range(count - 1, -1, -1):
            d = near[k]
            values[0, k], values[1, k], values[2, k] = d, d * d, d * d / 2
            for f in range(3):
                tails[f, k] = tails[f, k + 1] + values[f, k]
        loss, active = np.zeros(3), np.zeros(3)
        right, inside, reach, square, closest = 0.0, 0.0, 0.0, 0.0, np.inf
        for j in range(n):
            if low[i] <= j < high[i]:
                continue
            d = np.float64(distances[i, j])
            closest = min(closest, d)
            right += np.searchsorted(near, d)  # positives strictly nearer
            if d < margin:
                inside += 1
                reach += margin - d
                square += (margin - d) ** 2
            for f in range(3):
                bar = (d if f == 0 else d * d if f == 1 else d * d / 2) - margin
                first = np.searchsorted(values[f], bar, side="right") if bar > 0 else 0
                loss[f] += tails[f, first] - (count - first) * bar
                active[f] += count - first
        triplets = count * others
        for f in range(3):
            table[i, f] = loss[f] / triplets
            table[i, 3 + f] = active[f] / triplets
            nearest = closest if f == 0 else closest**2 if f == 1 else closest**2 / 2
            table[i, 6 + f] = max(0.0, margin + values[f, count - 1] - nearest)
        table[i, 9] = right / triplets
        table[i, 10], table[i, 11] = tails[0, 0] / count, tails[1, 0] / count
        table[i, 12], table[i, 13], table[i, 14] = reach / others, square / others, inside / others
        table[i, 15] = values[1, count - 1]
        table[i, 16] = max(0.0, margin - closest) ** 2


@jit
def _coordinates(rows, gallery, own, low, high, margin, table):  # type: ignore[no-untyped-def]
    """Fill the last two columns of the first rows."""
    width = gallery.shape[1]
    for i in range(rows.shape[0]):
        count = high[i] - low[i] - 1
        others = gallery.shape[0] - (high[i] - low[i])
        if count < 1 or others < 1:
            continue
        together, apart = 0.0, 0.0
        for j in range(gallery.shape[0]):
            if j == own[i]:
                continue
            total = 0.0
            if low[i] <= j < high[i]:
                for k in range(width):
                    step = rows[i, k] - gallery[j, k]
                    total += step * step
                together += total
            else:
                for k in range(width):
                    step = margin - abs(rows[i, k] - gallery[j, k])
                    if step > 0:
                        total += step * step
                apart += total
        table[i, 17] = together / (count * width)
        table[i, 18] = apart / (others * width)
