"""Does the evaluation itself leak: what is right by chance, once the labels are dealt out anew?

With permuted labels no vectors can know them, so 1-NN accuracy must be that of the class sizes: in one set
sum n_c (n_c - 1) / (n (n - 1)), against a gallery the mean share of it that is of the query's class. An
evaluation that finds a query itself, or looks at its label, gives more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import t

from embedding_second_opinion.data.arrays import Reals
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.row_keys import class_keys, row_keys
from embedding_second_opinion.stats.intervals import TAIL, Interval

PERMUTATIONS = 999


@dataclass(frozen=True, eq=False)
class Permuted:
    """accuracy: mean over permutations; chance: exact; harm: how far they are apart, with its interval."""

    accuracy: float
    chance: float
    harm: float
    interval: Interval

    @property
    def accuracy_interval(self) -> Interval:
        """Of the mean over permutations."""
        reach = (self.interval.high or 0.0) - self.harm
        return Interval(
            max(0.0, self.accuracy - reach),
            min(1.0, self.accuracy + reach),
            self.interval.method,
            "permutation",
        )


def permuted(space: Geometry) -> Permuted:
    """1-NN accuracy under permuted labels of the enrolled rows, from the neighbours that are known."""
    evaluation = space.evaluation
    enrolled, rng = evaluation.enrolled, space.rng("controls: permuted labels")
    nearest = np.searchsorted(enrolled, space.neighbors(1).rows[:, 0])
    codes = evaluation.codes[enrolled]
    sizes = np.bincount(codes, minlength=len(evaluation.classes))
    # Rows in an order of their own: neither theirs in the file nor their classes' names count.
    keys = row_keys(space.enrolled_points, rng)
    order = np.lexsort((class_keys(keys, codes, len(sizes))[codes], keys))
    dealt, ordered = np.empty_like(codes), codes[order]
    found = np.empty(PERMUTATIONS)
    for i in range(PERMUTATIONS):
        dealt[order] = ordered[rng.permutation(len(ordered))]
        own = dealt if evaluation.leave_one_out else space.codes
        found[i] = np.mean(dealt[nearest] == own)
    return compared(found, chance(space))


def chance(space: Geometry) -> float:
    """Exact mean over all permutations."""
    evaluation = space.evaluation
    sizes = np.bincount(
        evaluation.codes[evaluation.enrolled], minlength=len(evaluation.classes)
    ).astype(np.float64)
    n = float(sizes.sum())
    if evaluation.leave_one_out:
        return float((sizes * (sizes - 1)).sum() / (n * (n - 1)))
    return float(sizes[space.codes].mean() / n)


def compared(found: Reals, expected: float) -> Permuted:
    """found: (permutations,) accuracies."""
    accuracy = float(found.mean())
    harm, error = abs(accuracy - expected), float(found.std(ddof=1) / np.sqrt(len(found)))
    reach = float(t.ppf(1 - TAIL, len(found) - 1)) * error

    def above(x: float) -> float:
        if error == 0:
            return float(x >= harm)
        return float(t.sf((harm - x) / error, len(found) - 1))

    method = f"t over {len(found):,} permutations of the enrolled labels"
    interval = Interval(max(0.0, harm - reach), harm + reach, method, "permutation", above=above)
    return Permuted(accuracy, expected, harm, interval)
