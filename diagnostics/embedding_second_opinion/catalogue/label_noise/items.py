"""How near is the class of a label, of every label that is asked about? One pass for all of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embedding_second_opinion.data.arrays import Bools, Ints, Reals
from embedding_second_opinion.geometry.geometry import Geometry

from .kernel_class_order import ClassOrder, Said, class_order

# Positions among the anchors, the class each is said to be of, and (.., m) who holds the majority.
Asked = tuple[Ints, Ints, NDArray[np.integer]]


@dataclass(frozen=True, eq=False)
class Counts:
    """Rows and suspects, flips and found ones: (G + 1,), without each group of classes and with all.

    classes: (K,) suspects by the class of their label, with all.
    """

    rows: Ints
    suspects: Ints
    flips: Ints
    found: Ints
    classes: Ints


class Items:
    """Questions (row, class of its label, class of its neighbours), gathered and answered together."""

    def __init__(self, space: Geometry, group_of: Ints, groups: int) -> None:
        self.space, self.group_of, self.groups = space, group_of, groups
        self._asked: list[Ints] = []
        self._keys: Ints = np.zeros(0, dtype=np.int64)
        self._order: ClassOrder | None = None

    def add(self, rows: Ints, said: Ints, holder: NDArray[np.integer]) -> None:
        """Ask of every row whose neighbours are mostly of another class than it is said to be.

        holder: (G, m), one line for each set of classes that is left.
        """
        for line in holder:
            asked = np.flatnonzero((line >= 0) & (line != said))
            self._asked.append(self._key(rows[asked], said[asked], line[asked].astype(np.int64)))

    def measure(self) -> None:
        """Answer all that was asked: the one pass."""
        ranks, evaluation = self.space.ranks, self.space.evaluation
        self._keys = np.unique(np.concatenate(self._asked))
        rest, besides = np.divmod(self._keys, ranks.classes)
        rows, said = np.divmod(rest, ranks.classes)
        codes = np.searchsorted(ranks.class_ids, evaluation.codes[evaluation.enrolled])
        order = np.argsort(codes, kind="stable")
        gallery = evaluation.enrolled[order]
        place = np.full(len(evaluation.codes), -1, dtype=np.int64)
        place[gallery] = np.arange(len(gallery))
        queries = evaluation.queries[ranks.anchors[rows]]
        start = np.searchsorted(codes[order], np.arange(ranks.classes + 1)).astype(np.int64)
        asked = Said(said, besides, place[queries], start, self.group_of, self.groups)
        if not len(queries):
            nothing = np.zeros((0, self.groups))
            self._order = ClassOrder(nothing, nothing.astype(np.int64))
            return
        # Rows asked about several times are looked up once each time: few are.
        source = self.space.source(queries, gallery, precise=True)
        self._order = class_order(asked, source, "how near the classes of the labels are")

    def nearer(self, rows: Ints, said: Ints, line: NDArray[np.integer], group: int = -1) -> Reals:
        """(m,) share of third classes nearer than the class of the label, of rows that were asked about."""
        assert self._order is not None
        at = np.searchsorted(self._keys, self._key(rows, said, line.astype(np.int64)))
        return self._order.share(group)[at]

    def far(
        self, rows: Ints, said: Ints, line: NDArray[np.integer], least: float, group: int = -1
    ) -> Bools:
        """(m,) whether most neighbours are of another class, and so many third classes are nearer."""
        found = (line >= 0) & (line != said)
        found[found] = self.nearer(rows[found], said[found], line[found], group) >= least
        return np.asarray(found)

    def counts(self, observed: Asked, flipped: Asked, least: float) -> Counts:
        """Of all rows and of flips, with all classes and without each group of them."""
        tables = np.zeros((4, self.groups + 1), dtype=np.int64)
        for at, (rows, said, holder) in enumerate((observed, flipped)):
            for group in range(self.groups + 1):
                gone = group if group < self.groups else -1
                # A label's class takes the row with it.
                left = self.group_of[said] != gone
                far = self.far(rows, said, holder[group], least, gone)
                tables[2 * at, group] = np.count_nonzero(left)
                tables[2 * at + 1, group] = np.count_nonzero(far & left)
        rows, said, holder = observed
        last = self.far(rows, said, holder[-1], least)
        classes = np.bincount(said[last], minlength=len(self.group_of))
        return Counts(tables[0], tables[1], tables[2], tables[3], classes)

    def _key(self, rows: Ints, said: Ints, besides: Ints) -> Ints:
        classes = self.space.ranks.classes
        return np.asarray((rows * classes + said) * classes + besides)
