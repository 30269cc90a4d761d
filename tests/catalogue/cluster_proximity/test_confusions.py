"""Confused pairs against scikit-learn's confusion matrix and scipy's false discovery control."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest, false_discovery_control
from sklearn.metrics import confusion_matrix
from sklearn.neighbors import KNeighborsClassifier

from embedding_second_opinion.catalogue.cluster_proximity.confusions import (
    FALSE_DISCOVERIES,
    confusions,
    near_loss,
)
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples.planted import planted
from tests.brute_force import without_class


def winners(space: Geometry) -> np.ndarray:
    ranks = space.ranks
    return np.searchsorted(ranks.class_ids, space.evaluation.codes[ranks.nearest_negative])


@pytest.fixture(scope="module", name="space")
def overlapping():
    rng = np.random.default_rng(0)
    sizes = rng.integers(4, 12, 15)
    sizes[13:] = 20  # the twins
    labels = np.repeat(np.arange(15), sizes)
    centres = rng.standard_normal((15, 4))
    centres[14] = centres[13] + 0.1
    vectors = centres[labels] + 0.35 * rng.standard_normal((len(labels), 4))
    return Geometry(EmbeddingSet.from_arrays(vectors, [f"{c:02d}" for c in labels]))


def test_counts_are_the_off_diagonal_of_the_confusion_matrix(space):
    data = space.evaluation.data
    answers = []
    for i in range(data.n):
        keep = np.arange(data.n) != i
        model = KNeighborsClassifier(1, algorithm="brute").fit(data.vectors[keep], data.codes[keep])
        answers.append(model.predict(data.vectors[i : i + 1])[0])
    expected = confusion_matrix(data.codes, answers)
    np.fill_diagonal(expected, 0)
    found = confusions(space.ranks, winners(space))
    matrix = np.zeros_like(expected)
    matrix[found.own, found.rival] = found.lost
    assert (matrix == expected).all()
    assert found.total == expected.sum()
    assert (np.diff(found.lost) <= 0).all()


def test_false_discovery_rates_equal_scipy_over_all_pairs(space):
    found = confusions(space.ranks, winners(space))
    sizes = space.ranks.gallery_sizes
    lost = np.bincount(found.own, weights=found.lost, minlength=15).astype(int)
    winning: dict[tuple[int, int], set[int]] = {}
    for q in np.flatnonzero(space.ranks.right == 0).tolist():
        row = int(space.ranks.nearest_negative[q])
        pair = (int(space.codes[q]), int(space.codes[row]))
        winning.setdefault(pair, set()).add(row)
    count = {pair: len(rows) for pair, rows in winning.items()}
    pairs = [(a, b) for a in range(15) if lost[a] for b in range(15) if b != a]
    p = [
        binomtest(
            count.get((a, b), 0), int(lost[a]), sizes[b] / (sizes.sum() - sizes[a]), "greater"
        ).pvalue
        for a, b in pairs
    ]
    expected = dict(zip(pairs, false_discovery_control(p, method="bh"), strict=True))
    for a, b, q in zip(found.own, found.rival, found.q_value, strict=True):
        assert q == pytest.approx(expected[int(a), int(b)])
    assert (found.stands_out == (found.q_value <= FALSE_DISCOVERIES)).all()


def test_only_planted_twins_stand_out():
    space = Geometry(planted("look_alikes", 5))
    found = confusions(space.ranks, winners(space))
    classes = [space.evaluation.classes[int(c)] for c in space.ranks.class_ids]
    named = [
        tuple(sorted((int(classes[a]), int(classes[b]))))
        for a, b in zip(found.own[found.stands_out], found.rival[found.stands_out], strict=True)
    ]
    twins = [(i, 130 + i) for i in range(20)]
    wrong = [pair for pair in named if pair not in twins]
    assert len(wrong) <= 2  # one in twenty may be a false discovery
    assert len({*named} & {*twins}) >= 15


def test_random_labels_make_no_pair_stand_out():
    hits = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        labels = np.repeat(np.arange(30), 10)
        data = EmbeddingSet.from_arrays(rng.standard_normal((300, 8)), rng.permutation(labels))
        space = Geometry(data)
        hits += bool(confusions(space.ranks, winners(space)).stands_out.any())
    # Under the null the rate of any discovery is the false discovery rate itself.
    assert hits <= 4
    assert FALSE_DISCOVERIES == 0.05


def test_delete_one_is_what_deleting_gives(space, monkeypatch):
    """With fixed pairs, and no query beaten by a second class, the jackknife's values are exact."""
    caught = {}

    def catch(value, without, units):
        caught.setdefault("without", without)
        return original(value, without, units)

    from embedding_second_opinion.catalogue.cluster_proximity import confusions as module

    original = module.share_interval
    monkeypatch.setattr(module, "share_interval", catch)
    ranks = space.ranks
    everything = np.ones(len(ranks.codes), dtype=bool)
    value, interval = near_loss(ranks, everything, np.zeros(len(ranks.codes)))
    assert value == pytest.approx(1 - ranks.right.mean())
    data = space.evaluation.data
    for c in range(15):
        vectors, labels = without_class(data.vectors, data.codes, c)
        fewer = Geometry(EmbeddingSet.from_arrays(vectors, labels))
        assert caught["without"][c] == pytest.approx(1 - fewer.ranks.right.mean())
    assert interval.low < value < interval.high


def test_where_every_class_is_near_nothing_stands_out():
    ranks = Geometry(planted("collapsed")).ranks
    n = len(ranks.codes)
    value, interval = near_loss(ranks, np.ones(n, dtype=bool), np.ones(n))
    assert value == 0
    assert interval.low == 0
