"""Which numbers do counted pairs give, whole and without each class?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals

from . import roc
from .counts import PairCounts

LEVELS = {"tar_at_far_1e-2": 1e-2, "tar_at_far_1e-3": 1e-3}
FEWEST_ERRORS = 3  # a FAR below this many independent impostor pairs' worth is a guess
# How much pairs hang together cannot be seen on three accepted pairs: it is read where thirty are.
CLUSTERING_ON = 30


@dataclass(frozen=True, eq=False)
class Figures:
    """Each number by its name: its value, and (K,) values without each class.

    own: balanced accuracy at the best threshold of the judged pairs themselves; pair_accuracy: at the
    one fitted elsewhere, where tar and far are taken too. All with their delete-one values.
    threshold: mean of the thresholds used; best_threshold: the one best for all counted pairs.
    effective: for each FAR level how many independent impostor pairs it rests on.
    rounding: how far the AUC may be off because distances are in bins.
    """

    values: dict[str, float]
    without: dict[str, Reals]
    threshold: float
    best_threshold: float
    effective: dict[str, float]
    rounding: float
    far: Reals
    tar: Reals


def figures(counts: PairCounts) -> Figures:
    """All numbers, in fine bins; delete-one values move by what coarse bins see of the deletion."""
    share, share_without = counts.base
    whole, counted = np.array([share]), list(counts.counted)
    full, used = _numbers(counts, counts.genuine[None], counts.impostor[None], whole)
    one, two = counts.coarse()
    coarse, _ = _numbers(counts, one[None], two[None], whole)
    genuine, impostor = (part[counted].sum(axis=0) for part in (counts.genuine, counts.impostor))
    far, tar = roc.points(genuine, impostor)
    read_at = {
        name: min(max(level, CLUSTERING_ON / max(impostor.sum(), 1)), 0.5)
        for name, level in LEVELS.items()
    }
    places = {name: _place(far, level) / (1 << counts.shift) for name, level in read_at.items()}
    parts: dict[str, list[Reals]] = {name: [] for name in full}
    accepted: dict[str, list[Reals]] = {name: [] for name in LEVELS}
    for start, stop, one, two in counts.without():
        for name, found in _numbers(counts, one, two, share_without[start:stop])[0].items():
            parts[name].append(full[name] + found - coarse[name])
        left, _ = roc.points(one[:, counted].sum(axis=1), two[:, counted].sum(axis=1))
        for name, place in places.items():
            accepted[name].append(between(left, place))
    without = {name: np.concatenate(found) for name, found in parts.items()}
    pairs = genuine.sum() * impostor.sum()
    return Figures(
        values={name: float(found[0]) for name, found in full.items()},
        without={
            name: found if name == "transfer" else np.clip(found, 0, 1)
            for name, found in without.items()
        },
        threshold=float(_halfway(counts.edges, used[0]).mean()),
        best_threshold=float(_halfway(counts.edges, roc.best(far, tar, counts.edges))),
        effective={
            name: _effective(np.concatenate(accepted[name]), level, int(impostor.sum()))
            for name, level in read_at.items()
        },
        rounding=float((genuine.astype(np.float64) * impostor).sum() / 2 / pairs),
        far=far,
        tar=tar,
    )


def _numbers(
    counts: PairCounts, genuine: Ints, impostor: Ints, share: Reals
) -> tuple[dict[str, Reals], Ints]:
    """From (k, P, B) counts: (k,) of each number, and (k, J) the points used as thresholds.

    share: (k,) of genuine pairs in the set.
    """
    judged, counted = list(counts.judged), list(counts.counted)
    far, tar = roc.points(genuine[:, counted].sum(axis=1), impostor[:, counted].sum(axis=1))
    found = {"verification_auc": roc.area(far, tar), "eer": roc.equal_error(far, tar)}
    found |= {name: roc.tar_at(far, tar, level) for name, level in LEVELS.items()}
    one, two = genuine[:, judged], impostor[:, judged]
    fitted = [np.einsum("jp,kpb->kjb", counts.fitted_on, part) for part in (genuine, impostor)]
    edges = counts.edges[:: (len(counts.edges) - 1) // genuine.shape[-1]]
    used = roc.best(*roc.points(*fitted), edges)
    tar_used, far_used = _accepted(one, used), _accepted(two, used)
    own = roc.balanced(*roc.points(one.sum(axis=1), two.sum(axis=1)))
    accuracy = (tar_used + 1 - far_used) / 2
    found |= {
        "pair_accuracy": accuracy,
        "own": own.max(axis=-1),
        "transfer": own.max(axis=-1) - accuracy,
        "pair_recall": tar_used,
        "pair_far": far_used,
        "genuine_share": share,
        "pair_precision_balanced": roc.precision(far_used, tar_used, 0.5),
        "pair_precision": roc.precision(far_used, tar_used, share),
    }
    return found, used


def _halfway(edges: Reals, points: Ints) -> Reals:
    """Thresholds for a user: halfway to the next distance."""
    return np.asarray((edges[points] + edges[np.minimum(points + 1, len(edges) - 1)]) / 2)


def _accepted(counts: Ints, points: Ints) -> Reals:
    """(k,) share of (k, J, B) pairs that lie before the point of their part, over all parts."""
    sums = np.cumsum(counts, axis=-1)
    before = np.take_along_axis(sums, np.maximum(points - 1, 0)[..., None], axis=-1)[..., 0]
    total = sums[..., -1].sum(axis=-1)
    right = np.where(points > 0, before, 0).sum(axis=-1)
    nothing = np.full(len(counts), np.nan)
    return np.asarray(np.divide(right, total, out=nothing, where=total > 0))


def _place(far: Reals, level: float) -> float:
    """Where along the points this FAR is reached."""
    before = max(int((far <= level * roc.REACHED).sum()) - 1, 0)
    after = min(before + 1, len(far) - 1)
    step = far[after] - far[before]
    return before + (float(np.clip((level - far[before]) / step, 0, 1)) if step > 0 else 0.0)


def between(points: Reals, place: float) -> Reals:
    """(k,) values of (k, n) points at a place between two of them."""
    low = int(place)
    high = min(low + 1, points.shape[-1] - 1)
    return np.asarray(points[..., low] + (place - low) * (points[..., high] - points[..., low]))


def _effective(without: Reals, level: float, pairs: int) -> float:
    """How many independent impostor pairs give a FAR as uncertain as this one: FAR (1 - FAR) / SE^2.

    without: (K,) FAR at a fixed threshold without each class. A pair belongs to two classes and goes
    with either, so that its own chance is met twice: it is taken off once (Aronow, Samii & Assenova,
    Political Analysis 2015). Never more than there are.
    """
    k = len(without)
    if not pairs or not np.isfinite(without).all():
        return 0.0
    alone = level * (1 - level) / pairs
    clustered = (k - 1) / k * float(((without - without.mean()) ** 2).sum())
    return level * (1 - level) / max(clustered - alone, alone)
