"""What does a generated set come with? The record that every planted set is made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .inputs import Believed
from .training_log import TrainingLog
from .triplets import Triplets

Reals = NDArray[np.float64]
Ints = NDArray[np.int64]
Names = NDArray[np.str_]


@dataclass(frozen=True)
class Split:
    """A made set: (n, d) vectors, (n,) labels, and what else belongs to it; raw: (n, d') inputs.

    triplets, log, margin, claim, expected_classes: what the user would bring, see ``Inputs``.
    """

    vectors: Reals
    labels: Ints
    split: Names | None = None
    groups: Ints | None = None
    raw: Reals | None = None
    triplets: Triplets | None = None
    log: TrainingLog | None = None
    margin: float | None = None
    claim: Believed | None = None
    expected_classes: int | None = None


def unit(vectors: Reals) -> Reals:
    """(n, d) vectors at length one."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
