"""Every pair written out, in loops that share nothing with the pass: counts, losses, ties, deletions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from embedding_second_opinion.catalogue.triplet_census.kernel_margin_counts import (
    Asked,
    Known,
    margin_counts,
)
from embedding_second_opinion.catalogue.triplet_census.sides import Side, sides
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.placed import place
from embedding_second_opinion.geometry.passes.rank_results import needs_precision

MARGINS = np.array([0.1, 0.5, 1.0])


def counts(space, side=None, margins=MARGINS, at=1, few=20, squared=False):
    side = side or sides(space)[0]
    evaluation = space.evaluation
    placed = place(evaluation.codes, len(evaluation.classes), side.queries, side.gallery, 0)
    source = space.source(
        side.queries[placed.order], placed.plan.rows, precise=needs_precision(placed.plan)
    )
    known = Known.of(side.ranks, np.arange(len(side.queries)))
    return margin_counts(placed, source, known, Asked(np.asarray(margins), at, few, squared))


def brute(matrix, labels, gallery_labels=None, margin=0.5, few=20):
    """Per query: pairs that violate, sum of losses, those of the nearest negative, wrong, spent."""
    alone = gallery_labels is None
    columns = labels if alone else gallery_labels
    active, loss, hardest, spent = [], [], [], []
    for i, row in enumerate(matrix):
        near = [
            row[j] for j in range(len(columns)) if columns[j] == labels[i] and (not alone or j != i)
        ]
        far = [row[j] for j in range(len(columns)) if columns[j] != labels[i]]
        if not near or not far:
            active.append(0), loss.append(0.0), hardest.append((0, 0, 0.0)), spent.append(False)
            continue
        over = [p + margin - n for p in near for n in far if n <= p + margin]
        active.append(len(over)), loss.append(sum(over))
        first = min(far)
        top = [p + margin - first for p in near if first <= p + margin]
        hardest.append((len(top), sum(first <= p for p in near), sum(top)))
        spent.append(min(near) >= first and len(over) * few < len(near) * len(far))
    return np.array(active), np.array(loss), np.array(hardest), np.array(spent)


def uneven(seed=0, grid=False):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(12), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 5, 5])
    vectors = rng.standard_normal((12, 3))[labels] + 0.7 * rng.standard_normal((len(labels), 3))
    vectors = np.round(2 * vectors) if grid else vectors
    return EmbeddingSet.from_arrays(vectors + 5.0 * grid, labels)


def matrix_of(data, metric="euclidean"):
    x = data.vectors.astype(np.float64)
    return cdist(x, x, metric)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_counts_and_losses_against_every_pair(metric):
    data = uneven()
    space = Geometry(data, metric=metric)
    found, matrix = counts(space), matrix_of(data, metric)
    for t, margin in enumerate(MARGINS):
        assert found.active[:, t].tolist() == brute(matrix, data.codes, margin=margin)[0].tolist()
    _, loss, hardest, spent = brute(matrix, data.codes)
    np.testing.assert_allclose(found.loss, loss, rtol=2e-6, atol=1e-6)
    got = np.column_stack([found.hardest, found.hardest_hard, found.hardest_loss])
    np.testing.assert_allclose(got, hardest, atol=1e-9)
    assert found.spent.tolist() == spent.tolist()


@pytest.mark.parametrize("margin", [0.0, 1.0, 2.0])
def test_ties_at_the_margin_are_active(margin):
    """Whole numbers: distances that differ by exactly the margin, and rows at one place."""
    data = uneven(grid=True)
    found = counts(Geometry(data), margins=[margin], at=0)
    active = brute(matrix_of(data), data.codes, margin=margin)[0]
    assert found.active[:, 0].tolist() == active.tolist()
    strictly = brute(matrix_of(data), data.codes, margin=margin - 1e-9)[0]
    assert (active > strictly).any()


def test_at_no_margin_it_is_what_the_rank_pass_lost():
    for data in (uneven(), uneven(grid=True)):
        space = Geometry(data)
        assert counts(space, margins=[0.0], at=0).active[:, 0].tolist() == space.ranks.lost.tolist()


def test_squared_distances():
    data = uneven()
    found = counts(Geometry(data), squared=True)
    squares = matrix_of(data) ** 2
    for t, margin in enumerate(MARGINS):
        assert found.active[:, t].tolist() == brute(squares, data.codes, margin=margin)[0].tolist()


def test_distances_that_were_given_are_taken_as_they_are():
    rng = np.random.default_rng(3)
    labels = np.repeat(np.arange(6), 5)
    matrix = rng.integers(0, 9, (30, 30)).astype(float)
    found = counts(Geometry.from_distances(matrix, labels))
    active, loss, hardest, spent = brute(matrix, labels)
    assert found.active[:, 1].tolist() == active.tolist()
    np.testing.assert_allclose(found.loss, loss)
    np.testing.assert_allclose(found.hardest_loss, hardest[:, 2])
    assert found.spent.tolist() == spent.tolist()


def test_queries_against_a_gallery_of_their_own():
    rng = np.random.default_rng(5)
    labels = np.tile(np.arange(10), 12)
    vectors = rng.standard_normal((10, 3))[labels] + 0.8 * rng.standard_normal((120, 3))
    split = np.where(np.arange(120) < 80, "train", "test")
    data = EmbeddingSet.from_arrays(vectors, labels, split=split)
    space = Geometry(arrange(data))
    within, answers = sides(space)
    x, test, train = data.vectors.astype(np.float64), split == "test", split == "train"
    found = counts(space, answers)
    active, loss, _, spent = brute(cdist(x[test], x[train]), labels[test], labels[train])
    assert found.active[:, 1].tolist() == active.tolist()
    np.testing.assert_allclose(found.loss, loss, rtol=2e-6, atol=1e-6)
    assert found.spent.tolist() == spent.tolist()
    inner = brute(cdist(x[test], x[test]), labels[test])[0]
    assert counts(space, within).active[:, 1].tolist() == inner.tolist()


def test_large_classes_and_any_number_of_threads(monkeypatch):
    rng = np.random.default_rng(2)
    labels = np.append(np.zeros(300), np.repeat(np.arange(1, 40), 8)).astype(int)
    vectors = np.round(3 * rng.standard_normal((len(labels), 4)))
    data = EmbeddingSet.from_arrays(vectors, labels)
    found = []
    for threads in ("1", "3"):
        monkeypatch.setenv("NUMBA_NUM_THREADS", threads)
        found.append(counts(Geometry(data), margins=[1.0], at=0))
    for name, value in vars(found[0]).items():
        np.testing.assert_array_equal(value, getattr(found[1], name))
    x = data.vectors.astype(np.float64)
    for i in (0, 7, 299, 300, 500):
        row = np.sqrt(((x - x[i]) ** 2).sum(axis=1))
        near, far = row[(labels == labels[i]) & (np.arange(len(x)) != i)], row[labels != labels[i]]
        assert found[0].active[i, 0] == (far[None, :] <= near[:, None] + 1.0).sum()


def test_what_each_class_costs_is_what_deleting_it_saves():
    data = uneven(1)
    space, few = Geometry(data), 4
    found = counts(space, few=few)
    matrix, labels = matrix_of(data), data.codes
    for c in range(12):
        keep = labels != c
        active, _, _, spent = brute(matrix[np.ix_(keep, keep)], labels[keep], few=few)
        assert found.spent_without[c] == spent.sum()
        n = np.bincount(labels, minlength=12)
        pairs = (n[labels[keep]] - 1) * (keep.sum() - n[labels[keep]])
        anchors = n[labels[keep]] > 1
        taken = (found.active[keep, 1] - active)[anchors] / pairs[anchors]
        assert found.to_class[c] == pytest.approx(taken.sum(), abs=1e-9)


def test_a_side_knows_whether_it_is_one_set():
    space = Geometry(uneven())
    assert sides(space)[0].alone
    assert not Side(space.ranks, space.evaluation.queries, np.arange(3)).alone
