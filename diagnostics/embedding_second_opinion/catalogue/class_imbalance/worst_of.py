"""How low would the worst of several be, were they all alike? Small samples scatter, and one is last.

The worst of many classes looks bad by chance alone. What a difference must exceed is not the mean
but the smallest value that equals would show: exactly, from binomials, where queries are
independent; by permutation where they are not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

from embedding_second_opinion.data.arrays import Ints, Reals

PERMUTATIONS = 999
_DRAWS = 200_000  # cells drawn at once: a few megabytes


def expected_minimum(queries: Ints, share: float) -> float:
    """Mean of the smallest of Bin(n, share) / n over these n (all positive), in [0, 1]."""
    sizes, times = np.unique(queries, return_counts=True)
    steps = np.unique(np.concatenate([np.arange(1, n + 1) / n for n in sizes]).round(12))
    chance = _all_reach(sizes, times, share, steps)
    return float((np.diff(steps, prepend=0.0) * chance).sum())


def chance_of_minimum(queries: Ints, share: float, lowest: float) -> float:
    """Chance that the smallest of Bin(n, share) / n is at most ``lowest``."""
    sizes, times = np.unique(queries, return_counts=True)
    # Above ``lowest`` by less than one query's share of any class.
    return float(1 - _all_reach(sizes, times, share, np.array([lowest + 1e-6]))[0])


def _all_reach(sizes: Ints, times: Ints, share: float, steps: Reals) -> Reals:
    """(s,) chance that every one has a share of at least each step."""
    chance = np.ones(len(steps))
    for n, count in zip(sizes.tolist(), times.tolist(), strict=True):
        # cdf at -1, 0, ..., n - 1: chance of fewer than 0, 1, ..., n right.
        below = np.concatenate([[0.0], binom.cdf(np.arange(n), n, share)])
        needed = np.minimum(np.ceil(steps * n - 1e-9), n + 1).astype(np.int64)
        reach = 1 - np.append(below, 1.0)[needed]
        chance *= np.clip(reach, 0.0, 1.0) ** count
    return chance


@dataclass(frozen=True, eq=False)
class Cells:
    """Queries of one class in one group: (m,) each, every pair of class and group once.

    ``queries`` in the cell and, of these, how many are ``right``.
    """

    classes: Ints
    groups: Ints
    queries: Ints
    right: Ints


def shuffled_within(cells: Cells, judged: Ints, rng: np.random.Generator) -> Reals:
    """(PERMUTATIONS, judged) recall of groups whose labels are permuted within each class.

    Classes that look alike (as many right, as many in each group) are drawn together, and all in an
    order that is theirs, not that of the names: renaming classes changes no draw.
    """
    order = np.lexsort((cells.groups, cells.classes))
    cuts = np.flatnonzero(np.diff(cells.classes[order])) + 1
    alike: dict[tuple[int, tuple[int, ...], tuple[int, ...]], int] = {}
    for part in np.split(order, cuts):
        right = int(cells.right[part].sum())
        key = (right, tuple(cells.groups[part].tolist()), tuple(cells.queries[part].tolist()))
        alike[key] = alike.get(key, 0) + 1
    groups = int(cells.groups.max()) + 1
    column = np.full(groups, -1)
    column[judged] = np.arange(len(judged))
    total = np.zeros((PERMUTATIONS, len(judged)))
    for (right, where, queries), times in sorted(alike.items()):
        at = column[np.array(where)]
        if right in (0, sum(queries)):  # nothing to permute
            total[:, at[at >= 0]] += times * np.array(queries)[at >= 0] * (right > 0)
            continue
        batch = max(1, _DRAWS // (PERMUTATIONS * len(queries)))
        for start in range(0, times, batch):
            count = min(batch, times - start)
            drawn = rng.multivariate_hypergeometric(queries, right, size=(PERMUTATIONS, count))
            total[:, at[at >= 0]] += drawn.sum(axis=1)[:, at >= 0]
    size = np.bincount(cells.groups, weights=cells.queries, minlength=groups)[judged]
    return np.asarray(total / size)


def shuffled_between(cells: Cells, judged: Ints, rng: np.random.Generator) -> Reals:
    """(PERMUTATIONS, judged) recall of groups that whole classes are dealt to anew.

    Each group keeps its number of classes.
    """
    order = np.lexsort((cells.right, cells.queries))  # alike ones tie: names play no part
    queries, right = cells.queries[order], cells.right[order]
    members = np.bincount(cells.groups)
    starts = np.concatenate([[0], np.cumsum(members)[:-1]])
    filled = np.flatnonzero(members)
    column = np.searchsorted(filled, judged)
    found = np.empty((PERMUTATIONS, len(judged)))
    for i in range(PERMUTATIONS):
        dealt = rng.permutation(len(order))
        won = np.add.reduceat(right[dealt], starts[filled])
        asked = np.add.reduceat(queries[dealt], starts[filled])
        found[i] = (won / asked)[column]
    return found
