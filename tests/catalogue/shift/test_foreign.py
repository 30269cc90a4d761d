"""Queries by how foreign they look: the truth of a shift whose length differs is found again."""

from __future__ import annotations

import numpy as np
import pytest

from embedding_second_opinion.catalogue.shift.foreign import foreign
from embedding_second_opinion.catalogue.shift.two_sample import two_sample
from embedding_second_opinion.catalogue.shift.two_sides import sides
from tests.catalogue.shift.making import shifted


def ordered(space):
    found = sides(space)
    return foreign(space, found, two_sample(found, space.rng("test")))


def test_bins_hold_every_query_once():
    space = shifted(0, length=2, vary=0.5, classes=50, noise=0.7, sizes=(6, 6))
    parts = ordered(space)
    assert len(parts.bins) == 10
    assert sum(int(b.asked.sum()) for b in parts.bins) == 300
    assert [int(p.asked.sum()) for p in (parts.most, parts.rest)] == [60, 240]
    right = sum(int(b.right.sum()) for b in parts.bins)
    assert right == int(space.ranks.right.sum()) == 300 - len(parts.wrong)
    assert parts.most.right.sum() == sum(b.right.sum() for b in parts.bins[8:])
    assert (space.ranks.z[parts.wrong] > 0).all()
    assert (np.diff(parts.wrong_above) <= 0).all()


@pytest.mark.parametrize("seed", range(3))
def test_those_shifted_most_are_lost_most(seed):
    parts = ordered(shifted(seed, length=3, vary=0.5, classes=50, noise=0.6, sizes=(6, 6)))
    assert parts.most.value < parts.rest.value - 0.1
    assert parts.bins[-1].value < parts.bins[0].value - 0.2


def test_where_all_score_alike_there_is_no_order():
    parts = ordered(shifted(0, noise=0.0))
    assert parts.most is None
    assert parts.bins == ()
