"""The corrected neighbours against CSLS as published, and brute force where ties and sizes are hard."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity, euclidean_distances

from embedding_second_opinion.catalogue.hubness.correction import crowding
from embedding_second_opinion.catalogue.hubness.kernel_csls import corrected
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes import rank_results
from embedding_second_opinion.geometry.passes.placed import place
from embedding_second_opinion.geometry.passes.source import VectorSource


def swept(space, handicap):
    """The pass, as a check runs it; handicap: by enrolled row."""
    evaluation = space.evaluation
    placed = place(
        evaluation.codes, len(evaluation.classes), evaluation.queries, evaluation.enrolled, 0
    )
    by_class = np.searchsorted(evaluation.enrolled, placed.plan.rows)
    source = VectorSource.of(
        space.points[placed.order],
        space.enrolled_points[by_class],
        precise=rank_results.needs_precision(placed.plan),
        cosine=space.metric == "cosine",
    )
    return corrected(placed.plan, source, placed.order, handicap[by_class])


def csls(queries, gallery, k, alone):
    """2 cos - r(query) - r(row), r the mean cosine with the k nearest of the other side (Lample, 2018)."""
    similar = cosine_similarity(queries, gallery)
    if alone:
        np.fill_diagonal(similar, -np.inf)
    of_queries = -np.sort(-similar, axis=1)[:, :k].mean(axis=1)
    of_rows = -np.sort(-similar, axis=0)[:k].mean(axis=0)
    return 2 * similar - of_queries[:, None] - of_rows[None, :]


def made(seed, classes=30, rows=12, d=16, noise=1.2):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), rows)
    vectors = rng.standard_normal((classes, d))[labels]
    vectors += noise * rng.standard_normal((len(labels), d))
    return vectors.astype(np.float32), labels, np.tile(["train", "test", "train"], len(labels) // 3)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("split", [False, True])
def test_answers_are_those_of_csls_as_published(metric, split):
    vectors, labels, parts = made(1)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    data = EmbeddingSet.from_arrays(vectors, labels, split=parts if split else None)
    space = Geometry(data, metric=metric)
    found = swept(space, crowding(space) / 2)
    x, queries, rows = (
        data.vectors.astype(float),
        space.evaluation.queries,
        space.evaluation.enrolled,
    )
    scores = csls(x[queries], x[rows], 10, not split)
    answer = rows[scores.argmax(axis=1)]
    assert (found.answer == answer).all()
    assert (found.right == (labels[answer] == labels[queries])).all()
    assert 0.2 < found.right.mean() < 0.98


@pytest.mark.parametrize("sizes", [(12,) * 20, (1, 3, 1, 20, 7), (300, 5, 280, 12)])
def test_the_class_that_alone_beats_a_query(sizes):
    rng = np.random.default_rng(len(sizes))
    labels = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    x = (
        0.8 * rng.standard_normal((len(sizes), 6))[labels] + rng.standard_normal((len(labels), 6))
    ).astype("f4")
    space = Geometry(EmbeddingSet.from_arrays(x, labels))
    handicap = rng.random(len(labels)) * 3
    found = swept(space, handicap)
    scores = euclidean_distances(x.astype(float)) ** 2 - handicap
    np.fill_diagonal(scores, np.inf)
    for q in range(len(labels)):
        own = scores[q][labels == labels[q]].min()
        beats = np.unique(labels[(scores[q] <= own) & (labels != labels[q])])
        if not np.isfinite(own):  # the only row of its class
            assert found.right[q] == 0
            assert found.sole[q] == -1
            continue
        assert found.right[q] == (len(beats) == 0)
        assert found.sole[q] == (beats[0] if len(beats) == 1 else -1)
        assert found.answer[q] == scores[q].argmin()


def test_a_tie_is_an_error_and_the_other_class_answers():
    x = np.array([[0, 0], [1, 0], [-1, 0], [5, 5], [5, 6], [9, 9]], dtype=np.float32)
    labels = np.array([0, 0, 1, 1, 2, 2])
    space = Geometry(EmbeddingSet.from_arrays(x, labels))
    found = swept(space, np.zeros(6))
    assert (found.right[0], found.answer[0], found.sole[0]) == (0, 2, 1)
    found = swept(space, np.array([0, 1e-9, 0, 0, 0, 0]))  # far below what float32 resolves
    assert (found.right[0], found.answer[0], found.sole[0]) == (1, 1, -1)


@pytest.mark.parametrize("far", [0.0, 1000.0])
def test_near_ties_are_settled_by_exact_differences(far):
    """Rows within a hundred-thousandth of one point, seen from the origin."""
    rng = np.random.default_rng(0)
    x = (far + 1e-2 * rng.standard_normal((200, 8))).astype(np.float32)
    data = EmbeddingSet.from_arrays(x, np.repeat(np.arange(20), 10))
    space = Geometry(data)
    handicap = crowding(space) / 2
    exact = data.vectors.astype(float)
    scores = ((exact[:, None] - exact[None]) ** 2).sum(axis=-1) - handicap
    np.fill_diagonal(scores, np.inf)
    assert (swept(space, handicap).answer == scores.argmin(axis=1)).all()


def test_without_a_handicap_it_is_the_nearest_row():
    vectors, labels, _ = made(3)
    space = Geometry(EmbeddingSet.from_arrays(vectors, labels))
    found = swept(space, np.zeros(len(labels)))
    assert (found.right == space.ranks.right).all()
    assert (found.sole == space.ranks.sole).all()
    assert (found.answer == space.neighbors(1).rows[:, 0]).all()


def test_any_number_of_threads_gives_the_same_answers(monkeypatch):
    vectors, labels, _ = made(4, classes=80)
    space = Geometry(EmbeddingSet.from_arrays(vectors, labels))
    handicap = crowding(space) / 2
    answers = []
    for threads in ("1", "3"):
        monkeypatch.setenv("NUMBA_NUM_THREADS", threads)
        answers.append(swept(space, handicap))
    for name in ("right", "sole", "answer"):
        assert (getattr(answers[0], name) == getattr(answers[1], name)).all()
