"""How sure are we? Intervals whose unit is the class, and bounds where nothing went wrong.

Pairs and triplets that share an anchor or a class are not independent; classes are.
Sources: Efron & Tibshirani 1993, chapter 11 (jackknife); Hanley & Lippman-Hand, JAMA 1983 (rule
of three); Wilson, JASA 1927.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest, t

from diagnostics.passes.ranks import Ints, Reals

FEWEST_CLASSES = 10  # fewer say nothing about new classes
LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """Bounds at ``LEVEL``; None where none can be given. ``method`` says how, or why not.

    unit: what was counted as independent. unresolved: at the ceiling or the floor, only a bound.
    error, degrees: standard error and degrees of freedom on the scale of ``value``, for tests.
    """

    low: float | None
    high: float | None
    method: str
    unit: str = "class"
    unresolved: bool = False
    error: float | None = None
    degrees: int = 0

    def p_value(self, value: float, threshold: float) -> float | None:
        """One-sided: chance of a value this large if the truth were ``threshold``."""
        if not self.error or self.degrees < 1:
            return None
        return float(t.sf((value - threshold) / self.error, self.degrees))


def share_interval(value: float, without: Reals, units: int, effective: float) -> Interval:
    """For a share in [0, 1]: class jackknife on the logit scale with t quantiles.

    without: (K,) delete-one values. units: classes that hold anchors. effective: independent
    observations, used where all, or all but one class's, are right and the jackknife is blind.
    """
    if units < FEWEST_CLASSES or not np.isfinite(without).all():
        return few_classes(units)
    if value >= 1 or value <= 0 or without.max() >= 1 or without.min() <= 0:
        bound = min(1.0, 3 / max(effective, 1.0))
        method = f"rule of three over {effective:.0f} effective observations"
        if value > 0.5:
            return Interval(max(0.0, value - bound), 1.0, method, unresolved=True)
        return Interval(0.0, min(1.0, value + bound), method, unresolved=True)
    logits = np.log(without / (1 - without))
    centre = np.log(value / (1 - value))
    reach = t.ppf((1 + LEVEL) / 2, units - 1) * _jackknife_error(logits)
    low, high = (float(1 / (1 + np.exp(-(centre + side * reach)))) for side in (-1, 1))
    return Interval(
        low,
        high,
        f"class jackknife on the logit scale, {units} classes",
        error=_jackknife_error(without),
        degrees=units - 1,
    )


def difference_interval(value: float, without: Reals, units: int) -> Interval:
    """For a difference of two numbers on the same classes: paired class jackknife with t quantiles."""
    if units < FEWEST_CLASSES or not np.isfinite(without).all():
        return few_classes(units)
    error = _jackknife_error(without)
    reach = float(t.ppf((1 + LEVEL) / 2, units - 1)) * error
    method = f"paired class jackknife, {units} classes"
    return Interval(value - reach, value + reach, method, error=error, degrees=units - 1)


def few_classes(units: int) -> Interval:
    """No interval: so few classes cannot speak for new ones."""
    return Interval(None, None, f"no interval: {units} classes are too few to speak for new ones")


def wilson_interval(right: int, n: int) -> Interval:
    """For few classes with a gallery: these classes, new queries, independent given the gallery."""
    bounds = binomtest(right, n).proportion_ci(LEVEL, method="wilson")
    return Interval(
        float(bounds.low),
        float(bounds.high),
        f"Wilson over {n} queries: these classes, new samples",
        unit="query",
    )


def mean_interval(values: Reals, shift: float = 0.0) -> Interval:
    """t interval of a mean over independent queries (few classes, a gallery), plus a constant."""
    n = len(values)
    error = float(np.std(values, ddof=1) / np.sqrt(n)) if n > 1 else 0.0
    if error == 0:
        return Interval(None, None, "no interval: every query gives the same value", unit="query")
    reach = float(t.ppf((1 + LEVEL) / 2, n - 1)) * error
    centre = float(values.mean()) + shift
    method = f"t over {n} queries: these classes, new samples"
    return Interval(centre - reach, centre + reach, method, "query", error=error, degrees=n - 1)


def effective_observations(margins: Reals, codes: Ints) -> float:
    """How many independent observations n anchors in classes are worth: between K and n.

    n / (1 + (m - 1) rho), m the size-weighted class size and rho the intraclass correlation of the
    margins (one-way analysis of variance; Kish 1965, Donner & Koval, Biometrics 1980). Where
    every answer is right the answers cannot tell rho; their margins can.
    """
    _, group = np.unique(codes, return_inverse=True)
    counts = np.bincount(group)
    n, k = len(margins), len(counts)
    if k < 2 or n <= k:
        return float(k)
    means = np.bincount(group, weights=margins) / counts
    between = float((counts * (means - margins.mean()) ** 2).sum()) / (k - 1)
    within = float(((margins - means[group]) ** 2).sum()) / (n - k)
    typical = (n - (counts**2).sum() / n) / (k - 1)
    spread = between + (typical - 1) * within
    rho = min(max((between - within) / spread, 0.0), 1.0) if spread > 0 else 1.0
    return float(n / (1 + ((counts**2).sum() / n - 1) * rho))


def _jackknife_error(without: Reals) -> float:
    k = len(without)
    return float(np.sqrt((k - 1) / k * ((without - without.mean()) ** 2).sum()))
