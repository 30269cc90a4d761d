"""What is a quantile, or a share of pairs, once some values are taken out and others put in?

A class jackknife asks this once for each class. From the sorted whole it costs what was changed, not what
there is.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from embedding_second_opinion.data.arrays import Reals

NOTHING = np.zeros(0)


@dataclass(frozen=True, eq=False)
class Pool:
    """Values ``base``, less those in ``out`` (which it holds), with those in ``into``; all sorted."""

    base: Reals
    out: Reals = field(default_factory=lambda: NOTHING)
    into: Reals = field(default_factory=lambda: NOTHING)

    def after(self, out: Reals, into: Reals) -> Pool:
        """The base with these taken out and these put in."""
        return Pool(self.base, np.sort(out), np.sort(into))

    @property
    def size(self) -> int:
        """Values in the pool."""
        return len(self.base) - len(self.out) + len(self.into)

    def at_most(self, x: float) -> int:
        """Values that are x or less."""
        return int(
            np.searchsorted(self.base, x, "right")
            - np.count_nonzero(self.out <= x)
            + np.count_nonzero(self.into <= x)
        )

    def share(self, x: float) -> float:
        """The same as a share of the pool; NaN for an empty one."""
        return self.at_most(x) / self.size if self.size else float("nan")

    def place(self, i: int) -> float:
        """The value at place ``i`` of the pool in order, from 0."""
        if not len(self.out) and not len(self.into):
            return float(self.base[i])
        # No more than these can have moved across it.
        low, high = max(0, i - len(self.into)), min(len(self.base), i + len(self.out) + 1)
        near = np.sort(np.concatenate([self.base[low:high], self.into]))
        below = (
            np.searchsorted(self.base, near, "right")
            - np.searchsorted(self.out, near, "right")
            + np.searchsorted(self.into, near, "right")
        )
        return float(near[int(np.argmax(below > i))])

    def quantile(self, share: float) -> float:
        """As ``numpy.quantile`` has it by default (method "linear"); NaN for an empty pool."""
        if not self.size:
            return float("nan")
        at = (self.size - 1) * share
        low = int(np.floor(at))
        first = self.place(low)
        if low + 1 >= self.size:
            return first
        second = self.place(low + 1)
        return first if first == second else first + (at - low) * (second - first)


def wins(near: Pool, far: Pool, whole: float | None = None) -> float:
    """Pairs with the value of ``near`` smaller than that of ``far``; a pair as large counts half.

    whole: what it is for the bases of both, where that is known.
    """
    total = _wins(near.base, far.base) if whole is None else whole
    total += _wins(near.into, far.base) - _wins(near.out, far.base)
    total += _wins(near.base, far.into) - _wins(near.base, far.out)
    # Pairs of two changed values: those of two taken out were taken out twice.
    total += _wins(near.into, far.into) - _wins(near.into, far.out)
    total += _wins(near.out, far.out) - _wins(near.out, far.into)
    return total


def _wins(near: Reals, far: Reals) -> float:
    """Of two sorted arrays; the shorter is looked up in the longer."""
    if len(near) < len(far):
        behind = np.searchsorted(far, near, "left") + np.searchsorted(far, near, "right")
        return len(near) * len(far) - float(behind.sum()) / 2
    before = np.searchsorted(near, far, "left") + np.searchsorted(near, far, "right")
    return float(before.sum()) / 2
