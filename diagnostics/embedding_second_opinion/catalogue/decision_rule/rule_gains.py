"""How much does each other rule gain over the nearest row, on the same queries?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import beta

from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.stats.gains import over_queries
from embedding_second_opinion.stats.intervals import (
    FEWEST_CLASSES,
    LEVEL,
    TAIL,
    Interval,
    difference_interval,
    few_classes,
    largest,
    no_interval,
    share_interval,
    wilson_interval,
)
from embedding_second_opinion.stats.jackknife import closed_set_pairs

from .rules import Rule, Rules

# The estimate of each rule's accuracy; its gain is called ``knn_gain`` and so on.
KEYS = {"nearest row": "closed_set", "votes": "knn", "centroid": "centroid", "probe": "probe"}
FIXED = "; the fit is not made anew without each class"


@dataclass(frozen=True)
class Gains:
    """Accuracies, gains in accuracy points, and the largest gain: the harm.

    best: the rule that surely gains most. over_distances: what the probe has more than the best rule by
    distance, None without a probe. queries: looked up.
    """

    estimates: Mapping[str, Estimate]
    harm: Estimate
    interval: Interval
    best: Rule
    over_distances: Estimate | None
    queries: int

    def gain(self, rule: Rule) -> Estimate:
        """Accuracy points that a rule has more than the nearest row."""
        return self.estimates[f"{KEYS[rule.name]}_gain"]

    def accuracy(self, rule: Rule) -> Estimate:
        """Share of queries that a rule answers rightly."""
        return self.estimates[f"{KEYS[rule.name]}_accuracy"]


def gains(space: Geometry, found: Rules, tolerance: float = 0.0) -> Gains:
    """All accuracies and paired gains with their intervals, whose unit is the class.

    tolerance: a gain above it, in accuracy points, is one that matters for which rule is named.
    """
    counts = np.bincount(found.codes, minlength=found.classes)
    units, n = int(np.count_nonzero(counts)), len(found.codes)
    alone = space.evaluation.leave_one_out
    where = f"{number(n, 'query')} of {number(units, 'class')} among {found.classes:,} enrolled"
    estimates = {}
    for rule in (found.nearest, *found.others):
        twice = closed_set_pairs(space.ranks) if rule is found.nearest else 0.0
        interval = _noted(_share(rule, units, alone, twice), rule)
        about = f"{where}{_how(rule, alone)}"
        estimates[f"{KEYS[rule.name]}_accuracy"] = interval.estimate(rule.accuracy, about)
    worst = estimates["closed_set_accuracy"].low
    parts = {}
    for rule in found.others:
        value = rule.accuracy - found.nearest.accuracy
        interval = _paired(rule, found.nearest, found, units, alone)
        if interval.high is not None and worst is not None:
            # No rule gains more than the nearest row loses.
            interval = replace(interval, high=max(min(interval.high, 1 - worst), value))
        parts[rule] = (value, _noted(interval, rule))
        estimates[f"{KEYS[rule.name]}_gain"] = parts[rule][1].estimate(
            value, where, "accuracy points"
        )
    value, interval = largest(list(parts.values()))
    over = _over_distances(found, units, alone)
    if over is not None:
        estimates["probe_over_distances"] = over[1].estimate(over[0], where, "accuracy points")
    estimates |= _control(found, alone) | _calibrations(found, where)
    return Gains(
        estimates=estimates,
        harm=interval.estimate(value, where, "accuracy points"),
        interval=interval,
        best=_best(parts, None if over is None else over[1].low, tolerance),
        over_distances=estimates.get("probe_over_distances"),
        queries=n,
    )


def _best(
    parts: Mapping[Rule, tuple[float, Interval]], over: float | None, tolerance: float
) -> Rule:
    """The rule that surely gains most; the probe, which is fitted, only where it surely adds something.

    over: lower bound of what the probe has more than the rules by distance.
    """

    def sure(rule: Rule) -> float:
        return max(parts[rule][1].low or 0.0, 0.0)

    # A simpler rule must matter as much as the harm does, or the verdict would not be about it.
    enough = tolerance if max(map(sure, parts)) > tolerance else 0.0
    simple = [rule for rule in parts if rule.name != "probe" and sure(rule) > enough]
    among = simple if simple and (over is None or over <= 0) else list(parts)
    return max(among, key=lambda rule: (sure(rule), parts[rule][0]))


def _share(rule: Rule, units: int, alone: bool, twice: float = 0.0) -> Interval:
    if units < FEWEST_CLASSES and not alone:
        return wilson_interval(int(rule.right.sum()), len(rule.right))
    return share_interval(rule.accuracy, rule.without, units, pairs=twice)


def _paired(one: Rule, other: Rule, found: Rules, units: int, alone: bool) -> Interval:
    """Of the difference of two rules on the same queries."""
    differ = one.right - other.right
    value, n = float(differ.mean()), len(differ)
    if units < FEWEST_CLASSES and alone:
        return few_classes(units)
    # Where next to no class tells the rules apart, how many may? As in ``share_interval``.
    few = units < FEWEST_CLASSES
    apart = int(differ.any()) if few else len(np.unique(found.codes[differ != 0]))
    many = n if few else units
    unit = "query" if few else "class"
    if apart <= 1 and not (few and apart):
        bound = float(beta.ppf(LEVEL, apart + 1, many - apart)) if many > apart else 1.0
        words = f"rule of three over {number(many, unit)}, {apart} of which tell the rules apart"
        return Interval(value - bound, value + bound, words, unit, unresolved=True)
    if not few:
        return difference_interval(value, one.without - other.without, units)
    return over_queries(differ) if np.ptp(differ) > 0 else _one_sided(value, n)


def _one_sided(value: float, n: int) -> Interval:
    """Where all n queries gain (or all lose) there is no spread: how many others may do the opposite?"""
    # The chance that all do the same, were the true difference so far to this side of the middle.
    reach = 2 * TAIL ** (1 / n) - 1
    words = f"rule of three over {number(n, 'query')}, on each of which one rule alone is right"

    def above(x: float) -> float:
        return float(np.clip((1 + x) / 2, 0, 1) ** n) if value > 0 else 1.0

    low, high = (reach, 1.0) if value > 0 else (-1.0, -reach)
    return Interval(low, high, words, "query", unresolved=True, above=above)


def _over_distances(found: Rules, units: int, alone: bool) -> tuple[float, Interval] | None:
    """What the probe has more than the best of the rules by distance."""
    if found.probe is None:
        return None
    rival = max((found.nearest, found.knn, found.centroid), key=lambda rule: rule.accuracy)
    interval = _paired(found.probe, rival, found, units, alone)
    words = f"{interval.method}; against the best rule by distance, {NAMES[rival.name]}{FIXED}"
    return found.probe.accuracy - rival.accuracy, replace(interval, method=words)


def _control(found: Rules, alone: bool) -> dict[str, Estimate]:
    if found.control is None:
        return {}
    units = len(np.unique(found.control_codes))
    interval = _noted(_share(found.control, units, alone), found.control)
    about = (
        f"the probe on labels dealt at random once, class sizes kept: "
        f"{number(len(found.control_codes), 'query')}, "
        f"{100 / found.classes:.2g} % by chance"
    )
    return {"probe_control": interval.estimate(found.control.accuracy, about)}


def _calibrations(found: Rules, where: str) -> dict[str, Estimate]:
    note = no_interval("without a class every probability is another")
    estimates = {}
    for rule in found.others:
        if rule.calibration is not None:
            key, about = KEYS[rule.name], f"{where}; {PROBABILITIES[rule.name]}"
            estimates[f"{key}_calibration_error"] = note.estimate(rule.calibration.error, about)
            estimates[f"{key}_brier"] = note.estimate(
                rule.calibration.brier, f"{about}; sum over classes, 0 to 2", "score"
            )
    return estimates


def _noted(interval: Interval, rule: Rule) -> Interval:
    """What the delete-one values of a rule leave out."""
    if interval.low is None or interval.unit != "class" or rule.name not in ("probe", "control"):
        return interval
    return replace(interval, method=f"{interval.method}{FIXED}")


NAMES = {
    "nearest row": "the nearest row",
    "votes": "the vote of five",
    "centroid": "the nearest class mean",
    "probe": "a linear probe",
}
PROBABILITIES = {
    "votes": "probabilities are shares of the votes",
    "centroid": "softmax of squared distances, its temperature fitted on the other half of the queries",
    "probe": "Gaussian classes of one covariance, every class equally likely",
}


def _how(rule: Rule, alone: bool) -> str:
    left_out = {"centroid": "of its class mean", "probe": "of means and covariance"}
    if alone and rule.name in left_out:
        return f", each left out {left_out[rule.name]}"
    return ""
