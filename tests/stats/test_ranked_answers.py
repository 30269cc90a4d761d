"""What ranked answers hold, against three libraries, published values, and every order written out."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from pytorch_metric_learning.utils.inference import CustomKNN
from scipy.stats import hypergeom
from sklearn.decomposition import PCA
from sklearn.metrics import label_ranking_average_precision_score, top_k_accuracy_score
from torchmetrics.retrieval import (
    RetrievalHitRate,
    RetrievalPrecision,
    RetrievalRecall,
    RetrievalRPrecision,
)

from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples import sample
from embedding_second_opinion.stats.ranked_answers import (
    COUNTS,
    at_best,
    by_chance,
    chance_curve,
    first_match,
    per_query,
)
from tests import brute_force


def overlapping(rows=260, classes=23, seed=0):
    """Classes of uneven size, one of them a single row, that overlap; no ties."""
    rng = np.random.default_rng(seed)
    labels = np.sort(np.r_[0, rng.integers(1, classes, rows - 1)])
    vectors = rng.standard_normal((classes, 5))[labels] + 0.7 * rng.standard_normal((rows, 5))
    return vectors.astype(np.float32), labels


def means(space):
    return {name: float(values.mean()) for name, values in per_query(space.ranks).items()}


def split_in_two(vectors, labels, seed=0):
    test = np.random.default_rng(seed).random(len(labels)) < 0.4
    split = np.where(test, "test", "train")
    return EmbeddingSet.from_arrays(vectors, labels, split=split), test


def library(queries, labels, gallery=None, gallery_labels=None):
    """pytorch-metric-learning, exact search over everything."""
    calculator = AccuracyCalculator(
        include=("precision_at_1", "r_precision", "mean_average_precision_at_r"),
        k="max_bin_count",
        knn_func=CustomKNN(LpDistance(normalize_embeddings=False)),
    )
    arrays = [a for a in (queries, labels, gallery, gallery_labels) if a is not None]
    found = calculator.get_accuracy(*(torch.from_numpy(np.ascontiguousarray(a)) for a in arrays))
    return {
        "precision_at_1": found["precision_at_1"],
        "r_precision": found["r_precision"],
        "map_at_r": found["mean_average_precision_at_r"],
    }


def test_leave_one_out_equals_pytorch_metric_learning():
    vectors, labels = overlapping()
    space = Geometry(EmbeddingSet.from_arrays(vectors, labels))
    assert len(space.ranks.anchors) == 259  # the library drops the single row without saying so
    found = means(space)
    for name, value in library(vectors.astype(np.float64), labels).items():
        assert found[name] == pytest.approx(value, abs=1e-6), name


def test_a_gallery_equals_pytorch_metric_learning():
    vectors, labels = overlapping(seed=1)
    data, test = split_in_two(vectors, labels)
    space = Geometry(data)
    q, g = space.evaluation.queries, space.evaluation.gallery
    assert set(q) <= set(np.flatnonzero(test))
    wide = vectors.astype(np.float64)
    found = means(space)
    for name, value in library(wide[q], labels[q], wide[g], labels[g]).items():
        assert found[name] == pytest.approx(value, abs=1e-6), name


@pytest.mark.parametrize("with_gallery", [False, True])
def test_every_number_equals_torchmetrics(with_gallery):
    """Its recall is the share of all positives, its hit rate what metric learning calls recall."""
    vectors, labels = overlapping(seed=2)
    data = EmbeddingSet.from_arrays(vectors, labels)
    if with_gallery:
        data, _ = split_in_two(vectors, labels)
    space = Geometry(data)
    queries = space.evaluation.queries[space.ranks.anchors]
    scores, truth, index = [], [], []
    for i, q in enumerate(queries.tolist()):
        others = space.evaluation.enrolled[space.evaluation.enrolled != q]
        distances = brute_force.distances(vectors[q : q + 1], vectors[others])[0]
        scores.append(1 / (1 + distances))  # the library fills short rows with 0: no scores below
        truth.append(labels[others] == labels[q])
        index.append(np.full(len(others), i))
    fed = (
        torch.from_numpy(np.concatenate(scores)),
        torch.from_numpy(np.concatenate(truth)),
        torch.from_numpy(np.concatenate(index)),
    )
    metrics = {
        "precision_at_1": RetrievalPrecision(top_k=1),
        "recall_at_1": RetrievalHitRate(top_k=1),
        "recall_at_5": RetrievalHitRate(top_k=5),
        "recall_at_10": RetrievalHitRate(top_k=10),
        "fractional_recall_at_10": RetrievalRecall(top_k=10),
        "r_precision": RetrievalRPrecision(),
    }
    found = means(space)
    assert set(metrics) | {"map_at_r"} == set(found) == set(COUNTS)
    for name, metric in metrics.items():
        assert found[name] == pytest.approx(float(metric(*fed)), abs=1e-6), name


def test_one_row_a_class_is_top_k_accuracy_in_scikit_learn():
    rng = np.random.default_rng(3)
    labels = np.r_[np.arange(40), rng.integers(0, 40, 150)]
    vectors = rng.standard_normal((40, 6))[labels] + 0.8 * rng.standard_normal((190, 6))
    split = np.repeat(["train", "test"], [40, 150])
    space = Geometry(EmbeddingSet.from_arrays(vectors, labels, split=split))
    single = vectors.astype(np.float32)
    scores = -brute_force.distances(single[40:], single[:40])
    found = means(space)
    for k in (1, 5, 10):
        value = top_k_accuracy_score(labels[40:], scores, k=k, labels=np.arange(40))
        assert found[f"recall_at_{k}"] == pytest.approx(value, abs=1e-12)
    # One match only: its mean reciprocal place is the average precision of the ranking.
    truth = np.eye(40, dtype=int)[labels[40:]]
    expected = label_ranking_average_precision_score(truth, scores)
    assert np.mean(1 / first_match(space.ranks)) == pytest.approx(expected, abs=1e-12)


def test_published_values_of_digits():
    data = sample("digits")
    plane = PCA(2, random_state=0).fit_transform(data.vectors.astype(np.float64))
    found = means(Geometry(EmbeddingSet.from_arrays(plane, data.codes)))
    assert round(found["r_precision"], 4) == 0.4549
    assert round(found["map_at_r"], 4) == 0.3161
    # Raw pixels are whole numbers and tie: the published numbers break ties by luck, these count a
    # match behind what ties with it.
    strict = means(Geometry(data))
    assert round(strict["precision_at_1"], 4) == 0.9883
    pixels = data.vectors.astype(np.float64)  # whole numbers: every product is exact
    norms = (pixels**2).sum(axis=1)
    squares = norms[:, None] + norms - 2 * pixels @ pixels.T
    same = data.codes[:, None] == data.codes[None]
    for name, published in (("r_precision", 0.6116), ("map_at_r", 0.5456)):
        value = _strict(squares, same, name)
        assert strict[name] == pytest.approx(value, abs=1e-9)
        assert published - 3e-4 < value < published


def _strict(distances, same, name):
    values = []
    for i in range(len(distances)):
        own = np.delete(same[i], i)
        away = np.delete(distances[i], i)
        behind = np.searchsorted(np.sort(away[~own]), np.sort(away[own]), side="right")
        place = behind + 1 + np.arange(own.sum())
        inside = place <= own.sum()
        score = inside if name == "r_precision" else inside * np.arange(1, len(place) + 1) / place
        values.append(score.sum() / own.sum())
    return np.mean(values)


def test_chance_is_what_all_orders_average_to():
    """Classes of 2 and 4 rows, leave-one-out: every order of the five others, written out."""
    rng = np.random.default_rng(4)
    labels = np.array([0, 0, 1, 1, 1, 1])
    space = Geometry(EmbeddingSet.from_arrays(rng.standard_normal((6, 3)), labels))
    expected = dict.fromkeys(("precision_at_1", "r_precision", "map_at_r"), 0.0)
    for size in (2, 4):
        p = size - 1
        orders = list(itertools.permutations([1] * p + [0] * (5 - p)))
        for order in orders:
            relevant = np.array(order)
            precision = np.cumsum(relevant) / np.arange(1, 6)
            weight = size / 6 / len(orders)
            expected["precision_at_1"] += weight * relevant[0]
            expected["r_precision"] += weight * relevant[:p].mean()
            expected["map_at_r"] += weight * (precision * relevant)[:p].sum() / p
    found = by_chance(space.ranks)
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=1e-9), name
    assert found["recall_at_10"] == pytest.approx(1)  # a page holds all five
    assert found["fractional_recall_at_10"] == pytest.approx(1)


@pytest.mark.parametrize("with_gallery", [False, True])
def test_chance_of_a_match_is_hypergeometric(with_gallery):
    vectors, labels = overlapping(seed=5)
    data = EmbeddingSet.from_arrays(vectors, labels)
    if with_gallery:
        data, _ = split_in_two(vectors, labels)
    space = Geometry(data)
    enrolled = labels[space.evaluation.enrolled]
    queries = labels[space.evaluation.queries[space.ranks.anchors]]
    itself = 0 if with_gallery else 1
    positives = np.array([(enrolled == c).sum() - itself for c in queries])
    total = len(enrolled) - itself
    found = by_chance(space.ranks)
    for k in (1, 5, 10):
        expected = hypergeom.sf(0, total, positives, k).mean()
        assert found[f"recall_at_{k}"] == pytest.approx(expected, abs=1e-9)
    curve = chance_curve(space.ranks, np.arange(1, 51))
    for r in (1, 7, 50):
        expected = hypergeom.sf(0, total, positives, r).mean()
        assert curve[r - 1] == pytest.approx(expected, abs=1e-9)
    assert found["r_precision"] == pytest.approx((positives / total).mean(), abs=1e-9)
    shuffled = np.random.default_rng(6).permuted(np.tile(enrolled, (2000, 1)), axis=1)[:, :10]
    drawn = np.mean([(shuffled == c).sum(axis=1).mean() / (enrolled == c).sum() for c in queries])
    assert found["fractional_recall_at_10"] == pytest.approx(drawn, abs=2e-3)


def test_random_labels_come_to_their_chance():
    rng = np.random.default_rng(7)
    labels = rng.integers(0, 12, 1500)
    space = Geometry(EmbeddingSet.from_arrays(rng.standard_normal((1500, 6)), labels))
    found, chance = means(space), by_chance(space.ranks)
    for name in COUNTS:
        assert found[name] == pytest.approx(chance[name], abs=0.03), name
    assert at_best(space.ranks)["fractional_recall_at_10"] == pytest.approx(
        np.mean([10 / (np.sum(labels == c) - 1) for c in labels]), abs=1e-12
    )
