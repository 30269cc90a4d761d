"""Unequal sizes against SciPy, closed forms and real deletion."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import entropy, pearsonr

from embedding_second_opinion.catalogue.class_imbalance import class_sizes
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples.planted import planted


def test_effective_classes_is_the_exponent_of_the_entropy():
    sizes = np.array([40, 10, 5, 1])
    assert class_sizes.effective_classes(sizes) == pytest.approx(np.exp(entropy(sizes)))
    assert class_sizes.effective_classes(np.full(7, 3)) == pytest.approx(7)


def test_effective_samples_is_the_expected_count_of_different_draws():
    # Cui et al.: n draws of N equally likely prototypes cover so many of them on average.
    sizes, total = np.array([12, 6, 2]), 20
    rng = np.random.default_rng(0)
    draws = [
        sum(len(set(rng.integers(0, total, n).tolist())) for n in sizes) / total
        for _ in range(20_000)
    ]
    assert class_sizes.effective_samples_share(sizes) == pytest.approx(np.mean(draws), abs=0.002)


def test_thirds_never_part_equals():
    sizes = np.repeat([60, 5], [30, 60])
    found = class_sizes.thirds(sizes, np.ones(90))
    assert list(found) == ["head", "tail"]
    assert found["head"].tolist() == (sizes == 60).tolist()
    even = class_sizes.thirds(np.arange(1, 10), np.ones(9))
    assert {k: np.flatnonzero(w).tolist() for k, w in even.items()} == {
        "head": [6, 7, 8],
        "middle": [3, 4, 5],
        "tail": [0, 1, 2],
    }
    assert class_sizes.thirds(np.full(5, 3), np.ones(5)) == {}
    two = class_sizes.thirds(np.array([9, 2]), np.ones(2))
    assert [w.tolist() for w in two.values()] == [[1, 0], [0, 1]]
    # Classes that are asked for nothing belong nowhere.
    asked = np.array([1.0, 0.0, 1.0, 1.0])
    parts = class_sizes.thirds(np.array([9, 1, 4, 2]), asked)
    assert sum(parts.values()).tolist() == asked.tolist()


def test_the_size_correlation_against_scipy_and_deletion():
    rng = np.random.default_rng(1)
    sizes, recall = rng.integers(2, 300, 40), rng.random(40)
    value, without = class_sizes.size_correlation(sizes, recall)
    assert value == pytest.approx(pearsonr(np.log(sizes), recall).statistic)
    for c in range(40):
        rest = np.arange(40) != c
        expected = pearsonr(np.log(sizes[rest]), recall[rest]).statistic
        assert without[c] == pytest.approx(expected, abs=1e-10)
    assert class_sizes.size_correlation(np.full(9, 4), rng.random(9)) is None
    assert class_sizes.size_correlation(np.arange(1, 10), np.ones(9)) is None


def brute_cosine(means, counts, weights, keep):
    centred = means[keep] - counts[keep] @ means[keep] / counts[keep].sum()
    unit = centred / np.linalg.norm(centred, axis=1)[:, None]
    cosines = unit @ unit.T
    pairs = np.outer(weights[keep], weights[keep])
    off = ~np.eye(len(unit), dtype=bool)
    return float((pairs * cosines)[off].sum() / pairs[off].sum())


@pytest.mark.parametrize("name", ["minority_collapse", "starved_tail", "healthy_few_samples"])
def test_the_cosine_of_means_against_every_pair(name):
    stats = Geometry(planted(name)).class_stats
    asked = np.ones(len(stats.counts))
    parts = class_sizes.thirds(stats.counts, asked)
    value, without = class_sizes.tail_cosine(stats, parts["head"], parts["tail"], asked)
    everyone = np.arange(len(asked)) >= 0

    def brute(keep):
        tail, head = (
            brute_cosine(stats.means, stats.counts, parts[p], keep) for p in ("tail", "head")
        )
        return tail - head

    assert value == pytest.approx(brute(everyone), abs=1e-10)
    exact = np.array([brute(np.arange(len(asked)) != c) for c in range(0, len(asked), 5)])
    # The move of the centre enters to first order only, and the largest class moves it far.
    # Only the class that holds a sixth of the rows (the first) moves it so far that this shows.
    assert without[0] == pytest.approx(exact[0], rel=0.1, abs=3e-3)
    assert without[5::5] == pytest.approx(exact[1:], abs=3e-3)
    assert np.std(without[::5]) == pytest.approx(np.std(exact), rel=0.25)
    assert (value > 0.3) is (name == "minority_collapse")


def test_means_that_coincide_have_no_direction():
    from embedding_second_opinion.geometry.passes.classes import class_statistics

    codes = np.repeat(np.arange(12), [5] * 6 + [2] * 6)
    stats = class_statistics(np.full((42, 3), 0.1, dtype=np.float32), codes, 12)
    parts = class_sizes.thirds(stats.counts, np.ones(12))
    assert class_sizes.tail_cosine(stats, parts["head"], parts["tail"], np.ones(12)) is None
