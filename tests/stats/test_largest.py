"""The largest of several harms is no louder than chance lets the loudest of many be."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

from embedding_second_opinion.findings.finding import Verdict, judge
from embedding_second_opinion.stats.intervals import (
    LEVEL,
    TAIL,
    Interval,
    difference_interval,
    largest,
    no_interval,
    share_interval,
    wilson_interval,
)

K = 40


def a_part(rng: np.random.Generator, true: float = 0.0) -> tuple[float, Interval]:
    """A mean over K classes, and its interval."""
    values = true + rng.standard_normal(K)
    without = (values.sum() - values) / (K - 1)
    return float(values.mean()), difference_interval(float(values.mean()), without, K)


@pytest.mark.parametrize("parts", [1, 2, 8])
def test_of_many_harms_that_are_none_few_seem_to_be_one(parts):
    rng = np.random.default_rng(parts)
    found = [largest([a_part(rng) for _ in range(parts)])[1] for _ in range(1500)]
    wrong = np.mean([i.low > 0 for i in found])
    assert wrong <= 0.035  # TAIL and three standard errors
    assert np.mean([i.above(0) <= TAIL for i in found]) == pytest.approx(wrong, abs=1e-9)
    assert np.mean([i.high >= 0 for i in found]) >= LEVEL


def test_the_lower_bound_is_the_t_quantile_shared_among_the_parts():
    values = np.random.default_rng(0).standard_normal(K) + 3
    without = (values.sum() - values) / (K - 1)
    one = difference_interval(float(values.mean()), without, K)
    value, interval = largest([(float(values.mean()), one), (-1.0, one.taken_from(0.0))])
    error = values.std(ddof=1) / np.sqrt(K)
    assert interval.low == pytest.approx(value + t.ppf(TAIL / 2, K - 1) * error, abs=1e-6)
    assert interval.above(interval.low) == pytest.approx(TAIL, rel=1e-5)
    assert interval.high == one.high


def test_one_part_alone_is_as_it_was():
    value, interval = part = a_part(np.random.default_rng(0))
    assert largest([part]) == (value, interval)


def test_a_part_without_an_interval_hides_no_other():
    loud = 0.5, Interval(0.4, 0.6, "known", above=lambda x: float(x >= 0.4) * 0.025)
    value, interval = largest([loud, (0.0, no_interval("unknown"))])
    assert (value, interval.low, interval.high) == (0.5, 0.4, 1.0)
    assert "no interval: unknown" in interval.method
    assert judge(interval.estimate(value, ""), 0.02) is Verdict.ALARM
    quiet = 0.0, Interval(-0.01, 0.01, "known")
    value, interval = largest([quiet, (0.3, no_interval("unknown"))])
    assert judge(interval.estimate(value, ""), 0.02) is Verdict.UNSURE
    assert largest([(0.1, no_interval("a")), (0.2, no_interval("b"))])[1].low is None


def test_bounds_and_shares_take_part():
    bound = share_interval(0.0, np.zeros(K), K)
    queries = wilson_interval(30, 100)
    value, interval = largest([(0.0, bound), (0.3, queries)])
    assert value == 0.3
    assert interval.low < queries.low
    assert interval.above(interval.low) == pytest.approx(TAIL, rel=0.05)
    assert interval.high == queries.high
