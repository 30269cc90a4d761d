"""How many triplets are in the right order by a margin, and in the wrong one by no more? Blocked, exact.

A negative may exceed a positive by more than the margin in the distance or in its square; and code with the
margin on the wrong side asks that it falls short by less than the margin. All four are counted at
once: the positives of an anchor are sorted, and each negative finds its place among them four times.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from embedding_second_opinion.data.arrays import Floats, Ints, Rows
from embedding_second_opinion.geometry.passes.kernels import jit
from embedding_second_opinion.geometry.passes.source import Source, VectorSource
from embedding_second_opinion.geometry.passes.sweep import sweep

ROWS = 128
ASKED = 4  # by the distance: kept by the margin, missed by less; the same by the squared distance


def by_margin(
    points: Floats, codes: Ints, anchors: Rows, margin: float, *, cosine: bool
) -> tuple[Ints, Ints]:
    """(a, ASKED) triplets of each anchor that pass, and (a,) all its triplets.

    points, codes: (n, d), (n,) of all rows. anchors: positions among them. Under cosine the distance is
    1 - cos and its square that of the euclidean distance between unit vectors, twice as much.
    """
    order = np.argsort(codes, kind="stable")
    sorted_codes = codes[order]
    back = np.empty(len(order), dtype=np.int64)
    back[order] = np.arange(len(order))
    places = back[anchors]
    source: Source = VectorSource.of(points[anchors], points[order], precise=True, cosine=cosine)
    low = np.searchsorted(sorted_codes, codes[anchors], side="left").astype(np.int64)
    high = np.searchsorted(sorted_codes, codes[anchors], side="right").astype(np.int64)
    work = partial(_one_block, source, places, low, high, margin, cosine)
    spans = [(start, min(start + ROWS, len(anchors))) for start in range(0, len(anchors), ROWS)]
    passed = [block for _, block in sweep(work, spans, "triplets by their margin")]
    counts = np.concatenate(passed) if passed else np.zeros((0, ASKED), dtype=np.int64)
    size = high - low
    return counts, np.asarray((size - 1) * (len(codes) - size), dtype=np.int64)


def _one_block(
    source: Source,
    places: Rows,
    low: Ints,
    high: Ints,
    margin: float,
    cosine: bool,
    start: int,
    stop: int,
) -> Ints:
    distances = source.block(start, stop, precise=True)
    counts = np.zeros((stop - start, ASKED), dtype=np.int64)
    rows = slice(start, stop)
    _count(distances, places[rows], low[rows], high[rows], margin, cosine, counts)
    return counts


@jit
def _count(distances, places, low, high, margin, cosine, counts):  # type: ignore[no-untyped-def]
    for i in range(distances.shape[0]):
        row = distances[i]
        own = high[i] - low[i] - 1
        if own < 1:
            continue
        positives = np.empty(own, dtype=np.float64)
        t = 0
        for j in range(low[i], high[i]):
            if j != places[i]:
                positives[t] = row[j]
                t += 1
        positives.sort()
        cut = np.empty((4, own), dtype=np.float64)
        for t in range(own):
            p = positives[t]
            if cosine:
                cut[0, t], cut[1, t] = p + margin, p - margin
                cut[2, t], cut[3, t] = p + margin / 2, p - margin / 2
            else:
                cut[0, t], cut[1, t] = p + margin, p - margin
                cut[2, t] = np.sqrt(p * p + margin)
                cut[3, t] = np.sqrt(p * p - margin) if p * p >= margin else -1.0
        for v in range(4):
            total = 0
            for j in range(row.shape[0]):
                if j < low[i] or j >= high[i]:
                    total += _below(cut[v], row[j])
            counts[i, v] = total


@jit
def _below(ascending, x):  # type: ignore[no-untyped-def]
    """How many are smaller than x."""
    start, stop = 0, ascending.shape[0]
    while start < stop:
        middle = (start + stop) // 2
        if ascending[middle] < x:
            start = middle + 1
        else:
            stop = middle
    return start
