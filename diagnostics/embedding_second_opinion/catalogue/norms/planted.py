"""Generated sets about lengths: short vectors that are blurred, and lengths that say nothing of quality."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from embedding_second_opinion.inputs.generated import Split, unit


def _short_blurred(rng: np.random.Generator) -> Split:
    """100 classes of 20; a fifth of all rows is blurred, and the network made these rows short."""
    labels = np.repeat(np.arange(100), 20)
    blurred = rng.random(2000) < 0.2
    noise = np.where(blurred, 1.6, 0.6)[:, None]
    vectors = rng.standard_normal((100, 32))[labels] + noise * rng.standard_normal((2000, 32))
    lengths = np.where(blurred, 0.85, 1.0) * np.exp(0.05 * rng.standard_normal(2000))
    return Split(10 * lengths[:, None] * unit(vectors), labels)


def _healthy_lengths(rng: np.random.Generator) -> Split:
    """160 classes of 10 whose lengths vary by class and by row, and are as sharp at every length."""
    labels = np.repeat(np.arange(160), 10)
    vectors = rng.standard_normal((160, 48))[labels] + 0.65 * rng.standard_normal((1600, 48))
    logs = 0.06 * rng.standard_normal(160)[labels] + 0.04 * rng.standard_normal(1600)
    return Split(10 * np.exp(logs)[:, None] * unit(vectors), labels)


HEALTHY: dict[str, Callable[[np.random.Generator], Split]] = {"healthy_lengths": _healthy_lengths}
FLAWS: dict[str, Callable[[np.random.Generator], Split]] = {"short_blurred": _short_blurred}
