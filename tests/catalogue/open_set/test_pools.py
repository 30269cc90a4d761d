"""Values taken out and put in, against NumPy and scikit-learn on what is left."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from embedding_second_opinion.catalogue.open_set.pools import Pool, wins


def changed(rng, n, steps):
    """A pool and the plain array that it stands for."""
    values = rng.integers(0, steps, n) / steps if steps else rng.standard_normal(n)
    gone = rng.random(n) < rng.choice([0.0, 0.1, 0.6])
    into = rng.integers(0, steps, n // 3) / steps if steps else 1 + rng.standard_normal(n // 3)
    pool = Pool(np.sort(values)).after(values[gone], into)
    return pool, np.concatenate([values[~gone], into])


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("steps", [0, 5])  # 5: ties everywhere
def test_quantiles_places_and_shares(seed, steps):
    rng = np.random.default_rng(seed)
    pool, plain = changed(rng, int(rng.integers(3, 60)), steps)
    assert pool.size == len(plain)
    for share in (0.0, 0.05, 0.5, 0.95, 1.0):
        assert pool.quantile(share) == pytest.approx(np.quantile(plain, share), abs=1e-12)
    for i, value in enumerate(np.sort(plain)):
        assert pool.place(i) == value
        assert pool.at_most(value) == np.count_nonzero(plain <= value)
    assert pool.share(0.3) == np.mean(plain <= 0.3)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("steps", [0, 5])
def test_pairs_won_are_the_area_under_the_curve(seed, steps):
    rng = np.random.default_rng(seed)
    near, near_plain = changed(rng, int(rng.integers(4, 50)), steps)
    far, far_plain = changed(rng, int(rng.integers(4, 50)), steps)
    truth = np.r_[np.zeros(near.size), np.ones(far.size)]
    area = roc_auc_score(truth, np.r_[near_plain, far_plain])
    whole = wins(Pool(near.base), Pool(far.base))
    for found in (wins(near, far), wins(near, far, whole)):
        assert found / (near.size * far.size) == pytest.approx(area, abs=1e-12)


def test_an_empty_pool_has_no_quantile():
    empty = Pool(np.array([1.0, 2.0])).after(np.array([1.0, 2.0]), np.zeros(0))
    assert empty.size == 0
    assert np.isnan(empty.quantile(0.5))
    assert np.isnan(empty.share(1.0))
