"""Where should the threshold be for these queries and strangers?"""

from __future__ import annotations

from embedding_second_opinion.catalogue.open_set.without import Pools
from embedding_second_opinion.stats.rejection import Deployed, least_cost


def deployed(pools: Pools, rate: float, cost_of_stranger: float) -> Deployed:
    """The smallest threshold of the least cost; see ``least_cost``."""
    return least_cost(
        pools.right.base, pools.known.size, pools.strange.base, rate, cost_of_stranger
    )
