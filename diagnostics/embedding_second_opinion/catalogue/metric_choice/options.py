"""What are the vectors under another metric? Maps of the rows, fitted on the gallery without its labels.

Left out because they change no order: centring under euclidean distance moves all rows alike; and PCA
whitening is whitening turned about, which no distance and no cosine sees.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from sklearn.covariance import ledoit_wolf
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from embedding_second_opinion.data.arrays import Floats, Reals, Rows
from embedding_second_opinion.data.embeddings import EmbeddingSet, FloatMatrix
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.metric import Metric
from embedding_second_opinion.geometry.passes.row_keys import row_keys

BLOCK = 4096
QUERIES = 5_000  # looked up under each metric: where one answer in 20 differs, 0.3 points of standard error
FITTED = 50_000  # rows of the gallery that a map is fitted on
WIDEST = 2_048  # columns up to which a covariance is made and taken apart in seconds
SAME_LENGTH = 1e-6  # relative: a unit vector in float32 is nearer than that to unit length


@dataclass(frozen=True, eq=False)
class Linear:
    """x to (x - centre) * scale, or to (x - centre) @ scale. scale: (d,) or (d, d).

    widens: how many times wider the quietest direction that varies becomes, against the root mean square.
    """

    centre: Reals
    scale: Reals
    widens: float = 1.0

    def of(self, rows: Floats) -> Reals:
        """(n, d) rows, in float64."""
        moved = rows - self.centre
        return np.asarray(moved * self.scale if self.scale.ndim == 1 else moved @ self.scale)


Fit = Callable[[Reals], Linear | str]


@dataclass(frozen=True)
class Option:
    """A metric: a map of the rows, and the distance between what it gives.

    key: of its estimates. name: in a sentence. fit: from (g, d) rows of the gallery, float64, a map or the
    reason why there is none; None where the rows stay as they are. code: how scikit-learn does it.
    """

    key: str
    name: str
    metric: Metric
    fit: Fit | None = None
    code: str = ""


def centred(rows: Reals) -> Linear | str:
    """Less the mean of the gallery."""
    return Linear(rows.mean(axis=0), np.ones(rows.shape[1]))


def scaled(rows: Reals) -> Linear | str:
    """Each column less its mean, over its standard deviation; a constant column stays as wide as it is."""
    model = StandardScaler().fit(rows)
    if not model.var_.max() > 0:
        return "no column of the gallery varies"
    varies = model.scale_[model.var_ > 0]  # a constant column has the scale 1, and no say
    return Linear(model.mean_, 1 / model.scale_, float(np.sqrt(model.var_.mean()) / varies.min()))


def whitened(rows: Reals) -> Linear | str:
    """Mahalanobis distance of the gallery's covariance, shrunk by Ledoit and Wolf."""
    d = rows.shape[1]
    if d > WIDEST:
        return f"a covariance of {d:,} columns takes too long (at most {WIDEST:,})"
    centre = rows.mean(axis=0)
    moved = rows - centre
    size = float(np.abs(moved).max())
    if not size > 0:
        return "no column of the gallery varies"
    # Fourth powers enter the shrinkage; and bits must not depend on the number of threads.
    with threadpool_limits(1, user_api="blas"):
        covariance, _ = ledoit_wolf(moved / size, assume_centered=True)
        variances, axes = np.linalg.eigh(covariance)
    known = variances > d * np.finfo(np.float64).eps * variances[-1]
    roots = np.where(known, np.sqrt(np.where(known, variances, 1.0)), np.inf)
    widens = float(np.sqrt(variances.mean()) / roots.min())
    return Linear(centre, axes / roots / size, widens)


EUCLIDEAN = Option("euclidean", "euclidean distance", "euclidean", code="train, test")
COSINE = Option("cosine", "cosine", "cosine", code="normalize(train), normalize(test)")
OPTIONS = (
    EUCLIDEAN,
    COSINE,
    Option(
        "centred_cosine",
        "cosine after centring",
        "cosine",
        centred,
        "mean = train.mean(axis=0); normalize(train - mean), normalize(test - mean)",
    ),
    Option(
        "scaled",
        "euclidean distance on scaled columns",
        "euclidean",
        scaled,
        "scaler = StandardScaler().fit(train); scaler.transform(train), scaler.transform(test)",
    ),
    Option(
        "scaled_cosine",
        "cosine on scaled columns",
        "cosine",
        scaled,
        "scaler = StandardScaler().fit(train); normalize(scaler.transform(train)), "
        "normalize(scaler.transform(test))",
    ),
    Option(
        "whitened",
        "euclidean distance after whitening",
        "euclidean",
        whitened,
        "root = np.linalg.cholesky(LedoitWolf().fit(train).precision_); train @ root, test @ root",
    ),
    Option(
        "whitened_cosine",
        "cosine after whitening",
        "cosine",
        whitened,
        "model = LedoitWolf().fit(train); root = np.linalg.cholesky(model.precision_); normalize((train - "
        "model.location_) @ root), normalize((test - model.location_) @ root)",
    ),
)


def same_length(vectors: Floats) -> bool:
    """Whether euclidean distance and cosine order all pairs of these rows alike."""
    blocks = [vectors[at : at + BLOCK] for at in range(0, len(vectors), BLOCK)]
    lengths = np.concatenate([np.linalg.norm(b.astype(np.float64), axis=1) for b in blocks])
    return bool(lengths.min() > 0 and lengths.max() <= (1 + SAME_LENGTH) * lengths.min())


@dataclass(frozen=True, eq=False)
class Looked:
    """The queries and the gallery under a metric; widens: see ``Linear``."""

    space: Geometry
    widens: float


class Spaces:
    """The same queries and gallery under each metric; where there are many, some of the queries.

    queries: row numbers of those that are looked up. fitted: rows of the gallery that maps are fitted on.
    """

    def __init__(self, space: Geometry) -> None:
        data = space.evaluation.data
        assert data is not None
        self._space, self._data = space, data
        self.in_use = COSINE if space.metric == "cosine" else EUCLIDEAN
        self.others = tuple(option for option in OPTIONS if option is not self.in_use)
        evaluation = space.evaluation
        anchors = evaluation.queries[space.ranks.anchors]
        self.sampled = len(anchors) > QUERIES
        self.queries = _drawn(space, data, anchors, QUERIES, "queries") if self.sampled else anchors
        self.fitted = _drawn(space, data, evaluation.enrolled, FITTED, "rows to fit on")
        self._rows = np.union1d(evaluation.queries, evaluation.enrolled)
        self._maps: dict[Fit, Linear | str] = {}

    def same_order(self, option: Option) -> bool:
        """Whether this metric orders all pairs as the one in use does, whatever the labels."""
        return option in (EUCLIDEAN, COSINE) and same_length(self._data.vectors[self._rows])

    @property
    def column_shares(self) -> Reals:
        """(d,) of the squared distance between two rows of the gallery what each column makes, most first."""
        rows = self._data.vectors[self.fitted].astype(np.float64)
        variances = np.sort(rows.var(axis=0))[::-1]
        total = float(variances.sum())
        return np.asarray(variances / total if total > 0 else variances)

    def under_use(self) -> Geometry:
        """The metric in use, over the same queries; no pass of its own where these are all."""
        return self._looked_up(self._data, self.in_use.metric) if self.sampled else self._space

    def under(self, option: Option) -> Looked | str:
        """Another metric; or why there is none."""
        found = self._map(option.fit)
        if isinstance(found, str):
            return found
        vectors = self._data.vectors if found is None else self._mapped(found)
        if not np.isfinite(vectors[self._rows]).all():
            return "some rows are so far from the gallery that their numbers overflow"
        if option.metric == "cosine":
            lost = int(np.count_nonzero(~vectors[self._rows].any(axis=1)))
            if lost:
                return f"{lost:,} of {len(self._rows):,} rows have no direction (length zero)"
        space = self._looked_up(replace(self._data, vectors=vectors), option.metric)
        return Looked(space, 1.0 if found is None else found.widens)

    def _map(self, fit: Fit | None) -> Linear | str | None:
        if fit is None:
            return None
        if fit not in self._maps:
            self._maps[fit] = fit(self._data.vectors[self.fitted].astype(np.float64))
        return self._maps[fit]

    def _mapped(self, found: Linear) -> FloatMatrix:
        vectors = np.zeros(self._data.vectors.shape, dtype=np.float32)
        for start in range(0, len(self._rows), BLOCK):
            rows = self._rows[start : start + BLOCK]
            with np.errstate(over="ignore"), threadpool_limits(1, user_api="blas"):
                vectors[rows] = found.of(self._data.vectors[rows])
        vectors.setflags(write=False)
        return vectors

    def _looked_up(self, data: EmbeddingSet, metric: Metric) -> Geometry:
        old = self._space.evaluation
        evaluation = replace(
            old,
            queries=self.queries if self.sampled else old.queries,
            gallery=old.enrolled if self.sampled else old.gallery,
            strangers=np.zeros(0, dtype=np.int64),
            exclusions=(),
            data=data,
        )
        return Geometry(evaluation, metric=metric, seed=self._space.seed, listed=0)


def _drawn(space: Geometry, data: EmbeddingSet, rows: Rows, most: int, what: str) -> Rows:
    """At most so many of these rows, drawn at random whatever order they came in."""
    if len(rows) <= most:
        return rows
    keys = row_keys(data.vectors[rows], space.rng(f"metric choice: {what}"))
    return np.sort(rows[np.argsort(keys, kind="stable")[:most]])
