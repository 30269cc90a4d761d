"""Generated sets about wrong labels: one flaw each, or healthy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from embedding_second_opinion.inputs.generated import Ints, Split, unit


def _mislabelled(rng: np.random.Generator, labels: Ints, share: float) -> Ints:
    """The labels, of which this share is another class's, any of them alike."""
    classes = int(labels.max()) + 1
    wrong = rng.random(len(labels)) < share
    other = (labels + rng.integers(1, classes, len(labels))) % classes
    return np.where(wrong, other, labels)


def _wrong_labels(rng: np.random.Generator) -> Split:
    """80 classes of 20, moderately far apart; 8 % of the rows have the label of another class."""
    centres, true = rng.standard_normal((80, 32)), np.repeat(np.arange(80), 20)
    vectors = centres[true] + 0.8 * rng.standard_normal((1600, 32))
    return Split(unit(vectors), _mislabelled(rng, true, 0.08))


def _swapped_labels(rng: np.random.Generator) -> Split:
    """100 classes of 20, each of which is now and then, 8 %, given the label of one certain other."""
    centres, true = rng.standard_normal((100, 32)), np.repeat(np.arange(100), 20)
    vectors = centres[true] + 0.7 * rng.standard_normal((2000, 32))
    partner = (np.arange(100) + rng.integers(1, 100, 100)) % 100
    wrong = rng.random(2000) < 0.08
    return Split(unit(vectors), np.where(wrong, partner[true], true))


def _wrong_enrolled(rng: np.random.Generator) -> Split:
    """100 classes of 12 train and 8 test rows; 7 % of the train rows were enrolled under another name."""
    centres, true = rng.standard_normal((100, 40)), np.repeat(np.arange(100), 20)
    split = np.tile(np.repeat(["train", "test"], [12, 8]), 100)
    vectors = centres[true] + 0.75 * rng.standard_normal((2000, 40))
    labels = np.where(split == "train", _mislabelled(rng, true, 0.07), true)
    return Split(unit(vectors), labels, split)


def _healthy_few_wrong(rng: np.random.Generator) -> Split:
    """250 classes of 10; one label in 200 is wrong, as in any set made by people, and does no harm."""
    centres, true = rng.standard_normal((250, 40)), np.repeat(np.arange(250), 10)
    vectors = centres[true] + 0.65 * rng.standard_normal((2500, 40))
    return Split(unit(vectors), _mislabelled(rng, true, 0.005))


HEALTHY: dict[str, Callable[[np.random.Generator], Split]] = {
    "healthy_few_wrong": _healthy_few_wrong
}
FLAWS: dict[str, Callable[[np.random.Generator], Split]] = {
    "wrong_labels": _wrong_labels,
    "swapped_labels": _swapped_labels,
    "wrong_enrolled": _wrong_enrolled,
}
NAMED_BY: dict[str, str] = {
    "wrong_labels": "label_noise",
    "swapped_labels": "label_noise",
    "wrong_enrolled": "label_noise",
}
