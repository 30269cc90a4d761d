"""The exact part: galleries really drawn, and sets really rebuilt without a class."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from embedding_second_opinion.catalogue.gallery_growth.known import Known
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.geometry.geometry import Geometry


def made(seed, classes=9, rows=4, d=3):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), rows)
    return rng.standard_normal((classes, d))[labels] + 0.6 * rng.standard_normal(
        (len(labels), d)
    ), labels


def accuracy(vectors, labels, identities, asked=None):
    """Every query in every gallery of its own class and ``identities`` - 1 others, one after the other."""
    distances = cdist(vectors, vectors)
    np.fill_diagonal(distances, np.inf)
    classes = np.unique(labels)
    nearest = np.stack([distances[:, labels == c].min(axis=1) for c in classes], axis=1)
    right = []
    for i, own in enumerate(np.searchsorted(classes, labels)):
        others = [c for c in range(len(classes)) if c != own]
        for drawn in itertools.combinations(others, identities - 1):
            right.append(nearest[i, own] < nearest[i, list(drawn)].min())
    return float(np.mean(right))


@pytest.mark.parametrize("identities", [2, 4, 6, 8, 9])
def test_every_number_of_classes_is_what_drawn_galleries_give(identities):
    vectors, labels = made(1)
    known = Known.of(Geometry(EmbeddingSet.from_arrays(vectors, labels)).ranks)
    stored = EmbeddingSet.from_arrays(vectors, labels).vectors.astype(float)
    assert known.at(identities) == pytest.approx(accuracy(stored, labels, identities), abs=1e-12)


def test_without_a_class_is_the_set_without_it_at_points_of_the_grid():
    vectors, labels = made(2)
    data = EmbeddingSet.from_arrays(vectors, labels)
    known = Known.of(Geometry(data).ranks)
    assert 3 in known.grid
    for c in range(9):
        rest = labels != c
        expected = accuracy(data.vectors[rest].astype(float), labels[rest], 3)
        assert known.without_at(3)[c] == pytest.approx(expected, abs=1e-9)


def test_between_points_of_the_grid_a_deletion_is_nearly_exact():
    vectors, labels = made(3, classes=14)
    data = EmbeddingSet.from_arrays(vectors, labels)
    known = Known.of(Geometry(data).ranks)
    assert 6 not in known.grid
    exact = []
    for c in range(14):
        rest = labels != c
        part = EmbeddingSet.from_arrays(vectors[rest], labels[rest])
        exact.append(Known.of(Geometry(part).ranks).at(6))
    spread = np.std(exact)
    assert np.abs(known.without_at(6) - exact).max() < 0.1 * spread


def test_classes_are_taken_out_of_queries_and_gallery_alike():
    vectors, labels = made(4)
    split = np.tile(["train", "train", "test", "test"], 9)
    data = EmbeddingSet.from_arrays(vectors, labels, split=split)
    kept = np.array([0, 2, 5, 6])
    some = np.isin(labels, kept)
    one = Geometry(arrange(data).of_classes(kept)).ranks
    two = Geometry(EmbeddingSet.from_arrays(vectors[some], labels[some], split=split[some])).ranks
    assert one.classes == 4
    assert np.array_equal(one.z, two.z)
    assert np.array_equal(one.right, two.right)
