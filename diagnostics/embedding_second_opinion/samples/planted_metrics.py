"""Generated sets about the metric: one flaw each, or healthy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from embedding_second_opinion.inputs.generated import Split


def _healthy_spectrum(rng: np.random.Generator) -> Split:
    """160 classes of 8, as a principal component analysis leaves them: the wide columns tell the classes
    apart, the narrow ones are mostly noise, and rightly say little."""
    labels, d = np.repeat(np.arange(160), 8), 64
    width = (1 + np.arange(d)) ** -0.5
    centres = rng.standard_normal((160, d)) * width
    return Split(centres[labels] + 0.22 * rng.standard_normal((len(labels), d)), labels)


def _unscaled_columns(rng: np.random.Generator) -> Split:
    """120 classes of 12 in 40 columns that tell them apart, beside 4 that do not, 2.5 times as wide."""
    centres, labels = rng.standard_normal((120, 40)), np.repeat(np.arange(120), 12)
    telling = centres[labels] + 0.8 * rng.standard_normal((1440, 40))
    return Split(np.hstack([telling, 3.2 * rng.standard_normal((1440, 4))]), labels)


def _needs_cosine(rng: np.random.Generator) -> Split:
    """120 classes of 12 told apart by their directions; how long a vector is says nothing about its class."""
    centres, labels = rng.standard_normal((120, 40)), np.repeat(np.arange(120), 12)
    vectors = centres[labels] + 0.8 * rng.standard_normal((1440, 40))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Split(vectors * np.exp(0.5 * rng.standard_normal((1440, 1))), labels)


HEALTHY: dict[str, Callable[[np.random.Generator], Split]] = {"healthy_spectrum": _healthy_spectrum}
FLAWS: dict[str, Callable[[np.random.Generator], Split]] = {
    "unscaled_columns": _unscaled_columns,
    "needs_cosine": _needs_cosine,
}
NAMED_BY: dict[str, str] = {"unscaled_columns": "metric_choice", "needs_cosine": "metric_choice"}
