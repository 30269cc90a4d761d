"""Queries and gallery stand sorted by class, and every query knows its own place."""

from __future__ import annotations

import numpy as np
import pytest

from embedding_second_opinion.geometry.passes.placed import place


@pytest.mark.parametrize("seed", range(4))
def test_everything_is_found_where_it_stands(seed):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 6, 80)
    gallery = np.sort(rng.choice(80, 60, replace=False))
    queries = np.sort(rng.choice(80, 40, replace=False))
    queries = queries[np.isin(codes[queries], codes[gallery])]
    placed = place(codes, 6, queries, gallery, 5)
    plan = placed.plan
    by_class = queries[placed.order]
    assert placed.class_ids[plan.query_codes].tolist() == codes[by_class].tolist()
    assert (np.diff(plan.query_codes) >= 0).all()
    assert placed.class_ids[plan.class_of].tolist() == codes[plan.rows].tolist()
    assert sorted(plan.rows.tolist()) == gallery.tolist()
    assert np.diff(plan.class_start).tolist() == [
        (codes[gallery] == c).sum() for c in placed.class_ids
    ]
    enrolled = np.isin(by_class, gallery)
    assert (plan.self_at >= 0).tolist() == enrolled.tolist()
    assert plan.rows[plan.self_at[enrolled]].tolist() == by_class[enrolled].tolist()


def test_strangers_are_of_a_class_without_rows():
    codes = np.array([0, 0, 1, 1, 2, 3])
    placed = place(codes, 4, np.array([4, 5]), np.arange(4), 2)
    assert placed.class_ids.tolist() == [0, 1, 4]
    assert placed.plan.query_codes.tolist() == [2, 2]
    assert placed.plan.class_start.tolist() == [0, 2, 4, 4]
