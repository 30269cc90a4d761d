"""Omega squared against an analysis of variance, chances against scikit-learn, each class really deleted."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import f_oneway, permutation_test
from sklearn.metrics import roc_auc_score

from embedding_second_opinion.catalogue.norms.numbers import (
    PERMUTATIONS,
    accuracy_within,
    euclidean_gain,
    in_parts,
    log_lengths,
    omega_squared,
    one_length,
    permuted,
    short_loss,
    shorter_wrong,
)
from embedding_second_opinion.catalogue.norms.numbers import _omega_without as omega_without
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples.planted import planted


def made(seed, sizes=(12,) * 12, d=5):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    vectors = rng.standard_normal((len(sizes), d))[labels]
    vectors += rng.standard_normal((len(labels), d))
    return EmbeddingSet.from_arrays(vectors, labels)


@pytest.mark.parametrize("between", [0.0, 0.7])
def test_omega_squared_is_that_of_an_analysis_of_variance(between):
    rng = np.random.default_rng(0)
    sizes = rng.integers(2, 20, 15)
    codes = np.repeat(np.arange(15), sizes)
    values = between * rng.standard_normal(15)[codes] + rng.standard_normal(len(codes))
    f, n, k = f_oneway(*(values[codes == c] for c in range(15))).statistic, len(codes), 15
    # Hays 1963: from F alone.
    assert omega_squared(values, codes) == pytest.approx(
        (k - 1) * (f - 1) / ((k - 1) * (f - 1) + n)
    )
    for c, without in enumerate(omega_without(values, codes)):
        assert without == pytest.approx(omega_squared(values[codes != c], codes[codes != c]))


def test_permutations_are_those_of_scipy():
    rng = np.random.default_rng(0)
    codes = np.repeat(np.arange(8), 6)
    values = rng.standard_normal(48) + 0.4 * codes
    ours = permuted(values, codes, np.random.default_rng(1))
    theirs = permutation_test(
        [values], lambda x: omega_squared(x, codes), permutation_type="pairings",
        n_resamples=2000, rng=np.random.default_rng(2), vectorized=False,
    ).null_distribution  # fmt: skip
    assert len(ours) == PERMUTATIONS
    assert np.quantile(ours, [0.1, 0.5, 0.9]) == pytest.approx(
        np.quantile(theirs, [0.1, 0.5, 0.9]), abs=0.03
    )
    order = rng.permutation(48)
    again = permuted(values[order], 7 - codes[order], np.random.default_rng(1))
    assert again == pytest.approx(ours)


def test_a_wrong_one_is_shorter():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 9, 200)
    lengths, right = rng.integers(0, 12, 200).astype(float), rng.random(200) < 0.7  # with ties
    value, without = shorter_wrong(lengths, right, codes)
    assert value == pytest.approx(roc_auc_score(~right, -lengths))
    for c in range(9):
        keep = codes != c
        assert without[c] == pytest.approx(roc_auc_score(~right[keep], -lengths[keep]))


def test_parts_are_equally_large_and_ties_lie_on_both_sides():
    lengths = np.array([1.0, 1, 1, 2, 3, 3, 3, 3, 3, 9])
    weights = in_parts(lengths)
    assert weights.sum(axis=1) == pytest.approx(2)
    assert weights.sum(axis=0) == pytest.approx(1)
    assert weights[0] == pytest.approx([2 / 3] * 3 + [0] * 7)
    assert weights[1] == pytest.approx([1 / 3] * 3 + [1] + [0] * 6)
    assert in_parts(np.ones(7))[0] == pytest.approx(0.2)


@pytest.mark.parametrize("sizes", [(12,) * 12, (2, 3, 30, 25, 4, 9, 9, 8, 7, 7, 5, 12)])
def test_each_class_really_deleted(sizes):
    data = made(3, sizes)
    space = Geometry(data)
    logs = log_lengths(data.vectors)
    short = in_parts(logs)[0]
    value, without = accuracy_within(space.ranks, short)
    right = space.ranks.right
    assert value == pytest.approx((right * short).sum() / short.sum())
    for c in range(len(sizes)):
        keep = data.codes != c
        left = Geometry(EmbeddingSet.from_arrays(data.vectors[keep], data.codes[keep])).ranks.right
        assert without[c] == pytest.approx((left * short[keep]).sum() / short[keep].sum())


def test_the_gain_over_cosine_with_each_class_really_deleted():
    data = made(4)
    values = []
    for keep in [np.ones(data.n, dtype=bool), *(data.codes != c for c in range(12))]:
        part = EmbeddingSet.from_arrays(data.vectors[keep], data.codes[keep])
        used, other = (Geometry(part, metric=m).ranks for m in ("cosine", "euclidean"))
        values.append((other.right - used.right).mean())
    used, other = (Geometry(data, metric=m).ranks for m in ("cosine", "euclidean"))
    value, interval = euclidean_gain(used, other)
    assert value == pytest.approx(values[0])
    left = np.array(values[1:])
    error = np.sqrt(11 / 12 * ((left - left.mean()) ** 2).sum())
    assert interval.high - interval.low == pytest.approx(2 * 2.2009852 * error)  # t of 11


def test_no_error_is_a_bound_and_not_nothing():
    data = planted("healthy_to_come")
    space = Geometry(data)
    value, interval = short_loss(space.ranks, in_parts(log_lengths(data.vectors))[0])
    assert value == 0
    assert interval.unresolved
    assert interval.high == pytest.approx(1 - 0.05 ** (1 / 400))


def test_lengths_beyond_the_squares_of_float64():
    far = np.array([[3e200, 4e200], [3e-200, 4e-200], [0, 0], [3, 4]])
    assert log_lengths(far) == pytest.approx(np.log([5e200, 5e-200, 1, 5]) - [0, 0, np.inf, 0])
    assert one_length(log_lengths(np.zeros((3, 2))))
    assert not one_length(log_lengths(far))
    assert one_length(log_lengths(planted("healthy").vectors))
