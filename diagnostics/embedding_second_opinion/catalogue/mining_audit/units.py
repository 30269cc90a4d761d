"""How sure are shares of triplets? By batch where there are ten, else by class; where blind, by anchor.

The claim is about the same classes and the same code: what share of the triplets that it draws next will
be so. Batches are drawn anew each time, so they are independent; triplets of one batch are not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import beta, binom

from embedding_second_opinion.data.arrays import Bools, Ints, Reals
from embedding_second_opinion.inputs.triplets import Triplets
from embedding_second_opinion.stats.intervals import (
    FEWEST_CLASSES,
    LEVEL,
    TAIL,
    Interval,
    difference_interval,
    share_interval,
)

Mask = Bools


@dataclass(frozen=True, eq=False)
class Units:
    """Which triplets go when a unit is deleted.

    of: "batch" or "class". count: how many units. unit, triplet: one entry for each unit that a triplet is
    part of; a triplet goes with its batch, or with the class of any of its rows. anchor: (t,) row numbers.
    """

    of: str
    count: int
    unit: Ints
    triplet: Ints
    anchor: Ints

    def among(self, chosen: Ints) -> Units:
        """The same units for some of the triplets, renumbered in the order of ``chosen``."""
        place = np.full(len(self.anchor), -1)
        place[chosen] = np.arange(len(chosen))
        kept = place[self.triplet] >= 0
        unit, triplet = self.unit[kept], place[self.triplet[kept]]
        return Units(self.of, self.count, unit, triplet, self.anchor[chosen])

    def sums(self, values: Reals) -> Reals:
        """(units,) the sum of ``values`` (t,) over the triplets that go with each unit."""
        found = np.bincount(self.unit, values[self.triplet], minlength=self.count)
        return found.astype(np.float64)

    def share(self, hits: Mask | Reals) -> tuple[float, Interval]:
        """The mean of values in [0, 1] over the triplets, with its interval."""
        values = hits.astype(np.float64)
        total, size = float(values.sum()), len(values)
        if not size:
            return 0.0, Interval(0.0, 1.0, "no triplet of which it can be told", "anchor")
        value = total / size
        gone, left = self.sums(values), size - self.sums(np.ones(size))
        there = left < size  # units that hold a triplet
        without = (total - gone[there]) / np.where(left > 0, left, np.nan)[there]
        blind = bool(np.nanmin(without, initial=1) <= 0 or np.nanmax(without, initial=0) >= 1)
        if blind and set(np.unique(values)) <= {0.0, 1.0}:
            return value, self.of_anchors(values > 0)
        weights = (size - left)[there]
        found = share_interval(value, without, int(there.sum()), weights)
        return value, self._worded(found)

    def excess(self, hits: Mask, chance: Reals) -> tuple[float, Interval]:
        """How far hits exceed their chance, as a share of what they could: 0 for chance, 1 for all.

        Values below chance are 0: being rarer than chance is no harm.
        """
        hit, by_chance, size = float(hits.sum()), float(chance.sum()), len(hits)
        value = max(0.0, (hit - by_chance) / (size - by_chance))
        sums = [self.sums(x) for x in (hits.astype(np.float64), chance, np.ones(size))]
        there = sums[2] > 0
        h, c, s = (total - x[there] for total, x in zip((hit, by_chance, size), sums, strict=True))
        without = np.full(len(h), np.nan)
        np.divide(h - c, s - c, out=without, where=s - c > 0)
        units = int(there.sum())
        if hit == 0 or hit == size or (np.isfinite(without).all() and without.max() >= 1):
            mean = by_chance / size
            return value, _rescaled(self.of_anchors(hits), mean)
        found = difference_interval((hit - by_chance) / (size - by_chance), without, units)
        if found.low is None or found.high is None:
            return value, self._worded(found)
        low, high = max(0.0, found.low), min(1.0, max(0.0, found.high))
        return value, self._worded(replace(found, low=low, high=high))

    def of_anchors(self, hits: Mask) -> Interval:
        """Clopper-Pearson over the anchors, one being hit where any of its triplets is (or all are).

        For rare hits, where no deleted batch or class changes anything, and for all but all.
        """
        every = np.unique(self.anchor)
        rare = 2 * int(hits.sum()) <= len(hits)
        odd = len(np.unique(self.anchor[hits if rare else ~hits]))
        n = len(every)
        k = odd if rare else n - odd
        low = float(beta.ppf(TAIL, k, n - k + 1)) if k else 0.0
        high = float(beta.ppf(LEVEL if k == 0 else 1 - TAIL, k + 1, n - k)) if k < n else 1.0

        def above(x: float) -> float:
            return float(binom.sf(k - 1, n, min(max(x, 0.0), 1.0)))

        name = "rule of three" if k in (0, n) else "Clopper-Pearson"
        text = f"{name} over {n:,} anchors, {k:,} of which are so: these classes, more triplets"
        return Interval(low, high, text, "anchor", k in (0, n), above if k else None)

    def _worded(self, interval: Interval) -> Interval:
        """The house's intervals speak of classes."""
        if self.of == "class":
            return interval
        method = interval.method.replace("classes are", "batches are").replace("classes", "batches")
        return replace(interval, method=method.replace("class", "batch"), unit="batch")


def units_of(triplets: Triplets, codes: Ints) -> Units:
    """Batches where there are ten or more, else classes. codes: (n,) class of every row."""
    count = len(triplets.anchor)
    every = np.arange(count)
    if triplets.batch is not None:
        ids, unit = np.unique(triplets.batch, return_inverse=True)
        if len(ids) >= FEWEST_CLASSES:
            return Units("batch", len(ids), unit.reshape(-1), every, triplets.anchor)
    a, p, n = (codes[rows] for rows in (triplets.anchor, triplets.positive, triplets.negative))
    second, third = p != a, (n != a) & (n != p)  # each class of a triplet once
    ids, unit = np.unique(np.concatenate([a, p[second], n[third]]), return_inverse=True)
    triplet = np.concatenate([every, every[second], every[third]])
    return Units("class", len(ids), unit.reshape(-1), triplet, triplets.anchor)


def _rescaled(interval: Interval, chance: float) -> Interval:
    """The interval of a share as that of its excess over a chance."""
    assert interval.low is not None
    assert interval.high is not None
    p = interval.above
    above = None if p is None else lambda x: p(x * (1 - chance) + chance)
    bounds = interval.low, interval.high
    low, high = (max(0.0, (bound - chance) / (1 - chance)) for bound in bounds)
    return replace(interval, low=low, high=high, above=above)
