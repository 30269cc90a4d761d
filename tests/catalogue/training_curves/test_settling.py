"""Where a curve settles, and an interval that holds the truth of a run that is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter
from sklearn.isotonic import IsotonicRegression

from embedding_second_opinion.catalogue.training_curves.settling import (
    BINS,
    binned,
    idle_interval,
    idle_share,
    settled,
    smoother,
)

T = np.linspace(0, 1, 80)
# accuracy and loss without noise
RUNS = {
    "together": (0.9 - 0.35 * np.exp(-T / 0.2), 0.02 + 0.2 * np.exp(-T / 0.2)),
    "in vain": (0.7 - 0.2 * np.exp(-T / 0.05), 0.02 + 0.2 * np.exp(-T / 0.3)),
    "never": (np.full(80, 0.6), 0.02 + 0.2 * np.exp(-T / 0.3)),
    "worse": (0.8 - 0.3 * np.exp(-T / 0.06) - 0.05 * T, 0.01 + 0.3 * np.exp(-T / 0.25)),
}


def true_share(accuracy, loss):
    one, two = binned(T, loss), binned(T, accuracy)
    return idle_share(settled(one.x, -one.y, None), settled(two.x, two.y, 1.0))


def noisy(rng, keep=0.4):
    """Standard deviation 1, each step holding on to some of the one before."""
    return lfilter([np.sqrt(1 - keep**2)], [1, -keep], rng.standard_normal(100))[20:]


def test_a_run_that_is_known():
    # A straight rise is within a tenth of its end after nine tenths, less half of the last fifth.
    x = (np.arange(100) + 0.5) / 100
    found = settled(x, 0.2 + 0.6 * x, 1.0)
    final = 0.2 + 0.6 * x[-20:].mean()
    assert found.moved
    assert found.at == x[np.argmax(0.2 + 0.6 * x >= final - 0.1 * (final - 0.2 - 0.6 * x[0]))]
    assert not settled(x, np.full(100, 0.7), 1.0).moved
    assert not settled(x, 0.70 + 0.02 * x, 1.0).moved  # less than a tenth of the error left
    assert settled(x, 0.97 + 0.02 * x, 1.0).moved  # here it is most of it
    assert settled(x, -(0.3 - 0.2 * x), None).moved
    assert not settled(x, -(0.3 - 0.02 * x), None).moved


def test_the_rising_fit_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    y = 0.6 + 0.02 * rng.standard_normal(BINS)
    x = np.linspace(0, 1, BINS)
    rising = IsotonicRegression().fit(x, y).predict(x)
    y[:3] -= 0.2
    rising = IsotonicRegression().fit(x, y).predict(x)
    final = y[-8:].mean()
    slack = 0.1 * max(final - rising[0], 1 - final)
    assert settled(x, y, 1.0).at == x[np.argmax(rising >= final - slack)]


def test_the_smooth_fit_is_local_linear_regression():
    rng = np.random.default_rng(0)
    y = rng.standard_normal(25)
    places = np.arange(25)
    hat = smoother(25)
    for i in (0, 3, 12, 24):
        weight = np.exp(-0.5 * ((places - i) / 2.0) ** 2)
        line = np.polyfit(places - i, y, 1, w=np.sqrt(weight))
        assert hat[i] @ y == pytest.approx(line[1])


def test_bins_hold_medians_and_skip_what_was_not_logged():
    values = np.arange(400.0)
    values[5] = 1e6
    values[100:150] = np.nan
    found = binned(np.linspace(0, 1, 400), values)
    assert len(found.x) == BINS
    assert found.values == 350
    assert found.y.max() < 400


@pytest.mark.parametrize("name", RUNS)
def test_the_interval_holds_the_truth(name):
    accuracy, loss = RUNS[name]
    truth, held = true_share(accuracy, loss), 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        seen = accuracy + 0.01 * noisy(rng), loss * np.exp(0.08 * noisy(rng))
        interval = idle_interval(binned(T, seen[1]), binned(T, seen[0]), 1.0, rng)
        held += interval.low <= truth <= interval.high
        # The verdict read from the interval and the one read from the p-value are the same.
        for x in (0.1, 0.25, 0.5):
            assert (interval.low > x) == (interval.above(x) <= 0.025)
    assert held >= 18


def test_too_few_values_have_no_interval():
    rng = np.random.default_rng(0)
    short, long = binned(T[:9], T[:9]), binned(T, T)
    for one, two, what in ((short, long, "9 logged losses"), (long, short, "9 logged accuracies")):
        interval = idle_interval(one, two, 1.0, rng)
        assert interval.low is None
        assert what in interval.method
