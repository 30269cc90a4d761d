"""Generated sets about the triplets that a user trained on: one flaw each, or healthy.

Each is a space with classes, batches drawn from it, and a miner that chose triplets in every batch; some
miners hold a bug that circulates. Batches and miners stand apart, so that all can be combined.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from embedding_second_opinion.inputs.generated import Ints, Reals, Split, unit
from embedding_second_opinion.inputs.triplets import Triplets

Places = list[tuple[int, int, int]]  # anchor, positive, negative by place in the batch
Miner = Callable[[np.random.Generator, Reals, Ints], Places]


def random_mining(rng: np.random.Generator, far: Reals, labels: Ints) -> Places:
    """Each row with any other of its class and any of another."""
    return [
        (a, int(rng.choice(same)), int(rng.choice(other)))
        for a, same, other in _choices(labels, keep_self=False)
    ]


def batch_all(rng: np.random.Generator, far: Reals, labels: Ints) -> Places:
    """Every triplet there is, a hundredth of them kept, so that files stay small."""
    every = [
        (a, int(p), int(n))
        for a, same, other in _choices(labels, False)
        for p in same
        for n in other
    ]
    kept = rng.permutation(len(every))[: max(1, len(every) // 100)]
    return [every[i] for i in np.sort(kept)]


def semi_hard(rng: np.random.Generator, far: Reals, labels: Ints) -> Places:
    """Each pair of a class with the nearest negative beyond it; the farthest where none is beyond."""
    made = []
    for a, same, other in _choices(labels, keep_self=False):
        for p in same:
            beyond = other[far[a, other] > far[a, p]]
            n = beyond[far[a, beyond].argmin()] if len(beyond) else other[far[a, other].argmax()]
            made.append((a, int(p), int(n)))
    return made


def semi_hard_window(rng: np.random.Generator, far: Reals, labels: Ints) -> Places:
    """Each row with a positive and any negative in the margin beyond it; skipped where there is none."""
    margin, made = 0.2 * float(np.median(far)), []
    for a, same, other in _choices(labels, keep_self=False):
        p = int(rng.choice(same))
        gap = far[a, other] - far[a, p]
        within = other[(gap > 0) & (gap < margin)]
        if len(within):
            made.append((a, p, int(rng.choice(within))))
    return made


def hardest_negative(rng: np.random.Generator, far: Reals, labels: Ints) -> Places:
    """Each row with any positive and the nearest negative."""
    return [
        (a, int(rng.choice(same)), int(other[far[a, other].argmin()]))
        for a, same, other in _choices(labels, keep_self=False)
    ]


def batch_hard(rng: np.random.Generator, far: Reals, labels: Ints) -> Places:
    """Each row with the farthest positive and the nearest negative."""
    return [
        (a, int(same[far[a, same].argmax()]), int(other[far[a, other].argmin()]))
        for a, same, other in _choices(labels, keep_self=False)
    ]


def easy_positive(rng: np.random.Generator, far: Reals, labels: Ints) -> Places:
    """Each row with the nearest positive and the nearest negative (Xuan et al. 2020)."""
    return [
        (a, int(same[far[a, same].argmin()]), int(other[far[a, other].argmin()]))
        for a, same, other in _choices(labels, keep_self=False)
    ]


def distance_weighted(rng: np.random.Generator, far: Reals, labels: Ints) -> Places:
    """Each row with any positive and a negative drawn evenly over the distances (Wu et al. 2017).

    Up to the median, beyond which the loss is zero in the published code.
    """
    made = []
    for a, same, other in _choices(labels, keep_self=False):
        d = far[a, other]
        density = np.exp(-0.5 * ((d[:, None] - d) / (0.2 * d.std() + 1e-12)) ** 2).sum(axis=1)
        weight = np.where(d <= np.median(d), 1 / np.maximum(density, 0.2 * density.max()), 0.0)
        made.append((a, int(rng.choice(same)), int(rng.choice(other, p=weight / weight.sum()))))
    return made


def inverted(rng: np.random.Generator, far: Reals, labels: Ints) -> Places:
    """A bug: batch-hard with its two comparisons the wrong way round."""
    return [
        (a, int(same[far[a, same].argmin()]), int(other[far[a, other].argmax()]))
        for a, same, other in _choices(labels, keep_self=False)
    ]


def inverted_in_list(rng: np.random.Generator, far: Reals, labels: Ints) -> Places:
    """A bug: the same, each place being one in a list of the right rows, the anchor among them, and
    then used as a place in the batch. A row alone in its class is not noticed."""
    return [
        (a, int(far[a, same].argmin()), int(far[a, other].argmax()))
        for a, same, other in _choices(labels, keep_self=True)
    ]


def hardest_in_list(rng: np.random.Generator, far: Reals, labels: Ints) -> Places:
    """A bug: the place of the nearest negative in the list of negatives, used as a place in the batch."""
    return [
        (a, int(rng.choice(same)), int(far[a, other].argmin()))
        for a, same, other in _choices(labels, keep_self=False)
    ]


def hardest_in_list_own_positive(rng: np.random.Generator, far: Reals, labels: Ints) -> Places:
    """Two bugs at once: the same, and the positive drawn with the anchor among its class."""
    return [
        (a, int(rng.choice(same)), int(far[a, other].argmin()))
        for a, same, other in _choices(labels, keep_self=True)
    ]


def own_positive(rng: np.random.Generator, far: Reals, labels: Ints) -> Places:
    """A bug: the positive is drawn from all rows of the class, the anchor among them."""
    return [
        (a, int(rng.choice(same)), int(rng.choice(other)))
        for a, same, other in _choices(labels, keep_self=True)
    ]


CORRECT: dict[str, Miner] = {
    "random": random_mining,
    "batch_all": batch_all,
    "semi_hard": semi_hard,
    "semi_hard_window": semi_hard_window,
    "hardest_negative": hardest_negative,
    "batch_hard": batch_hard,
    "easy_positive": easy_positive,
    "distance_weighted": distance_weighted,
}
BUGS: dict[str, Miner] = {
    "inverted": inverted,
    "inverted_in_list": inverted_in_list,
    "hardest_in_list": hardest_in_list,
    "own_positive": own_positive,
    "hardest_in_list_own_positive": hardest_in_list_own_positive,
}


def _choices(labels: Ints, keep_self: bool) -> list[tuple[int, Ints, Ints]]:
    """Each place of the batch that has both: itself, the places of its class, and those of others."""
    found = []
    for a in range(len(labels)):
        same, other = np.flatnonzero(labels == labels[a]), np.flatnonzero(labels != labels[a])
        same = same if keep_self else same[same != a]
        if len(same) and len(other):
            found.append((a, same, other))
    return found


def balanced(rng: np.random.Generator, labels: Ints, size: int, each: int) -> Ints:
    """A batch of ``size`` / ``each`` classes (or all) with ``each`` rows of each, class after class."""
    enough = np.flatnonzero(np.bincount(labels) >= each)
    classes = rng.choice(enough, min(size // each, len(enough)), replace=False)
    rows = [rng.choice(np.flatnonzero(labels == c), each, replace=False) for c in classes]
    return np.concatenate(rows).astype(np.int64)


def shuffled(rng: np.random.Generator, labels: Ints, size: int, each: int) -> Ints:
    """The same rows in random order."""
    return rng.permutation(balanced(rng, labels, size, each))


def plain(rng: np.random.Generator, labels: Ints, size: int, each: int) -> Ints:
    """A batch as a data loader shuffles it, whatever the classes."""
    return rng.permutation(len(labels))[:size].astype(np.int64)


def mined(
    rng: np.random.Generator,
    vectors: Reals,
    labels: Ints,
    miner: Miner,
    batch: Callable[[], Ints],
    batches: int,
    named: bool = True,
) -> Triplets:
    """The triplets of so many batches. named: whether the file says in which batch each was mined."""
    found: list[NDArray[np.int64]] = []
    for b in range(batches):
        rows = batch()
        far = cdist(vectors[rows], vectors[rows])
        places = np.array(miner(rng, far, labels[rows]), dtype=np.int64).reshape(-1, 3)
        found.append(np.column_stack([rows[places], np.full(len(places), b)]))
    a, p, n, b_ = np.concatenate(found).T
    notes = (f"triplets: {len(a):,} triplets in {batches} batches.",)
    return Triplets(a, p, n, b_ if named else None, notes=notes)


def space(
    rng: np.random.Generator, classes: int, rows: int, d: int, noise: float
) -> tuple[Reals, Ints]:
    """Classes of as many rows on the unit sphere, their centres standard normal before that."""
    labels = np.repeat(np.arange(classes), rows)
    vectors = rng.standard_normal((classes, d))[labels]
    return unit(vectors + noise * rng.standard_normal((len(labels), d))), labels


def _half_trained(rng: np.random.Generator, miner: Miner) -> Split:
    """60 classes of 20 that still overlap, and 60 batches of 16 classes of 4."""
    vectors, labels = space(rng, 60, 20, 32, 1.3)
    batch = partial(shuffled, rng, labels, 64, 4)
    return Split(vectors, labels, triplets=mined(rng, vectors, labels, miner, batch, 60))


def _healthy_mined(rng: np.random.Generator, miner: Miner) -> Split:
    """160 classes of 8 that are told apart, and 60 batches of 16 classes of 4."""
    vectors, labels = space(rng, 160, 8, 48, 0.6)
    batch = partial(shuffled, rng, labels, 64, 4)
    return Split(vectors, labels, triplets=mined(rng, vectors, labels, miner, batch, 60))


HEALTHY: dict[str, Callable[[np.random.Generator], Split]] = {
    f"healthy_{name}_mining": partial(_healthy_mined, miner=CORRECT[name])
    for name in ("random", "semi_hard", "hardest_negative", "batch_hard")
}
FLAWS: dict[str, Callable[[np.random.Generator], Split]] = {
    f"mined_{name}": partial(_half_trained, miner=BUGS[name])
    for name in ("inverted", "inverted_in_list", "hardest_in_list", "own_positive")
}
NAMED_BY: dict[str, str] = dict.fromkeys(FLAWS, "mining_audit")
