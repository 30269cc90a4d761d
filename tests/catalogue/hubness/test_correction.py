"""What the correction gives back: hubs by hand, classes really deleted, intervals that know their limits."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta
from sklearn.metrics.pairwise import euclidean_distances

from embedding_second_opinion.catalogue.hubness.correction import (
    Answers,
    Correction,
    correct,
    crowding,
    gain,
    pairs,
    without_each,
)
from embedding_second_opinion.catalogue.hubness.occurrences import occurrences
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples.planted import planted
from embedding_second_opinion.stats.jackknife import closed_set_pairs, closed_set_without


def corrected(data, metric="euclidean"):
    space = Geometry(data, metric=metric)
    return space, correct(space, occurrences(space))


def brute(x, y):
    """Nearest row, whether it is a hub, and the answers of all three ways; one set, leave-one-out."""
    far = euclidean_distances(x, squared=True)
    np.fill_diagonal(far, np.inf)
    near = np.argsort(far, axis=1, kind="stable")[:, :10]
    counts = np.bincount(near.ravel(), minlength=len(y))
    nearest = near[:, 0]
    local = np.sort(far, axis=0)[:10].mean(axis=0)
    better = (2 * far - local).argmin(axis=1)
    hub = counts[nearest] - 1 > 20
    rights = y[nearest] == y, y[better] == y
    return nearest, hub, (*rights, np.where(hub, rights[1], rights[0]))


@pytest.fixture(scope="module")
def hubs():
    data = planted("hubs", 3)
    keep = data.codes < 40
    return EmbeddingSet.from_arrays(data.vectors[keep], data.codes[keep])


def test_against_brute_force(hubs):
    _, found = corrected(hubs)
    nearest, hub, rights = brute(hubs.vectors.astype(float), hubs.codes)
    assert (found.answered == nearest).all()
    assert (found.hub == hub).all()
    assert 0.05 < hub.mean() < 0.5
    for answers, right in zip((found.nearest, found.csls, found.at_hubs), rights, strict=True):
        assert (answers.right == right).all()
    value, _ = gain(found, found.at_hubs, True)
    assert value == pytest.approx(rights[2].mean() - rights[0].mean())
    assert value > 0.05


def test_the_jackknife_is_close_to_really_deleting_each_class(hubs):
    """Hubs and local distances stay as they are, which deletion would change a little."""
    _, found = corrected(hubs)
    _, interval = gain(found, found.at_hubs, True)
    x, y = hubs.vectors.astype(float), hubs.codes
    true = []
    for c in range(40):
        rights = brute(x[y != c], y[y != c])[2]
        true.append(rights[2].mean() - rights[0].mean())
    true = np.array(true)
    error = np.sqrt(39 / 40 * ((true - true.mean()) ** 2).sum())
    one, other = (without_each(a, found.codes, 40) for a in (found.at_hubs, found.nearest))
    assert one - other == pytest.approx(true, abs=5e-3)
    assert interval.high - interval.low == pytest.approx(2 * 2.0227 * error, rel=0.1)
    assert "hubs and local distances as found" in interval.method


def test_of_the_nearest_row_all_is_as_in_the_rank_pass():
    space, found = corrected(planted("shifted", 2))
    ranks = space.ranks
    assert without_each(found.nearest, found.codes, found.classes) == pytest.approx(
        closed_set_without(ranks)
    )
    assert pairs(found.nearest, found.codes, found.classes) == pytest.approx(
        closed_set_pairs(ranks)
    )


def test_local_distances_of_the_gallery_are_to_the_queries():
    data = planted("shifted", 0)
    x = data.vectors.astype(float)
    for metric in ("euclidean", "cosine"):
        space = Geometry(data, metric=metric)
        seen = x if metric == "euclidean" else x / np.linalg.norm(x, axis=1, keepdims=True)
        far = (
            (seen[space.evaluation.enrolled][:200, None] - seen[space.evaluation.queries]) ** 2
        ).sum(-1)
        expected = np.sort(far, axis=1)[:, :10].mean(axis=1)
        assert crowding(space)[:200] == pytest.approx(expected, rel=1e-6)


def test_a_tie_is_no_hubs_doing():
    _, found = corrected(planted("binarised", 0))
    wrong_by_tie = found.hub & (found.nearest.right == 0)
    space = Geometry(planted("binarised", 0))
    a = space.ranks.anchors
    assert (space.ranks.z_lenient[a][wrong_by_tie] > 0).all()


def by_hand(differ, codes, classes):
    """A correction that changes the answers of the nearest row by ``differ``."""
    nearest = Answers((differ < 0).astype(float), np.full(len(differ), -1))
    new = Answers((differ > 0).astype(float), np.full(len(differ), -1))
    none = np.zeros(len(differ), dtype=np.int64)
    return Correction(codes, classes, nearest, new, new, none, none > 0, none, 20.0), new


def test_few_classes_have_no_interval_in_one_set_and_one_over_queries_with_a_gallery():
    rng = np.random.default_rng(0)
    differ, codes = rng.choice([-1.0, 0.0, 1.0], 200, p=[0.1, 0.6, 0.3]), np.arange(200) % 5
    value, interval = gain(*by_hand(differ, codes, 5), alone=True)
    assert interval.low is None
    assert "5 classes are too few" in interval.method
    value, interval = gain(*by_hand(differ, codes, 5), alone=False)
    error = differ.std(ddof=1) / np.sqrt(200)
    assert value == pytest.approx(differ.mean())
    assert interval.low == pytest.approx(value - 1.97196 * error, rel=1e-4)
    assert interval.above(value) == pytest.approx(0.5)


def test_where_nothing_changes_there_is_a_bound():
    codes = np.arange(300) % 30
    value, interval = gain(*by_hand(np.zeros(300), codes, 30), alone=True)
    assert value == 0
    assert interval.unresolved
    assert interval.high == pytest.approx(beta.ppf(0.95, 1, 300))  # the rule of three, 3 / 300
    one = np.zeros(300)
    one[0] = 1
    value, interval = gain(*by_hand(one, codes, 30), alone=True)
    assert interval.high >= value + beta.ppf(0.95, 2, 299)
    # One class that gains as a whole speaks for one class of thirty, not for ten queries.
    value, interval = gain(*by_hand((codes == 4).astype(float), codes, 30), alone=True)
    assert interval.high > 0.09
