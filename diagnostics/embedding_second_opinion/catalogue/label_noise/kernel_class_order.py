"""How many other classes are nearer to a row than the class that it is said to be of?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.geometry.passes.kernels import jit
from embedding_second_opinion.geometry.passes.source import Source
from embedding_second_opinion.geometry.passes.sweep import sweep

ROWS = 64  # rows a block: a float64 product of 25 MB at 50,000 rows


@dataclass(frozen=True, eq=False)
class Said:
    """Some rows and what is said of them. Places of the gallery are sorted by class.

    own: (m,) class that each row is said to be of. besides: (m,) one more class that is left out, -1 for
    none. self_at: (m,) the place of the row itself, -1 where it is not enrolled.
    class_start: (K + 1,). group_of: (K,) group of each class, below ``groups``.
    """

    own: Ints
    besides: Ints
    self_at: Ints
    class_start: Ints
    group_of: Ints
    groups: int


@dataclass(frozen=True, eq=False)
class ClassOrder:
    """Sums over the third classes of each group: neither the own one nor the one left out.

    nearer: (m, G) of the share of pairs (row of the own class, row of the third class) in which the
    third one is nearer or as near. classes: (m, G) how many third classes that is.
    """

    nearer: Reals
    classes: Ints

    def share(self, group: int = -1) -> Reals:
        """(m,) mean over the third classes, without those of a group where one is given; 0 for none."""
        nearer, classes = self._totals
        if group >= 0:
            nearer, classes = nearer - self.nearer[:, group], classes - self.classes[:, group]
        return np.divide(nearer, classes, out=np.zeros(len(nearer)), where=classes > 0)

    @cached_property
    def _totals(self) -> tuple[Reals, Ints]:
        return self.nearer.sum(axis=1), self.classes.sum(axis=1)


def class_order(said: Said, source: Source, what: str) -> ClassOrder:
    """One pass of these rows over the gallery, in float64. A class without another row says nothing."""
    m = len(said.own)
    nearer = np.zeros((m, said.groups))
    classes = np.zeros((m, said.groups), dtype=np.int64)
    spans = [(start, min(start + ROWS, m)) for start in range(0, m, ROWS)]
    for (start, stop), (some, count) in sweep(partial(_block, said, source), spans, what):
        nearer[start:stop], classes[start:stop] = some, count
    return ClassOrder(nearer, classes)


def _block(said: Said, source: Source, start: int, stop: int) -> tuple[Reals, Ints]:
    distances = source.block(start, stop, precise=True)
    nearer = np.zeros((stop - start, said.groups))
    classes = np.zeros((stop - start, said.groups), dtype=np.int64)
    _fill(
        distances, said.own[start:stop], said.besides[start:stop], said.self_at[start:stop],
        said.class_start, said.group_of, nearer, classes,
    )  # fmt: skip
    return nearer, classes


@jit
def _fill(  # type: ignore[no-untyped-def]
    distances, own, besides, self_at, class_start, group_of, nearer, classes
):
    for i in range(distances.shape[0]):
        row = distances[i]
        first, last = class_start[own[i]], class_start[own[i] + 1]
        inside = first <= self_at[i] < last
        positives = np.empty(last - first - inside)
        at = 0
        for j in range(first, last):
            if j != self_at[i]:
                positives[at] = row[j]
                at += 1
        if at == 0:
            continue
        positives.sort()
        for c in range(class_start.shape[0] - 1):
            if c in (own[i], besides[i]):
                continue
            pairs, lost = 0, 0
            for j in range(class_start[c], class_start[c + 1]):
                if j == self_at[i]:
                    continue
                pairs += at
                # Positives that are not nearer than this row: a tie is an error.
                lost += at - _below(positives, row[j])
            if pairs > 0:
                nearer[i, group_of[c]] += lost / pairs
                classes[i, group_of[c]] += 1


@jit
def _below(ordered, x):  # type: ignore[no-untyped-def]
    """How many are below x; bisection without a branch that could be guessed wrong."""
    first, left = 0, ordered.shape[0]
    while left > 1:
        half = left // 2
        first += half if ordered[first + half - 1] < x else 0
        left -= half
    return first + (ordered[first] < x)
