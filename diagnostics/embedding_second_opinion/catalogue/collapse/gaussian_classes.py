"""How well would classes of this spread be told apart, and how well with a healthy spectrum?

Two sets of Gaussian classes are drawn with the same random numbers. Own: true means and rows with the
measured covariances between and within classes. Reference: the same two traces, but variances
that fall as 1 / i, the exponent near which well-performing representations are found
(alpha-ReQ, Agrawal et al., NeurIPS 2022). What the own one loses against it, the spectrum costs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Reals
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.rank_results import Beaten
from embedding_second_opinion.stats import jackknife, surface
from embedding_second_opinion.stats.intervals import share_interval

from .moments import Moments, Scatter
from .spectra import power_law

CLASSES = 200  # drawn in all: enough for a percent, and seconds
ROWS = (2, 5)  # of a class: at least, at most
_APART = 20.0  # root mean square lengths between two sets: farther than any two rows of one


@dataclass(frozen=True)
class Outcome:
    """1-NN accuracies of both sets, leave-one-out.

    error: of their difference, over the draw. at_least: lower bound of ``own``, over the draw;
    None where too few classes are drawn.
    """

    own: float
    reference: float
    error: float
    at_least: float | None

    @property
    def cost(self) -> float:
        """Accuracy that the reference has more."""
        return self.reference - self.own


class Surrogate:
    """Draws with fixed random numbers: what changes between two calls is only the spread.

    classes: among which a row is recognised, as many as there are but at most ``CLASSES``; where
    there are fewer, several such sets are drawn. rows: of each class.
    """

    def __init__(self, space: Geometry, full: Moments) -> None:
        counts = space.class_stats.counts
        self.classes = min(full.classes, CLASSES)
        self.rows = int(np.clip(np.median(counts[counts > 0]), *ROWS))
        d = len(full.within.block) + len(full.within.tail)
        rng = space.rng("collapse: Gaussian surrogate")
        self.sets = CLASSES // self.classes
        self._means = rng.standard_normal((self.sets * self.classes, d))
        self._noise = rng.standard_normal((len(self._means) * self.rows, d))
        self._labels = np.repeat(np.arange(len(self._means)), self.rows)
        # One more dimension for each set holds the sets apart, so that one pass ranks them all.
        self._apart = _APART * np.eye(self.sets)[self._labels // self.classes]
        # Fixed, so that leaving classes out moves the spread alone.
        rank = min(full.classes - 1, d)
        self._between = np.concatenate([power_law(rank), np.zeros(d - rank)])
        self._within = power_law(d)

    def outcome(self, moments: Moments) -> Outcome | None:
        """None where no class has two rows, so that its width cannot be seen, or nothing varies."""
        noise, signal = moments.noise, moments.signal_root()
        if noise is None:
            return None
        between = float((signal.block**2).sum() + (signal.tail**2).sum())  # trace of its square
        size = between + noise.trace
        if not size > moments.floor:
            return None
        own = self._beaten(signal.times(size**-0.5), noise.times(1 / size).clipped_root())
        nothing = np.zeros((0, 0))
        reference = self._beaten(
            Scatter(nothing, np.sqrt(between / size * self._between)),
            Scatter(nothing, np.sqrt(noise.trace / size * self._within)),
        )
        own_without = jackknife.closed_set_without(own)
        gap = jackknife.closed_set_without(reference) - own_without
        value, k = surface.closed_set_accuracy(own), len(self._means)
        return Outcome(
            own=value,
            reference=surface.closed_set_accuracy(reference),
            error=float(np.sqrt((k - 1) / k * ((gap - gap.mean()) ** 2).sum())),
            at_least=share_interval(value, own_without, k).low,
        )

    def _beaten(self, means: Scatter, noise: Scatter) -> Beaten:
        vectors = _spread(self._means, means)[self._labels] + _spread(self._noise, noise)
        vectors = np.hstack([vectors, self._apart]).astype(np.float32)
        return Geometry(EmbeddingSet.from_arrays(vectors, self._labels), listed=0).beaten


def _spread(normal: Reals, root: Scatter) -> Reals:
    """(n, d) standard normal rows given a covariance."""
    block = len(root.block)
    return np.hstack([normal[:, :block] @ root.block, normal[:, block:] * root.tail])
