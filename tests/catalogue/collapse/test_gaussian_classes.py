"""The Gaussian surrogate against Gaussian sets, against scikit-learn, and against known costs."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from embedding_second_opinion.catalogue.collapse import moments
from embedding_second_opinion.catalogue.collapse.gaussian_classes import Surrogate
from embedding_second_opinion.catalogue.collapse.spectra import power_law
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.stats import surface


@pytest.fixture(autouse=True)
def one_thread():
    """As the check does it: small decompositions gain nothing from threads."""
    with threadpool_limits(1, user_api="blas"):
        yield


def gaussian_set(between, within, seed, classes=120, rows=5):
    """Classes of the given variances by dimension, turned so that no axis is special."""
    rng = np.random.default_rng(seed)
    d = len(between)
    labels = np.repeat(np.arange(classes), rows)
    x = (rng.standard_normal((classes, d)) * np.sqrt(between))[labels]
    x = x + rng.standard_normal((len(labels), d)) * np.sqrt(within)
    turn, _ = np.linalg.qr(rng.standard_normal((d, d)))
    return Geometry(EmbeddingSet.from_arrays(x @ turn + 3, labels))


def one_nearest(x, labels):
    near = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(x).kneighbors()[1][:, 0]
    return (labels[near] == labels).mean()


def outcome_of(space):
    full, _ = moments.of_all(space)
    return Surrogate(space, full).outcome(full)


SHAPES = {
    "even": (np.ones(20), 0.5 * np.ones(20)),
    "falling": (20 * power_law(20), 6 * power_law(20)),
    "noise elsewhere": (np.r_[np.ones(6), np.zeros(14)], np.r_[0.1 * np.ones(6), np.ones(14)]),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_own_accuracy_is_that_of_the_gaussian_set_it_describes(shape):
    gaps = []
    for seed in range(4):
        space = gaussian_set(*SHAPES[shape], seed)
        gaps.append(outcome_of(space).own - surface.closed_set_accuracy(space.ranks))
    assert np.mean(gaps) == pytest.approx(0, abs=0.04), gaps


def test_reference_accuracy_is_that_of_a_fresh_draw():
    space = gaussian_set(np.ones(20), 0.6 * np.ones(20), 0)
    found = outcome_of(space)
    drawn = []
    for seed in range(6):
        rng = np.random.default_rng(100 + seed)
        labels = np.repeat(np.arange(120), 5)
        x = (rng.standard_normal((120, 20)) * np.sqrt(20 * power_law(20)))[labels]
        x = x + rng.standard_normal((600, 20)) * np.sqrt(0.6 * 20 * power_law(20))
        drawn.append(one_nearest(x, labels))
    spread = np.hypot(np.std(drawn, ddof=1), 0.03)
    assert found.reference == pytest.approx(np.mean(drawn), abs=3 * spread)


@pytest.mark.parametrize("seed", range(3))
def test_a_healthy_spectrum_costs_nothing_and_a_flat_one_costs_what_it_costs(seed):
    falling = outcome_of(gaussian_set(20 * power_law(20), 6 * power_law(20), seed))
    assert abs(falling.cost) < 3 * falling.error + 0.02
    assert outcome_of(gaussian_set(np.ones(20), 0.3 * np.ones(20), seed)).cost < 0
    flat = np.where(np.arange(20) < 3, 20 / 3, 1e-4)
    collapsed = outcome_of(gaussian_set(flat, 0.15 * flat, seed))
    # The truth: the same widths with a healthy spectrum, drawn anew.
    healthy = gaussian_set(20 * power_law(20), 3 * power_law(20), 50 + seed)
    ill = gaussian_set(flat, 0.15 * flat, 60 + seed)
    truth = surface.closed_set_accuracy(healthy.ranks) - surface.closed_set_accuracy(ill.ranks)
    assert collapsed.cost > 0.15
    assert collapsed.cost == pytest.approx(truth, abs=0.12)


def test_few_classes_are_drawn_several_times_and_sets_do_not_meet():
    space = gaussian_set(np.ones(6), 0.4 * np.ones(6), 0, classes=10)
    full, _ = moments.of_all(space)
    surrogate = Surrogate(space, full)
    assert (surrogate.classes, surrogate.sets, surrogate.rows) == (10, 20, 5)
    own = np.mean(
        [Surrogate(Geometry(space.evaluation, seed=s), full).outcome(full).own for s in range(4)]
    )
    # Among ten classes at a time; among all 200 at once, far fewer would be right.
    rng = np.random.default_rng(5)
    root = full.signal_root().block, full.noise.clipped_root().block
    drawn = {10: [], 200: []}
    for classes, kept in drawn.items():
        for _ in range(800 // classes):
            labels = np.repeat(np.arange(classes), 5)
            x = (rng.standard_normal((classes, 6)) @ root[0])[labels]
            kept.append(one_nearest(x + rng.standard_normal((len(labels), 6)) @ root[1], labels))
    error = np.std(drawn[10], ddof=1) * np.sqrt(1 / 80 + 1 / 80)
    assert own == pytest.approx(np.mean(drawn[10]), abs=3 * error)
    assert own > np.mean(drawn[200]) + 0.1


def test_the_error_of_the_draw_is_seen_over_draws():
    space = gaussian_set(20 * power_law(20), 8 * power_law(20), 1)
    costs, errors = [], []
    for seed in range(10):
        again = Geometry(space.evaluation, seed=seed)
        found = outcome_of(again)
        costs.append(found.cost)
        errors.append(found.error)
    assert 0.5 < np.std(costs, ddof=1) / np.mean(errors) < 1.8


def test_what_cannot_be_drawn():
    rng = np.random.default_rng(0)
    data = EmbeddingSet.from_arrays(
        rng.standard_normal((30, 4)), np.arange(30) % 15, split=np.repeat(["train", "test"], 15)
    )
    assert outcome_of(Geometry(data)) is None  # one query a class: its width cannot be seen
    same = EmbeddingSet.from_arrays(np.ones((30, 4)), np.arange(30) % 15)
    assert outcome_of(Geometry(same)) is None
