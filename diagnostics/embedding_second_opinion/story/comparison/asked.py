"""Which numbers of two models are compared, and what would each difference be without one class?

A deleted class goes as queries and as candidates wherever the pass can tell what then changes; where the
lists of nearest rows end too early for that it goes as queries only, and the method says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.rank_results import Ranks
from embedding_second_opinion.stats import jackknife, surface
from embedding_second_opinion.stats.answers_without import REACHED, without_each
from embedding_second_opinion.stats.gains import gain_interval
from embedding_second_opinion.stats.intervals import Interval, difference_interval
from embedding_second_opinion.stats.ranked_answers import per_query
from embedding_second_opinion.stats.surface import anchor_counts

FEW = 10  # identities of the gallery between one and all that the two are compared in
OF_FIRST_R = ("r_precision", "map_at_r")
AS_QUERIES = "; classes go as queries only"
CLOSED = "closed_set_accuracy"


@dataclass(frozen=True)
class Asked:
    """One number of the first model and of the second, and the interval of (second less first)."""

    name: str
    first: float
    second: float
    interval: Interval


@dataclass(frozen=True)
class _Number:
    """value and delete-one values (K,) of one rank pass. within: of the queries among themselves.

    rows: values and classes of the anchors, or of the classes, where the number is their mean. pairs: its
    errors are of pairs of classes, each met twice by a jackknife.
    """

    name: str
    value: Callable[[Ranks], float]
    without: Callable[[Ranks], Reals]
    within: bool = False
    rows: Callable[[Ranks], tuple[Reals, Ints]] | None = None
    pairs: Callable[[Ranks], bool] | None = None


def right(ranks: Ranks) -> Reals:
    """(a,) 1 where an anchor's nearest row is of its class."""
    return np.asarray(ranks.right[ranks.anchors])


def _rights(ranks: Ranks) -> tuple[Reals, Ints]:
    """Of the anchors."""
    return right(ranks), ranks.codes[ranks.anchors]


def _recalls(ranks: Ranks) -> tuple[Reals, Ints]:
    """Of the classes with anchors."""
    has = np.flatnonzero(anchor_counts(ranks))
    return surface.class_recall(ranks)[has], has


def _always(ranks: Ranks) -> bool:
    return True


def _equal_classes(ranks: Ranks) -> bool:
    return bool(np.ptp(anchor_counts(ranks)) == 0)


_NUMBERS = (
    _Number("triplet_accuracy", surface.triplet_accuracy, jackknife.triplet_without, within=True),
    _Number(
        "triplet_accuracy_all_triplets",
        surface.triplet_accuracy_all_triplets,
        jackknife.all_triplets_without,
        within=True,
    ),
    _Number(
        CLOSED,
        surface.closed_set_accuracy,
        jackknife.closed_set_without,
        rows=_rights,
        pairs=_always,
    ),
    _Number(
        "closed_set_accuracy_macro",
        surface.closed_set_accuracy_macro,
        jackknife.closed_set_macro_without,
        rows=_recalls,
        pairs=_equal_classes,
    ),
)


def asked(one: Geometry, two: Geometry) -> list[Asked]:
    """Every number that the rank pass gives for both; both have the same rows in the same roles."""
    return [*_exact(one, two), *_among_few(one, two), *_of_answers(one, two)]


def _exact(one: Geometry, two: Geometry) -> list[Asked]:
    found = []
    for number in _NUMBERS:
        a, b = (_pass(space, number.within) for space in (one, two))
        left = number.without(b) - number.without(a)
        value = number.value(b) - number.value(a)
        pairs = _pairs(a, b) if number.pairs is not None and number.pairs(a) else 0.0
        if number.rows is not None:
            (after, codes), (before, _) = number.rows(b), number.rows(a)
            interval = gain_interval(after - before, codes, left, pairs)
        else:
            interval = difference_interval(value, left, _units(a), pairs)
        found.append(Asked(number.name, number.value(a), number.value(b), interval))
    return found


def _among_few(one: Geometry, two: Geometry) -> list[Asked]:
    """The identity curve at the point of its grid next to FEW, where a gallery is larger than that."""
    a, b = one.ranks, two.ranks
    grid = a.id_grid
    at = int(np.abs(grid - FEW).argmin())
    if not 1 < grid[at] < a.classes or not np.array_equal(grid, b.id_grid):
        return []
    left = jackknife.identity_without(b)[:, at] - jackknife.identity_without(a)[:, at]
    values = [float(surface.identity_curve(ranks)[at]) for ranks in (a, b)]
    interval = difference_interval(values[1] - values[0], left, _units(a))
    return [Asked(f"accuracy_among_{grid[at]}_classes", values[0], values[1], interval)]


def _of_answers(one: Geometry, two: Geometry) -> list[Asked]:
    codes = one.ranks.codes[one.ranks.anchors]
    first, second = per_query(one.ranks), per_query(two.ranks)
    lists = [without_each(space) for space in (one, two)]
    # A list that ends before R does not show what moves up among the first R.
    reached = min(each.exact for each in lists) >= REACHED
    found = []
    for name, values in first.items():
        if name in ("precision_at_1", "recall_at_1"):  # the closed-set accuracy by other names
            continue
        seen = reached or name not in OF_FIRST_R
        left = lists[1].numbers[name] - lists[0].numbers[name] if seen else None
        interval = gain_interval(second[name] - values, codes, left)
        if not seen and interval.low is not None:
            interval = replace(interval, method=interval.method + AS_QUERIES)
        found.append(Asked(name, float(values.mean()), float(second[name].mean()), interval))
    return found


def _units(ranks: Ranks) -> int:
    return int(np.count_nonzero(anchor_counts(ranks)))


def _pass(space: Geometry, within: bool) -> Ranks:
    inner = space.within
    return inner if within and inner is not None and len(inner.anchors) else space.ranks


def _pairs(one: Ranks, two: Ranks) -> float:
    """Sum over pairs of classes of (what the difference owes to the two)^2.

    A query that one class alone beats is met twice by a jackknife that deletes classes as queries and as
    candidates.
    """
    keys, signs = [], []
    for ranks, sign in ((one, 1.0), (two, -1.0)):
        a = ranks.anchors[ranks.sole[ranks.anchors] >= 0]
        own, other = ranks.codes[a], ranks.sole[a]
        keys.append(np.minimum(own, other) * ranks.classes + np.maximum(own, other))
        signs.append(np.full(len(a), sign))
    _, place = np.unique(np.concatenate(keys), return_inverse=True)
    net = np.bincount(place, weights=np.concatenate(signs)) / len(one.anchors)
    return float((net**2).sum())
