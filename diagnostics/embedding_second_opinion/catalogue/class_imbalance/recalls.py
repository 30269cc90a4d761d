"""How often is each class recognised, and what would a mean over classes be without one of them?

Small classes have fewer enrolled rows, so they lose even where they are embedded as well as large ones. A
fair comparison gives every class the same number e of positives, against all negatives: A(e, all).
Deleting a class deletes it as anchors AND as candidates, as in ``deletions``. At a common e the gain of
those whom a deleted class beat is found among the 50 nearest rows; where they do not reach the next
rival, the gain is a little too small, and the interval with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.geometry.geometry import NEIGHBORS, Geometry
from embedding_second_opinion.geometry.passes.rank_results import Ranks
from embedding_second_opinion.stats import surface

ROWS = 4096  # anchors a block


@dataclass(frozen=True, eq=False)
class Recalls:
    """Share of each class's queries that 1-NN gets right, by class of the gallery; all (K,).

    sizes: enrolled rows. queries: anchors. full: recall with everything enrolled; common: with
    ``enrolment`` (e) positives for each query, drawn from those it has. NaN without anchors.
    gain: (a,) what each anchor's chance at e would gain were its nearest rival class deleted.
    rival: (a,) that class, -1 where none is known.
    """

    sizes: Ints
    queries: Ints
    full: Reals
    common: Reals
    enrolment: int
    gain: Reals
    rival: Ints

    @property
    def asked(self) -> Reals:
        """(K,) 1 for a class with anchors, else 0: the weights of a mean over classes."""
        return (self.queries > 0).astype(np.float64)

    @property
    def by_size(self) -> Reals:
        """(K,) enrolled rows of the classes with anchors: the weights of a mean over rows."""
        return np.asarray(self.asked * self.sizes)

    @property
    def one_size(self) -> bool:
        """Whether all classes with anchors have the same number of enrolled rows."""
        return len(np.unique(self.sizes[self.queries > 0])) == 1


def recalls(space: Geometry) -> Recalls:
    """Recall of each class at full and at the largest enrolment that every anchor can have."""
    ranks = space.ranks
    queries = surface.anchor_counts(ranks)
    positives = np.zeros(ranks.classes, dtype=np.int64)
    positives[ranks.codes[ranks.anchors]] = ranks.positives[ranks.anchors]  # one P for a class
    e = int(ranks.positives[ranks.anchors].min())
    common = np.full(ranks.classes, np.nan)
    for c in np.flatnonzero(queries).tolist():
        p = int(positives[c])
        common[c] = surface.best_of(p, e) @ ranks.wins[c][:p, -1] / queries[c]
    gain, rival = _rival_gains(space, e)
    return Recalls(
        sizes=ranks.gallery_sizes,
        queries=queries,
        full=surface.class_recall(ranks),
        common=_snapped(common),  # chances sum to 1 only up to rounding
        enrolment=e,
        gain=gain,
        rival=rival,
    )


def mean_of(recall: Reals, weights: Reals) -> float:
    """Weighted mean over the classes that have a recall; NaN where no weight is left."""
    total = weights.sum()
    return float((weights * np.nan_to_num(recall)).sum() / total) if total > 0 else float("nan")


def full_without(ranks: Ranks, found: Recalls, weights: Reals) -> Reals:
    """(K,) the weighted mean of ``full`` without each class; exact."""
    alone = ranks.sole[ranks.anchors]
    return _without(ranks, found, found.full, weights, alone, (alone >= 0).astype(np.float64))


def common_without(ranks: Ranks, found: Recalls, weights: Reals) -> Reals:
    """(K,) the weighted mean of ``common`` without each class."""
    return _without(ranks, found, found.common, weights, found.rival, found.gain)


def _without(
    ranks: Ranks, found: Recalls, recall: Reals, weights: Reals, rival: Ints, gain: Reals
) -> Reals:
    own = weights * np.nan_to_num(recall)
    code = ranks.codes[ranks.anchors]
    each = gain * weights[code] / found.queries[code]
    saved = np.bincount(rival[rival >= 0], weights=each[rival >= 0], minlength=ranks.classes)
    left = weights.sum() - weights
    # A class with all the weight leaves nothing, up to rounding.
    left = np.where(left > 1e-12 * weights.sum(), left, np.nan)
    return _snapped((own.sum() - own + saved) / left)


def _snapped(share: Reals) -> Reals:
    """Rounding must not hide that everything is right, or wrong."""
    return np.where(share > 1 - 1e-12, 1.0, np.where(share < 1e-12, 0.0, share))


def _rival_gains(space: Geometry, e: int) -> tuple[Reals, Ints]:
    """What deleting the class of the nearest negative gains each anchor, and which class it is.

    The best of e drawn positives wins where one of the w that beat every negative is drawn:
    1 - C(P - w, e) / C(P, e). Deleting the rival moves w up to the first negative of another class.
    """
    ranks = space.ranks
    numbers = np.full(len(space.evaluation.classes), -1)
    numbers[ranks.class_ids] = np.arange(ranks.classes)
    class_of = numbers[space.evaluation.codes]
    nearest = space.neighbors(NEIGHBORS)
    gains, rivals = [], []
    for start in range(0, len(ranks.anchors), ROWS):
        a = ranks.anchors[start : start + ROWS]
        rows, distances = nearest.rows[a], nearest.distances[a]
        near = np.where(rows >= 0, class_of[rows], -1)
        own = near == ranks.codes[a][:, None]
        rival = _first(near, ~own & (near >= 0), -1)
        beaten = _first(distances, ~own & (near >= 0), np.inf)
        other = ~own & (near >= 0) & (near != rival[:, None])
        beaten_then = _first(distances, other, np.inf)
        # A tie is an error: only positives strictly nearer win.
        before = (own & (distances < beaten[:, None])).sum(axis=1)
        after = (own & (distances < beaten_then[:, None])).sum(axis=1)
        p = ranks.positives[a]
        gains.append(_wins(p, after, e) - _wins(p, before, e))
        rivals.append(rival.astype(np.int64))
    return np.concatenate(gains), np.concatenate(rivals)


def _first(values: Reals | Ints, where: np.ndarray, otherwise: float) -> np.ndarray:
    """The first value of each row where ``where`` holds."""
    at = where.argmax(axis=1)
    return np.where(where.any(axis=1), values[np.arange(len(values)), at], otherwise)


def _wins(positives: Ints, winning: Ints, e: int) -> Reals:
    """Chance that one of the ``winning`` is among e drawn of ``positives``."""
    left = positives - winning
    possible = left >= e
    some = np.where(possible, left, e)
    none = gammaln(some + 1) - gammaln(some - e + 1) - gammaln(positives + 1)
    none += gammaln(positives - e + 1)
    return np.asarray(1 - np.where(possible, np.exp(none), 0.0))
