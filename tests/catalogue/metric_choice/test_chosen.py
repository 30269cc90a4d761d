"""The best of several is not praised for luck, and its interval holds what it must."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from embedding_second_opinion.catalogue.metric_choice.chosen import DEALS, chosen, gain_interval
from embedding_second_opinion.catalogue.metric_choice.other_metric import Paired

NOTHING = np.zeros(0, dtype=np.int64)


def part(codes, values, classes=None):
    """Values that no other class changes."""
    k = classes or int(codes.max()) + 1
    return Paired(codes, k, np.asarray(values, dtype=float), NOTHING, NOTHING, np.zeros(0))


def lucky(rng, metrics, classes=40, rows=10, mean=0.0):
    """Metrics that differ from the one in use in a tenth of the queries, and gain ``mean`` on average."""
    codes = np.repeat(np.arange(classes), rows)
    ups = 0.05 + mean / 2
    values = rng.choice([-1, 0, 1], (metrics, len(codes)), p=[0.1 - ups, 0.9, ups])
    return {f"m{i}": part(codes, v) for i, v in enumerate(values)}


def judged(parts, rng):
    keys = rng.integers(0, 2**63, next(iter(parts.values())).classes, dtype=np.uint64)
    return chosen(parts, keys, rng, alone=True)


def test_the_best_of_six_that_gain_nothing_gains_nothing():
    best, found, above = [], [], 0
    for seed in range(120):
        rng = np.random.default_rng(seed)
        parts = lucky(rng, 6)
        one = judged(parts, rng)
        best.append(max(p.value for p in parts.values()))
        found.append(one.value)
        above += one.interval.low > 0
    error = np.std(found) / np.sqrt(len(found))
    assert np.mean(best) > 0.01  # what the winner's curse would have praised
    assert abs(np.mean(found)) < 3 * error
    # The two bounds miss in 5 of 100; the lower one alone in half of these.
    assert binomtest(above, 120, 0.05, alternative="greater").pvalue > 0.01


def test_where_one_is_better_it_is_chosen_and_its_gain_is_held():
    held, values = 0, []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        parts = lucky(rng, 3, classes=120) | {"good": lucky(rng, 1, classes=120, mean=0.06)["m0"]}
        one = judged(parts, rng)
        assert one.times["good"] > DEALS
        assert sum(one.times.values()) == 2 * DEALS
        values.append(one.value)
        held += one.interval.low <= 0.06 <= one.interval.high
    assert np.mean(values) == pytest.approx(0.06, abs=0.005)
    assert held >= 53


def test_one_metric_alone_is_not_chosen_among_several():
    rng = np.random.default_rng(0)
    parts = lucky(rng, 1)
    found = judged(parts, rng)
    (only,) = parts.values()
    assert found.value == pytest.approx(only.value)
    by_class = only.values.reshape(40, 10).mean(axis=1)
    # Classes of one size: the jackknife of their mean is the t interval.
    reach = 2.0227 * by_class.std(ddof=1) / np.sqrt(40)
    assert found.interval.high - found.value == pytest.approx(reach, rel=1e-3)
    assert "deals" not in found.interval.method


def test_where_next_to_no_class_differs_the_bound_is_clopper_and_pearson():
    codes = np.repeat(np.arange(50), 4)
    values = np.zeros(200)
    whole = [(part(codes, values), np.ones(200))]
    peer = [binomtest(x, 50).proportion_ci(0.9, method="exact").high for x in (0, 1)]
    found = gain_interval(values, whole, alone=True)
    assert (found.low, found.high) == (pytest.approx(-peer[0]), pytest.approx(peer[0]))
    values[3] = 1
    found = gain_interval(values, whole, alone=True)
    assert (found.low, found.high) == (pytest.approx(-peer[0]), pytest.approx(peer[1]))
    assert found.unresolved
    assert "1 gain and 0 lose" in found.method


def test_few_classes():
    rng = np.random.default_rng(0)
    parts = lucky(rng, 2, classes=5)
    keys = np.arange(5, dtype=np.uint64)
    assert chosen(parts, keys, rng, alone=True).interval.low is None
    found = chosen(parts, keys, rng, alone=False).interval
    assert found.unit == "query"
    assert found.low < found.high
    flat = {"m": part(np.repeat(np.arange(5), 4), np.zeros(20))}
    assert "all of which say the same" in chosen(flat, keys, rng, alone=False).interval.method
