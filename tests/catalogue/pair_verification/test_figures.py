"""Numbers and their delete-one values against scikit-learn, brute force and really deleting classes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.metrics import precision_score, recall_score, roc_auc_score

from embedding_second_opinion.catalogue.pair_verification.counts import (
    base_rate,
    halves,
    pairs_of_queries,
)
from embedding_second_opinion.catalogue.pair_verification.figures import figures
from embedding_second_opinion.catalogue.pair_verification.numbers import verify
from embedding_second_opinion.catalogue.pair_verification.pair_file import pairs_of_file
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs
from embedding_second_opinion.inputs.pairs import Pairs
from embedding_second_opinion.samples.planted import planted
from tests.brute_force import without_class

# What the delete-one values of a threshold's own figures may differ by: the coarse bins move it a little.
AT_POINTS = ("verification_auc", "eer", "tar_at_far_1e-2")


def small(seed, classes=24, rows=7, d=6, noise=0.7):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), rows)
    return rng.standard_normal((classes, d))[labels] + noise * rng.standard_normal(
        (len(labels), d)
    ), labels


def spread(without):
    """The jackknife's standard error."""
    k = len(without)
    return np.sqrt((k - 1) / k * ((without - without.mean()) ** 2).sum())


def listed(data, count=None, seed=0):
    """All pairs of a set as a file of pairs, or as many of them drawn: half of them genuine."""
    one, two = np.triu_indices(data.n, 1)
    if count is not None:
        same = data.codes[one] == data.codes[two]
        rng = np.random.default_rng(seed)
        kept = np.concatenate(
            [rng.choice(np.flatnonzero(k), count // 2, False) for k in (same, ~same)]
        )
        one, two = one[kept], two[kept]
    return one, two


@pytest.mark.parametrize("seed", range(2))
def test_deleting_a_class_really_gives_the_delete_one_values(seed):
    vectors, labels = small(seed)
    seen = figures(pairs_of_queries(Geometry(EmbeddingSet.from_arrays(vectors, labels))))
    real = {name: [] for name in AT_POINTS}
    shares = []
    for c in range(24):
        left = EmbeddingSet.from_arrays(*without_class(vectors, labels, c))
        again = figures(pairs_of_queries(Geometry(left)))
        shares.append(again.values["genuine_share"])
        for name in AT_POINTS:
            real[name].append(again.values[name])
    assert seen.without["genuine_share"] == pytest.approx(shares, abs=1e-12)
    for name, close in zip(AT_POINTS, (2e-5, 1e-3, 6e-3), strict=True):
        assert seen.without[name] == pytest.approx(real[name], abs=close), name
        assert spread(seen.without[name]) == pytest.approx(spread(np.array(real[name])), rel=0.1)


def test_a_file_of_all_pairs_says_the_same_as_the_pass():
    data = EmbeddingSet.from_arrays(*small(3))
    space = Geometry(data)
    passed = figures(pairs_of_queries(space))
    filed = figures(pairs_of_file(space, Pairs.of(data, *listed(data))))
    for name in (*AT_POINTS, "genuine_share"):
        assert filed.values[name] == pytest.approx(passed.values[name], abs=1e-4), name
        assert spread(filed.without[name]) == pytest.approx(spread(passed.without[name]), rel=0.05)
    for name in ("pair_accuracy", "own", "pair_recall"):
        assert filed.values[name] == pytest.approx(passed.values[name], abs=2e-3), name


def test_more_distances_than_bins_cost_no_more_than_the_bound():
    data = EmbeddingSet.from_arrays(*small(8, classes=60))
    one, two = listed(data)
    assert len(one) > 80_000
    space = Geometry(data)
    seen = figures(pairs_of_file(space, Pairs.of(data, one, two)))
    apart = cdist(data.vectors.astype(float), data.vectors.astype(float))[one, two]
    exact = roc_auc_score(data.codes[one] == data.codes[two], -apart)
    assert 0 < seen.rounding < 1e-4
    assert abs(seen.values["verification_auc"] - exact) <= seen.rounding


def test_folds_of_a_file_as_the_protocol_has_them():
    data = EmbeddingSet.from_arrays(*small(4))
    one, two = listed(data, 600)
    fold = np.arange(600) % 5
    space = Geometry(data)
    seen = figures(pairs_of_file(space, Pairs.of(data, one, two, fold=fold)))
    apart = cdist(data.vectors.astype(float), data.vectors.astype(float))[one, two]
    same = data.codes[one] == data.codes[two]
    called = np.zeros(600, dtype=bool)
    for f in range(5):
        rest, cuts = fold != f, np.sort(apart[fold != f])
        right = [_balanced(same[rest], apart[rest] <= cut) for cut in cuts]
        top = np.flatnonzero(np.isclose(right, max(right), atol=1e-12, rtol=0))
        last = top[0] + np.flatnonzero(np.diff(np.append(top, -1)) != 1)[0]  # of the first flat top
        called[fold == f] = apart[fold == f] <= (cuts[top[0]] + cuts[last + 1]) / 2
    assert seen.values["pair_accuracy"] == pytest.approx(_balanced(same, called), abs=1e-12)
    assert seen.values["pair_recall"] == pytest.approx(recall_score(same, called), abs=1e-12)
    precision = precision_score(same, called)
    assert seen.values["pair_precision_balanced"] == pytest.approx(precision, abs=1e-12)
    assert seen.values["verification_auc"] == pytest.approx(roc_auc_score(same, -apart), abs=1e-12)
    # One genuine pair in so many of all pairs of the set, at the same two error rates.
    base = 24 * 21 / (168 * 167 / 2)
    assert base_rate(space, np.arange(24))[0] == pytest.approx(base, abs=1e-15)
    far, tar = called[~same].mean(), called[same].mean()
    expected = tar * base / (tar * base + far * (1 - base))
    assert seen.values["pair_precision"] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("split", [False, True])
def test_the_threshold_comes_from_elsewhere(split):
    data = planted("overfit" if split else "healthy")
    space = Geometry(data)
    counts = pairs_of_queries(space)
    seen = figures(counts)
    vectors, codes = data.vectors.astype(float), data.codes
    if split:
        part = np.where(data.split == "test", 0, 1)
        tried, fits = [(0, 1)], "gallery"
    else:
        sizes = np.bincount(codes)
        part = halves(space, sizes)[codes]
        tried, fits = [(0, 1), (1, 0)], "half"
    assert fits in counts.fit_words
    accepted, false = [], []
    for judged, fitted in tried:
        apart, same = _pairs(vectors[part == fitted], codes[part == fitted])
        order = np.argsort(apart)
        tar = np.cumsum(same[order]) / same.sum()
        far = np.cumsum(~same[order]) / (~same).sum()
        top = np.flatnonzero(tar - far == (tar - far).max())  # flat where train is told apart
        cut = (apart[order][top[0]] + apart[order][top[-1] + 1]) / 2
        apart, same = _pairs(vectors[part == judged], codes[part == judged])
        accepted.append(apart[same] <= cut)
        false.append(apart[~same] <= cut)
    tar, far = np.concatenate(accepted).mean(), np.concatenate(false).mean()
    assert seen.values["pair_recall"] == pytest.approx(tar, abs=2e-3)
    assert seen.values["pair_far"] == pytest.approx(far, abs=2e-3)
    assert seen.values["pair_accuracy"] == pytest.approx((tar + 1 - far) / 2, abs=1e-3)
    assert seen.values["transfer"] == pytest.approx(
        seen.values["own"] - seen.values["pair_accuracy"], abs=1e-12
    )
    assert seen.values["transfer"] >= 0


def test_halves_are_alike_in_size_and_blind_to_order_and_names():
    data = planted("healthy_long_tail")
    rows = np.bincount(data.codes)
    half = halves(Geometry(data), rows)
    assert abs(int(rows[half == 0].sum()) - int(rows[half == 1].sum())) < 0.12 * data.n
    assert np.bincount(half).tolist() == [80, 80]
    order = np.random.default_rng(0).permutation(data.n)
    names = np.array([f"name {(7 * int(c)) % 163:03d}" for c in data.classes])
    other = EmbeddingSet.from_arrays(data.vectors[order], names[data.codes[order]])
    again = halves(Geometry(other), np.bincount(other.codes))
    place = np.searchsorted(other.classes, names)
    assert np.array_equal(again[place], half)
    assert not np.array_equal(halves(Geometry(data, seed=1), rows), half)


def test_independent_impostor_pairs_are_counted_singly_and_clustered_ones_are_not():
    rng = np.random.default_rng(0)
    # 3,000 impostor pairs that share no class: every one is independent of every other.
    vectors = rng.standard_normal((6400, 4)) * 3
    first = np.arange(0, 6000, 2)
    labels = np.concatenate([np.arange(6000), np.repeat(np.arange(6000, 6200), 2)])
    vectors[6001::2] = vectors[6000::2] + 0.1
    data = EmbeddingSet.from_arrays(vectors, labels)
    one = np.concatenate([first, np.arange(6000, 6400, 2)])
    space = Geometry(data)
    seen = figures(pairs_of_file(space, Pairs.of(data, one, one + 1)))
    assert seen.effective["tar_at_far_1e-2"] == pytest.approx(3000, rel=0.1)
    # All pairs of few classes: far fewer independent ones than there are.
    many = figures(pairs_of_queries(Geometry(planted("healthy"))))
    assert many.effective["tar_at_far_1e-2"] < 0.05 * 708_000


def test_a_rate_too_small_for_its_pairs_is_refused():
    data = EmbeddingSet.from_arrays(*small(5, classes=40, noise=0.5))
    space = Geometry(data)
    one, two = listed(data, 400)
    seen = verify(space, Inputs(pairs=Pairs.of(data, one, two)), 0.02)
    assert seen.refused["tar_at_far_1e-3"] <= 200  # impostor pairs in all
    assert "tar_at_far_1e-3" not in seen.estimates
    assert "tar_at_far_1e-3" in verify(Geometry(planted("healthy_split")), Inputs(), 0.02).estimates


def test_intervals_hold_the_truth_as_often_as_they_say():
    # The truth of this population, from a set large enough to pass for it.
    truth = figures(pairs_of_queries(Geometry(EmbeddingSet.from_arrays(*small(99, 600, 6)))))
    held = dict.fromkeys(("verification_auc", "eer"), 0)
    for seed in range(40):
        data = EmbeddingSet.from_arrays(*small(1000 + seed, 30, 6))
        seen = verify(Geometry(data), Inputs(), 0.02)
        for name in held:
            e = seen.estimates[name]
            held[name] += e.low <= truth.values[name] <= e.high
    for name, count in held.items():
        assert count >= 34, (name, count)  # 95 % of 40 is 38; below 34 with a chance of 0.3 %


def test_without_enough_classes_the_threshold_is_the_pairs_own():
    data = EmbeddingSet.from_arrays(*small(6, classes=2))
    counts = pairs_of_queries(Geometry(data))
    assert not counts.elsewhere
    seen = figures(counts)
    assert seen.values["transfer"] == pytest.approx(0, abs=1e-12)


def test_a_class_of_gallery_and_queries_is_deleted_from_both():
    data = planted("healthy_split")
    keep = data.codes < 30
    names, split = np.array(data.classes)[data.codes], np.asarray(data.split)
    seen = figures(
        pairs_of_queries(
            Geometry(
                arrange(
                    EmbeddingSet.from_arrays(data.vectors[keep], names[keep], split=split[keep])
                )
            )
        )
    )
    real = []
    codes = np.unique(names[keep])
    for name in codes:
        left = keep & (names != name)
        again = EmbeddingSet.from_arrays(data.vectors[left], names[left], split=split[left])
        real.append(figures(pairs_of_queries(Geometry(arrange(again)))).values)
    for name, close in (("verification_auc", 2e-5), ("own", 2e-3), ("pair_accuracy", 1e-2)):
        order = np.argsort(codes.astype(int))
        expected = np.array([r[name] for r in real])[order]
        assert seen.without[name] == pytest.approx(expected, abs=close), name


def _balanced(same, called):
    return (called[same].mean() + 1 - called[~same].mean()) / 2


def _pairs(vectors, codes):
    one, two = np.triu_indices(len(codes), 1)
    return cdist(vectors, vectors)[one, two], codes[one] == codes[two]
