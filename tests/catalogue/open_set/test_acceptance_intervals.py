"""Intervals that hold two samples of classes: known variances, bounds, and how often they cover."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from scipy.stats import beta

from embedding_second_opinion.catalogue.open_set import acceptance_intervals
from embedding_second_opinion.catalogue.open_set.acceptance_intervals import Without
from embedding_second_opinion.catalogue.open_set.found import HARM, open_set_numbers
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.geometry.geometry import Geometry


def test_two_means_have_the_variance_of_both():
    """A sum of two independent means, whose jackknife variances are those of the means themselves."""
    rng = np.random.default_rng(0)
    one, two = 0.2 + 0.02 * rng.standard_normal(40), 0.1 + 0.02 * rng.standard_normal(25)
    value = one.mean() + two.mean()
    without = [(x.sum() - x) / (len(x) - 1) for x in (one, two)]
    seen = Without(without[0] + two.mean(), one.mean() + without[1], 40, 100, True)
    interval = acceptance_intervals.share(value, seen)
    error = np.sqrt(one.var(ddof=1) / 40 + two.var(ddof=1) / 25)
    slope = 1 / (value * (1 - value))  # of the logit
    reach = np.log(interval.high / (1 - interval.high)) - np.log(value / (1 - value))
    assert reach / (slope * error) == pytest.approx(2.0, abs=0.02)  # t with about 60 degrees
    assert interval.above(interval.low) == pytest.approx(0.025, abs=1e-9)
    narrower = acceptance_intervals.share(
        value, Without(without[0] + two.mean(), one.mean() + without[1], 40, 100, True, 1e-6)
    )
    assert interval.low < narrower.low < value < narrower.high < interval.high


def test_nothing_let_in_is_a_bound_over_the_classes_of_strangers():
    interval = acceptance_intervals.share(0.0, Without(np.zeros(50), np.zeros(30), 50, 240, True))
    assert (interval.low, interval.unresolved) == (0.0, True)
    assert interval.high == pytest.approx(beta.ppf(0.95, 1, 30))
    assert "30 classes of strangers" in interval.method
    one = acceptance_intervals.share(
        0.01, Without(np.full(50, 0.01), np.r_[0.0, np.full(29, 0.0103)], 50, 240, True)
    )
    assert one.high == pytest.approx(0.01 + beta.ppf(0.95, 2, 29))


def test_few_classes_of_strangers_speak_for_themselves_only():
    seen = Without(np.full(50, np.nan), np.full(3, np.nan), 50, 263, True)
    interval = acceptance_intervals.share(81 / 263, seen, counted=True)
    # Newcombe, Statistics in Medicine 1998, table I, the exact method: 81 of 263 gives .2527 to .3676.
    assert (interval.low, interval.high) == pytest.approx((0.2527, 0.3676), abs=5e-5)
    assert interval.unit == "query"
    assert "3 classes: new samples" in interval.method
    assert "3 classes of strangers cannot speak" in acceptance_intervals.share(0.2, seen).method


@pytest.mark.parametrize(("accepted", "n"), [(0, 1), (1, 1), (1, 5), (3, 9), (9, 9), (40, 300)])
def test_the_p_value_of_so_many_rows_is_the_chance_of_as_many(accepted, n):
    seen = Without(np.full(50, np.nan), np.full(1, np.nan), 50, n, True)
    interval = acceptance_intervals.share(accepted / n, seen, counted=True)
    for x in (0.02, 0.1, 0.5):
        chance = sum(comb(n, k) * x**k * (1 - x) ** (n - k) for k in range(accepted, n + 1))
        assert interval.above(x) == pytest.approx(chance, abs=1e-12)
        # A verdict read from the bound and one read from the p-value are the same.
        assert (interval.low > x) == (interval.above(x) < 0.025)
    if accepted:
        assert interval.above(interval.low) == pytest.approx(0.025, abs=1e-9)


def test_few_enrolled_are_taken_as_given():
    rng = np.random.default_rng(1)
    values = rng.random(40)
    without = (values.sum() - values) / 39
    seen = Without(np.full(5, np.nan), without, 5, 400, True)
    interval = acceptance_intervals.share(values.mean(), seen, counted=True)
    assert "the 5 enrolled taken as given" in interval.method
    assert interval.low < values.mean() < interval.high


@pytest.mark.parametrize("strangers", [True, False])
def test_the_interval_covers_the_truth(strangers):
    """Of 60 sets, at 95 %: 51 or more, which happens by chance in 999 of 1,000."""

    def one(seed):
        rng = np.random.default_rng(seed)
        labels = np.repeat(np.arange(50), 8)
        split = np.tile(["train", "test"], 200)
        keep = (labels < 30) | ((split == "test") & strangers)
        vectors = rng.standard_normal((50, 6))[labels] + 0.4 * rng.standard_normal((400, 6))
        data = EmbeddingSet.from_arrays(vectors[keep], labels[keep], split=split[keep])
        return open_set_numbers(Geometry(arrange(data)), 0.1, 1.0).estimates

    found = [one(seed) for seed in range(60)]
    for name in (HARM, "threshold_at_95", "open_set_auroc"):
        truth = np.mean([e[name].value for e in found])
        covered = [e[name].low <= truth <= e[name].high for e in found]
        assert sum(covered) >= 51, name
        # Nor are they wide for nothing: four standard errors to either side would be.
        spread = np.std([e[name].value for e in found])
        assert np.median([e[name].high - e[name].low for e in found]) < 8 * spread, name
