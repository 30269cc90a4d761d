"""Generated sets about hubs: a few rows that are everybody's neighbour, at a cost or at none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from diagnostics.samples.planted_use import Split


def _blurred(rng: np.random.Generator, noise: float) -> Split:
    """120 classes of 12 in a cone of directions; one row in a hundred is blurred, so that little but what all
    rows share is left of it. In many dimensions the middle of a cloud is nearer to its rows than most of them
    are to one another.

    noise: standard deviation of a row about its class in each dimension, in that of the classes.
    """
    d, labels = 96, np.repeat(np.arange(120), 12)
    own = rng.standard_normal((120, d))[labels] + noise * rng.standard_normal((1440, d))
    own[rng.choice(1440, 14, replace=False)] *= 0.3
    shared = rng.standard_normal((1, d))
    shared *= 3 * np.sqrt(d * (1 + noise**2)) / np.linalg.norm(shared)
    vectors = own + shared
    return Split(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), labels)


def _hubs(rng: np.random.Generator) -> Split:
    """Rows scatter as far as classes do: 14 blurred ones take a sixth of all queries from their class."""
    return _blurred(rng, 1.1)


def _healthy_hubs(rng: np.random.Generator) -> Split:
    """The same rows are hubs, and classes are tight enough to come first: nothing is lost to them."""
    return _blurred(rng, 0.7)


HEALTHY: dict[str, Callable[[np.random.Generator], Split]] = {"healthy_hubs": _healthy_hubs}
FLAWS: dict[str, Callable[[np.random.Generator], Split]] = {"hubs": _hubs}
NAMED_BY = {"hubs": "hubness"}
