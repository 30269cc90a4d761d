"""Generated sets about the gallery's size: classes still to come crowd those enrolled, or do not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from embedding_second_opinion.inputs.generated import Ints, Reals, Split


def _classes(
    rng: np.random.Generator, centres: Reals, rows: int, noise: float
) -> tuple[Reals, Ints]:
    labels = np.repeat(np.arange(len(centres)), rows)
    spread = noise * rng.standard_normal((len(labels), centres.shape[1]))
    return np.asarray(centres[labels] + spread), labels


def _to_come(rng: np.random.Generator) -> Split:
    """240 classes of 6, of which most have room enough; five times as many are to be enrolled. Of the 600
    families of look-alikes that classes come from, most have one member here, and several by then.
    """
    families = 1.1 * rng.standard_normal((600, 32))
    centres = families[rng.integers(0, 600, 240)] + 0.2 * rng.standard_normal((240, 32))
    vectors, labels = _classes(rng, centres, 6, 0.38)
    return Split(vectors, labels, expected_classes=1200)


def _healthy_to_come(rng: np.random.Generator) -> Split:
    """400 classes of 8 with room for many more, in 32 dimensions; three times as many are to be enrolled."""
    vectors, labels = _classes(rng, rng.standard_normal((400, 32)), 8, 0.4)
    return Split(vectors, labels, expected_classes=1200)


HEALTHY: dict[str, Callable[[np.random.Generator], Split]] = {"healthy_to_come": _healthy_to_come}
FLAWS: dict[str, Callable[[np.random.Generator], Split]] = {"look_alikes_to_come": _to_come}
NAMED_BY = {"look_alikes_to_come": "gallery_growth"}
