"""Which queries are recognised: is the nearest of all enrolled rows of their class? Nothing else, so quickly.

What ``Ranks.right`` says, without ranks: scores decide, and where a negative is within their error of the
nearest positive, and only there, direct differences in float64 do.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from .kernels import CHUNK, count_below, jit, true_score
from .ranks import LARGE_CLASS, Ints, RankPlan, Reals
from .source import Source
from .sweep import sweep


def recognised(plan: RankPlan, source: Source, order: Ints) -> Reals:
    """(q,) 1 where a query is recognised, a tie being an error. order: (q,) the query at each place."""
    spans = list(plan.spans())
    parts = [part for _, part in sweep(partial(_one_block, plan, source), spans, "nearest rows")]
    return np.asarray(np.concatenate(parts)[np.argsort(order)])


def _one_block(plan: RankPlan, source: Source, start: int, stop: int) -> Reals:
    codes = plan.query_codes[start:stop]
    large = bool(np.diff(plan.class_start)[codes[0]] > LARGE_CLASS)
    scores, slack = source.scores(start, stop, precise=large)
    right = np.ones(stop - start)
    _recognise(
        scores, source.queries[start:stop], source.gallery, slack, source.recheck,
        codes, plan.self_at[start:stop], plan.class_start, right,
    )  # fmt: skip
    return right


@jit
def _recognise(  # type: ignore[no-untyped-def]
    scores, queries, gallery, slack, recheck, query_codes, self_at, class_start, right
):
    """Make ``right`` 0 where a negative is as near as the nearest positive; where there is none, it stays."""
    size = scores.shape[1]
    for i in range(scores.shape[0]):
        s, query, me = scores[i], queries[i], self_at[i]
        low, high = class_start[query_codes[i]], class_start[query_codes[i] + 1]
        nearest = np.inf
        for j in range(low, high):
            if j != me:
                nearest = min(nearest, np.float64(s[j]))
        if nearest == np.inf:
            continue
        window = 2 * np.float64(slack[i])
        exact = np.nan
        for start in range(0, size, CHUNK):
            stop = min(start + CHUNK, size)
            if right[i] == 0:
                break
            if count_below(s, start, stop, nearest + window) == 0:
                continue
            for j in range(start, stop):
                if low <= j < high or s[j] > nearest + window:
                    continue
                if s[j] >= nearest - window:
                    if np.isnan(exact):
                        exact = np.inf
                        for t in range(low, high):
                            if t != me and s[t] <= nearest + window:
                                exact = min(exact, true_score(query, gallery, s, t, recheck))
                    if true_score(query, gallery, s, j, recheck) > exact:
                        continue
                right[i] = 0.0
                break
