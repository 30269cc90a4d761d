"""Generated sets about hubs: a few rows that are everybody's neighbour, at a cost or at none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from diagnostics.samples.planted_use import Split


def _blurred(rng: np.random.Generator, noise: float) -> Split:
    """120 classes of 12 in six families on the unit sphere; one row in a hundred is blurred, so that little
    but what its family shares is left of it. In many dimensions the middle of a family is nearer to its rows
    than most of them are to one another. The middles differ, so that no centring and no cosine mends it.

    noise: standard deviation of a row about its class in each dimension, in that of the classes.
    """
    labels = np.repeat(np.arange(120), 12)
    own = rng.standard_normal((120, 96))[labels] + noise * rng.standard_normal((1440, 96))
    own[rng.choice(1440, 14, replace=False)] *= 0.3
    families = np.sqrt(2) * rng.standard_normal((6, 96))
    vectors = own + families[labels % 6]
    return Split(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), labels)


def _hubs(rng: np.random.Generator) -> Split:
    """Rows scatter half as far again as classes: 14 blurred ones take a tenth of all queries."""
    return _blurred(rng, 1.5)


def _healthy_hubs(rng: np.random.Generator) -> Split:
    """The same rows are hubs, and classes are tight enough to come first: next to nothing is lost."""
    return _blurred(rng, 1.0)


HEALTHY: dict[str, Callable[[np.random.Generator], Split]] = {"healthy_hubs": _healthy_hubs}
FLAWS: dict[str, Callable[[np.random.Generator], Split]] = {"hubs": _hubs}
NAMED_BY = {"hubs": "hubness"}
