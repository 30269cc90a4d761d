"""Surrogates: as skewed as the clouds they are drawn like, and blind to odd rows."""

from __future__ import annotations

import numpy as np
import pytest

from embedding_second_opinion.catalogue.hubness.surrogate import (
    DRAWS,
    OF_A_CLASS,
    ROWS,
    SHARES,
    _chosen,
    _Shape,
    expected,
    held,
)
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples.planted import planted


def gaussian(seed, d, classes=40, rows=20, noise=1.0, split=None):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), rows)
    spread = noise * np.geomspace(0.3, 2, d)
    vectors = 1.5 * rng.standard_normal((classes, d))[labels]
    return EmbeddingSet.from_arrays(
        vectors + spread * rng.standard_normal((len(labels), d)), labels, split=split
    )


@pytest.mark.parametrize("d", [3, 60])
def test_a_gaussian_cloud_is_as_skewed_as_its_surrogates(d):
    """In 60 dimensions far more than in 3: no fixed cut-off would do."""
    found = expected(Geometry(gaussian(0, d, classes=25, noise=2.0)))
    assert found.whole
    assert len(found.draws) == DRAWS
    centre, spread = found.draws.mean(), found.draws.std()
    assert abs(found.measured - centre) < 4 * spread
    assert (found.measured > 1) == (d == 60)


def test_odd_rows_are_beyond_all_surrogates_and_the_dimension_is_not():
    assert expected(Geometry(planted("hubs", 0))).beyond
    cone = expected(Geometry(planted("healthy_cone", 0)))
    assert not cone.beyond
    assert cone.measured > 2  # skewed, as any such cloud


def test_moments_of_the_draws_are_those_of_the_rows():
    rows = _chosen(Geometry(gaussian(0, 8, noise=0.8)))
    shape, rng = _Shape.of(rows), np.random.default_rng(0)
    many = [shape.drawn(rng) for _ in range(60)]
    total = np.mean([np.cov(points.T) for points in many], axis=0)
    own = np.cov(rows.points.T)
    assert total == pytest.approx(own, abs=0.06 * np.trace(own) / 8)


def test_unit_vectors_are_drawn_on_the_sphere():
    rows = _chosen(Geometry(planted("healthy", 0)))
    drawn = _Shape.of(rows).drawn(np.random.default_rng(0))
    assert np.linalg.norm(drawn, axis=1) == pytest.approx(1, abs=1e-6)


def test_more_dimensions_than_rows_keep_their_distances():
    data = gaussian(0, 300, classes=10, rows=5)
    rows = _chosen(Geometry(data))
    assert rows.points.shape == (50, 50)
    x = data.vectors.astype(float)
    assert np.sort(np.linalg.norm(rows.points, axis=1)) == pytest.approx(
        np.sort(np.linalg.norm(x, axis=1))
    )
    assert expected(Geometry(data)) is not None


def test_large_sets_are_thinned_and_looked_up_as_they_were():
    many = gaussian(0, 5, classes=100, rows=20)
    found = expected(Geometry(many))
    assert not found.whole
    assert ROWS - 20 < found.rows <= ROWS
    split = np.tile(["train", "test"], 1000)
    rows = _chosen(Geometry(gaussian(0, 5, classes=4, rows=500, split=split)))
    assert len(rows.codes) == 4 * OF_A_CLASS
    assert 150 < len(rows.space.evaluation.queries) < 250


def test_neither_row_order_nor_the_names_of_classes_matter():
    data = gaussian(3, 20, classes=80, rows=15)
    order = np.random.default_rng(0).permutation(data.n)
    other = EmbeddingSet.from_arrays(data.vectors[order], (7 * data.codes[order] + 3) % 83)
    one, two = expected(Geometry(data)), expected(Geometry(other))
    assert one.measured == pytest.approx(two.measured)
    assert one.draws == pytest.approx(two.draws)


def test_nothing_to_draw():
    points = np.repeat(np.eye(4), 6, axis=0)
    assert expected(Geometry(EmbeddingSet.from_arrays(points, np.repeat(np.arange(4), 6)))) is None


def test_what_the_most_frequent_rows_hold():
    counts = np.zeros(1000, dtype=int)
    counts[:10] = 50
    counts[10:] = 1
    shares = held(counts)
    assert shares[SHARES.tolist().index(0.01)] == pytest.approx(500 / 1490)
    assert shares[SHARES.tolist().index(0.1)] == pytest.approx(590 / 1490)
    assert held(np.full(1000, 3)) == pytest.approx(SHARES)
