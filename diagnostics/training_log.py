"""What did training log, step by step?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TrainingLog:
    """Curves of one training run.

    step: (t,) increasing. curves: by role ("loss", "accuracy", ...), each (t,), NaN where a step logged none.
    called: by role, the user's own name of the column. notes: what was chosen or is odd, in sentences.
    """

    step: Reals
    curves: Mapping[str, Reals] = field(default_factory=dict)
    called: Mapping[str, str] = field(default_factory=dict)
    name: str = "log"
    notes: tuple[str, ...] = ()
