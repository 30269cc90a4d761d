"""Every number about hubs, each with its interval and the words for what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.stats.intervals import (
    FEWEST_CLASSES,
    Interval,
    difference_interval,
    few_classes,
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
    answered, in accuracy points. surrogate: None where none could be drawn. queries, units: anchors and
    their classes.
    """

    found: Occurrences
    correction: Correction
    surrogate: Expected | None
    hubs: NDArray[np.bool_]
    estimates: Mapping[str, Estimate]
    harm: Estimate
    interval: Interval
    queries: int
    units: int

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
    n, units = len(correction.codes), len(np.unique(correction.codes))
    about = f"the same {number(n, 'query')} of {number(units, 'class')}, 1-NN"
    value, interval = gain(correction, correction.at_hubs, alone)
    harm = interval.estimate(value, f"{about}, corrected where a hub is nearest", "accuracy points")
    estimates = {
        "hubness_skewness": _skewness(found).estimate(
            found.values.skewness, _where(space), "skewness"
        ),
        **_surrogate(surrogate),
        **_shares(space, found),
        "hub_rows": COUNTED.estimate(
            float(hubs.mean()),
            f"{np.count_nonzero(hubs):,} of {number(len(hubs), 'enrolled row')} are among the {K} nearest of "
            f"more than {correction.least:,.0f} queries",
        ),
        **_answers(correction, found, about),
        "closed_set_accuracy": _accuracy(correction.nearest, correction, alone).estimate(
            correction.nearest.accuracy, about
        ),
        "csls_accuracy": _noted(_accuracy(correction.csls, correction, alone)).estimate(
            correction.csls.accuracy, f"{about}, all corrected (CSLS)"
        ),
        "at_hubs_accuracy": _noted(_accuracy(correction.at_hubs, correction, alone)).estimate(
            correction.at_hubs.accuracy, f"{about}, corrected where a hub is nearest"
        ),
    }
    points, between = gain(correction, correction.csls, alone)
    estimates["csls_gain"] = between.estimate(
        points, f"{about}, all corrected (CSLS)", "accuracy points"
    )
    estimates["lost_to_hubs"] = harm
    return Hubness(found, correction, surrogate, hubs, estimates, harm, interval, n, units)


def _where(space: Geometry) -> str:
    return f"N_{K} of the enrolled rows: {space.evaluation.about()}"


def _skewness(found: Occurrences) -> Interval:
    units = len(np.unique(found.own))
    if units < FEWEST_CLASSES:
        return few_classes(units)
    interval = difference_interval(found.values.skewness, found.without[:, 0], units)
    return replace(interval, method=interval.method.removeprefix("paired "))


def _surrogate(surrogate: Expected | None) -> dict[str, Estimate]:
    if surrogate is None:
        return {}
    draws = surrogate.draws
    about = f"{DRAWS} draws of {number(surrogate.rows)} in Gaussian classes of the same shape"
    bounds = Interval(
        float(draws.min()), float(draws.max()), f"smallest and largest of {DRAWS} draws", "draw"
    )
    estimates = {"surrogate_skewness": bounds.estimate(float(draws.mean()), about, "skewness")}
    if not surrogate.whole:
        compared = COUNTED.estimate(
            surrogate.measured, f"the {number(surrogate.rows)} beside which they stand", "skewness"
        )
        estimates["compared_skewness"] = compared
    return estimates


def _shares(space: Geometry, found: Occurrences) -> dict[str, Estimate]:
    units, about = len(np.unique(found.own)), _where(space)
    values = (found.values.robin_hood, found.values.anti_hubs, found.mismatched)
    without = (found.without[:, 1], found.without[:, 2], found.mismatched_without)
    whats = (
        "share of the places that would have to change hands to make it even",
        "rows that are nobody's neighbour",
        f"share of the {K} nearest that are of another class",
    )
    return {
        name: share_interval(value, each, units).estimate(value, f"{what}; {about}")
        for name, value, each, what in zip(
            ("robin_hood", "anti_hubs", "mismatched_neighbors"), values, without, whats, strict=True
        )
    }


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
    return share_interval(answers.accuracy, without, units, pairs=twice)


def _noted(interval: Interval) -> Interval:
    """What the delete-one values of a correction leave out."""
    if interval.low is None or interval.unit != "class":
        return interval
    return replace(interval, method=f"{interval.method}; {FIXED}")
