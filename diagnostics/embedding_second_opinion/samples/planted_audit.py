"""Generated sets about the triplets that a user trained on: one flaw each, or healthy.

Each is a space with classes, batches drawn from it, and a miner that chose triplets in every batch; some
miners hold a bug that circulates. Batches and miners stand apart, so that all can be combined.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from scipy.spatial.distance import cdist

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.inputs.generated import Maker, Split, directions
from embedding_second_opinion.inputs.triplets import Triplets

Places = list[tuple[int, int, int]]  # anchor, positive, negative by place in the batch
Miner = Callable[[np.random.Generator, Reals, Ints], Places]
# One of the rows, by the distances of all rows of the batch to the anchor.
Pick = Callable[[np.random.Generator, Reals, Ints], int]


def _any(rng: np.random.Generator, far: Reals, rows: Ints) -> int:
    return int(rng.choice(rows))


def _nearest(rng: np.random.Generator, far: Reals, rows: Ints) -> int:
    return int(rows[far[rows].argmin()])


def _farthest(rng: np.random.Generator, far: Reals, rows: Ints) -> int:
    return int(rows[far[rows].argmax()])


def _place_of_nearest(rng: np.random.Generator, far: Reals, rows: Ints) -> int:
    """A bug: the place in the list of these rows, used as a place in the batch."""
    return int(far[rows].argmin())


def _place_of_farthest(rng: np.random.Generator, far: Reals, rows: Ints) -> int:
    """The same bug."""
    return int(far[rows].argmax())


def _over_distances(rng: np.random.Generator, far: Reals, rows: Ints) -> int:
    """Drawn evenly over the distances (Wu et al. 2017).

    Up to the median, beyond which the loss is zero in the published code.
    """
    d = far[rows]
    density = np.exp(-0.5 * ((d[:, None] - d) / (0.2 * d.std() + 1e-12)) ** 2).sum(axis=1)
    weight = np.where(d <= np.median(d), 1 / np.maximum(density, 0.2 * density.max()), 0.0)
    return int(rng.choice(rows, p=weight / weight.sum()))


def _miner(positive: Pick, negative: Pick, keep_self: bool = False) -> Miner:
    """Each row once. keep_self: a bug, the anchor is among its own positives."""

    def mine(rng: np.random.Generator, far: Reals, labels: Ints) -> Places:
        return [
            (a, positive(rng, far[a], same), negative(rng, far[a], other))
            for a, same, other in _choices(labels, keep_self)
        ]

    return mine


def batch_all(rng: np.random.Generator, far: Reals, labels: Ints) -> Places:
    """Every triplet there is, a hundredth of them kept, so that files stay small."""
    every = [
        (a, int(p), int(n)) for a, same, other in _choices(labels) for p in same for n in other
    ]
    kept = rng.permutation(len(every))[: max(1, len(every) // 100)]
    return [every[i] for i in np.sort(kept)]


def semi_hard(rng: np.random.Generator, far: Reals, labels: Ints) -> Places:
    """Each pair of a class with the nearest negative beyond it; the farthest where none is beyond."""
    made = []
    for a, same, other in _choices(labels):
        for p in same:
            beyond = other[far[a, other] > far[a, p]]
            n = beyond[far[a, beyond].argmin()] if len(beyond) else other[far[a, other].argmax()]
            made.append((a, int(p), int(n)))
    return made


def semi_hard_window(rng: np.random.Generator, far: Reals, labels: Ints) -> Places:
    """Each row with a positive and any negative in the margin beyond it; skipped where there is none."""
    margin, made = 0.2 * float(np.median(far)), []
    for a, same, other in _choices(labels):
        p = int(rng.choice(same))
        gap = far[a, other] - far[a, p]
        within = other[(gap > 0) & (gap < margin)]
        if len(within):
            made.append((a, p, int(rng.choice(within))))
    return made


CORRECT: dict[str, Miner] = {
    "random": _miner(_any, _any),
    "batch_all": batch_all,
    "semi_hard": semi_hard,
    "semi_hard_window": semi_hard_window,
    "hardest_negative": _miner(_any, _nearest),
    "batch_hard": _miner(_farthest, _nearest),
    "easy_positive": _miner(_nearest, _nearest),  # Xuan et al. 2020
    "distance_weighted": _miner(_any, _over_distances),
}
BUGS: dict[str, Miner] = {
    "inverted": _miner(_nearest, _farthest),  # batch-hard, its two comparisons the wrong way round
    # A row alone in its class is not noticed.
    "inverted_in_list": _miner(_place_of_nearest, _place_of_farthest, keep_self=True),
    "hardest_in_list": _miner(_any, _place_of_nearest),
    "own_positive": _miner(_any, _any, keep_self=True),
    "hardest_in_list_own_positive": _miner(_any, _place_of_nearest, keep_self=True),
}


def _choices(labels: Ints, keep_self: bool = False) -> list[tuple[int, Ints, Ints]]:
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
    found: list[Ints] = []
    for b in range(batches):
        rows = batch()
        far = cdist(vectors[rows], vectors[rows])
        places = np.array(miner(rng, far, labels[rows]), dtype=np.int64).reshape(-1, 3)
        found.append(np.column_stack([rows[places], np.full(len(places), b)]))
    a, p, n, b_ = np.concatenate(found).T
    notes = (f"triplets: {len(a):,} triplets in {batches} batches.",)
    return Triplets(a, p, n, b_ if named else None, notes=notes)


def _mined(
    rng: np.random.Generator, miner: Miner, classes: int, rows: int, d: int, noise: float
) -> Split:
    """60 batches of 16 classes of 4."""
    vectors, labels = directions(rng, classes, rows, d, noise)
    batch = partial(shuffled, rng, labels, 64, 4)
    return Split(vectors, labels, triplets=mined(rng, vectors, labels, miner, batch, 60))


# Classes that are told apart.
HEALTHY: dict[str, Maker] = {
    f"healthy_{name}_mining": partial(
        _mined, miner=CORRECT[name], classes=160, rows=8, d=48, noise=0.6
    )
    for name in ("random", "semi_hard", "hardest_negative", "batch_hard")
}
# Half trained: classes that still overlap.
FLAWS: dict[str, Maker] = {
    f"mined_{name}": partial(_mined, miner=BUGS[name], classes=60, rows=20, d=32, noise=1.3)
    for name in ("inverted", "inverted_in_list", "hardest_in_list", "own_positive")
}
NAMED_BY = dict.fromkeys(FLAWS, "mining_audit")
