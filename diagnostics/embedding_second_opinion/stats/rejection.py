"""Where should the threshold be, for so many strangers and so dear a stranger?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Reals

STRANGER_RATE = 0.1  # of those who come: a convention, as nothing in a set says how many come


@dataclass(frozen=True)
class Deployed:
    """The threshold of the least expected cost; None: turning everyone away is cheapest.

    cost: (1 - rate) * fnir + rate * cost_of_stranger * accepted, in wrong rejections a query.
    """

    threshold: float | None
    accepted: float
    fnir: float
    cost: float


def least_cost(
    right: Reals, known: int, strange: Reals, rate: float, cost_of_stranger: float
) -> Deployed:
    """The smallest threshold of the least cost. Only distances of rightly answered queries can be it.

    right, strange: ascending, to the nearest enrolled row, of known ones rightly answered and of strangers.
    known: how many there are, wrongly answered ones among them. rate: share of strangers among those who
    come. cost_of_stranger: of letting one in, where a known one turned away or taken for another costs 1.
    """
    places = np.unique(right)
    accepted = np.searchsorted(strange, places, "right") / len(strange)
    fnir = 1 - np.searchsorted(right, places, "right") / known
    cost = (1 - rate) * fnir + rate * cost_of_stranger * accepted
    nobody = 1 - rate
    # A hair's breadth is rounding: of equal costs the smaller threshold.
    if not len(cost) or nobody <= cost.min() + 1e-12:
        return Deployed(None, 0.0, 1.0, nobody)
    at = int(np.argmax(cost <= cost.min() + 1e-12))
    return Deployed(float(places[at]), float(accepted[at]), float(fnir[at]), float(cost[at]))
