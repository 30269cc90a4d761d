"""Gaps at equal conditions: scikit-learn, brute force, a confound that must vanish, and coverage."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from embedding_second_opinion.catalogue.generalisation_gap.gaps import measure_gaps
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.findings.finding import Verdict, judge
from embedding_second_opinion.geometry.geometry import Geometry
from tests import brute_force


def made(seed, sizes=(6, 6), noises=(0.8, 0.8), classes=40, unseen=0, d=16, metric="euclidean"):
    """(train, test) rows of each class, and as many test rows of unseen classes, with their noises."""
    rng = np.random.default_rng(seed)
    known, strange = np.arange(classes), np.arange(classes, classes + unseen)
    labels = [np.repeat(known, sizes[0]), np.repeat(known, sizes[1]), np.repeat(strange, sizes[-1])]
    parts = [len(part) for part in labels]
    vectors = rng.standard_normal((classes + unseen, d))[np.concatenate(labels)]
    noise = np.repeat([*noises, noises[-1]][:3], parts)
    vectors += noise[:, None] * rng.standard_normal(vectors.shape)
    split = np.repeat(["train", "test", "test"], parts)
    data = EmbeddingSet.from_arrays(vectors, np.concatenate(labels), split=split)
    return Geometry(arrange(data), seed=seed, metric=metric)


def nearest_right(vectors, codes, metric="euclidean"):
    found = NearestNeighbors(n_neighbors=1, algorithm="brute", metric=metric).fit(vectors)
    return float((codes[found.kneighbors()[1][:, 0]] == codes).mean())


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_both_sides_against_scikit_learn(metric):
    space = made(0, noises=(0.6, 1.0), metric=metric)
    data = space.evaluation.data
    numbers = measure_gaps(space)
    values = []
    for split, name in (("train", "train_accuracy"), ("test", "held_out_accuracy")):
        rows = data.split == split
        expected = nearest_right(data.vectors[rows].astype(float), data.codes[rows], metric)
        assert numbers.estimates[name].value == pytest.approx(expected, abs=1e-7)
        values.append(expected)
    assert numbers.harm.value == pytest.approx(values[0] - values[1], abs=1e-7)


def test_unseen_classes_against_brute_force():
    space = made(3, sizes=(3, 3), noises=(0.5, 0.9), classes=9, unseen=5, d=4)
    data = space.evaluation.data
    found = measure_gaps(space).unseen
    assert found.identities == 5
    for rows, e in zip(
        (space.evaluation.enrolled, space.evaluation.strangers), found.accuracies, strict=True
    ):
        matrix = brute_force.distances(data.vectors[rows], data.vectors[rows])
        expected = brute_force.identity_accuracy(matrix, data.codes[rows], None, 5)
        assert e.value == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("seed", range(3))
def test_a_larger_part_is_not_mistaken_for_better_learning(seed):
    space = made(seed, sizes=(24, 4), noises=(1.0, 1.0), classes=60)
    data = space.evaluation.data
    naive = [
        nearest_right(data.vectors[data.split == s].astype(float), data.codes[data.split == s])
        for s in ("train", "test")
    ]
    assert naive[0] - naive[1] > 0.15
    numbers = measure_gaps(space)
    assert numbers.harm.low < 0 < numbers.harm.high
    assert (numbers.held_out.trained.take == 4).all()


def test_more_classes_are_not_mistaken_for_worse_learning():
    space = made(1, sizes=(5, 5), noises=(1.0, 1.0), classes=150, unseen=30)
    numbers = measure_gaps(space)
    rows = space.evaluation.enrolled
    data = space.evaluation.data
    strange = space.evaluation.strangers
    naive = nearest_right(data.vectors[strange], data.codes[strange]) - nearest_right(
        data.vectors[rows], data.codes[rows]
    )
    assert naive > 0.1
    low, high = numbers.estimates["unseen_gap"].low, numbers.estimates["unseen_gap"].high
    assert low < 0 < high
    assert numbers.unseen.identities == 30


def test_the_intervals_cover_the_truth():
    """Classes drawn anew: the truth is the mean over repetitions."""
    rows = []
    for seed in range(60):
        numbers = measure_gaps(made(seed, noises=(0.7, 0.85), classes=30, unseen=30))
        rows.append(
            [(c.gap[0], c.gap[1].low, c.gap[1].high) for c in (numbers.held_out, numbers.unseen)]
        )
    for value, low, high in np.array(rows).transpose(1, 2, 0):
        assert np.mean((low <= value.mean()) & (value.mean() <= high)) >= 0.9
        assert np.mean(high - low) < 8 * np.std(value)  # not merely wide


def test_few_unseen_classes_are_shown_and_not_judged():
    numbers = measure_gaps(made(0, noises=(0.9, 0.9), classes=60, unseen=4))
    assert numbers.judged == (numbers.held_out,)
    assert numbers.estimates["unseen_gap"].low is None
    assert numbers.harm.low is not None


def test_few_unseen_classes_that_fare_far_worse_leave_it_open():
    numbers = measure_gaps(made(0, noises=(0.9, 1.6), classes=60, unseen=4), tolerance=-1.0)
    assert numbers.unseen in numbers.judged
    assert numbers.harm.high == 1.0
    assert judge(numbers.harm, 0.02) is not Verdict.OK


def test_a_perfect_part_has_no_interval_of_width_zero():
    numbers = measure_gaps(made(0, noises=(0.05, 0.05), classes=40, unseen=30))
    assert numbers.harm.value == 0
    assert numbers.harm.unresolved
    assert numbers.estimates["unseen_accuracy"].low == pytest.approx(1 - 3 / 30, abs=0.006)
    assert numbers.estimates["unseen_accuracy"].value == 1
