"""How accurate is the model in galleries larger than the one that was measured?

A query is lost to a class drawn at random with a chance U of its own. With G - 1 other classes drawn it is
right with chance (1 - U)^(G - 1), and the curve is A_id(G) = E (1 - U)^(G - 1) (Zheng, Achanta & Benjamini,
JMLR 2018). A curve up to K tells how U is distributed, and the same distribution gives the curve beyond.
As there, it is a mixture with weights that are not negative, fitted to the curve by least squares; here of
normals on the probit scale of U, each as wide as ``WIDTH``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.optimize import nnls
from scipy.special import log_ndtr, roots_hermitenorm

from embedding_second_opinion.data.arrays import Ints, Reals

# Standard deviation of a part on the probit scale: a wider one cannot follow classes of few dimensions, a
# narrower one is less sure far out. Chosen on generated populations, at seeds no benchmark reports on.
WIDTH = 0.4
MIDDLES = np.arange(-7.0, 3.01, 0.25)  # of the parts: from one chance in 10^12 to nearly always
NODES = 40  # of the integral over a part
EXACT = 1e4  # weight of "one class alone is always right" and of the sum of the weights


@dataclass(frozen=True, eq=False)
class Mixture:
    """weights: (parts,) of the mixture, not negative, 1 together."""

    weights: Reals

    def accuracy(self, identities: Ints) -> Reals:
        """(G,) A_id at each number of identities, from 1 up; it never rises."""
        values: Reals = _parts(tuple(np.asarray(identities).tolist())) @ self.weights
        return values


def fitted(identities: Ints, accuracy: Reals) -> Mixture:
    """The mixture nearest to a curve: ``accuracy`` (G,) in [0, 1] at ``identities`` (G,), from 2 up.

    A point counts by one over the loss there, because the loss at few identities, small as it is, is
    also known well.
    """
    lost = 1 - accuracy
    weight = 1 / np.maximum(lost, max(1e-3 * float(lost.max()), 1e-9))
    rows = _parts(tuple(np.asarray(identities).tolist())) * weight[:, None]
    # The sum of all weights is 1: the curve begins at 1.
    left = np.vstack([rows, np.full((1, len(MIDDLES)), EXACT)])
    right = np.concatenate([accuracy * weight, [EXACT]])
    weights, _ = nnls(left, right)
    return Mixture(weights / weights.sum())


@lru_cache(maxsize=16)
def _parts(identities: tuple[int, ...]) -> Reals:
    """(G, parts): chance of a query whose U is of each part to be right among so many identities."""
    at, mass = roots_hermitenorm(NODES)
    probit = MIDDLES[:, None] + WIDTH * at
    not_lost = log_ndtr(-probit)  # log of 1 - U
    drawn = np.array(identities, dtype=np.float64) - 1
    table: Reals = np.exp(drawn[:, None, None] * not_lost) @ (mass / mass.sum())
    table.setflags(write=False)
    return table
