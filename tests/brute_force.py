"""Oracles that share nothing with the library: every triplet written out, for small sets only."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np


def distances(queries, gallery):
    """(q, g) float64 euclidean distances by direct differences."""
    q, g = np.asarray(queries, np.float64), np.asarray(gallery, np.float64)
    return np.sqrt(((q[:, None, :] - g[None, :, :]) ** 2).sum(-1))


def sides(matrix, query_labels, gallery_labels=None) -> Iterator[tuple]:
    """(query, distances to its positives, to its negatives, labels of the negatives)."""
    query_labels = np.asarray(query_labels)
    labels = query_labels if gallery_labels is None else np.asarray(gallery_labels)
    for i, row in enumerate(matrix):
        same = labels == query_labels[i]
        if gallery_labels is None:
            same[i] = False
        other = labels != query_labels[i]
        if same.any() and other.any():
            yield i, row[same], row[other], labels[other]


def triplet_accuracy(matrix, query_labels, gallery_labels=None, ties=0.0, pooled=False):
    """Over all triplets; a tie counts as ``ties``. Mean over anchors, or over all pooled."""
    won, pairs = [], []
    for _, near, far, _ in sides(matrix, query_labels, gallery_labels):
        won.append((near[:, None] < far).sum() + ties * (near[:, None] == far).sum())
        pairs.append(len(near) * len(far))
    if pooled:
        return sum(won) / sum(pairs)
    return float(np.mean(np.divide(won, pairs)))


def surface(matrix, query_labels, gallery_labels, enrolled, candidates, ties="strict", cohort=1):
    """A(e, g) by drawing every subset of e positives and g negatives. None stands for all."""
    values = []
    for _, near, far, _ in sides(matrix, query_labels, gallery_labels):
        if len(near) < max(cohort, enrolled or 1):
            continue
        e, g = enrolled or len(near), candidates or len(far)
        best = [min(chosen) for chosen in itertools.combinations(near, e)]
        total, count = 0.0, 0
        for drawn in itertools.combinations(far, g):
            for p in best:
                nearer = sum(n < p for n in drawn)
                tied = sum(n == p for n in drawn)
                if ties == "lenient":
                    total += nearer == 0
                elif ties == "random":
                    total += (nearer == 0) / (tied + 1)
                else:
                    total += nearer + tied == 0
                count += 1
        values.append(total / count)
    return float(np.mean(values))


def closed_set(matrix, query_labels, gallery_labels=None):
    """(positions of the anchors, 1 where the nearest positive beats every negative strictly)."""
    rows = [
        (i, float(near.min() < far.min()))
        for i, near, far, _ in sides(matrix, query_labels, gallery_labels)
    ]
    return np.array([i for i, _ in rows]), np.array([r for _, r in rows])


def identity_accuracy(matrix, query_labels, gallery_labels, identities):
    """A_id(G) by drawing every set of G - 1 other classes, all their rows enrolled."""
    values = []
    for _, near, far, labels in sides(matrix, query_labels, gallery_labels):
        best = {c: far[labels == c].min() for c in np.unique(labels)}
        draws = list(itertools.combinations(best, identities - 1))
        values.append(np.mean([all(best[c] > near.min() for c in draw) for draw in draws]))
    return float(np.mean(values))


def without_class(vectors, labels, name):
    """The set with one class deleted, as anchors and as candidates."""
    keep = np.asarray(labels) != name
    return np.asarray(vectors)[keep], np.asarray(labels)[keep]
