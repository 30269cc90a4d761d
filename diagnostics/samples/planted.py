"""Generated sets whose truth is known: one flaw each, and healthy ones of different shape."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from diagnostics.embeddings import EmbeddingSet

Reals = NDArray[np.float64]
Made = tuple[Reals, NDArray[np.int64]]


def planted(flaw: str, seed: int = 0) -> EmbeddingSet:
    """A set with this one flaw (a key of FLAWS), or a healthy one (a key of HEALTHY).

    The same seed gives the same set. Raises KeyError for an unknown name.
    """
    make = {**HEALTHY, **FLAWS}[flaw]
    vectors, labels = make(np.random.default_rng(seed))
    return EmbeddingSet.from_arrays(vectors, labels, name=f"planted:{flaw}")


def _classes(
    rng: np.random.Generator, classes: int, rows: int, d: int, noise: float
) -> tuple[Reals, Reals, NDArray[np.int64]]:
    """Centres (classes, d), vectors (classes * rows, d) about them, and labels.

    Centres are standard normal, so two of them are about sqrt(2 d) apart; ``noise`` is the
    standard deviation of a row about its centre in each dimension.
    """
    centres = rng.standard_normal((classes, d))
    labels = np.repeat(np.arange(classes), rows)
    return centres, centres[labels] + noise * rng.standard_normal((len(labels), d)), labels


def _unit(vectors: Reals) -> Reals:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def _healthy(rng: np.random.Generator) -> Made:
    """60 classes of 20 on the unit sphere, as a well-trained network leaves them."""
    _, vectors, labels = _classes(rng, 60, 20, 32, 0.75)
    return _unit(vectors), labels


def _healthy_many_classes(rng: np.random.Generator) -> Made:
    """600 classes of 5."""
    _, vectors, labels = _classes(rng, 600, 5, 48, 0.75)
    return _unit(vectors), labels


def _healthy_few_samples(rng: np.random.Generator) -> Made:
    """300 classes of 2 to 4."""
    _, vectors, labels = _classes(rng, 300, 4, 48, 0.68)
    drop = rng.random(len(labels)) < 0.25
    drop[np.unique(labels, return_index=True)[1]] = False
    drop[np.unique(labels, return_index=True)[1] + 1] = False
    return _unit(vectors[~drop]), labels[~drop]


def _healthy_several_modes(rng: np.random.Generator) -> Made:
    """40 classes of three separate modes each: low triplet accuracy, and rightly no alarm."""
    _, vectors, modes = _classes(rng, 120, 10, 32, 0.7)
    return vectors, modes % 40


def _healthy_unnormalised(rng: np.random.Generator) -> Made:
    """200 classes of 8 with an offset and scales that differ tenfold between dimensions."""
    _, vectors, labels = _classes(rng, 200, 8, 48, 0.56)
    return 40 + vectors * np.geomspace(0.5, 5, 48), labels


def _look_alikes(rng: np.random.Generator) -> Made:
    """150 classes of 12 of which 20 have a twin: 40 classes that are hard to tell apart.

    A triplet seldom meets the twin, one negative in 149; a nearest-neighbour search always does.
    """
    centres, vectors, labels = _classes(rng, 150, 12, 32, 0.65)
    shift = 0.25 * rng.standard_normal((20, 32))
    for i in range(20):
        vectors[labels == 130 + i] += centres[i] + shift[i] - centres[130 + i]
    return _unit(vectors), labels


def _crowded(rng: np.random.Generator) -> Made:
    """300 classes of 8 in 10 dimensions: each pair is far apart, all together are not."""
    _, vectors, labels = _classes(rng, 300, 8, 10, 0.4)
    return vectors, labels


HEALTHY: dict[str, Callable[[np.random.Generator], Made]] = {
    "healthy": _healthy,
    "healthy_many_classes": _healthy_many_classes,
    "healthy_few_samples": _healthy_few_samples,
    "healthy_several_modes": _healthy_several_modes,
    "healthy_unnormalised": _healthy_unnormalised,
}
FLAWS: dict[str, Callable[[np.random.Generator], Made]] = {
    "look_alikes": _look_alikes,
    "crowded": _crowded,
}
