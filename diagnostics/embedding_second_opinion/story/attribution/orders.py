"""How much does each switch change, whatever the order in which they are turned on?

The Shapley value is the mean over the admissible orders of what a switch changes when it is turned on
(Shapley, Contributions to the Theory of Games II, 1953). Its range over these orders tells how much of it
is the order's: where one order says that it costs and another that it helps, no single number is right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from .cells import State

SAME = 1e-12  # changes of rounding have no sign


@dataclass(frozen=True)
class Share:
    """mean: over the orders, with the least and the most; all in accuracy points as shares."""

    mean: float
    least: float
    most: float

    @property
    def interaction(self) -> bool:
        """Whether it costs in one order and helps in another."""
        return self.least < -SAME and self.most > SAME


def orders(letters: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """All orders that mean something: the claim's own cell is left first; strangers come last, since
    they need the search that all the others make; unseen classes only after held-out samples.
    """
    last = len(letters) - 1
    for order in permutations(letters):
        at = {letter: place for place, letter in enumerate(order)}
        held_out_first = "C" not in at or at.get("S", last + 1) < at["C"]
        if at.get("B", 0) == 0 and at.get("O", last) == last and held_out_first:
            yield order


def shares(letters: Sequence[str], value: Callable[[State], float]) -> tuple[dict[str, Share], int]:
    """The Shapley value of each switch with its range, and the number of orders.

    value: the accuracy with these switches on; asked once for each state.
    """
    known: dict[State, float] = {}

    def at(on: State) -> float:
        if on not in known:
            known[on] = value(on)
        return known[on]

    changes: dict[str, list[float]] = {letter: [] for letter in letters}
    count = 0
    for order in orders(letters):
        count += 1
        on: State = frozenset()
        for letter in order:
            changes[letter].append(at(on | {letter}) - at(on))
            on = on | {letter}
    return {
        letter: Share(float(np.mean(seen)), min(seen), max(seen))
        for letter, seen in changes.items()
    }, count
