"""Which rows of one set stand among another class, far from their own? And how many flipped ones do?

A row is suspect where more than half of its k nearest are of one other class and, of the third classes,
a fifth or more are nearer to it than the class of its label. A row where two classes overlap has its own
class near, whatever its neighbours vote; a row with a label drawn at random has half of the third classes
nearer. The neighbours of a row do not depend on labels, so that labels are flipped without a new search.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Bools, Ints, Reals
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.ranks import ALL

from .confident import Confident, confident, shares
from .flips import FLIPS, RATES, Flips, draw_flips
from .items import Counts, Items
from .kernel_majorities import majorities

VOTES = (3, 10)  # of the nearest: at least, at most; between them the rows of the middle class
FAR = 0.2  # of third classes nearer than the own one: overlapping classes stay below it
VERY_FAR = 0.4  # where even fewer rows of overlapping classes are


@dataclass(frozen=True, eq=False)
class Suspects:
    """Rows that are suspect, (s,), the surest first.

    query: position among the queries. rival: class (index among those enrolled) that they look like.
    votes, voters: of the nearest rows. nearer: share of the third classes nearer than the own one.
    agreed: whether confident learning doubts the label too.
    """

    query: Ints
    rival: Ints
    votes: Ints
    voters: Ints
    nearer: Reals
    agreed: Bools


@dataclass(frozen=True, eq=False)
class Side:
    """One set of rows: the queries, or the gallery among itself.

    k: votes. counts, very_far: with all classes and without each group, for both thresholds.
    disagree: share of rows whose nearest are mostly of one other class, far or not.
    answers: (flipped share, rate estimated then) for each of ``RATES``.
    """

    space: Geometry
    k: int
    rows: int
    suspects: Suspects
    counts: Counts
    very_far: Counts
    disagree: float
    confident: Confident
    answers: tuple[tuple[float, float], ...]

    @property
    def found(self) -> float:
        """Share of single flips that are found; 0 where none could be made."""
        return float(self.counts.found[-1] / max(self.counts.flips[-1], 1))

    @property
    def rate(self) -> float:
        """Share of wrong labels, however few flips are found."""
        return float(rate_of(self.counts.suspects[-1] / self.rows, self.found))


def examine(space: Geometry, group_of: Ints, groups: int) -> Side:
    """group_of: group of every class of the evaluation. Needs anchors; one extra pass over some rows."""
    ranks, evaluation = space.ranks, space.evaluation
    a, own = ranks.anchors, ranks.codes[ranks.anchors]
    near = space.neighbors(50)
    rows, distances = near.rows[a], near.distances[a]
    codes_of = np.searchsorted(ranks.class_ids, evaluation.codes)
    codes = np.where(rows >= 0, codes_of[np.maximum(rows, 0)], ALL)
    of_class = group_of[ranks.class_ids]
    k = int(np.clip(np.median(ranks.positives[a]), *VOTES))
    others = len(evaluation.enrolled) - evaluation.leave_one_out
    seen = majorities(codes, distances, k, of_class, groups, others)
    holder, full = seen.holder, seen.holder[-1].astype(np.int64)

    flips = draw_flips(space)
    alone = Flips(flips.rows[:FLIPS], flips.labels[:FLIPS])
    flipped, everyone = (alone.rows, alone.labels), np.arange(len(a))
    items = Items(space, of_class, groups)
    items.add(everyone, own, holder)
    items.add(*flipped, holder[:, alone.rows])
    # Labels flipped together: they vote, too, where rows are looked up among themselves.
    together: list[tuple[float, Ints, Ints]] = []
    for rate in RATES:
        chosen = slice(round(rate * len(a)))
        said = own.copy()
        said[flips.rows[chosen]] = flips.labels[chosen]
        voted = full
        if evaluation.leave_one_out:
            relabelled = codes_of.copy()
            relabelled[evaluation.queries[a]] = said
            moved = np.where(rows >= 0, relabelled[np.maximum(rows, 0)], ALL)
            none = np.zeros(len(of_class), dtype=np.int64)
            voted = majorities(moved, distances, k, none, 1, others).holder[-1].astype(np.int64)
        items.add(everyone, said, voted[None])
        items.add(*flipped, voted[None, alone.rows])
        together.append((len(flips.rows[chosen]) / len(a), said, voted))
    items.measure()

    answers = []
    for share, said, voted in together:
        flagged = items.far(everyone, said, voted, FAR)
        found = items.far(*flipped, voted[alone.rows], FAR)
        answers.append((share, float(rate_of(flagged.mean(), found.mean()))))
    counts, very_far = (
        items.counts((everyone, own, holder), (*flipped, holder[:, alone.rows]), far)
        for far in (FAR, VERY_FAR)
    )
    doubt = confident(shares(codes, distances, k), own, ranks.classes)
    suspect = np.flatnonzero(items.far(everyone, own, full, FAR))
    nearer = items.nearer(suspect, own[suspect], full[suspect])
    surest = np.lexsort((a[suspect], -nearer, -seen.votes[suspect] / seen.voters[suspect]))
    at = suspect[surest]
    votes = seen.votes[at], seen.voters[at]
    suspects = Suspects(a[at], full[at], *votes, nearer[surest], doubt.doubted[at])
    return Side(
        space=space,
        k=k,
        rows=len(a),
        suspects=suspects,
        counts=counts,
        very_far=very_far,
        disagree=float(((full >= 0) & (full != own)).mean()),
        confident=doubt,
        answers=tuple(answers),
    )


def rate_of(flagged: Reals | float, found: Reals | float) -> Reals:
    """Share of wrong labels where this share of rows is suspect and this share of flips is found.

    Where nothing is found the share of suspects itself, and never above 1.
    """
    flagged, found = np.asarray(flagged, dtype=np.float64), np.asarray(found, dtype=np.float64)
    return np.minimum(np.divide(flagged, found, out=flagged.copy(), where=found > 0), 1.0)
