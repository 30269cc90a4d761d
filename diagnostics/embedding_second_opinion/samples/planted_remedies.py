"""Generated sets of which it is known by construction which fix is the best."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from embedding_second_opinion.inputs.generated import Split


def _needs_whitening(rng: np.random.Generator) -> Split:
    """100 classes of 14: rows of a class differ most along 10 directions that say nothing. The directions are
    turned against the columns, so that no scale of columns helps.
    """
    labels, d = np.repeat(np.arange(100), 14), 32
    centres = rng.standard_normal((100, d))
    turned, _ = np.linalg.qr(rng.standard_normal((d, d)))
    width = np.where(np.arange(d) < 10, 1.4, 0.6)
    centres[:, :10] *= 0.6
    return Split((centres[labels] + width * rng.standard_normal((len(labels), d))) @ turned, labels)


def _needs_mean(rng: np.random.Generator) -> Split:
    """80 round classes of 25 that overlap: one row is a poor example of its class, the mean a good one."""
    labels = np.repeat(np.arange(80), 25)
    centres = rng.standard_normal((80, 16))
    return Split(centres[labels] + 0.8 * rng.standard_normal((len(labels), 16)), labels)


def _leaning(rng: np.random.Generator) -> Split:
    """120 classes of 12 told apart by their directions as seen from a point far off the origin."""
    labels, d = np.repeat(np.arange(120), 12), 40
    centres = rng.standard_normal((120, d))
    rows = centres[labels] + 0.8 * rng.standard_normal((len(labels), d))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    far = 6 * rng.standard_normal(d) / np.sqrt(d)
    return Split(far + rows * np.exp(0.5 * rng.standard_normal((len(labels), 1))), labels)


def _noisy_modes(rng: np.random.Generator) -> Split:
    """40 classes of three separate groups of 16, every tenth label wrong: neighbours agree, means do not."""
    labels = np.repeat(np.arange(120), 16)
    centres = rng.standard_normal((120, 24))
    rows = centres[labels] + 0.45 * rng.standard_normal((len(labels), 24))
    given = labels % 40
    wrong = rng.random(len(given)) < 0.1
    return Split(rows, np.where(wrong, rng.integers(0, 40, len(given)), given))


HEALTHY: dict[str, Callable[[np.random.Generator], Split]] = {}
FLAWS: dict[str, Callable[[np.random.Generator], Split]] = {
    "needs_whitening": _needs_whitening,
    "needs_mean": _needs_mean,
    "leaning": _leaning,
    "noisy_modes": _noisy_modes,
}
NAMED_BY: dict[str, str] = dict.fromkeys(FLAWS, "remedies")
JUDGED_BY: dict[str, tuple[str, ...]] = dict.fromkeys(
    FLAWS, ("triplet_versus_closed_set", "remedies")
)
# The cheapest of the fixes that mend the flaw.
BEST: dict[str, str] = {
    "needs_whitening": "whitened",
    "needs_mean": "centroid",
    "leaning": "centred_cosine",
    "noisy_modes": "vote",
    "needs_cosine": "cosine",
}
