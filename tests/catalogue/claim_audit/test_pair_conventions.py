"""Every convention of a pair accuracy against scikit-learn and against all thresholds tried."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import t as student
from sklearn.metrics import balanced_accuracy_score, roc_auc_score, roc_curve

from embedding_second_opinion.catalogue.claim_audit.pair_conventions import (
    has_pairs,
    pair_conventions,
)
from embedding_second_opinion.catalogue.claim_audit.thresholds import of_histograms
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.pairs import Pairs


def made(classes=24, seed=0, split=None):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), 6)
    vectors = rng.standard_normal((classes, 8))[labels]
    vectors = vectors + 0.8 * rng.standard_normal((len(labels), 8))
    return EmbeddingSet.from_arrays(vectors, labels, split=split)


def kinds(data, rows=slice(None)):
    x, y = data.vectors[rows].astype(np.float64), data.codes[rows]
    first, second = np.triu_indices(len(y), 1)
    return pdist(x), y[first] == y[second]


def best(distances, same):
    far, tar, _ = roc_curve(same, -distances, drop_intermediate=False)
    return ((tar + 1 - far) / 2).max()


@pytest.mark.parametrize("seed", range(3))
def test_all_pairs_of_the_queries(seed):
    data = made(seed=seed)
    strict, itself, others = pair_conventions(Geometry(data), None)
    distances, same = kinds(data)
    # Counted in 65,536 bins: a pair or two may fall on the other side.
    assert strict.value == itself.value == pytest.approx(best(distances, same), abs=2e-4)
    every = {c.code: c.value for c in others}
    assert every["pairs_auc"] == pytest.approx(roc_auc_score(same, -distances), abs=1e-5)
    assert every["pairs_called_different"] == pytest.approx(1 - same.mean())
    right = [(np.mean((distances <= t) == same)) for t in np.sort(distances[same])]
    assert every["pairs_as_they_come"] == pytest.approx(max(right), abs=1e-4)
    assert itself.drawn


def test_the_jackknife_is_the_classes_really_deleted():
    data = made()
    space = Geometry(data)
    (found,) = space.pair_histograms((space.evaluation.queries,), np.zeros(24, dtype=np.int64))
    judged = of_histograms(found)
    for c in range(24):
        distances, same = kinds(data, data.codes != c)
        # At the threshold of all: what a class would gain by moving it is of second order, from below.
        truth = best(distances, same)
        assert truth - 0.004 < judged.without[c] < truth + 5e-4
    whole = best(*kinds(data))
    deleted = np.array([best(*kinds(data, data.codes != c)) for c in range(24)])
    spread = [np.sqrt(23 / 24 * ((w - w.mean()) ** 2).sum()) for w in (deleted, judged.without)]
    assert spread[1] == pytest.approx(spread[0], rel=0.1)
    assert judged.balanced == pytest.approx(whole, abs=2e-4)


def test_a_file_with_folds_is_judged_as_the_face_benchmarks_do():
    data = made(40)
    rng = np.random.default_rng(5)
    one, two = np.triu_indices(data.n, 1)
    same = data.codes[one] == data.codes[two]
    chosen = np.concatenate([rng.choice(np.flatnonzero(same == s), 300, False) for s in (0, 1)])
    fold = np.tile(np.repeat(np.arange(5), 60), 2)
    pairs = Pairs.of(data, one[chosen], two[chosen], same[chosen], fold)
    distances = np.linalg.norm(
        data.vectors[one[chosen]].astype(float) - data.vectors[two[chosen]], axis=1
    )
    truth = same[chosen]
    accepted = np.zeros(len(truth), dtype=bool)
    for f in range(5):
        out = fold != f
        tried = np.sort(distances[out])
        yes = distances[out][None] <= tried[:, None]
        hits = [yes[:, truth[out]].mean(axis=1), 1 - yes[:, ~truth[out]].mean(axis=1)]
        at = int(np.argmax(np.round(sum(hits), 12)))
        accepted[~out] = distances[~out] <= (tried[at] + tried[at + 1]) / 2
    scores = [balanced_accuracy_score(truth[fold == f], accepted[fold == f]) for f in range(5)]
    strict, itself, others = pair_conventions(Geometry(data), pairs)
    assert strict.value == pytest.approx(np.mean(scores), abs=1e-12)
    assert not itself.drawn
    every = {c.code: c.value for c in others}
    assert every["pairs_own_threshold"] == pytest.approx(best(distances, truth), abs=1e-12)
    assert every["pairs_auc"] == pytest.approx(roc_auc_score(truth, -distances), abs=1e-12)
    assert "pairs_as_they_come" not in every  # half are genuine
    # Without a class: the pairs that touch it go.
    ends = np.stack([data.codes[one[chosen]], data.codes[two[chosen]]])
    logits = []
    for c in range(40):
        left = ~(ends == c).any(axis=0)
        share = balanced_accuracy_score(truth[left], accepted[left])
        logits.append(np.log(share / (1 - share)))
    error = np.sqrt(39 / 40 * ((np.array(logits) - np.mean(logits)) ** 2).sum())
    centre = np.log(strict.value / (1 - strict.value))
    reach = student.ppf(0.975, 39) * error
    assert strict.interval.low == pytest.approx(1 / (1 + np.exp(reach - centre)), abs=1e-9)
    assert strict.interval.high == pytest.approx(1 / (1 + np.exp(-reach - centre)), abs=1e-9)


def test_pairs_of_the_gallery_are_tried_too():
    split = np.tile(["train", "train", "train", "train", "test", "test"], 24)
    data = made(split=split)
    _, _, others = pair_conventions(Geometry(arrange(data)), None)
    every = {c.code: c.value for c in others}
    distances, same = kinds(data, split == "train")
    assert every["pairs_of_gallery"] == pytest.approx(best(distances, same), abs=3e-4)


def test_where_there_are_no_pairs():
    data = EmbeddingSet.from_arrays(
        np.random.default_rng(0).standard_normal((40, 3)),
        np.repeat(np.arange(20), 2),
        split=np.tile(["train", "test"], 20),
    )
    assert not has_pairs(Geometry(arrange(data)), None)
    assert has_pairs(Geometry(made()), None)
