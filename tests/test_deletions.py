"""Delete-one values against simply deleting the class and computing again."""

from __future__ import annotations

import numpy as np
import pytest

from diagnostics import deletions, surface
from diagnostics.embeddings import EmbeddingSet
from diagnostics.evaluation import arrange
from diagnostics.geometry import Geometry
from tests import brute_force

NUMBERS = [
    (deletions.triplet_without, surface.triplet_accuracy),
    (deletions.all_triplets_without, surface.triplet_accuracy_all_triplets),
    (deletions.closed_set_without, surface.closed_set_accuracy),
    (deletions.closed_set_macro_without, surface.closed_set_accuracy_macro),
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
    values = deletions.identity_without(ranks)
    for c in range(9):
        less, names = brute_force.without_class(vectors, labels, c)
        matrix = brute_force.distances(less, less)
        for g, value in zip(ranks.id_grid, values[c], strict=True):
            expected = brute_force.identity_accuracy(matrix, names, None, min(int(g), 8))
            assert value == pytest.approx(expected, abs=1e-12), (c, g)


def test_spread_over_leaves_unknown_classes_at_the_full_value():
    vectors, labels = uneven(0, integer=False)
    split = np.where((labels >= 6) | (np.arange(len(labels)) % 2 == 0), "train", "test")
    space = Geometry(arrange(EmbeddingSet.from_arrays(vectors, labels, split=split)))
    within = space.within
    wide = deletions.spread_over(within, np.full(within.classes, 0.25), 0.5, space.ranks.class_ids)
    known = np.isin(space.ranks.class_ids, within.class_ids)
    assert (wide[known] == 0.25).all()
    assert (wide[~known] == 0.5).all()
    assert 0 < known.sum() < len(known)
