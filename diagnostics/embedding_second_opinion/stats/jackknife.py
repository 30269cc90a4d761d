"""What would each number be without one class? The delete-one values that a class jackknife needs.

Deleting a class deletes it as anchors AND as candidates; as anchors alone, intervals cover too
rarely. All values are exact, from sums of the rank pass: O(K) memory, no second pass. Every
``_without`` gives a (K,) array in the order of the classes of the gallery; so does every
``_weights``, what goes when the class goes. ``_pairs`` gives what such a jackknife counts twice.
"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.geometry.passes.rank_results import Beaten, Ranks
from embedding_second_opinion.geometry.passes.ranks import identity_chances

from .surface import anchor_counts, class_recall


def triplet_without(ranks: Ranks) -> Reals:
    """Triplet accuracy (anchor mean, strict) without each class."""
    a = ranks.anchors
    return _pairs_without(ranks, ranks.lost[a] / ranks.positives[a], ranks.lost_share)


def nearest_positive_without(ranks: Ranks) -> Reals:
    """A(P, 1), the nearest positive against one random negative (anchor mean, strict), without each."""
    a = ranks.anchors
    lost = (ranks.nearer_first[a] + ranks.tied_first[a]).astype(np.float64)
    return _pairs_without(ranks, lost, ranks.first_lost_share)


def _pairs_without(ranks: Ranks, lost: Reals, to_class: Reals) -> Reals:
    """lost: (a,) negatives that win, per positive; to_class: (K,) share lost to it, it taken as deleted."""
    if ranks.classes < 3:  # without one of two classes there are no negatives
        return np.full(ranks.classes, np.nan)
    a = ranks.anchors
    code, negatives = ranks.codes[a], ranks.negatives[a]
    counts = anchor_counts(ranks)
    # An anchor's M shrinks by the size of the deleted class: group the anchors by M, not by class.
    sizes, size_of = np.unique(negatives, return_inverse=True)
    by_size = np.bincount(size_of, weights=lost, minlength=len(sizes))
    own = np.bincount(code, weights=lost, minlength=ranks.classes)
    own_negatives = ranks.gallery_sizes.sum() - ranks.gallery_sizes
    deleted_sizes, which = np.unique(ranks.gallery_sizes, return_inverse=True)
    # Only the deleted class's own anchors, which go with it, can be left without negatives.
    each = _reciprocal(sizes[None, :] - deleted_sizes[:, None])
    everyone = (by_size * each).sum(axis=1)[which]
    own_share = own * _reciprocal(own_negatives - ranks.gallery_sizes)
    others = everyone - own_share - to_class
    return np.asarray(1 - others / _positive(len(a) - counts))


def triplet_weights(ranks: Ranks) -> Reals:
    """Triplets of each class, as the anchors' class or the negative's, every anchor counting 1."""
    counts = anchor_counts(ranks)
    # Of an anchor's M negatives, a class makes n; all anchors of a class have the same M.
    share = counts * _reciprocal(ranks.gallery_sizes.sum() - ranks.gallery_sizes)
    return np.asarray(counts + ranks.gallery_sizes * (share.sum() - share))


def all_triplets_without(ranks: Ranks) -> Reals:
    """Triplet accuracy over all triplets pooled, without each class."""
    a = ranks.anchors
    lost = np.bincount(ranks.codes[a], weights=ranks.lost[a], minlength=ranks.classes)
    triplets = (ranks.positives[a] * ranks.negatives[a]).sum()
    left = triplets - all_triplets_weights(ranks)
    return np.asarray(1 - (lost.sum() - lost - ranks.rival_lost) / _positive(left))


def all_triplets_weights(ranks: Ranks) -> Reals:
    """Triplets of each class, as the anchors' class or the negative's: all that go with it."""
    a = ranks.anchors
    code = ranks.codes[a]
    positives = np.bincount(code, weights=ranks.positives[a], minlength=ranks.classes)
    own = np.bincount(
        code, weights=ranks.positives[a] * ranks.negatives[a], minlength=ranks.classes
    )
    return np.asarray(own + (positives.sum() - positives) * ranks.gallery_sizes)


def closed_set_without(ranks: Beaten) -> Reals:
    """1-NN accuracy without each class: a query is saved where that class alone beat it."""
    counts = anchor_counts(ranks)
    right = np.bincount(
        ranks.codes[ranks.anchors], weights=ranks.right[ranks.anchors], minlength=ranks.classes
    )
    left = _positive(len(ranks.anchors) - counts)
    return np.asarray((right.sum() - right + _saved(ranks)) / left)


def closed_set_pairs(ranks: Beaten) -> float:
    """For ``resample.share_interval``: sum over pairs of classes of (share of queries they lose)^2."""
    return _paired(ranks) / float(max(len(ranks.anchors), 1) ** 2)


def closed_set_macro_pairs(ranks: Beaten) -> float:
    """The same for the mean over classes with anchors."""
    counts = anchor_counts(ranks)
    return _paired(ranks, 1 / np.maximum(counts, 1)) / float(
        max(int(np.count_nonzero(counts)), 1) ** 2
    )


def closed_set_macro_without(ranks: Beaten) -> Reals:
    """Macro 1-NN accuracy (mean over classes with anchors) without each class."""
    counts = anchor_counts(ranks)
    has = counts > 0
    recall = np.where(has, class_recall(ranks), 0.0)
    saved = _saved(ranks, 1 / np.maximum(counts, 1))
    return np.asarray((recall.sum() - recall + saved) / _positive(has.sum() - has))


def identity_without(ranks: Beaten) -> Reals:
    """(K, G): the identity curve at ``ranks.id_grid`` without each class.

    The last column, K identities, becomes all K - 1 that are left.
    """
    counts = anchor_counts(ranks)
    table = identity_chances(ranks.classes - 2, ranks.id_grid - 1)
    # A query that every other class beats stays beaten unless one of them is deleted (id_gain).
    table = np.vstack([table, np.zeros((1, table.shape[1]))])
    chance = table[ranks.z[ranks.anchors]]
    own = np.zeros((ranks.classes, table.shape[1]))
    np.add.at(own, ranks.codes[ranks.anchors], chance)
    left = _positive(len(ranks.anchors) - counts)
    return np.asarray((chance.sum(axis=0) - own + ranks.id_gain) / left[:, None])


def spread_over(ranks: Beaten, values: Reals, full: float, class_ids: Ints) -> Reals:
    """Delete-one values on a larger list of classes; a class unknown to ``ranks`` changes nothing."""
    wide = np.full(len(class_ids), full)
    wide[np.searchsorted(class_ids, ranks.class_ids)] = values
    return wide


def _saved(ranks: Beaten, weight: Reals | None = None) -> Reals:
    """(K,) wrong queries that are right once this class is gone, weighted by their own class."""
    a = ranks.anchors[ranks.sole[ranks.anchors] >= 0]
    weights = np.ones(len(a)) if weight is None else weight[ranks.codes[a]]
    saved = np.bincount(ranks.sole[a], weights=weights, minlength=ranks.classes)
    return saved.astype(np.float64)


def _paired(ranks: Beaten, weight: Reals | None = None) -> float:
    """Sum over unordered pairs of classes of (errors between the two)^2, weighted as in ``_saved``.

    An error is of a pair where one class alone beat the query; the others are of several classes.
    """
    a = ranks.anchors[ranks.sole[ranks.anchors] >= 0]
    own, other = ranks.codes[a], ranks.sole[a]
    weights = np.ones(len(a)) if weight is None else weight[own]
    pair = np.minimum(own, other) * ranks.classes + np.maximum(own, other)
    errors = np.bincount(np.unique(pair, return_inverse=True)[1], weights=weights)
    return float((errors**2).sum())


def _reciprocal(count: Ints) -> Reals:
    """1 / count; 0 for a count that is not positive."""
    return np.divide(1.0, count, out=np.zeros(count.shape), where=count > 0)


def _positive(count: Ints) -> Reals:
    """Zero left over means the number does not exist: NaN, without a warning."""
    return np.where(count > 0, count, np.nan).astype(np.float64)
