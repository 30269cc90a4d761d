"""Two accuracies of the same queries, their difference, and what each would be without one class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diagnostics.passes.ranks import Ints, Reals
from diagnostics.resample import Interval


@dataclass(frozen=True, eq=False)
class Pair:
    """Accuracy with (``before``) and without (``after``) what leaks, and the harm: before - after."""

    before: float
    before_interval: Interval
    after: float
    after_interval: Interval
    harm: float
    interval: Interval
    queries: int
    units: int


def delete_one(
    values: Reals | NDArray[np.bool_], codes: Ints, classes: int, gain: Reals | None = None
) -> Reals:
    """(K,) mean of ``values`` without each class. gain: (K,) what its absence adds to the others' sum."""
    sums = np.bincount(codes, weights=values, minlength=classes)
    left = len(codes) - np.bincount(codes, minlength=classes)
    rest = values.sum() - sums + (0.0 if gain is None else gain)
    return np.asarray(np.divide(rest, left, out=np.full(classes, np.nan), where=left > 0))


def exactly(value: float, why: str) -> Interval:
    """A number about these very rows that could not have come out otherwise."""

    def above(x: float) -> float:
        return 1.0 if x >= value else 0.0

    return Interval(value, value, f"exact for these rows: {why}", above=above)
