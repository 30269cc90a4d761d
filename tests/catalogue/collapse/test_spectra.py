"""Spectral numbers against scikit-learn, SciPy, published values and classes really left out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import entropy
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits

from embedding_second_opinion.catalogue.collapse import moments, spectra
from embedding_second_opinion.catalogue.collapse.class_groups import ClassGroups
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry


@pytest.fixture(autouse=True)
def one_thread():
    """As the check does it: small decompositions gain nothing from threads."""
    with threadpool_limits(1, user_api="blas"):
        yield


def space_of(classes=24, d=12, seed=0, sizes=(2, 7)):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), rng.integers(*sizes, classes))
    scale = np.geomspace(3, 0.2, d)
    vectors = (rng.standard_normal((classes, d))[labels] + 1) * scale
    vectors = vectors + 0.5 * rng.standard_normal((len(labels), d))
    return Geometry(EmbeddingSet.from_arrays(vectors, labels))


def test_variances_are_those_of_scikit_learn():
    space = space_of()
    full, _ = moments.of_all(space)
    pca = PCA().fit(space.points.astype(np.float64))
    n = len(space.points)
    assert full.variances() == pytest.approx(pca.explained_variance_ * (n - 1) / n, rel=1e-9)
    found = spectra.numbers(full.variances(), full.classes)
    singular = pca.singular_values_
    assert found["effective_rank"] == pytest.approx(
        np.exp(entropy(singular / singular.sum())), rel=1e-9
    )
    share = pca.explained_variance_ratio_
    assert found["participation_ratio"] == pytest.approx(1 / (share**2).sum(), rel=1e-9)
    assert found["stable_rank"] == pytest.approx(1 / share[0], rel=1e-9)
    assert found["numerical_rank"] == 12


def test_the_participation_ratio_of_a_gaussian_as_published():
    values = []
    for seed in range(4):
        x = np.random.default_rng(seed).standard_normal((1000, 128))
        space = Geometry(EmbeddingSet.from_arrays(x, np.arange(1000) % 20))
        values.append(spectra.participation_ratio(moments.of_all(space)[0].variances()))
    assert np.mean(values) == pytest.approx(113.5, abs=0.5)
    assert np.mean(values) == pytest.approx(1000 * 128 / 1128, rel=0.01)


@pytest.mark.parametrize(("n", "d"), [(1000, 128), (150, 300), (400, 10)])
def test_the_gaussian_spectrum_is_what_a_gaussian_shows(n, d):
    shown = np.zeros(d)
    for seed in range(5):
        x = np.random.default_rng(seed).standard_normal((n, d))
        values = np.linalg.svd(x - x.mean(axis=0), compute_uv=False) ** 2
        shown[: len(values)] += values / values.sum() / 5
    expected = spectra.gaussian(n, d)
    assert expected.sum() == pytest.approx(1)
    assert np.cumsum(expected) == pytest.approx(np.cumsum(shown), abs=0.01)


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0, 2.5])
def test_the_exponent_of_a_power_law_is_its_exponent(alpha):
    variances = 7 * spectra.power_law(60, alpha)
    assert spectra.exponent(variances, 100) == pytest.approx(alpha, abs=1e-9)
    # What lies behind the first K - 1 is nobody's fault.
    variances[20:] *= 1e-6
    assert spectra.exponent(variances, 21) == pytest.approx(alpha, abs=1e-9)
    assert spectra.exponent(variances, 60) > alpha + 1


def test_nothing_varies():
    assert spectra.numbers(np.zeros(5), 10) == {
        "effective_rank": 0.0,
        "participation_ratio": 0.0,
        "stable_rank": 0.0,
        "numerical_rank": 0.0,
    }


def test_rounding_is_no_dimension():
    rng = np.random.default_rng(0)
    flat = rng.standard_normal((300, 3)) @ rng.standard_normal((3, 40)) + 5
    space = Geometry(EmbeddingSet.from_arrays(flat.astype(np.float32), np.arange(300) % 30))
    variances = moments.of_all(space)[0].variances()
    assert spectra.numerical_rank(variances) == 3


@pytest.mark.parametrize("d", [12, 262])
def test_moments_without_a_group_are_those_of_the_rest(d):
    space = space_of(classes=45, d=d)
    full, frame = moments.of_all(space)
    groups = ClassGroups.deal(space.class_stats)
    assert groups.sizes.sum() == 45
    assert set(groups.sizes.tolist()) == {2, 3}
    left = list(moments.without_groups(space, full, frame, groups))
    for group in (0, 7, 19) if d == 12 else (7,):
        keep = groups.of[space.codes] != group
        rest = Geometry(EmbeddingSet.from_arrays(space.points[keep], space.codes[keep]))
        stats, found = rest.class_stats, left[group]
        assert (found.rows, found.classes) == (keep.sum(), len(stats.counts))
        assert found.small == pytest.approx((1 / stats.counts).sum())
        assert found.length == pytest.approx((space.points[keep].astype(float) ** 2).sum())
        offset = stats.means - stats.means.mean(axis=0)
        for name, matrix in (
            ("within", stats.within),
            ("between", stats.between),
            ("centres", offset.T @ offset),
        ):
            expected = frame.see(matrix)
            assert getattr(found, name).block == pytest.approx(expected.block, abs=1e-7), name
            assert getattr(found, name).tail == pytest.approx(expected.tail, abs=1e-7), name
            assert getattr(found, name).trace == pytest.approx(np.trace(matrix)), name
        # In many dimensions the tail keeps its diagonal only: a little flatter than the truth.
        exact, _ = moments.of_all(rest)
        assert spectra.effective_rank(found.variances()) == pytest.approx(
            spectra.effective_rank(exact.variances()), rel=1e-9 if d == 12 else 0.02
        )


def test_the_error_is_that_of_a_plain_jackknife_where_groups_are_alike():
    space = space_of(classes=40)
    groups = ClassGroups.deal(space.class_stats)
    without = np.random.default_rng(1).standard_normal(20)
    plain = np.sqrt(19 / 20 * ((without - without.mean()) ** 2).sum())
    assert groups.error(0.3, without) == pytest.approx(plain)


def test_the_error_of_a_mean_is_its_standard_error():
    """Uneven groups: 30 classes in 20, over many draws."""
    space = space_of(classes=30)
    groups = ClassGroups.deal(space.class_stats)
    rng = np.random.default_rng(2)
    squares = []
    for _ in range(300):
        x = rng.standard_normal(30)
        without = np.array([x[groups.of != g].mean() for g in range(20)])
        squares.append(groups.error(float(x.mean()), without) ** 2)
    assert np.sqrt(np.mean(squares)) == pytest.approx(1 / np.sqrt(30), rel=0.05)


def test_groups_do_not_hang_on_order_or_names():
    space = space_of(classes=30)
    order = np.random.default_rng(3).permutation(len(space.codes))
    names = (7 * space.codes[order]) % 31
    other = Geometry(EmbeddingSet.from_arrays(space.points[order], names))
    first, second = (ClassGroups.deal(s.class_stats) for s in (space, other))
    renamed = [int(np.flatnonzero(np.unique(names) == (7 * c) % 31)[0]) for c in range(30)]
    assert second.of[renamed].tolist() == first.of.tolist()


def test_intervals_of_spectra_cover_the_truth():
    """Participation ratio of Gaussian classes in a known covariance; the truth from a large draw."""
    scale = np.geomspace(2, 0.3, 8)
    truth = spectra.participation_ratio(scale**2)
    hits = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        labels = np.repeat(np.arange(80), 5)
        x = rng.standard_normal((80, 8))[labels] * scale
        x = x + 0.5 * rng.standard_normal((400, 8)) * scale
        space = Geometry(EmbeddingSet.from_arrays(x, labels))
        full, frame = moments.of_all(space)
        groups = ClassGroups.deal(space.class_stats)
        without = np.array(
            [
                spectra.participation_ratio(m.variances())
                for m in moments.without_groups(space, full, frame, groups)
            ]
        )
        value = spectra.participation_ratio(full.variances())
        interval = groups.interval(value, without, positive=True)
        hits += interval.low <= truth <= interval.high
    assert hits >= 34, hits
