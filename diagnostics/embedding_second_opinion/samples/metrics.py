"""Which metrics do people compute? Right ones, and wrong ones as they circulate, for ``audit_metric``.

Each has the form f(embeddings, labels), or f(distances, labels, k), and says in one line what it does.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from embedding_second_opinion.data.arrays import Bools, Ints, Reals

Vectors = NDArray[np.floating]
Labels = Ints
Metric = Callable[[Vectors, Labels], float]

DRAWN = 2000  # triplets of a sampled accuracy


def hit_rate(k: int = 1) -> Metric:
    """Right: is any of the k nearest other rows of the same class?"""

    def recall(embeddings: Vectors, labels: Labels) -> float:
        return float(_answers(embeddings, labels)[:, :k].any(axis=1).mean())

    recall.__name__ = f"recall_at_{k}"
    return recall


def hit_rate_with_itself(k: int = 1) -> Metric:
    """Wrong: each row is among its own candidates, and is a hit."""
    return _any_right(f"recall_at_{k}_with_itself", 0, k)


def recall_without_first_place(distances: Vectors, labels: Labels, k: int) -> float:
    """Wrong: the row stays among its own k nearest, and is taken from the positives only."""
    positive = labels[:, None] == labels[None, :]
    np.fill_diagonal(positive, False)
    top = np.argsort(distances, axis=1, kind="stable")[:, :k]
    found, wanted = np.take_along_axis(positive, top, axis=1).sum(axis=1), positive.sum(axis=1)
    return float((found[wanted > 0] / wanted[wanted > 0]).mean())


def nearest_with_ties(embeddings: Vectors, labels: Labels) -> float:
    """Wrong: the nearest positive may be exactly as far as the nearest negative."""
    positive, negative = _nearest_of_each(embeddings, labels)
    return float((positive <= negative)[np.isfinite(positive)].mean())


def nearest_strict(embeddings: Vectors, labels: Labels) -> float:
    """Right: the nearest positive is nearer than every negative."""
    positive, negative = _nearest_of_each(embeddings, labels)
    return float((positive < negative)[np.isfinite(positive)].mean())


def recall_without_first_neighbour(k: int = 1) -> Metric:
    """Wrong with copies: the first of the sorted list is taken for the row itself."""
    return _any_right(f"recall_at_{k}_without_first", 1, k + 1)


def triplet_accuracy(embeddings: Vectors, labels: Labels) -> float:
    """Right: the share of all triplets whose positive is nearer, the mean over anchors."""
    distances = cdist(embeddings, embeddings)
    shares = []
    for row, own in enumerate(labels):
        same = labels == own
        negatives = np.sort(distances[row, ~same])
        same[row] = False
        if same.any():
            behind = len(negatives) - np.searchsorted(negatives, distances[row, same], "right")
            shares.append(behind.mean() / len(negatives))
    return float(np.mean(shares))


def sampled_triplet_accuracy(embeddings: Vectors, labels: Labels) -> float:
    """Right, up to its noise: random triplets, the anchor taken out by its index."""
    return _sampled(embeddings, labels, with_itself=False)


def sampled_triplet_accuracy_with_itself(embeddings: Vectors, labels: Labels) -> float:
    """Wrong: the positive is drawn from the whole class, the anchor among it."""
    return _sampled(embeddings, labels, with_itself=True)


def _sampled(embeddings: Vectors, labels: Labels, with_itself: bool) -> float:
    _, codes, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    order = np.argsort(codes, kind="stable")
    starts = np.cumsum(sizes) - sizes
    # Places in the sorted order, where each class is one run. A lone row has no positive but itself.
    places = np.flatnonzero((sizes[codes] > 1 - with_itself)[order])
    place = places[_draw(np.full(DRAWN, len(places)))]
    start, size = starts[codes[order[place]]], sizes[codes[order[place]]]
    step = _draw(size) if with_itself else 1 + _draw(size - 1)
    positive = start + (place - start + step) % size
    negative = (start + size + _draw(len(codes) - size)) % len(codes)
    near, far = (
        np.linalg.norm(embeddings[order[place]] - embeddings[order[other]], axis=1)
        for other in (positive, negative)
    )
    return float((near < far).mean())


def _draw(below: Labels) -> Labels:
    # The global random numbers, since that is what such code draws from.
    return np.floor(np.random.random(len(below)) * below).astype(np.int64)  # noqa: NPY002


def _any_right(name: str, first: int, last: int) -> Metric:
    """Is any row of the class between these places of the list, the row itself among its candidates?"""

    def recall(embeddings: Vectors, labels: Labels) -> float:
        nearest = np.argsort(cdist(embeddings, embeddings), axis=1, kind="stable")[:, first:last]
        return float((labels[nearest] == labels[:, None]).any(axis=1).mean())

    recall.__name__ = name
    return recall


def _answers(embeddings: Vectors, labels: Labels) -> Bools:
    """(n, n - 1): is the i-th nearest other row of the same class?"""
    distances = cdist(embeddings, embeddings)
    np.fill_diagonal(distances, np.inf)
    order = np.argsort(distances, axis=1, kind="stable")[:, :-1]
    return np.asarray(labels[order] == labels[:, None])


def _nearest_of_each(embeddings: Vectors, labels: Labels) -> tuple[Reals, Reals]:
    distances = cdist(embeddings, embeddings)
    same = labels[:, None] == labels[None, :]
    negative = np.where(same, np.inf, distances).min(axis=1)
    np.fill_diagonal(same, False)
    return np.where(same, distances, np.inf).min(axis=1), negative
