"""What does a generated set come with? The record that every planted set is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Names, Reals

from .inputs import Believed
from .training_log import TrainingLog
from .triplets import Triplets


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


Maker = Callable[[np.random.Generator], Split]


def by_name(*makers: Maker) -> dict[str, Maker]:
    """Sets by the names of the functions that make them: "_hubs" makes "hubs"."""
    return {make.__name__.removeprefix("_"): make for make in makers}


def around(rng: np.random.Generator, centres: Reals, labels: Ints, noise: float | Reals) -> Reals:
    """(n, d) rows about the centres (classes, d) of their classes.

    noise: standard deviation of a row about its centre in each dimension, of all or (n, 1) of each.
    """
    shape = len(labels), centres.shape[1]
    return np.asarray(centres[labels] + noise * rng.standard_normal(shape))


def clouds(
    rng: np.random.Generator, classes: int, rows: int | Ints, d: int, noise: float
) -> tuple[Reals, Ints]:
    """Vectors and labels of classes with this many rows each (all or (classes,)).

    Centres are standard normal, so two of them are about sqrt(2 d) apart; noise: see ``around``.
    """
    labels = np.repeat(np.arange(classes), rows)
    return around(rng, rng.standard_normal((classes, d)), labels, noise), labels


def directions(
    rng: np.random.Generator, classes: int, rows: int | Ints, d: int, noise: float
) -> tuple[Reals, Ints]:
    """The same on the unit sphere."""
    vectors, labels = clouds(rng, classes, rows, d, noise)
    return unit(vectors), labels


def unit(vectors: Reals) -> Reals:
    """(n, d) vectors at length one."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
