"""The threshold against sets whose copies, or whose lack of them, are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from sklearn.neighbors import NearestNeighbors

from embedding_second_opinion.catalogue.leakage.null import (
    CHANCE,
    class_spread,
    null,
    without_copies,
)
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry


def nearest(vectors, k=10):
    """(n, k) distances to the others, by scikit-learn."""
    return NearestNeighbors(n_neighbors=k).fit(vectors).kneighbors()[0]


@pytest.mark.parametrize("d", [2, 5, 20])
def test_an_even_density_has_no_copies(d):
    distances = nearest(np.random.default_rng(d).random((3000, d)))
    assert without_copies(distances, 1e-9).tolist() == distances[:, 0].tolist()


def test_the_ratio_of_the_two_nearest_has_the_chance_that_is_claimed():
    """P(d1 / d2 < x) = x^m for points drawn evenly in m dimensions (torus: no edges)."""
    rng = np.random.default_rng(0)
    points = rng.random((4000, 3))
    tree = NearestNeighbors(n_neighbors=3, metric=lambda a, b: _around(a, b)).fit(points[:600])
    distances = tree.kneighbors(points[:600])[0][:, 1:]
    ratio = distances[:, 0] / distances[:, 1]
    for x in (0.5, 0.7, 0.9):
        assert np.mean(ratio < x) == pytest.approx(x**3, abs=0.06)
    assert CHANCE < 1 / 4000  # no row of an ordinary set is passed over by chance


def _around(a, b):
    step = np.abs(a - b)
    return np.sqrt((np.minimum(step, 1 - step) ** 2).sum())


@pytest.mark.parametrize("blur", [0.0, 1e-9, 1e-3])
def test_copies_are_passed_over(blur):
    rng = np.random.default_rng(0)
    clean = rng.standard_normal((1000, 12))
    twice = clean[:100] + blur * rng.standard_normal((100, 12))
    distances = nearest(np.vstack([clean, twice]))
    assert (distances[:100, 0] < 0.05).all()
    found = without_copies(distances, 1e-3)
    assert len(found) == 1100
    assert found.min() >= nearest(clean)[:, 0].min() - 1e-2
    assert found[100:1000].tolist() == distances[100:1000, 0].tolist()


def test_rows_with_nothing_but_copies_are_left_out():
    distances = np.zeros((6, 3))
    distances[:2] = [[1, 2, 3], [0, 1, 2]]
    assert without_copies(distances, 0.5).tolist() == [1, 1]
    assert len(without_copies(np.zeros((4, 2)), 0.0)) == 0


def test_one_query_in_a_thousand_is_as_near_by_chance():
    shares = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        labels = np.tile(np.arange(100), 40)
        vectors = rng.standard_normal((100, 8))[labels] + rng.standard_normal((4000, 8))
        split = np.where(np.arange(4000) < 2000, "train", "test")
        space = Geometry(EmbeddingSet.from_arrays(vectors, labels, split=split))
        found = null(space)
        own = nearest(vectors[:2000].astype(np.float32))[:, 0]
        assert found.threshold == pytest.approx(np.quantile(own, 1e-3), rel=1e-5)
        shares.append((space.neighbors(1).distances[:, 0] <= found.threshold).mean())
    # Queries have 20 of their class enrolled where the gallery's rows have 19.
    assert np.mean(shares) == pytest.approx(1e-3, abs=1e-3)


@pytest.mark.parametrize("copies", [0, 1, 3])
@pytest.mark.parametrize("split", [False, True])
def test_copies_cannot_set_the_scale(copies, split):
    """Every row there two or four times: nearest distances are gone, the spread of classes is not."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(30), 10)
    rows = rng.standard_normal((300, 16))
    vectors = np.vstack([rows] * (copies + 1))
    parts = np.where(rng.random(len(vectors)) < 0.5, "train", "test") if split else None
    space = Geometry(EmbeddingSet.from_arrays(vectors, np.tile(labels, copies + 1), split=parts))
    # Two independent rows of a class are sqrt(2 d) apart, root mean squared.
    assert class_spread(space) == pytest.approx(np.sqrt(32), rel=0.1)


def test_the_spread_is_the_mean_of_all_pairs_of_a_class():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), [4, 7, 5])
    vectors = rng.standard_normal((16, 3)) * np.array([1.0, 2.0, 9.0])[labels][:, None]
    vectors = vectors.astype(np.float32)
    means = [np.mean(pdist(vectors[labels == c], "sqeuclidean")) for c in range(3)]
    plain = Geometry(EmbeddingSet.from_arrays(vectors, labels))
    assert class_spread(plain) == pytest.approx(np.sqrt(np.median(means)), rel=1e-6)
    cosine = Geometry(EmbeddingSet.from_arrays(vectors, labels), metric="cosine")
    turned = [np.mean(pdist(vectors[labels == c], "cosine")) for c in range(3)]
    assert class_spread(cosine) == pytest.approx(np.median(turned), rel=1e-5)


def test_the_unit_of_the_metric_does_not_matter():
    rng = np.random.default_rng(0)
    labels = np.tile(np.arange(20), 10)
    vectors = rng.standard_normal((20, 6))[labels] + 0.5 * rng.standard_normal((200, 6))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    one, two = (
        null(Geometry(EmbeddingSet.from_arrays(vectors, labels), metric=metric))
        for metric in ("euclidean", "cosine")
    )
    # On unit vectors 1 - cos is half the squared distance.
    assert two.threshold == pytest.approx(one.threshold**2 / 2, rel=1e-5)
    assert one.near_exact
    assert two.near_exact
