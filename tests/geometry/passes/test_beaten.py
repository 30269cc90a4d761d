"""The light pass says what the rank pass says, and the largest rivals are those of a full sort."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.rank_results import Beaten, Ranks, _largest


def drawn(seed, grid, split=False):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(30), rng.integers(1, 9, 30))
    vectors = rng.standard_normal((30, 4))[labels] + 0.6 * rng.standard_normal((len(labels), 4))
    if grid:
        vectors = np.round(vectors) + 0.5
    names = np.where(rng.random(len(labels)) < 0.6, "train", "test") if split else None
    return arrange(EmbeddingSet.from_arrays(vectors, labels, split=names))


def alike(light: Geometry, whole: Geometry) -> None:
    """Every field of the light pass is the rank pass's."""
    beaten, ranks = light.beaten, whole.ranks
    assert type(beaten) is Beaten
    for field in fields(Beaten):
        np.testing.assert_array_equal(
            getattr(beaten, field.name), getattr(ranks, field.name), err_msg=field.name
        )


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize("grid", [False, True])
def test_what_beats_a_query_is_what_the_ranks_say(metric, split, grid):
    for seed in range(3):
        subject = drawn(seed, grid, split)
        whole = Geometry(subject, metric=metric)
        alike(Geometry(subject, metric=metric), whole)
        assert 0 < whole.ranks.right.mean() < 1
        assert isinstance(whole.beaten, Ranks)  # nothing is swept twice


def test_given_distances_large_classes_and_any_number_of_threads(monkeypatch):
    rng = np.random.default_rng(1)
    matrix = rng.integers(0, 40, (60, 60)).astype(float)
    alike(*(Geometry.from_distances(matrix, np.repeat(np.arange(12), 5)) for _ in range(2)))
    labels = np.append(np.zeros(300), np.repeat(np.arange(1, 30), 6)).astype(int)
    vectors = np.round(2 * rng.standard_normal((len(labels), 4)))
    data = EmbeddingSet.from_arrays(vectors, labels)
    whole = Geometry(data)
    for threads in ("1", "3"):
        monkeypatch.setenv("NUMBA_NUM_THREADS", threads)
        alike(Geometry(data), whole)


def test_ranks_without_a_list_are_the_same_and_neighbours_are_found_when_asked_for():
    subject = drawn(0, grid=False)
    one, two = Geometry(subject), Geometry(subject, listed=0)
    for name, value in vars(two.ranks).items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(value, getattr(one.ranks, name))
    assert two.ranks.rivals == one.ranks.rivals
    np.testing.assert_array_equal(two.neighbors(7).rows, one.neighbors(7).rows)


@pytest.mark.parametrize("seed", range(5))
def test_the_largest_are_those_of_a_full_sort(seed):
    rng = np.random.default_rng(seed)
    lost = rng.integers(0, 6, 90) * rng.integers(0, 2, 90)
    order = np.lexsort((np.arange(90), -lost))
    for many in (1, 8, 90):
        expected = [c for c in order.tolist() if lost[c] > 0][:many]
        assert _largest(lost, many).tolist() == expected
