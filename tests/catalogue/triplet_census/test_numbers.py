"""Shares against brute force, and every delete-one value against the set without the class."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import beta, t

from embedding_second_opinion.catalogue.triplet_census.numbers import measure_census, with_margin
from embedding_second_opinion.catalogue.triplet_census.sides import choose_margin, sides
from embedding_second_opinion.catalogue.triplet_census.spent import _mean_at_most, find_spent
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.stats import jackknife, surface
from embedding_second_opinion.stats.intervals import share_interval

MARGIN = 0.3
SHARES = ("share_easy", "share_semi_hard", "share_hard")


def made(seed=0, classes=14, grid=False, noise=0.5):
    """Uneven classes of which neighbours look alike, a singleton among them."""
    rng = np.random.default_rng(seed)
    sizes = np.append(rng.integers(2, 9, classes - 1), 1)
    labels = np.repeat(np.arange(classes), sizes)
    centres = 3 * rng.standard_normal((classes, 4))
    centres[1::2] = centres[: classes // 2 * 2 : 2] + 0.6 * rng.standard_normal((classes // 2, 4))
    vectors = centres[labels] + noise * rng.standard_normal((len(labels), 4))
    return EmbeddingSet.from_arrays(np.round(vectors) + 9 if grid else vectors, labels)


def brute(data, margin=MARGIN):
    """(easy, semi-hard, hard): every triplet on its own, anchor, positive and negative uniform in turn."""
    x, y = data.vectors.astype(np.float64), data.codes
    kinds = []
    for a in range(data.n):
        near = [p for p in range(data.n) if y[p] == y[a] and p != a]
        far = [n for n in range(data.n) if y[n] != y[a]]
        if not near:
            continue
        tally = np.zeros(3)
        for p, n in itertools.product(near, far):
            to_p, to_n = (float(np.sqrt(((x[a] - x[j]) ** 2).sum())) for j in (p, n))
            tally[2 if to_n <= to_p else 1 if to_n <= to_p + margin else 0] += 1
        kinds.append(tally / tally.sum())
    return np.mean(kinds, axis=0)


def without(data, c):
    keep = data.codes != c
    return EmbeddingSet.from_arrays(data.vectors[keep], data.codes[keep])


@pytest.mark.parametrize("grid", [False, True])
def test_easy_semi_hard_and_hard(grid):
    data = made(grid=grid)
    space = Geometry(data)
    found = measure_census(space, MARGIN).estimates
    got = [found[name].value for name in SHARES]
    np.testing.assert_allclose(got, brute(data), atol=1e-8)  # an estimate keeps nine digits
    assert sum(got) == pytest.approx(1, abs=1e-8)
    assert found["share_hard"].value == pytest.approx(
        1 - surface.triplet_accuracy(space.ranks), abs=1e-8
    )
    assert found["margin_satisfaction"].value == found["share_easy"].value
    assert found["random_active"].value == pytest.approx(1 - found["share_easy"].value)


def test_every_delete_one_value_is_the_set_without_the_class():
    data = made(1, classes=16)
    space = Geometry(data)
    census = measure_census(space, MARGIN)
    ranks = space.ranks
    easy = jackknife.triplet_without(with_margin(ranks, census.counts))
    units, asked = 15, surface.anchor_counts(ranks)
    spent = census.counts.spent_without / (len(ranks.anchors) - asked)
    for c in range(16):
        other = measure_census(Geometry(without(data, c)), MARGIN)
        assert easy[c] == pytest.approx(other.estimates["share_easy"].value, abs=1e-8)
        assert spent[c] == pytest.approx(other.spent.share, abs=1e-12)
    assert census.spent.share > 0
    # The interval is the logit-t of the class jackknife over these values.
    got = census.estimates["share_easy"]
    values = logit(easy)
    error = np.sqrt(15 / 16 * ((values - values.mean()) ** 2).sum())
    expected = share_interval(got.value, easy, units, jackknife.triplet_weights(ranks))
    assert (got.low, got.high) == pytest.approx((expected.low, expected.high), abs=1e-8)
    widest = expit(logit(got.value) - t.ppf(0.975, units - 1) * error)
    assert got.low <= widest + 1e-9


def test_who_is_wrong_and_hardly_shown():
    data = made(4)
    space = Geometry(data)
    found = measure_census(space, MARGIN).spent
    x, y = data.vectors.astype(np.float64), data.codes
    matrix = np.linalg.norm(x[:, None] - x[None], axis=-1)
    active, wrong = [], []
    for a in space.ranks.anchors:
        near = matrix[a][(y == y[a]) & (np.arange(data.n) != a)]
        far = matrix[a][y != y[a]]
        active.append((far[None, :] <= near[:, None] + MARGIN).mean())
        wrong.append(far.min() <= near.min())
    np.testing.assert_allclose(found.active, active, atol=1e-12)
    assert found.wrong.tolist() == wrong
    assert found.spent.tolist() == [w and s < 0.05 for w, s in zip(wrong, active, strict=True)]


def test_where_none_is_spent_the_bound_is_that_of_the_wrong_ones_taken_further():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(40), 10)
    vectors = rng.standard_normal((40, 6))[labels] + 0.5 * rng.standard_normal((400, 6))
    space = Geometry(EmbeddingSet.from_arrays(vectors, labels))
    census = measure_census(space, 3.0)  # so wide a margin that all wrong queries teach
    found = census.spent
    assert found.share == 0
    assert found.wrong.any()
    classes = len(np.unique(labels[found.wrong]))
    expected = found.wrong_interval.high * beta.ppf(0.975, 1, classes)
    assert found.interval.high == pytest.approx(min(expected, 1 - 0.05 ** (1 / 40)))
    assert found.interval.low == 0
    assert "with wrong queries, 0 of which have such ones" in found.interval.method


def test_the_bound_for_a_mean_is_the_rule_of_three_and_holds():
    rng = np.random.default_rng(0)
    assert _mean_at_most(np.zeros(160), rng) == pytest.approx(1 - 0.05 ** (1 / 160), rel=0.01)
    one = np.append(np.zeros(159), 0.125)
    assert 1 - 0.05 ** (1 / 160) < _mean_at_most(one, rng) < beta.ppf(0.95, 2, 159)
    # Classes of which few fail, by a share of their own: the truth is seldom above the bound.
    missed = []
    for _ in range(60):
        shares = np.where(rng.random(100) < 0.02, rng.random(100), 0.0)
        missed.append(_mean_at_most(shares, rng) < 0.01)
    assert np.mean(missed) <= 0.05


def test_few_classes_with_a_gallery_are_judged_over_queries():
    rng = np.random.default_rng(0)
    labels = np.tile(np.arange(6), 30)
    vectors = rng.standard_normal((6, 3))[labels] + 0.8 * rng.standard_normal((180, 3))
    data = EmbeddingSet.from_arrays(vectors, labels, split=np.repeat(["train", "test"], 90))
    space = Geometry(data)
    found = measure_census(space, 0.01)
    assert found.harm.method.startswith("Wilson over 90 queries")
    assert found.harm.low is not None
    assert find_spent(sides(space)[1], found.counts, space.rng("test")).interval.unit == "query"
    alone = measure_census(Geometry(EmbeddingSet.from_arrays(vectors, labels)), 0.01)
    assert alone.harm.low is None


def test_the_margin():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(20), 5)
    vectors = rng.standard_normal((100, 8))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def chosen(x, given=None, metric="euclidean"):
        space = Geometry(EmbeddingSet.from_arrays(x, labels), metric=metric)
        return choose_margin(space, sides(space)[0], given)

    of_unit = chosen(unit)
    assert of_unit.value == 0.2
    matrix = np.linalg.norm(unit[:, None] - unit[None], axis=-1)
    assert of_unit.median == pytest.approx(
        np.median(matrix[labels[:, None] != labels[None]]), rel=1e-6
    )
    assert of_unit.share == pytest.approx(0.2 / of_unit.median)
    wide = chosen(30 * vectors)
    assert wide.value == pytest.approx(0.2 / np.sqrt(2) * wide.median)
    turned = chosen(30 * vectors, metric="cosine")
    assert turned.value == pytest.approx(0.2 / np.sqrt(2) * turned.median)
    mine = chosen(30 * vectors, 7.0)
    assert (mine.value, mine.given) == (7.0, True)
    together = chosen(np.ones((100, 3)))
    assert (together.value, together.median) == (0.2, 0.0)
    assert np.isnan(together.share)


def test_the_curve_starts_at_the_wrong_order_and_passes_the_margin():
    census = measure_census(Geometry(made(2)), MARGIN)
    e = census.estimates
    assert census.curve.active[0] == pytest.approx(e["share_hard"].value)
    at = list(census.curve.margins).index(MARGIN)
    assert census.curve.active[at] == pytest.approx(e["random_active"].value)
    assert list(census.curve.active) == sorted(census.curve.active)
    for k in (2, 6):
        easy = brute(made(2), census.curve.margins[k])[0]
        assert census.curve.active[k] == pytest.approx(1 - easy, abs=1e-12)
