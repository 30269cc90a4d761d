"""Generated sets of which it is known by construction which fix is the best."""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.inputs.generated import Split, around, by_name, clouds, unit


def _needs_whitening(rng: np.random.Generator) -> Split:
    """100 classes of 14: rows of a class differ most along 10 directions that say nothing. The directions are
    turned against the columns, so that no scale of columns helps.
    """
    labels, d = np.repeat(np.arange(100), 14), 32
    centres = rng.standard_normal((100, d))
    turned, _ = np.linalg.qr(rng.standard_normal((d, d)))
    width = np.where(np.arange(d) < 10, 1.4, 0.6)
    centres[:, :10] *= 0.6
    return Split(around(rng, centres, labels, width) @ turned, labels)


def _needs_mean(rng: np.random.Generator) -> Split:
    """80 round classes of 25 that overlap: one row is a poor example of its class, the mean a good one."""
    return Split(*clouds(rng, 80, 25, 16, 0.8))


def _leaning(rng: np.random.Generator) -> Split:
    """120 classes of 12 told apart by their directions as seen from a point far off the origin."""
    rows, labels = clouds(rng, 120, 12, 40, 0.8)
    far = 6 * rng.standard_normal(40) / np.sqrt(40)
    return Split(far + unit(rows) * np.exp(0.5 * rng.standard_normal((len(labels), 1))), labels)


def _noisy_modes(rng: np.random.Generator) -> Split:
    """40 classes of three separate groups of 16, every tenth label wrong: neighbours agree, means do not."""
    rows, modes = clouds(rng, 120, 16, 24, 0.45)
    given = modes % 40
    wrong = rng.random(len(given)) < 0.1
    return Split(rows, np.where(wrong, rng.integers(0, 40, len(given)), given))


HEALTHY = by_name()
FLAWS = by_name(_needs_whitening, _needs_mean, _leaning, _noisy_modes)
NAMED_BY = dict.fromkeys(FLAWS, "remedies")
# The cheapest of the fixes that mend the flaw.
BEST: dict[str, str] = {
    "needs_whitening": "whitened",
    "needs_mean": "centroid",
    "leaning": "centred_cosine",
    "noisy_modes": "vote",
    "needs_cosine": "cosine",
}
