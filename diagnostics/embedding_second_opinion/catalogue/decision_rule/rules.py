"""How often is each rule right on the same queries, and how sure is it?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from embedding_second_opinion.data.arrays import Floats, Ints, Keys, Reals
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.classes import ClassStats, class_statistics
from embedding_second_opinion.geometry.passes.far_rows import Spread
from embedding_second_opinion.geometry.passes.ranks import ALL
from embedding_second_opinion.geometry.passes.row_keys import class_keys, row_keys

from .calibration import Calibration, calibration, temperatures
from .kernel_class_means import Answers, Means, amid, nearest_means
from .kernel_votes import vote
from .probe import FOLDS, fit_probe

VOTES = 5
LISTED = 50  # neighbours known, so that without a class the next ones can vote
CONTROL = 10_000  # queries from which on the control is asked about one fold of five
KEYS = "decision rule: keys of rows"


@dataclass(frozen=True, eq=False)
class Rule:
    """One rule's answers to the queries, (a,).

    right: 1 or 0. rival: the best other class (index among those enrolled), -1 where there is none.
    without: (K,) share that is right without each class: as queries and as candidates.
    calibration: of its probabilities; None where the rule gives none.
    """

    name: str
    right: Reals
    without: Reals
    rival: Ints
    calibration: Calibration | None = None

    @property
    def accuracy(self) -> float:
        """Share of queries that are answered rightly."""
        return float(self.right.mean())


@dataclass(frozen=True, eq=False)
class Rules:
    """All rules on the same queries. codes: (a,) their classes; classes: enrolled.

    probe, control: None where no class has two enrolled rows, so that nothing can be fitted.
    control_codes: (r,) classes of the queries that the control was asked about.
    far: enrolled rows that lie beyond all reason; see ``far_rows.Spread``.
    """

    codes: Ints
    classes: int
    nearest: Rule
    knn: Rule
    centroid: Rule
    probe: Rule | None
    control: Rule | None
    control_codes: Ints
    shrinkage: float
    far: int

    @property
    def others(self) -> tuple[Rule, ...]:
        """The rules that might do better than the nearest row."""
        found = (self.knn, self.centroid, self.probe)
        return tuple(rule for rule in found if rule is not None)


def rules(space: Geometry) -> Rules:
    """Judge the anchors of the rank pass by each rule. Needs vectors and at least one anchor."""
    ranks, evaluation = space.ranks, space.evaluation
    anchors = ranks.anchors
    own, classes, alone = ranks.codes[anchors], ranks.classes, evaluation.leave_one_out
    queries, enrolled = space.points[anchors], space.enrolled_points
    codes = np.searchsorted(ranks.class_ids, evaluation.codes[evaluation.enrolled])
    keys = row_keys(queries, space.rng(KEYS))
    enrolled_keys = row_keys(enrolled, space.rng(KEYS))
    stats = class_statistics(enrolled, codes, classes)
    probe = fit_probe(enrolled, codes, stats, enrolled_keys if alone else None)
    answers = control = None
    asked: Ints = np.zeros(0, dtype=np.int64)
    if probe is not None:
        answers = probe.ask(queries, own, keys if alone else None, "linear probe")
        deal = space.rng("decision rule: permuted labels")
        dealt = permuted(codes, enrolled_keys, classes, deal)
        put = (enrolled, dealt, enrolled_keys) if alone else (queries, own, keys)
        control, asked = _control(enrolled, dealt, classes, *put)
    return Rules(
        codes=own,
        classes=classes,
        nearest=_nearest(space),
        knn=_votes(space, own),
        centroid=_rule("centroid", _centroid(space, stats, queries, own, keys), own, classes),
        probe=None if answers is None else _rule("probe", answers, own, classes),
        control=control,
        control_codes=asked,
        shrinkage=0.0 if probe is None else probe.shrinkage,
        far=len(Spread.of(enrolled).far),
    )


def without_each(
    right: Reals, codes: Ints, classes: int, changed: Ints, deleted: Ints, change: Reals
) -> Reals:
    """(K,) share right without each class; its queries go, and others' answers change.

    changed, deleted, change: (m,) the query ``changed`` gains or loses without class ``deleted``.
    NaN where no query is left.
    """
    counts = np.bincount(codes, minlength=classes)
    won = np.bincount(codes, weights=right, minlength=classes)
    keep = codes[changed] != deleted
    gained = np.bincount(deleted[keep], weights=change[keep], minlength=classes)
    left = len(right) - counts
    return np.asarray(
        (right.sum() - won + gained) / np.where(left > 0, left, np.nan), dtype=np.float64
    )


def _nearest(space: Geometry) -> Rule:
    ranks, a = space.ranks, space.ranks.anchors
    right, sole = ranks.right[a], ranks.sole[a]
    saved = np.flatnonzero(sole >= 0)
    without = without_each(
        right, ranks.codes[a], ranks.classes, saved, sole[saved], np.ones(len(saved))
    )
    winners = space.evaluation.codes[np.maximum(ranks.nearest_negative[a], 0)]
    return Rule("nearest row", right, without, np.searchsorted(ranks.class_ids, winners))


def _votes(space: Geometry, own: Ints) -> Rule:
    ranks, evaluation = space.ranks, space.evaluation
    near = space.neighbors(LISTED)
    rows, distances = near.rows[ranks.anchors], near.distances[ranks.anchors]
    codes = np.searchsorted(ranks.class_ids, evaluation.codes[np.maximum(rows, 0)])
    others = len(evaluation.enrolled) - evaluation.leave_one_out
    found = vote(np.where(rows >= 0, codes, ALL), distances, own, VOTES, others)
    without = without_each(
        found.right, own, ranks.classes, found.changed, found.deleted, found.change
    )
    sure = calibration(found.right, found.confidence, found.own, found.squares)
    return Rule("votes", found.right, without, found.rival, sure)


def _rule(name: str, answers: Answers, own: Ints, classes: int) -> Rule:
    right = (answers.beaten == 0).astype(np.float64)
    saved = np.flatnonzero(answers.sole >= 0)
    without = without_each(right, own, classes, saved, answers.sole[saved], np.ones(len(saved)))
    sure = calibration(right, answers.confidence, answers.own, answers.squares)
    return Rule(name, right, without, answers.rival, sure)


def _centroid(
    space: Geometry, stats: ClassStats, queries: Floats, own: Ints, keys: Keys
) -> Answers:
    """Distance to the mean of each class's rows, or cosine with it, the query itself left out."""
    directions = space.metric == "cosine"
    centre = np.zeros(len(stats.mean)) if directions else amid(space.enrolled_points)
    means = Means(centre, None, stats.means - centre, stats.counts, directions)
    # Gaussian classes, alike in all directions, have this energy; the true one is not far.
    # The middle class's width: one far row would widen the pooled one without bounds.
    several = stats.counts > 1
    widths = stats.spread[several] * stats.counts[several] / (stats.counts[several] - 1)
    size = float(np.median(widths)) if len(widths) else 0.0
    size = size if size > 0 else float(np.trace(stats.total)) / len(space.enrolled_points)
    start = len(centre) / (2 * size) if size > 0 else 1.0
    alone = space.evaluation.leave_one_out
    warmth = temperatures(queries, own, keys, means, alone, start)
    return nearest_means(queries, own, means, warmth, alone, "class means")


def _control(
    enrolled: Floats, dealt: Ints, classes: int, queries: Floats, own: Ints, keys: Keys
) -> tuple[Rule | None, Ints]:
    """The same probe on labels that mean nothing, and the classes of the queries it was asked.

    Where these are the enrolled rows themselves, each is left out.
    """
    alone = queries is enrolled
    probe = fit_probe(
        enrolled, dealt, class_statistics(enrolled, dealt, classes), keys if alone else None
    )
    if probe is None:
        return None, own
    chosen = np.ones(len(own), dtype=np.bool_)
    if len(own) > CONTROL:
        chosen &= keys % FOLDS == 0
    if alone:
        chosen &= probe.sizes[own] > 1
    queries, own = queries[chosen], own[chosen]
    answers = probe.ask(queries, own, keys[chosen] if alone else None, "permuted labels")
    return replace(_rule("control", answers, own, classes), calibration=None), own


def permuted(codes: Ints, keys: Keys, classes: int, rng: np.random.Generator) -> Ints:
    """(r,) the same classes with the same number of rows each, dealt to the rows at random.

    codes, keys: (r,). Rows and classes are taken in the order of their keys, so that neither the order
    they came in nor the names of the classes decide who gets what.
    """
    sizes = np.bincount(codes, minlength=classes)
    ranked = np.lexsort((class_keys(keys, codes, classes), sizes))
    dealt = np.empty_like(codes)
    places = np.argsort(keys, kind="stable")[rng.permutation(len(codes))]
    dealt[places] = np.repeat(ranked, sizes[ranked])
    return dealt
