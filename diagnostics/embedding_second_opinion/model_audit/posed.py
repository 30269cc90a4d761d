"""Which sets have an answer that is known beforehand? Small ones, generated, for a metric to be tried on.

All vectors have length 1, so that euclidean distance, cosine and the scalar product rank alike; where classes
have two rows each, a row has one positive, and the conventions of recall@k (any match, or the share of all
matches) agree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from scipy.stats import ortho_group

from embedding_second_opinion.data.arrays import Reals
from embedding_second_opinion.data.embeddings import Codes, FloatMatrix

WITHIN = 0.05  # length of the noise about a class mean; classes are 1.4 apart
# Distances inside a crowd: of rows beside each other, and of the two of a class.
NEAR, FAR = 0.15, 0.3
JITTER = 0.002  # so that no two generated sets are the same
SCALE = 7.0
LABELS = 10_000  # below: a metric may count labels by bincount
MANY = 300  # rows: more than a batch, few enough for loops in Python


@dataclass(frozen=True)
class Shape:
    """classes: so many; rows: of each; k: neighbours that the metric looks at; apart: queries and gallery."""

    classes: int
    rows: int
    k: int
    apart: bool


@dataclass(frozen=True, eq=False)
class Posed:
    """vectors: (n, d) unit float32, labels: (n,) class numbers, and the same of the gallery.

    gallery: None where each row is looked up in all others.
    """

    vectors: FloatMatrix
    labels: Codes
    gallery: FloatMatrix | None = None
    gallery_labels: Codes | None = None

    @property
    def distances(self) -> Reals:
        """Of each query to each enrolled row; with one set, of each row to each, itself included."""
        others = self.vectors if self.gallery is None else self.gallery
        exact: Reals = cdist(self.vectors.astype(np.float64), others.astype(np.float64))
        return exact

    @property
    def pool(self) -> int:
        """How many rows a query is looked up in."""
        return len(self.vectors) - 1 if self.gallery is None else len(self.gallery)


Pose = Callable[[np.random.Generator, Shape], Posed]


def every_positive_nearest(rng: np.random.Generator, shape: Shape) -> Posed:
    """Tight classes far from each other: all that is asked for is nearest."""
    codes = np.repeat(np.arange(shape.classes), shape.rows)
    noise = rng.standard_normal((len(codes), shape.classes))
    noise *= WITHIN / np.linalg.norm(noise, axis=1, keepdims=True)
    return _posed(rng, np.eye(shape.classes)[codes] + noise, codes, shape)


def every_positive_nearest_of_many(rng: np.random.Generator, shape: Shape) -> Posed:
    """The same with more rows than a batch has."""
    return every_positive_nearest(rng, replace(shape, classes=-(-MANY // shape.rows)))


def every_positive_farthest(rng: np.random.Generator, shape: Shape) -> Posed:
    """The rows of a class lie opposite each other: every other row is nearer than each positive."""
    vectors, codes = _opposite(shape.classes, shape.rows)
    return _posed(rng, vectors, codes, shape)


def positive_in_place(place: int) -> Pose:
    """Every positive has exactly ``place`` - 1 rows of other classes before it."""

    def pose(rng: np.random.Generator, shape: Shape) -> Posed:
        crowds = max(2, shape.classes // place)
        own = np.arange(crowds * place) if not shape.apart else np.repeat(np.arange(crowds), place)
        crowd = np.repeat(np.arange(crowds), place)
        d = crowds + 1 + crowds * place
        middle = np.eye(d)[crowd]
        side = np.eye(d)[crowds] * FAR / 2
        beside = np.eye(d)[crowds + 1 + np.arange(crowds * place)] * NEAR
        if not shape.apart:
            # Two sheets of a crowd: on its own sheet all others, straight across the one of its class.
            vectors = np.concatenate([middle + beside + side, middle + beside - side])
            return _posed(rng, vectors, np.tile(own, 2), shape)
        # One query a crowd: the first row across is of its class, those beside it of classes of their own.
        across = np.arange(crowds) * place
        rest = np.setdiff1d(np.arange(crowds * place), across)
        one, other = middle + side, middle - side
        vectors = np.concatenate([one[across], other[across], (one + beside)[rest]])
        codes = np.concatenate([np.tile(np.arange(crowds), 2), crowds + np.arange(len(rest))])
        return _posed(rng, vectors, codes, shape, queries=np.arange(len(codes)) < crowds)

    return pose


def random_labels(rng: np.random.Generator, shape: Shape) -> Posed:
    """Vectors that know nothing of their classes, as after permuting the labels of any set."""
    codes = np.repeat(np.arange(shape.classes), shape.rows)
    return _posed(rng, rng.standard_normal((len(codes), 32)), codes, shape)


def equal_vectors(rng: np.random.Generator, shape: Shape) -> Posed:
    """A collapsed embedding: all rows are one vector, and every comparison is a tie."""
    posed = random_labels(rng, shape)
    return _moved_to(posed, lambda vectors: np.repeat(posed.vectors[:1], len(vectors), axis=0))


def copies_in_own_class(rng: np.random.Generator, shape: Shape) -> Posed:
    """The rows of a class are equal: the positives are at distance 0, as a row is to itself."""
    codes = np.repeat(np.arange(shape.classes), shape.rows)
    means = _unit(rng.standard_normal((shape.classes, 32)))
    return _posed(rng, means[codes], codes, shape, jitter=0.0)


def copies_in_other_classes(rng: np.random.Generator, shape: Shape) -> Posed:
    """Each row has a copy of another class, and its positives are farthest."""
    vectors, codes = _opposite(shape.classes // 2, shape.rows)
    both = np.concatenate([codes, codes + shape.classes // 2])
    return _posed(rng, np.concatenate([vectors, vectors]), both, shape, jitter=0.0)


def classes_of_one_row(rng: np.random.Generator, shape: Shape) -> Posed:
    """Half of the rows are alone in their class; of the others the positives are farthest.

    Against a gallery the lone rows are queries whose class is not enrolled.
    """
    vectors, codes = _opposite(max(2, shape.classes // 2), shape.rows)
    lone = len(codes)
    d = vectors.shape[1]
    wide = np.zeros((2 * lone, d + lone))
    wide[:lone, :d] = vectors
    wide[lone:, d:] = np.eye(lone)
    return _posed(rng, wide, np.concatenate([codes, codes.max() + 1 + np.arange(lone)]), shape)


def sorted_by_class(posed: Posed, rng: np.random.Generator) -> Posed:
    """The same rows, class by class."""
    order = np.argsort(posed.labels, kind="stable")
    other = replace(posed, vectors=posed.vectors[order], labels=posed.labels[order])
    if posed.gallery is None or posed.gallery_labels is None:
        return other
    order = np.argsort(posed.gallery_labels, kind="stable")
    return replace(other, gallery=posed.gallery[order], gallery_labels=posed.gallery_labels[order])


def renamed(posed: Posed, rng: np.random.Generator) -> Posed:
    """The same rows, their classes named by other numbers, neither in order nor without gaps."""
    every = [part for part in (posed.labels, posed.gallery_labels) if part is not None]
    count = 1 + max(int(part.max()) for part in every)
    names = rng.choice(LABELS, size=count, replace=False).astype(np.int64)
    enrolled = None if posed.gallery_labels is None else names[posed.gallery_labels]
    return replace(posed, labels=names[posed.labels], gallery_labels=enrolled)


def scaled(posed: Posed, rng: np.random.Generator) -> Posed:
    """The same rows, all vectors seven times as long."""
    return _moved_to(posed, lambda vectors: (SCALE * vectors).astype(np.float32))


def _opposite(classes: int, rows: int) -> tuple[Reals, Codes]:
    """Each class a regular simplex about 0 in dimensions of its own: (classes * rows, classes * rows)."""
    simplex = _unit(np.eye(rows) - 1 / rows)
    codes = np.repeat(np.arange(classes), rows)
    return np.asarray(np.kron(np.eye(classes), simplex), dtype=np.float64), codes.astype(np.int64)


def _posed(
    rng: np.random.Generator,
    vectors: Reals,
    codes: Codes,
    shape: Shape,
    *,
    jitter: float = JITTER,
    queries: NDArray[np.bool_] | None = None,
) -> Posed:
    """Turned, jittered and shuffled; the first row of each class is the query, where they are apart."""
    d = vectors.shape[1]
    turned = vectors @ ortho_group.rvs(d, random_state=rng)
    turned += jitter / np.sqrt(d) * rng.standard_normal(turned.shape)
    names = rng.permutation(int(codes.max()) + 1)
    ready, labels = _unit(turned).astype(np.float32), names[codes].astype(np.int64)
    if not shape.apart:
        order = rng.permutation(len(codes))
        return Posed(ready[order], labels[order])
    if queries is None:
        queries = np.zeros(len(codes), dtype=np.bool_)
        queries[np.unique(codes, return_index=True)[1]] = True
    one, two = (rng.permutation(np.flatnonzero(part)) for part in (queries, ~queries))
    return Posed(ready[one], labels[one], ready[two], labels[two])


def _moved_to(posed: Posed, move: Callable[[FloatMatrix], FloatMatrix]) -> Posed:
    gallery = None if posed.gallery is None else move(posed.gallery)
    return replace(posed, vectors=move(posed.vectors), gallery=gallery)


def _unit(vectors: Reals) -> Reals:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
