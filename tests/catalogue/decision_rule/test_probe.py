"""The probe against scikit-learn's discriminant analysis, fitted anew without each row."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logsumexp
from sklearn.covariance import ledoit_wolf_shrinkage
from sklearn.datasets import load_wine
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import LeaveOneOut, cross_val_predict

from embedding_second_opinion.catalogue.decision_rule.probe import fit_probe
from embedding_second_opinion.geometry.passes.classes import class_statistics
from embedding_second_opinion.geometry.passes.row_keys import row_keys
from tests.catalogue.decision_rule.test_kernel_class_means import small


def fitted(rows, codes, k, keys=None, shrinkage=None):
    return fit_probe(rows, codes, class_statistics(rows, codes, k), keys, shrinkage)


def keys_of(rows):
    return row_keys(rows, np.random.default_rng(0))


def alone(rows, codes, shrinkage=None):
    """The fitted probe, and its answers to its own rows, each left out."""
    keys = keys_of(rows)
    probe = fitted(rows, codes, int(codes.max()) + 1, keys, shrinkage)
    return probe, probe.ask(rows, codes, keys, "test")


def spoken(chances, n, k):
    """Posteriors as scikit-learn gives them, whose covariance is the scatter over n; ours is over n - K."""
    logs = np.log(chances) * (n - k) / n
    return np.exp(logs - logsumexp(logs, axis=-1, keepdims=True))


def equal(k, **options):
    return LinearDiscriminantAnalysis(priors=np.full(k, 1 / k), **options)


def test_wine_leave_one_out_as_published():
    # Published for discriminant analysis without shrinkage, leave-one-out: 98.88 %.
    wine = load_wine()
    right = alone(wine.data, wine.target, 0.0)[1].beaten == 0
    assert round(100 * right.mean(), 2) == 98.88
    peer = cross_val_predict(equal(3), wine.data, wine.target, cv=LeaveOneOut())
    assert ((peer == wine.target) == right).all()


@pytest.mark.parametrize("seed", range(3))
def test_unshrunk_posteriors_without_each_row(seed):
    rows, codes = small(seed, sizes=(3, 4, 5, 6, 7, 9))
    _, found = alone(rows, codes, 0.0)
    for i in range(len(rows)):
        rest = np.arange(len(rows)) != i
        peer = equal(6).fit(rows[rest], codes[rest])
        chances = spoken(peer.predict_proba(rows[[i]])[0], len(rows) - 1, 6)
        assert found.confidence[i] == pytest.approx(chances.max(), rel=1e-5)
        assert found.own[i] == pytest.approx(chances[codes[i]], rel=1e-5)
        assert found.squares[i] == pytest.approx((chances**2).sum(), rel=1e-5)
        assert (found.beaten[i] == 0) == (chances.argmax() == codes[i])


def test_on_a_gallery():
    rows, codes = small(4, sizes=(30, 40, 50), d=6, noise=1.3)
    probe = fitted(rows[::2], codes[::2], 3, shrinkage=0.0)
    found = probe.ask(rows[1::2], codes[1::2], None, "test")
    chances = equal(3).fit(rows[::2], codes[::2]).predict_proba(rows[1::2])
    assert found.confidence == pytest.approx(spoken(chances, 60, 3).max(axis=1), rel=1e-5)
    assert ((found.beaten == 0) == (chances.argmax(axis=1) == codes[1::2])).all()


@pytest.mark.parametrize("n", [4, 40])
def test_the_shrinkage_is_ledoit_and_wolfs(n):
    rng = np.random.default_rng(n)
    codes = np.repeat(np.arange(6), n)
    rows = rng.standard_normal((6 * n, 5)) @ rng.standard_normal((5, 5)) + 9.0 * codes[:, None]
    off = rows - np.stack([rows[codes == c].mean(axis=0) for c in range(6)])[codes]
    within = off.T @ off / (6 * n - 6)
    even = off * np.sqrt(n / (n - 1)) / np.sqrt(np.diag(within))
    expected = ledoit_wolf_shrinkage(even, assume_centered=True)
    # It takes all rows as independent; of a class of n only n - 1 are.
    assert fitted(rows, codes, 6).shrinkage == pytest.approx(
        min(1, expected * n / (n - 1)), rel=1e-9
    )


@pytest.mark.parametrize(
    ("sizes", "d", "noise"), [((4,) * 10, 60, 1.6), ((3,) * 12, 10, 1.0), ((10,) * 8, 30, 1.8)]
)
def test_leaving_a_row_out_praises_no_more_than_a_fit_without_it(sizes, d, noise):
    # Shrunk, it is no exact refit: a row has a say in how much is shrunk, and widths are of four folds.
    quick, anew, inside = [], [], []
    for seed in range(6):
        rows, codes = small(seed, sizes, d, noise)
        probe, found = alone(rows, codes)
        quick.append((found.beaten == 0).mean())
        inside.append((probe.ask(rows, codes, None, "test").beaten == 0).mean())
        for i in range(len(rows)):
            rest = np.arange(len(rows)) != i
            less = fitted(rows[rest], codes[rest], len(sizes))
            anew.append(less.ask(rows[[i]], codes[[i]], None, "test").beaten[0] == 0)
    assert abs(np.mean(quick) - np.mean(anew)) < 0.02
    assert np.mean(inside) > np.mean(anew) + 0.08  # what not leaving out would claim


def test_widths_do_not_matter():
    rows, codes = small(6, sizes=(12,) * 5, d=4)
    scaled = rows * np.array([1e-9, 1.0, 1e4, 1e20]) + np.array([0, 0, 1e5, 0])
    keys = keys_of(rows)
    first, second = (
        fitted(x, codes, 5, keys).ask(x, codes, keys, "test").confidence for x in (rows, scaled)
    )
    assert second == pytest.approx(first, rel=1e-5)


def test_nothing_to_fit():
    rng = np.random.default_rng(0)
    assert fitted(rng.standard_normal((5, 3)), np.arange(5), 5) is None
    assert (alone(np.ones((12, 3)), np.arange(12) % 3)[1].beaten == 2).all()
    exact = np.repeat(np.eye(4), 3, axis=0)  # no spread within classes at all
    assert (alone(exact, np.arange(12) // 3)[1].beaten == 0).all()
    pair = rng.standard_normal((4, 2))  # too few rows for folds
    assert np.isfinite(alone(pair, np.array([0, 0, 1, 1]))[1].confidence).all()
