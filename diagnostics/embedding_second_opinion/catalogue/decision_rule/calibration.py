"""Do answers given with a probability of 90 % turn out right in 90 of 100 cases?

Sources: Guo et al., ICML 2017 (expected calibration error, temperature); Brier 1950, for all classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from embedding_second_opinion.data.arrays import Floats, Ints, Keys, Reals

from .kernel_class_means import Means, squared_distances

BINS = 10
CELLS = 4_000_000  # of queries by classes that a temperature is fitted on: 32 MB
FIT = (50, 500)  # queries a temperature is fitted on: at least, at most


@dataclass(frozen=True, eq=False)
class Calibration:
    """Answers in bins of equal width by their probability, (BINS,), NaN where a bin is empty.

    counts: answers; claimed: mean probability; held: share that is right.
    error: expected calibration error, the mean of |held - claimed| over answers, 0 to 1.
    brier: mean over queries of the sum over classes of (probability - truth)^2, 0 to 2.
    """

    counts: Ints
    claimed: Reals
    held: Reals
    error: float
    brier: float


def calibration(right: Reals, confidence: Reals, own: Reals, squares: Reals) -> Calibration:
    """From (q,): 1 where the answer is right, its probability, the own class's, the sum of all squared."""
    bins = np.clip(np.ceil(confidence * BINS - 1e-9).astype(np.int64) - 1, 0, BINS - 1)
    counts = np.bincount(bins, minlength=BINS).astype(np.int64)
    total, won = (np.bincount(bins, weights=w, minlength=BINS) for w in (confidence, right))
    some = np.where(counts > 0, counts, np.nan)
    return Calibration(
        counts=counts,
        claimed=total / some,
        held=won / some,
        error=float(np.abs(won - total).sum() / len(right)),
        brier=float((squares - 2 * own + 1).mean()),
    )


def temperatures(
    rows: Floats, codes: Ints, keys: Keys, means: Means, left_out: bool, start: float
) -> Reals:
    """(q,) energy of a unit of squared distance that makes the true classes likeliest; see Guo et al.

    Fitted on some queries of one half (by ``keys``) and used in the other, so that no query has a say in
    its own. start: a value in whose neighbourhood, e^-6 to e^6 times, it is sought.
    """
    order = np.argsort(keys, kind="stable")
    halves = [order[keys[order] % 2 == side] for side in (0, 1)]
    if min(len(half) for half in halves) == 0:
        halves = [order, order]
    room = int(np.clip(CELLS // len(means.sizes), *FIT))
    found = np.empty(len(rows))
    for half, other in ((halves[0], halves[1]), (halves[1], halves[0])):
        part = half[:room]
        squares = squared_distances(rows[part], codes[part], means, left_out)
        squares -= squares.min(axis=1, keepdims=True)
        own = squares[np.arange(len(part)), codes[part]]

        def unlikely(log_warmth: float, own: Reals = own, squares: Reals = squares) -> float:
            warmth = start * np.exp(log_warmth)
            # The nearest class is at 0, so that nothing overflows.
            return float((warmth * own + np.log(np.exp(-warmth * squares).sum(axis=1))).mean())

        best = minimize_scalar(unlikely, bounds=(-6, 6), method="bounded", options={"xatol": 1e-4})
        found[other] = start * np.exp(best.x)
    return found
