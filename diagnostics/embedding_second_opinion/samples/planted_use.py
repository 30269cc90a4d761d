"""Generated sets about use: a split, strangers, sessions, raw inputs; one flaw each, or healthy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embedding_second_opinion.inputs.inputs import Believed
from embedding_second_opinion.inputs.training_log import TrainingLog
from embedding_second_opinion.inputs.triplets import Triplets

Reals = NDArray[np.float64]
Ints = NDArray[np.int64]
Names = NDArray[np.str_]


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


def _parts(
    rng: np.random.Generator, classes: int, train: int, test: int, d: int
) -> tuple[Reals, Ints, Names]:
    """Centres (classes, d), labels and the split of ``train`` and ``test`` rows of each class."""
    centres = rng.standard_normal((classes, d))
    labels = np.repeat(np.arange(classes), train + test)
    split = np.tile(np.repeat(["train", "test"], [train, test]), classes)
    return centres, labels, split


def _unit(vectors: Reals) -> Reals:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def _healthy_split(rng: np.random.Generator) -> Split:
    """160 classes of 10 train and 8 test rows, drawn alike."""
    centres, labels, split = _parts(rng, 160, 10, 8, 40)
    vectors = centres[labels] + 0.8 * rng.standard_normal((len(labels), 40))
    return Split(_unit(vectors), labels, split)


def _healthy_strangers(rng: np.random.Generator) -> Split:
    """160 classes of 10 train and 8 test rows, and as many of 8 that the model turns away."""
    centres, labels, split = _parts(rng, 160, 10, 8, 48)
    strange = np.repeat(np.arange(160, 320), 8)
    centres = np.concatenate([centres, rng.standard_normal((160, 48))])
    labels = np.concatenate([labels, strange])
    vectors = centres[labels] + 0.6 * rng.standard_normal((len(labels), 48))
    return Split(_unit(vectors), labels, np.concatenate([split, np.full(len(strange), "test")]))


def _healthy_sessions(rng: np.random.Generator) -> Split:
    """160 classes of 12 rows in three sessions, whose mark is there and does no harm."""
    centres = rng.standard_normal((160, 40))
    labels, groups = np.repeat(np.arange(160), 12), np.tile(np.repeat(np.arange(3), 4), 160)
    marks = 0.15 * rng.standard_normal((3, 40))
    vectors = centres[labels] + marks[groups] + 0.75 * rng.standard_normal((1920, 40))
    return Split(_unit(vectors), labels, groups=groups)


def _healthy_control(rng: np.random.Generator) -> Split:
    """160 classes of 8 that the model tells apart, and raw inputs that hardly do."""
    centres = rng.standard_normal((160, 40))
    labels = np.repeat(np.arange(160), 8)
    vectors = centres[labels] + 0.6 * rng.standard_normal((1280, 40))
    raw = np.hstack([vectors, 3 * rng.standard_normal((1280, 120))])
    return Split(_unit(vectors), labels, raw=raw)


def _let_in(rng: np.random.Generator) -> Split:
    """100 known classes, well told apart, and 40 strangers that each look like one of them."""
    centres, labels, split = _parts(rng, 100, 10, 8, 48)
    strange = np.repeat(np.arange(100, 140), 8)
    alike = centres[:40] + 0.35 * rng.standard_normal((40, 48))
    centres, labels = np.concatenate([centres, alike]), np.concatenate([labels, strange])
    vectors = centres[labels] + 0.6 * rng.standard_normal((len(labels), 48))
    return Split(vectors, labels, np.concatenate([split, np.full(len(strange), "test")]))


def _one_threshold(rng: np.random.Generator) -> Split:
    """120 classes of 12, half of them on a third of the scale: ranked well, and no threshold fits all."""
    centres, labels = rng.standard_normal((120, 40)), np.repeat(np.arange(120), 12)
    scale = np.where(np.arange(120) % 2 == 0, 0.35, 1.0)
    vectors = (centres[labels] + 0.6 * rng.standard_normal((1440, 40))) * scale[labels][:, None]
    return Split(vectors, labels)


def _lost_rows(rng: np.random.Generator) -> Split:
    """100 classes of 20; an eighth of the rows stands in the midst of one of 15 other classes."""
    centres, labels = rng.standard_normal((100, 40)), np.repeat(np.arange(100), 20)
    placed = np.where(rng.random(2000) < 0.125, rng.integers(0, 15, 2000), labels)
    return Split(_unit(centres[placed] + 0.6 * rng.standard_normal((2000, 40))), labels)


def _needs_scaling(rng: np.random.Generator) -> Split:
    """80 classes of 20 in 24 dimensions that tell them apart, under 24 louder ones that do not."""
    centres, labels = rng.standard_normal((80, 24)), np.repeat(np.arange(80), 20)
    telling = centres[labels] + 0.45 * rng.standard_normal((1600, 24))
    return Split(np.hstack([telling, 2.0 * rng.standard_normal((1600, 24))]), labels)


def _overfit(rng: np.random.Generator) -> Split:
    """100 classes; train rows stand close about their centres, test rows do not."""
    centres, labels, split = _parts(rng, 100, 10, 8, 40)
    noise = np.where(split == "train", 0.4, 1.3)[:, None]
    return Split(
        _unit(centres[labels] + noise * rng.standard_normal((len(labels), 40))), labels, split
    )


def _leaked(rng: np.random.Generator) -> Split:
    """100 classes, hard to tell apart; 30 % of the test rows are copies of train rows, a little noisy."""
    centres, labels, split = _parts(rng, 100, 10, 8, 24)
    vectors = centres[labels] + 1.0 * rng.standard_normal((len(labels), 24))
    queries = np.flatnonzero(split == "test")
    copied = queries[rng.random(len(queries)) < 0.3]
    # Test rows follow the ten train rows of their class.
    sources = (copied // 18) * 18 + rng.integers(0, 10, len(copied))
    vectors[copied] = vectors[sources] + 0.02 * rng.standard_normal((len(copied), 24))
    return Split(vectors, labels, split)


def _sessions(rng: np.random.Generator) -> Split:
    """80 classes of 16 rows, four from each of four sessions of their own: rows of one session are
    almost alike, so that the nearest row tells the session and not the class."""
    centres, labels = 0.6 * rng.standard_normal((80, 32)), np.repeat(np.arange(80), 16)
    session = np.repeat(np.arange(320), 4)
    marks = 0.9 * rng.standard_normal((320, 32))
    vectors = centres[labels] + marks[session] + 0.25 * rng.standard_normal((1280, 32))
    return Split(vectors, labels, groups=session)


def _shifted(rng: np.random.Generator) -> Split:
    """100 classes; every test row is moved along one direction, as by another camera."""
    centres, labels, split = _parts(rng, 100, 10, 8, 40)
    vectors = centres[labels] + 0.65 * rng.standard_normal((len(labels), 40))
    along = 8.0 * _unit(rng.standard_normal((1, 40)))
    # Not a plain move of all rows: how far differs, so that the nearest row does too.
    far = along * (1 + 0.3 * rng.standard_normal((len(labels), 1)))
    return Split(np.where((split == "test")[:, None], vectors + far, vectors), labels, split)


def _untrained(rng: np.random.Generator) -> Split:
    """100 classes of 12; the embedding is a random projection of raw inputs that tell them apart better."""
    centres, labels = rng.standard_normal((100, 64)), np.repeat(np.arange(100), 12)
    raw = centres[labels] + 0.8 * rng.standard_normal((1200, 64))
    return Split(raw @ rng.standard_normal((64, 24)) / 8, labels, raw=raw)


HEALTHY: dict[str, Callable[[np.random.Generator], Split]] = {
    "healthy_split": _healthy_split,
    "healthy_strangers": _healthy_strangers,
    "healthy_sessions": _healthy_sessions,
    "healthy_control": _healthy_control,
}
FLAWS: dict[str, Callable[[np.random.Generator], Split]] = {
    "let_in": _let_in,
    "one_threshold": _one_threshold,
    "lost_rows": _lost_rows,
    "needs_scaling": _needs_scaling,
    "overfit": _overfit,
    "leaked": _leaked,
    "sessions": _sessions,
    "shifted": _shifted,
    "untrained": _untrained,
}
NAMED_BY = {
    "let_in": "open_set",
    "one_threshold": "pair_verification",
    "lost_rows": "retrieval",
    "needs_scaling": "decision_rule",
    "overfit": "generalisation_gap",
    "leaked": "leakage",
    "sessions": "leakage",
    "shifted": "shift",
    "untrained": "controls",
}
