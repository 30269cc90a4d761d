"""Class statistics against NumPy and scikit-learn, also far from the origin."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.covariance import empirical_covariance
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes import classes as module


@pytest.fixture(params=[0.0, 1e4], ids=["centred", "far"])
def data(request):
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), [3, 50, 1, 30])
    vectors = request.param + rng.standard_normal((4, 5))[labels] + rng.standard_normal((84, 5))
    return vectors.astype(np.float32), labels


def test_moments(data, monkeypatch):
    vectors, labels = data
    monkeypatch.setattr(module, "ROWS", 16)  # several blocks
    stats = Geometry(EmbeddingSet.from_arrays(vectors, labels)).class_stats
    exact = vectors.astype(np.float64)
    peer = LinearDiscriminantAnalysis(store_covariance=True, solver="lsqr").fit(exact, labels)
    np.testing.assert_allclose(stats.means, peer.means_, rtol=1e-12)
    np.testing.assert_allclose(stats.within / 84, peer.covariance_, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(stats.total / 84, empirical_covariance(exact), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(stats.mean, exact.mean(axis=0), rtol=1e-12)
    assert stats.counts.tolist() == [3, 50, 1, 30]
    for c in range(4):
        rows = exact[labels == c]
        spread = ((rows - rows.mean(axis=0)) ** 2).sum(axis=1).mean()
        assert stats.spread[c] == pytest.approx(spread, rel=1e-9, abs=1e-12)
    assert stats.mean_square == pytest.approx((exact**2).sum(axis=1).mean(), rel=1e-12)


def test_distances_alone_have_no_class_statistics():
    space = Geometry.from_distances(np.ones((4, 4)), list("aabb"))
    with pytest.raises(ValueError, match="need vectors"):
        _ = space.class_stats
