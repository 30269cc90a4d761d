"""How near are the class means to one another, measured by the spread of the classes? Blocked, K by K."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Floats, Ints, Reals
from embedding_second_opinion.geometry.passes.classes import ClassStats

ROWS = 256


@dataclass(frozen=True, eq=False)
class ClassPairs:
    """Per class that has rows (k of them), in ascending order of ``classes``.

    classes: (k,) codes. nearest: (k,) code of the class with the nearest mean.
    distance: (k,) between the two means, euclidean.
    variance_to_nearest, mean_variance: (k,) class-distance normalised variance against the nearest
    class and on average over all others: (v_a + v_b) / (2 |m_a - m_b|^2), v the mean squared
    distance to the mean (Galanti, Gyorgy & Hutter, ICLR 2022). inf where two means coincide.
    worst_ratio: (k,) largest (s_a + s_b) / |m_a - m_b|, s the mean distance to the mean; its mean
    over classes is the Davies-Bouldin index (IEEE PAMI 1979).
    """

    classes: Ints
    nearest: Ints
    distance: Reals
    variance_to_nearest: Reals
    mean_variance: Reals
    worst_ratio: Reals


def class_pairs(vectors: Floats, codes: Ints, stats: ClassStats) -> ClassPairs:
    """All pairs of class means; O(n d + K^2 d) time, a block of K at a time in memory.

    vectors: (n, d), codes: (n,), and their statistics. Needs two classes with rows.
    """
    classes = np.flatnonzero(stats.counts > 0)
    means, spread = stats.means[classes], stats.spread[classes]
    reach = _mean_distance(vectors, codes, stats)[classes]
    k = len(classes)
    nearest = np.zeros(k, dtype=np.int64)
    distance, to_nearest, average, worst = (np.zeros(k) for _ in range(4))
    centred = means - means.mean(axis=0)
    squares = np.einsum("ij,ij->i", centred, centred)
    for start in range(0, k, ROWS):
        part = slice(start, min(start + ROWS, k))
        at = np.arange(part.stop - start)
        apart = squares[part, None] + squares[None, :] - 2 * centred[part] @ centred.T
        apart[at, start + at] = np.inf
        close = apart.argmin(axis=1)
        # The product cancels where means nearly coincide: the nearest is measured directly.
        apart[at, close] = ((means[part] - means[close]) ** 2).sum(axis=1)
        apart = np.maximum(apart, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            variance = (spread[part, None] + spread[None, :]) / (2 * apart)
            ratio = (reach[part, None] + reach[None, :]) / np.sqrt(apart)
        # Two classes of single rows at one place: no spread and no distance, as near as can be.
        variance[np.isnan(variance)] = np.inf
        ratio[np.isnan(ratio)] = np.inf
        nearest[part] = close
        distance[part] = np.sqrt(apart[at, close])
        to_nearest[part] = variance[at, close]
        average[part] = variance.sum(axis=1) / (k - 1)
        worst[part] = ratio.max(axis=1)
    return ClassPairs(classes, classes[nearest], distance, to_nearest, average, worst)


def _mean_distance(vectors: Floats, codes: Ints, stats: ClassStats) -> Reals:
    """(K,) mean distance of a class's rows to its mean."""
    total = np.zeros(len(stats.counts))
    for start in range(0, len(vectors), ROWS):
        part = codes[start : start + ROWS]
        steps = vectors[start : start + ROWS].astype(np.float64) - stats.means[part]
        np.add.at(total, part, np.sqrt(np.einsum("ij,ij->i", steps, steps)))
    return np.asarray(total / np.maximum(stats.counts, 1))
