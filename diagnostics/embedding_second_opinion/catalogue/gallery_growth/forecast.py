"""How accurate will the model be among more classes than were measured, and how sure is that?

The value is what the mixture fitted to the curve gives, brought to the exact accuracy at K. The interval is
a class jackknife of the whole of it: every class is deleted, as queries and as candidates, and the mixture
fitted again. It is widened by what the back-test shows that the model misses at each doubling.

Whatever the mixture, the loss 1 - A_id(G) grows with G, and ever more slowly, because each query's
(1 - U)^(G - 1) is convex: it is at most (G - 1) / (K - 1) times the loss at K. No interval goes below what
this allows, and where nothing went wrong it is all that can be said.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.stats.intervals import Interval, difference_interval, share_interval

from .extrapolated import fitted
from .known import Known


@dataclass(frozen=True, eq=False)
class Beyond:
    """A fitted curve beyond K. identities, values: (T,). without: (K, T), with each class deleted."""

    known: Known
    identities: Ints
    values: Reals
    without: Reals
    misfit: float = 0.0  # accuracy points that the model misses at a doubling

    @classmethod
    def of(cls, known: Known, identities: Ints) -> Beyond:
        """The mixture fitted to all classes, and without each."""
        every = _anchored(known.grid, known.curve, known.classes, identities)
        # With K - 1 classes left, the grid ends there.
        grid = np.minimum(known.grid, known.classes - 1)
        each = [_anchored(grid, curve, known.classes, identities) for curve in known.without]
        return cls(known, identities, every, np.array(each))

    def missing(self, misfit: float) -> Beyond:
        """The same, its intervals wider by this misfit."""
        return replace(self, misfit=abs(misfit))

    def place(self, identities: int) -> int:
        """Where one of the numbers stands."""
        return int(np.searchsorted(self.identities, identities))

    def accuracy(self, i: int) -> tuple[float, Interval]:
        """A_id at the i-th number, with its interval."""
        value, known = float(self.values[i]), self.known
        base = known.interval
        if base.low is None or base.high is None:
            return value, base
        least = max(0.0, 1 - self._times(i) * (1 - base.low))
        if known.ceiling:
            method = f"{base.method}, and the loss grows at most like the number of classes"
            return value, replace(base, low=least, method=method, above=None)
        interval = share_interval(value, self.without[:, i], known.units)
        wide = _widened(interval, value, self._missed(i))
        if wide.low is None or wide.high is None:
            return value, wide
        low, high = max(min(wide.low, value), least), min(max(wide.high, value), base.high)
        return value, replace(wide, low=min(low, value), high=max(high, value))

    def lost(self, i: int) -> tuple[float, Interval]:
        """Accuracy points lost between K and the i-th number, with the interval of the loss."""
        known = self.known
        value = known.accuracy - float(self.values[i])
        if known.ceiling:
            return value, known_bound(known, int(self.identities[i]) - known.classes)
        change = known.without[:, -1] - self.without[:, i]
        interval = difference_interval(value, change, known.units)
        return value, _widened(interval, value, self._missed(i))

    def _times(self, i: int) -> float:
        return float((self.identities[i] - 1) / (self.known.classes - 1))

    def _missed(self, i: int) -> float:
        return self.misfit * max(0.0, float(np.log2(self.identities[i] / self.known.classes)))


def known_bound(known: Known, more: int) -> Interval:
    """How much ``more`` classes cost where no spread can be seen: at most their share of the loss at K,
    as it is bounded.
    """
    base = known.interval
    if base.low is None:
        return base
    high = min(1.0, more / (known.classes - 1) * (1 - base.low))
    method = f"{base.method}, and the loss grows at most like the number of classes"
    return Interval(0.0, high, method, base.unit, unresolved=True)


def _anchored(grid: Ints, curve: Reals, classes: int, identities: Ints) -> Reals:
    """(T,) the fitted curve, brought to the accuracy measured at K so that the two join."""
    model = fitted(grid, curve).accuracy(np.concatenate([[classes], identities]))
    share = model[1:] / model[0] if model[0] > 0 else np.zeros(len(identities))
    return np.asarray(curve[-1] * np.minimum(share, 1.0))


def _widened(interval: Interval, value: float, extra: float) -> Interval:
    """Both sides of the interval by this much more, as independent errors add up."""
    if interval.low is None or interval.high is None or extra == 0:
        return interval
    below, beyond = value - interval.low, interval.high - value
    low, high = value - float(np.hypot(below, extra)), value + float(np.hypot(beyond, extra))
    above = None
    if interval.above is not None:
        p, shrink = interval.above, below / (value - low)

        def above(x: float) -> float:
            return p(value - (value - x) * shrink)

    method = f"{interval.method}, and what the back-test misses"
    return replace(interval, low=low, high=high, method=method, above=above)
