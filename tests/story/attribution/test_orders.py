"""Shapley values: the definition, what they must add up to, and orders that mean nothing."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from embedding_second_opinion.story.attribution.orders import orders, shares


@pytest.mark.parametrize("letters", ["BGPNW", "GPNW", "BWO", "PNWSO", "BGPNWSCO", "W"])
def test_only_orders_that_mean_something(letters):
    found = list(orders(letters))
    assert len(found) == len(set(found))
    for order in found:
        assert sorted(order) == sorted(letters)
        assert "B" not in order or order[0] == "B"
        assert "O" not in order or order[-1] == "O"
        assert "C" not in order or order.index("S") < order.index("C")
    free = [letter for letter in letters if letter not in "BO"]
    ways = math.factorial(len(free)) // (2 if "C" in free else 1)
    assert len(found) == ways


def test_unseen_classes_need_held_out_rows():
    assert list(orders("PC")) == []


@pytest.mark.parametrize("seed", range(5))
def test_shares_are_the_mean_over_orders_and_add_up(seed):
    rng = np.random.default_rng(seed)
    letters = "GPNW"
    table = {
        frozenset(on): float(rng.uniform())
        for n in range(5)
        for on in itertools.combinations(letters, n)
    }
    found, count = shares(letters, table.__getitem__)
    assert count == 24
    total = table[frozenset(letters)] - table[frozenset()]
    assert sum(share.mean for share in found.values()) == pytest.approx(total, abs=1e-12)
    for letter in letters:
        # The textbook sum over coalitions, weighted by their size.
        value, ends = 0.0, []
        for n in range(4):
            for on in itertools.combinations([x for x in letters if x != letter], n):
                gain = table[frozenset(on) | {letter}] - table[frozenset(on)]
                value += gain * math.factorial(n) * math.factorial(3 - n) / 24
                ends.append(gain)
        assert found[letter].mean == pytest.approx(value, abs=1e-12)
        assert (found[letter].least, found[letter].most) == (min(ends), max(ends))
        assert found[letter].interaction == (min(ends) < 0 < max(ends))


def test_additive_switches_have_no_range_and_no_interaction():
    worth = {"P": 0.1, "N": -0.4, "W": 0.0}
    found, _ = shares("PNW", lambda on: 0.8 + sum(worth[x] for x in sorted(on)))
    for letter, share in found.items():
        assert share.mean == pytest.approx(worth[letter])
        assert share.most - share.least == pytest.approx(0, abs=1e-12)
        assert not share.interaction
