"""The approximate index against scikit-learn's exact search, and what it costs counted row by row."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from embedding_second_opinion.catalogue.retrieval.check import retrieval
from embedding_second_opinion.catalogue.retrieval.index import approximate_neighbors, measure_index
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs
from embedding_second_opinion.samples.planted import planted
from embedding_second_opinion.stats.answers_without import without_each

ASKED = Inputs(approximate=True)


def crowd(rows=1500, d=24, seed=0):
    """High dimension and no structure: where an index errs."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((rows, d)).astype(np.float32), np.arange(rows) % 30


def estimates(space):
    return measure_index(space, without_each(space)).estimates


def test_rows_of_the_index_are_rows_with_their_distances():
    vectors, _ = crowd()
    places, distances = approximate_neighbors(
        vectors, vectors, np.arange(1500), 10, np.random.default_rng(0)
    )
    assert places.shape == (1500, 10)
    assert not (places == np.arange(1500)[:, None]).any()  # itself dropped by index
    assert all(len(set(row)) == 10 for row in places.tolist())
    expected = np.linalg.norm(vectors[places].astype(float) - vectors[:, None], axis=2)
    np.testing.assert_allclose(distances, expected, rtol=1e-12)
    assert (np.diff(distances, axis=1) >= 0).all()


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_what_it_finds_and_costs_counted_row_by_row(metric):
    vectors, labels = crowd()
    space = Geometry(EmbeddingSet.from_arrays(vectors, labels), metric=metric)
    found = estimates(space)
    wide = vectors.astype(np.float64)
    if metric == "cosine":
        wide /= np.linalg.norm(wide, axis=1, keepdims=True)
    exact = NearestNeighbors(n_neighbors=10, algorithm="brute").fit(wide).kneighbors()[1]
    seen = space.points
    places, _ = approximate_neighbors(seen, seen, np.arange(1500), 10, space.rng("index"))
    recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(exact, places, strict=True)])
    right = float((labels[places[:, 0]] == labels).mean())
    best = float((labels[exact[:, 0]] == labels).mean())
    assert 0.5 < recall < 1  # it errs here, or the test would compare nothing
    assert found["index_recall_at_10"].value == pytest.approx(recall, abs=1e-7)
    assert found["precision_at_1_approximate"].value == pytest.approx(right, abs=1e-7)
    assert found["index_cost"].value == pytest.approx(best - right, abs=1e-7)
    for name, estimate in found.items():
        assert estimate.low <= estimate.value <= estimate.high, name
        assert estimate.method
        assert "1,500 rows of 30 classes" in estimate.about


def test_the_order_of_rows_and_the_names_of_classes_change_nothing():
    vectors, labels = crowd(seed=1)
    order = np.random.default_rng(2).permutation(1500)
    first = estimates(Geometry(EmbeddingSet.from_arrays(vectors, labels)))
    second = estimates(Geometry(EmbeddingSet.from_arrays(vectors[order], (7 * labels % 31)[order])))
    assert set(first) == set(second)
    for name, estimate in first.items():
        assert second[name].value == pytest.approx(estimate.value, abs=1e-7), name
        assert second[name].low == pytest.approx(estimate.low, abs=1e-6), name


def test_a_gallery_and_the_finding():
    found = retrieval(Geometry(planted("healthy_split")), ASKED)
    numbers = found.estimates
    assert numbers["index_recall_at_10"].value > 0.97
    cost = numbers["precision_at_1"].value - numbers["precision_at_1_approximate"].value
    assert numbers["index_cost"].value == pytest.approx(cost, abs=1e-7)
    assert numbers["index_cost"].low < 0 < numbers["index_cost"].high  # never certain
    assert "an approximate index finds" in found.explanation
    assert found.parameters["approximate"] is True
    again = retrieval(Geometry(planted("healthy_split")), ASKED)
    assert again.model_dump_json() == found.model_dump_json()


@pytest.mark.parametrize("kind", ["constant", "huge", "one dimension"])
def test_awkward_sets_survive(kind):
    rng = np.random.default_rng(0)
    vectors = {
        "constant": np.ones((240, 3)),
        "huge": 1e30 * rng.standard_normal((240, 3)),
        "one dimension": rng.standard_normal((240, 1)),
    }[kind]
    numbers = estimates(Geometry(EmbeddingSet.from_arrays(vectors, np.arange(240) % 12)))
    assert numbers["index_recall_at_10"].value > 0.9
    if kind == "constant":
        assert numbers["precision_at_1_approximate"].value == 0  # strict: all tie


def test_without_an_index_the_caveat_says_why():
    matrix = np.abs(np.subtract.outer(np.arange(24.0), np.arange(24.0)))
    found = retrieval(Geometry.from_distances(matrix, np.arange(24) // 2), ASKED)
    assert any("needs vectors" in caveat for caveat in found.caveats)
    small = EmbeddingSet.from_arrays(
        np.random.default_rng(0).standard_normal((40, 3)), [*"ab"] * 20
    )
    found = retrieval(Geometry(small), ASKED)
    assert any("at least 100 enrolled rows" in caveat for caveat in found.caveats)
    assert "index_cost" not in found.estimates
