"""Intervals against textbook formulas, published numbers and repeated sampling."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.special import logit

from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.stats import jackknife, surface
from embedding_second_opinion.stats.intervals import (
    combined_interval,
    degrees,
    difference_interval,
    effective_classes,
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
    assert found.above(0.28) == pytest.approx(p)


def test_a_share_is_bounded_and_asymmetric():
    values = np.random.default_rng(1).beta(30, 1, 25)
    found = share_interval(values.mean(), (values.sum() - values) / 24, 25)
    assert 0 < found.low < values.mean() < found.high < 1
    assert values.mean() - found.low > found.high - values.mean()


def test_unequal_classes_count_as_fewer():
    assert effective_classes(np.full(40, 7.0)) == pytest.approx(40)
    # One class of weight 1 among others of weight 0 is one class; m equal ones among zeros are m.
    assert effective_classes(np.eye(40)[3]) == pytest.approx(1)
    assert effective_classes(np.repeat([2.0, 0.0], [5, 35])) == pytest.approx(5)
    # Kish 1965: K / (1 + CV^2) of the weights.
    weights = np.random.default_rng(4).lognormal(size=40)
    assert effective_classes(weights) == pytest.approx(40 / (1 + stats.variation(weights) ** 2))


def test_degrees_of_freedom_are_those_of_a_variance():
    """Satterthwaite: 2 E(V)^2 / Var(V). Of V = sum d^2, known where the d are normal."""
    rng = np.random.default_rng(5)
    k = 400
    for scales in (np.ones(k), np.repeat([1.0, 3.0], [300, 100])):
        draws = scales * rng.standard_normal((4000, k))
        variance = (draws**2).sum(axis=1)
        known = 2 * variance.mean() ** 2 / variance.var()
        found = np.median([degrees(d, np.ones(k)) for d in draws[:200]])
        assert found == pytest.approx(min(known, k - 1), rel=0.1)
    # Classes that change nothing do not enter; weights can only lower it; never below one.
    d = np.concatenate([rng.standard_normal(30), np.zeros(5000)])
    d[:30] -= d[:30].mean()
    plenty = np.ones(len(d))
    few = 3 * (d**2).sum() ** 2 / (d**4).sum() - 1
    assert degrees(d, plenty) == pytest.approx(few)
    assert degrees(d * 1e-90, plenty) == pytest.approx(few)
    assert degrees(rng.standard_normal(40), np.repeat([1.0, 0.0], [5, 35])) == pytest.approx(4)
    assert degrees(rng.standard_normal(40), np.eye(40)[0]) == 1


def test_weights_widen_and_the_method_says_so():
    values = np.random.default_rng(6).beta(9, 1, 30)
    without = (values.sum() - values) / 29
    plain = share_interval(values.mean(), without, 30)
    few = share_interval(values.mean(), without, 30, np.repeat([1.0, 0.0], [5, 25]))
    assert few.low < plain.low < plain.high < few.high
    assert few.method.endswith("30 classes, 4.0 degrees of freedom")
    assert few.above(few.low) == pytest.approx(0.025, abs=1e-9)
    ratio = np.ptp(logit([few.low, few.high])) / np.ptp(logit([plain.low, plain.high]))
    assert ratio == pytest.approx(stats.t.ppf(0.975, 4) / stats.t.ppf(0.975, 29))


def test_pairs_are_counted_once():
    """A mean over pairs of classes, each of which has its own part and each pair too: known by sampling."""
    rng = np.random.default_rng(7)
    k, sets = 60, 1500
    above = np.triu_indices(k, 1)
    n = k * (k - 1)
    once, twice, values, doubled = [], [], [], []
    for _ in range(sets):
        part = rng.uniform(0, 2, k)
        lost = np.zeros((k, k))
        lost[above] = rng.random(len(above[0])) < 0.05 * (part[above[0]] + part[above[1]])
        value = 1 - lost.sum() / n
        # The denominator stays: a class that is deleted is a class that loses nothing.
        without = value + (lost.sum(axis=0) + lost.sum(axis=1)) / n
        squares = lost.sum() / n**2
        for pairs, found in ((squares, once), (0.0, twice)):
            interval = share_interval(value, without, k, pairs=pairs)
            assert interval.above(interval.low) == pytest.approx(0.025, abs=1e-9)
            found.append(np.ptp(logit([interval.low, interval.high])))
        values.append(logit(value))
        doubled.append(squares / (value * (1 - value)) ** 2)
    truth = np.var(values)
    error = np.array([once, twice]) / (2 * stats.t.ppf(0.975, k - 1))
    counted = (error**2).mean(axis=1) / truth
    # 1,500 sets know a variance to 4 %. Efron & Stein: L + 2 Q instead of L + Q.
    assert counted[0] == pytest.approx(1, rel=0.12)
    assert counted[1] == pytest.approx(1 + np.mean(doubled) / truth, rel=0.12)
    assert counted[1] > 1.35
    # Never below half of the jackknife's variance.
    least = share_interval(value, without, k, pairs=1.0)
    reach = np.ptp(logit([least.low, least.high]))
    assert reach == pytest.approx(twice[-1] / np.sqrt(2))


def test_ceiling_gives_the_rule_of_three_never_zero_width():
    found = share_interval(1.0, np.ones(60), 60)
    # Hanley & Lippman-Hand: 0 of n events, the 95 % bound is about 3 / n.
    assert found.low == pytest.approx(1 - 3 / 60, abs=0.002)
    assert (found.high, found.unresolved) == (1.0, True)
    floor = share_interval(0.0, np.zeros(60), 60)
    assert (floor.low, floor.high) == (0.0, pytest.approx(3 / 60, abs=0.002))


def test_one_class_with_all_the_errors_is_at_the_ceiling_too():
    without = np.full(40, 0.999)
    without[7] = 1.0
    found = share_interval(0.999, without, 40)
    assert found.unresolved
    # 1 of 40 events: the Poisson bound is 4.74 / n.
    assert found.low == pytest.approx(0.999 - 4.74 / 40, abs=0.01)
    assert found.high == 1.0


def test_one_dominant_class_that_is_all_wrong_leaves_everything_open_above():
    without = np.full(12, 0.2)
    without[0] = 1.0
    found = share_interval(0.216, without, 12)
    assert found.low < 0.216
    assert found.high == 1.0


def test_few_classes_give_no_interval():
    found = share_interval(0.9, np.linspace(0.88, 0.92, 9), 9)
    assert found.low is None
    assert "9 classes are too few" in found.method
    assert "1 class is too few" in share_interval(0.9, np.array([0.9]), 1).method
    assert difference_interval(0.1, np.linspace(0, 0.2, 9), 9).low is None


def test_no_spread_or_no_number_is_said_and_never_zero_width():
    assert "no class changes" in difference_interval(0.0, np.zeros(40), 40).method
    assert "no class changes" in share_interval(0.9, np.full(40, 0.9), 40).method
    missing = np.full(40, 0.9)
    missing[3] = np.nan
    assert "does not exist" in share_interval(0.9, missing, 40).method


def test_wilson_is_the_published_one():
    # Newcombe, Statistics in Medicine 1998, table I: 81 of 263 gives .2553 to .3662.
    found = wilson_interval(81, 263)
    assert (found.low, found.high) == (
        pytest.approx(0.2553, abs=1e-4),
        pytest.approx(0.3662, abs=1e-4),
    )


def test_a_mean_over_queries_is_the_t_interval():
    values = np.random.default_rng(2).random(50)
    found = mean_interval(values, values.mean())
    expected = stats.t.interval(0.95, 49, values.mean(), stats.sem(values))
    assert (found.low, found.high) == pytest.approx(expected)
    assert mean_interval(np.ones(1), 1.0).low is None


def test_a_difference_of_wilsons_is_newcombes():
    # Newcombe, Statistics in Medicine 1998 (two samples), method 10: 56/70 - 48/80 = .2 [.0524, .3339].
    found = combined_interval(56 / 70, wilson_interval(56, 70), 0.6, wilson_interval(48, 80))
    assert (found.low, found.high) == (
        pytest.approx(0.0524, abs=1e-4),
        pytest.approx(0.3339, abs=1e-4),
    )


@pytest.mark.parametrize("kind", ["share", "difference", "wilson", "combined", "claim"])
def test_the_p_value_is_the_tail_where_the_bound_is(kind):
    values = np.random.default_rng(3).beta(9, 1, 30)
    without = (values.sum() - values) / 29
    share = share_interval(values.mean(), without, 30)
    interval = {
        "share": share,
        "difference": difference_interval(values.mean(), without, 30),
        "wilson": wilson_interval(81, 263),
        "combined": combined_interval(
            0.99, wilson_interval(99, 100), 0.9, wilson_interval(90, 100)
        ),
        "claim": share.taken_from(0.99),
    }[kind]
    assert interval.above(interval.low) == pytest.approx(0.025, abs=1e-6)
    assert interval.above(interval.low - 0.01) < 0.025 < interval.above(interval.low + 0.01)


def spread_out(rng, classes):
    """Classes of six whose own spread differs: errors cluster by class."""
    labels = np.repeat(np.arange(classes), 6)
    spread = np.exp(0.4 * rng.standard_normal(classes))[labels, None]
    vectors = rng.standard_normal((classes, 8))[labels]
    return vectors + 0.45 * spread * rng.standard_normal((len(labels), 8)), labels


def twins(rng, classes):
    """Far classes, of which a few have a twin nobody can tell apart: mostly all right, or not."""
    labels = np.repeat(np.arange(classes), 6)
    centres = 10 * rng.standard_normal((classes, 8))
    for c in np.flatnonzero(rng.random(classes) < 0.02):
        centres[c] = centres[(c + 1) % classes]
    return centres[labels] + rng.standard_normal((len(labels), 8)), labels


def numbers(design, rng, classes=30):
    ranks = Geometry(EmbeddingSet.from_arrays(*design(rng, classes))).ranks
    triplet, closed = surface.triplet_accuracy(ranks), surface.closed_set_accuracy(ranks)
    a = ranks.anchors
    won = 1 - ranks.lost[a] / (ranks.positives[a] * ranks.negatives[a])
    return {
        "triplet": (
            triplet,
            share_interval(
                triplet,
                jackknife.triplet_without(ranks),
                classes,
                weights=jackknife.triplet_weights(ranks),
            ),
        ),
        "closed": (
            closed,
            share_interval(
                closed,
                jackknife.closed_set_without(ranks),
                classes,
                pairs=jackknife.closed_set_pairs(ranks),
            ),
        ),
        "anchors alone": (triplet, mean_interval(won, triplet)),
    }


@pytest.mark.parametrize(
    ("design", "most"),
    [(spread_out, 0.995), (twins, 1.0)],  # a bound may cover always; an interval must not
)
def test_coverage_of_new_classes(design, most):
    """Nominal .95; 200 sets have a standard error of .015. The truth comes from other sets."""
    truth: dict[str, list[float]] = {}
    for seed in range(10_000, 10_400):
        for name, (value, _) in numbers(design, np.random.default_rng(seed)).items():
            truth.setdefault(name, []).append(value)
    covered: dict[str, list[bool]] = {}
    for seed in range(200):
        for name, (_, found) in numbers(design, np.random.default_rng(seed)).items():
            covered.setdefault(name, []).append(found.low <= np.mean(truth[name]) <= found.high)
    rates = {name: np.mean(hits) for name, hits in covered.items()}
    assert 0.91 <= rates["triplet"] <= most, rates
    assert rates["closed"] >= 0.91, rates
    # The same, had every anchor been counted as independent: what the class jackknife is for.
    assert rates["anchors alone"] < 0.85, rates
