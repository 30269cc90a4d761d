"""From which step on does a curve get no better, and for how much of the run did the loss fall in vain?

A curve is cut into bins of equal counts. It has settled where its rising fit (isotonic regression: the
least squares fit that never falls) is within a tenth of all it ever gains of where it ends. The interval
comes from a dependent wild bootstrap of the bins (Shao, JASA 2010): what a smooth fit leaves is multiplied
by a smooth random curve, so that noise stays where it is and as wide and as correlated as it is. Fit:
Robertson, Wright & Dykstra, Order Restricted Statistical Inference, 1988. Wild bootstrap: Wu, Annals of
Statistics 1986, whose residuals over the root of 1 - leverage are used.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.optimize import isotonic_regression

from embedding_second_opinion.data.arrays import Reals
from embedding_second_opinion.stats.intervals import TAIL, Interval, no_interval

SETTLED = 0.1  # of what a curve gains: the last tenth is where it crawls
BINS = 40
FEWEST_STEPS = 10  # values of a curve; fewer have no noise that could be told from a trend
DRAWS = 999
WIDTH = 2.0  # bins: standard deviation of the kernel of the smooth fit
CORRELATED = 0.6  # bins: of the kernel that smooths the random multipliers


@dataclass(frozen=True, eq=False)
class Binned:
    """x: (b,) share of the run, 0 to 1; y: (b,) median of the values of each bin; values: how many in all."""

    x: Reals
    y: Reals
    values: int


@dataclass(frozen=True)
class Settled:
    """at: share of the run after which the curve gets no better; 0 where it never moved. gain: up is good."""

    at: float
    moved: bool
    gain: float


def binned(share: Reals, values: Reals) -> Binned:
    """The logged values of a curve in bins; share: (t,) of the run at each step. NaN: not logged."""
    known = np.isfinite(values)
    x, y = share[known], values[known]
    parts = np.array_split(np.arange(len(y)), max(1, min(BINS, len(y))))
    if not len(y):
        return Binned(np.zeros(0), np.zeros(0), 0)
    # Medians: one spike of the loss is no trend.
    middles, levels = [x[p].mean() for p in parts], [np.median(y[p]) for p in parts]
    return Binned(np.array(middles), np.array(levels), len(y))


def settled(x: Reals, y: Reals, missing: float | None) -> Settled:
    """Where ``y``, for which up is good, settles.

    missing: what lies between 0 and the best possible: 1 for an accuracy, whose error is 1 - y, and 0 for the
    negative of a loss. A gain below a tenth of the error that is left is none. None: the curve is a loss
    that is only minimised; it has moved where it lost a tenth of where it began.
    """
    rising = isotonic_regression(y).x
    final = float(y[-max(3, len(y) // 5) :].mean())  # the last fifth, of which the kept model comes
    gain = final - float(rising[0])
    left = abs(float(rising[0])) if missing is None else missing - final
    if gain <= SETTLED * left:
        return Settled(0.0, False, gain)
    slack = SETTLED * (gain if missing is None else max(gain, left))
    first = int(np.argmax(rising >= final - slack))
    return Settled(float(x[first]) if first else 0.0, True, gain)


def idle_share(loss: Settled, progress: Settled) -> float:
    """Share of the run that taught nothing: all of it where the progress never moved, else what the loss
    fell on for after the progress had settled. Where both settle together, the run is done and nothing was
    in vain.
    """
    return max(0.0, loss.at - progress.at) if progress.moved else 1.0


def idle_interval(
    loss: Binned, progress: Binned, missing: float, rng: np.random.Generator
) -> Interval:
    """Interval of ``idle_share``; loss as logged, progress with up as good."""
    for curve, what in ((loss, "losses"), (progress, "accuracies")):
        if curve.values < FEWEST_STEPS:
            too_few = f"{curve.values} logged {what} are too few; {FEWEST_STEPS} are needed"
            return no_interval(too_few, "step")
    falls = [settled(loss.x, -y, None) for y in drawn(loss, rng)]
    rises = [settled(progress.x, y, missing) for y in drawn(progress, rng)]
    found = np.sort([idle_share(fall, rise) for fall, rise in zip(falls, rises, strict=True)])
    half = 0.5 / min(len(loss.x), len(progress.x))  # nothing is placed finer than a bin
    # Draws beyond each bound, so that ``above`` agrees with it.
    outside = round(TAIL * (DRAWS + 1)) - 1
    low, high = float(found[outside]) - half, float(found[-1 - outside]) + half

    def above(x: float) -> float:
        return float((1 + np.count_nonzero(found - half <= x)) / (len(found) + 1))

    method = (
        f"dependent wild bootstrap, {DRAWS} draws, of {loss.values:,} losses and {progress.values:,} "
        f"values of progress in {len(loss.x)} and {len(progress.x)} bins"
    )
    return Interval(max(0.0, low), min(1.0, high), method, unit="step", above=above)


def drawn(curve: Binned, rng: np.random.Generator) -> Reals:
    """(DRAWS, b) curves that the same run might have logged."""
    hat = smoother(len(curve.y))
    fit = hat @ curve.y
    noise = (curve.y - fit) / np.sqrt(1 - np.diag(hat))
    white = rng.standard_normal((DRAWS, len(fit)))
    steps = gaussian_filter1d(white, CORRELATED, axis=1, mode="wrap")
    return np.asarray(fit + noise * steps / steps.std())


def smoother(bins: int) -> Reals:
    """(b, b) matrix of local linear regression over evenly spaced bins; its rows sum to 1."""
    apart = np.arange(bins)[:, None] - np.arange(bins)[None].astype(np.float64)
    weight = np.exp(-0.5 * (apart / WIDTH) ** 2)
    zero, one, two = (np.sum(weight * apart**k, axis=1, keepdims=True) for k in range(3))
    return np.asarray(weight * (two - one * apart) / (zero * two - one**2))
