"""In how many dimensions does the variance live? Numbers of one spectrum, and spectra to compare.

A spectrum is the (d,) variance of the centred rows along each principal component, largest first.
Effective rank: Roy & Vetterli, EUSIPCO 2007; RankMe, Garrido et al., ICML 2023. Exponent: alpha-ReQ, Agrawal
et al., NeurIPS 2022.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import entropy

from embedding_second_opinion.data.arrays import Reals


def effective_rank(variances: Reals) -> float:
    """RankMe: exp of the entropy of the singular values over their sum; d for even ones.

    Of the CENTRED rows: on one set the choice of centring and of singular values or variances
    moves it from 3 to 69. 0 where nothing varies.
    """
    values = np.sqrt(variances)
    return float(np.exp(entropy(values / values.sum()))) if values.sum() > 0 else 0.0


def participation_ratio(variances: Reals) -> float:
    """(sum of variances)^2 / sum of their squares; d for even ones, 0 where nothing varies.

    N rows of an isotropic Gaussian have about N d / (N + d).
    """
    if variances.sum() == 0:
        return 0.0
    share = variances / variances.sum()
    return float(1 / (share**2).sum())


def stable_rank(variances: Reals) -> float:
    """Sum of variances over the largest; 0 where nothing varies."""
    return float((variances / variances[0]).sum()) if variances[0] > 0 else 0.0


def numerical_rank(variances: Reals) -> int:
    """Components with more variance than float32's rounding could have made."""
    return int(np.count_nonzero(variances))


def exponent(variances: Reals, classes: int) -> float | None:
    """alpha in variance ~ 1 / i^alpha: least squares on logs over the first K - 1 components.

    Only these, since K classes need no more: the fall behind them is no flaw. Each octave counts
    alike (weights 1 / i), or the many last components would decide. None with fewer than three.
    """
    count = min(numerical_rank(variances), classes - 1)
    if count < 3:
        return None
    place = np.arange(1, count + 1)
    line = np.polyfit(np.log(place), np.log(variances[:count]), 1, w=place**-0.5)
    return float(-line[0])


def numbers(variances: Reals, classes: int) -> dict[str, float]:
    """All of them by name; ``spectrum_exponent`` only where it exists."""
    found = {
        "effective_rank": effective_rank(variances),
        "participation_ratio": participation_ratio(variances),
        "stable_rank": stable_rank(variances),
        "numerical_rank": float(numerical_rank(variances)),
    }
    slope = exponent(variances, classes)
    return found if slope is None else {**found, "spectrum_exponent": slope}


def power_law(d: int, alpha: float = 1.0) -> Reals:
    """(d,) shares that fall as 1 / i^alpha."""
    values = np.arange(1, d + 1) ** -alpha
    return np.asarray(values / values.sum())


def gaussian(rows: int, d: int) -> Reals:
    """(d,) shares that N rows of an isotropic Gaussian show: uneven by chance alone.

    Quantiles of the Marchenko-Pastur law (Math. USSR Sbornik 1967), of which d - N are zero where
    N < d.
    """
    if d == 1:
        return np.ones(1)
    ratio = d / max(rows - 1, 1)
    low, high = (1 - np.sqrt(ratio)) ** 2, (1 + np.sqrt(ratio)) ** 2
    # x = middle - half * cos(angle): the root at both ends of the density goes into the angle.
    angle = (np.arange(4096) + 0.5) * np.pi / 4096
    x = (low + high) / 2 - (high - low) / 2 * np.cos(angle)
    mass = np.cumsum(np.sin(angle) ** 2 / x)
    drawn = min(d, max(rows - 1, 1))
    levels = (np.arange(drawn, 0, -1) - 0.5) / drawn
    values = np.zeros(d)
    values[:drawn] = np.interp(levels * mass[-1], mass, x)
    return np.asarray(values / values.sum())
