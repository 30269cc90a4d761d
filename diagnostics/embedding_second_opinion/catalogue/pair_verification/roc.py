"""Which figures does a ROC give? Of points from any source, or of counts of pairs by distance.

Points: (..., n) shares of impostor pairs (FAR) and of genuine pairs (TAR) accepted as the threshold
rises, never falling. Several curves at once stand in the leading axes. NaN where a curve has no pair
of a kind. Source: Fawcett, Pattern Recognition Letters 2006.
"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals

REACHED = 1 + 1e-6  # a level counts as reached in spite of the rounding of float32 points


def points(genuine: Ints, impostor: Ints) -> tuple[Reals, Reals]:
    """(..., B + 1) FAR and TAR from (..., B) counts by distance, ascending; one point an edge."""
    return _rising(impostor), _rising(genuine)


def area(far: Reals, tar: Reals) -> Reals:
    """(...) area under the curve, by trapezoids: a tie counts half. AUC where it runs from 0 to 1."""
    middle = (tar[..., 1:] + tar[..., :-1]) / 2
    return np.asarray((np.diff(far, axis=-1) * middle).sum(axis=-1))


def equal_error(far: Reals, tar: Reals) -> Reals:
    """(...) equal error rate: where FAR = 1 - TAR, on the line between the two points about it."""
    gap = far + tar - 1
    after = (gap >= 0).argmax(axis=-1)
    before = np.maximum(after - 1, 0)
    low, high = _at(gap, before), _at(gap, after)
    step = high - low
    along = np.divide(-low, step, out=np.zeros_like(step), where=step > 0)
    one, two = _at(far, before), _at(far, after)
    return np.asarray(one + along * (two - one))


def tar_at(far: Reals, tar: Reals, level: float) -> Reals:
    """(...) share of genuine pairs accepted where this share of impostor pairs is (TAR at FAR).

    At the last point that does not exceed ``level``, and on the line to the next one; between the
    points of distances that all differ that line is level.
    """
    before = np.maximum((far <= level * REACHED).sum(axis=-1) - 1, 0)
    after = np.minimum(before + 1, far.shape[-1] - 1)
    one, two = _at(far, before), _at(far, after)
    step = two - one
    along = np.divide(level - one, step, out=np.zeros_like(step), where=step > 0)
    low = _at(tar, before)
    return np.asarray(low + np.clip(along, 0, 1) * (_at(tar, after) - low))


def balanced(far: Reals, tar: Reals) -> Reals:
    """(..., n) share judged rightly where half of the pairs are genuine."""
    return np.asarray((tar + 1 - far) / 2)


def best(far: Reals, tar: Reals, edges: Reals) -> Ints:
    """(...) the point with the most of balanced pairs right; the middle one of a flat top.

    edges: (n,) distance of each point, up to which pairs are accepted. The middle keeps as far as it can
    from the pairs on either side: that of the point, and that of the first one that is worse.
    """
    # Rounded, so that the same number of pairs right is the same share whatever kinds they are of.
    right = np.round(balanced(far, tar), 12)
    first = right.argmax(axis=-1)
    lower = (right != _at(right, first)[..., None]) & (np.arange(len(edges)) > first[..., None])
    worse = np.where(lower.any(axis=-1), lower.argmax(axis=-1), len(edges) - 1)
    middle = np.searchsorted(edges, (edges[first] + edges[worse]) / 2, side="right") - 1
    return np.asarray(np.maximum(middle, first), dtype=np.int64)


def precision(far: Reals, tar: Reals, genuine_share: Reals | float) -> Reals:
    """(...) share of the pairs called the same that are, where this share of all pairs is genuine."""
    right = tar * genuine_share
    called = right + far * (1 - np.asarray(genuine_share))
    nothing = np.full(np.shape(called), np.nan)
    return np.asarray(np.divide(right, called, out=nothing, where=called > 0))


def _rising(counts: Ints) -> Reals:
    total = counts.sum(axis=-1, keepdims=True)
    sums = np.zeros((*counts.shape[:-1], counts.shape[-1] + 1))
    np.cumsum(counts, axis=-1, out=sums[..., 1:])
    return np.asarray(np.divide(sums, total, out=np.full_like(sums, np.nan), where=total > 0))


def _at(values: Reals, index: Ints) -> Reals:
    return np.take_along_axis(values, index[..., None], axis=-1)[..., 0]
