"""What does each metric answer, what does it gain, and what does a choice among them gain?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Keys, Reals
from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.rank_results import Ranks
from embedding_second_opinion.geometry.passes.row_keys import class_keys, row_keys
from embedding_second_opinion.stats import jackknife, surface
from embedding_second_opinion.stats.intervals import (
    FEWEST_CLASSES,
    Interval,
    difference_interval,
    no_interval,
    share_interval,
    wilson_interval,
)

from .chosen import chosen, gain_interval
from .options import Option, Spaces
from .other_metric import Paired, paired, tied_queries
from .ratio import SILENT, Ratio

NEARLY = 0.005  # a quarter of what a user would notice
EXACT = Interval(0.0, 0.0, "the same order of all rows: all vectors are equally long")


@dataclass(frozen=True, eq=False)
class MetricChoice:
    """What ``measure_metrics`` found.

    compared: metrics looked up anew, the simplest first; same: of the same order by construction;
    left_out: the others, with the reason. best: the simplest that gains as much as any over all classes, or
    nearly; None where none was compared. doubtful: metrics that widen silent directions and do not surely
    spread the classes better, see ``ratio``. times: how often each was chosen, of twice ``DEALS``.
    tied: queries that tie under the metric in use. before, after: (K,) queries of each class that are
    right, in use and under the best; asked: all.
    """

    in_use: Option
    compared: tuple[Option, ...]
    same: tuple[Option, ...]
    left_out: Mapping[str, str]
    estimates: Mapping[str, Estimate]
    harm: Estimate
    interval: Interval
    best: Option | None
    doubtful: tuple[Option, ...]
    times: Mapping[str, int]
    tied: int
    queries: int
    asked: Ints
    before: Ints
    after: Ints

    def gain(self, option: Option) -> Estimate:
        """Accuracy points that a metric has more than the one in use."""
        return self.estimates[f"{option.key}_gain"]

    def triplet_gain(self, option: Option) -> Estimate:
        """The same of triplet accuracy, queries against the gallery."""
        return self.estimates[f"{option.key}_triplet_gain"]

    def accuracy(self, option: Option) -> Estimate:
        """1-NN accuracy under a metric."""
        return self.estimates[f"{option.key}_accuracy"]


def measure_metrics(space: Geometry) -> MetricChoice:
    """One more pass for each metric. Needs vectors and at least one anchor."""
    spaces, alone = Spaces(space), space.evaluation.leave_one_out
    in_use = spaces.under_use()
    used, plain = in_use.ranks, Ratio.of(in_use)
    class_of = _class_of(space, used)
    units = len(np.unique(used.codes[used.anchors]))
    about = _about(space, used, units)
    estimates = {
        f"{spaces.in_use.key}_accuracy": _closed_set(used, units, alone, about),
        f"{spaces.in_use.key}_triplet_accuracy": _triplets(used, units, about),
    }
    worst = estimates[f"{spaces.in_use.key}_accuracy"].low
    parts: dict[str, Paired] = {}
    doubtful: list[Option] = []
    rights: dict[str, Ints] = {}
    compared, same, left_out = [], [], {}
    for option in spaces.others:
        if spaces.same_order(option):
            same.append(option)
            estimates[f"{option.key}_gain"] = EXACT.estimate(0.0, about, "accuracy points")
            continue
        made = spaces.under(option)
        if isinstance(made, str):
            left_out[option.name] = made
            continue
        other = made.space.ranks
        compared.append(option)
        if made.widens > SILENT and not Ratio.of(made.space).surely_above(plain):
            doubtful.append(option)
        parts[option.key] = part = paired(used, other, class_of)
        rights[option.key] = _by_class(other)
        estimates[f"{option.key}_accuracy"] = _closed_set(other, units, alone, about)
        one = gain_interval(part.values, [(part, np.ones(len(part.values)))], alone)
        one = _capped(one, part.value, worst)
        estimates[f"{option.key}_gain"] = one.estimate(part.value, about, "accuracy points")
        estimates[f"{option.key}_triplet_gain"] = _triplet_gain(used, other, units, about)
    estimates["widest_columns_share"] = _widest(spaces.column_shares)
    value, best = 0.0, None
    interval = EXACT if same else no_interval("no other metric could be compared")
    times: Mapping[str, int] = {}
    if parts:
        keys, deals = _class_keys(space, used), "metric choice: halves of the classes"
        found = chosen(parts, keys, space.rng(deals), alone)
        value, times = found.value, found.times
        interval = _capped(found.interval, value, worst)
        best = _simplest({option: parts[option.key].value for option in compared})
        sure = {o.key: parts[o.key] for o in compared if o not in doubtful}
        if doubtful:
            fewer = chosen(sure, keys, space.rng(deals), alone).interval if sure else None
            interval = _in_doubt(interval, fewer)
    return MetricChoice(
        in_use=spaces.in_use,
        compared=tuple(compared),
        same=tuple(same),
        left_out=left_out,
        estimates=estimates,
        harm=interval.estimate(value, about, "accuracy points"),
        interval=interval,
        best=best,
        doubtful=tuple(doubtful),
        times=times,
        tied=tied_queries(used),
        queries=len(used.anchors),
        asked=surface.anchor_counts(used),
        before=_by_class(used),
        after=_by_class(used) if best is None else rights[best.key],
    )


def _simplest(gains: Mapping[Option, float]) -> Option:
    """The first listed of those that gain as much as any, or nearly; the best where none gains."""
    most = max(gains.values())
    enough = most - NEARLY if most > NEARLY else most
    return next(option for option, gain in gains.items() if gain >= enough)


def _widest(shares: Reals) -> Estimate:
    most = max(1, round(len(shares) / 10))
    about = (
        f"of the squared distance between two rows of the gallery, what the widest {most:,} of "
        f"{len(shares):,} columns make; {100 * most / len(shares):.0f} % if all were alike"
    )
    note = no_interval("a description of these vectors")
    return note.estimate(float(shares[:most].sum()), about)


def _in_doubt(every: Interval, sure: Interval | None) -> Interval:
    """Upper bound of all metrics; lower bound and p-value of those that widen nothing silent."""
    if every.low is None:
        return every
    method = f"{every.method}; the lower bound without metrics that may gain by undoing a collapse"
    if sure is None or sure.low is None:
        return replace(every, low=min(every.low, 0.0), method=method, above=None)
    if every.low <= sure.low:
        return every
    return replace(every, low=sure.low, method=method, above=sure.above)


def _closed_set(ranks: Ranks, units: int, alone: bool, about: str) -> Estimate:
    value = surface.closed_set_accuracy(ranks)
    if units < FEWEST_CLASSES and not alone:
        interval = wilson_interval(int(ranks.right.sum()), len(ranks.anchors))
    else:
        without, pairs = jackknife.closed_set_without(ranks), jackknife.closed_set_pairs(ranks)
        interval = share_interval(value, without, units, pairs=pairs)
    return interval.estimate(value, about)


def _triplets(ranks: Ranks, units: int, about: str) -> Estimate:
    value, weights = surface.triplet_accuracy(ranks), jackknife.triplet_weights(ranks)
    interval = share_interval(value, jackknife.triplet_without(ranks), units, weights)
    return interval.estimate(value, about)


def _triplet_gain(used: Ranks, other: Ranks, units: int, about: str) -> Estimate:
    value = surface.triplet_accuracy(other) - surface.triplet_accuracy(used)
    without = jackknife.triplet_without(other) - jackknife.triplet_without(used)
    return difference_interval(value, without, units).estimate(value, about, "accuracy points")


def _capped(interval: Interval, value: float, worst: float | None) -> Interval:
    """No metric gains more than the one in use loses. worst: lower bound of its accuracy."""
    if interval.high is None or worst is None:
        return interval
    return replace(interval, high=max(min(interval.high, 1 - worst), value))


def _class_of(space: Geometry, used: Ranks) -> Ints:
    """(n,) class of every row in the gallery's numbers; any number for a class not enrolled."""
    codes = space.evaluation.codes
    return np.minimum(np.searchsorted(used.class_ids, codes), used.classes - 1).astype(np.int64)


def _class_keys(space: Geometry, used: Ranks) -> Keys:
    """(K,) keys of the classes, from the rows enrolled."""
    keys = row_keys(space.enrolled_points, space.rng("metric choice: keys of classes"))
    rows = _class_of(space, used)[space.evaluation.enrolled]
    return class_keys(keys, rows, used.classes)


def _by_class(ranks: Ranks) -> Ints:
    a = ranks.anchors
    right = np.bincount(ranks.codes[a], weights=ranks.right[a], minlength=ranks.classes)
    return np.asarray(right, dtype=np.int64)


def _about(space: Geometry, ranks: Ranks, units: int) -> str:
    evaluation = space.evaluation
    n, whole = len(ranks.anchors), len(space.ranks.anchors)
    drawn = "" if n == whole else f", drawn from {whole:,}"
    rows = int(ranks.gallery_sizes.sum())
    against = f"against {rows:,} {evaluation.gallery_name} rows"
    if evaluation.leave_one_out:
        against = f"each against the other {rows - 1:,} rows"
    return f"{number(n, 'query')} of {number(units, 'class')}{drawn}, {against}"
