"""Who is nearest once each enrolled row is told how near it is to everybody? One blocked pass.

Cross-domain similarity local scaling (CSLS; Lample et al., ICLR 2018) takes from the similarity of a query
and a row how similar either is to its own k nearest on the other side. What it takes from the query moves
no order, so that the pass looks for the smallest squared distance less a handicap of the row, half of its
mean squared distance to its k nearest queries. On unit vectors that is CSLS to the letter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple, cast

import numpy as np

from embedding_second_opinion.data.arrays import Floats, Ints, Reals
from embedding_second_opinion.geometry.passes.kernels import (
    CHUNK,
    count_below,
    jit,
    squared_distance,
)
from embedding_second_opinion.geometry.passes.ranks import LARGE_CLASS, RankPlan
from embedding_second_opinion.geometry.passes.source import Factors, VectorSource
from embedding_second_opinion.geometry.passes.sweep import sweep


@dataclass(frozen=True, eq=False)
class Corrected:
    """Per query, (q,), in the order given.

    right: 1 where the best row is of the query's class; a tie is an error, and so is having no row of
    its class to be found by. sole: the class (among those enrolled) that alone beats it, or -1.
    answer: the row number that is answered; a row of another class stands before one that ties with it.
    """

    right: Reals
    sole: Ints
    answer: Ints


class _Block(NamedTuple):
    right: Reals
    sole: Ints
    answer: Ints


def corrected(plan: RankPlan, source: VectorSource, order: Ints, handicap: Reals) -> Corrected:
    """Sweep all blocks. handicap: (g,) by place, in squared distance; order: as in ``tally``."""
    # The column that carries the gallery's squares through the product carries the handicap as well.
    scaled = handicap * source.scale**2
    source = replace(
        source,
        single=_less(source.single, scaled),
        double=None if source.double is None else _less(source.double, scaled),
        size=source.size + float(np.abs(scaled).max(initial=0.0)),
    )
    work = partial(_one_block, plan, source, handicap)
    blocks = [block for _, block in sweep(work, list(plan.spans()), "corrected neighbours")]
    back = np.argsort(order)
    right, sole, place = (
        np.concatenate([getattr(block, name) for block in blocks])[back] for name in _Block._fields
    )
    answer = np.where(place >= 0, plan.rows[place], -1)
    for array in (right, sole, answer):
        array.setflags(write=False)
    return Corrected(right, sole, answer)


def _one_block(
    plan: RankPlan, source: VectorSource, handicap: Reals, start: int, stop: int
) -> _Block:
    codes = plan.query_codes[start:stop]
    large = bool(np.diff(plan.class_start)[codes[0]] > LARGE_CLASS)
    scores, slack = source.scores(start, stop, precise=large)
    q = stop - start
    block = _Block(
        right=np.zeros(q),
        sole=np.full(q, -1, dtype=np.int64),
        answer=np.full(q, -1, dtype=np.int64),
    )
    _fill(
        scores, source.queries[start:stop], source.gallery, handicap, 2 * slack, codes,
        plan.self_at[start:stop], plan.class_start, plan.class_of, plan.rows, block,
    )  # fmt: skip
    return block


def _less(factors: Factors, handicap: Reals) -> Factors:
    """The same factors, with a product that is less by the handicap of each row of the gallery."""
    gallery = factors.gallery.astype(np.float64)
    gallery[:, -1] -= handicap
    return replace(factors, gallery=cast(Floats, gallery.astype(factors.gallery.dtype)))


@jit
def _fill(  # type: ignore[no-untyped-def]
    scores,
    queries,
    gallery,
    handicap,
    window,
    query_codes,
    self_at,
    class_start,
    class_of,
    rows,
    out,
):
    """Fill ``out`` for the queries of one block; two scores within ``window`` are compared exactly."""
    size = scores.shape[1]
    for i in range(scores.shape[0]):
        s, query, me, reach = scores[i], queries[i], self_at[i], window[i]
        low, high = class_start[query_codes[i]], class_start[query_codes[i] + 1]

        nearest = np.inf
        for j in range(low, high):
            if j != me and s[j] < nearest:
                nearest = s[j]
        own, own_at = np.inf, -1
        for j in range(low, high):
            if j != me and s[j] <= nearest + reach:
                exact = squared_distance(query, gallery[j]) - handicap[j]
                if exact < own or (exact == own and rows[j] < rows[own_at]):
                    own, own_at = exact, j

        # The nearest of the other classes, and which classes beat the own one.
        rival, sole, beaten = np.inf, -1, False
        for start in range(0, size, CHUNK):
            stop = min(start + CHUNK, size)
            if count_below(s, start, stop, nearest + reach) == 0:
                continue
            for j in range(start, stop):
                if s[j] > nearest + reach or low <= j < high or j == me:
                    continue
                if s[j] >= nearest - reach:
                    exact = squared_distance(query, gallery[j]) - handicap[j]
                    if exact > own:
                        continue
                rival = min(rival, np.float64(s[j]))
                if not beaten:
                    beaten, sole = True, class_of[j]
                elif sole != class_of[j]:
                    sole = -1
        if not beaten:
            out.right[i] = 1.0 if own_at >= 0 else 0.0
            out.answer[i] = own_at
            continue
        out.sole[i] = sole if own_at >= 0 else -1
        best, best_at = np.inf, -1
        for j in range(size):
            if s[j] <= rival + reach and not low <= j < high and j != me:
                exact = squared_distance(query, gallery[j]) - handicap[j]
                if exact < best or (exact == best and rows[j] < rows[best_at]):
                    best, best_at = exact, j
        out.answer[i] = best_at
