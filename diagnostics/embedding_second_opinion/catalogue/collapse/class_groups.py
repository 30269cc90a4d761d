"""What would a number be without a twentieth of the classes? The delete-a-group jackknife.

Numbers that cost a decomposition each are not made anew for every class, but for 20 groups of classes, each
left out in turn. Groups differ by one class at most; the error takes that into account (Busing,
Meijer & van der Leeden, Statistics and Computing 1999). Half samples would bias a spectrum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import t

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.geometry.passes.classes import ClassStats
from embedding_second_opinion.stats.intervals import (
    FEWEST_CLASSES,
    TAIL,
    Interval,
    few_classes,
    no_interval,
)

GROUPS = 20


@dataclass(frozen=True, eq=False)
class ClassGroups:
    """Which group each class is left out with.

    of: (K,) group of each class of the evaluation, -1 for a class without rows.
    sizes: (G,) classes in each group; G is 20, or the number of classes where there are fewer.
    """

    of: Ints
    sizes: Ints

    @classmethod
    def deal(cls, stats: ClassStats) -> ClassGroups:
        """Classes dealt out like cards, in the order of size, then width, then place.

        So every group holds large and small classes, and neither the order of the rows nor the
        names of the classes decide which.
        """
        present = np.flatnonzero(stats.counts)
        offset = stats.means[present] - stats.mean
        place = np.einsum("ij,ij->i", offset, offset)
        order = np.lexsort((place, stats.spread[present], stats.counts[present]))
        of = np.full(len(stats.counts), -1, dtype=np.int64)
        groups = min(GROUPS, len(present))
        of[present[order]] = np.arange(len(present)) % groups
        return cls(of, np.bincount(of[present], minlength=groups).astype(np.int64))

    @classmethod
    def single(cls, stats: ClassStats) -> ClassGroups:
        """Each class a group of its own, in the order of the classes that have rows."""
        present = stats.counts > 0
        of = np.where(present, np.cumsum(present) - 1, -1)
        return cls(of, np.ones(int(present.sum()), dtype=np.int64))

    @property
    def classes(self) -> int:
        """Classes with rows."""
        return int(self.sizes.sum())

    @property
    def words(self) -> str:
        """How an interval was made, for its ``method``."""
        groups = len(self.sizes)
        if groups == self.classes:
            return f"class jackknife, {groups} classes"
        return f"class jackknife, {self.classes:,} classes in {groups} groups"

    def error(self, value: float, without: Reals) -> float:
        """Standard error of ``value`` from what it is without each group.

        value: the number on all classes. without: (G,).
        """
        weight = self.classes / self.sizes
        pseudo = weight * value - (weight - 1) * without
        centre = len(self.sizes) * value - ((1 - 1 / weight) * without).sum()
        return float(np.sqrt(((pseudo - centre) ** 2 / (weight - 1)).mean()))

    def interval(self, value: float, without: Reals, *, positive: bool = False) -> Interval:
        """t interval with G - 1 degrees of freedom; for a positive number on the log scale."""
        if self.classes < FEWEST_CLASSES:
            return few_classes(self.classes)
        if not np.isfinite(without).all():
            return no_interval("without some of the classes the number does not exist")
        log = positive and value > 0 and bool((without > 0).all())
        error = self.error(np.log(value), np.log(without)) if log else self.error(value, without)
        if error < 1e-12:
            return no_interval("no class changes the number")
        reach = self.quantile * error
        if log:
            words = f"{self.words}, on the log scale"
            return Interval(float(value * np.exp(-reach)), float(value * np.exp(reach)), words)
        return Interval(value - reach, value + reach, self.words)

    @property
    def quantile(self) -> float:
        """How many standard errors a bound lies from the number."""
        return float(t.ppf(1 - TAIL, len(self.sizes) - 1))

    def tail(self, errors: float) -> float:
        """Chance of a number this many standard errors above the truth."""
        return float(t.sf(errors, len(self.sizes) - 1))
