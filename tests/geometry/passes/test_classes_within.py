"""Classes within reach against brute force: ties, far origins, large classes, any number of threads."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes import sweep
from embedding_second_opinion.samples.planted import planted


def ragged(seed, sizes, d=5, shift=0.0):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    vectors = rng.standard_normal((len(sizes), d))[labels] + rng.standard_normal((len(labels), d))
    return (vectors + shift).astype(np.float32), labels


def brute(distances, own, labels, thresholds):
    """Classes other than the own one with a distance at most each threshold."""
    classes = np.unique(labels)
    nearest = np.array([distances[:, labels == c].min(axis=1) for c in classes]).T
    nearest[own[:, None] == classes] = np.inf
    return (nearest[:, :, None] <= np.asarray(thresholds)).sum(axis=1)


@pytest.mark.parametrize("sizes", [(5, 9, 2, 30, 1, 7), (300, 280, 40, 3)])
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_leave_one_out_equals_brute_force(sizes, metric):
    vectors, labels = ragged(len(sizes), sizes)
    space = Geometry(EmbeddingSet.from_arrays(vectors, labels), metric=metric)
    exact = cdist(vectors.astype(np.float64), vectors.astype(np.float64), metric)
    thresholds = np.quantile(exact, [0.02, 0.2, 0.7])
    seen = space.classes_within(np.arange(len(labels)), thresholds)
    assert np.array_equal(seen, brute(exact, labels, labels, thresholds))
    assert seen.min() < seen.max()


def test_strangers_count_every_class_and_queries_not_their_own():
    vectors, labels = ragged(3, (12, 15, 9, 14, 8))
    split = np.where(np.arange(len(labels)) % 2, "train", "test")
    split[labels == 4] = "test"
    data = EmbeddingSet.from_arrays(vectors, labels, split=split)
    space = Geometry(arrange(data))
    gallery = space.evaluation.enrolled
    for rows in (space.evaluation.strangers, space.evaluation.queries):
        exact = cdist(vectors[rows].astype(np.float64), vectors[gallery].astype(np.float64))
        thresholds = np.quantile(exact, [0.05, 0.3])
        seen = space.classes_within(rows, thresholds)
        assert len(seen) == len(rows) > 5
        assert np.array_equal(seen, brute(exact, labels[rows], labels[gallery], thresholds))


@pytest.mark.parametrize("shift", [0.0, 1000.0])
def test_a_row_exactly_as_far_counts_and_none_is_lost_to_rounding(shift):
    vectors, labels = ragged(4, (6, 7, 8, 5), shift=shift)
    space = Geometry(EmbeddingSet.from_arrays(vectors, labels))
    nearest = space.ranks.nearest_negative_distance
    for threshold in np.sort(nearest)[[0, 5, 13, 25]]:  # each is somebody's own distance
        seen = space.classes_within(np.arange(len(labels)), np.array([threshold]))[:, 0]
        assert np.array_equal(seen > 0, nearest <= threshold)


def test_integer_vectors_tie_by_the_dozen():
    rng = np.random.default_rng(0)
    vectors, labels = rng.integers(0, 3, (120, 4)).astype(np.float32), np.arange(120) % 8
    space = Geometry(EmbeddingSet.from_arrays(vectors, labels))
    exact = np.sqrt(((vectors[:, None] - vectors[None]) ** 2).sum(axis=2, dtype=np.float64))
    thresholds = np.sqrt([0.0, 1.0, 2.0, 3.0])
    seen = space.classes_within(np.arange(120), thresholds)
    assert np.array_equal(seen, brute(exact, labels, labels, thresholds))


def test_given_distances_serve_as_well():
    vectors, labels = ragged(1, (6, 7, 8))
    matrix = cdist(vectors.astype(np.float64), vectors.astype(np.float64), "cityblock")
    space = Geometry.from_distances(matrix, labels)
    thresholds = np.quantile(matrix, [0.1, 0.4])
    seen = space.classes_within(np.arange(len(labels)), thresholds)
    assert np.array_equal(seen, brute(matrix, labels, labels, thresholds))


def test_any_number_of_threads_gives_the_same(monkeypatch):
    found = []
    for threads in ("1", "3"):
        monkeypatch.setattr(sweep, "workers", lambda threads=threads: int(threads))
        space = Geometry(planted("crowded"))
        rows = np.arange(len(space.codes))
        found.append(space.classes_within(rows, np.array([0.8, 1.5])))
    assert np.array_equal(*found)
    assert found[0].max() > 1


def test_the_nearest_enrolled_of_any_rows():
    vectors, labels = ragged(5, (12, 15, 9))
    split = np.array(["train", "test", "val"])[np.arange(len(labels)) % 3]
    space = Geometry(EmbeddingSet.from_arrays(vectors, labels, split=split))
    rows, gallery = np.flatnonzero(split == "val"), np.flatnonzero(split == "train")
    exact = cdist(vectors[rows].astype(np.float64), vectors[gallery].astype(np.float64))
    seen = space.nearest_enrolled(rows)
    assert np.array_equal(seen.rows[:, 0], gallery[exact.argmin(axis=1)])
    assert seen.distances[:, 0] == pytest.approx(exact.min(axis=1), rel=1e-6)
    with pytest.raises(ValueError, match="not given"):
        Geometry.from_distances(exact, labels[rows], labels[gallery]).nearest_enrolled(rows)
