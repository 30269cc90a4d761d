"""The share of wrong labels by brute force, with classes really deleted, and with known flips."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2
from sklearn.metrics import pairwise_distances

from embedding_second_opinion.catalogue.label_noise.flips import class_groups, draw_flips
from embedding_second_opinion.catalogue.label_noise.numbers import measure_noise
from embedding_second_opinion.catalogue.label_noise.rates import rate_interval, rates
from embedding_second_opinion.catalogue.label_noise.side import examine
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry

K, EACH = 14, 8


def small(seed=0, wrong=0.15):
    """Classes that overlap a little, some labels of which are wrong."""
    rng = np.random.default_rng(seed)
    true = np.repeat(np.arange(K), EACH)
    vectors = rng.standard_normal((K, 6))[true] + 0.45 * rng.standard_normal((len(true), 6))
    labels = np.where(rng.random(len(true)) < wrong, rng.integers(0, K, len(true)), true)
    return EmbeddingSet.from_arrays(vectors, labels), labels != true


def is_suspect(row, label, labels, far, k, keep):
    """Brute force over the rows that are kept; ``label`` may differ from the row's own."""
    others = np.flatnonzero(keep & (np.arange(len(labels)) != row))
    near = others[np.argsort(far[row, others])[:k]]
    counts = np.bincount(labels[near], minlength=K)
    rival = int(counts.argmax())
    if 2 * counts[rival] <= k or rival == label:
        return False
    wrong = []
    for c in np.unique(labels[others]):
        mine, theirs = (others[labels[others] == x] for x in (label, c))
        if c not in (label, rival) and len(mine):
            wrong.append(np.mean(far[row, theirs][:, None] <= far[row, mine]))
    return bool(wrong) and np.mean(wrong) >= 0.2


def test_the_share_and_its_delete_one_values_by_brute_force():
    data, _ = small()
    space = Geometry(data)
    group_of, groups = class_groups(space)
    side = examine(space, group_of, groups)
    labels, far = space.codes, pairwise_distances(data.vectors.astype(np.float64))
    flips = draw_flips(space)
    assert groups == len(data.classes)
    assert len(space.ranks.anchors) == len(labels)

    def rate(keep, gone):
        left = np.flatnonzero(keep)
        flagged = [is_suspect(i, labels[i], labels, far, side.k, keep) for i in left]
        # A flipped row is of the class of its new label, and goes with that.
        found = []
        for i, label in zip(flips.rows, flips.labels, strict=True):
            if label != gone:
                found.append(is_suspect(i, label, labels, far, side.k, keep))
        return np.mean(flagged) / np.mean(found)

    every = rates([side])
    assert every[-1] == pytest.approx(rate(np.ones(len(labels), dtype=bool), -1))
    for c in range(len(data.classes)):
        assert every[group_of[c]] == pytest.approx(rate(labels != c, c)), c


def test_known_flips_are_told_from_overlap():
    """Two classes of each pair overlap; a twentieth of labels is wrong besides."""
    rng = np.random.default_rng(0)
    true = np.repeat(np.arange(120), 16)
    centres = rng.standard_normal((120, 24))
    centres[60:] = centres[:60] + 0.3 * rng.standard_normal((60, 24))
    vectors = centres[true] + 0.6 * rng.standard_normal((len(true), 24))
    for share in (0.0, 0.05, 0.12):
        wrong = rng.random(len(true)) < share
        labels = np.where(wrong, (true + rng.integers(1, 120, len(true))) % 120, true)
        noise = measure_noise(Geometry(EmbeddingSet.from_arrays(vectors, labels)))
        seen = noise.estimates["label_noise_rate"]
        assert seen.value == pytest.approx(wrong.mean(), abs=0.015)
        assert seen.low <= wrong.mean() <= seen.high
        assert noise.estimates["neighbours_disagree"].value > wrong.mean() + 0.03
        listed = noise.sides[0].suspects.query
        assert wrong[listed].sum() >= 0.97 * len(listed)
        if share:
            assert wrong[listed].sum() / wrong.sum() == pytest.approx(noise.found, abs=0.1)
            for put, answer in noise.sides[0].answers:
                rise = (answer - noise.sides[0].rate) / (1 - noise.sides[0].rate)
                assert rise == pytest.approx(put, abs=0.02)


def test_intervals_hold_the_truth():
    """30 sets; a 95 % interval misses 5 of them or more in 2 of 100 cases (binomial)."""
    missed = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        true = np.repeat(np.arange(30), 12)
        vectors = rng.standard_normal((30, 16))[true] + 0.5 * rng.standard_normal((360, 16))
        wrong = rng.random(360) < 0.06
        labels = np.where(wrong, (true + rng.integers(1, 30, 360)) % 30, true)
        seen = measure_noise(Geometry(EmbeddingSet.from_arrays(vectors, labels)))
        rate = seen.estimates["label_noise_rate"]
        missed += not rate.low <= 0.06 <= rate.high
    assert missed < 5


def test_few_suspects_are_counted_by_class_as_poisson():
    """Garwood's interval by the chi-square, and the rule of three where there is none."""
    rng = np.random.default_rng(1)
    true = np.repeat(np.arange(60), 10)
    vectors = rng.standard_normal((60, 24))[true] + 0.3 * rng.standard_normal((600, 24))
    labels = true.copy()
    labels[[3, 105, 207, 309]] = [30, 40, 50, 20]
    space = Geometry(EmbeddingSet.from_arrays(vectors, labels))
    group_of, groups = class_groups(space)
    side = examine(space, group_of, groups)
    hit = int(side.counts.suspects[-1])
    value, interval = rate_interval([side], 60, group_of)
    assert hit >= 2
    exposure = 600 * side.found
    assert value == pytest.approx(hit / exposure)
    assert interval.low == pytest.approx(chi2.ppf(0.025, 2 * hit) / 2 / exposure)
    assert interval.high == pytest.approx(chi2.ppf(0.975, 2 * hit + 2) / 2 / exposure)
    assert interval.above(interval.low) == pytest.approx(0.025)

    clean = Geometry(EmbeddingSet.from_arrays(vectors, true))
    side = examine(clean, *class_groups(clean))
    value, interval = rate_interval([side], 60, class_groups(clean)[0])
    assert (value, interval.low) == (0, 0)
    assert interval.high == pytest.approx(-np.log(0.05) / (600 * side.found))


def test_more_classes_than_groups_are_deleted_together():
    rng = np.random.default_rng(2)
    true = np.repeat(np.arange(250), 6)
    vectors = rng.standard_normal((250, 32))[true] + 0.4 * rng.standard_normal((1500, 32))
    labels = np.where(rng.random(1500) < 0.06, rng.integers(0, 250, 1500), true)
    space = Geometry(EmbeddingSet.from_arrays(vectors, labels))
    group_of, groups = class_groups(space)
    assert groups == 100
    assert set(np.bincount(group_of)) == {2, 3}
    side = examine(space, group_of, groups)
    gone = group_of[space.codes] == 7
    assert side.counts.rows[7] == np.count_nonzero(~gone)
    method = rate_interval([side], 250, group_of)[1].method
    assert "the 250 classes are deleted in 100 groups" in method
