"""Distances between class means, against scikit-learn and loops over all pairs."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import davies_bouldin_score

from embedding_second_opinion.catalogue.cluster_proximity import kernel_class_pairs as module
from embedding_second_opinion.catalogue.cluster_proximity.kernel_class_pairs import class_pairs
from embedding_second_opinion.catalogue.cluster_proximity.kernel_pooled import PooledSeparation
from embedding_second_opinion.geometry.passes.classes import class_statistics
from tests.geometry.passes.test_silhouettes import ragged

SIZES = (5, 9, 2, 30, 1, 4)


@pytest.fixture(params=[2, 256], name="block")
def block_size(request, monkeypatch):
    """Results must not depend on how many classes a block holds."""
    monkeypatch.setattr(module, "ROWS", request.param)
    monkeypatch.setattr(
        "embedding_second_opinion.catalogue.cluster_proximity.kernel_pooled.ROWS", request.param
    )
    return request.param


def test_davies_bouldin_equals_scikit_learn(block):
    vectors, labels = ragged(block, SIZES)
    found = class_pairs(vectors, labels, class_statistics(vectors, labels, len(SIZES)))
    assert found.worst_ratio.mean() == pytest.approx(davies_bouldin_score(vectors, labels))


def test_nearest_means_and_normalised_variance_equal_a_loop(block):
    vectors, labels = ragged(block, SIZES)
    x = vectors.astype(np.float64)
    means = np.array([x[labels == c].mean(axis=0) for c in range(len(SIZES))])
    spread = [((x[labels == c] - means[c]) ** 2).sum(axis=1).mean() for c in range(len(SIZES))]
    found = class_pairs(vectors, labels, class_statistics(vectors, labels, len(SIZES)))
    for a in range(len(SIZES)):
        others = [b for b in range(len(SIZES)) if b != a]
        apart = {b: np.sum((means[a] - means[b]) ** 2) for b in others}
        variance = {b: (spread[a] + spread[b]) / (2 * apart[b]) for b in others}
        nearest = min(apart, key=apart.get)
        assert found.nearest[a] == nearest
        assert found.distance[a] == pytest.approx(np.sqrt(apart[nearest]))
        assert found.variance_to_nearest[a] == pytest.approx(variance[nearest])
        assert found.mean_variance[a] == pytest.approx(np.mean(list(variance.values())))


def test_classes_without_rows_are_left_out():
    vectors, labels = ragged(0, (4, 5, 6))
    codes = np.array([1, 4, 6])[labels]
    stats = class_statistics(vectors, codes, 8)
    assert class_pairs(vectors, codes, stats).classes.tolist() == [1, 4, 6]
    pooled = PooledSeparation(stats)
    assert np.isnan(pooled.between(np.array([0]), np.array([1])))
    assert pooled.near_share(1e9, np.ones(8)).tolist() == [0, 2 / 7, 0, 0, 2 / 7, 0, 2 / 7, 0]


def test_pooled_separation_equals_its_definition(block):
    vectors, labels = ragged(block, SIZES)
    x = vectors.astype(np.float64)
    residuals = np.concatenate(
        [x[labels == c] - x[labels == c].mean(axis=0) for c in range(len(SIZES))]
    )
    within = residuals.T @ residuals / (len(x) - len(SIZES))
    pooled = PooledSeparation(class_statistics(vectors, labels, len(SIZES)))
    weights = np.array(SIZES, dtype=np.float64)
    near = np.zeros((len(SIZES), len(SIZES)))
    for a in range(len(SIZES)):
        for b in range(len(SIZES)):
            if a == b:
                continue
            step = x[labels == a].mean(axis=0) - x[labels == b].mean(axis=0)
            length = np.linalg.norm(step)
            true = max(0.0, length**2 - np.trace(within) * (1 / SIZES[a] + 1 / SIZES[b]))
            spread = np.sqrt(step / length @ within @ step / length)
            found = pooled.between(np.array([a]), np.array([b]))[0]
            assert found == pytest.approx(np.sqrt(true) / spread, rel=1e-6, abs=1e-9)
            near[a, b] = found < 1.5
    expected = near @ weights / (weights.sum() - weights)
    assert 0 < expected.mean() < 1
    assert pooled.near_share(1.5, weights) == pytest.approx(expected)


def test_two_samples_of_one_class_are_nowhere_apart():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(60), 6)
    vectors = rng.standard_normal((360, 80)).astype(np.float32)
    pooled = PooledSeparation(class_statistics(vectors, labels, 60))
    first, second = np.triu_indices(60, k=1)
    apart = pooled.between(first, second)
    # Uncorrected, sampling alone would put them sqrt(80 * 2 / 6) = 5.2 apart.
    assert np.median(apart) < 1.2


def test_known_separation_is_found():
    rng = np.random.default_rng(1)
    labels = np.repeat(np.arange(2), 4000)
    vectors = rng.standard_normal((8000, 5)) * 2.0
    vectors[labels == 1, 3] += 6.0
    pooled = PooledSeparation(class_statistics(vectors.astype(np.float32), labels, 2))
    assert pooled.between(np.array([0]), np.array([1]))[0] == pytest.approx(3.0, abs=0.1)


def test_means_that_coincide_are_as_near_as_can_be():
    vectors = np.array([[0, 0], [2, 0], [0, 1], [2, -1], [9, 9], [9, 8]], dtype=np.float32)
    labels = np.array([0, 0, 1, 1, 2, 2])
    stats = class_statistics(vectors, labels, 3)
    found = class_pairs(vectors, labels, stats)
    assert np.isinf(found.variance_to_nearest[:2]).all()
    assert PooledSeparation(stats).between(np.array([0]), np.array([1]))[0] == 0
    alike = np.ones((4, 3), dtype=np.float32)
    same = class_statistics(alike, np.array([0, 0, 1, 1]), 2)
    assert PooledSeparation(same).between(np.array([0]), np.array([1]))[0] == 0
    assert class_pairs(alike, np.array([0, 0, 1, 1]), same).distance.tolist() == [0, 0]


def test_a_row_held_out_is_as_if_it_had_not_been_there(block):
    vectors, labels = ragged(1, (5, 9, 30))
    pooled = PooledSeparation(class_statistics(vectors, labels, 3))
    x = vectors.astype(np.float64)
    residuals = np.concatenate([x[labels == c] - x[labels == c].mean(axis=0) for c in range(3)])
    within = residuals.T @ residuals / (len(x) - 3)
    rows = [np.flatnonzero(labels == c) for c in range(3)]
    for rival in (None, rows[1][3]):
        a = x[rows[0][1:]].mean(axis=0)
        left = rows[1][rows[1] != rival]
        step = a - x[left].mean(axis=0)
        true = max(0.0, step @ step - np.trace(within) * (1 / 4 + 1 / len(left)))
        expected = np.sqrt(true * (step @ step) / (step @ within @ step))
        found = pooled.held_out(
            np.array([0]),
            vectors[rows[0][:1]],
            np.array([1]),
            None if rival is None else vectors[[rival]],
        )
        assert found[0] == pytest.approx(expected, rel=1e-6)
    single = PooledSeparation(class_statistics(vectors[:3], np.array([0, 1, 1]), 2))
    assert np.isnan(single.held_out(np.array([0]), vectors[:1], np.array([1]), None)[0])
