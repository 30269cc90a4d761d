"""What would a triplet accuracy be under each convention? From the ranks of the queries among themselves."""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.data.arrays import Reals
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.rank_results import Ranks
from embedding_second_opinion.geometry.passes.row_keys import row_keys
from embedding_second_opinion.stats import surface

from .claimed import COVERED
from .conventions import Convention
from .kernel_margins import by_margin
from .strict import per_anchor, searched, triplet, within
from .words import called

MOST_ANCHORS = 5_000
BY_MARGIN = ("kept", "missed", "kept_squared", "missed_squared")  # in the order of the pass


def triplet_conventions(space: Geometry) -> list[Convention]:
    """Ties, weights, the gallery, the anchor as its own positive, and 1-NN accuracy told as triplets."""
    ranks, about = within(space), triplet(space).about
    low, value, high = own_positive(ranks)
    single = int(np.count_nonzero((ranks.positives == 0) & (ranks.negatives > 0)))
    alone = f"; and {number(single)} alone in their class, always right" if single else ""
    given = {
        "triplets_ties_half": surface.triplet_accuracy(ranks, "random"),
        "triplets_ties_right": surface.triplet_accuracy(ranks, "lenient"),
        "triplets_pooled": surface.triplet_accuracy_all_triplets(ranks),
        "triplets_class_mean": class_mean(ranks),
    }
    found = [called(code, each, about, drawn=True) for code, each in given.items()]
    found.append(called("triplets_own_positive", value, f"{about}{alone}", (low, high), drawn=True))
    looked_up, where = surface.closed_set_accuracy(space.ranks), searched(space)
    found.append(called("closed_set_told_as_triplets", looked_up, where))
    if ranks is not space.ranks:
        value = surface.triplet_accuracy(space.ranks)
        found.append(called("triplets_against_gallery", value, where, drawn=True))
    return found


def class_mean(ranks: Ranks) -> float:
    """Triplet accuracy, mean over classes with anchors."""
    counts = surface.anchor_counts(ranks)
    sums = np.bincount(
        ranks.codes[ranks.anchors], weights=per_anchor(ranks), minlength=ranks.classes
    )
    return float((sums[counts > 0] / counts[counts > 0]).mean())


def own_positive(ranks: Ranks) -> tuple[float, float, float]:
    """Lowest, likely and highest T' = 1/n + (1 - 1/n) T, mean over all rows that have a negative.

    A row of a class of n is its own positive once in n draws, and then right: unless a negative is exactly
    where it is. How many are is not counted, so such rows open the range. Alone in its class a row is
    always its own positive.
    """
    rows = np.flatnonzero(ranks.negatives > 0)
    right: Reals = np.zeros(len(ranks.codes))
    right[ranks.anchors] = per_anchor(ranks)
    positives, negatives = ranks.positives[rows], ranks.negatives[rows]
    touched = ranks.nearest_negative_distance[rows] <= 0
    shares = [np.where(touched, worst, 1.0) for worst in (0 * negatives, 1 - 1 / negatives)]
    low, high = (
        float(((own + positives * right[rows]) / (positives + 1)).mean()) for own in shares
    )
    return low, high, high


def margin_conventions(space: Geometry, margin: float) -> list[Convention]:
    """What they would be had the user's margin entered; empty where there are distances only.

    A pass of its own, over at most ``MOST_ANCHORS`` anchors.
    """
    if not space.has_vectors:
        return []
    codes = space.codes
    sizes = np.bincount(codes)
    anchors = np.flatnonzero((sizes[codes] > 1) & (sizes[codes] < len(codes)))
    every = len(anchors)
    if not every:
        return []
    if every > MOST_ANCHORS:
        keys = row_keys(space.points[anchors], space.rng("claim audit: anchors by margin"))
        anchors = np.sort(anchors[np.argsort(keys, kind="stable")[:MOST_ANCHORS]])
    passed, triplets = by_margin(
        space.points, codes, anchors, margin, cosine=space.metric == "cosine"
    )
    each = passed / triplets[:, None]
    shares = each.mean(axis=0)
    # Anchors are drawn from few: the error of a mean without replacement.
    left = 1 - len(anchors) / every
    around = COVERED * np.sqrt(left / len(anchors)) * each.std(axis=0)
    about = f"all triplets of {number(len(anchors), 'row')}, with the margin {margin:g}"
    ends = np.maximum(shares - around, 0.0), np.minimum(shares + around, 1.0)
    return [
        called(f"triplets_margin_{code}", share, about, (low, high), drawn=True)
        for code, share, low, high in zip(
            BY_MARGIN, shares.tolist(), *(end.tolist() for end in ends), strict=True
        )
    ]
