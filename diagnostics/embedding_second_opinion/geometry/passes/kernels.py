"""One block of queries against the whole gallery, compiled: ranks and nearest neighbours together.

A block arrives as scores, monotone in the distance, each at most ``slack`` from its true value.
Two scores nearer than ``2 * slack`` say nothing about the order of the distances, so these, and
only these, are compared by direct differences in float64 ("in doubt" below).
"""

from __future__ import annotations

import math

import numba
import numpy as np
from numpy.typing import NDArray

jit = numba.njit(nogil=True, cache=True, error_model="numpy")
# Reassociation lets the sum run in vector lanes; its order stays fixed, so equal rows still tie.
jit_sum = numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"reassoc", "contract"})

CHUNK = 64  # scores tested at once: few chunks hold a candidate, so most are never looked into
SPARE = 16  # neighbours kept beyond k, so that the k best are known in spite of the slack


@jit_sum
def squared_distance(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """Squared euclidean distance of two (d,) rows by direct differences in float64."""
    total = 0.0
    for t in range(a.shape[0]):
        step = np.float64(a[t]) - np.float64(b[t])
        total += step * step
    return total


@jit
def true_score(query, gallery, scores, j, recheck):  # type: ignore[no-untyped-def]
    """The score that orders: exact where vectors exist, else the given distance itself."""
    return squared_distance(query, gallery[j]) if recheck else np.float64(scores[j])


@jit
def ascending(values):  # type: ignore[no-untyped-def]
    """Places in ascending order of the values; a sort is compiled once a type, not once a caller."""
    return np.argsort(values)


@jit
def ascending_stable(values):  # type: ignore[no-untyped-def]
    """The same, equal values as they stand."""
    return np.argsort(values, kind="mergesort")


@jit
def count_below(scores, start, stop, bound):  # type: ignore[no-untyped-def]
    """How many of scores[start:stop] are at most ``bound``."""
    count = 0
    for j in range(start, stop):
        count += scores[j] <= bound
    return count


@jit
def push(heap, places, size, score, place):  # type: ignore[no-untyped-def]
    """Keep the smallest scores in a max-heap of fixed capacity; returns its new size."""
    if size < heap.shape[0]:
        i = size
        while i > 0 and heap[(i - 1) // 2] < score:
            heap[i], places[i] = heap[(i - 1) // 2], places[(i - 1) // 2]
            i = (i - 1) // 2
        heap[i], places[i] = score, place
        return size + 1
    i = 0
    while 2 * i + 1 < size:
        child = 2 * i + 1
        if child + 1 < size and heap[child + 1] > heap[child]:
            child += 1
        if heap[child] <= score:
            break
        heap[i], places[i] = heap[child], places[child]
        i = child
    heap[i], places[i] = score, place
    return size


@jit
def settle_neighbors(  # type: ignore[no-untyped-def]
    scores, query, gallery, rows, self_at, slack, recheck, heap, places, size, k, out, out_score
):
    """The k nearest by true score, then by row number, from a heap of the nearest by score."""
    kth = heap[ascending(heap[:size])[min(k, size) - 1]]
    candidates = places[:size]
    if size == heap.shape[0] and heap[0] <= kth + 2 * slack:
        # Something outside the heap may still belong to the k nearest: look at all in doubt.
        found = np.empty(scores.shape[0], dtype=np.int64)
        count = 0
        for j in range(scores.shape[0]):
            if scores[j] <= kth + 2 * slack and j != self_at:
                found[count] = j
                count += 1
        candidates = found[:count]
    # In row order, so that the stable sort by distance leaves ties in row order.
    candidates = candidates[ascending(rows[candidates])]
    exact = np.empty(candidates.shape[0], dtype=np.float64)
    for i in range(candidates.shape[0]):
        exact[i] = true_score(query, gallery, scores, candidates[i], recheck)
    order = ascending_stable(exact)
    for i in range(min(k, order.shape[0])):
        out[i] = candidates[order[i]]
        out_score[i] = exact[order[i]]


@jit
def nearest_positive(  # type: ignore[no-untyped-def]
    scores, query, gallery, rows, order, sorted_scores, slack, recheck
):
    """Place and true score of the nearest positive; ties go to the smaller row number."""
    best = order[0]
    best_score = true_score(query, gallery, scores, best, recheck)
    for t in range(1, order.shape[0]):
        if sorted_scores[t] > sorted_scores[0] + 2 * slack:
            break
        score = true_score(query, gallery, scores, order[t], recheck)
        if score < best_score or (score == best_score and rows[order[t]] < rows[best]):
            best, best_score = order[t], score
    return best, best_score


@jit
def bucket_of(score, low, per_width, buckets):  # type: ignore[no-untyped-def]
    """Which equal slice of the positives' range holds a score; never decreasing in the score."""
    place = int((score - low) * per_width)
    return min(max(place, 0), buckets - 1)


@jit
def sort_positives(scores, places, count, first, order, ordered):  # type: ignore[no-untyped-def]
    """Sort places[:count] by score into ``order`` and ``ordered``; returns low and 1 / width.

    first[b] becomes the number of positives in slices below b: with it, a negative finds its
    place without a search. The same slices sort the positives in linear time.
    """
    low, high = np.float64(scores[places[0]]), np.float64(scores[places[0]])
    for t in range(1, count):
        low, high = (
            min(low, np.float64(scores[places[t]])),
            max(high, np.float64(scores[places[t]])),
        )
    buckets = first.shape[0] - 1
    per_width = buckets / (high - low) if high > low else 0.0
    if not per_width < np.inf:
        per_width = 0.0
    first[:] = 0
    for t in range(count):
        first[bucket_of(scores[places[t]], low, per_width, buckets) + 1] += 1
    fullest = 0
    for b in range(buckets):
        fullest = max(fullest, first[b + 1])
        first[b + 1] += first[b]
    if fullest > 32:  # one far outlier squeezes the rest into a slice: leave it to a real sort
        order[:count] = places[:count][ascending(scores[places[:count]])]
    else:
        for t in range(count - 1, -1, -1):
            b = bucket_of(scores[places[t]], low, per_width, buckets) + 1
            first[b] -= 1
            order[first[b]] = places[t]
        for b in range(buckets):  # every start was moved one slice up: move it back
            first[b] = first[b + 1]
        first[buckets] = count
        for t in range(1, count):
            place, u = order[t], t
            while u > 0 and scores[order[u - 1]] > scores[place]:
                order[u] = order[u - 1]
                u -= 1
            order[u] = place
    for t in range(count):
        ordered[t] = scores[order[t]]
    return low, per_width


@jit
def no_beater_chance(log_factorial, m, k, g):  # type: ignore[no-untyped-def]
    """C(m - k, g) / C(m, g): chance that g of m candidates hold none of k; g = -1 means all m."""
    if g < 0:
        return 1.0 if k == 0 else 0.0
    if k + g > m:
        return 0.0
    return math.exp(
        log_factorial[m - k] - log_factorial[m - k - g] - log_factorial[m] + log_factorial[m - g]
    )


@jit
def random_tie_chance(log_factorial, m, k, h, g):  # type: ignore[no-untyped-def]
    """Chance to win where, of t tied candidates drawn, the positive wins with 1 / (t + 1).

    Sum over t of C(h, t) C(m-k-h, g-t) / (t + 1) / C(m, g). Term by term for few ties; for many in
    closed form by Vandermonde, [C(m-k+1, g+1) - C(m-k-h, g+1)] / ((h + 1) C(m, g)), which would
    cancel for few.
    """
    if g < 0:
        return 1.0 / (h + 1) if k == 0 else 0.0
    base = log_choose(log_factorial, m, g)
    total = 0.0
    if h <= 64:
        for t in range(min(h, g) + 1):
            ways = log_choose(log_factorial, h, t) + log_choose(log_factorial, m - k - h, g - t)
            total += math.exp(ways - base) / (t + 1)
        return total
    total += math.exp(log_choose(log_factorial, m - k + 1, g + 1) - base)
    total -= math.exp(log_choose(log_factorial, m - k - h, g + 1) - base)
    return total / (h + 1)


@jit
def log_choose(log_factorial, n, r):  # type: ignore[no-untyped-def]
    """log C(n, r); minus infinity where there is no way to choose."""
    if r < 0 or r > n:
        return -np.inf
    return log_factorial[n] - log_factorial[r] - log_factorial[n - r]
