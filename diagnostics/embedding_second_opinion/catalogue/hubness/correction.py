"""What does a correction for hubs give back, and how much of it where a hub had answered?

The correction is CSLS (Lample et al., ICLR 2018) with k = 10 as published, on squared distances, which is
theirs on unit vectors. A hub is among the 10 nearest of more than twice as many queries as the average row
(Feldbauer & Flexer, KAIS 2019), and of more than 10; the query that looks it up is not counted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import beta

from embedding_second_opinion.data.arrays import Bools, Ints, Reals
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.metric import Metric
from embedding_second_opinion.geometry.passes import rank_results
from embedding_second_opinion.geometry.passes.placed import place
from embedding_second_opinion.geometry.passes.source import VectorSource
from embedding_second_opinion.stats.gains import over_queries
from embedding_second_opinion.stats.intervals import (
    FEWEST_CLASSES,
    LEVEL,
    Interval,
    difference_interval,
    few_classes,
)

from .kernel_csls import Corrected, corrected
from .occurrences import K, Occurrences

CROWD = 2.0  # times the average occurrence, from where a row is a hub
FIXED = "hubs and local distances as found with all classes"


@dataclass(frozen=True, eq=False)
class Answers:
    """One way to answer the anchors, (a,): 1 where right; the class that alone beats it, or -1."""

    right: Reals
    sole: Ints

    @property
    def accuracy(self) -> float:
        """Share of the anchors that are answered rightly."""
        return float(self.right.mean())


@dataclass(frozen=True, eq=False)
class Correction:
    """codes: (a,) class of each anchor, of ``classes`` enrolled. nearest, csls: both ways to answer.

    at_hubs: CSLS where the nearest row is a hub, and the nearest row elsewhere. answered: (a,) place of the
    nearest enrolled row. hub: (a,) whether it is one. corrected: (a,) row number that CSLS answers.
    least: occurrence above which a row is a hub.
    """

    codes: Ints
    classes: int
    nearest: Answers
    csls: Answers
    at_hubs: Answers
    answered: Ints
    hub: Bools
    corrected: Ints
    least: float


def correct(space: Geometry, found: Occurrences) -> Correction:
    """Answer all anchors anew. Needs vectors, anchors and queries of two classes."""
    ranks, evaluation = space.ranks, space.evaluation
    a = ranks.anchors
    nearest = Answers(ranks.right[a], ranks.sole[a])
    new = _csls(space)
    csls = Answers(new.right[a], new.sole[a])
    # A tie is an error, so that where the answer is wrong the row of the other class gave it.
    rows = np.where(nearest.right > 0, ranks.nearest_positive[a], ranks.nearest_negative[a])
    answered = np.searchsorted(evaluation.enrolled, rows)
    least = max(CROWD * len(evaluation.queries) * K / len(found.counts), float(K))
    own_vote = (found.near[a] == answered[:, None]).any(axis=1)
    # Which of two rows at one distance is answered is the tie's doing, not a hub's.
    tied = (ranks.z[a] > 0) & (ranks.z_lenient[a] == 0)
    hub = (found.counts[answered] - own_vote > least) & ~tied
    right = np.where(hub, csls.right, nearest.right)
    at_hubs = Answers(right, np.where(hub, csls.sole, nearest.sole))
    return Correction(
        codes=ranks.codes[a],
        classes=ranks.classes,
        nearest=nearest,
        csls=csls,
        at_hubs=at_hubs,
        answered=answered,
        hub=hub,
        corrected=new.answer[a],
        least=least,
    )


def _csls(space: Geometry) -> Corrected:
    evaluation = space.evaluation
    queries, enrolled = evaluation.queries, evaluation.enrolled
    placed = place(evaluation.codes, len(evaluation.classes), queries, enrolled, 0)
    plan, order = placed.plan, placed.order
    by_class = np.searchsorted(enrolled, plan.rows)
    source = VectorSource.of(
        space.points[order],
        space.enrolled_points[by_class],
        precise=rank_results.needs_precision(plan),
        cosine=space.metric == "cosine",
    )
    return corrected(plan, source, order, crowding(space)[by_class] / 2)


def crowding(space: Geometry) -> Reals:
    """(g,) mean squared distance of every enrolled row to its 10 nearest queries, or to all if fewer."""
    evaluation = space.evaluation
    if evaluation.leave_one_out:
        distances = space.neighbors(K).distances
    else:
        swapped = replace(
            evaluation,
            queries=evaluation.enrolled,
            gallery=evaluation.queries,
            strangers=np.zeros(0, dtype=np.int64),
            query_name=evaluation.gallery_name,
            gallery_name=evaluation.query_name,
        )
        metric: Metric = "cosine" if space.metric == "cosine" else "euclidean"
        turned = Geometry(swapped, metric=metric, seed=space.seed, listed=K)
        distances = turned.neighbors(K).distances
    squares = 2 * distances if space.metric == "cosine" else distances**2
    return np.asarray(np.nanmean(squares, axis=1))


def without_each(answers: Answers, codes: Ints, classes: int) -> Reals:
    """(K,) share that is right without each class, as queries and as candidates; NaN where none is left."""
    won = np.bincount(codes, weights=answers.right, minlength=classes)
    saved = np.bincount(answers.sole[answers.sole >= 0], minlength=classes)
    left = len(codes) - np.bincount(codes, minlength=classes)
    return np.asarray((won.sum() - won + saved) / np.where(left > 0, left, np.nan))


def pairs(answers: Answers, codes: Ints, classes: int) -> float:
    """For ``resample.share_interval``: sum over pairs of classes of (share of queries they lose)^2."""
    lost = answers.sole >= 0
    own, other = codes[lost], answers.sole[lost]
    pair = np.minimum(own, other) * classes + np.maximum(own, other)
    errors = np.bincount(np.unique(pair, return_inverse=True)[1])
    return float((errors**2).sum()) / len(codes) ** 2


def gain(found: Correction, new: Answers, alone: bool) -> tuple[float, Interval]:
    """Accuracy points that ``new`` has more than the nearest row, on the same queries.

    alone: whether the queries are the gallery.
    """
    differ = new.right - found.nearest.right
    value = float(differ.mean())
    units = len(np.unique(found.codes))
    if units < FEWEST_CLASSES and alone:
        return value, few_classes(units)
    if units < FEWEST_CLASSES:
        varies = len(differ) > 1 and np.ptp(differ) > 0
        return value, over_queries(differ) if varies else _next_to_none(value, differ)
    without = [without_each(each, found.codes, found.classes) for each in (new, found.nearest)]
    interval = difference_interval(value, without[0] - without[1], units)
    if interval.low is None or len(np.unique(found.codes[differ != 0])) < 2:
        return value, _next_to_none(value, differ, interval)
    return value, _possible(replace(interval, method=f"{interval.method}; {FIXED}"))


def _next_to_none(value: float, differ: Reals, interval: Interval | None = None) -> Interval:
    """Where next to nothing changes no spread can be seen: how many more queries may there be?

    interval: the jackknife over classes, where there is one; what is given is never narrower above.
    """
    n, seen = len(differ), int(np.count_nonzero(differ))
    bound = float(beta.ppf(LEVEL, seen + 1, n - seen)) if n > seen else 1.0
    if interval is not None and interval.high is not None:
        bound = max(bound, interval.high - value)
    words = f"rule of three over {number(n, 'query')}, {seen} of which the correction changes"
    return _possible(Interval(value - bound, value + bound, words, "query", unresolved=True))


def _possible(interval: Interval) -> Interval:
    """Two shares are at most 100 points apart."""
    if interval.low is None or interval.high is None:
        return interval
    return replace(interval, low=max(interval.low, -1.0), high=min(interval.high, 1.0))
