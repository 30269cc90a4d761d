"""The accuracy surface against all triplets, all draws, Monte Carlo, scikit-learn and a peer library."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from pytorch_metric_learning.utils.inference import CustomKNN
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier

from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.ranks import ALL, round_numbers
from embedding_second_opinion.stats import surface
from tests import brute_force
from tests.geometry.passes.test_ranks import blobs


def uneven(seed, integer=False):
    """A small set with classes of 1 to 5 rows; with ties where integer."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(5), [1, 2, 3, 4, 5])
    vectors = rng.standard_normal((5, 3))[labels] + rng.standard_normal((len(labels), 3))
    return (np.round(vectors) if integer else vectors).astype(np.float32), labels


@pytest.fixture(params=range(4), ids=lambda s: f"seed{s}")
def small(request):
    vectors, labels = uneven(request.param, integer=request.param % 2 == 1)
    ranks = Geometry(EmbeddingSet.from_arrays(vectors, labels)).ranks
    return ranks, brute_force.distances(vectors, vectors), labels


@pytest.mark.parametrize(("ties", "worth"), [("strict", 0), ("random", 0.5), ("lenient", 1)])
def test_triplet_accuracy_over_all_triplets(small, ties, worth):
    ranks, matrix, labels = small
    assert surface.triplet_accuracy(ranks, ties) == pytest.approx(
        brute_force.triplet_accuracy(matrix, labels, ties=worth), abs=1e-12
    )
    assert surface.triplet_accuracy_all_triplets(ranks, ties) == pytest.approx(
        brute_force.triplet_accuracy(matrix, labels, ties=worth, pooled=True), abs=1e-12
    )


@pytest.mark.parametrize("ties", ["strict", "random", "lenient"])
def test_every_cell_over_all_draws(small, ties):
    ranks, matrix, labels = small
    for enrolled in ((1,), (1, 2), (2, 3), (1, ALL)):
        found = surface.accuracy_surface(ranks, enrolled, ties)
        cohort = max(max(enrolled), 1)
        assert found.candidates[0] == ALL or found.candidates[0] == 1
        for (i, e), (j, g) in itertools.product(enumerate(enrolled), enumerate(found.candidates)):
            if g not in (ALL, 1, 2, 3):
                continue
            expected = brute_force.surface(
                matrix, labels, None, None if e == ALL else e, None if g == ALL else g, ties, cohort
            )
            assert found.values[i, j] == pytest.approx(expected, abs=1e-10), (e, g)


def test_against_a_gallery_every_cell_too():
    vectors, labels = uneven(7)
    split = np.where(np.arange(len(labels)) % 2 == 0, "train", "test")
    space = Geometry(arrange(EmbeddingSet.from_arrays(vectors, labels, split=split)))
    queries, enrolled = space.evaluation.queries, space.evaluation.enrolled
    matrix = brute_force.distances(vectors[queries], vectors[enrolled])
    found = surface.accuracy_surface(space.ranks, (1, ALL))
    for i, e in enumerate((1, None)):
        for j, g in enumerate(found.candidates):
            expected = brute_force.surface(
                matrix, labels[queries], labels[enrolled], e, None if g == ALL else int(g)
            )
            assert found.values[i, j] == pytest.approx(expected, abs=1e-10)


def test_identity_curve_over_all_draws(small):
    ranks, matrix, labels = small
    for g, value in zip(ranks.id_grid, surface.identity_curve(ranks), strict=True):
        expected = brute_force.identity_accuracy(matrix, labels, None, int(g))
        assert value == pytest.approx(expected, abs=1e-12), g


def test_corners():
    vectors, labels = blobs(0)
    ranks = Geometry(EmbeddingSet.from_arrays(vectors, labels)).ranks
    grid = surface.accuracy_surface(ranks, (1, ALL))
    assert grid.values[0, 0] == pytest.approx(surface.triplet_accuracy(ranks), abs=1e-12)
    assert grid.values[1, -1] == pytest.approx(surface.closed_set_accuracy(ranks), abs=1e-12)
    assert surface.identity_curve(ranks)[-1] == pytest.approx(
        surface.closed_set_accuracy(ranks), abs=1e-12
    )
    # More candidates never help, more enrolled positives never hurt.
    assert (np.diff(grid.values, axis=1) <= 1e-12).all()
    assert (grid.values[1] >= grid.values[0] - 1e-12).all()


def test_chance_is_e_over_e_plus_g():
    rng = np.random.default_rng(0)
    labels = np.arange(2000) % 40
    vectors = rng.standard_normal((2000, 16)).astype(np.float32)  # labels mean nothing
    grid = surface.accuracy_surface(
        Geometry(EmbeddingSet.from_arrays(vectors, labels)).ranks, (1, 5, 20)
    )
    for i, e in enumerate((1, 5, 20)):
        for g in (1, 2, 5, 10, 50):
            j = grid.candidates.tolist().index(g)
            assert grid.values[i, j] == pytest.approx(e / (e + g), rel=0.1)


def test_monte_carlo_agrees():
    vectors, labels = blobs(3, classes=30, rows=8)
    ranks = Geometry(EmbeddingSet.from_arrays(vectors, labels)).ranks
    grid = surface.accuracy_surface(ranks, (1, 3))
    matrix = brute_force.distances(vectors, vectors)
    rng = np.random.default_rng(1)
    for i, e in enumerate((1, 3)):
        for g in (1, 10, 100):
            won = []
            for _ in range(20_000):
                a = rng.integers(len(labels))
                same = np.flatnonzero((labels == labels[a]) & (np.arange(len(labels)) != a))
                other = np.flatnonzero(labels != labels[a])
                near = matrix[a, rng.choice(same, e, replace=False)].min()
                won.append(near < matrix[a, rng.choice(other, g, replace=False)].min())
            error = np.std(won) / np.sqrt(len(won))
            j = grid.candidates.tolist().index(g)
            assert abs(grid.values[i, j] - np.mean(won)) < 4 * error


def test_one_cohort_along_e():
    vectors, labels = uneven(2)
    ranks = Geometry(EmbeddingSet.from_arrays(vectors, labels)).ranks
    grid = surface.accuracy_surface(ranks, (1, 3))
    assert (grid.classes, grid.anchors) == (2, 9)  # only the classes of 4 and 5 rows
    matrix = brute_force.distances(vectors, vectors)
    expected = brute_force.surface(matrix, labels, None, 1, 1, cohort=3)
    assert grid.values[0, 0] == pytest.approx(expected, abs=1e-12)
    nothing = surface.accuracy_surface(ranks, (5,))
    assert nothing.anchors == 0
    assert nothing.values.shape == (1, 0)


def test_triplet_accuracy_is_a_mean_of_aucs():
    vectors, labels = blobs(5)
    matrix = brute_force.distances(vectors, vectors)
    aucs = []
    for i in range(len(labels)):
        others = np.arange(len(labels)) != i
        aucs.append(roc_auc_score(labels[others] == labels[i], -matrix[i, others]))
    ranks = Geometry(EmbeddingSet.from_arrays(vectors, labels)).ranks
    assert surface.triplet_accuracy(ranks) == pytest.approx(np.mean(aucs), abs=1e-12)


@pytest.mark.parametrize(
    ("dimensions", "triplet", "hundred", "nearest"),
    [(None, 0.8786, 0.441, 0.9883), (2, 0.8410, 0.197, 0.5871)],
)
def test_the_table_of_digits(dimensions, triplet, hundred, nearest):
    pixels, labels = load_digits(return_X_y=True)
    if dimensions:
        pixels = PCA(dimensions, svd_solver="full").fit_transform(pixels)
    ranks = Geometry(EmbeddingSet.from_arrays(pixels, labels)).ranks
    grid = surface.accuracy_surface(ranks)
    assert surface.triplet_accuracy(ranks) == pytest.approx(triplet, abs=5e-5)
    assert grid.values[0, grid.candidates.tolist().index(100)] == pytest.approx(hundred, abs=5e-4)
    assert surface.closed_set_accuracy(ranks) == pytest.approx(nearest, abs=5e-5)


def test_closed_set_equals_scikit_learn_and_pytorch_metric_learning():
    vectors, labels = blobs(8, classes=20, rows=10)
    train = np.arange(len(labels)) % 2 == 0
    split = np.where(train, "train", "test")
    ranks = Geometry(arrange(EmbeddingSet.from_arrays(vectors, labels, split=split))).ranks
    peer = KNeighborsClassifier(1, algorithm="brute").fit(vectors[train], labels[train])
    assert surface.closed_set_accuracy(ranks) == pytest.approx(
        peer.score(vectors[~train], labels[~train])
    )
    calculator = AccuracyCalculator(
        include=("precision_at_1",), k=1, knn_func=CustomKNN(LpDistance(normalize_embeddings=False))
    )
    found = calculator.get_accuracy(
        *(
            torch.from_numpy(array)
            for array in (vectors[~train], labels[~train], vectors[train], labels[train])
        )
    )
    assert surface.closed_set_accuracy(ranks) == pytest.approx(found["precision_at_1"])
    predicted = peer.predict(vectors[~train])
    recalls = [(predicted[labels[~train] == c] == c).mean() for c in np.unique(labels[~train])]
    assert surface.closed_set_accuracy_macro(ranks) == pytest.approx(np.mean(recalls))


def test_collapsed_is_strict_zero_and_lenient_one():
    ranks = Geometry(EmbeddingSet.from_arrays(np.ones((12, 2)), np.arange(12) % 3)).ranks
    for number in (surface.triplet_accuracy, surface.closed_set_accuracy):
        assert number(ranks, "strict") == 0
        assert number(ranks, "lenient") == 1
    assert surface.triplet_accuracy(ranks, "random") == 0.5


def test_many_ties_take_the_closed_form():
    # 99 ties: above the border where terms are summed one by one.
    vectors = np.vstack([np.zeros((2, 1)), np.ones((99, 1))])
    labels = np.array([0, 0] + [1] * 99)
    vectors[1] = 1  # the positive of row 0 is as far as all 99 negatives
    ranks = Geometry(EmbeddingSet.from_arrays(vectors, labels)).ranks
    grid = ranks.grid.tolist()
    gain = ranks.random_gain[0][0] + ranks.wins[0][0]
    for g in (1, 2, 10, 50):
        # Row 0: g ties drawn; row 1: its positive is farther than none and 99 negatives are at 0.
        assert gain[grid.index(g)] == pytest.approx(1 / (g + 1), rel=1e-9)


def test_round_numbers():
    assert round_numbers(1, 24).tolist() == [1, 2, 3, 5, 7, 10, 20, 24]
    assert round_numbers(2, 2).tolist() == [2]
