"""The worst of several equals, against simulation and against permuting every label."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.stats import binom

from embedding_second_opinion.catalogue.class_imbalance.worst_of import (
    Cells,
    chance_of_minimum,
    expected_minimum,
    shuffled_between,
    shuffled_within,
)


@pytest.mark.parametrize(
    ("queries", "share"),
    [([4] * 30, 0.9), ([2, 3, 5, 8, 40], 0.7), ([1], 0.3), ([150, 20, 7, 7], 0.98)],
)
def test_the_expected_minimum_against_simulation(queries, share):
    queries = np.array(queries)
    rng = np.random.default_rng(0)
    lowest = (
        binom.rvs(queries, share, size=(40_000, len(queries)), random_state=rng) / queries
    ).min(1)
    assert expected_minimum(queries, share) == pytest.approx(lowest.mean(), abs=0.004)
    for quantile in (0.1, 0.5):
        seen = float(np.quantile(lowest, quantile))
        expected = np.mean(lowest <= seen + 1e-12)
        assert chance_of_minimum(queries, share, seen) == pytest.approx(expected, abs=0.01)


def test_the_expected_minimum_at_the_ends():
    queries = np.array([3, 10])
    assert expected_minimum(queries, 1.0) == pytest.approx(1)
    assert expected_minimum(queries, 0.0) == 0
    assert chance_of_minimum(queries, 1.0, 1.0) == 1
    assert chance_of_minimum(queries, 1.0, 0.9) == 0
    assert chance_of_minimum(queries, 0.0, 0.0) == 1


def cells_of(classes, groups, right):
    pairs = sorted(set(zip(classes.tolist(), groups.tolist(), strict=True)))
    at = [(classes == c) & (groups == g) for c, g in pairs]
    return Cells(
        *np.array(pairs).T,
        np.array([m.sum() for m in at]),
        np.array([int(right[m].sum()) for m in at]),
    )


def rows(seed, n=400, classes=20):
    rng = np.random.default_rng(seed)
    code, group = rng.integers(0, classes, n), rng.choice(4, n, p=[0.4, 0.3, 0.2, 0.1])
    return code, group, (rng.random(n) < 0.5 + 0.025 * code).astype(int)


def by_group(group, right):
    return np.bincount(group, weights=right) / np.bincount(group)


def test_within_classes_against_permuting_every_label():
    code, group, right = rows(0)
    drawn = shuffled_within(cells_of(code, group, right), np.arange(4), np.random.default_rng(1))
    rng = np.random.default_rng(2)
    plain = []
    for _ in range(999):
        other = group.copy()
        for c in range(20):
            other[code == c] = rng.permutation(other[code == c])
        plain.append(by_group(other, right))
    assert drawn.mean(axis=0) == pytest.approx(np.mean(plain, axis=0), abs=0.005)
    assert drawn.std(axis=0) == pytest.approx(np.std(plain, axis=0), rel=0.12)
    assert np.corrcoef(drawn.T) == pytest.approx(np.corrcoef(np.transpose(plain)), abs=0.15)


def test_whole_classes_against_permuting_them():
    code, _, right = rows(3)
    home = np.random.default_rng(0).permutation(np.repeat(np.arange(4), 5))
    drawn = shuffled_between(
        cells_of(code, home[code], right), np.arange(4), np.random.default_rng(1)
    )
    rng = np.random.default_rng(2)
    plain = [by_group(rng.permutation(home)[code], right) for _ in range(999)]
    assert drawn.mean(axis=0) == pytest.approx(np.mean(plain, axis=0), abs=0.01)
    assert drawn.std(axis=0) == pytest.approx(np.std(plain, axis=0), rel=0.12)


@pytest.mark.parametrize("shuffle", [shuffled_within, shuffled_between])
def test_the_names_of_classes_change_no_draw(shuffle):
    code, group, right = rows(5)
    other = np.random.default_rng(6).permutation(20)[code]
    draws = [
        shuffle(cells_of(c, group, right), np.array([1, 3]), np.random.default_rng(1))
        for c in (code, other)
    ]
    assert draws[0].shape == (999, 2)
    assert np.array_equal(*draws)


def test_fifty_thousand_queries_are_quick():
    rng = np.random.default_rng(0)
    code, group = np.arange(50_000) % 10_000, rng.integers(0, 8, 50_000)
    pairs, at = np.unique(code * 8 + group, return_inverse=True)
    right = np.bincount(at, weights=rng.random(50_000) < 0.8).astype(int)
    cells = Cells(pairs // 8, pairs % 8, np.bincount(at), right)
    for shuffle in (shuffled_within, shuffled_between):
        start = time.perf_counter()
        shuffle(cells, np.arange(8), np.random.default_rng(1))
        assert time.perf_counter() - start < 20
