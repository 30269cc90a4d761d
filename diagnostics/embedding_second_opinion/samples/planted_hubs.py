"""Generated sets about hubs: a few rows that are everybody's neighbour, at a cost or at none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from embedding_second_opinion.inputs.generated import Ints, Reals, Split, unit

DIMENSIONS = 96


def _blurred(rng: np.random.Generator, noise: float, left: float) -> tuple[Reals, Ints]:
    """Rows about the origin: 120 classes of 12, of which one row in a hundred is blurred. In many dimensions
    the middle of a cloud is nearer to its rows than most of them are to one another.

    noise: standard deviation of a row about its class in each dimension, in that of the classes.
    left: how much a blurred row keeps of what tells it from the middle.
    """
    labels = np.repeat(np.arange(120), 12)
    vectors = rng.standard_normal((120, DIMENSIONS))[labels]
    vectors += noise * rng.standard_normal((1440, DIMENSIONS))
    vectors[rng.choice(1440, 14, replace=False)] *= left
    return vectors, labels


def _hubs(rng: np.random.Generator) -> Split:
    """Classes of six families; 14 blurred rows, of which little but the family is left, take a tenth of all
    queries. The families have middles of their own, so that no centring and no cosine mends it.
    """
    vectors, labels = _blurred(rng, 1.5, 0.3)
    families = np.sqrt(2) * rng.standard_normal((6, DIMENSIONS))
    return Split(unit(vectors + families[labels % 6]), labels)


def _healthy_hubs(rng: np.random.Generator) -> Split:
    """A cone of directions whose 14 blurred rows are hubs, a skewness of 8; classes are tight enough to come
    first, and next to nothing is lost.
    """
    vectors, labels = _blurred(rng, 0.8, 0.4)
    shared = unit(rng.standard_normal((1, DIMENSIONS)))
    return Split(unit(vectors + 38 * shared), labels)


HEALTHY: dict[str, Callable[[np.random.Generator], Split]] = {"healthy_hubs": _healthy_hubs}
FLAWS: dict[str, Callable[[np.random.Generator], Split]] = {"hubs": _hubs}
NAMED_BY = {"hubs": "hubness"}
