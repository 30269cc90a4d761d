"""Silhouettes against scikit-learn, and what each would be without its nearest class."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import pairwise_distances, silhouette_samples

from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples.digits import digits


def ragged(seed: int, sizes: tuple[int, ...], d: int = 7) -> tuple[np.ndarray, np.ndarray]:
    """Overlapping classes of these sizes, rows shuffled."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    vectors = rng.standard_normal((len(sizes), d))[labels] + rng.standard_normal((len(labels), d))
    return vectors.astype(np.float32), labels


@pytest.mark.parametrize("sizes", [(5, 9, 2, 30), (1, 4, 1, 6, 1), (300, 280, 40)])
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_each_row_equals_scikit_learn(sizes, metric):
    vectors, labels = ragged(len(sizes), sizes)
    seen = Geometry(EmbeddingSet.from_arrays(vectors, labels), metric=metric).silhouettes
    expected = silhouette_samples(vectors.astype(np.float64), labels, metric=metric)
    assert seen.values == pytest.approx(expected, abs=2e-6)


def test_the_mean_on_real_images_equals_scikit_learn():
    data = digits()
    expected = silhouette_samples(data.vectors.astype(np.float64), data.codes)
    seen = Geometry(data).silhouettes.values
    assert seen == pytest.approx(expected, abs=1e-6)
    assert round(float(seen.mean()), 3) == 0.163  # several-mode classes: low, and rightly no alarm


def test_tight_classes_far_from_the_origin_keep_their_digits():
    vectors, labels = ragged(3, (8, 8, 8), d=4)
    tight = 1000 + np.eye(4)[labels] + 1e-4 * vectors.astype(np.float64)
    data = EmbeddingSet.from_arrays(tight, labels)
    expected = silhouette_samples(data.vectors.astype(np.float64), labels)
    assert Geometry(data).silhouettes.values == pytest.approx(expected, abs=1e-6)


def test_distances_given_serve_as_well():
    vectors, labels = ragged(1, (6, 7, 8))
    matrix = pairwise_distances(vectors.astype(np.float64), metric="manhattan")
    seen = Geometry.from_distances(matrix, labels).silhouettes.values
    assert seen == pytest.approx(
        silhouette_samples(matrix, labels, metric="precomputed"), abs=1e-12
    )
    with pytest.raises(ValueError, match="among the queries"):
        _ = Geometry.from_distances(matrix[:5], labels[:5], labels).silhouettes


def test_without_the_nearest_class_is_what_deleting_it_gives():
    vectors, labels = ragged(2, (6, 9, 5, 7))
    seen = Geometry(EmbeddingSet.from_arrays(vectors, labels)).silhouettes
    for c in range(4):
        keep = labels != c
        expected = silhouette_samples(vectors[keep].astype(np.float64), labels[keep])
        values = np.where(seen.nearest_class == c, seen.without_nearest(), seen.values)
        assert values[keep] == pytest.approx(expected, abs=2e-6)


def test_only_the_queries_count_where_there_is_a_gallery():
    vectors, labels = ragged(5, (8, 9, 10))
    split = np.where(np.arange(len(labels)) % 2 == 0, "train", "test")
    space = Geometry(arrange(EmbeddingSet.from_arrays(vectors, labels, split=split)))
    queries = split == "test"
    expected = silhouette_samples(vectors[queries].astype(np.float64), labels[queries])
    assert space.silhouettes.values == pytest.approx(expected, abs=2e-6)
