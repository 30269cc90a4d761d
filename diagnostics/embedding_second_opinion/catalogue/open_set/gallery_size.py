"""How do both errors change with the number of classes enrolled?

FPIR(G, tau) = 1 - mean C(K'-b, G) / C(K', G): chance that a stranger finds some row within tau in a gallery
of G random classes, b of all K' being within tau of him. DIR(G, 1, tau): chance that a known query
is within tau of its class and nearer to it than to the other G - 1. Exact, no gallery is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.ranks import (
    choose_ratio,
    identity_chances,
    round_numbers,
)

from .known_and_strange import Sides

MOST = 2000  # queries that play the stranger: the pass costs as many products with the gallery


@dataclass(frozen=True, eq=False)
class BySize:
    """Both shares against the size of the gallery, at one threshold.

    sizes: (G,) classes enrolled. fpir, dir: (G,). within: (r,) classes within the threshold of
    each stranger looked at; of: strangers there are.
    """

    sizes: Ints
    fpir: Reals
    dir: Reals
    within: Ints
    of: int


def by_size(space: Geometry, sides: Sides, threshold: float) -> BySize:
    """At most ``MOST`` queries in a rehearsal, evenly spread over their distances; else all strangers."""
    ranks = space.ranks
    others = ranks.classes - int(sides.rehearsal)
    chosen = np.arange(len(sides.strange.rows))
    if sides.rehearsal and len(chosen) > MOST:
        # Distances know neither the order of the rows nor the names of the classes.
        order = np.lexsort((sides.positive, sides.strange.distance))
        chosen = order[((np.arange(MOST) + 0.5) * len(order) / MOST).astype(np.int64)]
    within = space.classes_within(sides.strange.rows[chosen], np.array([threshold]))[:, 0]
    sizes = round_numbers(1, others)
    counts, times = np.unique(within, return_counts=True)
    free = choose_ratio(others, counts[:, None], sizes[None, :])
    z = ranks.z[ranks.anchors]
    chances = identity_chances(ranks.classes - 1, sizes - 1)[z]
    near = (sides.positive <= threshold)[:, None]
    return BySize(
        sizes=sizes,
        fpir=np.asarray(1 - times @ free / len(within)),
        dir=np.asarray((chances * near).mean(axis=0)),
        within=within,
        of=len(sides.strange.rows),
    )
