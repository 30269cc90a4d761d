"""How sure is a number that depends on classes that are enrolled and on classes that are not?

Both vary independently, so the variance is the sum of two jackknife variances, each over its own
classes; t quantiles with the degrees of freedom of Welch (Biometrika 1947). A stranger whom one class
alone lets in is counted in both, which is once too often: that part is taken off again, as for two ways
of clustering (Cameron, Gelbach & Miller, J. Bus. Econ. Stat. 2011). A threshold is a quantile, for which a
jackknife fails; its interval is read from that of the share below it (Woodruff, JASA 1952). A share of so
many rows is binomial: its bounds are exact (Clopper & Pearson, Biometrika 1934), and so is its p-value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import logit
from scipy.stats import binom, binomtest, t

from embedding_second_opinion.data.arrays import Reals
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.stats.intervals import (
    FEWEST_CLASSES,
    LEVEL,
    TAIL,
    Interval,
    difference_interval,
    no_interval,
    share_interval,
)


@dataclass(frozen=True, eq=False)
class Without:
    """Delete-one values of one number: (K,) over enrolled classes and (S,) over classes of strangers.

    strange is None where the strangers are the enrolled classes themselves, or play no part.
    units: classes with queries (or strangers, in turn). strangers: rows, as many as are counted.
    gallery: whether the queries are looked up in rows of their own.
    twice: the variance that both samples count, of the share itself.
    """

    enrolled: Reals
    strange: Reals | None
    units: int
    strangers: int
    gallery: bool
    twice: float = 0.0


def share(value: float, without: Without, *, counted: bool = False) -> Interval:
    """For a share in [0, 1]. counted: it is a share of the strangers, row by row."""
    if without.strange is None:
        if counted and without.gallery and without.units < FEWEST_CLASSES:
            return _of_rows(value, without, number(without.units, "class"))
        plain = share_interval(value, without.enrolled, without.units)
        if plain.above is None:  # a bound, or none
            return plain
        method = f"class jackknife on the logit scale, {number(without.units, 'class')}"
        return _logit_t(value, [(without.enrolled, without.units)], without.twice, method)
    classes = len(without.strange)
    if classes < FEWEST_CLASSES:
        if counted:
            return _of_rows(value, without, number(classes, "class"))
        return no_interval(f"{number(classes, 'class')} of strangers cannot speak for new ones")
    if without.units < FEWEST_CLASSES:
        interval = share_interval(value, without.strange, classes)
        note = f"{interval.method} of strangers; the {without.units} enrolled taken as given"
        return replace(interval, method=note, conditional_on="the enrolled")
    return _two_samples(value, without)


def threshold(
    share_below: float, without: Reals, units: int, place: Callable[[float], float]
) -> Interval:
    """For a quantile: where the bounds of the share at most as large lie among the values.

    without: (K,) that share without each class. place: the quantile of a share in [0, 1].
    """
    plain = difference_interval(share_below, without, units)
    if plain.low is None or plain.high is None:
        return plain
    low, high = (place(min(max(x, 0.0), 1.0)) for x in (plain.low, plain.high))
    method = f"from the share below it (Woodruff): class jackknife, {number(units, 'class')}"
    return Interval(low, high, method)


def _of_rows(value: float, without: Without, classes: str) -> Interval:
    """Few classes: these strangers, new samples of them."""
    n = without.strangers
    accepted = round(value * n)
    low, high = map(float, binomtest(accepted, n).proportion_ci(LEVEL, method="exact"))

    def above(x: float) -> float:
        """Chance that as many are accepted where each is with a chance of x; TAIL at the lower bound."""
        return float(binom.sf(accepted - 1, n, min(max(x, 0.0), 1.0)))

    method = (
        f"Clopper-Pearson over {number(n, 'stranger')} of {classes}: new samples of these, the threshold "
        "as given"
    )
    given = "the threshold"
    return Interval(low, high, method, "query", above=above, conditional_on=given)


def _two_samples(value: float, without: Without) -> Interval:
    assert without.strange is not None
    enrolled, strange = without.enrolled, without.strange
    every = np.concatenate([enrolled, strange])
    if not np.isfinite(every).all():
        return no_interval("without one of the classes the number does not exist")
    if max(every.max(), value) >= 1 or min(every.min(), value) <= 0:
        bound = share_interval(value, np.append(every, value), len(strange))
        return replace(bound, method=bound.method.replace(" classes", " classes of strangers"))
    counts = f"{len(enrolled):,} enrolled classes and {len(strange):,} of strangers"
    method = f"class jackknife on the logit scale, over {counts}"
    samples = [(strange, len(strange)), (enrolled, len(enrolled))]
    return _logit_t(value, samples, without.twice, method)


def _logit_t(value: float, samples: list[tuple[Reals, int]], twice: float, method: str) -> Interval:
    """samples: delete-one values with their units; the last is the one that counts ``twice``."""
    parts = [_variance(logit(values)) for values, _ in samples]
    shared = twice / (value * (1 - value)) ** 2
    # Of one sample alone not more than half can have been counted twice.
    parts[-1] = max(parts[-1] - shared, 0.0 if len(parts) > 1 else parts[-1] / 2)
    total = sum(parts)
    if total == 0:
        return no_interval("no class changes the number")
    centre, error = float(logit(value)), float(np.sqrt(total))
    freedom = total**2 / sum(v**2 / (k - 1) for v, (_, k) in zip(parts, samples, strict=True))
    reach = float(t.ppf(1 - TAIL, freedom)) * error

    def above(x: float) -> float:
        return float(t.sf((centre - logit(min(max(x, 0.0), 1.0))) / error, freedom))

    low, high = (float(1 / (1 + np.exp(-(centre + side * reach)))) for side in (-1, 1))
    return Interval(low, high, method, above=above)


def _variance(without: Reals) -> float:
    k = len(without)
    return float((k - 1) / k * ((without - without.mean()) ** 2).sum())
