"""The threshold of the least cost against every threshold tried."""

from __future__ import annotations

import numpy as np
import pytest

from embedding_second_opinion.catalogue.open_set.found import deployed
from embedding_second_opinion.catalogue.open_set.known_and_strange import sides
from embedding_second_opinion.catalogue.open_set.without import Pools
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples.planted import planted


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.5])
@pytest.mark.parametrize("price", [0.2, 1.0, 20.0])
@pytest.mark.parametrize("name", ["let_in", "crowded"])
def test_no_threshold_is_cheaper(name, rate, price):
    seen = sides(Geometry(planted(name)))
    best = deployed(Pools.of(seen), rate, price)
    every = np.concatenate([seen.known.distance, seen.strange.distance, [-1.0, 1e9]])

    def errors(x):
        lost = 1 - np.mean((seen.right > 0) & (seen.known.distance <= x))
        return lost, np.mean(seen.strange.distance <= x)

    costs = [(1 - rate) * lost + rate * price * accepted for lost, accepted in map(errors, every)]
    assert best.cost == pytest.approx(min(costs), abs=1e-12)
    at = errors(-1.0 if best.threshold is None else best.threshold)
    assert at == pytest.approx((best.fnir, best.accepted), abs=1e-12)


def test_dear_strangers_close_the_door_and_none_open_it():
    pools = Pools.of(sides(Geometry(planted("collapsed"))))
    closed = deployed(pools, 0.5, 1000.0)
    assert (closed.threshold, closed.accepted, closed.fnir) == (None, 0.0, 1.0)
    opened = deployed(pools, 0.0, 1.0)
    assert opened.threshold == pools.right.base[-1]
    thresholds = [deployed(pools, 0.1, price).threshold or 0.0 for price in (0.1, 1, 3, 10)]
    assert thresholds == sorted(thresholds, reverse=True)
