"""Cosines, spread, ties and intrinsic dimension against scikit-learn, deletion and known truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.neighbors import NearestNeighbors

from embedding_second_opinion.catalogue.collapse import concentration
from embedding_second_opinion.catalogue.collapse.class_groups import ClassGroups
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.stats import surface
from embedding_second_opinion.stats.intervals import share_interval


def space_of(vectors, labels, **options):
    return Geometry(EmbeddingSet.from_arrays(vectors, labels), **options)


def offset_set(seed=0, classes=14, d=5):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), rng.integers(2, 6, classes))
    vectors = rng.standard_normal((classes, d))[labels] + rng.standard_normal((len(labels), d))
    return space_of((vectors + 0.7).astype(np.float32), labels)


def jackknife(values):
    k = len(values)
    error = np.sqrt((k - 1) / k * ((values - values.mean()) ** 2).sum())
    return t.ppf(0.975, k - 1) * error


def cosine_mean(x):
    cosines = cosine_similarity(x.astype(np.float64))
    return (cosines.sum() - np.trace(cosines)) / (len(x) * (len(x) - 1))


@pytest.mark.parametrize("centred", [False, True])
def test_mean_cosine_and_its_interval_by_brute_force(centred):
    space = offset_set()
    x = space.points.astype(np.float64)
    x = x - x.mean(axis=0) if centred else x
    value, interval = concentration.mean_cosine(space, centred=centred)
    assert value == pytest.approx(cosine_mean(x), abs=1e-9)
    without = np.array([cosine_mean(x[space.codes != c]) for c in range(14)])
    assert interval.high - value == pytest.approx(jackknife(without), rel=1e-6)
    assert value - interval.low == pytest.approx(jackknife(without), rel=1e-6)


def test_rows_without_a_direction_take_no_part():
    rng = np.random.default_rng(0)
    x = np.r_[np.zeros((3, 4)), rng.standard_normal((27, 4))]
    value, _ = concentration.mean_cosine(space_of(x, np.arange(30) % 10))
    assert value == pytest.approx(cosine_mean(x[3:].astype(np.float32)), abs=1e-9)
    same = space_of(np.full((30, 4), 0.1), np.arange(30) % 10)
    assert concentration.mean_cosine(same)[0] == pytest.approx(1)
    assert concentration.mean_cosine(same, centred=True) is None
    assert concentration.mean_cosine(space_of(np.zeros((30, 4)), np.arange(30) % 10)) is None


def test_spread_and_its_interval_by_brute_force():
    space = offset_set(1)
    x = space.points.astype(np.float64)

    def spread(x):
        return np.sqrt(((x - x.mean(axis=0)) ** 2).sum() / (x**2).sum())

    value, interval = concentration.spread(space.class_stats)
    assert value == pytest.approx(spread(x), rel=1e-9)
    without = np.array([np.log(spread(x[space.codes != c])) for c in range(14)])
    assert np.log(interval.high / value) == pytest.approx(jackknife(without), rel=1e-6)
    assert concentration.spread(space_of(np.zeros((20, 2)), np.arange(20) % 10).class_stats)[0] == 0
    far = space_of(1 + 1e-3 * x, space.codes)
    assert concentration.spread(far.class_stats)[0] < 0.003


@pytest.mark.parametrize("seed", range(3))
def test_ties_without_each_class_by_really_deleting_it(seed):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(14), rng.integers(2, 8, 14))
    vectors = np.sign(
        rng.standard_normal((14, 7))[labels] + 0.5 * rng.standard_normal((len(labels), 7))
    )
    space = space_of(vectors, labels)

    def share(space):
        lenient = surface.closed_set_accuracy(space.ranks, "lenient")
        return lenient - surface.closed_set_accuracy(space.ranks)

    value, interval = concentration.tied_first(space)
    assert 0.05 < value == pytest.approx(share(space), abs=1e-12)
    without = np.array(
        [share(space_of(vectors[labels != c], labels[labels != c])) for c in range(14)]
    )
    expected = share_interval(value, without, 14)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_the_mass_of_ties_by_brute_force():
    rng = np.random.default_rng(4)
    labels = np.arange(60) % 12
    x = np.sign(rng.standard_normal((60, 6)))
    distances = ((x[:, None] - x[None]) ** 2).sum(axis=2)
    shares = []
    for a in range(60):
        positive = distances[a, (labels == labels[a]) & (np.arange(60) != a)]
        negative = distances[a, labels != labels[a]]
        shares.append((positive[:, None] == negative[None]).mean())
    value, interval = concentration.tie_mass(space_of(x, labels).ranks)
    assert value == pytest.approx(np.mean(shares), abs=1e-12)
    assert interval.low < value < interval.high


def test_no_tie_is_seen_and_not_inferred():
    space = offset_set()
    for value, interval in (concentration.tied_first(space), concentration.tie_mass(space.ranks)):
        assert (value, interval.low, interval.high) == (0, 0, 0)
        assert "seen, not inferred" in interval.method


@pytest.mark.parametrize(
    ("m", "metric"), [(1, "euclidean"), (2, "euclidean"), (5, "euclidean"), (3, "cosine")]
)
def test_the_intrinsic_dimension_of_known_sheets(m, metric):
    rng = np.random.default_rng(m)
    n = 1600
    x = rng.random((n, m))
    turned = x @ np.linalg.qr(rng.standard_normal((12, m)))[0].T
    if metric == "cosine":
        # A patch of the sphere: m coordinates across stay m dimensions.
        turned = np.c_[turned, np.ones(n)]
    space = space_of(turned, np.arange(n) % 40, metric=metric)
    value, interval, copies = concentration.intrinsic_dimension(
        space, ClassGroups.deal(space.class_stats)
    )
    assert value == pytest.approx(m, rel=0.1)
    assert interval.low < value < interval.high
    assert copies == 0
    if metric == "euclidean":
        # The fit of Facco et al.: a line through the origin, the largest tenth discarded.
        near = NearestNeighbors(n_neighbors=2).fit(space.points).kneighbors()[0]
        ratio = np.sort(near[:, 1] / near[:, 0])[: int(0.9 * n)]
        level = -np.log(1 - np.arange(1, len(ratio) + 1) / n)
        slope = (np.log(ratio) @ level) / (np.log(ratio) @ np.log(ratio))
        assert value == pytest.approx(slope, rel=0.05)


def test_copies_are_counted_and_left_out():
    rng = np.random.default_rng(0)
    x = rng.random((400, 2))
    x[:30] = x[30:60]
    space = space_of(x, np.arange(400) % 20)
    value, _, copies = concentration.intrinsic_dimension(space, ClassGroups.deal(space.class_stats))
    assert copies == 60
    assert value == pytest.approx(2, rel=0.25)
    same = space_of(np.ones((40, 2)), np.arange(40) % 10)
    assert concentration.intrinsic_dimension(same, ClassGroups.deal(same.class_stats)) is None
