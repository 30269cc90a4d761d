"""Calibration against scikit-learn and torchmetrics, on the probabilities of all classes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import brute
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss
from torchmetrics.classification import MulticlassCalibrationError

from embedding_second_opinion.catalogue.decision_rule.calibration import (
    BINS,
    calibration,
    temperatures,
)
from embedding_second_opinion.catalogue.decision_rule.kernel_class_means import squared_distances
from embedding_second_opinion.geometry.passes.row_keys import row_keys
from tests.catalogue.decision_rule.test_kernel_class_means import plain, small


def made(seed=0, coarse=False):
    """Probabilities of five classes that promise too much, and the truth."""
    rng = np.random.default_rng(seed)
    logits = rng.standard_normal((800, 5))
    truth = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    chances = np.exp(2.5 * logits)
    if coarse:  # as shares of five votes are
        return rng.multinomial(5, chances / chances.sum(axis=1, keepdims=True)) / 5, truth
    return chances / chances.sum(axis=1, keepdims=True), truth


def judged(chances, truth):
    right = (chances.argmax(axis=1) == truth).astype(float)
    own = chances[np.arange(len(truth)), truth]
    return right, calibration(right, chances.max(axis=1), own, (chances**2).sum(axis=1))


@pytest.mark.parametrize("coarse", [False, True])
def test_against_scikit_learn_and_torchmetrics(coarse):
    chances, truth = made(coarse=coarse)
    right, found = judged(chances, truth)
    held, claimed = calibration_curve(right, chances.max(axis=1), n_bins=BINS)
    some = found.counts > 0
    assert found.held[some] == pytest.approx(held)
    assert found.claimed[some] == pytest.approx(claimed)
    peer = MulticlassCalibrationError(num_classes=5, n_bins=BINS, norm="l1")
    expected = float(peer(torch.tensor(chances), torch.tensor(truth)))
    assert found.error == pytest.approx(expected, abs=1e-6)
    assert found.error > 0.05
    # For several classes scikit-learn's score is the sum over classes, as here.
    assert found.brier == pytest.approx(brier_score_loss(truth, chances, labels=np.arange(5)))


def test_right_and_certain_costs_nothing():
    chances = np.eye(4)[np.arange(20) % 4]
    _, found = judged(chances, np.arange(20) % 4)
    assert (found.error, found.brier) == (0, 0)
    assert found.counts[-1] == 20


def test_the_temperature_is_the_likeliest_of_the_other_half():
    rows, codes = small(0, sizes=(30, 40, 50), d=3, noise=1.0)
    keys, means = row_keys(rows, np.random.default_rng(0)), plain(rows, codes)
    found = temperatures(rows, codes, keys, means, True, 0.1)
    assert len(np.unique(found)) == 2
    squares = squared_distances(rows, codes, means, True)
    for side in (0, 1):
        fitted, used = keys % 2 == side, keys % 2 != side

        def loss(warmth, part=fitted):
            logits = -warmth * squares[part]
            chances = np.exp(logits - logits.max(axis=1, keepdims=True))
            chances /= chances.sum(axis=1, keepdims=True)
            return log_loss(codes[part], chances, labels=[0, 1, 2])

        best = brute(lambda x: loss(float(x[0])), [slice(0.05, 3, 0.01)], full_output=False)
        assert found[used] == pytest.approx(float(best[0]), rel=0.02)


def test_a_temperature_where_nothing_can_be_fitted():
    rows, codes = np.ones((6, 2)), np.arange(6) % 2
    keys = np.zeros(6, dtype=np.uint64)  # all in one half
    assert np.isfinite(temperatures(rows, codes, keys, plain(rows, codes), True, 1.0)).all()
