"""Every number about hubs, each with its interval and the words for what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from embedding_second_opinion.data.arrays import Bools, Reals
from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.stats.intervals import (
    FEWEST_CLASSES,
    Interval,
    difference_interval,
    no_interval,
    share_interval,
    wilson_interval,
)

from .correction import FIXED, Answers, Correction, correct, gain, pairs, without_each
from .occurrences import K, Occurrences, occurrences
from .surrogate import DRAWS, Expected, expected

TOP = 0.01  # of the enrolled rows: those that occur most often
COUNTED = no_interval("a count of these rows", "row")


@dataclass(frozen=True, eq=False)
class Hubness:
    """hubs: (g,) whether each enrolled row is a hub. harm: what the correction gives back where a hub had
    answered, in accuracy points. surrogate: None where none could be drawn.
    """

    found: Occurrences
    correction: Correction
    surrogate: Expected | None
    hubs: Bools
    estimates: Mapping[str, Estimate]
    harm: Estimate
    interval: Interval

    @property
    def odd(self) -> bool:
        """Whether there are more hubs than the shape of the cloud makes."""
        return self.surrogate is not None and self.surrogate.beyond


def measure_hubness(space: Geometry) -> Hubness:
    """Occurrences, surrogates and correction. Needs vectors, anchors and queries of two classes."""
    found = occurrences(space)
    correction, surrogate = correct(space, found), expected(space)
    hubs = found.counts > correction.least
    alone = space.evaluation.leave_one_out
    about = (
        f"the same {number(len(correction.codes), 'query')} of "
        f"{number(len(np.unique(correction.codes)), 'class')}, 1-NN"
    )
    at_hubs, everywhere = (
        f"{about}, corrected where a hub is nearest",
        f"{about}, all corrected (CSLS)",
    )
    value, interval = gain(correction, correction.at_hubs, alone)
    harm = interval.estimate(value, at_hubs, "accuracy points")
    estimates = {
        **_occurrences(space, found, surrogate),
        "hub_rows": COUNTED.estimate(
            float(hubs.mean()),
            f"{np.count_nonzero(hubs):,} of {number(len(hubs), 'enrolled row')} are among the {K} nearest of "
            f"more than {correction.least:,.0f} queries",
        ),
        **_answers(correction, found, about),
    }
    for name, answers, text in (
        ("closed_set", correction.nearest, about),
        ("csls", correction.csls, everywhere),
        ("at_hubs", correction.at_hubs, at_hubs),
    ):
        spread = _accuracy(answers, correction, alone)
        estimates[f"{name}_accuracy"] = spread.estimate(answers.accuracy, text)
    points, between = gain(correction, correction.csls, alone)
    estimates["csls_gain"] = between.estimate(points, everywhere, "accuracy points")
    estimates["lost_to_hubs"] = harm
    return Hubness(found, correction, surrogate, hubs, estimates, harm, interval)


def _occurrences(
    space: Geometry, found: Occurrences, surrogate: Expected | None
) -> dict[str, Estimate]:
    """How unevenly the enrolled rows occur, here and in surrogates."""
    units = len(np.unique(found.own))
    about = f"N_{K} of the enrolled rows: {space.evaluation.about()}"
    skewness = found.values.skewness
    interval = difference_interval(skewness, found.without[:, 0], units, paired=False)
    estimates = {
        "hubness_skewness": interval.estimate(skewness, about, "skewness"),
        **_surrogate(surrogate),
    }

    def told(name: str, value: float, without: Reals, what: str) -> None:
        share = share_interval(value, without, units)
        estimates[name] = share.estimate(value, f"share of {what}; {about}")

    uneven = "places that would have to change hands to make it even"
    told("robin_hood", found.values.robin_hood, found.without[:, 1], uneven)
    nobody = "rows that are nobody's neighbour"
    told("anti_hubs", found.values.anti_hubs, found.without[:, 2], nobody)
    foreign = f"the {K} nearest that are of another class"
    told("mismatched_neighbors", found.mismatched, found.mismatched_without, foreign)
    return estimates


def _surrogate(surrogate: Expected | None) -> dict[str, Estimate]:
    if surrogate is None:
        return {}
    draws = surrogate.draws
    about = f"{DRAWS} draws of {number(surrogate.rows)} in Gaussian classes of the same shape"
    method = f"smallest and largest of {DRAWS} draws"
    bounds = Interval(float(draws.min()), float(draws.max()), method, "draw")
    estimates = {"surrogate_skewness": bounds.estimate(float(draws.mean()), about, "skewness")}
    if not surrogate.whole:
        about = f"the {number(surrogate.rows)} beside which they stand"
        compared = COUNTED.estimate(surrogate.measured, about, "skewness")
        estimates["compared_skewness"] = compared
    return estimates


def _answers(correction: Correction, found: Occurrences, about: str) -> dict[str, Estimate]:
    """Who answers: the hubs, and the hundredth of the rows that occurs most, rightly and wrongly."""
    many = max(1, round(TOP * len(found.counts)))
    # Rows that occur as often as the last of them are left out, whatever their order.
    order = np.sort(found.counts)[::-1]
    top = found.counts > (order[many] if many < len(order) else -1)
    by_top, right = top[correction.answered], correction.nearest.right > 0
    share = f"the {number(np.count_nonzero(top))} that occur most, {100 * top.mean():.2g} % of all"
    estimates = {"answered_by_hubs": COUNTED.estimate(float(correction.hub.mean()), about)}
    for name, which in (("wrong", ~right), ("right", right)):
        if which.any():
            estimates[f"{name}_answers_by_top"] = COUNTED.estimate(
                float(by_top[which].mean()), f"{name} answers that come from {share}"
            )
    return estimates


def _accuracy(answers: Answers, correction: Correction, alone: bool) -> Interval:
    units = len(np.unique(correction.codes))
    if units < FEWEST_CLASSES and not alone:
        return wilson_interval(int(answers.right.sum()), len(answers.right))
    without = without_each(answers, correction.codes, correction.classes)
    twice = pairs(answers, correction.codes, correction.classes)
    interval = share_interval(answers.accuracy, without, units, pairs=twice)
    if answers is correction.nearest or interval.low is None or interval.unit != "class":
        return interval
    return replace(interval, method=f"{interval.method}; {FIXED}")
