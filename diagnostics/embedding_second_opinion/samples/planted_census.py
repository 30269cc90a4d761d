"""Generated sets about how many triplets still teach: one flaw each, or healthy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from embedding_second_opinion.inputs.generated import Split, unit

Reals = NDArray[np.float64]


def _families(
    rng: np.random.Generator, families: int, members: int, rows: int, apart: float, noise: float
) -> tuple[Reals, NDArray[np.int64]]:
    """Centres of one family are spread ``apart`` times as wide as the families are."""
    centres = np.repeat(rng.standard_normal((families, 32)), members, axis=0)
    centres += apart * rng.standard_normal(centres.shape)
    labels = np.repeat(np.arange(len(centres)), rows)
    return unit(centres[labels] + noise * rng.standard_normal((len(labels), 32))), labels


def _spent_triplets(rng: np.random.Generator) -> Split:
    """180 classes of 10 in families of three that look alike, as trained with random triplets.

    A random negative is of the family twice in 179 draws: next to all triplets are satisfied with the
    margin to spare, and one row in twelve is nearest to a row of another class of its family.
    """
    vectors, labels = _families(rng, 60, 3, 10, apart=0.36, noise=0.5)
    return Split(vectors, labels, margin=0.2)


HEALTHY: dict[str, Callable[[np.random.Generator], Split]] = {}
FLAWS: dict[str, Callable[[np.random.Generator], Split]] = {"spent_triplets": _spent_triplets}
NAMED_BY: dict[str, str] = {"spent_triplets": "triplet_census"}
