"""Which threshold judges most of balanced pairs rightly, and what is that share without each class?

A threshold at its best is flat: to move a class out hardly moves it, and what it would gain by moving is of
second order. So the share without a class is taken at the threshold of all (Huber's influence function).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Bools, Ints, Reals
from embedding_second_opinion.geometry.passes.pair_histograms import PairHistograms


@dataclass(frozen=True, eq=False)
class Judged:
    """Pairs judged by a threshold. balanced: share right where half are genuine; without: (K,) less a class.

    as_they_come: share of all pairs right at the threshold that is best for these. different: share right
    by calling every pair different. auc: a tie counts half. genuine, impostor: pairs; units: classes.
    """

    balanced: float
    without: Reals
    as_they_come: float
    different: float
    auc: float
    genuine: int
    impostor: int
    units: int


def of_histograms(found: PairHistograms) -> Judged:
    """All pairs, counted by distance: a pair is accepted up to the upper edge of a bin."""
    genuine, impostor = found.genuine.sum(axis=0), found.impostor.sum(axis=0)
    accepted, passed = (np.append(0, np.cumsum(counts)) for counts in (genuine, impostor))
    all_genuine, all_impostor = int(accepted[-1]), int(passed[-1])
    tar, far = accepted / all_genuine, passed / all_impostor
    balanced = (tar + 1 - far) / 2
    place = int(balanced.argmax())
    # By class the counts are coarse: to the nearest coarse edge, and only the change counts.
    shift = len(genuine) // found.class_genuine.shape[1]
    edge = round(place / shift)
    mine = found.class_genuine, found.class_within + found.class_across
    left = [
        (total[edge * shift] - own[:, :edge].sum(axis=1), total[-1] - own.sum(axis=1))
        for total, own in zip((accepted, passed), mine, strict=True)
    ]
    one, two = (
        np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
        for part, whole in left
    )
    change = (one + 1 - two) / 2 - balanced[edge * shift]
    right = accepted + all_impostor - passed
    return Judged(
        balanced=float(balanced[place]),
        without=balanced[place] + change,
        as_they_come=float(right.max() / (all_genuine + all_impostor)),
        different=all_impostor / (all_genuine + all_impostor),
        auc=float((np.diff(far) * (tar[1:] + tar[:-1]) / 2).sum()),
        genuine=all_genuine,
        impostor=all_impostor,
        units=int(np.count_nonzero(found.class_genuine.any(axis=1))),
    )


def best_threshold(distances: Reals, same: Bools) -> float:
    """Up to where pairs are accepted: midway between the last distance accepted and the next."""
    order = np.argsort(distances, kind="stable")
    sorted_distances, kinds = distances[order], same[order]
    tar, far = np.cumsum(kinds) / kinds.sum(), np.cumsum(~kinds) / (~kinds).sum()
    last = np.append(np.diff(sorted_distances) > 0, True)  # ties are accepted together
    balanced = np.where(last, np.round(tar + 1 - far, 12), -1.0)
    at = int(balanced.argmax())
    following = sorted_distances[min(at + 1, len(order) - 1)]
    return float((sorted_distances[at] + following) / 2)


def of_pairs(distances: Reals, same: Bools, accepted: Bools, ends: tuple[Ints, Ints]) -> Judged:
    """Listed pairs and whether each was accepted; ends: (p,) classes of either end, from 0 on."""
    right = accepted == same
    rates = [float(right[kind].mean()) for kind in (same, ~same)]
    k = int(max(end.max() for end in ends)) + 1
    one, two = ends
    other = one != two  # a pair inside one class is taken away once
    left = []
    for kind in (same, ~same):
        counted = [
            np.bincount(one[kind], values[kind].astype(np.float64), minlength=k)
            + np.bincount(two[kind & other], values[kind & other].astype(np.float64), minlength=k)
            for values in (right, np.ones_like(right))
        ]
        whole = kind.sum() - counted[1]
        hits = right[kind].sum() - counted[0]
        left.append(np.divide(hits, whole, out=np.full(k, np.nan), where=whole > 0))
    order = np.argsort(distances, kind="stable")
    kinds = same[order]
    correct = np.cumsum(kinds) + (~kinds).sum() - np.cumsum(~kinds)
    last = np.append(np.diff(distances[order]) > 0, True)
    most = max(int(correct[last].max()), int((~same).sum()))
    return Judged(
        balanced=sum(rates) / 2,
        without=(left[0] + left[1]) / 2,
        as_they_come=most / len(same),
        different=float((~same).mean()),
        auc=_auc(distances, same),
        genuine=int(same.sum()),
        impostor=int((~same).sum()),
        units=len(np.unique(np.concatenate(ends))),
    )


def _auc(distances: Reals, same: Bools) -> float:
    """Mann-Whitney, ties half."""
    order = np.sort(distances[same])
    far = distances[~same]
    below, above = (np.searchsorted(order, far, side=side) for side in ("left", "right"))
    return float((below + above).sum() / 2 / (len(order) * len(far)))
