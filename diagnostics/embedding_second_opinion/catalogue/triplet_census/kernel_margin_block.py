"""One block of queries, compiled: how many (positive, negative) pairs violate each of several margins?

A pair violates margin m where d(a, n) <= d(a, p) + m. Every positive has one threshold for each margin; all
of them stand in one sorted list, so that one look-up a negative counts for all positives and margins.
Scores decide, and where a threshold lies within the slack of one, and only there, direct differences in
float64 do.
"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.geometry.passes.kernels import (
    CHUNK,
    bucket_of,
    count_below,
    jit,
    squared_distance,
)

BUCKETS = 4  # slices of the thresholds' range for each threshold: most hold one or none


@jit
def margin_block(  # type: ignore[no-untyped-def]
    scores, slack, own, scale, cosine, recheck, queries, gallery, codes, self_at, class_start,
    margins, at, squared, nearest, z, sole, few, active, loss, hardest, to_class, spent, spent_without,
):  # fmt: skip
    """Fill the outputs of one block. See ``MarginCounts``.

    own, scale: from a squared distance to a score; scale 0 where the scores are the distances.
    at: which of ``margins`` is the user's own. nearest: distance of each query's nearest negative.
    few: a query is spent where fewer than 1 in ``few`` of its pairs violate that margin. hardest: (q, 3),
    positives that the nearest negative violates, and of these wrongly ordered, and the sum of losses.
    """
    size, classes, many = class_start[-1], class_start.shape[0] - 1, margins.shape[0]
    by_class = np.zeros(classes, dtype=np.int64)
    count = np.zeros(many, dtype=np.int64)
    for i in range(scores.shape[0]):
        code = codes[i]
        low, high = class_start[code], class_start[code + 1]
        near = _positives(scores[i], queries[i], gallery, low, high, self_at[i], cosine, recheck)
        p, m = near.shape[0], size - (high - low)
        if p == 0 or m == 0:
            continue
        limits, which = _thresholds(near, margins, squared)
        left, total = _from_here_on(limits, which, many, at)
        bounds = _bounds(limits, own[i], scale, cosine)
        first, start, per_width = _buckets(bounds)
        _hardest(near, nearest[i], margins[at], hardest[i])
        window = 2 * slack[i] if recheck else 0.0
        top = bounds[-1] + window
        s = scores[i]
        for c in range(classes):
            by_class[c] = 0
            if c == code:
                continue
            begin, end = class_start[c], class_start[c + 1]
            count[:] = 0
            for chunk in range(begin, end, CHUNK):
                stop = min(chunk + CHUNK, end)
                # In a trained space most are beyond all thresholds: whole chunks are passed over.
                if count_below(s, chunk, stop, top) == 0:
                    continue
                for j in range(chunk, stop):
                    score = np.float64(s[j])
                    if score > top:
                        continue
                    place = _lower(bounds, first, start, per_width, score - window)
                    distance = -1.0
                    if recheck and place < bounds.shape[0] and bounds[place] <= score + window:
                        exact = squared_distance(queries[i], gallery[j])
                        distance = exact / 2 if cosine else np.sqrt(exact)
                        place = np.searchsorted(limits, distance)
                    for t in range(many):
                        count[t] += left[place, t]
                    if left[place, at]:
                        if distance < 0:
                            distance = _distance(score, own[i], scale, cosine)
                        loss[i] += total[place] - left[place, at] * distance
            by_class[c] = count[at]
            rest = m - (end - begin)
            for t in range(many):
                if count[t]:
                    active[i, t] += count[t]
                    if rest > 0:
                        to_class[t, c] += count[t] / (np.float64(p) * rest)
        if z[i] > 0:
            spent[i] = active[i, at] * few < p * m
            _without(
                p, m, code, active[i, at], by_class, class_start, z[i], sole[i], few, spent_without
            )


@jit
def _positives(scores, query, gallery, low, high, me, cosine, recheck):  # type: ignore[no-untyped-def]
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
    near.sort()
    return near


@jit
def _thresholds(near, margins, squared):  # type: ignore[no-untyped-def]
    """Distances plus margins, ascending, and the margin of each: a merge, as both are sorted."""
    p, many = near.shape[0], margins.shape[0]
    limits = np.empty(p * many, dtype=np.float64)
    which = np.empty(p * many, dtype=np.int64)
    at = np.zeros(many, dtype=np.int64)
    for k in range(p * many):
        best, value = -1, np.inf
        for t in range(many):
            if at[t] == p:
                continue
            d = near[at[t]]
            limit = np.sqrt(d * d + margins[t]) if squared else d + margins[t]
            if limit <= value:
                best, value = t, limit
        limits[k], which[k] = value, best
        at[best] += 1
    return limits, which


@jit
def _from_here_on(limits, which, many, at):  # type: ignore[no-untyped-def]
    """Thresholds of each margin from each place on, and the sum of those of margin ``at``."""
    n = limits.shape[0]
    left = np.zeros((n + 1, many), dtype=np.int64)
    total = np.zeros(n + 1, dtype=np.float64)
    for k in range(n - 1, -1, -1):
        left[k] = left[k + 1]
        left[k, which[k]] += 1
        total[k] = total[k + 1] + (limits[k] if which[k] == at else 0.0)
    return left, total


@jit
def _bounds(limits, own, scale, cosine):  # type: ignore[no-untyped-def]
    """Thresholds in the unit of the scores."""
    bounds = limits.copy()
    if scale > 0:
        for k in range(limits.shape[0]):
            scaled = limits[k] * scale  # before the square, which may overflow
            bounds[k] = (2 * scaled * scale if cosine else scaled * scaled) - own
    return bounds


@jit
def _distance(score, own, scale, cosine):  # type: ignore[no-untyped-def]
    if scale == 0:
        return score
    square = max(score + own, 0.0)
    return square / (2 * scale * scale) if cosine else np.sqrt(square) / scale


@jit
def _buckets(bounds):  # type: ignore[no-untyped-def]
    """first[b]: thresholds in slices below b. With it a negative finds its place without a search."""
    buckets = BUCKETS * bounds.shape[0]
    first = np.zeros(buckets + 1, dtype=np.int64)
    width = (bounds[-1] - bounds[0]) / buckets
    per_width = 1 / width if width > 0 else 0.0
    if not per_width < np.inf:
        per_width = 0.0
    for k in range(bounds.shape[0]):
        first[bucket_of(bounds[k], bounds[0], per_width, buckets) + 1] += 1
    for b in range(buckets):
        first[b + 1] += first[b]
    return first, bounds[0], per_width


@jit
def _lower(bounds, first, start, per_width, score):  # type: ignore[no-untyped-def]
    """First place whose threshold is not below ``score``."""
    if score <= start:
        return 0
    b = bucket_of(score, start, per_width, first.shape[0] - 1)
    low, high = first[b], first[b + 1]
    while low < high:
        middle = (low + high) // 2
        if bounds[middle] < score:
            low = middle + 1
        else:
            high = middle
    return low


@jit
def _hardest(near, nearest, margin, out):  # type: ignore[no-untyped-def]
    """What the nearest of all negatives violates: positives, wrongly ordered ones, sum of losses."""
    for k in range(near.shape[0]):
        if nearest <= near[k] + margin:
            out[0] += 1
            out[1] += nearest <= near[k]
            out[2] += near[k] + margin - nearest


@jit
def _without(  # type: ignore[no-untyped-def]
    p, m, code, active, by_class, class_start, z, sole, few, spent_without
):
    """Add 1 to each class without which this wrong query is wrong still, and spent."""
    for c in range(by_class.shape[0]):
        if c == code or (z == 1 and sole == c):
            continue
        rest = m - (class_start[c + 1] - class_start[c])
        if rest > 0 and (active - by_class[c]) * few < p * rest:
            spent_without[c] += 1
