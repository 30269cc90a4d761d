"""With the shift undone: scikit-learn on the moved rows, real deletion, and coverage."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from embedding_second_opinion.catalogue.shift.two_sides import common_shifts, sides
from embedding_second_opinion.catalogue.shift.undone import (
    Outcome,
    direction_left_out,
    gain,
    moved_back,
)
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.stats import jackknife, surface
from embedding_second_opinion.stats.intervals import largest
from tests.catalogue.shift.making import shifted


def rows_of(space, found):
    vectors = found.vectors.astype(float)
    e = space.evaluation
    fold = np.full(len(e.classes), -1)
    fold[found.class_ids] = found.fold
    return vectors[e.queries], vectors[e.enrolled], e.codes[e.queries], e.codes[e.enrolled], fold


def right(queries, gallery, q, g, metric):
    model = KNeighborsClassifier(1, algorithm="brute", metric=metric).fit(gallery, g)
    return model.predict(queries) == q


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("seed", range(3))
def test_moved_rows_against_scikit_learn(seed, metric):
    space = shifted(seed, length=2, vary=0.4, metric=metric)
    found = sides(space)
    queries, gallery, q, g, fold = rows_of(space, found)
    moved = queries - common_shifts(found)[fold[q]]
    outcome = moved_back(space, found)
    assert outcome.value == pytest.approx(right(moved, gallery, q, g, metric).mean(), abs=1e-12)
    before = Outcome.of(space.ranks)
    assert before.value == pytest.approx(right(queries, gallery, q, g, metric).mean(), abs=1e-12)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("seed", range(3))
def test_the_direction_left_out_against_scikit_learn(seed, metric):
    space = shifted(seed, length=3, vary=0.5, metric=metric)
    found = sides(space)
    queries, gallery, q, g, fold = rows_of(space, found)
    hits = np.zeros(len(q), dtype=bool)
    for f, shift in enumerate(common_shifts(found)):
        unit = shift / np.linalg.norm(shift)
        mine = fold[q] == f
        flat = [x - np.outer(x @ unit, unit) for x in (queries[mine], gallery)]
        hits[mine] = right(*flat, q[mine], g, metric)
    outcome = direction_left_out(space, found)
    assert outcome.value == pytest.approx(hits.mean(), abs=1e-12)
    assert outcome.asked.sum() == len(q)


def test_delete_one_values_are_those_of_the_first_diagnostic():
    space = shifted(1, length=1, noise=0.8)
    outcome = Outcome.of(space.ranks)
    assert outcome.value == pytest.approx(surface.closed_set_accuracy(space.ranks))
    assert outcome.without == pytest.approx(jackknife.closed_set_without(space.ranks))


def test_delete_one_values_over_folds_against_deleting():
    space = shifted(4, length=2, noise=0.8, classes=12)
    found = sides(space)
    outcome = direction_left_out(space, found)
    queries, gallery, q, g, fold = rows_of(space, found)
    for c in range(12):
        hits, asked = 0, 0
        for f, shift in enumerate(common_shifts(found)):
            unit = shift / np.linalg.norm(shift)
            mine, kept = (fold[q] == f) & (q != c), g != c
            flat = [x - np.outer(x @ unit, unit) for x in (queries[mine], gallery[kept])]
            if mine.any():
                hits += right(*flat, q[mine], g[kept], "euclidean").sum()
                asked += mine.sum()
        assert outcome.without[c] == pytest.approx(hits / asked, abs=1e-12)


def test_a_set_of_one_dimension_has_no_direction_to_leave_out():
    space = shifted(0, length=1, d=1)
    found = sides(space)
    assert direction_left_out(space, found) is None
    assert moved_back(space, found).asked.sum() == 80


def test_a_row_moved_to_the_origin_stays_where_it_was_under_cosine():
    angles = np.tile([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], (8, 1))
    labels = np.repeat(np.arange(4), 6)
    split = np.tile(np.repeat(["train", "test"], 3), 4)
    space = Geometry(EmbeddingSet.from_arrays(angles, labels, split=split), metric="cosine")
    found = sides(space)
    object.__setattr__(found, "shifts", np.tile([1.0, 0.0], (4, 1)))
    assert moved_back(space, found).asked.sum() == 12


def test_nothing_changes_and_the_jackknife_is_blind():
    same = Outcome(np.full(60, 5), np.full(60, 4), np.zeros(60, dtype=int))
    value, interval = gain(same, same)
    assert value == 0
    assert interval.high == pytest.approx(1 - 0.05 ** (1 / 60))  # the exact rule of three
    assert interval.low == -interval.high
    one = Outcome(same.asked, np.r_[5, np.full(59, 4)], same.saved)
    assert gain(same, one)[1].method.startswith("paired class jackknife")


def test_the_interval_covers_the_truth():
    """Classes drawn anew: the truth is the mean over repetitions."""
    rows = []
    for seed in range(60):
        space = shifted(seed, length=3, vary=0.3, classes=40, d=16, noise=0.55, sizes=(6, 5))
        found, before = sides(space), Outcome.of(space.ranks)
        outcomes = moved_back(space, found), direction_left_out(space, found)
        value, interval = largest([gain(before, outcome) for outcome in outcomes])
        rows.append((value, interval.low, interval.high))
    values, low, high = np.array(rows).T
    assert np.mean((low <= values.mean()) & (values.mean() <= high)) >= 0.9
    assert np.mean(high - low) < 8 * np.std(values)  # not merely wide
    assert values.mean() > 0.1
