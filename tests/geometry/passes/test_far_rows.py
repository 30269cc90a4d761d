"""Which rows are far out, and what nearly all others reach."""

from __future__ import annotations

import numpy as np
import pytest

from embedding_second_opinion.geometry.passes.far_rows import Aside, Spread


def cloud(n=200, d=6, kind=np.float64):
    return np.random.default_rng(0).standard_normal((n, d)).astype(kind)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_without_far_rows_it_is_the_radius_of_99_in_100(kind):
    rows = cloud(kind=kind)
    spread = Spread.of(rows)
    radii = np.linalg.norm(rows - np.median(rows, axis=0), axis=1)
    assert spread.radii == pytest.approx(radii, rel=1e-6)
    assert spread.reach == pytest.approx(2 * np.quantile(radii, 0.99), rel=1e-6)
    assert not len(spread.far)


@pytest.mark.parametrize("count", [1, 3, 15])
@pytest.mark.parametrize("far", [1e5, 1e12, 1e30])
def test_far_rows_change_the_reach_of_the_others_little(far, count):
    rows = cloud(kind=np.float32)
    usual = Spread.of(rows).reach
    rows[:count] = far
    spread = Spread.of(rows)
    assert 0.5 * usual < spread.reach < 2 * usual
    assert spread.far.tolist() == list(range(count))


def test_a_few_rows_and_equal_rows():
    rows = cloud(8)
    rows[3] = 1e9
    assert Spread.of(rows).far.tolist() == [3]
    assert Spread.of(np.ones((5, 2))).reach == 0
    alike = np.ones((300, 2))
    alike[0] = 4.0
    assert Spread.of(alike).reach > 0  # the bins must hold the one distance there is


def test_stand_ins_are_beyond_the_bins_of_all_near_rows():
    rows = cloud()
    rows[:2], rows[2] = 1e9, 0.0
    spread = Spread.of(rows)
    rows[2, 0] = 12 * spread.reach
    spread = Spread.of(rows)
    aside = Aside.of(rows, spread.radii, spread, False)
    assert aside.far.tolist() == [0, 1]
    assert aside.outer.tolist() == [0, 1, 2]
    distances = aside.source.block(0, 200, True)
    assert distances[:2, 3:].min() > 4 * spread.reach
    near = np.linalg.norm(rows[3:, None] - rows[None, 3:], axis=-1)
    assert distances[3:, 3:] == pytest.approx(near, abs=1e-6)
