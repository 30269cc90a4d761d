"""A query without its own group, against sets with the rows really taken away, and every draw drawn."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier
from tests.brute_force import distances, without_class

from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes import sweep
from embedding_second_opinion.samples.planted import planted


def small(seed, classes=4, rows=5, groups=3, split=False, grid=False):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), rows)
    vectors = rng.standard_normal((classes, 3))[labels] + rng.standard_normal((len(labels), 3))
    if grid:
        vectors = np.round(vectors)  # many ties
    parts = np.where(rng.random(len(labels)) < 0.6, "train", "test") if split else None
    return vectors.astype(np.float32), labels, rng.integers(0, groups, len(labels)), parts


def expected(vectors, labels, group, split):
    """Per query with a positive and a negative of other groups: (row, right without, chance of as many)."""
    queries = np.arange(len(labels)) if split is None else np.flatnonzero(split == "test")
    gallery = np.arange(len(labels)) if split is None else np.flatnonzero(split == "train")
    matrix = distances(vectors, vectors)
    found = []
    for q in queries.tolist():
        rest = gallery[gallery != q]
        same, foreign = labels[rest] == labels[q], group[rest] != group[q]
        near, far = matrix[q, rest[same]], matrix[q, rest[~same]]
        b, g = int((same & foreign).sum()), int((~same & foreign).sum())
        if b == 0 or g == 0:
            continue
        right = matrix[q, rest[same & foreign]].min() < matrix[q, rest[~same & foreign]].min()
        best = [min(drawn) for drawn in itertools.combinations(near, b)]
        least = [min(drawn) for drawn in itertools.combinations(far, g)]
        chance = np.mean(np.subtract.outer(best, least) < 0)
        found.append((q, float(right), chance))
    return found


def spaces(vectors, labels, group, split):
    data = EmbeddingSet.from_arrays(vectors, labels, split=split)
    space = Geometry(arrange(data))
    return space, space.other_groups(np.asarray(group, dtype=np.int64))


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize("grid", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_every_query_against_every_draw(seed, grid, split):
    made = small(seed, split=split, grid=grid)
    space, found = spaces(*made)
    judged = np.flatnonzero(found.judged)
    rows = space.evaluation.queries[judged]
    wanted = expected(*made)
    assert rows.tolist() == [q for q, _, _ in wanted]
    assert found.right[judged].tolist() == [right for _, right, _ in wanted]
    assert found.equal[judged] == pytest.approx([chance for _, _, chance in wanted], abs=1e-12)


@pytest.mark.parametrize("grid", [False, True])
def test_deleting_a_class(grid):
    vectors, labels, group, _ = small(7, classes=5, grid=grid)
    # Each class in groups of its own: then no other class's deletion changes how many are drawn.
    group = group + 10 * labels
    _, found = spaces(vectors, labels, group, None)
    for c in range(5):
        keep = labels != c
        _, left = spaces(*without_class(vectors, labels, c), group[keep], None)
        assert found.equal[keep].sum() + found.gain[c] == pytest.approx(left.equal.sum(), abs=1e-12)
        saved = (found.sole[keep] == c).sum()
        assert found.right[keep].sum() + saved == left.right.sum()


def test_deleting_a_class_where_groups_cross():
    """Few negatives here, so that what a class far away changes is not quite nothing."""
    vectors, labels, group, _ = small(3, classes=12, rows=6)
    _, found = spaces(vectors, labels, group, None)
    for c in range(12):
        keep = labels != c
        _, left = spaces(*without_class(vectors, labels, c), group[keep], None)
        assert found.equal[keep].sum() + found.gain[c] == pytest.approx(left.equal.sum(), abs=0.35)
        assert found.right[keep].sum() + (found.sole[keep] == c).sum() == left.right.sum()


@pytest.mark.parametrize("name", ["sessions", "one_group", "healthy_sessions"])
def test_rows_really_taken_away(name):
    """scikit-learn on the gallery of the other groups, one group of queries after the other."""
    data = planted(name, 3)
    group = np.unique(data.groups, return_inverse=True)[1].astype(np.int64)
    found = Geometry(data).other_groups(group)
    vectors = data.vectors.astype(np.float64)
    for g in np.unique(group)[:4]:
        mine = group == g
        peer = KNeighborsClassifier(1, algorithm="brute").fit(vectors[~mine], data.codes[~mine])
        right = peer.predict(vectors[mine]) == data.codes[mine]
        assert found.right[mine].tolist() == right.tolist()


def test_a_group_that_means_nothing_costs_nothing():
    """Random groups: on average as many rows are as good as those of other groups."""
    data = planted("crowded")
    gaps = []
    for seed in range(6):
        group = np.random.default_rng(seed).integers(0, 4, data.n)
        found = Geometry(data).other_groups(group)
        gaps.append((found.equal - found.right)[found.judged].mean())
    assert abs(np.mean(gaps)) < 3 * np.std(gaps, ddof=1) / np.sqrt(6) + 1e-3
    assert np.mean(gaps) == pytest.approx(0, abs=0.004)


def test_large_classes_and_threads_give_the_same(monkeypatch):
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 300)
    vectors = (rng.standard_normal((3, 4))[labels] + rng.standard_normal((900, 4))).astype(
        np.float32
    )
    group = rng.integers(0, 30, 900)
    found = []
    for threads in ("1", "3"):
        monkeypatch.setattr(sweep, "workers", lambda threads=threads: int(threads))
        found.append(spaces(vectors, labels, group, None)[1])
    for name in ("right", "sole", "equal", "gain"):
        assert getattr(found[0], name).tobytes() == getattr(found[1], name).tobytes()
    matrix = distances(vectors, vectors)
    np.fill_diagonal(matrix, np.inf)
    matrix[group[:, None] == group[None, :]] = np.inf
    assert found[0].right.mean() == (labels[matrix.argmin(axis=1)] == labels).mean()
