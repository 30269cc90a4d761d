"""Bounds where nothing was seen, and where something cannot be."""

from __future__ import annotations

import pytest
from scipy.stats import binomtest

from embedding_second_opinion.catalogue.leakage.with_and_without import (
    none_seen,
    open_ended,
    possible,
)
from embedding_second_opinion.stats.intervals import Interval, no_interval


@pytest.mark.parametrize("events", [1, 20, 600])
def test_none_seen_is_clopper_and_pearson(events):
    found = none_seen(events, 50, "no copy")
    # One-sided at 95 % is the upper end of a two-sided 90 %.
    peer = binomtest(0, events).proportion_ci(0.9, method="exact")
    assert (found.low, found.high) == (0, pytest.approx(peer.high))
    assert found.unresolved
    assert "1 chance to see it" in none_seen(1, 50, "no copy").method


def test_few_classes_have_no_bound():
    assert none_seen(10_000, 9, "no copy").high is None


def test_differences_stay_within_100_points():
    found = possible(Interval(-1.2, 1.3, "wide"))
    assert (found.low, found.high) == (-1, 1)
    assert possible(no_interval("few")).low is None


def test_what_is_not_known_opens_the_upper_end_only():
    found = open_ended(Interval(-0.01, 0.01, "narrow"), 0.3, "unknown")
    assert (found.low, found.high) == (-0.01, pytest.approx(0.31))
    assert "30.0 % more, unknown" in found.method
    assert open_ended(Interval(0.5, 0.9, "wide"), 0.3, "unknown").high == 1
    assert open_ended(no_interval("few"), 0.3, "unknown").high is None
