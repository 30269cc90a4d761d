"""Occurrences against published values, scikit-learn and SciPy; each class really deleted."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import skew, zscore
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.neighbors import NearestNeighbors

from embedding_second_opinion.catalogue.hubness.occurrences import evenness, occurrences
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry


@pytest.mark.parametrize(("fetch", "published"), [(load_wine, 0.630), (load_breast_cancer, 0.815)])
def test_the_skewness_that_was_published(fetch, published):
    """Radovanović et al., JMLR 2010: euclidean distance, k = 10, features z-scored, S_N10."""
    bunch = fetch()
    data = EmbeddingSet.from_arrays(zscore(bunch.data), bunch.target)
    assert occurrences(Geometry(data)).values.skewness == pytest.approx(published, abs=5e-4)


def made(seed, sizes, d=12, split=None):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    vectors = rng.standard_normal((len(sizes), d))[labels]
    vectors += rng.standard_normal((len(labels), d)) * rng.uniform(0.3, 1.5, len(labels))[:, None]
    parts = None if split is None else np.where(rng.random(len(labels)) < split, "train", "test")
    return vectors.astype(np.float32), labels, parts


@pytest.mark.parametrize("split", [None, 0.6])
def test_counts_and_shares_against_scikit_learn(split):
    x, y, parts = made(0, (20,) * 15, split=split)
    found = occurrences(Geometry(EmbeddingSet.from_arrays(x, y, split=parts)))
    rows = np.arange(len(y)) if split is None else np.flatnonzero(parts == "train")
    queries = rows if split is None else np.flatnonzero(parts == "test")
    index = NearestNeighbors(n_neighbors=10, algorithm="brute").fit(x[rows].astype(float))
    near = index.kneighbors(None if split is None else x[queries].astype(float))[1]
    counts = np.bincount(near.ravel(), minlength=len(rows))
    assert (found.counts == counts).all()
    assert found.values.skewness == pytest.approx(skew(counts))
    # The Hoover index: half the mean absolute deviation, relative to the mean.
    hood = np.abs(counts - counts.mean()).mean() / counts.mean() / 2
    assert found.values.robin_hood == pytest.approx(hood)
    assert found.values.anti_hubs == pytest.approx(np.mean(counts == 0))
    assert found.mismatched == pytest.approx(np.mean(y[rows][near] != y[queries][:, None]))


@pytest.mark.parametrize(
    ("sizes", "split"), [((14,) * 12, None), ((2, 3, 30, 25, 1, 9, 9, 8), None), ((18,) * 11, 0.5)]
)
def test_each_class_really_deleted(sizes, split):
    x, y, parts = made(3, sizes, split=split)
    found = occurrences(Geometry(EmbeddingSet.from_arrays(x, y, split=parts)))
    assert found.unknown == 0
    for c in range(len(sizes)):
        keep = y != c
        left = occurrences(
            Geometry(
                EmbeddingSet.from_arrays(
                    x[keep], y[keep], split=None if parts is None else parts[keep]
                )
            )
        )
        numbers = (left.values.skewness, left.values.robin_hood, left.values.anti_hubs)
        assert found.without[c] == pytest.approx(numbers, abs=1e-12)
        assert found.mismatched_without[c] == pytest.approx(left.mismatched, abs=1e-12)


def test_votes_beyond_the_lists_are_counted_as_unknown():
    """60 rows of a class surround each row of another: nothing is known of who would come next."""
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.standard_normal((60, 4)), 0.01 * rng.standard_normal((5, 4)) + 0.1])
    x = np.concatenate([x, 50 + rng.standard_normal((40, 4))])
    y = np.repeat([0, 1, 2], [60, 5, 40])
    found = occurrences(Geometry(EmbeddingSet.from_arrays(x, y)))
    # Each of the 5 has 4 mates; of its 10 places 6 go to rows beyond the 50 nearest.
    assert found.unknown == pytest.approx(5 * 6 / (105 * 10))


def test_even_counts_are_not_skewed():
    even = evenness(np.full(7, 10))
    assert (even.skewness, even.robin_hood, even.anti_hubs) == (0, 0, 0)
    one = evenness(np.array([0, 0, 0, 12]))
    assert one.robin_hood == pytest.approx(0.75)
    assert one.anti_hubs == pytest.approx(0.75)
