"""Generated sets about training logs: one flaw each, or healthy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from diagnostics.samples.planted_use import Split

HEALTHY: dict[str, Callable[[np.random.Generator], Split]] = {}
FLAWS: dict[str, Callable[[np.random.Generator], Split]] = {}
NAMED_BY: dict[str, str] = {}
