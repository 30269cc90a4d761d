"""Intervals against textbook formulas, published numbers and repeated sampling."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from diagnostics import deletions, surface
from diagnostics.embeddings import EmbeddingSet
from diagnostics.geometry import Geometry
from diagnostics.resample import (
    difference_interval,
    effective_observations,
    mean_interval,
    share_interval,
    wilson_interval,
)


def test_the_jackknife_of_a_mean_is_the_t_interval():
    values = np.random.default_rng(0).normal(0.3, 0.1, 40)
    without = (values.sum() - values) / 39
    found = difference_interval(values.mean(), without, 40)
    expected = stats.t.interval(0.95, 39, values.mean(), stats.sem(values))
    assert (found.low, found.high) == pytest.approx(expected)
    p = stats.ttest_1samp(values, 0.28, alternative="greater").pvalue
    assert found.p_value(values.mean(), 0.28) == pytest.approx(p)


def test_a_share_is_bounded_and_asymmetric():
    values = np.random.default_rng(1).beta(30, 1, 25)
    found = share_interval(values.mean(), (values.sum() - values) / 24, 25, 25.0)
    assert 0 < found.low < values.mean() < found.high < 1
    assert values.mean() - found.low > found.high - values.mean()


def test_ceiling_gives_the_rule_of_three_never_zero_width():
    found = share_interval(1.0, np.ones(60), 60, 300.0)
    assert (found.low, found.high, found.unresolved) == (pytest.approx(0.99), 1.0, True)
    # Hanley & Lippman-Hand: 0 of n events, the 95 % bound is about 3 / n.
    exact = stats.beta.ppf(0.95, 1, 300)
    assert 1 - found.low == pytest.approx(exact, rel=0.02)
    floor = share_interval(0.0, np.zeros(60), 60, 300.0)
    assert (floor.low, floor.high) == (0.0, pytest.approx(0.01))


def test_one_class_with_all_the_errors_is_at_the_ceiling_too():
    without = np.full(40, 0.999)
    without[7] = 1.0
    found = share_interval(0.999, without, 40, 100.0)
    assert found.unresolved
    assert found.low == pytest.approx(0.969)


def test_few_classes_give_no_interval():
    found = share_interval(0.9, np.linspace(0.88, 0.92, 9), 9, 100.0)
    assert found.low is None
    assert "9 classes" in found.method
    assert difference_interval(0.1, np.linspace(0, 0.2, 9), 9).low is None


def test_wilson_is_the_published_one():
    # Newcombe, Statistics in Medicine 1998, table I: 81 of 263 gives .2553 to .3662.
    found = wilson_interval(81, 263)
    assert (found.low, found.high) == (
        pytest.approx(0.2553, abs=1e-4),
        pytest.approx(0.3662, abs=1e-4),
    )


def test_a_mean_over_queries_is_the_t_interval():
    values = np.random.default_rng(2).random(50)
    found = mean_interval(values, shift=0.1)
    expected = stats.t.interval(0.95, 49, values.mean() + 0.1, stats.sem(values))
    assert (found.low, found.high) == pytest.approx(expected)
    assert mean_interval(np.ones(5)).low is None


@pytest.mark.parametrize(
    ("rho", "low", "high"),
    # n / (1 + 19 rho) for 30 classes of 20: 600, 57 and 30; noise in rho can only lower the first.
    [(0.0, 400, 600.01), (0.5, 50, 70), (1.0, 29.99, 31)],
)
def test_effective_observations_lie_between_classes_and_rows(rho, low, high):
    found = []
    for seed in range(50):
        rng = np.random.default_rng(seed)
        codes = np.repeat(np.arange(30), 20)
        margins = np.sqrt(rho) * rng.standard_normal(30)[codes]
        margins = margins + np.sqrt(1 - rho) * rng.standard_normal(600)
        found.append(effective_observations(margins, codes))
        assert 29.99 <= found[-1] <= 600.01
    assert low <= np.mean(found) <= high


def test_identical_margins_count_classes():
    assert effective_observations(np.ones(6), np.array([0, 0, 1, 1, 2, 2])) == pytest.approx(3)


def test_coverage_of_the_class_jackknife():
    """300 sets of 30 classes of 6: the truth is the mean over 4,000 classes drawn alike."""

    def draw(rng, classes):
        labels = np.repeat(np.arange(classes), 6)
        spread = np.exp(0.4 * rng.standard_normal(classes))[labels, None]
        vectors = rng.standard_normal((classes, 8))[labels]
        return vectors + 0.45 * spread * rng.standard_normal((len(labels), 8)), labels

    rng = np.random.default_rng(4)
    found = {"triplet": [], "closed": []}
    repetitions = 300
    for _ in range(repetitions):
        ranks = Geometry(EmbeddingSet.from_arrays(*draw(rng, 30))).ranks
        for name, number, without in (
            ("triplet", surface.triplet_accuracy, deletions.triplet_without),
            ("closed", surface.closed_set_accuracy, deletions.closed_set_without),
        ):
            value = number(ranks)
            interval = share_interval(value, without(ranks), 30, 30.0)
            found[name].append((value, interval.low, interval.high))
    for name, rows in found.items():
        values, low, high = np.array(rows).T
        truth = values.mean()  # of the estimator itself, over fresh classes each time
        covered = ((low <= truth) & (truth <= high)).mean()
        # Nominal .95; 300 repetitions have a standard error of .013, and 1-NN is known to over-cover.
        assert 0.91 <= covered <= 1.0, name
