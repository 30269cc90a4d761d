"""Whose triplets are counted, and with which margin?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals, Rows
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.placed import Placed, place
from embedding_second_opinion.geometry.passes.rank_results import Ranks, needs_precision
from embedding_second_opinion.geometry.passes.row_keys import row_keys
from embedding_second_opinion.geometry.passes.source import Source

from .kernel_margin_counts import Asked, Known, MarginCounts, active_counts, margin_counts

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
    placed, source = _placed(space, side, every)
    asked = Asked(np.array([margin]), 0, FEW)
    return margin_counts(placed, source, Known.of(side.ranks, every), asked)


@dataclass(frozen=True, eq=False)
class MarginShares:
    """margins: from 0 on; active: the active share of all triplets at each. Both empty without a median.

    anchors: how many were counted, CURVE at most; 0 without a median. if_squared: the active share where
    the loss took squared distances, as FaceNet's does; NaN under another metric.
    """

    margins: Reals
    active: Reals
    anchors: int
    if_squared: float


def curve(space: Geometry, side: Side, margin: Margin) -> MarginShares:
    """All triplets of some anchors at several margins, by one pass."""
    margins = np.zeros(0)
    if margin.median > 0:
        margins = np.unique(np.append(np.array(GRID) * margin.median, margin.value))
    squared = np.repeat([False, True], [len(margins), space.metric == "euclidean"])
    if not len(squared):
        return MarginShares(np.zeros(0), np.zeros(0), 0, float("nan"))
    asked = np.append(margins, margin.value)[: len(squared)]
    positions = _some(space, side, CURVE, "curve")
    found = active_counts(*_placed(space, side, positions), asked, squared)
    ranks = side.ranks
    pairs = ranks.positives[positions] * ranks.negatives[positions]
    shares = np.concatenate([[ranks.lost[positions] / pairs], (found / pairs[:, None]).T])
    means = np.asarray(shares.mean(axis=1))
    if_squared = float(means[-1]) if squared[-1] else float("nan")
    if not len(margins):
        return MarginShares(np.zeros(0), np.zeros(0), 0, if_squared)
    known = means[: len(margins) + 1]
    return MarginShares(np.append(0.0, margins), known, len(positions), if_squared)


def _placed(space: Geometry, side: Side, positions: Ints) -> tuple[Placed, Source]:
    evaluation, queries = space.evaluation, side.queries[positions]
    placed = place(evaluation.codes, len(evaluation.classes), queries, side.gallery, 0)
    precise = needs_precision(placed.plan)
    return placed, space.source(queries[placed.order], placed.plan.rows, precise=precise)


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
