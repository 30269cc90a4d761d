"""What would the accuracy be without the shift? Two counterfactuals, each looked up anew.

Moved back: every query less the common shift. Direction left out: the direction of the common shift
taken from gallery and queries both, which also undoes a shift whose length differs from query to
query. What is undone for a class is learnt from the classes of other folds, so that a class
cannot win by its own noise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import beta

from embedding_second_opinion.data.arrays import Floats, Ints, Reals, Rows
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.rank_results import Beaten
from embedding_second_opinion.stats.intervals import (
    FEWEST_CLASSES,
    LEVEL,
    Interval,
    combined_interval,
    difference_interval,
    share_interval,
)
from embedding_second_opinion.stats.jackknife import closed_set_pairs

from .two_sides import BLOCK, Sides, common_shifts


@dataclass(frozen=True, eq=False)
class Outcome:
    """1-NN of the queries against the gallery, by class of the gallery, (K,).

    asked: queries; right: of these, recognised; saved: wrong queries of any class that
    are right once this class is gone. pairs: for ``resample.share_interval``.
    """

    asked: Ints
    right: Ints
    saved: Ints
    pairs: float = 0.0

    @classmethod
    def of(cls, ranks: Beaten, kept: Rows | None = None) -> Outcome:
        """kept: positions among the anchors; all by default."""
        a = ranks.anchors if kept is None else ranks.anchors[kept]
        codes, right, sole = ranks.codes[a], ranks.right[a] > 0, ranks.sole[a]
        k = ranks.classes
        return cls(
            np.bincount(codes, minlength=k).astype(np.int64),
            np.bincount(codes[right], minlength=k).astype(np.int64),
            np.bincount(sole[sole >= 0], minlength=k).astype(np.int64),
            closed_set_pairs(ranks) if kept is None else 0.0,
        )

    @property
    def units(self) -> int:
        """Classes that are looked up."""
        return int(np.count_nonzero(self.asked))

    @property
    def value(self) -> float:
        """Share of the queries that are recognised."""
        return float(self.right.sum() / self.asked.sum())

    @property
    def without(self) -> Reals:
        """(K,) the share without each class, as queries and as candidates."""
        left = self.asked.sum() - self.asked
        rest = self.right.sum() - self.right + self.saved
        return np.asarray(rest / np.where(left > 0, left, np.nan))

    @property
    def interval(self) -> Interval:
        """Of the share."""
        return share_interval(self.value, self.without, self.units, pairs=self.pairs)


def moved_back(space: Geometry, found: Sides) -> Outcome:
    """Every query less the common shift of the other folds' classes."""
    shifts = common_shifts(found)
    vectors = found.vectors.astype(np.float32)
    asked = np.flatnonzero(found.query)
    for start in range(0, len(asked), BLOCK):
        at = asked[start : start + BLOCK]
        rows = found.rows[at]
        moved = found.vectors[rows].astype(np.float64) - shifts[found.fold[found.codes[at]]]
        vectors[rows] = _not_zero(moved, found.vectors[rows])
    return Outcome.of(space.rearranged(_with(space, vectors), listed=0).beaten)


def direction_left_out(space: Geometry, found: Sides) -> Outcome | None:
    """Gallery and queries without the direction of the common shift, each fold by that of the others.

    None where there is no shift at all, or no second dimension.
    """
    shifts = common_shifts(found)
    lengths = np.linalg.norm(shifts, axis=1)
    if found.vectors.shape[1] < 2 or not (lengths > 0).all():
        return None
    parts = []
    for f, direction in enumerate(shifts / lengths[:, None]):
        vectors = np.empty(found.vectors.shape, dtype=np.float32)
        for start in range(0, len(vectors), BLOCK):
            rows = found.vectors[start : start + BLOCK]
            flat = rows.astype(np.float64)
            flat -= np.outer(flat @ direction, direction)
            vectors[start : start + BLOCK] = _not_zero(flat, rows)
        evaluation = replace(
            space.evaluation,
            queries=np.sort(found.rows[found.query & (found.fold[found.codes] == f)]),
            strangers=np.zeros(0, dtype=np.int64),
            data=_with(space, vectors),
        )
        of_fold = Geometry(evaluation, metric=space.metric, seed=space.seed, listed=0)
        parts.append(Outcome.of(of_fold.beaten))
    asked = np.sum([p.asked for p in parts], axis=0)
    return Outcome(
        asked,
        np.sum([p.right for p in parts], axis=0),
        np.sum([p.saved for p in parts], axis=0),
        sum(p.pairs * float(p.asked.sum() / asked.sum()) ** 2 for p in parts),
    )


def gain(before: Outcome, after: Outcome) -> tuple[float, Interval]:
    """After less before, with a paired interval over classes."""
    value, units = after.value - before.value, before.units
    change = after.without - before.without
    moved = int(np.count_nonzero(after.right != before.right))
    if units >= FEWEST_CLASSES and np.ptp(change) < 1e-12:
        # No class moves the gain, so the jackknife is blind: how many of K classes may change
        # where this many do?
        bound = float(beta.ppf(LEVEL, moved + 1, units - moved))
        word = "changes" if moved == 1 else "change"
        method = f"rule of three over {units} classes, {moved} of which {word}"
        return value, Interval(value - bound, value + bound, method, unresolved=True)
    one, two = after.interval, before.interval
    if moved < FEWEST_CLASSES and (one.unresolved or two.unresolved):
        # At a limit, where few classes change, no paired spread can be seen.
        return value, combined_interval(after.value, one, before.value, two)
    return value, difference_interval(value, change, units)


def _with(space: Geometry, vectors: Floats) -> EmbeddingSet:
    data = space.evaluation.data
    assert data is not None
    single = vectors.astype(np.float32)
    single.setflags(write=False)
    return replace(data, vectors=single)


def _not_zero(moved: Reals, rows: Floats) -> Reals:
    """A row of length zero has no direction under cosine: it stays where it was."""
    zero = ~(np.abs(moved).max(axis=1) > 0)
    return np.where(zero[:, None], rows, moved)
