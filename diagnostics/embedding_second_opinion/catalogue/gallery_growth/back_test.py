"""Does the extrapolation hold on this set? Fitted to half of the classes, it predicts all of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Ints
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.metric import Metric
from embedding_second_opinion.geometry.passes.row_keys import class_keys, row_keys

from .forecast import Beyond
from .known import Known

SPLITS = 3  # each into two halves, so that every class is in as many
WORK = 20_000  # rows looked up, beyond which one split must do
HELD = 0.75  # of the halves, at least: of intervals that are right, nearly all hold the measured number


@dataclass(frozen=True)
class Half:
    """What one half of the classes predicts for all, with the interval."""

    predicted: float
    low: float
    high: float


@dataclass(frozen=True)
class BackTest:
    """What all halves predict of the accuracy measured with all classes."""

    halves: tuple[Half, ...]
    measured: float

    @property
    def error(self) -> float:
        """Predicted less measured, accuracy points, mean over the halves."""
        return float(np.mean([half.predicted for half in self.halves])) - self.measured

    @property
    def largest(self) -> float:
        """The largest error of one half, without its sign."""
        return max(abs(half.predicted - self.measured) for half in self.halves)

    @property
    def held(self) -> int:
        """Halves whose interval holds what was measured."""
        # As near as rounding lets them be is within.
        return sum(half.low - 1e-9 <= self.measured <= half.high + 1e-9 for half in self.halves)

    @property
    def passed(self) -> bool:
        """Whether the extrapolation may be believed here."""
        return self.held >= HELD * len(self.halves)


def back_test(space: Geometry, known: Known) -> BackTest | None:
    """Halves of the classes, each judged by itself. None where a half cannot be: too few classes in it.

    Needs vectors.
    """
    metric: Metric = "cosine" if space.metric == "cosine" else "euclidean"
    splits = SPLITS if len(space.evaluation.queries) <= WORK else 1
    found: list[Half] = []
    for i in range(splits):
        for classes in _halves(space, known, i):
            part = space.evaluation.of_classes(classes)
            ranks = Geometry(part, metric=metric, seed=space.seed, listed=0).beaten
            if not len(ranks.anchors) or ranks.classes < 3:
                return None
            half = Known.of(ranks)
            value, interval = Beyond.of(half, np.array([known.classes])).accuracy(0)
            if interval.low is None or interval.high is None:
                return None
            found.append(Half(value, interval.low, interval.high))
    return BackTest(tuple(found), known.accuracy)


def _halves(space: Geometry, known: Known, i: int) -> tuple[Ints, Ints]:
    """Two random halves of the classes, whatever these are called; classes with queries are shared evenly."""
    evaluation = space.evaluation
    rows = np.union1d(evaluation.queries, evaluation.enrolled)
    assert evaluation.data is not None
    keys = row_keys(evaluation.data.vectors[rows], space.rng(f"gallery growth: halves {i}"))
    by_class = class_keys(keys, evaluation.codes[rows], len(evaluation.classes))
    ids = known.ranks.class_ids
    asked = np.isin(np.arange(len(ids)), known.ranks.codes[known.ranks.anchors])
    order = ids[np.lexsort((by_class[ids], ~asked))]
    return np.sort(order[::2]), np.sort(order[1::2])
