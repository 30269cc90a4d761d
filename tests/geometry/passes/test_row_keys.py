"""A draw depends on what rows hold, not on where they stand, and is fair."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare, kstest

from embedding_second_opinion.geometry.passes.row_keys import class_keys, drawn, row_keys


def generator(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_keys_follow_the_rows(kind):
    vectors = generator().standard_normal((9000, 7)).astype(kind)
    order = generator(1).permutation(len(vectors))
    keys = row_keys(vectors, generator(2))
    assert np.array_equal(row_keys(vectors[order], generator(2)), keys[order])
    assert not np.array_equal(row_keys(vectors, generator(3)), keys)
    assert len(np.unique(keys)) == len(keys)


def test_identical_rows_have_one_key_and_zero_has_no_sign():
    rows = np.array([[0.0, 1.0], [-0.0, 1.0], [0.0, 1.0], [1.0, 0.0]], dtype=np.float32)
    keys = row_keys(rows, generator())
    assert keys[0] == keys[1] == keys[2] != keys[3]


def test_keys_are_uniform_even_for_rows_that_hardly_differ():
    vectors = np.arange(4000, dtype=np.float32)[:, None] + np.zeros((1, 3), dtype=np.float32)
    keys = row_keys(vectors, generator(5))
    assert kstest(keys / 2.0**64, "uniform").pvalue > 0.001
    assert kstest(keys[1:] / 2.0**64 - keys[:-1] / 2.0**64, "triang", (0.5, -1, 2)).pvalue > 0.001


def test_each_row_is_drawn_as_often_as_another():
    vectors, codes = generator().standard_normal((30, 4)).astype(np.float32), np.repeat([0, 1], 15)
    times = np.zeros(30)
    for seed in range(600):
        at = drawn(row_keys(vectors, generator(seed)), codes, np.array([4, 7]))
        assert np.bincount(codes[at]).tolist() == [4, 7]
        assert (np.diff(at) > 0).all()
        times[at] += 1
    assert chisquare(times[:15]).pvalue > 0.001
    assert chisquare(times[15:]).pvalue > 0.001


def test_a_class_gives_what_it_has_and_none_where_none_is_asked():
    codes = np.array([2, 0, 2, 1, 2])
    keys = np.arange(5, dtype=np.uint64)[::-1].copy()
    assert drawn(keys, codes, np.array([3, 0, 2])).tolist() == [1, 2, 4]


def test_a_class_has_one_key_in_any_order():
    vectors, codes = generator().standard_normal((40, 3)).astype(np.float32), np.arange(40) % 6
    order = generator(1).permutation(40)
    one = class_keys(row_keys(vectors, generator(2)), codes, 6)
    two = class_keys(row_keys(vectors[order], generator(2)), codes[order], 6)
    assert np.array_equal(one, two)
    assert len(set(one.tolist())) == 6
