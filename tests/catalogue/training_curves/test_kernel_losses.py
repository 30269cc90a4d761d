"""The losses of a set of vectors against two libraries of losses, and against loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.losses import ContrastiveLoss, TripletMarginLoss
from pytorch_metric_learning.reducers import AvgNonZeroReducer, MeanReducer

from embedding_second_opinion.catalogue.training_curves.kernel_losses import COLUMNS, losses
from embedding_second_opinion.geometry.passes import ranks
from embedding_second_opinion.geometry.passes.source import VectorSource

MARGIN = 0.6


def made(classes=8, size=5, d=6, seed=0, unit=True):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), size)
    vectors = rng.standard_normal((classes, d))[labels] + 0.8 * rng.standard_normal(
        (len(labels), d)
    )
    if unit:
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors, labels


def measured(vectors, labels, margin=MARGIN, own=None, coordinates=10**6):
    start = np.concatenate([[0], np.cumsum(np.bincount(labels))]).astype(np.int64)
    own = np.arange(len(labels)) if own is None else own
    source = VectorSource.of(vectors[own], vectors, precise=False)
    return losses(source, own, start, margin, coordinates)


def means(table):
    return {name: float(np.nanmean(values)) for name, values in table.items()}


@pytest.mark.parametrize("power", [1, 2])
def test_triplet_losses_against_a_library_of_losses(power):
    vectors, labels = made()
    found = means(measured(vectors, labels))
    distance = LpDistance(normalize_embeddings=False, power=power)
    kind = "distance" if power == 1 else "squared"
    x, y = torch.from_numpy(vectors), torch.from_numpy(labels)
    over_all = TripletMarginLoss(margin=MARGIN, distance=distance, reducer=MeanReducer())(x, y)
    active = TripletMarginLoss(margin=MARGIN, distance=distance, reducer=AvgNonZeroReducer())(x, y)
    assert found[f"{kind}_loss"] == pytest.approx(float(over_all), rel=1e-5)
    # mean over all = active share x mean over the active
    assert found[f"{kind}_loss"] / found[f"{kind}_active"] == pytest.approx(float(active), rel=1e-5)


@pytest.mark.parametrize("unit", [True, False])
def test_contrastive_losses_against_a_library_and_loops(unit):
    vectors, labels = made(unit=unit)
    margin = MARGIN if unit else 3.0
    found = means(measured(vectors, labels, margin))
    distance = LpDistance(normalize_embeddings=False)
    peer = ContrastiveLoss(pos_margin=0, neg_margin=margin, distance=distance)
    theirs = peer(torch.from_numpy(vectors), torch.from_numpy(labels))
    mine = found["positive"] + found["negative"] / found["negative_active"]
    assert mine == pytest.approx(float(theirs), rel=1e-5)
    same = labels[:, None] == labels[None]
    np.fill_diagonal(same, False)
    apart = labels[:, None] != labels[None]
    steps = np.abs(vectors[:, None] - vectors[None])
    d = np.linalg.norm(steps, axis=-1)
    for name, values in (
        ("positive_square", (d**2)[same]),
        ("negative_square", (np.maximum(0, margin - d) ** 2)[apart]),
        ("coordinate_positive", (steps**2)[same]),
        ("coordinate_negative", (np.maximum(0, margin - steps) ** 2)[apart]),
    ):
        assert found[name] == pytest.approx(values.mean(), rel=1e-4), name


def test_every_anchor_by_loops_with_classes_of_unequal_size():
    vectors, labels = made(classes=5, size=6, unit=False, seed=3)
    keep = np.sort(np.random.default_rng(1).permutation(30)[:22])
    vectors, labels = vectors[keep], np.unique(labels[keep], return_inverse=True)[1]
    table = measured(vectors, labels, margin=1.0)
    for a in range(len(labels)):
        d = np.linalg.norm(vectors - vectors[a], axis=1)
        positives = [p for p in range(len(labels)) if labels[p] == labels[a] and p != a]
        negatives = [n for n in range(len(labels)) if labels[n] != labels[a]]
        if not positives:
            assert np.isnan(table["right"][a])
            continue
        for kind, f in (("distance", d), ("squared", d**2), ("cosine", d**2 / 2)):
            hinges = [max(0.0, 1 + f[p] - f[n]) for p in positives for n in negatives]
            assert table[f"{kind}_loss"][a] == pytest.approx(np.mean(hinges), rel=1e-5)
            assert table[f"{kind}_active"][a] == pytest.approx(np.mean(np.array(hinges) > 0))
            hardest = max(0.0, 1 + max(f[p] for p in positives) - min(f[n] for n in negatives))
            assert table[f"{kind}_hardest"][a] == pytest.approx(hardest, rel=1e-5)
        right = np.mean([d[p] < d[n] for p in positives for n in negatives])
        assert table["right"][a] == pytest.approx(right)
        assert table["farthest"][a] == pytest.approx(max(d[positives]) ** 2, rel=1e-5)
        nearest = max(0.0, 1 - min(d[negatives])) ** 2
        assert table["nearest_square"][a] == pytest.approx(nearest, rel=1e-4, abs=1e-6)


def test_blocks_and_threads_change_nothing(monkeypatch):
    vectors, labels = made(classes=30, size=6)
    monkeypatch.setenv("NUMBA_NUM_THREADS", "1")
    own = np.random.default_rng(0).permutation(len(labels))
    whole = measured(vectors, labels, own=own, coordinates=40)
    monkeypatch.setenv("NUMBA_NUM_THREADS", "3")
    monkeypatch.setattr("embedding_second_opinion.catalogue.training_curves.kernel_losses.ROWS", 16)
    parts = measured(vectors, labels, own=own, coordinates=40)
    assert ranks.ROWS >= 16
    for name in COLUMNS:
        np.testing.assert_allclose(whole[name], parts[name], rtol=1e-6)
    assert np.isfinite(whole["coordinate_positive"]).sum() == 40
