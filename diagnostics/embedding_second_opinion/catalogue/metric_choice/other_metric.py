"""On how many queries is another metric right where the one in use is wrong, with and without each class?

A query that ties under the metric in use (a negative exactly as near as the nearest positive, none
nearer) counts for nothing: where vectors are coarse or collapsed whatever breaks ties would gain,
and breaking ties is no merit of a metric.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Bools, Ints, Reals
from embedding_second_opinion.geometry.passes.rank_results import Ranks

KEPT = -1  # no class whose going changes the answer


@dataclass(frozen=True, eq=False)
class Paired:
    """One metric against the one in use, over the same anchors.

    codes: (a,) classes, numbered as in the gallery of ``classes``. values: (a,) 1 where it alone is right,
    -1 where the one in use alone is, else 0. changed, deleted, change: (m,) the value that the query
    at place ``changed`` gains without class ``deleted``.
    """

    codes: Ints
    classes: int
    values: Reals
    changed: Ints
    deleted: Ints
    change: Reals

    @property
    def value(self) -> float:
        """Accuracy points gained."""
        return float(self.values.mean())


def paired(used: Ranks, other: Ranks, class_of: Ints) -> Paired:
    """Two passes over the same queries and gallery; class_of: (n,) of every row, in the gallery's numbers."""
    a = used.anchors
    right, tied, beaten = used.z[a] == 0, _tied(used), used.z_lenient[a] == 1
    # The nearest negative is of the class that alone is nearer than the nearest positive.
    loser = np.where(used.z[a] == 1, used.sole[a], KEPT)
    loser = np.where(beaten, class_of[np.maximum(used.nearest_negative[a], 0)], loser)
    right_without, tied_without = used.z[a] <= 1, used.z_lenient[a] <= 1
    rival = np.where(other.z[a] == 1, other.sole[a], KEPT)
    won = other.z[a] == 0

    values = _value(won, right, tied)
    both = (loser == rival) & (loser != KEPT)
    once = _value(won | both, right_without, tied_without & ~right_without) - values
    then = _value(np.ones(len(a), dtype=np.bool_), right, tied) - values
    first = np.flatnonzero((loser != KEPT) & (once != 0))
    second = np.flatnonzero((rival != KEPT) & ~both & (then != 0))
    return Paired(
        codes=used.codes[a],
        classes=used.classes,
        values=values,
        changed=np.concatenate([first, second]),
        deleted=np.concatenate([loser[first], rival[second]]),
        change=np.concatenate([once[first], then[second]]),
    )


def tied_queries(used: Ranks) -> int:
    """Queries that tie under the metric in use."""
    return int(np.count_nonzero(_tied(used)))


def without_each(values: Reals, parts: list[tuple[Paired, Reals]]) -> Reals:
    """(K,) mean of ``values`` without each class, as queries and as candidates.

    values: (a,) a mixture of the values of several metrics; parts: each with its weights, (a,).
    """
    codes, classes = parts[0][0].codes, parts[0][0].classes
    total = values.sum() - np.bincount(codes, weights=values, minlength=classes)
    for part, weight in parts:
        change = part.change * weight[part.changed]
        total += np.bincount(part.deleted, weights=change, minlength=classes)
    left = len(values) - np.bincount(codes, minlength=classes)
    return np.asarray(total / np.where(left > 0, left, np.nan))


def _tied(used: Ranks) -> Bools:
    a = used.anchors
    return np.asarray((used.z[a] > 0) & (used.z_lenient[a] == 0))


def _value(won: Bools, right: Bools, tied: Bools) -> Reals:
    return np.where(tied, 0.0, won.astype(np.float64) - right)
