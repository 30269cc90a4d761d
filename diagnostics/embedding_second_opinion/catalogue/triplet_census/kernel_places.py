"""Where does every score of a row stand among its thresholds? Compiled, for a whole row at a time.

The range of the thresholds is cut into equal slices. In most of them no threshold lies, nor comes within
the slack of one: such a slice gives the place of every score in it by one look-up. The scores of the others
are in doubt: they walk to their place, and where a threshold is within the slack, and only there, direct
differences in float64 decide.
"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.geometry.passes.kernels import (
    ascending_stable,
    count_below,
    jit,
    squared_distance,
)

STRETCH = 128  # scores sliced at once; in a trained space most stretches lie beyond all thresholds
SLICES = 64  # for each threshold, so that few scores are in doubt
FEWEST, MOST = (
    1024,
    16_384,
)  # slices: the table stays near the processor, but for very many thresholds


@jit
def positives(scores, query, gallery, low, high, me, cosine, recheck):  # type: ignore[no-untyped-def]
    """Distances to the positives, ascending, by direct differences where there are vectors."""
    near = np.empty(high - low - (1 if low <= me < high else 0), dtype=np.float64)
    k = 0
    for j in range(low, high):
        if j == me:
            continue
        if recheck:
            exact = squared_distance(query, gallery[j])
            near[k] = exact / 2 if cosine else np.sqrt(exact)
        else:
            near[k] = scores[j]
        k += 1
    return near[ascending_stable(near)]


@jit
def in_scores(limits, own, scale, cosine):  # type: ignore[no-untyped-def]
    """Thresholds in the unit of the scores."""
    bounds = limits.copy()
    if scale > 0:
        for k in range(limits.shape[0]):
            scaled = limits[k] * scale  # before the square, which may overflow
            bounds[k] = (2 * scaled * scale if cosine else scaled * scaled) - own
    return bounds


@jit
def distance_of(score, own, scale, cosine):  # type: ignore[no-untyped-def]
    """The distance that a score stands for; scale 0 where it is the distance."""
    if scale == 0:
        return score
    square = max(score + own, 0.0)
    return square / (2 * scale * scale) if cosine else np.sqrt(square) / scale


@jit
def find_places(  # type: ignore[no-untyped-def]
    s, query, gallery, limits, bounds, window, own, scale, cosine, recheck, low, high, places
):
    """Fill ``places``: for every score how many thresholds lie below it; all, for those in [low, high).

    limits, bounds: (n,) ascending, as distances and as scores. Returns what distances made anew are less
    than those that the scores stand for, each as often as thresholds are at or above it.
    """
    n, size = bounds.shape[0], places.shape[0]
    slices = max(min(SLICES * n, MOST), FEWEST, 4 * n)
    extent = bounds[-1] - bounds[0] + 2 * window
    start = s.dtype.type(bounds[0] - window - extent / slices)
    per_width = s.dtype.type(slices / (extent * (1 + 4 / slices)) if extent > 0 else 0.0)
    if not per_width < np.inf:
        per_width = s.dtype.type(0.0)
    last = s.dtype.type(slices - 1)
    table = np.empty(slices, dtype=np.int32)
    _fill(table, bounds, window, start, per_width, last, s[:2].copy())
    slice_of = np.empty(STRETCH, dtype=np.int32)
    doubts = np.empty(STRETCH, dtype=np.int64)
    top = s.dtype.type(bounds[-1] + window)
    nearer = 0.0
    for begin in range(0, size, STRETCH):
        end = min(begin + STRETCH, size)
        if count_below(s, begin, end, top) == 0:
            places[begin:end] = n
            continue
        _slice(s, begin, end, start, per_width, last, slice_of)
        found = 0
        for j in range(begin, end):
            place = table[slice_of[j - begin]]
            places[j] = place
            doubts[found] = j
            found += place < 0
        for j in range(max(begin, low), min(end, high)):
            places[j] = n
        for h in range(found):
            j = doubts[h]
            if low <= j < high:
                continue
            score, place = np.float64(s[j]), -1 - np.int64(places[j])
            while place < n and bounds[place] < score - window:
                place += 1
            if recheck and place < n and bounds[place] <= score + window:
                exact = squared_distance(query, gallery[j])
                distance = exact / 2 if cosine else np.sqrt(exact)
                place = np.searchsorted(limits, distance)
                nearer += (n - place) * (distance_of(score, own, scale, cosine) - distance)
            places[j] = place
    return nearer


@jit
def _slice(s, begin, end, start, per_width, last, slice_of):  # type: ignore[no-untyped-def]
    """The slice of each score, never decreasing in it."""
    zero = last - last
    for j in range(begin, end):
        x = (s[j] - start) * per_width
        x = x if x > zero else zero
        slice_of[j - begin] = np.int32(x if x < last else last)


@jit
def _fill(table, bounds, window, start, per_width, last, ends):  # type: ignore[no-untyped-def]
    """The place of all scores of a slice; where they are in doubt, -1 - the first it may be.

    A score within ``window`` of a threshold lies between the slices of the two ends of that window, as
    slices never decrease; rounding the ends to the type of the scores passes over none of these.
    ends: room for two of them.
    """
    slice_of = np.empty(2, dtype=np.int32)
    done = 0
    for k in range(bounds.shape[0]):
        ends[0], ends[1] = bounds[k] - window, bounds[k] + window
        _slice(ends, 0, 2, start, per_width, last, slice_of)
        for b in range(done, slice_of[0]):
            table[b] = k
        for b in range(max(done, slice_of[0]), slice_of[1] + 1):
            table[b] = -1 - k
        done = max(done, slice_of[1] + 1)
    for b in range(done, table.shape[0]):
        table[b] = bounds.shape[0]
