"""Distances of a block against the same steps one by one, and against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from embedding_second_opinion.geometry.passes.source import VectorSource


@pytest.mark.parametrize("cosine", [False, True])
@pytest.mark.parametrize("precise", [False, True])
@pytest.mark.parametrize("scale", [1e-20, 1.0, 1e20])
def test_a_block_of_distances(cosine, precise, scale):
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((40, 7))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True) if cosine else scale * rows).astype(
        np.float64 if precise else np.float32
    )
    source = VectorSource.of(rows, rows, precise=precise, cosine=cosine)
    found = source.block(5, 30, precise).copy()
    scores = source.scores(5, 30, precise)[0].copy()
    kind = scores.dtype.type
    squares = np.maximum(scores + source.own[5:30, None].astype(kind), 0)
    if cosine:
        expected = squares * kind(0.5 * source.scale**-2)
    else:
        expected = np.sqrt(squares) * kind(1 / source.scale)
    assert found.dtype == scores.dtype
    np.testing.assert_array_equal(found, expected)
    metric = "cosine" if cosine else "euclidean"
    matrix = cdist(rows[5:30].astype(np.float64), rows.astype(np.float64), metric)
    np.testing.assert_allclose(found, matrix, atol=(1e-7 if precise else 3e-3) * matrix.max())


def test_rows_that_are_the_gallery_are_prepared_once_and_alike():
    rows = np.random.default_rng(1).standard_normal((30, 5)).astype(np.float32)
    one = VectorSource.of(rows, rows, precise=True)
    two = VectorSource.of(rows, rows.copy(), precise=True)
    for name in ("size", "own", "scale"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    for kind in ("single", "double"):
        for side in ("queries", "gallery"):
            np.testing.assert_array_equal(
                getattr(getattr(one, kind), side), getattr(getattr(two, kind), side)
            )
