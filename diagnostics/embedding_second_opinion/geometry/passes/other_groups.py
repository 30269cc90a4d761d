"""Is a query still recognised when nothing of its own group (session, recording) is enrolled?

Per query: a positives and u negatives are of its group, b positives and the rest of the M negatives are
not. Without its group, the nearest of b positives must beat M - u negatives. Fewer rows are another
question too, so beside it stands the chance that the same numbers of rows, drawn at random from
all, get it right: A(b, M - u) of this query, exact (see ``surface``). Where the group does not
matter, both are the same on average.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from embedding_second_opinion.data.arrays import Bools, Ints, Reals

from .kernels import (
    CHUNK,
    ascending_stable,
    count_below,
    jit,
    log_choose,
    no_beater_chance,
    true_score,
)
from .ranks import LARGE_CLASS, RankPlan, log_factorials
from .source import Source
from .sweep import sweep


@dataclass(frozen=True, eq=False)
class OtherGroups:
    """Per query, in the order given; by class of the gallery, (K,), for ``gain``.

    codes: class of the gallery. own, other: positives of its own group (a) and of others (b). rivals:
    negatives of its own group (u). judged: it has a positive and a negative of another group; the
    following are 0 where not. right: 1 where it is recognised without its group, a tie being an error.
    sole: the class that alone beats it then, or -1. equal: chance to be recognised among as many rows,
    drawn from all. gain: what deleting a class adds to the sum of ``equal`` over the queries it beats.
    """

    codes: Ints
    own: Ints
    other: Ints
    rivals: Ints
    judged: Bools
    right: Reals
    sole: Ints
    equal: Reals
    gain: Reals


class _Block(NamedTuple):
    own: Ints
    other: Ints
    rivals: Ints
    judged: Bools
    right: Reals
    sole: Ints
    equal: Reals
    gain: Reals


def run(
    plan: RankPlan, source: Source, order: Ints, group_of: Ints, query_group: Ints
) -> OtherGroups:
    """Sweep all blocks. group_of: (g,) and query_group: (q,), by place; order: as in ``tally``."""
    sizes = np.bincount(group_of, minlength=int(query_group.max(initial=0)) + 1)
    work = partial(_one_block, plan, source, group_of, query_group, sizes)
    blocks = [b for _, b in sweep(work, list(plan.spans()), "ranks without the own group")]
    back = np.argsort(order)

    def whole(name: str) -> NDArray[np.generic]:
        found: NDArray[np.generic] = np.concatenate([getattr(b, name) for b in blocks])[back]
        found.setflags(write=False)
        return found

    per_query = {name: whole(name) for name in _Block._fields if name != "gain"}
    gain = np.sum([b.gain for b in blocks], axis=0)
    return OtherGroups(codes=plan.query_codes[back], gain=gain, **per_query)  # type: ignore[arg-type]


def _one_block(
    plan: RankPlan,
    source: Source,
    group_of: Ints,
    query_group: Ints,
    sizes: Ints,
    start: int,
    stop: int,
) -> _Block:
    codes = plan.query_codes[start:stop]
    large = bool(np.diff(plan.class_start)[codes[0]] > LARGE_CLASS)
    scores, slack = source.scores(start, stop, precise=large)
    q = stop - start

    def ints() -> Ints:
        return np.zeros(q, dtype=np.int64)

    block = _Block(
        own=ints(),
        other=ints(),
        rivals=ints(),
        judged=np.zeros(q, dtype=np.bool_),
        right=np.zeros(q),
        sole=ints() - 1,
        equal=np.zeros(q),
        gain=np.zeros(plan.classes),
    )
    _group_block(
        scores, source.queries[start:stop], source.gallery, slack, source.recheck,
        codes, plan.self_at[start:stop], plan.class_start, plan.class_of,
        group_of, query_group[start:stop], sizes, log_factorials(plan.size), block,
    )  # fmt: skip
    return block


@jit
def _group_block(  # type: ignore[no-untyped-def]
    scores, queries, gallery, slack, recheck,
    query_codes, self_at, class_start, class_of,
    group_of, query_group, group_sizes, log_factorial, out,
):  # fmt: skip
    """Fill ``out`` for the queries of one block; arguments as in ``rank_block``."""
    size = scores.shape[1]
    longest = 1
    for i in range(scores.shape[0]):
        longest = max(longest, class_start[query_codes[i] + 1] - class_start[query_codes[i]])
    place = np.empty(longest, dtype=np.int64)
    exact = np.empty(longest, dtype=np.float64)
    weight = np.empty(longest, dtype=np.float64)
    near_class = np.empty(size, dtype=np.int64)
    near_at = np.empty(size, dtype=np.int64)

    for i in range(scores.shape[0]):
        s, query, me, mine = scores[i], queries[i], self_at[i], query_group[i]
        low, high = class_start[query_codes[i]], class_start[query_codes[i] + 1]
        p, own = 0, 0
        for j in range(low, high):
            if j != me:
                place[p] = j
                exact[p] = true_score(query, gallery, s, j, recheck)
                own += group_of[j] == mine
                p += 1
        m = size - (high - low)
        rivals = group_sizes[mine] - own - (me >= 0)
        other, kept = p - own, m - rivals
        out.own[i], out.other[i], out.rivals[i] = own, other, rivals
        if other == 0 or kept == 0:
            continue
        out.judged[i] = True

        # The nearest of b positives drawn from a + b is one of the first a + 1.
        cut = own + 1
        order = ascending_stable(exact[:p])[:cut]
        first = exact[order]
        rough = np.empty(cut, dtype=np.float64)
        foreign = -1
        for t in range(cut):
            rough[t] = s[place[order[t]]]
            weight[t] = math.exp(
                log_choose(log_factorial, p - 1 - t, other - 1)
                - log_choose(log_factorial, p, other)
            )
            if foreign < 0 and group_of[place[order[t]]] != mine:
                foreign = t
        rough.sort()
        window = 2 * np.float64(slack[i])
        reach = rough[cut - 1] + window

        found, beaten, sole = 0, False, -1
        for start in range(0, size, CHUNK):
            stop = min(start + CHUNK, size)
            if count_below(s, start, stop, reach) == 0:
                continue
            for j in range(start, stop):
                if s[j] > reach or low <= j < high:
                    continue
                # How many positives are strictly nearer than this negative?
                at = np.searchsorted(rough, s[j] - window, side="left")
                if np.searchsorted(rough, s[j] + window, side="right") > at:
                    score = true_score(query, gallery, s, j, recheck)
                    at = np.searchsorted(first, score, side="left")
                if at >= cut:
                    continue
                near_class[found], near_at[found] = class_of[j], at
                found += 1
                if at <= foreign and group_of[j] != mine:
                    if not beaten:
                        beaten, sole = True, class_of[j]
                    elif sole != class_of[j]:
                        sole = -1
        out.right[i] = 0.0 if beaten else 1.0
        out.sole[i] = sole
        out.equal[i] = _equal_chance(
            near_class[:found], near_at[:found], weight[:cut], m, kept, mine,
            class_start, group_of, log_factorial, out.gain,
        )  # fmt: skip


@jit
def _equal_chance(  # type: ignore[no-untyped-def]
    near_class, near_at, weight, m, kept, mine, class_start, group_of, log_factorial, gain
):
    """Chance of one query to be right among ``kept`` of its m negatives, and what classes gain it.

    near_at: how many positives are nearer than each negative; weight: chance of each positive to be
    the nearest one drawn. A class that beats none of these changes next to nothing.
    """
    cut = weight.shape[0]
    nearer = np.zeros(cut, dtype=np.int64)
    for at in near_at:
        nearer[at] += 1
    nearer = np.cumsum(nearer)
    chance = 0.0
    for t in range(cut):
        chance += weight[t] * no_beater_chance(log_factorial, m, nearer[t], kept)
    by_class = ascending_stable(near_class)
    lost = np.empty(cut, dtype=np.int64)
    start = 0
    while start < by_class.shape[0]:
        rival, stop = near_class[by_class[start]], start
        lost[:] = 0
        while stop < by_class.shape[0] and near_class[by_class[stop]] == rival:
            lost[near_at[by_class[stop]]] += 1
            stop += 1
        start = stop
        rows, of_group = class_start[rival + 1] - class_start[rival], 0
        for j in range(class_start[rival], class_start[rival + 1]):
            of_group += group_of[j] == mine
        left, drawn = m - rows, kept - (rows - of_group)
        if drawn <= 0:  # nothing to be confused with: there is no such evaluation
            continue
        without, gone = 0.0, 0
        for t in range(cut):
            gone += lost[t]
            without += weight[t] * no_beater_chance(log_factorial, left, nearer[t] - gone, drawn)
        gain[rival] += without - chance
    return chance
