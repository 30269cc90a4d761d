"""How sure are we? Intervals whose unit is the class, and bounds where nothing went wrong.

Pairs and triplets that share an anchor or a class are not independent; classes are.
Sources: Efron & Tibshirani 1993, chapter 11 (jackknife); Hanley & Lippman-Hand, JAMA 1983 (rule
of three); Wilson, JASA 1927; Zou & Donner, Statistics in Medicine 2008 (differences); Carter,
Schnepel & Steigerwald, Review of Economics and Statistics 2017 (unequal classes); Bell &
McCaffrey, Survey Methodology 2002 (degrees of freedom); Efron & Stein, Annals of Statistics 1981
(pairs).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import logit
from scipy.stats import beta, binomtest, norm, t

from embedding_second_opinion.data.arrays import Reals
from embedding_second_opinion.findings.finding import LEVEL as LEVEL
from embedding_second_opinion.findings.finding import TAIL as TAIL
from embedding_second_opinion.findings.finding import Estimate

FEWEST_CLASSES = 10  # fewer say nothing about new classes

P = Callable[[float], float]


@dataclass(frozen=True)
class Interval:
    """Bounds at ``LEVEL``; None where none can be given. ``method`` says how, or why not.

    why_none: that reason alone. conditional_on: what is taken as fixed, as in ``Estimate``.
    unit: what was counted as independent. unresolved: at the ceiling or the floor, only a bound.
    above: p-value against "the truth is at most x"; it is TAIL where x is ``low``, so that a
    verdict read from the interval and one read from the p-value are the same.
    """

    low: float | None
    high: float | None
    method: str
    unit: str = "class"
    unresolved: bool = False
    above: P | None = None
    why_none: str = ""
    conditional_on: str = ""

    def taken_from(self, believed: float) -> Interval:
        """The interval of (believed - value), for a believed number that is fixed."""
        if self.low is None or self.high is None:
            return self
        method = f"of the closed-set accuracy: {self.method}"
        above = None
        if self.above is not None:
            p = self.above

            def above(x: float) -> float:
                return 1 - p(believed - x)

        return Interval(
            believed - self.high, believed - self.low, method, self.unit, self.unresolved, above
        )

    def estimate(self, value: float, about: str, quantity: str = "share") -> Estimate:
        """A number with this interval."""
        return Estimate(
            value=value,
            low=self.low,
            high=self.high,
            unit=self.unit,
            quantity=quantity,
            about=about,
            method=self.method,
            unresolved=self.unresolved,
            why_none=self.why_none,
            conditional_on=self.conditional_on,
        )


def no_interval(reason: str, unit: str = "class") -> Interval:
    """A number without an interval says why."""
    return Interval(None, None, f"no interval: {reason}", unit, why_none=reason)


def few_classes(units: int) -> Interval:
    """So few classes cannot speak for new ones."""
    return no_interval(
        f"{units} {_plural(units, 'class is', 'classes are')} too few to speak for new ones"
    )


def share_interval(
    value: float, without: Reals, units: int, weights: Reals | None = None, pairs: float = 0.0
) -> Interval:
    """For a share in [0, 1]: class jackknife on the logit scale with t quantiles.

    without: (K,) delete-one values. units: classes that hold anchors. weights: (K,) how much of the
    number each class takes part in; given, the t has the ``degrees`` of freedom of classes that
    count unequally, and ``units`` - 1 otherwise. pairs: sum over pairs of classes of the square of
    what the pair takes off the number. The jackknife meets such an error twice, at each of its two
    classes, so its variance is too large by this much (Efron & Stein); it is taken off, down to
    half of the variance, which is what is left where all errors are of pairs.

    Where everything is right (or wrong), or becomes so without one class, the jackknife is blind;
    then a bound over classes is given instead: if 0 (or 1) of K classes fail, how many may
    (Clopper-Pearson, one-sided at ``LEVEL``; for 0 the rule of three, 3 / K). The failing class may
    fail as a whole.
    """
    unable = _unable(without, units)
    if unable is not None:
        return unable
    ceiling, floor = without.max() >= 1 or value >= 1, without.min() <= 0 or value <= 0
    if ceiling or floor:
        failing = 0 if value in (0, 1) else 1
        bound = float(beta.ppf(LEVEL, failing + 1, units - failing))
        return Interval(
            0.0 if floor else max(0.0, value - bound),
            1.0 if ceiling else min(1.0, value + bound),
            f"rule of three over {units} classes, {failing} of which {_plural(failing, 'fails', 'fail')}",
            unresolved=True,
        )
    centre, error = float(logit(value)), _jackknife_error(logit(without))
    if error == 0:
        return no_interval("no class changes the number")
    doubled = pairs / (value * (1 - value)) ** 2  # the logit's slope, squared
    error = float(np.sqrt(max(error**2 / 2, error**2 - doubled)))
    free = units - 1.0 if weights is None else min(units - 1.0, degrees(logit(without), weights))
    reach = float(t.ppf(1 - TAIL, free)) * error

    def above(x: float) -> float:
        return float(t.sf((centre - logit(min(max(x, 0.0), 1.0))) / error, free))

    low, high = (float(1 / (1 + np.exp(-(centre + side * reach)))) for side in (-1, 1))
    method = f"class jackknife on the logit scale, {units} classes"
    if free < units - 1:
        method += f", {free:.1f} degrees of freedom"
    return Interval(low, high, method, above=above)


def effective_classes(weights: Reals) -> float:
    """How many classes of equal weight these are worth: (sum w)^2 / sum w^2 (Kish; Carter et al.)."""
    return float(weights.sum() ** 2 / (weights**2).sum())


def degrees(without: Reals, weights: Reals) -> float:
    """Degrees of freedom of a jackknife variance over classes that do not count alike, at least 1.

    The fewer of two. By design: ``effective_classes`` - 1. As seen: Satterthwaite's, from how much of
    the variance a few classes make, 3 (sum d^2)^2 / sum d^4 - 1, d being what each class changes.
    The 3 is the fourth moment of a normal, with which equal classes give K - 1 (Bell & McCaffrey);
    classes that change nothing do not enter.
    """
    squares = (without - without.mean()) ** 2
    squares /= squares.max()  # so that no fourth power underflows
    seen = 3 * float(squares.sum()) ** 2 / float((squares**2).sum())
    return max(1.0, min(effective_classes(weights), seen) - 1)


def difference_interval(
    value: float, without: Reals, units: int, pairs: float = 0.0, *, paired: bool = True
) -> Interval:
    """For a difference of two numbers on the same classes: paired class jackknife, t quantiles.

    paired: False for one number that is no share.
    pairs: as in ``share_interval``, of what the difference owes to each pair of classes.
    """
    unable = _unable(without, units)
    if unable is not None:
        return unable
    error = _jackknife_error(without)
    if error < 1e-12:
        return no_interval("no class changes the number")
    error = float(np.sqrt(max(error**2 / 2, error**2 - pairs)))
    reach = float(t.ppf(1 - TAIL, units - 1)) * error

    def above(x: float) -> float:
        return float(t.sf((value - x) / error, units - 1))

    method = f"{'paired ' if paired else ''}class jackknife, {units} classes"
    return Interval(value - reach, value + reach, method, above=above)


def wilson_interval(right: int, n: int) -> Interval:
    """For few classes with a gallery: these classes, new queries, independent given the gallery."""
    bounds = binomtest(right, n).proportion_ci(LEVEL, method="wilson")

    def above(x: float) -> float:
        if not 0 < x < 1:
            return float(x >= 1)
        return float(norm.sf((right / n - x) / np.sqrt(x * (1 - x) / n)))

    return Interval(
        float(bounds.low),
        float(bounds.high),
        f"Wilson over {n:,} {_plural(n, 'query', 'queries')}: these classes, new samples",
        unit="query",
        above=above,
    )


def mean_interval(values: Reals, centre: float) -> Interval:
    """t interval about ``centre`` from the spread over queries (few classes, a gallery)."""
    n = len(values)
    error = float(np.std(values, ddof=1) / np.sqrt(n)) if n > 1 else float("inf")
    if not np.isfinite(error):
        return no_interval("one query alone has no spread", "query")
    reach = float(t.ppf(1 - TAIL, n - 1)) * error
    method = f"t over {n:,} queries: these classes, new samples"
    return Interval(max(0.0, centre - reach), min(1.0, centre + reach), method, "query")


def combined_interval(first: float, one: Interval, second: float, two: Interval) -> Interval:
    """For (first - second) from the intervals of both (MOVER; too wide rather than too narrow
    where the two go up and down together). Used where no paired spread can be seen.
    """
    if two.low is None or two.high is None:
        return two
    if one.low is None or one.high is None:
        return one
    value = first - second
    low = value - float(np.hypot(first - one.low, two.high - second))
    high = value + float(np.hypot(one.high - first, second - two.low))

    def above(x: float) -> float:
        # The normal tail that has its TAIL point at the bound.
        return float(norm.sf(norm.isf(TAIL) * (value - x) / (value - low))) if value > low else 0.5

    return Interval(
        low,
        high,
        f"from both intervals (MOVER): {one.method}; {two.method}",
        two.unit,
        two.unresolved,
        above,
    )


def largest(parts: Sequence[tuple[float, Interval]]) -> tuple[float, Interval]:
    """The largest of several harms, and an interval for the largest of the true ones.

    Upper bound: the largest of all; the truth is above it only where that part's own interval
    misses. Lower bound and p-value: of m parts each is asked for TAIL / m, or the loudest of
    many would be loud by chance (Bonferroni). A part without an interval may be anything: the
    upper bound is then 1, all there is to lose, and the others' lower bounds stand.
    """
    value, first = max(parts, key=lambda part: part[0])
    bounded = [(v, i) for v, i in parts if i.low is not None and i.high is not None]
    unknown = next((i for _, i in parts if i.low is None), None)
    if not bounded or len(parts) == 1:
        return value, first if unknown is None else unknown
    lows = [_lower(interval, len(bounded)) for _, interval in bounded]
    loud = bounded[max(range(len(lows)), key=lambda k: (lows[k], bounded[k][0]))][1]
    methods = [first.method, loud.method, *([unknown.method] if unknown else [])]
    tested = [i.above for _, i in bounded if i.above is not None]

    def above(x: float) -> float:
        return min(1.0, len(bounded) * min(p(x) for p in tested))

    return value, Interval(
        max(lows),
        max([i.high for _, i in bounded if i.high is not None] + ([1.0] if unknown else [])),
        "; ".join(dict.fromkeys(methods)),
        first.unit,
        loud.unresolved,
        above if tested else None,
    )


def _lower(interval: Interval, parts: int) -> float:
    """Where the p-value against "at most this" is TAIL / parts; a bound is taken as it is."""
    low, high, above = interval.low, interval.high, interval.above
    assert low is not None
    assert high is not None
    if above is None or parts == 1 or above(low) < TAIL / parts:
        return low
    reach = max(high - low, 1e-9)
    start = low - reach
    while above(start) > TAIL / parts and start > -10:
        reach *= 2  # an interval of next to no width would never get there step by step
        start -= reach
    if above(start) > TAIL / parts:
        return start
    return float(brentq(lambda x: above(x) - TAIL / parts, start, low, xtol=1e-10))


def _unable(without: Reals, units: int) -> Interval | None:
    if units < FEWEST_CLASSES:
        return few_classes(units)
    if not np.isfinite(without).all():
        return no_interval("without one of the classes the number does not exist")
    return None


def _jackknife_error(without: Reals) -> float:
    k = len(without)
    return float(np.sqrt((k - 1) / k * ((without - without.mean()) ** 2).sum()))


def _plural(count: int, one: str, many: str) -> str:
    return one if count == 1 else many
