"""Gains over queries are scipy's paired t, and never beyond what two shares can differ by."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_1samp, ttest_rel

from embedding_second_opinion.stats.gains import over_queries


@pytest.mark.parametrize("seed", range(3))
def test_of_new_queries_it_is_the_paired_t_of_scipy(seed):
    rng = np.random.default_rng(seed)
    before, after = (rng.random(80) < share for share in (0.5, 0.7))
    found = over_queries(after.astype(float) - before)
    paired = ttest_rel(after.astype(float), before.astype(float))
    bounds = paired.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((bounds.low, bounds.high))
    assert found.unit == "query"
    for x in (0.0, 0.1):
        beyond = ttest_1samp(after.astype(float) - before, x, alternative="greater")
        assert found.above(x) == pytest.approx(beyond.pvalue)


def test_two_shares_are_at_most_a_hundred_points_apart():
    found = over_queries(np.array([1.0, 1.0, 1.0, 0.0]))
    assert found.low < 0.75 < found.high == 1.0
