"""Real embeddings, with statistics that were computed independently of this project."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from pytorch_metric_learning.utils.inference import CustomKNN
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from embedding_second_opinion.data.load import load
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.stats import surface

# Leave-one-out 1-NN, and 100,000 random triplets (standard error 4e-4 at most).
LEAVE_ONE_OUT = {
    "lfw_dlib": (0.9508, 0.9985),
    "omniglot_triplet": (0.7417, 0.9860),
    "leaf99": (0.9141, 0.9499),
    "pbmc68k_pca": (0.7600, 0.8327),
}


def only_set(folder):
    (path,) = folder.glob("*.npz")
    return load(path)


def whole(data):
    """One set, leave-one-out, whatever splits it has."""
    return Geometry(
        arrange(type(data).from_arrays(data.vectors, np.array(data.classes)[data.codes]))
    )


@pytest.mark.parametrize("name", LEAVE_ONE_OUT)
def test_leave_one_out_as_published_with_the_data(shared_data, name):
    data = only_set(shared_data / name)
    ranks = whole(data).ranks
    nearest, triplet = LEAVE_ONE_OUT[name]
    assert surface.closed_set_accuracy(ranks) == pytest.approx(nearest, abs=5.1e-5)
    assert surface.triplet_accuracy(ranks) == pytest.approx(
        triplet, abs=3e-3 if triplet < 0.9 else 1.5e-3
    )
    # scikit-learn, each row's own left out by index.
    rows = (
        NearestNeighbors(n_neighbors=1, algorithm="brute").fit(data.vectors).kneighbors()[1][:, 0]
    )
    right = data.codes[rows[ranks.anchors]] == data.codes[ranks.anchors]
    assert surface.closed_set_accuracy(ranks) == pytest.approx(right.mean(), abs=2.5e-4)


def test_intents_within_scope(shared_data):
    data = only_set(shared_data / "clinc150_minilm")
    names = np.array(data.classes)[data.codes]
    known = names != "oos"
    ranks = Geometry(type(data).from_arrays(data.vectors[known], names[known])).ranks
    assert surface.closed_set_accuracy(ranks) == pytest.approx(0.9304, abs=1e-4)
    assert surface.triplet_accuracy(ranks) == pytest.approx(0.9838, abs=1.5e-3)


@pytest.mark.parametrize(
    ("name", "strangers", "nearest"),
    [("omniglot_triplet", ["unknown"], 0.766), ("clinc150_minilm", ["oos_test"], 0.8804)],
)
def test_queries_against_the_gallery(shared_data, name, strangers, nearest):
    data = only_set(shared_data / name)
    space = Geometry(arrange(data, strangers=strangers))
    assert surface.closed_set_accuracy(space.ranks) == pytest.approx(nearest, abs=5e-4)
    test, train = space.evaluation.queries, space.evaluation.gallery
    peer = KNeighborsClassifier(1, algorithm="brute").fit(data.vectors[train], data.codes[train])
    score = peer.score(data.vectors[test], data.codes[test])
    assert surface.closed_set_accuracy(space.ranks) == pytest.approx(score, abs=2.5e-4)
    calculator = AccuracyCalculator(
        include=("precision_at_1",), k=1, knn_func=CustomKNN(LpDistance(normalize_embeddings=False))
    )
    found = calculator.get_accuracy(
        *(
            torch.from_numpy(np.array(array))
            for array in (
                data.vectors[test],
                data.codes[test],
                data.vectors[train],
                data.codes[train],
            )
        )
    )
    assert surface.closed_set_accuracy(space.ranks) == pytest.approx(
        found["precision_at_1"], abs=2.5e-4
    )


def test_both_triplet_accuracies_of_the_handwriting_set(shared_data):
    space = Geometry(arrange(only_set(shared_data / "omniglot_triplet"), strangers=["unknown"]))
    assert surface.triplet_accuracy(space.within) == pytest.approx(0.9859, abs=5e-5)
    assert surface.triplet_accuracy(space.ranks) == pytest.approx(0.9893, abs=5e-5)


def test_the_weighting_and_the_cohort_of_the_faces(shared_data):
    ranks = whole(only_set(shared_data / "lfw_dlib")).ranks
    assert surface.triplet_accuracy(ranks) == pytest.approx(0.99846, abs=5e-6)
    assert surface.triplet_accuracy_all_triplets(ranks) == pytest.approx(0.99926, abs=5e-6)
    for least, expected in ((1, 0.951), (2, 0.974), (5, 0.987), (10, 0.991)):
        cohort = surface.accuracy_surface(ranks, (least, surface.ALL))
        assert cohort.values[1, -1] == pytest.approx(expected, abs=5e-4)


def test_columns_of_the_leaves_rank_the_models_wrongly(shared_data):
    data = only_set(shared_data / "leaf99")
    margin = Geometry(type(data).from_arrays(data.vectors[:, :64], data.codes)).ranks
    every = Geometry(type(data).from_arrays(data.vectors, data.codes)).ranks
    assert surface.triplet_accuracy(margin) == pytest.approx(0.976, abs=1e-3)
    assert surface.closed_set_accuracy(margin) == pytest.approx(0.713, abs=1e-3)
    assert surface.triplet_accuracy(margin) > surface.triplet_accuracy(every)
    assert surface.closed_set_accuracy(margin) < surface.closed_set_accuracy(every)


def test_the_published_one_shot_error(shared_data):
    (path,) = (shared_data / "omniglot_oneshot_published").glob("*.npz")
    with np.load(path, allow_pickle=False) as arrays:
        distances, truth = arrays["distance"], arrays["true_index"]
    errors = []
    for matrix, answer in zip(distances, truth, strict=True):
        space = Geometry.from_distances(matrix, answer, np.arange(20))
        errors.append(1 - surface.closed_set_accuracy(space.ranks))
    assert np.mean(errors) == pytest.approx(0.3875, abs=1e-9)
    assert [round(100 * e) for e in errors[:5]] == [45, 35, 40, 25, 30]
