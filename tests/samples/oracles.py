"""What the glyphs promise, measured by scikit-learn and by counting, without the project's code."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import KNeighborsClassifier


class Promises(NamedTuple):
    """The three numbers of the story, 0 to 1."""

    triplet_accuracy: float
    closed_set_accuracy: float
    strangers_accepted: float


def promises(vectors: np.ndarray, labels: np.ndarray, split: np.ndarray) -> Promises:
    """Triplets within test; test against train; unknown against train."""
    x = np.asarray(vectors, dtype=np.float64)
    train, test, unknown = (split == part for part in ("train", "test", "unknown"))
    gallery = KNeighborsClassifier(n_neighbors=1, algorithm="brute").fit(x[train], labels[train])
    known = gallery.kneighbors(x[test])[0][:, 0]
    strangers = gallery.kneighbors(x[unknown])[0][:, 0]
    return Promises(
        triplet_accuracy(x[test], labels[test]),
        float(gallery.score(x[test], labels[test])),
        float(np.mean(strangers <= np.quantile(known, 0.95))),
    )


def triplet_accuracy(x: np.ndarray, labels: np.ndarray) -> float:
    """Strict, mean over anchors: every positive of an anchor against every negative."""
    by_anchor = []
    for i, distances in enumerate(pairwise_distances(x)):
        same = labels == labels[i]
        negatives = np.sort(distances[~same])
        same[i] = False
        farther = len(negatives) - np.searchsorted(negatives, distances[same], side="right")
        by_anchor.append(np.mean(farther) / len(negatives))
    return float(np.mean(by_anchor))


def assert_kept(found: Promises) -> None:
    assert found.triplet_accuracy >= 0.98, found
    assert 0.4 <= found.closed_set_accuracy <= 0.6, found
    assert found.strangers_accepted > 0.7, found
