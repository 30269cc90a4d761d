"""What would each number be without one class, as queries and as candidates?

The gain of a query is read off its list of nearest rows. It is exact where the list holds R rows (and
a page) even without the class deleted; beyond its end, a match that would move up is not counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.geometry.geometry import NEIGHBORS, Geometry
from embedding_second_opinion.geometry.passes.rank_results import Ranks
from embedding_second_opinion.geometry.passes.ranks import CUTS
from embedding_second_opinion.geometry.passes.shortened import Gains, gains

from .ranked_answers import PAGE, RANKS, first_match, per_query
from .surface import anchor_counts

WIDEST = 200  # of a list: what a second sweep is worth
WORTH = 0.75  # of a list: the largest R for which it is looked up
REACHED = 0.5  # share of queries whose list must, or else a number that counts to R has no interval
ENTRIES = 2**24  # of all lists together: 256 MB of row numbers and distances


@dataclass(frozen=True, eq=False)
class Without:
    """Delete-one values. numbers: (K,) by name. matched: (K, RANKS) share with a match among the first r.

    width: rows of a list. exact: share of anchors for which no row beyond the list can matter.
    """

    numbers: dict[str, Reals]
    matched: Reals
    width: int
    exact: float


def without_each(space: Geometry) -> Without:
    """All numbers without each class of the gallery, in the order of ``space.ranks.class_ids``."""
    ranks = space.ranks
    width = list_width(ranks)
    gained = list_gains(space, width)
    values = per_query(ranks)
    gain = {f"recall_at_{k}": gained.first[:, k - 1] for k in CUTS.tolist()}
    gain["precision_at_1"] = gain["recall_at_1"]
    gain[f"fractional_recall_at_{PAGE}"] = gained.found
    gain["r_precision"], gain["map_at_r"] = gained.at_r, gained.score_at_r
    first = first_match(ranks)
    steps = [deleted(ranks, (first <= r).astype(float), gained.first[:, r - 1]) for r in _places()]
    return Without(
        numbers={name: deleted(ranks, values[name], gain[name]) for name in values},
        matched=np.stack(steps, axis=1),
        width=width,
        exact=float(gained.exact.mean()),
    )


def list_width(ranks: Ranks) -> int:
    """Rows of each list: what the rank pass keeps, or more where R asks for more and it is worth it."""
    positives, enrolled = ranks.positives[ranks.anchors], int(ranks.gallery_sizes.sum())
    width = min(2 * int(positives.max()), WIDEST, ENTRIES // len(ranks.codes))
    if width <= NEIGHBORS or np.median(positives) > WORTH * width:
        width = NEIGHBORS  # enough; or too short even then for R rows and what a class takes away
    return min(width, enrolled)


def list_gains(space: Geometry, width: int) -> Gains:
    """What the anchors gain by each class deleted, from their lists of ``width`` nearest rows."""
    ranks = space.ranks
    nearest = space.neighbors(width)
    a = ranks.anchors
    near = near_classes(space, nearest.rows[a])
    competing = ranks.positives[a] + ranks.negatives[a]
    return gains(
        ranks.codes[a],
        ranks.positives[a],
        first_match(ranks),
        near,
        nearest.distances[a],
        (near >= 0).sum(axis=1) < competing,
        ranks.classes,
        RANKS,
        PAGE,
    )


def near_classes(space: Geometry, rows: Ints) -> Ints:
    """Classes (positions in ``space.ranks.class_ids``) of row numbers of the gallery; -1 stays -1."""
    ranks = space.ranks
    numbers = np.full(len(space.evaluation.classes), -1)
    numbers[ranks.class_ids] = np.arange(ranks.classes)
    return np.where(rows >= 0, numbers[space.evaluation.codes[rows]], -1)


def deleted(ranks: Ranks, values: Reals, gain: Reals) -> Reals:
    """(K,) mean of (a,) values over the anchors without each class; NaN where none is left."""
    a = ranks.anchors
    own = np.bincount(ranks.codes[a], weights=values, minlength=ranks.classes)
    counts = len(a) - anchor_counts(ranks)
    left = np.where(counts > 0, counts, np.nan)
    share = (values.sum() - own + gain) / left
    # Rounding must not hide that everything is right, or wrong.
    share = np.where(np.abs(share) < 1e-12, 0.0, share)
    return np.where(np.abs(share - 1) < 1e-12, 1.0, share)


def _places() -> range:
    return range(1, RANKS + 1)
