"""How unequal are the classes in size, and have the small ones run into one another?

Sources: Cui et al., CVPR 2019 (effective number of samples); Fang et al., PNAS 2021 (minority collapse: the
directions of small classes become one).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.geometry.passes.classes import ClassStats

THIRDS = ("head", "middle", "tail")


def thirds(sizes: Ints, asked: Reals) -> Mapping[str, Reals]:
    """Weights (K,), 0 or 1, of the thirds of the classes that take part, largest first.

    sizes: (K,) rows; asked: (K,) 1 for a class that takes part, else 0. Classes of one size stay
    together: a border goes to the change of size nearest to it (of two as near, the earlier), so
    thirds are uneven, and there is no middle where both borders meet. Empty where all have one size.
    """
    kinds, counts = np.unique(sizes[asked > 0], return_counts=True)
    edges = np.cumsum(counts[::-1])[:-1]  # classes before each change of size
    if not len(edges):
        return {}
    count = int(counts.sum())
    first, second = (int(np.abs(3 * edges - i * count).argmin()) for i in (1, 2))
    rank = len(kinds) - 1 - np.searchsorted(kinds, sizes)  # 0 for the largest size
    parts = (rank <= first, (rank > first) & (rank <= second), rank > second)
    return {
        name: part * asked for name, part in zip(THIRDS, parts, strict=True) if (part * asked).any()
    }


def size_correlation(sizes: Ints, recall: Reals) -> tuple[float, Reals] | None:
    """Pearson's correlation of log size and recall over classes, (K,) each, and its delete-one values.

    Ranks would mislead: a class of 5 is often all right and one of 500 hardly ever, so under equal
    recall the ranks still fall with size. None where one of the two does not vary.
    """
    x, y = np.log(sizes), recall - recall.mean()
    x = x - x.mean()
    if len(x) < 3 or np.ptp(x) < 1e-12 or np.ptp(y) < 1e-12:
        return None
    n = len(x) - 1
    left_x, left_y = -x, -y  # sums without each: both are centred
    xy = (x * y).sum() - x * y - left_x * left_y / n
    xx = (x**2).sum() - x**2 - left_x**2 / n
    yy = (y**2).sum() - y**2 - left_y**2 / n
    varies = (xx > 1e-12 * (x**2).sum()) & (yy > 1e-12 * (y**2).sum())
    spread = np.sqrt(np.maximum(xx * yy, 0.0))
    without = np.divide(xy, spread, out=np.full(len(x), np.nan), where=varies)
    return float((x * y).sum() / np.sqrt((x**2).sum() * (y**2).sum())), without


def effective_classes(sizes: Ints) -> float:
    """exp of the entropy of the class shares: K where all classes have one size, 1 where one has all."""
    share = sizes[sizes > 0] / sizes.sum()
    return float(np.exp(-(share * np.log(share)).sum()))


def effective_samples_share(sizes: Ints) -> float:
    """sum over classes of (1 - beta^n) / (1 - beta), over N; beta = (N - 1) / N, N all rows.

    In Cui et al. N is the number of distinct samples that a class can hold, which nobody knows; all rows of
    the set stand for it. 1 where every row brings something new, towards .63 where one class has all.
    """
    total = int(sizes.sum())
    beta = (total - 1) / total
    return float(((1 - beta**sizes) / (1 - beta)).sum() / total)


def tail_cosine(
    stats: ClassStats, head: Reals, tail: Reals, asked: Reals
) -> tuple[float, Reals] | None:
    """How much more alike the means of the tail's classes are than the head's, and that without each class.

    Mean cosine between two different centred class means of the tail, less that of the head, in
    [-2, 2]; the centre is the mean of all rows, which large classes rule. head, tail, asked: (K,) weights
    by class of ``stats``. Without a class its pairs are gone exactly; the move of the centre enters
    to first order.
    None where a third has no two classes, or their means coincide with the centre.
    """
    used = asked > 0
    means, rows = stats.means[used], stats.counts[used]
    offset = means - stats.mean
    length = np.linalg.norm(offset, axis=1)
    # Means that differ by rounding only have no direction.
    if not (length > 1e-10 * np.linalg.norm(means, axis=1).max(initial=0.0)).all():
        return None
    unit = offset / length[:, None]
    # Where the centre of the rows goes without each class; a class with all rows leaves none.
    move = -offset * (rows / np.maximum(stats.counts.sum() - rows, 1))[:, None]
    found = []
    for weights in (tail[used], head[used]):
        if np.count_nonzero(weights) < 2:
            return None
        found.append(_mean_cosine(unit, length, move, weights))
    (of_tail, tail_without), (of_head, head_without) = found
    return of_tail - of_head, tail_without - head_without


def _mean_cosine(unit: Reals, length: Reals, move: Reals, weights: Reals) -> tuple[float, Reals]:
    """Mean cosine of two different rows of ``unit`` under these weights, and that without each row.

    Pairs are never written out: the sum of all cosines is the square of the summed vectors.
    """
    squares = float((weights**2).sum())
    total = weights @ unit
    pairs = weights.sum() ** 2 - squares
    # Without each: its own pairs are gone ...
    rest = total - weights[:, None] * unit
    gone = np.einsum("ij,ij->i", rest, rest) - (squares - weights**2)
    # ... and the centre moves: every unit vector turns by the part of the move across it.
    turn = weights / length
    across = turn.sum() * np.eye(unit.shape[1]) - (unit * turn[:, None]).T @ unit
    own = np.einsum("ij,ij->i", move, rest) - np.einsum("ij,ij->i", move, unit) * np.einsum(
        "ij,ij->i", rest, unit
    )
    moved = -2 * (np.einsum("ij,ij->i", move @ across, rest) - turn * own)
    left = (weights.sum() - weights) ** 2 - (squares - weights**2)
    without = np.divide(gone + moved, left, out=np.full(len(left), np.nan), where=left > 1e-12)
    return float((total @ total - squares) / pairs), np.asarray(without)
