"""Nearest class means against scikit-learn, fitted anew without each row."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestCentroid

from embedding_second_opinion.catalogue.decision_rule.kernel_class_means import (
    Means,
    amid,
    nearest_means,
    squared_distances,
)
from embedding_second_opinion.geometry.passes import sweep
from embedding_second_opinion.geometry.passes.classes import class_statistics


def small(seed=0, sizes=(2, 3, 4, 5, 6, 7, 9), d=4, noise=0.8):
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(len(sizes)), sizes)
    vectors = rng.standard_normal((len(sizes), d))[codes]
    order = rng.permutation(len(codes))
    return (vectors + noise * rng.standard_normal(vectors.shape))[order], codes[order]


def plain(rows, codes, directions=False):
    stats = class_statistics(rows, codes, int(codes.max()) + 1)
    centre = np.zeros(rows.shape[1]) if directions else stats.mean
    return Means(centre, None, stats.means - centre, stats.counts, directions)


def ask(rows, codes, means, left_out):
    return nearest_means(rows, codes, means, np.ones(len(rows)), left_out, "test")


@pytest.mark.parametrize("seed", range(4))
def test_leave_one_out_is_a_fit_without_each_row(seed):
    rows, codes = small(seed)
    found = ask(rows, codes, plain(rows, codes), True)
    squares = squared_distances(rows, codes, plain(rows, codes), True)
    everyone = np.arange(len(rows))
    for i in everyone:
        rest = everyone != i
        peer = NearestCentroid().fit(rows[rest], codes[rest])
        assert (peer.predict(rows[[i]])[0] == codes[i]) == (found.beaten[i] == 0)
        away = ((peer.centroids_ - rows[i]) ** 2).sum(axis=1)
        assert squares[i] == pytest.approx(away, rel=1e-9)
        own = away[codes[i]]
        assert found.beaten[i] == (np.delete(away, codes[i]) <= own).sum()
        chances = np.exp(-(away - away.min()))
        chances /= chances.sum()
        assert found.confidence[i] == pytest.approx(chances.max(), rel=1e-9)
        assert found.own[i] == pytest.approx(chances[codes[i]], rel=1e-9)
        assert found.squares[i] == pytest.approx((chances**2).sum(), rel=1e-9)
    wrong = found.beaten > 0
    assert 0 < wrong.sum() < len(rows)
    assert ((found.sole >= 0) == (found.beaten == 1)).all()


@pytest.mark.parametrize("seed", range(3))
def test_directions_without_each_row(seed):
    rows, codes = small(seed)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    found = ask(rows, codes, plain(rows, codes, True), True)
    squares = squared_distances(rows, codes, plain(rows, codes, True), True)
    for i in range(len(rows)):
        rest = np.arange(len(rows)) != i
        means = np.stack([rows[rest & (codes == c)].mean(axis=0) for c in range(codes.max() + 1)])
        cosines = means @ rows[i] / np.linalg.norm(means, axis=1)
        assert squares[i] == pytest.approx(2 - 2 * cosines, abs=1e-12)
        assert (found.beaten[i] == 0) == (cosines.argmax() == codes[i])


def test_a_gallery_leaves_no_one_out():
    rows, codes = small(1)
    means = plain(rows[::2], codes[::2])
    found = ask(rows[1::2], codes[1::2], means, False)
    peer = NearestCentroid().fit(rows[::2], codes[::2])
    assert set(peer.classes_) == set(range(7))
    assert ((found.beaten == 0) == (peer.predict(rows[1::2]) == codes[1::2])).all()


def test_ties_are_errors_and_nobody_is_certain():
    rows, codes = np.ones((12, 3)), np.arange(12) % 3
    found = ask(rows, codes, plain(rows, codes), True)
    assert (found.beaten == 2).all()
    assert (found.sole == -1).all()
    assert found.confidence == pytest.approx(1 / 3)


def test_an_empty_class_is_nowhere():
    rows, codes = small(2)
    held = plain(rows, codes)
    places = np.vstack([held.places, np.zeros(4)])
    wider = Means(held.centre, None, places, np.append(held.sizes, 0))
    first, second = ask(rows, codes, held, True), ask(rows, codes, wider, True)
    for name in ("beaten", "sole", "rival", "confidence", "own", "squares"):
        assert (getattr(first, name) == getattr(second, name)).all(), name
    assert np.isinf(squared_distances(rows, codes, wider, True)[:, -1]).all()


def test_the_same_bits_for_any_number_of_threads(monkeypatch):
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 300, 3000)
    codes = np.concatenate([codes, np.arange(300), np.arange(300)])
    rows = rng.standard_normal((300, 12))[codes] + rng.standard_normal((len(codes), 12))
    stats = class_statistics(rows, codes, 300)
    means = Means(stats.mean, np.eye(12), stats.means - stats.mean, stats.counts, downdate=1e-3)
    found = []
    for threads in (1, 4):
        monkeypatch.setattr(sweep, "workers", lambda threads=threads: threads)
        found.append(ask(rows, codes, means, True))
    for name in ("beaten", "sole", "rival", "confidence", "own", "squares"):
        assert getattr(found[0], name).tobytes() == getattr(found[1], name).tobytes(), name


def beaten(rows, codes):
    """Other classes as near as the own one, each row left out, in long doubles."""
    rows = rows.astype(np.longdouble)
    everyone, out = np.arange(len(rows)), []
    for i in everyone:
        rest = everyone != i
        means = np.stack([rows[rest & (codes == c)].mean(axis=0) for c in range(codes.max() + 1)])
        away = ((means - rows[i]) ** 2).sum(axis=1)
        out.append(int((np.delete(away, codes[i]) <= away[codes[i]]).sum()))
    return np.array(out)


@pytest.mark.parametrize("far", [1e7, 1e8, 1e10, 1e12])
@pytest.mark.parametrize("count", [1, 4])
def test_far_rows_spoil_no_other_class(far, count):
    rows, codes = small(5, sizes=(10,) * 20, d=16, noise=0.8)
    order = np.argsort(codes, kind="stable")
    rows, codes = rows[order], codes[order]
    rows[: 10 * count : 10] = far
    stats = class_statistics(rows, codes, 20)
    centre = amid(rows)
    assert np.abs(centre).max() < 1
    found = ask(rows, codes, Means(centre, None, stats.means - centre, stats.counts), True)
    expected = beaten(rows, codes)
    near = np.abs(rows).max(axis=1) < 100
    assert (found.beaten[near] == expected[near]).all()
    assert 0 < (expected == 0).sum() < 200
    # Of the far rows themselves rounding may decide nothing; then they count as wrong.
    assert (found.beaten[~near] >= expected[~near]).all()


def test_what_cancels_is_made_directly():
    """Half of the classes far from the other half, and near to one another there."""
    rows, codes = small(6, sizes=(8,) * 12, d=5, noise=0.8)
    rows[codes >= 6] += 1e9
    held = plain(rows, codes)
    found = ask(rows, codes, held, True)
    assert (found.beaten == beaten(rows, codes)).all()
    squares = squared_distances(rows, codes, held, False)
    exact = rows.astype(np.longdouble)
    means = np.stack([exact[codes == c].mean(axis=0) for c in range(12)])
    away = ((exact[:, None] - means[None]) ** 2).sum(axis=-1).astype(float)
    assert squares == pytest.approx(away, rel=1e-5)
