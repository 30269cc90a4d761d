"""Intervals of shares of triplets: what is deleted is really deleted."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import binomtest, t

from embedding_second_opinion.catalogue.mining_audit.units import units_of
from embedding_second_opinion.inputs.triplets import Triplets

CODES = np.repeat(np.arange(15), 6)


def listed(seed=0, batches=20, each=40):
    rng = np.random.default_rng(seed)
    count = batches * each
    a, p, n = rng.integers(0, 90, (3, count))
    batch = np.repeat(np.arange(batches), each) if batches > 1 else None
    hits = rng.random(count) < 0.1 + 0.1 * np.sin(np.arange(count) // each)
    return Triplets(a, p, n, batch), hits


def test_a_deleted_batch_is_gone():
    triplets, hits = listed()
    value, interval = units_of(triplets, CODES).share(hits)
    without = np.array([hits[triplets.batch != b].mean() for b in range(20)])
    steps = logit(without) - logit(without).mean()
    reach = t.ppf(0.975, 19) * np.sqrt(19 / 20 * (steps**2).sum())
    assert value == hits.mean()
    assert interval.unit == "batch"
    assert "batch jackknife on the logit scale, 20 batches" in interval.method
    # Degrees of freedom may be fewer than 19, by how unequal the batches are: never narrower.
    assert interval.low <= expit(logit(value) - reach) + 1e-12
    assert interval.high >= expit(logit(value) + reach) - 1e-12
    free = float(interval.method.split(", ")[-1].split()[0]) if "freedom" in interval.method else 19
    reach *= t.ppf(0.975, free) / t.ppf(0.975, 19)
    assert interval.low == pytest.approx(expit(logit(value) - reach), rel=2e-2)


def test_a_deleted_class_goes_in_every_role():
    triplets, hits = listed(batches=1, each=900)
    units = units_of(triplets, CODES)
    assert (units.of, units.count) == ("class", 15)
    rows = np.stack([triplets.anchor, triplets.positive, triplets.negative])
    for c in range(15):
        kept = ~(CODES[rows] == c).any(axis=0)
        left = units.sums(np.ones(900))[c]
        assert left == 900 - kept.sum()
        assert hits.sum() - units.sums(hits.astype(float))[c] == hits[kept].sum()
    some = np.flatnonzero(np.arange(900) % 3 == 1)[::-1]
    part = units.among(some)
    again = units_of(Triplets(*rows[:, some]), CODES)
    values = np.random.default_rng(0).random(len(some))
    np.testing.assert_allclose(part.sums(values), again.sums(values))


def test_the_excess_without_each_batch():
    triplets, hits = listed()
    chance = np.full(len(hits), 0.04)
    value, interval = units_of(triplets, CODES).excess(hits, chance)
    assert value == pytest.approx((hits.mean() - 0.04) / 0.96)
    without = np.array([(hits[triplets.batch != b].mean() - 0.04) / 0.96 for b in range(20)])
    error = np.sqrt(19 / 20 * ((without - without.mean()) ** 2).sum())
    assert interval.low == pytest.approx(value - t.ppf(0.975, 19) * error)
    assert interval.high == pytest.approx(value + t.ppf(0.975, 19) * error)
    below, bounds = units_of(triplets, CODES).excess(hits, np.full(len(hits), 0.5))
    assert (below, bounds.low, bounds.high) == (0, 0, 0)


@pytest.mark.parametrize("hit", [0, 1, 3])
def test_rare_hits_are_bounded_over_anchors(hit):
    triplets, _ = listed()
    hits = np.zeros(800, dtype=bool)
    hits[:hit] = True
    triplets = Triplets(np.arange(800) % 90, triplets.positive, triplets.negative, triplets.batch)
    value, interval = units_of(triplets, CODES).share(hits)
    assert value == hit / 800
    assert interval.unit == "anchor"
    exact = binomtest(hit, 90).proportion_ci(0.95 if hit else 0.90, method="exact")
    assert interval.high == pytest.approx(exact.high)
    assert interval.low == pytest.approx(exact.low)
    other, turned = units_of(triplets, CODES).share(~hits)
    assert other == pytest.approx(1 - value)
    assert turned.low <= 1 - exact.high + 1e-9
    if hit:
        assert interval.above(interval.low) == pytest.approx(0.025)


def test_all_and_none_of_an_excess():
    triplets, _ = listed()
    units = units_of(triplets, CODES)
    chance = np.full(800, 0.05)
    n = len(np.unique(triplets.anchor))
    value, interval = units.excess(np.ones(800, dtype=bool), chance)
    assert (value, interval.high) == (1, 1)
    assert interval.low == pytest.approx((0.025 ** (1 / n) - 0.05) / 0.95)
    value, interval = units.excess(np.zeros(800, dtype=bool), chance)
    assert (value, interval.low) == (0, 0)
    assert interval.high == pytest.approx(max(0, (1 - 0.05 ** (1 / n) - 0.05) / 0.95))


def test_intervals_by_batch_hold_the_truth():
    """Batches with a rate of their own: 95 % of the intervals should hold the mean rate."""
    rng, held = np.random.default_rng(1), 0
    for _ in range(200):
        rates = rng.beta(4, 16, 30)  # mean 0.2
        batch = np.repeat(np.arange(30), 25)
        hits = rng.random(750) < rates[batch]
        triplets = Triplets(*rng.integers(0, 90, (3, 750)), batch)
        _, interval = units_of(triplets, CODES).share(hits)
        held += interval.low <= 0.2 <= interval.high
    assert 182 <= held <= 199
