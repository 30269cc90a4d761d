"""Whose triplets are counted, and with which margin?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.catalogue.triplet_census.kernel_margin_counts import (
    Asked,
    Known,
    MarginCounts,
    margin_counts,
)
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.placed import place
from embedding_second_opinion.geometry.passes.rank_results import Ranks, needs_precision
from embedding_second_opinion.geometry.passes.ranks import Ints, Reals
from embedding_second_opinion.geometry.passes.row_keys import row_keys
from embedding_second_opinion.geometry.passes.source import Rows

UNIT_MARGIN = 0.2  # the usual one on unit vectors: FaceNet's, and that of many libraries
SHARE_OF_MEDIAN = UNIT_MARGIN / np.sqrt(2)  # random unit vectors are sqrt(2) apart
RULED = 128  # anchors whose negatives set the median distance: one block of scores
CURVE = 2048  # anchors of the curve over margins
GRID = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0)  # of the median distance to a negative

# A query is spent where fewer than 1 in 20 of its random triplets violate the margin: with one triplet a
# row in an epoch, it is met less than once in twenty epochs, and a batch's mean loss gives it less than a
# twentieth of the weight that a mined triplet has.
FEW = 20


@dataclass(frozen=True, eq=False)
class Side:
    """Queries against a gallery, both row numbers of the set, and their rank pass."""

    ranks: Ranks
    queries: Rows
    gallery: Rows

    @property
    def alone(self) -> bool:
        """Whether the rows are looked up among themselves."""
        return self.queries is self.gallery


def sides(space: Geometry) -> tuple[Side, Side]:
    """The triplets as a validation loop draws them, and as the answers are given; one, if they are one.

    The first is of the queries among themselves, as the triplet accuracy is; where these have no triplet,
    or no distances, of the queries against the gallery.
    """
    evaluation, within = space.evaluation, space.within
    answers = Side(space.ranks, evaluation.queries, evaluation.enrolled)
    if evaluation.leave_one_out or within is None or not len(within.anchors):
        return answers, answers
    return Side(within, evaluation.queries, evaluation.queries), answers


@dataclass(frozen=True)
class Margin:
    """value: in the unit of the distance. median: of d(a, n); share: value / median, NaN without a median.

    given: whether the user gave it.
    """

    value: float
    median: float
    share: float
    given: bool
    words: str


def choose_margin(space: Geometry, side: Side, given: float | None) -> Margin:
    """The user's margin; else 0.2 on unit vectors, and elsewhere as much of the median as that is there."""
    median = _median_negative(space, side)
    unit = space.metric == "euclidean" and bool(
        np.allclose(np.linalg.norm(space.points.astype(np.float64), axis=1), 1, atol=2e-3)
    )
    if given is not None:
        value, words = given, "the margin given"
    elif unit or not median > 0:
        value, words = UNIT_MARGIN, "no margin was given: 0.2, the usual one on unit vectors"
    else:
        value = float(SHARE_OF_MEDIAN) * median
        words = "no margin was given: 14 % of the median distance, as 0.2 is on unit vectors"
    share = value / median if median > 0 else float("nan")
    return Margin(value, median, share, given is not None, words)


def counted(space: Geometry, side: Side, margin: float) -> MarginCounts:
    """All triplets of one side, by one pass."""
    every = np.arange(len(side.queries))
    return _pass(space, side, every, np.array([margin]), 0)


def curve(space: Geometry, side: Side, margin: Margin) -> tuple[Reals, Reals, int]:
    """Margins from 0 on, the active share of all triplets at each, and the anchors counted, CURVE at most."""
    if not margin.median > 0:
        return np.zeros(0), np.zeros(0), 0
    margins = np.unique(np.append(np.array(GRID) * margin.median, margin.value))
    positions = _some(space, side, CURVE, "curve")
    found = _pass(space, side, positions, margins, int(np.searchsorted(margins, margin.value)))
    ranks = side.ranks
    pairs = ranks.positives[positions] * ranks.negatives[positions]
    active = np.concatenate([[ranks.lost[positions] / pairs], (found.active / pairs[:, None]).T])
    return np.append(0.0, margins), np.asarray(active.mean(axis=1)), len(positions)


def active_if_squared(space: Geometry, side: Side, margin: float) -> float:
    """Active share where the loss took squared distances, as FaceNet's does; over CURVE anchors at most."""
    positions = _some(space, side, CURVE, "curve")
    found = _pass(space, side, positions, np.array([margin]), 0, squared=True)
    pairs = side.ranks.positives[positions] * side.ranks.negatives[positions]
    return float((found.active[:, 0] / pairs).mean())


def _pass(
    space: Geometry, side: Side, positions: Ints, margins: Reals, at: int, squared: bool = False
) -> MarginCounts:
    evaluation, queries = space.evaluation, side.queries[positions]
    placed = place(evaluation.codes, len(evaluation.classes), queries, side.gallery, 0)
    precise = needs_precision(placed.plan)
    source = space.source(queries[placed.order], placed.plan.rows, precise=precise)
    asked = Asked(margins, at, FEW, squared)
    return margin_counts(placed, source, Known.of(side.ranks, positions), asked)


def _median_negative(space: Geometry, side: Side) -> float:
    """Median distance of some anchors to all rows of other classes."""
    positions = _some(space, side, RULED, "median")
    queries, codes = side.queries[positions], space.evaluation.codes
    source = space.source(queries, side.gallery, precise=True)
    distances = source.block(0, len(queries), precise=True)
    other = codes[queries][:, None] != codes[side.gallery][None, :]
    return float(np.median(distances[other]))


def _some(space: Geometry, side: Side, many: int, purpose: str) -> Ints:
    """Positions of at most so many anchors, the same whatever order the rows came in."""
    anchors = side.ranks.anchors
    if len(anchors) <= many:
        return anchors
    if not space.has_vectors:
        return anchors[np.linspace(0, len(anchors) - 1, many).round().astype(np.int64)]
    keys = row_keys(space.points[anchors], space.rng(f"triplet_census: {purpose}"))
    return np.sort(anchors[np.argsort(keys, kind="stable")[:many]])
