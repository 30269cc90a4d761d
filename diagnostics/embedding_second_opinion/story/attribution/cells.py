"""What would the accuracy be if only some of what separates the claim from use were switched on?

Every cell is a re-evaluation from stored ranks: one or all positives enrolled, one or all negatives, the
queries among themselves or against the gallery, the mean over queries or over classes, rows trained on
or held out. Nothing is interpolated; a cell that cannot be evaluated is not there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.geometry.passes.rank_results import Ranks
from embedding_second_opinion.geometry.passes.ranks import ALL
from embedding_second_opinion.stats import jackknife
from embedding_second_opinion.stats.surface import anchor_counts

State = frozenset[str]  # letters of the switches that are on


@dataclass(frozen=True)
class Strangers:
    """Who else comes: their share of those who come, how far an answer may be, how many are let in."""

    rate: float
    threshold: float
    accepted: Estimate


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of one evaluation.

    ranks: queries against the gallery. within: among the queries, where G is a switch. trained: among the
    gallery's rows, where S is one. claim: the number believed, where B is one. strangers: where O is one.
    fixed: letters that are on from the beginning, because the claim is about all candidates.
    """

    ranks: Ranks
    within: Ranks | None
    trained: Ranks | None
    claim: float | None
    strangers: Strangers | None
    fixed: State = frozenset()

    @property
    def letters(self) -> tuple[str, ...]:
        """The switches there are, in the order of the waterfall."""
        there = {
            "B": self.claim is not None,
            "G": self.within is not None,
            "P": "P" not in self.fixed,
            "N": "N" not in self.fixed,
            "W": True,
            "S": self.trained is not None,
            "O": self.strangers is not None,
        }
        return tuple(letter for letter, is_there in there.items() if is_there)

    def value(self, on: State) -> float:
        """The accuracy in [0, 1] with these switches on. O asks for all others."""
        if self.claim is not None and "B" not in on:
            return self.claim
        if "O" in on:
            assert self.strangers is not None
            known = mean(*self.accepted(), by_class=True)
            rate = self.strangers.rate
            return (1 - rate) * known + rate * (1 - self.strangers.accepted.value)
        on = on | self.fixed
        counts, sums = by_class(self.pass_of(on), every=("P" in on), against_all=("N" in on))
        return mean(counts, sums, by_class="W" in on)

    def pass_of(self, on: State) -> Ranks:
        """The rank pass that a cell is read from."""
        if self.trained is not None and "S" not in on:
            return self.trained
        return self.within if self.within is not None and "G" not in on else self.ranks

    def without(self, on: State) -> Reals | None:
        """(K,) the cell without each class, as anchors and as candidates; None where that is not known.

        Known for all cells that the waterfall passes through: triplets, the nearest positive against one
        negative, 1-NN, and its mean over classes.
        """
        on = on | self.fixed
        ranks, found = self.pass_of(on), frozenset(on & {"P", "N", "W"})
        known = {
            frozenset(): jackknife.triplet_without,
            frozenset("P"): jackknife.nearest_positive_without,
            frozenset("PN"): jackknife.closed_set_without,
            frozenset("PNW"): jackknife.closed_set_macro_without,
        }
        return known[found](ranks) if found in known else None

    def accepted(self) -> tuple[Ints, Reals]:
        """(K,) queries of each class, and those of them that are named rightly within the threshold."""
        assert self.strangers is not None
        ranks, a = self.ranks, self.ranks.anchors
        near = ranks.nearest_positive_distance[a] <= self.strangers.threshold
        return anchor_counts(ranks), _sums(ranks, ranks.right[a] * near)


def by_class(ranks: Ranks, *, every: bool, against_all: bool) -> tuple[Ints, Reals]:
    """(K,) anchors, and (K,) their summed chances to be right.

    every: the nearest of all positives must win, else one drawn. against_all: against all negatives, else
    one drawn. Ties are errors.
    """
    a = ranks.anchors
    counts = anchor_counts(ranks)
    if every and against_all:
        return counts, _sums(ranks, ranks.right[a])
    if every:
        lost = (ranks.nearer_first[a] + ranks.tied_first[a]) / ranks.negatives[a]
        return counts, _sums(ranks, 1 - lost)
    if not against_all:
        return counts, _sums(ranks, 1 - ranks.lost[a] / (ranks.positives[a] * ranks.negatives[a]))
    assert ranks.grid[-1] == ALL
    sums = np.zeros(ranks.classes)
    # All anchors of a class have as many positives: each of these is the one drawn equally often.
    seen, where = np.unique(ranks.codes[a], return_index=True)
    for code, positives in zip(seen.tolist(), ranks.positives[a[where]].tolist(), strict=True):
        sums[code] = ranks.wins[code][:positives, -1].sum() / positives
    return counts, sums


def mean(counts: Ints, sums: Reals, *, by_class: bool) -> float:
    """Over anchors, or over classes that have some; NaN where there is none."""
    has = counts > 0
    if not has.any():
        return float("nan")
    return float((sums[has] / counts[has]).mean() if by_class else sums.sum() / counts.sum())


def _sums(ranks: Ranks, values: Reals) -> Reals:
    code = ranks.codes[ranks.anchors]
    return np.asarray(np.bincount(code, weights=values, minlength=ranks.classes), dtype=np.float64)
