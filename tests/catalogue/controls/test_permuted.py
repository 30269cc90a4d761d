"""Chance under permuted labels against every permutation there is."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from embedding_second_opinion.catalogue.controls.permuted import chance, compared, permuted
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples.planted import planted


@pytest.mark.parametrize("seed", range(3))
def test_one_set_against_all_720_permutations(seed):
    vectors = np.random.default_rng(seed).standard_normal((6, 2))
    labels = np.array([0, 0, 0, 1, 1, 2])
    near = NearestNeighbors(n_neighbors=1).fit(vectors).kneighbors()[1][:, 0]
    every = [
        (np.array(dealt)[near] == np.array(dealt)).mean()
        for dealt in itertools.permutations(labels)
    ]
    space = Geometry(EmbeddingSet.from_arrays(vectors, labels))
    assert chance(space) == pytest.approx(np.mean(every), abs=1e-12)
    found = permuted(space)
    assert found.accuracy == pytest.approx(np.mean(every), abs=4 * np.std(every) / np.sqrt(999))


def test_a_gallery_against_all_permutations_of_its_labels():
    vectors = np.random.default_rng(0).standard_normal((9, 2))
    labels, split = np.array([0, 0, 0, 1, 1, 2, 0, 1, 1]), ["train"] * 6 + ["test"] * 3
    space = Geometry(EmbeddingSet.from_arrays(vectors, labels, split=split))
    near = NearestNeighbors(n_neighbors=1).fit(vectors[:6]).kneighbors(vectors[6:])[1][:, 0]
    every = [
        (np.array(dealt)[near] == labels[6:]).mean() for dealt in itertools.permutations(labels[:6])
    ]
    assert chance(space) == pytest.approx(np.mean(every), abs=1e-12)
    found = permuted(space)
    assert found.accuracy == pytest.approx(np.mean(every), abs=4 * np.std(every) / np.sqrt(999))


@pytest.mark.parametrize("name", ["healthy_long_tail", "leaked", "healthy_few_samples"])
def test_the_interval_holds_the_truth(name):
    space = Geometry(planted(name))
    found = permuted(space)
    assert found.chance == chance(space)
    assert found.harm == abs(found.accuracy - found.chance)
    assert found.interval.high < 0.002
    assert found.interval.above(0.02) > 0.999
    spread = found.accuracy_interval
    assert spread.low - 1e-3 < found.chance < spread.high + 1e-3


def test_an_evaluation_that_finds_the_query_itself_is_caught():
    wrong = compared(np.random.default_rng(0).normal(0.5, 0.01, 999), 0.1)
    assert wrong.harm == pytest.approx(0.4, abs=0.01)
    assert wrong.interval.low > 0.39
    assert wrong.interval.above(0.02) < 1e-6
    steady = compared(np.full(999, 0.25), 0.25)
    assert (steady.harm, steady.interval.low, steady.interval.high) == (0, 0, 0)
    assert steady.interval.above(0.02) == 1


def test_order_and_names_do_not_matter_even_among_equal_rows():
    data = planted("healthy")
    vectors, codes = np.array(data.vectors), np.array(data.codes)
    vectors[codes == 3] = vectors[0]  # rows of two classes in one place, and a whole class at that
    order = np.random.default_rng(0).permutation(data.n)
    names = np.array([f"n{(37 * c) % 101:03d}" for c in range(60)])
    one = permuted(Geometry(EmbeddingSet.from_arrays(vectors, codes)))
    two = permuted(Geometry(EmbeddingSet.from_arrays(vectors[order], names[codes[order]])))
    assert two.chance == pytest.approx(one.chance, abs=1e-12)
    assert two.accuracy == pytest.approx(one.accuracy, abs=1e-4)
    clean = [
        permuted(Geometry(EmbeddingSet.from_arrays(data.vectors[o], names[codes[o]])))
        for o in (np.arange(data.n), order)
    ]
    assert clean[0].accuracy == clean[1].accuracy
