"""All pairs, counted by distance: against brute force, scikit-learn and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.metrics import roc_auc_score
from tests.geometry.passes.test_silhouettes import ragged

from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes import pair_histograms as module
from embedding_second_opinion.geometry.passes import sweep
from embedding_second_opinion.geometry.passes.far_rows import Spread
from embedding_second_opinion.geometry.passes.pair_histograms import BINS, Scale, distances_between

SHAPES = [(5, 9, 2, 30), (1, 4, 1, 6, 1), (300, 280, 40), (3,) * 120]


def every_pair(vectors, codes, metric="euclidean"):
    """(distance, whether genuine, codes of both) of every unordered pair, by SciPy."""
    one, two = np.triu_indices(len(codes), 1)
    apart = cdist(vectors.astype(np.float64), vectors.astype(np.float64), metric)[one, two]
    return apart, codes[one] == codes[two], codes[one], codes[two]


def counted(vectors, labels, part=None, metric="euclidean"):
    space = Geometry(EmbeddingSet.from_arrays(vectors, labels), metric=metric)
    part = np.zeros(len(space.evaluation.classes), dtype=np.int64) if part is None else part
    (found,) = space.pair_histograms((space.evaluation.queries,), part)
    return space, found


def binned(scale, distances, bins=BINS):
    place = np.minimum((distances - scale.origin) / scale.width, BINS - 1).astype(int)
    return np.bincount(place // (BINS // bins), minlength=bins)


@pytest.mark.parametrize("sizes", SHAPES)
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_every_pair_is_counted_where_it_belongs(sizes, metric):
    vectors, labels = ragged(len(sizes), sizes)
    part = np.arange(len(sizes)) % 2
    space, found = counted(vectors, labels, part, metric)
    apart, same, one, two = every_pair(vectors, space.codes, metric)
    halves = np.where(part[one] == part[two], part[one], 2)
    # A distance within rounding of an edge may fall on either side of it.
    for p in range(3):
        for counts, kind in ((found.genuine, same), (found.impostor, ~same)):
            expected = binned(found.scale, apart[kind & (halves == p)])
            assert np.abs(counts[p] - expected).sum() <= 2
    bins = found.class_genuine.shape[1]
    for c in range(len(sizes)):
        touches = (one == c) | (two == c)
        tables = (
            (found.class_genuine, same & touches),
            (found.class_within, ~same & touches & (halves < 2)),
            (found.class_across, ~same & touches & (halves == 2)),
        )
        for table, kind in tables:
            assert np.abs(table[c] - binned(found.scale, apart[kind], bins)).sum() <= 2


@pytest.mark.parametrize("sizes", SHAPES)
def test_the_auc_is_off_by_no_more_than_pairs_share_bins(sizes):
    vectors, labels = ragged(7, sizes)
    space, found = counted(vectors, labels)
    apart, same, _, _ = every_pair(vectors, space.codes)
    g, i = found.genuine[0].astype(float), found.impostor[0].astype(float)
    auc = ((np.cumsum(g) - g / 2) * i).sum() / (g.sum() * i.sum())
    bound = (g * i).sum() / 2 / (g.sum() * i.sum())
    assert abs(auc - roc_auc_score(same, -apart)) <= bound + 1e-9
    assert bound < 1e-3


def test_any_number_of_threads_gives_the_same_counts(monkeypatch):
    vectors, labels = ragged(1, (300, 280, 40))
    found = []
    for threads in ("1", "3"):
        monkeypatch.setattr(sweep, "workers", lambda threads=threads: int(threads))
        found.append(counted(vectors, labels, np.array([0, 1, 1]))[1])
    for name in ("genuine", "impostor", "class_genuine", "class_within", "class_across"):
        assert np.array_equal(getattr(found[0], name), getattr(found[1], name))


def test_many_rows_take_a_float32_product(monkeypatch):
    vectors, labels = ragged(2, (9,) * 40)
    exact = counted(vectors, labels)[1]
    monkeypatch.setattr(module, "EXACT_ROWS", 10)
    quick = counted(vectors, labels)[1]
    assert quick.genuine.sum() == exact.genuine.sum() == 40 * 36
    # A pair may move to the bin beside it, no farther.
    assert np.abs(np.cumsum(quick.impostor[0] - exact.impostor[0])).max() <= 60
    assert np.abs(quick.impostor[0] - exact.impostor[0]).sum() < 0.01 * exact.impostor.sum()


def test_memory_for_classes_stays_within_its_bound(monkeypatch):
    vectors, labels = ragged(3, (4,) * 50)
    monkeypatch.setattr(module, "CELLS", 50 * 128)
    found = counted(vectors, labels)[1]
    assert found.class_genuine.shape == (50, 128)
    assert found.class_genuine.sum() == found.genuine.sum()


def test_one_row_far_out_blurs_none_of_the_others(monkeypatch):
    monkeypatch.setattr(module, "EXACT_ROWS", 10)
    vectors, labels = ragged(4, (6,) * 30)
    vectors[0] = 3e4
    space, found = counted(vectors, labels)
    apart, same, _, _ = every_pair(vectors, space.codes)
    expected = binned(found.scale, apart[same])
    assert np.abs(found.genuine[0] - expected).sum() <= 2
    assert found.genuine[0, -1] == 5  # beyond the bins: the far row and its five mates
    assert found.impostor[0, -1] == 174


@pytest.mark.parametrize("far", [1e7, 1e10, 1e12])
@pytest.mark.parametrize("where", [[0], [0, 1], [0, 50, 100, 150], list(range(12))])
def test_the_bound_on_the_auc_holds_with_far_rows(far, where):
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(20), 10)
    vectors = rng.standard_normal((20, 16))[labels] + 0.4 * rng.standard_normal((200, 16))
    vectors[where] = far
    vectors[where, 0] += np.arange(len(where)) * far / 100  # at all distances from one another
    space, found = counted(vectors, labels)
    rows = space.points.astype(np.longdouble)
    one, two = np.triu_indices(200, 1)
    apart = np.sqrt(((rows[one] - rows[two]) ** 2).sum(axis=1))
    same = labels[one] == labels[two]
    g, i = found.genuine[0].astype(float), found.impostor[0].astype(float)
    auc = ((np.cumsum(g) - g / 2) * i).sum() / (g.sum() * i.sum())
    bound = (g * i).sum() / 2 / (g.sum() * i.sum())
    # Ranks: scikit-learn would take long doubles for float64, which hold fewer distances apart.
    truth = roc_auc_score(same, -np.unique(apart, return_inverse=True)[1])
    assert abs(auc - truth) <= bound + 1e-9
    assert bound < 5e-3
    expected = binned(found.scale, apart[same].astype(float))
    assert np.abs(found.genuine[0] - expected).sum() <= 2


def test_rows_between_near_and_far_are_counted_too():
    """One row just short of far, one just beyond, near to one another: in their bin, not in the last."""
    vectors, labels = ragged(9, (10,) * 12)
    reach = Spread.of(vectors).reach
    vectors[:2] = np.median(vectors, axis=0)
    vectors[0, 0] += 15.5 * reach
    vectors[1, 0] += 16.3 * reach
    space, found = counted(vectors, labels)
    apart, same, _, _ = every_pair(vectors, space.codes)
    for counts, kind in ((found.genuine, same), (found.impostor, ~same)):
        expected = binned(found.scale, apart[kind])
        assert np.abs(counts[0] - expected).sum() <= 2


def test_given_distances_count_too_and_uneven_ones_by_their_mean():
    vectors, labels = ragged(5, (6, 7, 8))
    apart = cdist(vectors, vectors, "cityblock")
    lop = apart + np.triu(np.full_like(apart, 0.5), 1)
    space = Geometry.from_distances(lop - 4, labels)
    (found,) = space.pair_histograms((space.evaluation.queries,), np.zeros(3, dtype=np.int64))
    one, two = np.triu_indices(len(labels), 1)
    expected = binned(found.scale, apart[one, two] + 0.25 - 4)
    assert np.abs(found.genuine[0] + found.impostor[0] - expected).sum() <= 2


@pytest.mark.parametrize("factor", [1e30, 1.0, 1e-30])
def test_rows_that_are_all_alike_or_of_any_size(factor):
    vectors, labels = ragged(6, (5, 5, 5))
    _, found = counted((vectors * factor).astype(np.float32), labels)
    assert np.count_nonzero(found.impostor[0]) > 20
    assert found.scale.edges[-1] == pytest.approx(factor * 9, rel=0.5)
    _, alike = counted(np.ones((15, 3)), np.repeat(np.arange(3), 5))
    assert alike.genuine[0, 0] == 30
    assert alike.impostor[0, 0] == 75


def test_the_scale_holds_nearly_all_pairs():
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((400, 8)) + 1000
    scale = Scale.over(Spread.of(vectors), cosine=False)
    apart = cdist(vectors, vectors)
    assert (apart <= scale.edges[-1]).mean() > 0.999
    assert scale.edges[-1] < 3 * apart.max()
    assert len(scale.edges) == BINS + 1


@pytest.mark.parametrize("factor", [1e30, 1.0, 1e-30])
def test_distances_of_single_pairs_against_scipy(factor):
    vectors, _ = ragged(8, (300, 300))
    one, two = vectors[:300], vectors[300:]
    expected = np.diag(cdist(one.astype(np.float64), two.astype(np.float64)))
    # Large and small rows as float32 rounds them.
    scaled = [(v.astype(np.float64) * factor).astype(np.float32) for v in (one, two)]
    found = distances_between(*scaled, cosine=False)
    assert found == pytest.approx(expected * factor, rel=2e-6)
    unit = [
        v / np.linalg.norm(v, axis=1, keepdims=True)
        for v in (one.astype(np.float64), two.astype(np.float64))
    ]
    cosine = np.diag(cdist(*unit, "cosine"))
    assert distances_between(*unit, cosine=True) == pytest.approx(cosine, abs=1e-12)
