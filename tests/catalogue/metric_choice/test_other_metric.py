"""Gains and their delete-one values, against answers looked up anew without the class."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from embedding_second_opinion.catalogue.metric_choice.other_metric import (
    paired,
    tied_queries,
    without_each,
)
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.geometry.geometry import Geometry


def gains_by_hand(metrics, queries, gallery, labels, kept):
    """(q,) gain of the second metric over the first, and which ties, over rows of the classes ``kept``."""
    values, asked = [], []
    for q in queries[np.isin(labels[queries], kept)]:
        rows = gallery[np.isin(labels[gallery], kept) & (gallery != q)]
        same = labels[rows] == labels[q]
        if not same.any() or same.all():
            continue
        used, other = (m[q, rows] for m in metrics)
        tied = used[same].min() == used[~same].min()
        right = [m[same].min() < m[~same].min() for m in (used, other)]
        values.append(0.0 if tied else float(right[1]) - float(right[0]))
        asked.append(q)
    return np.array(values), np.array(asked)


def sets(kind, seed):
    """Whole numbers tie often; columns of unlike width make two metrics differ."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(12), rng.integers(2, 7, 12))
    n = len(labels)
    if kind == "ties":
        vectors = rng.integers(0, 3, (12, 4))[labels] + rng.integers(0, 2, (n, 4))
    else:
        vectors = rng.standard_normal((12, 4))[labels] + 0.7 * rng.standard_normal((n, 4))
    split = np.where(rng.random(n) < 0.5, "train", "test")
    split[np.unique(labels, return_index=True)[1]] = "train"
    return vectors.astype(np.float32), labels, split


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", ["ties", "reals"])
@pytest.mark.parametrize("apart", [True, False])
def test_values_and_deletions_are_those_of_a_new_look(kind, seed, apart):
    vectors, labels, split = sets(kind, seed)
    wide = vectors * np.array([4, 1, 1, 2], dtype=np.float32)
    spaces = [
        Geometry(arrange(EmbeddingSet.from_arrays(v, labels, split=split if apart else None)))
        for v in (vectors, wide)
    ]
    used, other = (space.ranks for space in spaces)
    found = paired(used, other, labels)
    metrics = [cdist(v.astype(float), v.astype(float), "sqeuclidean") for v in (vectors, wide)]
    queries = np.flatnonzero(split == "test") if apart else np.arange(len(labels))
    gallery = np.flatnonzero(split == "train") if apart else queries
    values, asked = gains_by_hand(metrics, queries, gallery, labels, np.arange(12))
    assert found.values.tolist() == values.tolist()
    assert found.codes.tolist() == labels[asked].tolist()
    ones = np.ones(len(values))
    without = without_each(found.values, [(found, ones)])
    for c in range(12):
        left, _ = gains_by_hand(metrics, queries, gallery, labels, np.setdiff1d(np.arange(12), c))
        assert without[c] == pytest.approx(left.mean(), abs=1e-12)
    # A mixture: half of the classes by one metric, the others by the metric in use itself.
    mixed = np.where(found.codes % 2 == 0, 1.0, 0.0)
    without = without_each(found.values * mixed, [(found, mixed)])
    for c in range(12):
        left, at = gains_by_hand(metrics, queries, gallery, labels, np.setdiff1d(np.arange(12), c))
        assert without[c] == pytest.approx((left * (labels[at] % 2 == 0)).mean(), abs=1e-12)
    if kind == "ties":
        assert tied_queries(used) > 0


def test_breaking_ties_is_no_gain():
    """All queries tie, and a little noise breaks every tie, half of them rightly."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(10), 6)
    flat = np.zeros((60, 3), dtype=np.float32)
    broken = rng.standard_normal((60, 3)).astype(np.float32)
    used, other = (Geometry(EmbeddingSet.from_arrays(v, labels)).ranks for v in (flat, broken))
    found = paired(used, other, labels)
    assert other.right.sum() > 0
    assert tied_queries(used) == 60
    assert not found.values.any()
    assert without_each(found.values, [(found, np.ones(60))]).tolist() == [0.0] * 10


def test_a_metric_against_itself_gains_nothing():
    vectors, labels, _ = sets("reals", 9)
    ranks = Geometry(EmbeddingSet.from_arrays(vectors, labels)).ranks
    found = paired(ranks, ranks, labels)
    assert not found.values.any()
    assert not found.change.any()
