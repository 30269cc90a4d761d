"""d' of two classes: known truths, and none where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.neighbors import KNeighborsClassifier

from embedding_second_opinion.catalogue.cluster_proximity.separation import Separations, needed
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry


def two(rng: np.random.Generator, n: int, d: int, apart: float, spread: float = 1.0) -> Geometry:
    """Two Gaussian classes of n rows whose means are ``apart`` standard deviations apart."""
    vectors = spread * rng.standard_normal((2 * n, d))
    vectors[n:, 0] += apart * spread
    return Geometry(EmbeddingSet.from_arrays(vectors, np.repeat(["a", "b"], n)))


@pytest.mark.parametrize("truth", [1.0, 2.5, 5.0])
def test_a_known_separation_lies_in_its_interval(truth):
    found = [
        Separations(two(np.random.default_rng(seed), 200, 3, truth, 7.0)).between(0, 1)
        for seed in range(100)
    ]
    # A line learnt from 200 rows is a little off, which shortens a small separation by 1 to 2 %.
    assert np.mean([f.value for f in found]) == pytest.approx(truth, rel=0.04)
    covered = np.mean([f.low <= truth <= f.high for f in found])
    assert covered >= 0.88  # 95 % less three standard errors of 100 repetitions


def test_two_samples_of_one_class_have_none_even_in_many_dimensions():
    values = [
        Separations(two(np.random.default_rng(seed), 8, 200, 0.0)).between(0, 1).value
        for seed in range(100)
    ]
    # With each row in its own mean they would look sqrt(200 / 2) = 10 apart.
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(len(values))


def test_it_equals_a_loop_that_holds_each_row_out():
    rng = np.random.default_rng(4)
    x = rng.standard_normal((13, 4)) + np.repeat([[0.0], [0.8]], [6, 7], axis=0)
    data = EmbeddingSet.from_arrays(x, np.repeat(["a", "b"], [6, 7]))
    x = data.vectors.astype(np.float64)
    places = []
    for i in range(13):
        a = np.mean([x[j] for j in range(6) if j != i], axis=0)
        b = np.mean([x[j] for j in range(6, 13) if j != i], axis=0)
        # The squares of the means, less what sampling adds to each, say where half-way is.
        long_a = a @ a - x[:6].var(axis=0, ddof=1).sum() / (5 if i < 6 else 6)
        long_b = b @ b - x[6:].var(axis=0, ddof=1).sum() / (7 if i < 6 else 6)
        places.append((x[i] @ (a - b) - (long_a - long_b) / 2) / np.linalg.norm(a - b))
    one, other = np.array(places[:6]), np.array(places[6:])
    expected = (one.mean() - other.mean()) / np.sqrt((one.var(ddof=1) + other.var(ddof=1)) / 2)
    found = Separations(Geometry(data))
    assert found.between(0, 1).value == pytest.approx(expected)
    assert found.between(1, 0).value == pytest.approx(expected)


def test_few_rows_and_no_spread():
    x = np.array([[0.0], [0], [0], [0], [1], [1], [1], [1], [5], [6], [7]])
    separations = Separations(
        Geometry(EmbeddingSet.from_arrays(x, np.repeat(["a", "b", "c"], [4, 4, 3])))
    )
    assert separations.between(0, 1).value == 1e6
    assert separations.between(0, 2) is None
    same = Geometry(EmbeddingSet.from_arrays(np.ones((8, 2)), np.repeat(["a", "b"], 4)))
    assert Separations(same).between(0, 1).value == 0


@pytest.mark.parametrize("error", [0.02, 0.1])
def test_from_what_is_needed_the_nearest_neighbour_errs_no_more(error):
    limit = needed(error)
    best = norm.sf(limit / 2)
    assert 2 * best * (1 - best) == pytest.approx(error)
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 20_000)
    x = rng.standard_normal(40_000) + limit * labels
    seen = np.arange(40_000) % 2 == 0
    model = KNeighborsClassifier(1).fit(x[seen, None], labels[seen])
    wrong = 1 - model.score(x[~seen, None], labels[~seen])
    assert error * 0.7 < wrong <= error
