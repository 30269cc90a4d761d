"""Delete-one values against really deleting, and intervals against what they must cover."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from embedding_second_opinion.catalogue.decision_rule.rule_gains import _one_sided, gains
from embedding_second_opinion.catalogue.decision_rule.rules import permuted, rules
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.row_keys import row_keys
from embedding_second_opinion.samples.planted import planted
from embedding_second_opinion.stats import jackknife
from tests.catalogue.decision_rule.test_kernel_class_means import small


def spaces(split):
    rows, codes = small(2, sizes=(4, 5, 6, 7, 8, 4, 5, 6, 7, 8, 6, 6), d=5, noise=1.1)
    order = np.argsort(codes, kind="stable")
    rows, codes = rows[order], codes[order]
    marks = np.where(np.arange(len(rows)) % 2 == 0, "train", "test")
    for gone in (-1, *range(12)):
        keep = codes != gone
        kept = EmbeddingSet.from_arrays(
            rows[keep], codes[keep], split=marks[keep] if split else None
        )
        yield Geometry(kept)


@pytest.mark.parametrize("split", [False, True], ids=["leave-one-out", "gallery"])
def test_without_each_class_is_what_is_left_when_it_is_deleted(split):
    whole, *less = spaces(split)
    found = rules(whole)
    assert found.nearest.without == pytest.approx(jackknife.closed_set_without(whole.ranks))
    anew = [rules(space) for space in less]
    for name in ("nearest", "knn", "centroid"):
        expected = [getattr(other, name).accuracy for other in anew]
        assert getattr(found, name).without == pytest.approx(expected), name
    # The probe's fit changes too; what is ignored moves its values little, and not the error.
    expected = np.array([other.probe.accuracy for other in anew])
    assert np.abs(found.probe.without - expected).mean() < 0.03
    assert np.corrcoef(found.probe.without, expected)[0, 1] > 0.6


def test_the_error_of_the_probe_is_that_of_real_refits():
    ratios = []
    for seed in range(2):
        rows, codes = small(seed, sizes=(8,) * 20, d=8, noise=0.9)
        ours, real = rules(Geometry(EmbeddingSet.from_arrays(rows, codes))), []
        for gone in range(20):
            keep = codes != gone
            real.append(
                rules(Geometry(EmbeddingSet.from_arrays(rows[keep], codes[keep]))).probe.accuracy
            )
        ratios.append(np.std(ours.probe.without) / np.std(real))
    assert 0.75 < np.mean(ratios) < 1.25, ratios


def crowd(seed, k=24, n=6, d=6):
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(k), n)
    vectors = rng.standard_normal((k, d))[codes] + 0.6 * rng.standard_normal((k * n, d))
    return Geometry(EmbeddingSet.from_arrays(vectors, codes))


def test_intervals_of_the_gain_cover_the_true_one():
    found = [gains(space, rules(space)) for space in map(crowd, range(60))]
    for name in ("centroid_gain", "probe_gain"):
        each = [g.estimates[name] for g in found]
        truth = np.mean([e.value for e in each])
        assert truth > 0.03
        covered = np.mean([e.low <= truth <= e.high for e in each])
        assert covered >= 0.9, (name, covered)


def test_the_harm_is_the_largest_gain():
    numbers = gains(space := crowd(0), found := rules(space))
    parts = [numbers.gain(rule) for rule in found.others]
    assert len(parts) == 3
    assert numbers.harm.value == max(e.value for e in parts)
    assert numbers.harm.low <= max(e.low for e in parts)  # of three, each has a third of the tail
    assert numbers.harm.high == max(e.high for e in parts)
    for rule in found.others:
        gain = rule.accuracy - found.nearest.accuracy
        assert numbers.gain(rule).value == pytest.approx(gain, abs=1e-8)


def test_no_rule_gains_more_than_the_nearest_row_loses():
    rows, codes = small(1, sizes=(6,) * 40, d=24, noise=0.3)
    numbers = gains(space := Geometry(EmbeddingSet.from_arrays(rows, codes)), rules(space))
    assert numbers.harm.value == 0
    assert numbers.harm.high == pytest.approx(1 - 0.05 ** (1 / 40), abs=1e-6)
    assert "0 of which tell the rules apart" in numbers.harm.method
    assert numbers.harm.unresolved


def test_few_classes_with_a_gallery_count_queries():
    rng = np.random.default_rng(0)
    codes = np.repeat(np.arange(4), 100)
    vectors = np.eye(4)[codes] + 0.6 * rng.standard_normal((400, 4))
    split = np.where(np.arange(400) % 2 == 0, "train", "test")
    space = Geometry(EmbeddingSet.from_arrays(vectors, codes, split=split))
    numbers = gains(space, found := rules(space))
    e = numbers.gain(found.centroid)
    differ = found.centroid.right - found.nearest.right
    reach = 1.972 * differ.std(ddof=1) / np.sqrt(200)  # t of 199 degrees of freedom
    assert e.low == pytest.approx(differ.mean() - reach, abs=1e-4)
    assert e.unit == "query"
    alone = gains(space := Geometry(EmbeddingSet.from_arrays(vectors, codes)), rules(space))
    assert alone.harm.low is None
    assert "4 classes are too few" in alone.harm.method


def test_dealt_labels_keep_sizes_and_mean_nothing():
    rows, codes = small(0, sizes=(50, 100, 250), d=3, noise=0.1)
    keys = row_keys(rows, np.random.default_rng(0))
    dealt = permuted(codes, keys, 3, np.random.default_rng(1))
    assert (np.bincount(dealt) == np.bincount(codes)).all()
    by_chance = ((np.array([50, 100, 250]) / 400) ** 2).sum()
    assert (dealt == codes).mean() == pytest.approx(by_chance, abs=0.08)
    order, names = np.random.default_rng(2).permutation(400), np.array([2, 0, 1])
    again = permuted(names[codes[order]], keys[order], 3, np.random.default_rng(1))
    assert (again == names[dealt[order]]).all()


@pytest.mark.parametrize("seed", range(3))
def test_the_rule_that_is_named_bears_the_verdict(seed):
    for shape in ("crowded", "needs_scaling", "starved_tail", "untrained", "healthy_split"):
        space = Geometry(planted(shape, seed))
        numbers = gains(space, rules(space), 0.02)
        assert (numbers.gain(numbers.best).low > 0.02) == (numbers.harm.low > 0.02), shape


@pytest.mark.parametrize("n", [1, 2, 5, 40])
def test_where_all_queries_gain_the_bound_is_that_of_clopper_and_pearson(n):
    up, down = _one_sided(1.0, n), _one_sided(-1.0, n)
    share = binomtest(n, n).proportion_ci(0.95, method="exact").low
    assert up.low == pytest.approx(2 * share - 1)  # the others lose
    assert up.above(up.low) == pytest.approx(0.025)
    assert (up.high, down.low) == (1, -1)
    assert down.high == pytest.approx(-up.low)
    assert down.above(0.0) == 1
