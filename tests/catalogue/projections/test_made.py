"""Maps are drawn from the rows they should be, alike in every run, and as well as scikit-learn's own."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE, trustworthiness
from sklearn.neighbors import NearestNeighbors

from embedding_second_opinion.catalogue.projections.made import draw, make_maps
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples.planted import planted

PRINTED = """
import hashlib
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.catalogue.projections.made import draw, make_maps
from embedding_second_opinion.samples.planted import planted
space = Geometry(planted("healthy"))
maps = make_maps(space, draw(space, 300), 2).maps
print(hashlib.sha256(b"".join(p.tobytes() for m in maps.values() for p in m.places)).hexdigest())
"""


@pytest.fixture(scope="module")
def made():
    space = Geometry(planted("healthy"))
    return make_maps(space, draw(space, 300), 2)


def spread(data, most):
    drawn = draw(Geometry(data), most)
    return drawn, np.bincount(drawn.codes, minlength=len(data.classes))


def test_all_rows_where_there_are_few():
    data = planted("healthy")
    drawn, counts = spread(data, 2000)
    assert sorted(drawn.positions) == list(range(data.n))
    np.testing.assert_array_equal(counts, np.bincount(data.codes))
    np.testing.assert_array_equal(drawn.points, data.vectors[drawn.positions])
    np.testing.assert_array_equal(drawn.codes, data.codes[drawn.positions])


def test_in_proportion_with_two_of_each_class():
    data = planted("healthy_long_tail")
    drawn, counts = spread(data, 600)
    assert len(set(drawn.positions)) == 600 == counts.sum()
    sizes = np.bincount(data.codes)
    assert (counts >= 2).all()
    exact = 2 + (600 - 2 * 160) * (sizes - 2) / (sizes - 2).sum()
    assert np.abs(counts - exact).max() < 1  # largest remainder


def test_classes_are_drawn_where_there_are_too_many():
    data = planted("healthy_many_classes")
    drawn, counts = spread(data, 150)
    assert (drawn.classes, drawn.of_classes, drawn.of_rows) == (50, 600, 3000)
    assert set(counts) == {0, 3}
    other = draw(Geometry(data, seed=1), 150)
    assert set(other.positions) != set(drawn.positions)


def test_classes_of_one_row_come_last():
    vectors = np.random.default_rng(0).standard_normal((200, 4))
    labels = np.r_[np.repeat(np.arange(20), 5), np.arange(20, 120)]
    _, counts = spread(EmbeddingSet.from_arrays(vectors, labels), 60)
    assert counts.sum() == 60
    assert {int(count) for count in counts} == {0, 3}


@pytest.mark.parametrize("name", ["healthy", "binarised"])
def test_neither_the_order_of_rows_nor_names_change_a_sample(name):
    data = planted(name)
    order = np.random.default_rng(0).permutation(data.n)
    renamed = np.array([f"name {(7 * int(c)) % 997:03d}" for c in data.classes])
    other = EmbeddingSet.from_arrays(data.vectors[order], renamed[data.codes[order]])
    one, two = draw(Geometry(data), 250), draw(Geometry(other), 250)
    np.testing.assert_array_equal(one.points, two.points)
    np.testing.assert_array_equal(renamed[one.codes], np.array(other.classes)[two.codes])


def test_only_queries_are_drawn_where_there_is_a_gallery():
    data = planted("healthy")
    split = np.where(np.arange(data.n) % 2, "train", "test")
    halves = EmbeddingSet.from_arrays(data.vectors, data.codes, split=split)
    space = Geometry(arrange(halves))
    drawn = draw(space, 10_000)
    assert set(space.evaluation.queries[drawn.positions]) == set(np.flatnonzero(split == "test"))


def test_cosine_is_the_euclidean_map_of_unit_vectors():
    data = planted("healthy_unnormalised")
    unit = data.vectors.astype(float)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    drawn = draw(Geometry(data, metric="cosine"), 100)
    np.testing.assert_allclose(drawn.points, unit[drawn.positions], atol=1e-12)


def test_the_references_are_the_principal_components_and_a_projection(made):
    (flat,), (shadow,) = made.maps["pca"].places, made.maps["random"].places
    expected = PCA(2, svd_solver="full").fit_transform(made.drawn.points.astype(float))
    for axis in range(2):
        assert abs(np.corrcoef(flat[:, axis], expected[:, axis])[0, 1]) == pytest.approx(1)
    assert np.linalg.matrix_rank(shadow) == 2
    centred = made.drawn.points - made.drawn.points.mean(axis=0)
    assert np.linalg.lstsq(centred, shadow, rcond=None)[1].max() == pytest.approx(0, abs=1e-6)


def test_as_true_as_the_pictures_of_scikit_learn_and_umap_themselves(made):
    from umap import UMAP

    points = made.drawn.points
    far, near = NearestNeighbors(n_neighbors=15).fit(points).kneighbors(points)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = {
            "tsne": TSNE(random_state=0).fit_transform(points),
            "umap": UMAP(
                random_state=0, init="pca", precomputed_knn=(near, far.astype(np.float32), None)
            ).fit_transform(points),
        }
    for kind, places in theirs.items():
        expected = trustworthiness(points, places, n_neighbors=made.k)
        mine = made.maps[kind]
        found = [trustworthiness(points, p, n_neighbors=made.k) for p in mine.places]
        assert found == pytest.approx([f.trustworthiness.mean() for f in mine.faithful], abs=1e-9)
        assert np.mean(found) > expected - 0.04, kind  # as much as two starts of theirs differ


def test_agreement_is_the_overlap_of_neighbour_sets(made):
    for kind in ("tsne", "umap"):
        one, two = (f.neighbors for f in made.maps[kind].faithful)
        overlap = [len(set(a) & set(b)) / made.k for a, b in zip(one, two, strict=True)]
        np.testing.assert_allclose(made.maps[kind].agreement(), overlap)
        assert 0.3 < np.mean(overlap) < 1  # the seeds do differ


def test_one_thread_gives_the_same_bits(made):
    alone = subprocess.run(
        [sys.executable, "-c", PRINTED],
        env=os.environ | {"NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    places = b"".join(p.tobytes() for picture in made.maps.values() for p in picture.places)
    assert alone.stdout.strip() == hashlib.sha256(places).hexdigest()
    assert not alone.stderr  # and the libraries are quiet


@pytest.mark.parametrize(
    "vectors",
    [
        np.ones((40, 3)),
        np.arange(40.0)[:, None],
        np.repeat(np.eye(4), 10, axis=0),
        1e30 * np.random.default_rng(0).standard_normal((12, 600)),
        np.random.default_rng(0).standard_normal((10, 2)),
    ],
    ids=["constant", "line", "duplicates", "huge", "ten rows"],
)
def test_odd_sets_have_maps_too(vectors):
    space = Geometry(EmbeddingSet.from_arrays(vectors, np.arange(len(vectors)) % 4))
    made = make_maps(space, draw(space, 2000), 2)
    for picture in made.maps.values():
        for places in picture.places:
            assert places.shape == (len(vectors), 2)
            assert np.isfinite(places).all()
        for name in ("trustworthiness", "preservation", "correlation"):
            assert np.isfinite(picture.mean(name)).all()
