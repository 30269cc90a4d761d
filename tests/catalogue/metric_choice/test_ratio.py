"""Spread between classes over spread within, against scikit-learn and really deleted classes."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import calinski_harabasz_score

from embedding_second_opinion.catalogue.metric_choice.ratio import Ratio
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples.planted import planted


def by_scikit_learn(vectors, labels):
    n, k = len(labels), len(np.unique(labels))
    return calinski_harabasz_score(vectors, labels) * (k - 1) / (n - k)


def test_the_ratio_and_its_deletions():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(12), rng.integers(2, 9, 12))
    vectors = rng.standard_normal((12, 5))[labels] + rng.standard_normal((len(labels), 5))
    found = Ratio.of(Geometry(EmbeddingSet.from_arrays(vectors, labels)))
    assert found.value == pytest.approx(by_scikit_learn(vectors, labels), rel=1e-5)
    for c in range(12):
        left = by_scikit_learn(vectors[labels != c], labels[labels != c])
        assert found.without[c] == pytest.approx(np.log(left), abs=1e-5)


def test_silent_columns_that_say_the_same_are_no_better_and_loud_noise_is_worse():
    def scaled(data):
        vectors = data.vectors / data.vectors.std(axis=0)
        return Geometry(EmbeddingSet.from_arrays(vectors, data.codes))

    surely = 0
    for seed in range(8):
        data = planted("flattened", seed)
        surely += Ratio.of(scaled(data)).surely_above(Ratio.of(Geometry(data)))
        noisy = planted("unscaled_columns", seed)
        assert Ratio.of(scaled(noisy)).surely_above(Ratio.of(Geometry(noisy)))
    assert surely <= 1


def test_what_has_no_spread_cannot_tell():
    labels = np.repeat(np.arange(12), 3)
    flat = Ratio.of(Geometry(EmbeddingSet.from_arrays(np.ones((36, 2)), labels)))
    points = np.random.default_rng(0).standard_normal((12, 2))[labels]
    collapsed = Ratio.of(Geometry(EmbeddingSet.from_arrays(points, labels)))
    assert not flat.surely_above(collapsed)
    assert not collapsed.surely_above(flat)
