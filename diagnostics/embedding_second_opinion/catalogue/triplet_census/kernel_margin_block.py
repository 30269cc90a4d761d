"""One block of queries, compiled: how many (positive, negative) pairs violate the margin, class by class?

A pair violates margin m where d(a, n) <= d(a, p) + m. Every positive has one threshold, and one look-up a
negative counts for all positives (see ``kernel_places``).
"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.geometry.passes.kernels import jit, jit_sum

from .kernel_places import find_places, in_scores, positives


@jit
def margin_block(  # type: ignore[no-untyped-def]
    scores, slack, own, scale, cosine, recheck, queries, gallery, codes, self_at, class_start,
    margin, squared, nearest, z, sole, few, active, loss, hardest, to_class, spent, spent_without,
):  # fmt: skip
    """Fill the outputs of one block. See ``MarginCounts``.

    own, scale: from a squared distance to a score; scale 0 where the scores are the distances.
    nearest: distance of each query's nearest negative.
    few: a query is spent where fewer than 1 in ``few`` of its pairs violate that margin. hardest: (q, 3),
    positives that the nearest negative violates, and of these wrongly ordered, and the sum of losses.
    """
    size, classes = class_start[-1], class_start.shape[0] - 1
    by_class = np.zeros(classes, dtype=np.int64)
    places = np.empty(size, dtype=np.int32)
    for i in range(scores.shape[0]):
        code = codes[i]
        low, high = class_start[code], class_start[code + 1]
        near = positives(scores[i], queries[i], gallery, low, high, self_at[i], cosine, recheck)
        p, m = near.shape[0], size - (high - low)
        if p == 0 or m == 0:
            continue
        limits = np.sqrt(near * near + margin) if squared else near + margin
        bounds = in_scores(limits, own[i], scale, cosine)
        _hardest(near, nearest[i], margin, hardest[i])
        window = 2 * slack[i] if recheck else 0.0
        s = scores[i]
        nearer = find_places(
            s, queries[i], gallery, limits, bounds, window, own[i], scale, cosine, recheck, low, high, places,
        )  # fmt: skip
        active[i] = _count(places, class_start, p, m, by_class, to_class)
        if active[i] == 0:
            by_class[:] = 0
        else:
            total = np.zeros(p + 1, dtype=np.float64)  # of the thresholds from each place on
            for k in range(p - 1, -1, -1):
                total[k] = total[k + 1] + limits[k]
            loss[i] = nearer + _losses(s, places, total, own[i], scale, cosine)
        if z[i] > 0:
            spent[i] = active[i] * few < p * m
            _without(
                p, m, code, active[i], by_class, class_start, z[i], sole[i], few, spent_without
            )


@jit
def _count(places, class_start, p, m, by_class, to_class):  # type: ignore[no-untyped-def]
    """Pairs that violate, in all and by the class of the negative; their share is added to ``to_class``."""
    active = 0
    for c in range(by_class.shape[0]):
        begin, end = class_start[c], class_start[c + 1]
        below = 0
        for j in range(begin, end):
            below += places[j]
        count = (end - begin) * p - below
        by_class[c] = count
        if count:
            active += count
            rest = m - (end - begin)
            if rest > 0:
                to_class[c] += count / (np.float64(p) * rest)
    return active


@jit_sum
def _losses(s, places, total, own, scale, cosine):  # type: ignore[no-untyped-def]
    """Sum over all pairs of what the threshold has more than the distance that the score stands for."""
    p = total.shape[0] - 1
    limits, far = 0.0, 0.0
    if scale == 0 or cosine:
        zero = 0.0 if scale > 0 else -np.inf
        unit = 1 / (2 * scale * scale) if scale > 0 else 1.0
        for j in range(places.shape[0]):
            far += (p - places[j]) * max(np.float64(s[j]) + own, zero)
            limits += total[places[j]]
        return limits - far * unit
    for j in range(places.shape[0]):
        far += (p - places[j]) * np.sqrt(max(np.float64(s[j]) + own, 0.0))
        limits += total[places[j]]
    return limits - far / scale


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
