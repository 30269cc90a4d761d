"""One part looked up in itself: against brute force, every draw written out, and real deletion."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from embedding_second_opinion.catalogue.generalisation_gap import parts
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry
from tests import brute_force


def small(seed, sizes=(5, 4, 4, 6, 3, 5), classes=6):
    """A gallery of these sizes and two queries a class."""
    rng = np.random.default_rng(seed)
    labels = np.concatenate(
        [np.repeat(np.arange(classes), sizes), np.repeat(np.arange(classes), 2)]
    )
    vectors = rng.standard_normal((classes, 3))[labels] + rng.standard_normal((len(labels), 3))
    split = np.repeat(["train", "test"], [sum(sizes), 2 * classes])
    return Geometry(EmbeddingSet.from_arrays(vectors, labels, split=split))


def held(space, rows):
    data = space.evaluation.data
    return data.vectors[rows], data.codes[rows]


@pytest.mark.parametrize("seed", range(4))
def test_all_rows_of_a_part_against_brute_force(seed):
    space = small(seed)
    rows = space.evaluation.enrolled
    vectors, codes = held(space, rows)
    found = parts.part(space, rows, np.bincount(codes), "train")
    matrix = brute_force.distances(vectors, vectors)
    assert found.draws == 1
    assert found.triplet == pytest.approx(brute_force.triplet_accuracy(matrix, codes), abs=1e-12)
    _, right = brute_force.closed_set(matrix, codes)
    assert found.closed == pytest.approx(right.mean(), abs=1e-12)
    for g, value in zip(found.grid, found.curve, strict=True):
        expected = brute_force.identity_accuracy(matrix, codes, None, int(g))
        assert value == pytest.approx(expected, abs=1e-12)
    nearest = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(vectors).kneighbors()[1][:, 0]
    for c in range(6):
        assert found.recall[c] == pytest.approx((codes[nearest] == codes)[codes == c].mean())


@pytest.mark.parametrize("seed", range(3))
def test_delete_one_values_against_deleting(seed):
    space = small(seed)
    rows = space.evaluation.enrolled
    vectors, codes = held(space, rows)
    found = parts.part(space, rows, np.bincount(codes), "train")
    for c in range(6):
        left = brute_force.without_class(vectors, codes, c)
        matrix = brute_force.distances(left[0], left[0])
        expected = brute_force.triplet_accuracy(matrix, left[1])
        assert found.triplet_without[c] == pytest.approx(expected, abs=1e-12)
        _, right = brute_force.closed_set(matrix, left[1])
        assert found.closed_without[c] == pytest.approx(right.mean(), abs=1e-12)


def test_draws_average_to_the_mean_over_every_draw(monkeypatch):
    monkeypatch.setattr(parts, "DRAWS", 600)
    space = small(1, sizes=(3, 3, 4), classes=3)
    rows = space.evaluation.enrolled
    vectors, codes = held(space, rows)
    found = parts.part(space, rows, np.array([2, 2, 2]), "train")
    assert found.draws == 600
    assert found.rows == 6
    each = [list(itertools.combinations(np.flatnonzero(codes == c), 2)) for c in range(3)]
    values = []
    for chosen in itertools.product(*each):
        at = np.concatenate(chosen)
        matrix = brute_force.distances(vectors[at], vectors[at])
        right = brute_force.closed_set(matrix, codes[at])[1]
        values.append((right.mean(), brute_force.triplet_accuracy(matrix, codes[at])))
    mean, spread = np.mean(values, axis=0), np.std(values, axis=0) / np.sqrt(600)
    assert abs(found.closed - mean[0]) < 4 * spread[0]
    assert abs(found.triplet - mean[1]) < 4 * spread[1]


def test_few_draws_of_many_rows(monkeypatch):
    space = small(0)
    rows = space.evaluation.enrolled
    assert parts.part(space, rows, np.full(6, 3), "train").draws == parts.DRAWS
    monkeypatch.setattr(parts, "WORK", 50)
    assert parts.part(space, rows, np.full(6, 3), "train").draws == 2


def test_sizes():
    first, second = np.array([5, 1, 3, 0, 2]), np.array([2, 4, 9, 7, 2])
    assert parts.paired_sizes(first, second).tolist() == [2, 0, 3, 0, 2]
    # Four in five of either side have as many: 3 on one side, 4 on the other.
    tens = np.array([2, 3, 3, 8, 9, 9, 9, 9, 9, 9])
    assert parts.equal_size(tens, np.array([4, 4, 4, 4, 4])) == 3
    assert parts.equal_size(np.array([4, 1, 1]), tens) == 0
