"""Are the queries that look least like gallery rows of their class recognised less often?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.geometry.geometry import Geometry

from .two_sample import TwoSample
from .two_sides import BLOCK, Sides
from .undone import Outcome

MOST = 0.2  # share of the queries that counts as most foreign
BINS = 10
FEWEST = 30  # queries a bin


@dataclass(frozen=True, eq=False)
class Foreign:
    """Queries in order of how foreign the classifier of the other classes finds them.

    most, rest: the fifth found most foreign, and the others; None where all score alike.
    share: (bins,) middle of each bin as a share of the queries, least foreign first; bins: its outcome.
    wrong: positions among the queries of those answered wrongly, most foreign first; wrong_above: share of
    the queries that each of them is more foreign than.
    """

    most: Outcome | None
    rest: Outcome | None
    share: Reals
    bins: tuple[Outcome, ...]
    wrong: Ints
    wrong_above: Reals


def foreign(space: Geometry, found: Sides, test: TwoSample) -> Foreign:
    """Queries by score: the fifth that is most foreign, and tenths where there are enough."""
    ranks = space.ranks
    asked = np.flatnonzero(found.query)  # in the order of the queries
    scores = np.zeros(len(asked))
    middle = _middles(found, test)
    for start in range(0, len(asked), BLOCK):
        at = asked[start : start + BLOCK]
        code = found.codes[at]
        along = test.directions[found.fold[code]]
        rows = found.vectors[found.rows[at]].astype(np.float64)
        scores[start : start + BLOCK] = np.einsum("ij,ij->i", rows, along) - middle[code]
    of_anchors = scores[ranks.anchors]
    if not np.ptp(of_anchors) > 0:
        return Foreign(None, None, np.zeros(0), (), np.zeros(0, dtype=np.int64), np.zeros(0))
    order = np.lexsort((found.keys[asked][ranks.anchors], of_anchors))
    n = len(order)
    cut = n - max(1, round(MOST * n))
    count = int(np.clip(n // FEWEST, 1, BINS))
    backwards = ranks.anchors[order[::-1]]
    lost = ranks.z[backwards] > 0
    edges = np.linspace(0, n, count + 1).round().astype(np.int64)
    return Foreign(
        most=Outcome.of(ranks, order[cut:]),
        rest=Outcome.of(ranks, order[:cut]) if cut else None,
        share=(edges[1:] + edges[:-1]) / (2 * n),
        bins=tuple(Outcome.of(ranks, order[a:b]) for a, b in pairwise(edges.tolist())),
        wrong=backwards[lost],
        wrong_above=(np.arange(n)[::-1] / n)[lost],
    )


def _middles(found: Sides, test: TwoSample) -> Reals:
    """(K,) score of the point half way between the two means of each class."""
    k = found.classes
    sums, counts = np.zeros((2, k)), found.counts
    for start in range(0, len(found.rows), BLOCK):
        part = slice(start, start + BLOCK)
        code, side = found.codes[part], found.query[part].astype(np.int64)
        rows = found.vectors[found.rows[part]].astype(np.float64)
        along = test.directions[found.fold[code]]
        np.add.at(sums, (side, code), np.einsum("ij,ij->i", rows, along))
    return np.asarray((sums / counts).mean(axis=0))
