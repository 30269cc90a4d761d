"""Which queries are wrong although next to none of their random triplets would say so?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import beta

from embedding_second_opinion.data.arrays import Bools, Reals
from embedding_second_opinion.findings.wording import have, number
from embedding_second_opinion.stats import jackknife
from embedding_second_opinion.stats.intervals import (
    FEWEST_CLASSES,
    LEVEL,
    TAIL,
    Interval,
    share_interval,
    wilson_interval,
)
from embedding_second_opinion.stats.surface import anchor_counts, closed_set_accuracy

from .kernel_margin_counts import MarginCounts
from .sides import Side

DRAWS = 100_000  # for a bound: a thousandth of it is lost in them


@dataclass(frozen=True, eq=False)
class Spent:
    """Of all anchors: those that are wrong, and those of them that are spent (see ``FEW``).

    active: (a,) share of each anchor's triplets that violate the margin. wrong, spent: (a,) flags.
    """

    wrong_share: float
    wrong_interval: Interval
    share: float
    interval: Interval
    active: Reals
    wrong: Bools
    spent: Bools


def find_spent(side: Side, counts: MarginCounts, rng: np.random.Generator) -> Spent:
    """Who is wrong in the closed set, and what share of the triplets of these still says so."""
    ranks = side.ranks
    a = ranks.anchors
    asked = anchor_counts(ranks)
    units = int(np.count_nonzero(asked))
    wrong = 1 - closed_set_accuracy(ranks)
    spent = counts.spent[a]
    if units < FEWEST_CLASSES and not side.alone:
        # Few classes: given the gallery, the queries at least are independent.
        of_wrong = wilson_interval(int((ranks.z[a] > 0).sum()), len(a))
        interval = wilson_interval(int(spent.sum()), len(a))
    else:
        of_wrong = share_interval(
            wrong, 1 - jackknife.closed_set_without(ranks), units,
            pairs=jackknife.closed_set_pairs(ranks),
        )  # fmt: skip
        left = len(a) - asked
        without = counts.spent_without / np.where(left > 0, left, np.nan)
        between = replace(ranks, sole=np.where(counts.spent, ranks.sole, -1))
        pairs_spent = jackknife.closed_set_pairs(between)
        interval = share_interval(float(spent.mean()), without, units, pairs=pairs_spent)
        interval = _bounded(interval, of_wrong, side, counts, rng)
    pairs = ranks.positives[a] * ranks.negatives[a]
    return Spent(
        wrong_share=wrong,
        wrong_interval=of_wrong,
        share=float(spent.mean()),
        interval=interval,
        active=np.asarray(counts.active[a, counts.at] / pairs),
        wrong=ranks.z[a] > 0,
        spent=spent,
    )


def _bounded(
    interval: Interval, wrong: Interval, side: Side, counts: MarginCounts, rng: np.random.Generator
) -> Interval:
    """Where next to no class has a spent query a bound is all there is: the lower of two.

    One is over all classes, see ``_mean_at_most``. The other says that no more are spent than are wrong,
    times the share of the wrong that may be spent: so few of the classes with wrong queries have a spent one
    (Clopper-Pearson). Each factor is passed with a chance of at most TAIL, so that both are passed together
    as seldom as one bound by the rule of three.
    """
    if not interval.unresolved or interval.high is None or wrong.high is None:
        return interval
    ranks, a = side.ranks, side.ranks.anchors
    spent_ones, wrong_ones = a[counts.spent[a]], a[ranks.z[a] > 0]
    failing = len(np.unique(ranks.codes[spent_ones]))
    if failing:
        asked = anchor_counts(ranks)
        spent = np.bincount(ranks.codes[spent_ones], minlength=ranks.classes)
        shares = spent[asked > 0] / asked[asked > 0]
        value = len(spent_ones) / len(a)
        high = min(interval.high, value + _mean_at_most(shares, rng) - float(shares.mean()))
        method = (
            f"{number(failing, 'class')} of {len(shares):,} with such queries, in proportion to their share "
            "of the class (Gaffke's bound)"
        )
        interval = replace(interval, high=high, method=method)
    classes = len(np.unique(ranks.codes[wrong_ones]))
    if failing == classes:
        return interval
    more = float(beta.ppf(1 - TAIL, failing + 1, classes - failing))
    high = min(1.0, len(spent_ones) / len(wrong_ones) + more) * wrong.high
    if interval.high is not None and high >= interval.high:
        return interval
    method = (
        f"rule of three over {number(classes, 'class')} with wrong queries, {failing} of which "
        f"{have(failing)} such ones, times the bound for wrong queries ({wrong.method})"
    )
    return replace(interval, high=high, method=method)


def _mean_at_most(shares: Reals, rng: np.random.Generator) -> float:
    """Upper bound at LEVEL for the mean of shares of which (k,) were seen: Gaffke's.

    Where all are 0 it is the rule of three, 1 - (1 - LEVEL)^(1/k); a class that fails in part counts in
    part (Learned-Miller & Thomas, arXiv 1905.06208, 2019: no sample is known for which it is too low).
    """
    some = np.sort(shares[shares > 0])
    steps = rng.standard_exponential((DRAWS, len(some) + 1))
    rest = rng.standard_gamma(len(shares) - len(some), DRAWS)  # the steps to those that are 0
    drawn = (steps[:, :-1] @ some + steps[:, -1]) / (steps.sum(axis=1) + rest)
    return float(np.quantile(drawn, LEVEL))
