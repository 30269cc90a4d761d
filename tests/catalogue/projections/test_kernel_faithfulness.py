"""Trustworthiness, continuity, R_NX and rank correlation against scikit-learn, SciPy and brute force."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import spearmanr
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors

from embedding_second_opinion.catalogue.projections.kernel_faithfulness import (
    compare,
    nearest,
    widest_k,
)


def spaces(seed=0, n=157, d=9):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, d))
    return x, x[:, :2] + 0.3 * rng.standard_normal((n, 2))


def co_ranking(x, y):
    """Q[k - 1, l - 1]: pairs that have rank k in the space and l in the picture, counted one by one."""
    n = len(x)
    table = np.zeros((n - 1, n - 1), dtype=int)
    for i in range(n):
        ranks = []
        for points in (x, y):
            others = [(float(np.sum((points[i] - points[j]) ** 2)), j) for j in range(n) if j != i]
            ranks.append({j: rank for rank, (_, j) in enumerate(sorted(others))})
        for j in ranks[0]:
            table[ranks[0][j], ranks[1][j]] += 1
    return table


@pytest.mark.parametrize("k", [1, 5, 12, 78])
def test_trustworthiness_and_continuity_against_scikit_learn(k):
    x, y = spaces()
    (found,) = compare(x, [y], k)
    assert found.trustworthiness.mean() == pytest.approx(
        trustworthiness(x, y, n_neighbors=k), abs=1e-12
    )
    assert found.continuity.mean() == pytest.approx(trustworthiness(y, x, n_neighbors=k), abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_quality_and_its_area_against_a_co_ranking_matrix(seed):
    x, y = spaces(seed, n=30, d=5)
    n, table = 30, co_ranking(x, y)
    (found,) = compare(x, [y], 4)
    k = np.arange(1, n - 1)
    kept = np.array([table[:size, :size].sum() / (n * size) for size in k])
    expected = ((n - 1) * kept - k) / (n - 1 - k)
    np.testing.assert_allclose(found.quality, expected, atol=1e-12)
    area = (expected / k).sum() / (1 / k).sum()
    assert found.preservation.mean() == pytest.approx(area, abs=1e-12)


@pytest.mark.parametrize("rounded", [False, True])
def test_rank_correlation_against_scipy_with_and_without_ties(rounded):
    x, y = spaces(n=60)
    if rounded:
        x, y = np.round(x), np.round(y)
    (found,) = compare(x, [y], 5)
    far, seen = cdist(x, x), cdist(y, y)
    for i in range(60):
        others = np.arange(60) != i
        expected = spearmanr(far[i, others], seen[i, others]).statistic
        assert found.correlation[i] == pytest.approx(expected, abs=1e-12)


def test_neighbours_and_distortion_against_scikit_learn():
    x, y = spaces()
    rows, distances = nearest(x, 20)
    far, expected = NearestNeighbors(n_neighbors=20, algorithm="brute").fit(x).kneighbors()
    np.testing.assert_array_equal(rows, expected)
    np.testing.assert_allclose(distances, far, atol=1e-7)
    (found,) = compare(x, [y], 5)
    seen = NearestNeighbors(n_neighbors=5).fit(y).kneighbors(return_distance=False)
    np.testing.assert_array_equal(np.sort(found.neighbors), np.sort(seen))
    strange = [np.mean(~np.isin(seen[i], expected[i, :15])) for i in range(len(x))]
    np.testing.assert_allclose(found.distortion, strange)


def test_the_size_of_a_block_changes_no_bit():
    x, y = spaces(n=101)
    x[40:60] = x[3]  # duplicates: ties go by place in whatever block they stand
    y[50:60] = y[3]
    whole, small = compare(x, [y], 7, block=101)[0], compare(x, [y], 7, block=13)[0]
    for name, value in vars(whole).items():
        np.testing.assert_array_equal(value, getattr(small, name), err_msg=name)
    for one, two in zip(nearest(x, 9, block=101), nearest(x, 9, block=13), strict=True):
        np.testing.assert_array_equal(one, two)


def test_a_true_picture_and_no_picture_at_all():
    _, y = spaces(n=400)
    turned = y @ np.array([[0.6, -0.8], [0.8, 0.6]]) * 7 + 3
    noise = np.random.default_rng(1).standard_normal((400, 2))
    true, chance = compare(y, [turned, noise], 12)
    for name in ("trustworthiness", "continuity", "preservation", "correlation"):
        assert getattr(true, name) == pytest.approx(1, abs=1e-9), name
    assert true.distortion.max() == 0
    assert chance.trustworthiness.mean() == pytest.approx(0.5, abs=0.03)
    assert chance.preservation.mean() == pytest.approx(0, abs=0.03)
    assert chance.correlation.mean() == pytest.approx(0, abs=0.05)


def test_one_point_repeated_has_no_order_to_keep():
    (found,) = compare(np.ones((20, 3)), [np.random.default_rng(0).standard_normal((20, 2))], 5)
    assert (found.correlation == 0).all()
    for value in vars(found).values():
        assert np.isfinite(value).all()


def test_k_must_be_below_half():
    x, y = spaces(n=20)
    with pytest.raises(ValueError, match="below n / 2"):
        compare(x, [y], 10)
    assert [widest_k(n, 12) for n in (10, 24, 25, 200)] == [4, 11, 12, 12]
