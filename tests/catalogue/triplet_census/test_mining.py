"""What miners draw, against pytorch-metric-learning and against every pair written out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pytorch_metric_learning.distances import CosineSimilarity, LpDistance
from pytorch_metric_learning.miners import BatchHardMiner, TripletMarginMiner

from embedding_second_opinion.catalogue.triplet_census.kernel_batches import distances_among, mine
from embedding_second_opinion.catalogue.triplet_census.mining import _batches, try_miners
from embedding_second_opinion.catalogue.triplet_census.sides import counted, sides
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.geometry.geometry import Geometry

MARGIN = 0.4


def made(seed=0, classes=30, rows=6, d=4):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), rows)
    return rng.standard_normal((classes, d))[labels] + 0.5 * rng.standard_normal(
        (len(labels), d)
    ), labels


def tried(space, margin=MARGIN):
    side = sides(space)[0]
    return try_miners(space, side, counted(space, side, margin), margin)


def peers(vectors, labels):
    """The library's own triplets of a batch, with their distances."""
    x, y = torch.from_numpy(vectors), torch.from_numpy(labels)
    distance = LpDistance(normalize_embeddings=False)
    matrix = distance(x).numpy()
    found = []
    for miner in (
        TripletMarginMiner(margin=MARGIN, type_of_triplets="semihard", distance=distance),
        BatchHardMiner(distance=distance),
    ):
        a, p, n = (t.numpy() for t in miner(x, y))
        found.append((a, p, matrix[a, p], matrix[a, n]))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_one_batch_against_pytorch_metric_learning(seed):
    vectors, labels = made(seed, classes=8, rows=4)
    vectors = vectors.astype(np.float32).astype(np.float64)
    rows = np.arange(32)
    space = Geometry(EmbeddingSet.from_arrays(vectors, labels))
    got = mine(space.source(rows, rows, precise=False), labels, MARGIN)
    (a, p, ap, an), (_, _, hard_ap, hard_an) = peers(vectors, labels)
    assert (got.pairs, got.anchors) == (32 * 3, len(hard_ap))
    pairs = np.unique(np.column_stack([a, p]), axis=0)
    assert got.semi_hard == len(pairs)
    mean = [(ap + MARGIN - an)[(a == i) & (p == j)].mean() for i, j in pairs]
    assert got.semi_hard_loss == pytest.approx(sum(mean), abs=1e-6)
    assert got.active == (hard_an <= hard_ap + MARGIN).sum()
    assert got.hard == (hard_an <= hard_ap).sum()
    assert got.loss == pytest.approx(np.maximum(hard_ap + MARGIN - hard_an, 0).sum(), abs=1e-6)


def test_distances_of_a_batch():
    vectors, labels = made(classes=4)
    rows = np.array([3, 0, 11, 20])
    plain = Geometry(EmbeddingSet.from_arrays(vectors, labels))
    x = torch.from_numpy(vectors.astype(np.float32)[rows].astype(np.float64))
    expected = LpDistance(normalize_embeddings=False)(x).numpy()
    np.testing.assert_allclose(
        distances_among(plain.source(rows, rows, precise=False)), expected, atol=1e-7
    )
    turned = Geometry(EmbeddingSet.from_arrays(vectors, labels), metric="cosine")
    np.testing.assert_allclose(
        distances_among(turned.source(rows, rows, precise=False)),
        1 - CosineSimilarity()(x).numpy(),
        atol=1e-7,
    )
    matrix = np.random.default_rng(0).random((24, 24))
    given = Geometry.from_distances(matrix, labels)
    np.testing.assert_array_equal(
        distances_among(given.source(rows, rows, precise=False)), matrix[np.ix_(rows, rows)]
    )


def test_random_and_hardest_negative_are_exact():
    vectors, labels = made(1)
    space = Geometry(EmbeddingSet.from_arrays(vectors, labels))
    x = space.points.astype(np.float64)
    matrix = np.linalg.norm(x[:, None] - x[None], axis=-1)
    every, top = [], []
    for i, row in enumerate(matrix):
        near = row[(labels == labels[i]) & (np.arange(len(x)) != i)]
        far = row[labels != labels[i]]
        every.append((near[:, None] - far[None, :]).ravel())
        top.append(near - far.min())
    every, top = np.array(every), np.array(top)
    found = tried(space)
    for miner, gap in (("random", every), ("hardest negative", top)):
        got = found.of(miner)
        assert got.active == pytest.approx((gap + MARGIN >= 0).mean(), abs=1e-12)
        assert got.hard == pytest.approx((gap >= 0).mean(), abs=1e-12)
        assert got.loss == pytest.approx(np.maximum(gap + MARGIN, 0).mean(), rel=1e-5)
        assert not got.simulated


def test_batches_are_what_the_words_say_and_of_no_order():
    vectors, labels = made(2, classes=50)
    space = Geometry(EmbeddingSet.from_arrays(vectors, labels))
    batches, words = _batches(space, sides(space)[0])
    assert words == "32 classes x 4 rows"
    assert len(batches) == 200
    for rows in batches:
        assert len(np.unique(rows)) == 128
        assert np.unique(labels[rows], return_counts=True)[1].tolist() == [4] * 32
    order = np.random.default_rng(0).permutation(len(labels))
    again = EmbeddingSet.from_arrays(vectors[order], (7 * labels % 50)[order])
    for one, other in zip(tried(space).miners, tried(Geometry(again)).miners, strict=True):
        assert (one.active, one.hard) == pytest.approx((other.active, other.hard), abs=1e-12)
        assert one.loss == pytest.approx(other.loss, abs=1e-8)


def test_batches_of_whole_set_are_the_whole_set():
    """With as many rows a batch as there are, batch-hard is no simulation."""
    vectors, labels = made(3, classes=12, rows=4)
    found = tried(Geometry(EmbeddingSet.from_arrays(vectors, labels)))
    (a, p, _, _), (_, _, ap, an) = peers(vectors.astype(np.float32).astype(np.float64), labels)
    assert found.batch == "12 classes x 4 rows"
    assert found.of("batch-hard").active == pytest.approx((an <= ap + MARGIN).mean())
    assert found.of("batch-hard").hard == pytest.approx((an <= ap).mean())
    assert found.of("semi-hard").active == pytest.approx(len(set(zip(a, p, strict=True))) / 144)


def test_without_two_classes_of_two_rows_there_are_no_batches():
    vectors = np.random.default_rng(0).standard_normal((12, 3))
    alone = EmbeddingSet.from_arrays(vectors, [0, 0, *range(1, 11)])
    assert [m.name for m in tried(Geometry(alone)).miners] == ["random", "hardest negative"]
    pairs = EmbeddingSet.from_arrays(vectors, [0, 0, 1, 1, *range(2, 10)])
    assert tried(Geometry(pairs)).batch == "2 classes x at most 2 rows"
    apart = EmbeddingSet.from_arrays(
        vectors, np.tile(np.arange(6), 2), split=np.repeat(["train", "test"], 6)
    )
    assert tried(Geometry(arrange(apart))).batch == ""
