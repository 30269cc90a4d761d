"""Places among thresholds and counts of pairs, against loops over every pair; ties and windows included."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from embedding_second_opinion.catalogue.triplet_census.kernel_margin_counts import active_counts
from embedding_second_opinion.catalogue.triplet_census.kernel_places import find_places
from embedding_second_opinion.catalogue.triplet_census.sides import choose_margin, curve, sides
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.placed import place


def placed_among(scores, limits, low=0, high=0):
    """Where the scores are the distances."""
    places = np.full(len(scores), -7, dtype=np.int32)
    rows = np.zeros((len(scores), 1), dtype=np.float32)
    more = find_places(
        scores, rows[0], rows, limits, limits, 0.0, 0.0, 0.0, False, False, low, high, places
    )
    assert more == 0
    return places


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("seed", range(4))
def test_given_distances_stand_where_a_search_puts_them(kind, seed):
    """Thresholds on scores, repeated ones, one alone, and scores far outside of all."""
    rng = np.random.default_rng(seed)
    scores = np.append(rng.standard_normal(700), [-1e6, 1e6, 0, 0]).astype(kind)
    for many in (1, 2, 30, 400):
        limits = np.sort(rng.choice(scores[:300], many).astype(np.float64) * [1, 1e-3][seed % 2])
        limits[: many // 4] = limits[0]
        expected = np.searchsorted(limits, scores.astype(np.float64), side="left")
        assert placed_among(scores, limits).tolist() == expected.tolist()
        expected[10:200] = many
        assert placed_among(scores, limits, 10, 200).tolist() == expected.tolist()


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("seed", range(3))
def test_several_margins_and_squared_ones_at_once(metric, seed):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(15), rng.integers(1, 12, 15))
    vectors = rng.integers(-2, 3, (len(labels), 4)) + 0.5  # many ties
    data = EmbeddingSet.from_arrays(vectors, labels)
    space, side = Geometry(data, metric=metric), sides(Geometry(data, metric=metric))[0]
    placed = place(data.codes, len(data.classes), side.queries, side.gallery, 0)
    source = space.source(side.queries[placed.order], placed.plan.rows, precise=False)
    margins, squared = np.array([0.0, 0.3, 1.0, 1.0]), np.array([False, False, False, True])
    found = active_counts(placed, source, margins, squared)
    x = data.vectors.astype(np.float64)
    matrix = cdist(x, x, metric)
    for i, row in enumerate(matrix):
        near = row[(data.codes == data.codes[i]) & (np.arange(len(row)) != i)]
        far = row[data.codes != data.codes[i]]
        for t, (margin, square) in enumerate(zip(margins, squared, strict=True)):
            limits = np.sqrt(near**2 + margin) if square else near + margin
            sure = np.abs(far[:, None] - limits[None, :]) > 1e-9
            over = far[:, None] <= limits[None, :]
            # The oracle's own rounding leaves open which side of a tie it falls on.
            assert (over & sure).sum() <= found[i, t] <= (over | ~sure).sum()
            if metric == "euclidean" and t == 0:
                assert found[i, t] == space.ranks.lost[i]


def test_the_curve_passes_through_the_exact_shares_at_none_and_at_its_own_margin():
    rng = np.random.default_rng(0)
    labels = np.tile(np.arange(20), 9)
    data = EmbeddingSet.from_arrays(rng.standard_normal((180, 5)) + labels[:, None] / 5, labels)
    space = Geometry(data)
    side = sides(space)[0]
    margin = choose_margin(space, side, 0.7)
    shares = curve(space, side, margin)
    x = data.vectors.astype(np.float64)
    matrix, same = cdist(x, x), labels[:, None] == labels[None, :]

    def share(limit):
        each = []
        for i, row in enumerate(matrix):
            near, far = row[same[i] & (np.arange(180) != i)], row[~same[i]]
            each.append((far[:, None] <= limit(near)[None, :]).mean())
        return np.mean(each)

    at = int(np.searchsorted(shares.margins, 0.7))
    assert shares.margins[at] == 0.7
    assert shares.active[0] == pytest.approx(share(lambda d: d), abs=1e-12)
    assert shares.active[at] == pytest.approx(share(lambda d: d + 0.7), abs=1e-12)
    assert shares.if_squared == pytest.approx(share(lambda d: np.sqrt(d**2 + 0.7)), abs=1e-12)
    assert (np.diff(shares.active) >= 0).all()
    assert shares.anchors == 180
