"""Intervals: what they may not exceed, what widens them, and how often halves hold."""

from __future__ import annotations

import numpy as np
import pytest

from embedding_second_opinion.catalogue.gallery_growth import back_test as room
from embedding_second_opinion.catalogue.gallery_growth.back_test import BackTest, Half, back_test
from embedding_second_opinion.catalogue.gallery_growth.forecast import Beyond
from embedding_second_opinion.catalogue.gallery_growth.known import Known
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry


def space(seed, noise=0.8, classes=80, d=16):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), 6)
    vectors = rng.standard_normal((classes, d))[labels]
    return Geometry(
        EmbeddingSet.from_arrays(vectors + noise * rng.standard_normal((len(labels), d)), labels)
    )


def test_the_loss_grows_at_most_like_the_number_of_classes():
    known = Known.of(space(0).ranks)
    beyond = Beyond.of(known, np.array([160, 400]))
    for i, n in enumerate((160, 400)):
        value, interval = beyond.accuracy(i)
        assert interval.low <= value <= interval.high <= known.interval.high
        assert 1 - interval.low <= (n - 1) / 79 * (1 - known.interval.low) + 1e-12
        assert value <= known.accuracy


def test_where_nothing_goes_wrong_only_a_bound_is_given():
    known = Known.of(space(0, noise=0.1).ranks)
    assert known.ceiling
    beyond = Beyond.of(known, np.array([400]))
    value, interval = beyond.accuracy(0)
    assert value == pytest.approx(1, abs=1e-6)
    assert 1 - interval.low == pytest.approx(399 / 79 * (1 - known.interval.low))
    lost, bound = beyond.lost(0)
    assert lost == pytest.approx(0, abs=1e-6)
    assert bound.unresolved
    assert bound.high == pytest.approx(320 / 79 * (1 - known.interval.low))


def test_what_the_back_test_misses_widens_with_every_doubling():
    known = Known.of(space(1).ranks)
    plain = Beyond.of(known, np.array([160, 320]))
    wide = plain.missing(-0.05)
    for i, doublings in enumerate((1, 2)):
        value, one = plain.lost(i)
        same, two = wide.lost(i)
        assert same == value
        assert value - two.low == pytest.approx(np.hypot(value - one.low, 0.05 * doublings))
        assert two.high - value == pytest.approx(np.hypot(one.high - value, 0.05 * doublings))
        # The p-value stays that of the bound.
        assert two.above(two.low) == pytest.approx(one.above(one.low))


def test_halves_share_no_class_and_predict_the_whole(monkeypatch):
    seen = []
    kept = room._halves
    monkeypatch.setattr(room, "_halves", lambda *given: seen.append(kept(*given)) or seen[-1])
    where = space(2)
    found = back_test(where, Known.of(where.ranks))
    assert len(found.halves) == 6
    for one, two in seen:
        assert len(one) == len(two) == 40
        assert not set(one) & set(two)
        assert set(one) | set(two) == set(range(80))
    assert len({tuple(one) for one, _ in seen}) == 3
    assert found.measured == Known.of(where.ranks).accuracy
    assert abs(found.error) < 0.05
    assert found.passed


def test_a_back_test_fails_where_intervals_miss():
    held, missed = Half(0.8, 0.7, 0.85), Half(0.9, 0.85, 0.95)
    assert BackTest((held,) * 5 + (missed,), 0.8).passed
    failed = BackTest((held,) * 4 + (missed,) * 2, 0.8)
    assert not failed.passed
    assert failed.held == 4
    assert failed.error == pytest.approx(0.1 / 3)
    assert failed.largest == pytest.approx(0.1)
