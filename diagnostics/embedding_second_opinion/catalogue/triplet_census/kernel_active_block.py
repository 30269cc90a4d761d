"""One block of queries, compiled: how many (positive, negative) pairs violate each of several margins?

The thresholds of all margins stand in one sorted list, so that one look-up a negative counts for all
positives and margins (see ``kernel_places``).
"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.geometry.passes.kernels import jit

from .kernel_places import find_places, in_scores, positives


@jit
def active_block(  # type: ignore[no-untyped-def]
    scores, slack, own, scale, cosine, recheck, queries, gallery, codes, self_at, class_start,
    margins, squared, active,
):  # fmt: skip
    """Fill ``active``, (q, T). own, scale: as in ``margin_block``; squared: (T,) of squared distances."""
    size = class_start[-1]
    places = np.empty(size, dtype=np.int32)
    for i in range(scores.shape[0]):
        low, high = class_start[codes[i]], class_start[codes[i] + 1]
        near = positives(scores[i], queries[i], gallery, low, high, self_at[i], cosine, recheck)
        if near.shape[0] == 0 or size == high - low:
            continue
        limits, which = _thresholds(near, margins, squared)
        bounds = in_scores(limits, own[i], scale, cosine)
        window = 2 * slack[i] if recheck else 0.0
        find_places(
            scores[i], queries[i], gallery, limits, bounds, window, own[i], scale, cosine, recheck,
            low, high, places,
        )  # fmt: skip
        nearer = np.zeros(limits.shape[0] + 1, dtype=np.int64)
        for j in range(size):
            nearer[places[j]] += 1
        below = 0  # negatives below a threshold, or at it
        for k in range(limits.shape[0]):
            below += nearer[k]
            active[i, which[k]] += below


@jit
def _thresholds(near, margins, squared):  # type: ignore[no-untyped-def]
    """Distances plus margins, ascending, and the margin of each: a merge, as ``near`` ascends."""
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
            limit = np.sqrt(d * d + margins[t]) if squared[t] else d + margins[t]
            if best < 0 or limit <= value:
                best, value = t, limit
        limits[k], which[k] = value, best
        at[best] += 1
    return limits, which
