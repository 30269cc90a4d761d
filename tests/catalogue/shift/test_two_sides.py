"""Class means and what their shifts have in common: pandas, brute force, and a known truth."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from embedding_second_opinion.catalogue.shift.two_sides import common_shifts, sides, squared_common
from tests.catalogue.shift.making import shifted


def test_means_and_spread_against_pandas():
    space = shifted(0, length=2, sizes=(5, 1))
    data, found = space.evaluation.data, sides(space)
    frame = pd.DataFrame(data.vectors.astype(float)).assign(c=data.codes, s=data.split)
    means = frame.groupby(["s", "c"]).mean()
    assert found.shifts == pytest.approx((means.loc["test"] - means.loc["train"]).to_numpy())
    variance = frame[frame.s == "train"].drop(columns="s").groupby("c").var(ddof=1).sum(axis=1)
    assert found.spread[0] == pytest.approx(variance.mean())
    assert np.isnan(found.spread[1])  # one query a class
    assert found.counts.tolist() == [[5] * 20, [1] * 20]


def test_folds_hold_whole_classes_and_what_is_undone_comes_from_the_others():
    found = sides(shifted(1, length=1))
    assert np.bincount(found.fold).tolist() == [4] * 5
    for f, shift in enumerate(common_shifts(found)):
        others = found.fold != f
        expected = np.average(found.shifts[others], axis=0, weights=found.weights[others])
        assert shift == pytest.approx(expected)


def test_the_common_part_against_every_pair_of_classes():
    shifts = np.random.default_rng(0).standard_normal((7, 3)) + 0.5
    value, without = squared_common(shifts)
    pairs = [a @ b for a, b in itertools.permutations(shifts, 2)]
    assert value == pytest.approx(np.mean(pairs))
    for c in range(7):
        rest = np.delete(shifts, c, axis=0)
        expected = np.mean([a @ b for a, b in itertools.permutations(rest, 2)])
        assert without[c] == pytest.approx(expected)


def test_the_common_part_is_unbiased():
    """Means of few noisy rows are far apart by noise alone; the product over classes is not."""
    for length in (0.0, 1.0):
        spaces = [shifted(seed, length=length, sizes=(2, 2), own=0.5) for seed in range(80)]
        shifts = [sides(space).shifts for space in spaces]
        values = [squared_common(s)[0] for s in shifts]
        error = np.std(values) / np.sqrt(len(values))
        assert abs(np.mean(values) - length**2) < 4 * error
        assert np.mean([(s**2).sum(axis=1).mean() for s in shifts]) > length**2 + 1
