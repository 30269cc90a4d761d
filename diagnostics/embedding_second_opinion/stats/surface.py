"""How often does the best of e enrolled positives beat the best of g enrolled negatives?

A(e, g) = mean over anchors of  sum_j [C(P-j, e-1) / C(P, e)] * [C(M-k_j-h_j, g) / C(M, g)]

A(1, 1) is the triplet accuracy and A(P, M) the leave-one-out 1-NN accuracy; e / (e + g) is chance.
All values are exact: no triplet is sampled and nothing is assumed to be independent.
Sources: Grother & Phillips, CVPR 2004 (identification from verification scores); Zheng, Achanta &
Benjamini, JMLR 2018 (accuracy as a function of the number of classes).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.geometry.passes.rank_results import Beaten, Ranks
from embedding_second_opinion.geometry.passes.ranks import ALL, log_factorials

Ties = Literal["strict", "random", "lenient"]


@dataclass(frozen=True, eq=False)
class Surface:
    """Values of A(e, g) over one cohort of anchors, the same for every cell.

    enrolled: (E,) positives enrolled, ALL (-1) for every one there is.
    candidates: (G,) negatives, ALL (-1) for every one there is, last.
    values: (E, G) in [0, 1]. anchors, classes: size of the cohort.
    fewest_negatives: the smallest M in the cohort; ``candidates`` stay at or below it.
    """

    enrolled: Ints
    candidates: Ints
    values: Reals
    anchors: int
    classes: int
    fewest_negatives: int

    def frame(self) -> pd.DataFrame:
        """The values as a table, four decimals: a row for each e, a column for each g."""

        def words(count: int) -> str:
            return "all" if count == ALL else f"{count:,}"

        return pd.DataFrame(
            self.values.round(4),
            index=pd.Index([words(e) for e in self.enrolled], name="enrolled"),
            columns=pd.Index([words(g) for g in self.candidates], name="candidates"),
        )


def triplet_accuracy(ranks: Ranks, ties: Ties = "strict") -> float:
    """A(1, 1): share of (anchor, positive, negative) with the positive nearer, mean over anchors.

    The mean over anchors of a Mann-Whitney AUC. NaN where there is no anchor.
    """
    a = ranks.anchors
    pairs = ranks.positives[a] * ranks.negatives[a]
    return _mean(1 - _lost(ranks, ties) / pairs)


def triplet_accuracy_all_triplets(ranks: Ranks, ties: Ties = "strict") -> float:
    """The share over all triplets pooled: anchors weighted by P x M, so large classes rule it."""
    a = ranks.anchors
    pairs = ranks.positives[a] * ranks.negatives[a]
    return float(1 - _lost(ranks, ties).sum() / pairs.sum()) if len(a) else float("nan")


def nearest_positive_accuracy(ranks: Beaten) -> float:
    """A(P, 1): how often the nearest of all positives beats one random negative, mean over anchors."""
    a = ranks.anchors
    return _mean(1 - (ranks.nearer_first[a] + ranks.tied_first[a]) / ranks.negatives[a])


def closed_set_accuracy(ranks: Beaten, ties: Ties = "strict") -> float:
    """A(P, M): share of queries whose nearest enrolled row is of their class (1-NN, rank 1)."""
    return _mean(_first_wins(ranks, ties))


def closed_set_accuracy_macro(ranks: Beaten, ties: Ties = "strict") -> float:
    """The mean over classes of the share of their queries that 1-NN gets right."""
    return _mean(class_recall(ranks, ties)[anchor_counts(ranks) > 0])


def class_recall(ranks: Beaten, ties: Ties = "strict") -> Reals:
    """(K,) 1-NN recall of each class; NaN for a class without anchors."""
    counts = anchor_counts(ranks)
    sums = np.bincount(
        ranks.codes[ranks.anchors], weights=_first_wins(ranks, ties), minlength=ranks.classes
    )
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def anchor_counts(ranks: Beaten) -> Ints:
    """(K,) anchors of each class of the gallery."""
    return np.bincount(ranks.codes[ranks.anchors], minlength=ranks.classes).astype(np.int64)


def identity_curve(ranks: Beaten) -> Reals:
    """(G,) A_id at ``ranks.id_grid``: everything of G random identities enrolled, the query's own one among
    them. A_id(K) is the closed-set accuracy, A_id(2) the duel of two classes."""
    values = ranks.identity_accuracy()
    return np.asarray(values.mean(axis=0)) if len(values) else np.full(len(ranks.id_grid), np.nan)


def accuracy_surface(
    ranks: Ranks, enrolled: Sequence[int] = (1,), ties: Ties = "strict"
) -> Surface:
    """A(e, g) for these e and for the pass's grid of g, over the anchors with P >= the largest e."""
    counts = anchor_counts(ranks)
    most = max([e for e in enrolled if e != ALL], default=1)
    cohort = [c for c, w in ranks.wins.items() if counts[c] > 0 and len(w) > 0]
    # All anchors of a class have the same P and M: one of them tells.
    seen, where = np.unique(ranks.codes[ranks.anchors], return_index=True)
    first = dict(zip(seen.tolist(), ranks.anchors[where].tolist(), strict=True))
    positives = {c: int(ranks.positives[first[c]]) for c in cohort}
    cohort = [c for c in cohort if positives[c] >= most]
    if not cohort:
        empty = np.zeros((len(enrolled), 0))
        return Surface(np.array(enrolled), np.zeros(0, dtype=np.int64), empty, 0, 0, 0)
    fewest = min(int(ranks.negatives[first[c]]) for c in cohort)
    keep = np.flatnonzero(ranks.grid <= fewest)
    total = np.zeros((len(enrolled), len(keep)))
    for c in cohort:
        won = ranks.wins[c]
        if ties != "strict":
            won = won + (ranks.lenient_gain if ties == "lenient" else ranks.random_gain)[c]
        p = positives[c]
        for i, e in enumerate(enrolled):
            total[i] += best_of(p, p if e == ALL else e) @ won[:p][:, keep]
    anchors = int(sum(counts[c] for c in cohort))
    return Surface(
        enrolled=np.array(enrolled, dtype=np.int64),
        candidates=ranks.grid[keep],
        values=total / anchors,
        anchors=anchors,
        classes=len(cohort),
        fewest_negatives=fewest,
    )


def best_of(positives: int, enrolled: int) -> Reals:
    """(P,) chance that the j-th nearest of P positives is the nearest of e drawn: sums to 1."""
    logs = log_factorials(positives)
    j = np.arange(1, positives + 1)
    left, drawn = positives - j, enrolled - 1
    possible = left >= drawn
    left = np.where(possible, left, drawn)
    ways = logs[left] - logs[drawn] - logs[left - drawn]
    every = logs[positives] - logs[enrolled] - logs[positives - enrolled]
    return np.where(possible, np.exp(ways - every), 0.0)


def _lost(ranks: Ranks, ties: Ties) -> Reals:
    won_back = {"strict": 0.0, "random": 0.5, "lenient": 1.0}[ties]
    a = ranks.anchors
    return np.asarray(ranks.lost[a] - won_back * ranks.tied[a])


def _first_wins(ranks: Beaten, ties: Ties) -> Reals:
    a = ranks.anchors
    clear = ranks.nearer_first[a] == 0
    share = {
        "strict": clear & (ranks.tied_first[a] == 0),
        "random": clear / (1.0 + ranks.tied_first[a]),
        "lenient": clear,
    }[ties]
    return np.asarray(share, dtype=np.float64)


def _mean(values: Reals) -> float:
    return float(values.mean()) if len(values) else float("nan")
