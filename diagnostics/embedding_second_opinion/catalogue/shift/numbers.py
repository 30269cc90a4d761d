"""Are gallery and queries drawn alike, what do the classes' shifts share, and what does it cost?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from embedding_second_opinion.data.arrays import Reals
from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.stats.intervals import (
    Interval,
    difference_interval,
    largest,
    no_interval,
    share_interval,
)

from .foreign import Foreign, foreign
from .two_sample import PERMUTATIONS, TwoSample, two_sample
from .two_sides import Sides, sides, squared_common
from .undone import Outcome, direction_left_out, gain, moved_back

LEVEL_OF_TEST = 0.025  # one-sided, as the bounds of the intervals are

Harm = tuple[float, Interval]


@dataclass(frozen=True, eq=False)
class Shift:
    """What ``measure_shift`` found. by_undoing: name, gain and outcome of each counterfactual.

    judged: the counterfactuals that the harm is over. Where the two sides cannot be told apart, the
    direction between them is noise, and noise lies along the widest dimensions: leaving one out
    may gain much, and not for any shift.
    """

    sides: Sides
    test: TwoSample
    foreign: Foreign
    before: Outcome
    by_undoing: Mapping[str, tuple[Harm, Outcome]]
    judged: tuple[str, ...]
    estimates: Mapping[str, Estimate]
    harm: Estimate
    harm_interval: Interval

    @property
    def told_apart(self) -> bool:
        """Whether the permutation test, over rows, and the AUC's interval, over classes, both say that
        gallery and queries are not drawn alike."""
        return _told_apart(self.test, self.estimates["shift_auc"])

    @property
    def best(self) -> str:
        """The judged counterfactual that gains most."""
        return max(self.judged, key=lambda name: self.by_undoing[name][0][0])


def measure_shift(space: Geometry) -> Shift | None:
    """None where fewer than two classes are looked up."""
    if len(np.unique(space.codes)) < 2 or not len(space.ranks.anchors):
        return None
    found = sides(space)
    test = two_sample(found, space.rng("shift: permutations"))
    before = Outcome.of(space.ranks)
    outcomes = {"moved_back": moved_back(space, found)}
    flat = direction_left_out(space, found)
    if flat is not None:
        outcomes["direction_left_out"] = flat
    gains = {name: gain(before, outcome) for name, outcome in outcomes.items()}
    about = _about(space)
    parts = foreign(space, found, test)
    estimates = _of_test(found, test) | _of_means(found, test)
    estimates["closed_set_accuracy"] = before.interval.estimate(before.value, about)
    for name, outcome in outcomes.items():
        estimates[f"accuracy_{name}"] = outcome.interval.estimate(outcome.value, about)
        value, interval = gains[name]
        estimates[f"gain_{name}"] = interval.estimate(value, about, "accuracy points")
    for name, part in (("most_foreign", parts.most), ("other", parts.rest)):
        if part is not None:
            words = f"{int(part.asked.sum()):,} of {about}"
            estimates[f"accuracy_{name}_queries"] = part.interval.estimate(part.value, words)
    told = _told_apart(test, estimates["shift_auc"])
    judged = tuple(name for name in gains if told or name == "moved_back")
    value, interval = largest([gains[name] for name in judged])
    return Shift(
        sides=found,
        test=test,
        foreign=parts,
        before=before,
        by_undoing={name: (gains[name], outcomes[name]) for name in outcomes},
        judged=judged,
        estimates=estimates,
        harm=interval.estimate(value, about, "accuracy points"),
        harm_interval=interval,
    )


def _told_apart(test: TwoSample, auc: Estimate) -> bool:
    """With few classes the AUC has no interval, and the permutations decide alone."""
    return test.p_value < LEVEL_OF_TEST and (auc.low is None or auc.low > 0.5)


def _of_test(found: Sides, test: TwoSample) -> dict[str, Estimate]:
    k = len(test.by_class)
    about = (
        f"pairs of a query and a gallery row of one class, {test.rows:,} of {len(found.rows):,} rows of "
        f"{number(k, 'class')}"
    )
    without = (test.by_class.sum() - test.by_class) / max(k - 1, 1)
    interval = share_interval(test.auc, without, k)
    interval = replace(interval, method=f"{interval.method}; the classifiers as fitted")
    null = no_interval(f"from {PERMUTATIONS} permutations of the flags within each class")
    return {
        "shift_auc": interval.estimate(test.auc, about),
        "shift_auc_by_chance": null.estimate(float(np.quantile(test.null, 0.975)), about),
        "shift_p_value": null.estimate(test.p_value, about, "probability"),
    }


def _of_means(found: Sides, test: TwoSample) -> dict[str, Estimate]:
    """How long the common shift is, and how much of all shift the classes have in common."""
    spread = float(np.nanmean(found.spread)) if np.isfinite(found.spread).any() else 0.0
    if not spread > 0:
        return {}
    about = (
        f"means of the queries less means of the gallery rows, {number(found.classes, 'class')}; 1 is the "
        "typical distance of a row to its class mean"
    )
    squared, without = squared_common(found.shifts)
    value = float(np.sqrt(max(squared, 0.0) / spread))
    if squared > 0 and (without > 0).all() and test.p_value < LEVEL_OF_TEST:
        interval = difference_interval(value, np.sqrt(without / spread), found.classes)
    else:
        interval = no_interval("not told from zero, where a length has no interval to both sides")
    estimates = {"common_shift": interval.estimate(value, about, "ratio")}
    share = _share_in_common(found, squared, without)
    if share is not None and test.p_value < LEVEL_OF_TEST:
        interval = difference_interval(*share, found.classes)
        if interval.low is not None and interval.high is not None:
            low, high = np.clip([interval.low, interval.high], 0, 1).tolist()
            interval = replace(interval, low=low, high=high)
        estimates["shift_in_common"] = interval.estimate(float(np.clip(share[0], 0, 1)), about)
    return estimates


def _share_in_common(found: Sides, squared: float, without: Reals) -> tuple[float, Reals] | None:
    """Of the mean squared shift of a class, less its noise, the part that is common."""
    noise = (np.nan_to_num(found.spread)[:, None] / found.counts).sum(axis=0)
    own = (found.shifts**2).sum(axis=1) - noise
    total, k = float(own.sum()), found.classes
    rest = (total - own) / max(k - 1, 1)
    if not total > 0 or not (rest > 0).all():
        return None
    return squared / (total / k), without / rest


def _about(space: Geometry) -> str:
    ranks, evaluation = space.ranks, space.evaluation
    units = int(np.count_nonzero(np.bincount(ranks.codes[ranks.anchors])))
    return (
        f"{number(len(ranks.anchors), f'{evaluation.query_name} query')} of {number(units, 'class')} against "
        f"{number(int(ranks.gallery_sizes.sum()), f'{evaluation.gallery_name} row')}"
    )
