"""Which rows lie so far out that squares as large as theirs would drown the distances among the others?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Floats, Reals, Rows

from .source import VectorSource

BLOCK = 4096
FAR_OUT = 16  # in ranges of what nearly all rows reach


@dataclass(frozen=True, eq=False)
class Spread:
    """How far out each row lies. centre: (d,) the median point; radii: (n,) distances to it.

    reach: twice the radius that holds 99 % of the rows. Where that is far beyond what nine tenths need, four
    times the radius of these: a few far rows must not take all the room for themselves.
    """

    centre: Reals
    radii: Reals
    reach: float

    @classmethod
    def of(cls, vectors: Floats) -> Spread:
        """Of (n, d) vectors, in float64: the far ones may be 1e30 times as far as the others."""
        centre = np.median(vectors, axis=0).astype(np.float64)
        radii = np.empty(len(vectors))
        for start in range(0, len(vectors), BLOCK):
            steps = vectors[start : start + BLOCK] - centre
            largest = float(np.abs(steps).max()) or 1.0  # squares of 1e200 overflow
            radii[start : start + BLOCK] = np.linalg.norm(steps / largest, axis=1) * largest
        most = float(np.quantile(radii, 0.99)) or float(radii.max())
        nine_tenths = float(np.quantile(radii, 0.9, method="lower"))
        if most > FAR_OUT * nine_tenths > 0:
            most = 2 * nine_tenths
        return cls(centre, radii, 2 * most)

    @property
    def far(self) -> Rows:
        """Rows beyond ``FAR_OUT`` reaches, ascending."""
        return np.flatnonzero(self.radii > FAR_OUT * self.reach).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Aside:
    """Far rows, kept out of the products: there something stands in that is as far as bins need to know.

    source: products with stand-ins, more than eight reaches from each row that is not in ``outer``.
    far, outer: places of the rows beyond 16 reaches, and beyond 8; distances of the one to the other
    are to be made one by one.
    """

    source: VectorSource
    far: Rows
    outer: Rows

    @classmethod
    def of(cls, vectors: Floats, radii: Reals, spread: Spread, cosine: bool) -> Aside | None:
        """For (n, d) vectors with these radii. None where none is far."""
        limit = FAR_OUT * spread.reach
        far = np.flatnonzero(radii > limit)
        if not len(far):
            return None
        moved = vectors - spread.centre
        moved[far] = 0.0
        moved[far, 0] = limit
        source = VectorSource.of(moved, moved, precise=True, cosine=cosine)
        return cls(source, far, np.flatnonzero(radii > limit / 2))
