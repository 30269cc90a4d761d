"""How skewed would the occurrences be in a cloud of this shape that has no rows of its own kind?

No fixed number tells many hubs from few: S_N10 is near 5 for any Gaussian cloud of 64 dimensions and below 1
for images that lie on a few. So the same classes are drawn as Gaussian ones: their means, the covariance
within classes, each class as wide as it is, and the lengths where all are one. A surrogate shares the
intrinsic dimension, not the odd rows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.classes import class_statistics
from embedding_second_opinion.geometry.passes.row_keys import class_keys, drawn, row_keys

from .occurrences import K, evenness

DRAWS = 39  # smallest and largest are bounds at 95 %: one cloud in forty lies beyond either
ROWS = 800  # compared, in a second; S_N10 depends on their number, so that both sides have as many
OF_A_CLASS = 100  # rows, at most, so that several classes are among them
ONE_LENGTH = 1e-3  # relative spread of the lengths, below which all are one
SHARES = np.array([1, 2, 3, 5, 7, 10, 20, 30, 50, 70, 100]) / 1000  # of the rows


@dataclass(frozen=True, eq=False)
class Expected:
    """measured: S_N10 of the rows compared, looked up as the set is. draws: (DRAWS,) that of each surrogate.

    rows: how many were compared; whole: whether these are all. held: (SHARES,) share of all neighbours that
    the most frequent rows make up; held_draws: (DRAWS, SHARES) the same of the surrogates.
    """

    measured: float
    draws: Reals
    rows: int
    whole: bool
    held: Reals
    held_draws: Reals

    @property
    def beyond(self) -> bool:
        """Whether the set is more skewed than every surrogate."""
        return self.measured > float(self.draws.max())


@dataclass(frozen=True, eq=False)
class _Rows:
    """space: the rows compared, looked up as the set is. points: (n, d) of them, in float64; codes: (n,).

    whole: whether these are all.
    """

    space: Geometry
    points: Reals
    codes: Ints
    whole: bool

    @classmethod
    def of(cls, points: Reals, codes: Ints, split: tuple[str, ...] | None, whole: bool) -> _Rows:
        """split: "test" for a row that is looked up, "train" for one that is enrolled; None: both."""
        data = EmbeddingSet.from_arrays(_single(points), codes, split=split)
        return cls(Geometry(arrange(data)), points, codes, whole)

    def counts(self, points: Reals) -> Ints:
        """N_10 of the enrolled rows under other points."""
        evaluation = self.space.evaluation
        assert evaluation.data is not None
        # The same rows once more: what was read from them is not read again.
        data = replace(evaluation.data, vectors=_single(points))
        near = self.space.rearranged(data, listed=K).neighbors(K).rows
        return np.bincount(near[near >= 0], minlength=len(points))[evaluation.enrolled]


def expected(space: Geometry) -> Expected | None:
    """None where too few rows or classes are left to compare, or no class has two rows."""
    rows = _chosen(space)
    if rows is None:
        return None
    rng = space.rng("hubness: Gaussian surrogate")
    shape = _Shape.of(rows)
    if shape is None:
        return None
    own = rows.counts(rows.points)
    draws = [rows.counts(shape.drawn(rng)) for _ in range(DRAWS)]
    return Expected(
        measured=evenness(own).skewness,
        draws=np.array([evenness(counts).skewness for counts in draws]),
        rows=len(rows.codes),
        whole=rows.whole,
        held=held(own),
        held_draws=np.array([held(counts) for counts in draws]),
    )


def held(counts: Ints) -> Reals:
    """(SHARES,) share of all neighbours that this share of the rows, the most frequent, makes up."""
    most = np.concatenate([[0], np.cumsum(np.sort(counts)[::-1])])
    share = most / max(most[-1], 1)
    return np.asarray(np.interp(SHARES * len(counts), np.arange(len(most)), share))


def _chosen(space: Geometry) -> _Rows | None:
    """Whole classes in random order, at most OF_A_CLASS rows of each, until there are ROWS."""
    evaluation = space.evaluation
    alone = evaluation.leave_one_out
    points = space.points if alone else np.concatenate([space.points, space.enrolled_points])
    rows = evaluation.queries
    looked_up = np.ones(len(points), dtype=np.bool_)
    if not alone:
        rows = np.concatenate([rows, evaluation.enrolled])
        looked_up[len(evaluation.queries) :] = False
    codes = np.unique(evaluation.codes[rows], return_inverse=True)[1].astype(np.int64)
    classes = int(codes.max()) + 1
    keys = row_keys(points, space.rng("hubness: rows compared"))
    # The same share of queries and enrolled rows where a class is thinned out.
    kept = drawn(keys, codes, np.full(classes, OF_A_CLASS))
    by_key = np.argsort(class_keys(keys, codes, classes), kind="stable")
    sizes = np.bincount(codes[kept], minlength=classes)[by_key]
    taken = by_key[: max(2, int(np.searchsorted(np.cumsum(sizes), ROWS, side="right")))]
    place = np.full(classes, -1)
    place[taken] = np.arange(len(taken))
    kept = kept[place[codes[kept]] >= 0]
    # Sorted by class and key, so that the order of rows and the names of classes change nothing.
    kept = kept[np.lexsort((keys[kept], place[codes[kept]]))]
    queries, enrolled = looked_up[kept], np.full(len(kept), True) if alone else ~looked_up[kept]
    own = place[codes[kept]]
    both = np.intersect1d(own[queries], own[enrolled])
    if len(both) < 2 or np.count_nonzero(enrolled) <= K + 1:
        return None
    split = None if alone else tuple(np.where(queries, "test", "train").tolist())
    narrow = _narrow(points[kept].astype(np.float64))
    return _Rows.of(narrow, own, split, whole=len(kept) == len(points))


@dataclass(frozen=True, eq=False)
class _Shape:
    """What the surrogates share with the rows. means: (n, d) of each row's class, less what chance adds.

    width: (n,) of each row's class, relative to the pooled one. root: (d, d) of the pooled covariance.
    length: of all rows, 0 where they differ.
    """

    means: Reals
    width: Reals
    root: Reals
    length: float

    @classmethod
    def of(cls, rows: _Rows) -> _Shape | None:
        """None where no class has two rows: its width cannot be seen."""
        n, classes = len(rows.codes), int(rows.codes.max()) + 1
        if n == classes:
            return None
        stats = class_statistics(rows.points, rows.codes, classes)
        pooled = float(np.trace(stats.within)) / (n - classes)
        if pooled == 0:
            return None
        # A class of few rows tells little of its width: the pooled one counts as one row more.
        widths = (pooled + stats.spread * stats.counts) / stats.counts
        away = stats.means - stats.mean
        between = float(stats.counts @ (away**2).sum(axis=1))
        # Means of few rows lie apart by chance as well, which the draws would add once more.
        true = max(0.0, 1 - float(widths.sum()) / between) if between > 0 else 0.0
        values, directions = np.linalg.eigh(stats.within / (n - classes))
        lengths = np.linalg.norm(rows.points, axis=1)
        one = float(lengths.std()) < ONE_LENGTH * float(lengths.mean())
        return cls(
            means=(stats.mean + np.sqrt(true) * away)[rows.codes],
            width=np.sqrt(widths / pooled)[rows.codes],
            # The symmetric root: no sign of an eigenvector changes it.
            root=(directions * np.sqrt(np.maximum(values, 0))) @ directions.T,
            length=float(lengths.mean()) if one else 0.0,
        )

    def drawn(self, rng: np.random.Generator) -> Reals:
        """(n, d) rows of Gaussian classes of this shape."""
        normal = rng.standard_normal((len(self.means), len(self.root)))
        points = self.means + self.width[:, None] * (normal @ self.root)
        if self.length == 0:
            return np.asarray(points)
        lengths = np.linalg.norm(points, axis=1, keepdims=True)
        return np.asarray(points * self.length / np.where(lengths > 0, lengths, 1))


def _single(points: Reals) -> NDArray[np.float32]:
    """Centred and brought to unit size, so that float32 holds what matters."""
    centred = points - points.mean(axis=0)
    size = float(np.sqrt((centred**2).mean()))
    single: NDArray[np.float32] = (centred / size if size > 0 else centred).astype(np.float32)
    single.setflags(write=False)
    return single


def _narrow(points: Reals) -> Reals:
    """The same rows in as many dimensions as there are rows, at most: a rotation about the origin."""
    if points.shape[1] <= len(points):
        return points
    left, values, _ = np.linalg.svd(points, full_matrices=False)
    return np.asarray(left * values)
