"""Which queries stand so near a row that a copy of them and a row of a tight class cannot be told apart?

Two signs, of queries that were not found to have a copy. Between the j-th and the next distance to their own
class there is a step of ten that has a chance below one in a million (under a locally even density,
P(ratio < x) = x^(j m), as in ``null``): copies with some noise, or frames of one film. Or some rows are a
thousand times nearer than all others that are listed: a class of nothing but copies, or one that a
network drew together into a point. Nothing is taken away for a doubt; it only opens the bound.
"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.data.arrays import Bools, Ints, Reals
from embedding_second_opinion.geometry.geometry import Geometry, Neighbors

from .null import CHANCE, NEAR_EXACT, ratio

STEP = 0.1  # of the next distance
OWN = 5  # nearest rows of the own class that are looked at
FEWEST = 30  # queries that speak for the dimension


def doubtful(space: Geometry, near: Neighbors, threshold: float) -> Ints:
    """Positions (among the queries) of anchors that may have a copy though none is within ``threshold``."""
    a: Ints = space.ranks.anchors
    a = a[near.distances[a, 0] > threshold]
    if not len(a):
        return a
    far = near.distances[a]
    own = space.evaluation.codes[near.rows[a]] == space.codes[a][:, None]
    own &= near.rows[a] >= 0
    with np.errstate(invalid="ignore"):
        apart = (far[:, :-1] < ratio(space, NEAR_EXACT) * far[:, 1:]).any(axis=1)
    found: Ints = a[apart | _steps(_own(far, own), ratio(space, STEP))]
    return found


def _own(far: Reals, own: Bools) -> Reals:
    """(r, OWN) distances to the nearest of the own class, NaN where fewer are listed."""
    first = np.argsort(~own, axis=1, kind="stable")[:, :OWN]
    listed = np.take_along_axis(own, first, axis=1)
    return np.asarray(np.where(listed, np.take_along_axis(far, first, axis=1), np.nan))


def _steps(own: Reals, step: float) -> Bools:
    """Rows with a step among their own class that chance does not make."""
    found = np.zeros(len(own), dtype=np.bool_)
    shrink = np.log(own[:, :-1] / own[:, 1:])  # of the j-th to the next; not above 0
    dimension = 0.0
    for j, column in enumerate(shrink.T, 1):
        known = column[np.isfinite(column)]
        # Copies make steps larger, which can only lower this: the largest is the cleanest.
        if len(known) >= FEWEST and np.median(known) < 0:
            dimension = max(dimension, float(np.log(2) / (-j * np.median(known))))
    for j, column in enumerate(shrink.T, 1):
        with np.errstate(invalid="ignore"):
            found |= (column < np.log(step)) & (j * dimension * column < np.log(CHANCE))
    return found
