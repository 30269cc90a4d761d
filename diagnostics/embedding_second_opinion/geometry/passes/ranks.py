"""The rank pass: for every anchor, how many negatives are nearer than each of its positives.

One sweep over blocks of queries, sorted by class, gives exact ranks and exact nearest neighbours.
Counts of single positives are summed over the anchors of a class at once, so memory never holds
anchors x positives. A block needs nothing but its queries and the gallery and gives a ``Block``;
blocks are added in their order, so the result does not depend on who computed them or how many.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

from embedding_second_opinion.data.arrays import Ints, Reals, Rows

from .block import rank_block
from .source import Source

ALL = -1  # in a grid of candidate counts: every negative there is
ROWS = 256  # queries a block: enough for a fast product, 50 MB of scores at 50,000 rows
LARGE_CLASS = 256  # from here on a float64 product costs less than rechecking what is in doubt
RIVALS = 32  # rival classes kept for each class
CUTS = np.array([1, 5, 10])  # lengths of an answer at which retrieval is counted


class Block(NamedTuple):
    """What one block gives; per query unless said otherwise. Filled by ``rank_block``."""

    positives: Ints
    negatives: Ints
    lost: Ints  # (positive, negative) pairs with the negative nearer or as near
    tied: Ints  # of these, as near
    z: Ints  # classes that beat, or tie with, the nearest positive
    z_lenient: Ints  # classes that beat it
    sole: Ints  # the one class that alone beats it, or -1
    nearer_first: Ints  # negatives nearer than the nearest positive
    tied_first: Ints
    found: Ints  # (q, CUTS) positives among the first 1, 5, 10
    found_at_r: Ints  # positives among the first P
    score_at_r: Reals  # average precision among the first P
    nearest_positive: Ints
    nearest_negative: Ints
    nearest_positive_score: Reals
    nearest_negative_score: Reals
    neighbors: Ints  # (q, k)
    neighbor_scores: Reals  # (q, k)
    rivals: Ints  # (classes in block, K) pairs lost to each class
    first_rivals: Ints  # the same, of the nearest positive only
    lost_share: (
        Reals  # (K,) share of an anchor's pairs lost to a class, that class taken as deleted
    )
    first_lost_share: Reals  # the same, of the nearest positive's M pairs
    id_gain: Reals  # (K, G) what deleting a class gains its victims in the gallery of identities
    wins: Reals  # (positives of the block's classes, grid) chances summed over anchors
    lenient_gain: Reals
    random_gain: Reals


PER_QUERY = Block._fields[: Block._fields.index("rivals")]


@dataclass(frozen=True, eq=False)
class RankPlan:
    """Everything a block needs besides its source; small, and the same for all blocks.

    Queries and gallery are numbered by place, sorted by class. K classes of the gallery.
    """

    query_codes: Ints
    self_at: Ints  # place of the query itself in the gallery, -1 where it is not enrolled
    class_start: Ints  # (K + 1,)
    class_of: Ints  # (g,)
    rows: Rows  # (g,) row number of each place
    grid: Ints  # candidate counts, ALL last
    id_grid: Ints  # identities in the gallery, K last
    k: int
    every: bool  # rank all positives, or the nearest alone

    @property
    def classes(self) -> int:
        """K, classes enrolled."""
        return len(self.class_start) - 1

    @property
    def size(self) -> int:
        """Rows enrolled."""
        return len(self.class_of)

    def spans(self) -> Iterator[tuple[int, int]]:
        """Blocks of queries, in order. A large class never shares a block with another."""
        start = 0
        n = len(self.query_codes)
        while start < n:
            stop = min(start + ROWS, n)
            codes = self.query_codes[start:stop]
            sizes = np.diff(self.class_start)[codes]
            # Cut before the first large class, and after the class the block begins with if large.
            if sizes[0] > LARGE_CLASS:
                stop = start + int(np.searchsorted(codes, codes[0], side="right"))
            elif (sizes > LARGE_CLASS).any():
                stop = start + int(np.argmax(sizes > LARGE_CLASS))
            yield start, stop
            start = stop


def rank_queries(plan: RankPlan, source: Source, start: int, stop: int) -> Block:
    """The unit of work: queries [start, stop) against the whole gallery."""
    codes = plan.query_codes[start:stop]
    first, last = int(codes[0]), int(codes[-1])
    sizes = np.diff(plan.class_start)
    large = bool(sizes[first] > LARGE_CLASS)
    scores, slack = source.scores(start, stop, precise=large)
    positives = sizes[first : last + 1]
    offsets = np.concatenate([[0], np.cumsum(positives)])
    q, grid = stop - start, len(plan.grid)

    def ints(*shape: int) -> Ints:
        return np.zeros(shape, dtype=np.int64)

    block = Block(
        positives=ints(q),
        negatives=ints(q),
        lost=ints(q),
        tied=ints(q),
        z=ints(q),
        z_lenient=ints(q),
        sole=ints(q) - 1,
        nearer_first=ints(q),
        tied_first=ints(q),
        found=ints(q, len(CUTS)),
        found_at_r=ints(q),
        score_at_r=np.zeros(q),
        nearest_positive=ints(q) - 1,
        nearest_negative=ints(q) - 1,
        nearest_positive_score=np.full(q, np.nan),
        nearest_negative_score=np.full(q, np.nan),
        neighbors=ints(q, plan.k) - 1,
        neighbor_scores=np.full((q, plan.k), np.nan),
        rivals=ints(last - first + 1, plan.classes),
        first_rivals=ints(last - first + 1, plan.classes),
        lost_share=np.zeros(plan.classes),
        first_lost_share=np.zeros(plan.classes),
        id_gain=np.zeros((plan.classes, len(plan.id_grid))),
        wins=np.zeros((offsets[-1], grid)),
        lenient_gain=np.zeros((offsets[-1], grid)),
        random_gain=np.zeros((offsets[-1], grid)),
    )
    negatives = plan.size - int(sizes[first])
    table = (
        _chances(negatives, tuple(plan.grid.tolist())) if large and grid else np.zeros((0, grid))
    )
    rank_block(
        scores, source.queries[start:stop], source.gallery, plan.rows, slack, source.recheck,
        codes, plan.self_at[start:stop], plan.class_start, plan.class_of,
        plan.grid, identity_chances(plan.classes - 2, plan.id_grid - 1),
        log_factorials(plan.size), table, plan.k, CUTS, first, offsets, plan.every, block,
    )  # fmt: skip
    if not plan.every:
        return block
    # What a class costs the others: per anchor over P x (M less that class), as if it were deleted.
    left = np.maximum(plan.size - positives[:, None] - sizes[None, :], 0)
    block.lost_share[:] = _shares(
        block.rivals, (positives - (plan.self_at[start] >= 0))[:, None] * left
    )
    block.first_lost_share[:] = _shares(block.first_rivals, left)
    return block


def _shares(lost: Ints, pairs: Ints) -> Reals:
    """(K,) lost / pairs, summed over the classes of the block; 0 where there are no pairs."""
    each = np.divide(lost, pairs, out=np.zeros(lost.shape), where=pairs > 0)
    return np.asarray(each.sum(axis=0))


def round_numbers(first: int, last: int) -> Ints:
    """first, then 1, 2, 3, 5, 7 times powers of ten in between, then last: a grid for a log axis."""
    steps = [m * 10**e for e in range(12) for m in (1, 2, 3, 5, 7)]
    return np.array(
        sorted({first, *(x for x in steps if first < x < last), max(first, last)}), dtype=np.int64
    )


def log_factorials(n: int) -> Reals:
    """log 0! to log (n + 1)!."""
    return _log_factorials(int(n))


@lru_cache(maxsize=4)
def _log_factorials(n: int) -> Reals:
    return np.asarray(gammaln(np.arange(1, n + 3, dtype=np.float64)))


def choose_ratio(total: Ints | int, bad: Ints, drawn: Ints | int) -> Reals:
    """C(total - bad, drawn) / C(total, drawn): chance that a draw holds none of the bad."""
    total, bad, drawn = np.broadcast_arrays(total, bad, drawn)
    logs = log_factorials(int(total.max(initial=0)))
    possible = (total - bad >= drawn) & (drawn <= total)
    t, b, g = (np.where(possible, x, 0) for x in (total, bad, drawn))
    value = np.exp(logs[t - b] - logs[t - b - g] - logs[t] + logs[t - g])
    return np.where(possible, value, 0.0)


@lru_cache(maxsize=8)
def _chances(negatives: int, grid: tuple[int, ...]) -> Reals:
    """(negatives + 1, grid): the table of A(1, g) by the number of nearer negatives."""
    k = np.arange(negatives + 1)[:, None]
    g = np.array(grid)[None, :]
    return np.where(
        g == ALL, (k == 0).astype(np.float64), choose_ratio(negatives, k, np.maximum(g, 0))
    )


def identity_chances(others: int, drawn: Ints) -> Reals:
    """(others + 1, G): chance that ``drawn`` of the other classes hold none of z that are better.

    A draw of more classes than there are means all of them.
    """
    return _identity_chances(int(others), tuple(drawn.tolist()))


@lru_cache(maxsize=8)
def _identity_chances(others: int, drawn: tuple[int, ...]) -> Reals:
    if others < 0:
        return np.zeros((0, len(drawn)))
    z = np.arange(others + 1)[:, None]
    return choose_ratio(others, z, np.minimum(np.array(drawn), others)[None, :])
