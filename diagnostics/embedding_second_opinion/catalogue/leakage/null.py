"""From which distance on is a row no new picture any more, but a copy?

With a gallery of its own the null is the gallery among itself: as near as only one in a thousand of its
rows is to another. Rows of the gallery that have a copy there would spoil it, so for them the next row
counts. A row has a copy where the ratio of its two nearest distances has a chance below one in a million
(under a locally even density, P(ratio < x) = x^m; Facco et al., Scientific Reports 2017: TwoNN).

What is number for number the same is measured by a scale that copies cannot set: the root mean squared
distance between two rows of a class, the median over classes. Nearest distances would not do: once half
of the rows have a copy, they are distances of copies. With one copy of every row a class of m rows
still has (m - 2) / (m - 1) of its squared spread. Only classes that hold nothing but copies set it; these
are found otherwise (``doubt``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Reals
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry

SHARE = 1e-3  # of the gallery's own rows that are as near to another
# Of the distance between two rows of a class: number for number, but for rounding.
NEAR_EXACT = 1e-3
FEWEST = 100  # rows of the gallery that speak for a share of one in a thousand
CHANCE = 1e-6  # of so small a ratio of the two nearest distances
LOOKED_AT = 10  # neighbours of a gallery row: copies of it may be several


@dataclass(frozen=True, eq=False)
class Null:
    """threshold: a query at most so far from an enrolled row has a copy there; in the unit of the metric.

    own: nearest distances of the gallery's rows among themselves, copies passed over; empty without a
    gallery of its own. near_exact: the threshold is a thousandth of the distance between two rows of a
    class instead. words: how it was set.
    """

    threshold: float
    own: Reals
    near_exact: bool
    words: str


def null(space: Geometry) -> Null:
    """One pass over all pairs of the gallery where that is another set than the queries."""
    evaluation = space.evaluation
    least = ratio(space, NEAR_EXACT) * class_spread(space)
    codes = evaluation.codes[evaluation.enrolled]
    # Alone in its class a row's nearest is of another class, which says nothing of copies.
    paired = int(np.count_nonzero(np.bincount(codes)[codes] > 1))
    words = "a thousandth of the distance between two rows of a class"
    if evaluation.leave_one_out:
        why = "queries and gallery are one set, which has no null of its own"
        return Null(least, np.zeros(0), True, f"{words}, for {why}")
    if paired < FEWEST:
        why = f"only {paired:,} enrolled rows have another of their class, too few for a null"
        return Null(least, np.zeros(0), True, f"{words}, for {why}")
    gallery = space.among(evaluation.enrolled, evaluation.gallery_name)
    own = without_copies(gallery.neighbors(LOOKED_AT).distances[gallery.ranks.anchors], least)
    if not len(own):  # all of them copies of one another
        return Null(least, own, True, words)
    rows = number(len(own), f"{evaluation.gallery_name} row")
    words = f"as near as 0.1 % of {rows} are to another, copies among them passed over"
    return Null(max(least, float(np.quantile(own, SHARE))), own, False, words)


def ratio(space: Geometry, of_distances: float) -> float:
    """A ratio of distances in the unit of the metric: 1 - cos goes with the square of the angle."""
    return of_distances**2 if space.metric == "cosine" else of_distances


def class_spread(space: Geometry) -> float:
    """Distance between two rows of a class: root mean squared, the median over classes; see above."""
    evaluation, vectors = space.evaluation, space.points
    rows = evaluation.queries
    if not evaluation.leave_one_out:  # a class may have one row here and one there
        fresh = ~np.isin(evaluation.enrolled, rows)
        vectors = np.concatenate([vectors, space.enrolled_points[fresh]])
        rows = np.concatenate([rows, evaluation.enrolled[fresh]])
    codes = evaluation.codes[rows]
    counts = np.bincount(codes)
    squares = np.zeros(len(counts))
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(counts)
    for c in np.flatnonzero(counts > 1).tolist():
        block = vectors[order[ends[c] - counts[c] : ends[c]]].astype(np.float64)
        squares[c] = 2 * ((block - block.mean(axis=0)) ** 2).sum() / (counts[c] - 1)
    middle = float(np.median(squares[counts > 1])) if (counts > 1).any() else 0.0
    # On unit vectors 1 - cos is half the squared distance.
    return middle / 2 if space.metric == "cosine" else float(np.sqrt(middle))


def without_copies(distances: Reals, least: float) -> Reals:
    """(r,) distance of each row to the nearest that is no copy of it; rows that have none left out.

    distances: (n, k) to the k nearest, ascending. least: the distance up to which two rows are copies
    whatever else is near.
    """
    proper = distances > least
    distances = distances[proper.any(axis=1)]
    first = proper[proper.any(axis=1)].argmax(axis=1)
    rows = np.arange(len(distances))
    nearest = distances[rows, first]
    second = distances[rows, np.minimum(first + 1, distances.shape[1] - 1)]
    known = first + 1 < distances.shape[1]
    growth = float(np.log(np.median(second[known] / nearest[known]))) if known.any() else 0.0
    if growth <= 0:
        return np.asarray(nearest)
    dimension = np.log(2) / growth
    copied = known & (dimension * np.log(nearest / second) < np.log(CHANCE))
    return np.asarray(np.where(copied, second, nearest))
