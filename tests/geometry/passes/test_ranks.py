"""The rank pass against every pair written out, where float32 alone would go wrong too."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors
from tests import brute_force

from embedding_second_opinion.data.embeddings import EmbeddingSet, InputError
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes import ranks as ranks_module
from embedding_second_opinion.geometry.passes import sweep as sweep_module


def blobs(seed, classes=12, rows=7, d=6, noise=0.8):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), rows)
    vectors = rng.standard_normal((classes, d))[labels] + noise * rng.standard_normal(
        (len(labels), d)
    )
    order = rng.permutation(len(labels))
    return vectors[order].astype(np.float32), labels[order]


def check_against_brute_force(ranks, matrix, labels, gallery_labels=None):
    seen = 0
    for i, near, far, far_labels in brute_force.sides(matrix, labels, gallery_labels):
        seen += 1
        nearer = (far[None, :] < near[:, None]).sum()
        tied = (far[None, :] == near[:, None]).sum()
        beats = {c for c, d in zip(far_labels, far, strict=True) if d <= near.min()}
        beats_clearly = {c for c, d in zip(far_labels, far, strict=True) if d < near.min()}
        assert (ranks.lost[i], ranks.tied[i]) == (nearer + tied, tied), i
        assert (ranks.z[i], ranks.z_lenient[i]) == (len(beats), len(beats_clearly)), i
        assert ranks.nearer_first[i] == (far < near.min()).sum()
        assert ranks.tied_first[i] == (far == near.min()).sum()
        assert (ranks.positives[i], ranks.negatives[i]) == (len(near), len(far))
        assert ranks.nearest_positive_distance[i] == pytest.approx(near.min(), rel=1e-12)
        assert ranks.nearest_negative_distance[i] == pytest.approx(far.min(), rel=1e-12)
    assert len(ranks.anchors) == seen > 0


@pytest.mark.parametrize("seed", range(5))
def test_ranks_equal_brute_force_leave_one_out(seed):
    vectors, labels = blobs(seed)
    ranks = Geometry(EmbeddingSet.from_arrays(vectors, labels)).ranks
    check_against_brute_force(ranks, brute_force.distances(vectors, vectors), labels)


def test_integers_tie_exactly():
    rng = np.random.default_rng(3)
    vectors = rng.integers(0, 3, (90, 4)).astype(np.float32)
    labels = rng.integers(0, 9, 90)
    ranks = Geometry(EmbeddingSet.from_arrays(vectors, labels)).ranks
    assert ranks.tied.sum() > 100
    check_against_brute_force(ranks, brute_force.distances(vectors, vectors), labels)


@pytest.mark.parametrize("offset", [1e3, 1e5])
def test_nearly_collapsed_far_from_the_origin(offset):
    # A float32 Gram matrix of such data has distances that are all noise, many of them negative.
    rng = np.random.default_rng(0)
    vectors = (offset + 1e-2 * offset / 1e3 * rng.standard_normal((80, 5))).astype(np.float32)
    labels = np.arange(80) % 8
    ranks = Geometry(EmbeddingSet.from_arrays(vectors, labels)).ranks
    check_against_brute_force(ranks, brute_force.distances(vectors, vectors), labels)


def test_collapsed_to_one_point():
    vectors = np.ones((40, 3), dtype=np.float32)
    labels = np.arange(40) % 4
    ranks = Geometry(EmbeddingSet.from_arrays(vectors, labels)).ranks
    check_against_brute_force(ranks, brute_force.distances(vectors, vectors), labels)
    assert (ranks.lost == ranks.tied).all()


def test_one_far_outlier_does_not_blur_the_rest():
    vectors, labels = blobs(1)
    vectors[0] *= 1e6
    ranks = Geometry(EmbeddingSet.from_arrays(vectors, labels)).ranks
    check_against_brute_force(ranks, brute_force.distances(vectors, vectors), labels)


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_extreme_scales(scale):
    vectors, labels = blobs(2)
    plain = Geometry(EmbeddingSet.from_arrays(vectors, labels)).ranks
    scaled = Geometry(EmbeddingSet.from_arrays(vectors * np.float32(scale), labels)).ranks
    assert (plain.lost == scaled.lost).all()


def test_queries_against_a_gallery_with_classes_of_its_own():
    vectors, labels = blobs(4, classes=15, rows=8)
    split = np.where(np.arange(len(labels)) % 3 == 0, "test", "train")
    keep = ~((labels == 3) & (split == "train")) & ~((labels == 5) & (split == "test"))
    vectors, labels, split = vectors[keep], labels[keep], split[keep]
    space = Geometry(arrange(EmbeddingSet.from_arrays(vectors, labels, split=split)))
    queries = space.evaluation.queries
    assert set(labels[queries]) == set(labels[split == "test"]) - {3}
    enrolled = split == "train"
    matrix = brute_force.distances(vectors[queries], vectors[enrolled])
    check_against_brute_force(space.ranks, matrix, labels[queries], labels[enrolled])
    within = brute_force.distances(vectors[queries], vectors[queries])
    check_against_brute_force(space.within, within, labels[queries])


def test_large_classes_take_the_float64_path(monkeypatch):
    # The border is moved so that a small set crosses it; sizes straddle it on purpose.
    rng = np.random.default_rng(5)
    labels = np.repeat(np.arange(5), [40, 3, 25, 60, 5])
    vectors = (rng.standard_normal((5, 4))[labels] + rng.standard_normal((len(labels), 4))).astype(
        np.float32
    )
    plain = Geometry(EmbeddingSet.from_arrays(vectors, labels))
    expected, expected_wins = plain.ranks, plain.ranks.wins
    for module in (
        ranks_module,
        __import__("embedding_second_opinion.geometry.passes.rank_results", fromlist=["tally"]),
    ):
        monkeypatch.setattr(module, "LARGE_CLASS", 20)
    monkeypatch.setattr(ranks_module, "ROWS", 16)
    ranks = Geometry(EmbeddingSet.from_arrays(vectors, labels)).ranks
    check_against_brute_force(ranks, brute_force.distances(vectors, vectors), labels)
    for name in ("lost", "z", "sole", "nearest_positive", "nearest_negative"):
        assert (getattr(ranks, name) == getattr(expected, name)).all(), name
    for code, wins in expected_wins.items():
        np.testing.assert_allclose(ranks.wins[code], wins, rtol=1e-12)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("k", [1, 5, 60])
def test_neighbors_equal_scikit_learn(metric, k):
    vectors, labels = blobs(6)
    found = Geometry(EmbeddingSet.from_arrays(vectors, labels), metric=metric).neighbors(k)
    peer = NearestNeighbors(n_neighbors=k, algorithm="brute", metric=metric)
    expected, rows = peer.fit(vectors.astype(np.float64)).kneighbors()  # leaves each row itself out
    np.testing.assert_allclose(found.distances, expected, atol=1e-7)
    assert (found.rows == rows).mean() > 0.999


def test_neighbors_leave_out_the_row_itself_not_the_first():
    vectors = np.zeros((10, 2), dtype=np.float32)  # everyone is at distance 0
    space = Geometry(EmbeddingSet.from_arrays(vectors, np.arange(10) % 2))
    rows = space.neighbors(9).rows
    for i in range(10):
        assert rows[i].tolist() == [j for j in range(10) if j != i]


def test_neighbors_keep_the_widest_and_slice():
    vectors, labels = blobs(7)
    space = Geometry(EmbeddingSet.from_arrays(vectors, labels))
    few = space.neighbors(3)
    many = space.neighbors(len(labels) + 5)  # more than there are
    assert many.rows.shape == (len(labels), len(labels) - 1 + 1)
    assert (many.rows[:, :3] == few.rows).all()
    assert (many.rows[:, -1] == -1).all()
    assert np.isnan(many.distances[:, -1]).all()


def test_the_user_says_how_many_threads(monkeypatch):
    monkeypatch.setenv("NUMBA_NUM_THREADS", "5")
    assert sweep_module.workers() == 5


def test_the_bits_do_not_depend_on_threads(monkeypatch):
    vectors, labels = blobs(8, classes=60, rows=12)
    results = []
    for threads in ("1", "2", "5"):
        monkeypatch.setattr(sweep_module, "workers", lambda threads=threads: int(threads))
        ranks = Geometry(EmbeddingSet.from_arrays(vectors, labels)).ranks
        results.append(
            ranks.lost_share.tobytes() + ranks.id_gain.tobytes() + ranks.wins[0].tobytes()
        )
    assert results[0] == results[1] == results[2]


def test_a_zero_vector_that_takes_no_part_is_no_fault_under_cosine():
    vectors, labels = blobs(3)
    vectors[0] = 0
    split = ["val"] + ["train", "test"] * 41 + ["train"]
    data = EmbeddingSet.from_arrays(vectors, labels, split=split)
    ranks = Geometry(data, metric="cosine").ranks
    whole = EmbeddingSet.from_arrays(vectors[1:], labels[1:], split=split[1:])
    np.testing.assert_array_equal(ranks.z, Geometry(whole, metric="cosine").ranks.z)
    everything = arrange(EmbeddingSet.from_arrays(vectors, labels))
    with pytest.raises(InputError, match=r"1 of 84 rows are \(first: row 0\)"):
        Geometry(everything, metric="cosine")


def test_cosine_ignores_length_and_refuses_zero():
    vectors, labels = blobs(9)
    plain = Geometry(EmbeddingSet.from_arrays(vectors, labels), metric="cosine").ranks
    longer = vectors * np.linspace(0.5, 20, len(vectors), dtype=np.float32)[:, None]
    scaled = Geometry(EmbeddingSet.from_arrays(longer, labels), metric="cosine").ranks
    assert (plain.z == scaled.z).all()
    vectors[[4, 9]] = 0
    with pytest.raises(InputError, match=r"2 of 84 rows are .first: row 4."):
        Geometry(EmbeddingSet.from_arrays(vectors, labels), metric="cosine")


def test_rivals_are_the_pairs_lost_to_each_class():
    vectors, labels = blobs(10)
    ranks = Geometry(EmbeddingSet.from_arrays(vectors, labels)).ranks
    expected = np.zeros((12, 12), dtype=int)
    for i, near, far, names in brute_force.sides(brute_force.distances(vectors, vectors), labels):
        for c, d in zip(names, far, strict=True):
            expected[labels[i], c] += (near >= d).sum()
    for code, rivals in ranks.rivals.items():
        assert dict(rivals) == {c: n for c, n in enumerate(expected[code]) if n > 0}
        assert [n for _, n in rivals] == sorted((n for _, n in rivals), reverse=True)
    assert (ranks.rival_lost == expected.sum(axis=0)).all()


def test_memory_holds_no_positives_by_anchors():
    vectors, labels = blobs(11, classes=3, rows=400)
    ranks = Geometry(EmbeddingSet.from_arrays(vectors, labels)).ranks
    held = sum(value.size for value in vars(ranks).values() if isinstance(value, np.ndarray))
    held += sum(
        table.size
        for name in ("wins", "lenient_gain", "random_gain")
        for table in getattr(ranks, name).values()
    )
    assert held < len(labels) * (20 + 4 * len(ranks.grid)) < len(labels) * 400


def test_a_distance_matrix_gives_the_same_ranks():
    vectors, labels = blobs(12)
    matrix = brute_force.distances(vectors, vectors)
    given = Geometry.from_distances(matrix, labels).ranks
    check_against_brute_force(given, matrix, labels)
    half = np.arange(len(labels)) % 2 == 0
    matrix = brute_force.distances(vectors[half], vectors[~half])
    space = Geometry.from_distances(matrix, labels[half], labels[~half])
    check_against_brute_force(space.ranks, matrix, labels[half], labels[~half])
    assert space.within is None
    nearest = matrix.argmin(axis=1)
    assert (space.neighbors(1).rows[:, 0] - half.sum() == nearest).all()


@pytest.mark.parametrize(
    ("matrix", "gallery", "sentence"),
    [
        (np.zeros((3, 4)), None, "must be square; these are 3 x 4"),
        (np.zeros(3), None, "queries x gallery"),
        (
            np.array([[0, np.nan, 1], [1, 0, 1], [1, 1, 0]]),
            None,
            "1 of 3 rows are not .first: row 0.",
        ),
    ],
)
def test_bad_distances_are_refused(matrix, gallery, sentence):
    with pytest.raises(InputError, match=sentence):
        Geometry.from_distances(matrix, ["a", "a", "b"], gallery)
