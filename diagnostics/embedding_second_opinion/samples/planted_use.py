"""Generated sets about use: a split, strangers, sessions, raw inputs; one flaw each, or healthy."""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Names
from embedding_second_opinion.inputs.generated import Maker, Split, around, by_name, clouds, unit


def _roles(classes: int, train: int, test: int, strangers: int = 0) -> tuple[Ints, Names]:
    """Labels and split of ``train`` and ``test`` rows a class; strangers: further classes, in test only."""
    sizes = np.repeat([train + test, test], [classes, strangers])
    known = np.tile(np.repeat(["train", "test"], [train, test]), classes)
    labels = np.repeat(np.arange(classes + strangers), sizes)
    return labels, np.concatenate([known, np.full(strangers * test, "test")])


def _healthy_split(rng: np.random.Generator) -> Split:
    """160 classes of 10 train and 8 test rows, drawn alike."""
    labels, split = _roles(160, 10, 8)
    return Split(unit(clouds(rng, 160, 18, 40, 0.8)[0]), labels, split)


def _healthy_strangers(rng: np.random.Generator) -> Split:
    """160 classes of 10 train and 8 test rows, and as many of 8 that the model turns away."""
    labels, split = _roles(160, 10, 8, strangers=160)
    return Split(unit(around(rng, rng.standard_normal((320, 48)), labels, 0.6)), labels, split)


def _healthy_sessions(rng: np.random.Generator) -> Split:
    """160 classes of 12 rows in three sessions, whose mark is there and does no harm."""
    labels, groups = np.repeat(np.arange(160), 12), np.tile(np.repeat(np.arange(3), 4), 160)
    centres, marks = rng.standard_normal((160, 40)), 0.15 * rng.standard_normal((3, 40))
    vectors = centres[labels] + marks[groups] + 0.75 * rng.standard_normal((1920, 40))
    return Split(unit(vectors), labels, groups=groups)


def _healthy_control(rng: np.random.Generator) -> Split:
    """160 classes of 8 that the model tells apart, and raw inputs that hardly do."""
    vectors, labels = clouds(rng, 160, 8, 40, 0.6)
    raw = np.hstack([vectors, 3 * rng.standard_normal((1280, 120))])
    return Split(unit(vectors), labels, raw=raw)


def _let_in(rng: np.random.Generator) -> Split:
    """100 known classes, well told apart, and 40 strangers that each look like one of them."""
    labels, split = _roles(100, 10, 8, strangers=40)
    centres = rng.standard_normal((100, 48))
    alike = centres[:40] + 0.35 * rng.standard_normal((40, 48))
    return Split(around(rng, np.concatenate([centres, alike]), labels, 0.6), labels, split)


def _one_threshold(rng: np.random.Generator) -> Split:
    """120 classes of 12, half of them on a third of the scale: ranked well, and no threshold fits all."""
    vectors, labels = clouds(rng, 120, 12, 40, 0.6)
    return Split(vectors * np.where(labels % 2 == 0, 0.35, 1.0)[:, None], labels)


def _lost_rows(rng: np.random.Generator) -> Split:
    """100 classes of 20; an eighth of the rows stands in the midst of one of 15 other classes."""
    centres, labels = rng.standard_normal((100, 40)), np.repeat(np.arange(100), 20)
    placed = np.where(rng.random(2000) < 0.125, rng.integers(0, 15, 2000), labels)
    return Split(unit(around(rng, centres, placed, 0.6)), labels)


def _needs_scaling(rng: np.random.Generator) -> Split:
    """80 classes of 20 in 24 dimensions that tell them apart, under 24 louder ones that do not."""
    telling, labels = clouds(rng, 80, 20, 24, 0.45)
    return Split(np.hstack([telling, 2.0 * rng.standard_normal((1600, 24))]), labels)


def _overfit(rng: np.random.Generator) -> Split:
    """100 classes; train rows stand close about their centres, test rows do not."""
    labels, split = _roles(100, 10, 8)
    noise = np.where(split == "train", 0.4, 1.3)[:, None]
    return Split(unit(around(rng, rng.standard_normal((100, 40)), labels, noise)), labels, split)


def _leaked(rng: np.random.Generator) -> Split:
    """100 classes, hard to tell apart; 30 % of the test rows are copies of train rows, a little noisy."""
    labels, split = _roles(100, 10, 8)
    vectors = clouds(rng, 100, 18, 24, 1.0)[0]
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
    labels, split = _roles(100, 10, 8)
    vectors = clouds(rng, 100, 18, 40, 0.65)[0]
    along = 8.0 * unit(rng.standard_normal((1, 40)))
    # Not a plain move of all rows: how far differs, so that the nearest row does too.
    far = along * (1 + 0.3 * rng.standard_normal((len(labels), 1)))
    return Split(np.where((split == "test")[:, None], vectors + far, vectors), labels, split)


def _untrained(rng: np.random.Generator) -> Split:
    """100 classes of 12; the embedding is a random projection of raw inputs that tell them apart better."""
    raw, labels = clouds(rng, 100, 12, 64, 0.8)
    return Split(raw @ rng.standard_normal((64, 24)) / 8, labels, raw=raw)


HEALTHY = by_name(_healthy_split, _healthy_strangers, _healthy_sessions, _healthy_control)
_NAMES: dict[str, Maker] = {
    "open_set": _let_in,
    "pair_verification": _one_threshold,
    "retrieval": _lost_rows,
    "decision_rule": _needs_scaling,
    "generalisation_gap": _overfit,
    "shift": _shifted,
    "controls": _untrained,
}
FLAWS = by_name(*_NAMES.values(), _leaked, _sessions)
NAMED_BY = {
    **{name: code for code, make in _NAMES.items() for name in by_name(make)},
    "leaked": "leakage",
    "sessions": "leakage",
}
