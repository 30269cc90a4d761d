"""How many enrolled classes have a row within so far of each query? One blocked pass, no ranks.

What false-positive identification at any size of the gallery is computed from: a draw of G classes takes
nobody for enrolled exactly where it holds none of these (Grother & Phillips, CVPR 2004).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals

from .kernels import jit, squared_distance
from .ranks import LARGE_CLASS, ROWS
from .source import Source, VectorSource
from .sweep import sweep


@dataclass(frozen=True, eq=False)
class Reach:
    """What a block needs besides its source. Places of the gallery are sorted by class.

    own: (q,) class among those enrolled that a query does not count, its own; -1 for none.
    class_start: (K + 1,). thresholds: (T,) distances.
    """

    own: Ints
    class_start: Ints
    thresholds: Reals


def classes_within(reach: Reach, source: Source) -> Ints:
    """(q, T) classes with a row at most as far as each threshold; a row exactly as far counts.

    Decided by float32 scores, and by direct differences in float64 where these leave a doubt, so that the
    count is positive exactly where the nearest neighbour is within the threshold.
    """
    n = len(reach.own)
    spans = [(start, min(start + ROWS, n)) for start in range(0, n, ROWS)]
    work = partial(_one_block, reach, source)
    return np.concatenate([part for _, part in sweep(work, spans, "classes within reach")])


def _one_block(reach: Reach, source: Source, start: int, stop: int) -> Ints:
    precise = bool((np.diff(reach.class_start) > LARGE_CLASS).any())
    scores, slack = source.scores(start, stop, precise=precise)
    counts = np.zeros((stop - start, len(reach.thresholds)), dtype=np.int64)
    cosine = isinstance(source, VectorSource) and source.cosine
    _count(
        scores, slack, _bounds(source, reach.thresholds, start, stop), reach.thresholds,
        source.queries[start:stop], source.gallery, source.recheck, cosine,
        reach.own[start:stop], reach.class_start, counts,
    )  # fmt: skip
    return counts


def _bounds(source: Source, thresholds: Reals, start: int, stop: int) -> Reals:
    """(rows, T) thresholds in the unit of the scores."""
    if not isinstance(source, VectorSource):
        return np.tile(thresholds, (stop - start, 1))
    squares = 2 * thresholds if source.cosine else thresholds * np.abs(thresholds)
    return np.asarray(squares * source.scale**2 - source.own[start:stop, None])


@jit
def _count(  # type: ignore[no-untyped-def]
    scores, slack, bounds, thresholds, queries, gallery, recheck, cosine, own, class_start, counts
):
    """Fill ``counts``: a class's nearest score settles it, unless it lies within the slack."""
    for i in range(scores.shape[0]):
        s = scores[i]
        for c in range(class_start.shape[0] - 1):
            if c == own[i]:
                continue
            nearest = np.inf
            for j in range(class_start[c], class_start[c + 1]):
                if s[j] < nearest:
                    nearest = s[j]
            for t in range(thresholds.shape[0]):
                # Rounding of the bound itself is relative to it; twice the slack is more than enough.
                window = 2 * slack[i] if recheck else 0.0
                if nearest > bounds[i, t] + window:
                    continue
                if nearest < bounds[i, t] - window or not recheck:
                    counts[i, t] += 1
                    continue
                for j in range(class_start[c], class_start[c + 1]):
                    if s[j] <= bounds[i, t] + window:
                        exact = squared_distance(queries[i], gallery[j])
                        distance = exact / 2 if cosine else np.sqrt(exact)
                        if distance <= thresholds[t]:
                            counts[i, t] += 1
                            break
