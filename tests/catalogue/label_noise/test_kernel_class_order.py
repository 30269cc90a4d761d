"""The order of classes against scikit-learn's area under the curve, class by class."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import pairwise_distances, roc_auc_score

from embedding_second_opinion.catalogue.label_noise.kernel_class_order import Said, class_order
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry


def asked(metric, m=25, groups=4):
    rng = np.random.default_rng(0)
    codes = np.repeat(np.arange(9), [1, 2, 7, 12, 12, 5, 8, 9, 4])
    vectors = 0.7 * rng.standard_normal((9, 5))[codes] + rng.standard_normal((60, 5))
    space = Geometry(EmbeddingSet.from_arrays(vectors, codes), metric=metric)
    rows = rng.integers(0, 60, m)
    own = rng.integers(1, 9, m)
    besides = (own + rng.integers(1, 9, m)) % 9
    besides[::5] = -1
    said = Said(
        own,
        besides,
        rows,
        np.concatenate([[0], np.cumsum(np.bincount(codes))]),
        np.arange(9) % groups,
        groups,
    )
    found = class_order(said, space.source(rows, np.arange(60), precise=True), "test")
    far = pairwise_distances(space.points.astype(np.float64), metric=metric)
    return said, found, far, codes


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_against_scikit_learn(metric):
    said, found, far, codes = asked(metric)
    for i, row in enumerate(said.self_at):
        other = np.arange(60) != row
        sums, counts = np.zeros(4), np.zeros(4)
        for c in range(9):
            mine, theirs = ((codes == x) & other for x in (said.own[i], c))
            if c in (said.own[i], said.besides[i]) or not theirs.any():
                continue
            both = mine | theirs
            sums[c % 4] += 1 - roc_auc_score(mine[both], -far[row, both])
            counts[c % 4] += 1
        assert found.nearer[i] == pytest.approx(sums, abs=1e-9)
        assert found.classes[i].tolist() == counts.tolist()
    assert found.share() == pytest.approx(found.nearer.sum(axis=1) / found.classes.sum(axis=1))
    left = np.delete(found.nearer, 2, axis=1).sum(axis=1)
    count = np.delete(found.classes, 2, axis=1).sum(axis=1)
    assert found.share(2) == pytest.approx(left / count)


def test_a_tie_counts_as_nearer_and_no_third_class_as_none():
    vectors = np.array([[0.0], [1], [1], [3], [4]])
    space = Geometry(EmbeddingSet.from_arrays(vectors, [0, 0, 1, 1, 2]))
    one = np.zeros(1, dtype=np.int64)
    starts = np.array([0, 2, 4, 5])
    source = space.source(one, np.arange(5), precise=True)
    tied = class_order(Said(one, one + 2, one, starts, np.zeros(3, np.int64), 1), source, "test")
    assert tied.share().tolist() == [0.5]  # the row at 1 ties, that at 3 does not
    nobody = Said(one, one + 1, one, np.array([0, 2, 5]), np.zeros(2, np.int64), 1)
    assert class_order(nobody, source, "test").share().tolist() == [0.0]
