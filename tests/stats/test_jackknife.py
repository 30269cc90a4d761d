"""Delete-one values against simply deleting the class and computing again."""

from __future__ import annotations

import numpy as np
import pytest

from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.stats import jackknife, surface
from tests import brute_force

NUMBERS = [
    (jackknife.triplet_without, surface.triplet_accuracy),
    (jackknife.nearest_positive_without, surface.nearest_positive_accuracy),
    (jackknife.all_triplets_without, surface.triplet_accuracy_all_triplets),
    (jackknife.closed_set_without, surface.closed_set_accuracy),
    (jackknife.closed_set_macro_without, surface.closed_set_accuracy_macro),
]


def uneven(seed, integer):
    rng = np.random.default_rng(seed)
    # One class holds more than half of the rows: without it, its own anchors have no meaning.
    labels = np.repeat(np.arange(9), [1, 1, 2, 3, 3, 4, 5, 6, 30])
    vectors = rng.standard_normal((9, 3))[labels] + rng.standard_normal((len(labels), 3))
    return (np.round(vectors) if integer else vectors).astype(np.float32), labels


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("without", "number"), NUMBERS)
def test_leave_one_out(without, number, seed):
    vectors, labels = uneven(seed, integer=seed % 2 == 1)
    values = without(Geometry(EmbeddingSet.from_arrays(vectors, labels)).ranks)
    for c in range(9):
        less = EmbeddingSet.from_arrays(*brute_force.without_class(vectors, labels, c))
        assert values[c] == pytest.approx(number(Geometry(less).ranks), abs=1e-12), c


@pytest.mark.parametrize("seed", range(2))
def test_with_a_gallery(seed):
    vectors, labels = uneven(seed, integer=seed % 2 == 1)
    split = np.where(np.random.default_rng(seed).random(len(labels)) < 0.5, "train", "test")
    full = Geometry(arrange(EmbeddingSet.from_arrays(vectors, labels, split=split))).ranks
    for without, number in NUMBERS:
        values = without(full)
        for place, c in enumerate(full.class_ids):
            keep = labels != c
            less = EmbeddingSet.from_arrays(vectors[keep], labels[keep], split=split[keep])
            expected = number(Geometry(arrange(less)).ranks)
            assert values[place] == pytest.approx(expected, abs=1e-12, nan_ok=True), c


@pytest.mark.parametrize("seed", range(4))
def test_the_identity_curve(seed):
    vectors, labels = uneven(seed, integer=seed % 2 == 1)
    ranks = Geometry(EmbeddingSet.from_arrays(vectors, labels)).ranks
    values = jackknife.identity_without(ranks)
    for c in range(9):
        less, names = brute_force.without_class(vectors, labels, c)
        matrix = brute_force.distances(less, less)
        for g, value in zip(ranks.id_grid, values[c], strict=True):
            expected = brute_force.identity_accuracy(matrix, names, None, min(int(g), 8))
            assert value == pytest.approx(expected, abs=1e-12), (c, g)


@pytest.mark.parametrize("seed", range(2))
def test_the_weights_are_the_triplets_that_go_with_a_class(seed):
    vectors, labels = uneven(seed, integer=False)
    ranks = Geometry(EmbeddingSet.from_arrays(vectors, labels)).ranks
    sizes = np.bincount(labels)
    pooled, averaged = np.zeros(9), np.zeros(9)
    for a in np.flatnonzero(sizes[labels] > 1):
        own = labels[a]
        others = np.delete(np.arange(9), own)
        triplets = (sizes[own] - 1) * sizes[others]
        pooled[own] += triplets.sum()
        pooled[others] += triplets
        averaged[own] += 1
        averaged[others] += triplets / triplets.sum()
    assert jackknife.all_triplets_weights(ranks) == pytest.approx(pooled)
    assert jackknife.triplet_weights(ranks) == pytest.approx(averaged)


@pytest.mark.parametrize("seed", range(4))
def test_pairs_against_deleting_one_class_and_counting_what_it_saves(seed):
    """An error is of a pair where deleting the other class alone saves the query."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(12), rng.integers(2, 7, 12))
    vectors = rng.standard_normal((12, 3))[labels] + 0.4 * rng.standard_normal((len(labels), 3))

    def errors(kept):
        """By class, of the rows of these classes; a class that is gone makes none."""
        rows = np.isin(labels, kept)
        ranks = Geometry(EmbeddingSet.from_arrays(vectors[rows], labels[rows])).ranks
        wrong = 1 - ranks.right[ranks.anchors]
        codes = ranks.class_ids[ranks.codes[ranks.anchors]]
        return np.bincount(np.asarray(kept)[codes], weights=wrong, minlength=12)

    every = list(range(12))
    full, sizes = errors(every), np.bincount(labels)
    micro = macro = 0.0
    for c in every:
        alone = errors([k for k in every if k != c])
        for d in range(c + 1, 12):
            # Those of c that deleting d saves, and the other way round.
            saved_c = full[c] - errors([k for k in every if k != d])[c]
            saved_d = full[d] - alone[d]
            micro += (saved_c + saved_d) ** 2
            macro += (saved_c / sizes[c] + saved_d / sizes[d]) ** 2
    ranks = Geometry(EmbeddingSet.from_arrays(vectors, labels)).ranks
    assert micro > 0
    assert jackknife.closed_set_pairs(ranks) == pytest.approx(micro / len(labels) ** 2)
    assert jackknife.closed_set_macro_pairs(ranks) == pytest.approx(macro / 12**2)


def test_spread_over_leaves_unknown_classes_at_the_full_value():
    vectors, labels = uneven(0, integer=False)
    split = np.where((labels >= 6) | (np.arange(len(labels)) % 2 == 0), "train", "test")
    space = Geometry(arrange(EmbeddingSet.from_arrays(vectors, labels, split=split)))
    within = space.within
    wide = jackknife.spread_over(within, np.full(within.classes, 0.25), 0.5, space.ranks.class_ids)
    known = np.isin(space.ranks.class_ids, within.class_ids)
    assert (wide[known] == 0.25).all()
    assert (wide[~known] == 0.5).all()
    assert 0 < known.sum() < len(known)
