"""What would each number be without one class, enrolled or strange? Delete-one values for the jackknife.

A deleted enrolled class goes as queries, as rows that set the threshold and as a candidate: whoever was
nearest to it is then as far as the next class. In a rehearsal it goes as strangers too. Exact up to rows
whose fifty nearest are all of one class.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals

from .known_and_strange import Near, Sides
from .pools import NOTHING, Pool, wins

ACCEPTED = 0.95  # of the known queries, at the threshold
NUMBERS = (
    "strangers_accepted_at_95",
    "threshold_at_95",
    "known_turned_away_at_95",
    "fnir_at_95",
    "open_set_auroc",
    "fpr95",
    "fpr95_strangers_positive",
    "oscr",
    "conformal_threshold",
    "strangers_accepted_conformal",
)


@dataclass(frozen=True, eq=False)
class Pools:
    """Distances of known queries, of those that are rightly answered, of strangers, and of those that
    set the threshold; wins: pairs of known (rightly answered) and stranger with the known one nearer.
    """

    known: Pool
    right: Pool
    strange: Pool
    fitted: Pool
    wins: float
    wins_right: float

    @classmethod
    def of(cls, sides: Sides) -> Pools:
        """Everybody."""
        known, strange = Pool(np.sort(sides.known.distance)), Pool(np.sort(sides.strange.distance))
        right = Pool(np.sort(sides.known.distance[sides.right > 0]))
        fitted = Pool(np.sort(sides.fitted.distance))
        return cls(known, right, strange, fitted, wins(known, strange), wins(right, strange))


def numbers(pools: Pools) -> Reals:
    """(NUMBERS,) all of them; NaN where there is none."""
    known, right, strange, fitted = pools.known, pools.right, pools.strange, pools.fitted
    n, m = known.size, strange.size
    if not n or not m or not fitted.size:
        return np.full(len(NUMBERS), np.nan)
    threshold = fitted.quantile(ACCEPTED)
    first = first_accepting(pools)
    # The last at which 95 in 100 of the strangers are turned away, themselves included.
    last = strange.place(m - _enough(m))
    rank = conformal_rank(fitted.size)
    conformal = fitted.place(rank - 1) if rank <= fitted.size else np.inf
    return np.array(
        [
            strange.share(threshold),
            threshold,
            1 - known.share(threshold),
            1 - right.at_most(threshold) / n,
            wins(known, strange, pools.wins) / (n * m),
            strange.share(first),
            1 - known.share(np.nextafter(last, -np.inf)),
            wins(right, strange, pools.wins_right) / (n * m),
            conformal,
            strange.share(conformal),
        ]
    )


def first_accepting(pools: Pools) -> float:
    """The first distance of a known query at which 95 in 100 of them are accepted."""
    return pools.known.place(_enough(pools.known.size) - 1)


def conformal_rank(n: int) -> int:
    """The rank among n + 1 that a new distance exceeds with a chance of at most 1 - ACCEPTED."""
    return int(np.ceil((n + 1) * ACCEPTED - 1e-9))


def without_enrolled(sides: Sides, pools: Pools, class_ids: Ints) -> Reals:
    """(K, NUMBERS) without each enrolled class, in the order of ``class_ids``."""
    return np.array([numbers(left) for left in _each_deleted(sides, pools, class_ids)])


def shares_without(sides: Sides, pools: Pools, class_ids: Ints, x: float) -> Reals:
    """(K, 3) at a distance x that stays: share of the rows that set the threshold and of strangers that are
    at most as far, and of known queries not rightly answered within it; without each enrolled class.
    """
    return np.array([shares(left, x) for left in _each_deleted(sides, pools, class_ids)])


def shares(pools: Pools, x: float) -> tuple[float, float, float]:
    """The same for all of them."""
    n = pools.known.size
    lost = 1 - pools.right.at_most(x) / n if n else float("nan")
    return pools.fitted.share(x), pools.strange.share(x), lost


def _each_deleted(sides: Sides, pools: Pools, class_ids: Ints) -> Iterator[Pools]:
    known, fitted, strange = (
        _Moved(near, class_ids) for near in (sides.known, sides.fitted, sides.strange)
    )
    of_own = _groups(np.where(sides.right > 0, sides.known.own, -1), class_ids)
    saved = _groups(sides.sole, class_ids)
    for c in range(len(class_ids)):
        yield replace(
            pools,
            known=pools.known.after(*known.without(c)),
            right=pools.right.after(
                sides.known.distance[next(of_own)], sides.positive[next(saved)]
            ),
            strange=pools.strange.after(*strange.without(c, as_own=sides.rehearsal)),
            fitted=pools.fitted.after(*fitted.without(c)),
        )


def without_strangers(sides: Sides, pools: Pools) -> Iterator[Pools]:
    """What is left without each class of strangers."""
    for rows in _groups(sides.strange.own, np.unique(sides.strange.own)):
        yield replace(pools, strange=pools.strange.after(sides.strange.distance[rows], NOTHING))


def let_in_alone(near: Near, x: float) -> float:
    """What a jackknife over both counts twice in the share of strangers accepted at x: sum over pairs of a
    stranger's class and an enrolled one of the squared share of all strangers that only the latter lets in.
    """
    alone = (near.distance <= x) & (near.beyond > x)
    pairs = np.column_stack([near.own[alone], near.nearest[alone]])
    counts = np.unique(pairs, axis=0, return_counts=True)[1]
    return float(((counts / len(near.rows)) ** 2).sum())


class _Moved:
    """Which distances go, and which come instead, with each class?"""

    def __init__(self, near: Near, class_ids: Ints) -> None:
        self._near = near
        self._own = list(_groups(near.own, class_ids))
        self._nearest = list(
            _groups(np.where(near.own == near.nearest, -1, near.nearest), class_ids)
        )

    def without(self, c: int, *, as_own: bool = True) -> tuple[Reals, Reals]:
        """(out, into) where class number c is deleted; as_own: its own rows go too."""
        moved, distance = self._nearest[c], self._near.distance
        out = distance[moved]
        if as_own:
            out = np.concatenate([distance[self._own[c]], out])
        return out, self._near.beyond[moved]


def _groups(codes: Ints, class_ids: Ints) -> Iterator[Ints]:
    """The positions of each class, in the order of ``class_ids`` (ascending)."""
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    starts = np.searchsorted(ordered, class_ids, "left")
    stops = np.searchsorted(ordered, class_ids, "right")
    for start, stop in zip(starts, stops, strict=True):
        yield order[start:stop]


def _enough(n: int) -> int:
    """How many of n are 95 in 100 or more."""
    return int(np.ceil(n * ACCEPTED - 1e-9))
