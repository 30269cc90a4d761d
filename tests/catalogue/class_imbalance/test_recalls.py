"""Recall by class against scikit-learn, every draw written out, and real deletion of a class."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, recall_score

from embedding_second_opinion.catalogue.class_imbalance import recalls
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples.planted import planted
from embedding_second_opinion.stats import surface
from tests import brute_force


def uneven(seed, integer=False, sizes=(1, 2, 3, 3, 4, 5, 6, 9)):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    vectors = rng.standard_normal((len(sizes), 3))[labels]
    vectors = vectors + rng.standard_normal((len(labels), 3))
    return (np.round(vectors) if integer else vectors).astype(np.float32), labels


def spaces(seed):
    """The same rows leave-one-out and with a gallery; odd seeds with many ties."""
    vectors, labels = uneven(seed, integer=seed % 2 == 1)
    split = np.where(np.random.default_rng(seed).random(len(labels)) < 0.6, "train", "test")
    yield vectors, labels, None
    yield vectors, labels, split


def geometry(vectors, labels, split):
    return Geometry(arrange(EmbeddingSet.from_arrays(vectors, labels, split=split)))


@pytest.mark.parametrize("seed", range(3))
def test_the_means_are_those_of_scikit_learn(seed):
    data = planted("starved_tail", seed)
    space = Geometry(data)
    found = recalls.recalls(space)
    order = brute_force.distances(data.vectors, data.vectors)
    np.fill_diagonal(order, np.inf)
    guessed = data.codes[order.argmin(axis=1)]
    by_class = recall_score(data.codes, guessed, average=None)
    assert found.full == pytest.approx(by_class, abs=1e-12)
    macro = recalls.mean_of(found.full, found.asked)
    assert macro == pytest.approx(balanced_accuracy_score(data.codes, guessed), abs=1e-12)
    micro = recalls.mean_of(found.full, found.by_size)
    assert micro == pytest.approx(recall_score(data.codes, guessed, average="micro"), abs=1e-12)


def drawn(vectors, labels, split, e):
    """Recall of each class by drawing every subset of e positives against all negatives."""
    query = np.ones(len(labels), dtype=bool) if split is None else split == "test"
    gallery = query if split is None else split == "train"
    query = query & np.isin(labels, labels[gallery])
    matrix = brute_force.distances(vectors[query], vectors[gallery])
    rows = labels[query], None if split is None else labels[gallery]
    chances: dict[int, list[float]] = {}
    for i, near, far, _ in brute_force.sides(matrix, *rows):
        subsets = itertools.combinations(near, e)
        won = [min(chosen) < far.min() for chosen in subsets]
        chances.setdefault(int(rows[0][i]), []).append(float(np.mean(won)))
    return {c: float(np.mean(values)) for c, values in chances.items()}


@pytest.mark.parametrize("seed", range(6))
def test_equal_enrolment_against_every_draw(seed):
    for vectors, labels, split in spaces(seed):
        # Without the smallest classes more than one positive is enrolled.
        for keep in (labels >= 0, labels >= 4):
            part = vectors[keep], labels[keep], None if split is None else split[keep]
            space = geometry(*part)
            found = recalls.recalls(space)
            expected = drawn(*part, found.enrolment)
            assert found.enrolment == space.ranks.positives[space.ranks.anchors].min()
            for place, c in enumerate(space.ranks.class_ids):
                name = int(space.evaluation.classes[c])
                assert found.common[place] == pytest.approx(
                    expected.get(name, np.nan), abs=1e-12, nan_ok=True
                )


@pytest.mark.parametrize("seed", range(6))
def test_delete_one_values_against_deleting(seed):
    for vectors, labels, split in spaces(seed):
        keep = labels >= 4  # so that the enrolment stays what it is
        part = vectors[keep], labels[keep], None if split is None else split[keep]
        space = geometry(*part)
        found = recalls.recalls(space)
        weights = found.by_size, found.asked
        for kind, w in zip(("size", "class"), weights, strict=True):
            full = recalls.full_without(space.ranks, found, w)
            common = recalls.common_without(space.ranks, found, w)
            for place, c in enumerate(space.ranks.class_ids):
                rest = part[1] != int(space.evaluation.classes[c])
                less = geometry(
                    part[0][rest], part[1][rest], None if split is None else part[2][rest]
                )
                left = recalls.recalls(less)
                again = left.by_size if kind == "size" else left.asked
                assert full[place] == pytest.approx(recalls.mean_of(left.full, again), abs=1e-9)
                values = drawn(
                    part[0][rest], part[1][rest], None if split is None else part[2][rest],
                    found.enrolment,
                ) if left.enrolment >= found.enrolment else None  # fmt: skip
                if values is None:
                    continue
                names = [int(less.evaluation.classes[i]) for i in less.ranks.class_ids]
                expected = np.array([values.get(name, np.nan) for name in names])
                assert common[place] == pytest.approx(recalls.mean_of(expected, again), abs=1e-9)


def test_the_delete_one_values_at_full_enrolment_are_the_first_diagnostics_own():
    ranks = Geometry(planted("healthy_long_tail")).ranks
    found = recalls.recalls(Geometry(planted("healthy_long_tail")))
    from embedding_second_opinion.stats import jackknife

    micro = recalls.full_without(ranks, found, found.queries.astype(float))
    assert micro == pytest.approx(jackknife.closed_set_without(ranks), abs=1e-12)
    macro = recalls.full_without(ranks, found, found.asked)
    assert macro == pytest.approx(jackknife.closed_set_macro_without(ranks), abs=1e-12)
    assert recalls.mean_of(found.full, found.by_size) == pytest.approx(
        surface.closed_set_accuracy(ranks), abs=1e-12
    )


def test_the_interval_covers_the_truth():
    """Zipf sizes drawn anew, equal quality: the truth is the mean over repetitions."""
    from embedding_second_opinion.stats.intervals import difference_interval

    values, bounds = [], []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        sizes = rng.choice(np.maximum(4, np.round(60 / np.arange(1, 51))).astype(int), 50)
        labels = np.repeat(np.arange(50), sizes)
        vectors = rng.standard_normal((50, 24))[labels]
        vectors += 0.8 * rng.standard_normal(vectors.shape)
        space = Geometry(EmbeddingSet.from_arrays(vectors, labels))
        found = recalls.recalls(space)
        weights = found.by_size, found.asked
        gap = np.subtract(*(recalls.mean_of(found.common, w) for w in weights))
        without = np.subtract(*(recalls.common_without(space.ranks, found, w) for w in weights))
        interval = difference_interval(float(gap), without, 50)
        values.append(gap)
        bounds.append((interval.low, interval.high))
    truth = np.mean(values)
    covered = np.mean([low <= truth <= high for low, high in bounds])
    assert covered >= 0.91
    assert np.mean([high - low for low, high in bounds]) < 8 * np.std(values)  # not merely wide
