"""Every convention of a triplet accuracy against a count of all triplets, one by one."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from embedding_second_opinion.catalogue.claim_audit.strict import closed_set, triplet
from embedding_second_opinion.catalogue.claim_audit.triplet_conventions import (
    class_mean,
    margin_conventions,
    own_positive,
    triplet_conventions,
)
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.geometry.geometry import Geometry

SIZES = [5, 4, 3, 2, 1, 1, 6]


def made(seed=0, rounded=True):
    """Whole numbers in three dimensions: many ties, some rows of different classes in one place."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(SIZES)), SIZES)
    vectors = 2.0 * rng.standard_normal((len(SIZES), 3))[labels]
    vectors = vectors + rng.standard_normal((len(labels), 3))
    return (np.round(vectors) if rounded else vectors), labels


def counted(vectors, labels, right, own=False):
    """Per anchor, share of its triplets that ``right(d_ap, d_an)``; NaN where there is none."""
    d = np.linalg.norm(vectors[:, None] - vectors[None], axis=-1)
    n, shares = len(labels), []
    for a in range(n):
        won = [
            right(d[a, p], d[a, q])
            for p, q in product(range(n), range(n))
            if labels[p] == labels[a] and (own or p != a) and labels[q] != labels[a]
        ]
        shares.append(np.mean(won) if won else np.nan)
    return np.array(shares)


def found(space, margin=None):
    every = triplet_conventions(space)
    if margin is not None:
        every += margin_conventions(space, margin)
    return {c.code: c for c in every}


@pytest.mark.parametrize("seed", range(3))
def test_ties_weights_and_the_class_mean(seed):
    vectors, labels = made(seed)
    space = Geometry(EmbeddingSet.from_arrays(vectors, labels))
    each = counted(vectors, labels, lambda p, n: p < n)
    every = found(space)
    assert triplet(space).value == pytest.approx(np.nanmean(each), abs=1e-12)
    lenient = np.nanmean(counted(vectors, labels, lambda p, n: p <= n))
    half = np.nanmean(counted(vectors, labels, lambda p, n: (p < n) + 0.5 * (p == n)))
    assert every["triplets_ties_right"].value == pytest.approx(lenient, abs=1e-12)
    assert every["triplets_ties_half"].value == pytest.approx(half, abs=1e-12)
    assert lenient > np.nanmean(each)
    sizes = np.bincount(labels)[labels]
    weights = (sizes - 1) * (len(labels) - sizes)
    has = sizes > 1
    pooled = np.average(each[has], weights=weights[has])
    assert every["triplets_pooled"].value == pytest.approx(pooled, abs=1e-12)
    means = [each[labels == c].mean() for c in range(len(SIZES)) if SIZES[c] > 1]
    assert every["triplets_class_mean"].value == pytest.approx(np.mean(means), abs=1e-12)
    assert class_mean(space.ranks) == every["triplets_class_mean"].value


@pytest.mark.parametrize("seed", range(3))
def test_the_anchor_as_its_own_positive(seed):
    vectors, labels = made(seed, rounded=False)
    space = Geometry(EmbeddingSet.from_arrays(vectors, labels))
    truth = counted(vectors, labels, lambda p, n: p < n, own=True).mean()
    each = found(space)["triplets_own_positive"]
    assert each.range == (each.value, each.value)
    assert each.value == pytest.approx(truth, abs=1e-12)
    # Rows of other classes in the same place are counted as a range that holds the truth.
    vectors, labels = made(seed)
    space = Geometry(EmbeddingSet.from_arrays(vectors, labels))
    truth = counted(vectors, labels, lambda p, n: p < n, own=True).mean()
    low, value, high = own_positive(space.ranks)
    assert low - 1e-12 <= truth <= high + 1e-12
    assert value == high


def test_the_formula_of_the_own_positive():
    """T' = 1/n + (1 - 1/n) T."""
    rng = np.random.default_rng(1)
    labels = np.repeat(np.arange(12), 4)
    space = Geometry(EmbeddingSet.from_arrays(rng.standard_normal((48, 4)), labels))
    expected = 1 / 4 + 3 / 4 * triplet(space).value
    assert found(space)["triplets_own_positive"].value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("margin", [0.2, 1.5])
def test_margins_on_plain_and_squared_distances(metric, margin):
    vectors, labels = made(2, rounded=False)
    if metric == "cosine":
        vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    space = Geometry(EmbeddingSet.from_arrays(vectors, labels), metric=metric)
    held = np.array(space.evaluation.data.vectors, dtype=np.float64)
    every = found(space, margin)
    power = 2 if metric == "cosine" else 1
    scale = 0.5 if metric == "cosine" else 1.0  # 1 - cos of unit vectors from their distance

    def plain(x):
        return scale * x**power

    rules = {
        "triplets_margin_kept": lambda p, n: plain(n) - plain(p) > margin,
        "triplets_margin_missed": lambda p, n: plain(n) - plain(p) > -margin,
        "triplets_margin_kept_squared": lambda p, n: n**2 - p**2 > margin,
        "triplets_margin_missed_squared": lambda p, n: n**2 - p**2 > -margin,
    }
    for code, rule in rules.items():
        truth = np.nanmean(counted(held, labels, rule))
        assert every[code].value == pytest.approx(truth, abs=1e-9), code
        assert every[code].range == pytest.approx((truth, truth), abs=1e-9)


def test_few_anchors_speak_for_many_within_their_range(monkeypatch):
    from embedding_second_opinion.catalogue.claim_audit import triplet_conventions as module

    rng = np.random.default_rng(3)
    labels = np.repeat(np.arange(40), 10)
    vectors = rng.standard_normal((40, 8))[labels] + 0.9 * rng.standard_normal((400, 8))
    space = Geometry(EmbeddingSet.from_arrays(vectors, labels))
    whole = {c.code: c.value for c in margin_conventions(space, 0.3)}
    monkeypatch.setattr(module, "MOST_ANCHORS", 150)
    for each in module.margin_conventions(space, 0.3):
        low, high = each.range
        assert low < whole[each.code] < high
        assert high - low < 0.1


def test_triplets_within_the_queries_and_against_the_gallery():
    rng = np.random.default_rng(4)
    labels = np.repeat(np.arange(12), 6)
    vectors = rng.standard_normal((12, 4))[labels] + 0.9 * rng.standard_normal((72, 4))
    split = np.tile(["train", "train", "train", "train", "test", "test"], 12)
    data = EmbeddingSet.from_arrays(vectors, labels, split=split)
    space = Geometry(arrange(data))
    held = np.array(data.vectors, dtype=np.float64)
    test = split == "test"
    within = np.nanmean(counted(held[test], labels[test], lambda p, n: p < n))
    assert triplet(space).value == pytest.approx(within, abs=1e-12)
    d = np.linalg.norm(held[test][:, None] - held[~test][None], axis=-1)
    same = labels[test][:, None] == labels[~test][None]
    against = np.mean(
        [np.mean(row[mine][:, None] < row[~mine][None]) for row, mine in zip(d, same, strict=True)]
    )
    every = found(space)
    assert every["triplets_against_gallery"].value == pytest.approx(against, abs=1e-12)
    assert every["closed_set_told_as_triplets"].value == closed_set(space).value
