"""What does each query's ranked answer hold, what would it hold by chance, and what at best?

P positives and M negatives compete for the places of an answer; a positive stands behind all that
ties with it. Recall at k is a word for two numbers: the hit rate (any match among the first k) and the
share of all positives among them. R is P, the positives that the gallery has for this query.
Sources: Musgrave et al., ECCV 2020 (R-precision, MAP@R); Manning, Raghavan & Schuetze, 2008, chapter 8.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from scipy.special import digamma

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.geometry.passes.rank_results import Ranks
from embedding_second_opinion.geometry.passes.ranks import CUTS, choose_ratio

PAGE = int(CUTS[-1])  # answers that a page shows
RANKS = 50  # of the match curve; as far as the rank pass keeps neighbours

# What each number counts, in the order in which they are shown.
COUNTS = {
    "precision_at_1": "the first answer is a match",
    "recall_at_1": "the first answer is a match, as a hit rate",
    **{f"recall_at_{k}": f"any match among the first {k} (hit rate)" for k in CUTS[1:].tolist()},
    f"fractional_recall_at_{PAGE}": f"share of the R matches that are among the first {PAGE}",
    "r_precision": "share of matches among the first R",
    "map_at_r": "precision at each match among the first R, summed, over R",
}


def per_query(ranks: Ranks) -> dict[str, Reals]:
    """(a,) values of each number for the anchors, in [0, 1]."""
    a = ranks.anchors
    positives = ranks.positives[a]
    hits = {
        f"recall_at_{k}": (ranks.found[a, at] > 0).astype(np.float64)
        for at, k in enumerate(CUTS.tolist())
    }
    return {
        "precision_at_1": hits["recall_at_1"],
        **hits,
        f"fractional_recall_at_{PAGE}": ranks.found[a, -1] / positives,
        "r_precision": ranks.found_at_r[a] / positives,
        "map_at_r": ranks.score_at_r[a],
    }


def first_match(ranks: Ranks) -> Ints:
    """(a,) place of each anchor's first match, behind all that ties with it; 1 is first."""
    a = ranks.anchors
    return np.asarray(ranks.nearer_first[a] + ranks.tied_first[a] + 1)


def by_chance(ranks: Ranks) -> dict[str, float]:
    """Means over the anchors if the gallery came in random order; exact, from class sizes alone."""

    def number(name: str, positives: Ints, total: Ints) -> Reals:
        if name == "map_at_r":
            # Sum over i <= P of (1 + (i - 1) (P - 1) / (T - 1)) / i, over T.
            harmonic = digamma(positives + 1.0) - digamma(1.0)
            more = (positives - harmonic) * (positives - 1) / np.maximum(total - 1, 1)
            return np.asarray((harmonic + more) / total)
        if name.startswith("recall_at_"):
            return np.asarray(1 - choose_ratio(total, positives, np.minimum(_cut(name), total)))
        if name.startswith("fractional"):
            return np.asarray(np.minimum(_cut(name), total) / total)
        return np.asarray(positives / total)

    return {name: _mean(ranks, partial(number, name)) for name in COUNTS}


def chance_curve(ranks: Ranks, places: Ints) -> Reals:
    """(r,) share of anchors with a match among the first r if the gallery came in random order."""

    def match(r: int, positives: Ints, total: Ints) -> Reals:
        return np.asarray(1 - choose_ratio(total, positives, np.minimum(r, total)))

    return np.array([_mean(ranks, partial(match, r)) for r in places.tolist()])


def at_best(ranks: Ranks) -> dict[str, float]:
    """Means over the anchors if every match came first: below 1 only where a page holds not all."""
    page = f"fractional_recall_at_{PAGE}"
    return {
        name: _mean(ranks, lambda p, _: np.minimum(PAGE, p) / p) if name == page else 1.0
        for name in COUNTS
    }


def _mean(ranks: Ranks, value: Callable[[Ints, Ints], Reals]) -> float:
    """Mean over anchors of a function of P and of the rows that compete; few pairs differ."""
    a = ranks.anchors
    positives, rows = ranks.positives[a], ranks.positives[a] + ranks.negatives[a]
    # One number a pair: sorting pairs takes ten times as long.
    wide = int(rows.max(initial=0)) + 1
    pairs, counts = np.unique(positives * wide + rows, return_counts=True)
    return float((counts * value(pairs // wide, pairs % wide)).sum() / counts.sum())


def _cut(name: str) -> int:
    return int(name.rsplit("_", 1)[1])
