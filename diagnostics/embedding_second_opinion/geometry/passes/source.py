"""Where do a block's distances come from? From vectors by a matrix product, or from a given matrix."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from embedding_second_opinion.data.arrays import Floats, Reals

from .kernels import jit

UNIT_SINGLE, UNIT_DOUBLE = 2.0**-24, 2.0**-53  # largest relative error of one rounding


class Source(Protocol):
    """Scores of some queries against the whole gallery, with what the recheck needs.

    A score is monotone in the distance within its row; ``slack`` bounds its rounding error.
    ``queries`` and ``gallery`` hold the exact vectors (one empty row where ``recheck`` is False).
    """

    @property
    def queries(self) -> Floats:
        """(q, d) exact vectors."""
        ...

    @property
    def gallery(self) -> Floats:
        """(g, d) exact vectors."""
        ...

    @property
    def recheck(self) -> bool:
        """Whether near ties are decided by the exact vectors."""
        ...

    def scores(self, start: int, stop: int, precise: bool) -> tuple[Floats, Reals]:
        """(stop - start, g) scores and (stop - start,) slack of these queries."""
        ...

    def distance(self, score: Reals) -> Reals:
        """Distances from exact scores."""
        ...

    def block(self, start: int, stop: int, precise: bool) -> Floats:
        """(stop - start, g) distances, as exact as the product; it holds until the next block."""
        ...


@dataclass(frozen=True, eq=False)
class Factors:
    """Two matrices whose product holds the scores of all queries (rows) with the gallery."""

    queries: Floats
    gallery: Floats
    unit: float  # largest relative error of one rounding in their type


@dataclass(frozen=True, eq=False)
class VectorSource:
    """Squared euclidean distance less the query's own square, from one matrix product a block.

    ``queries`` (q, d) and ``gallery`` (g, d) are the exact vectors; the products use copies that are
    centred (a far origin eats float32 digits) and scaled by a power of two (so that no square
    overflows). One more column carries the gallery's squares through the same product.

    size: (q,) bound on the sum of absolute terms in a score, to which its error is relative.
    own: (q,) what a score lacks to be a squared distance, times ``scale`` squared.
    """

    queries: Floats
    gallery: Floats
    single: Factors
    double: Factors | None
    size: Reals
    own: Reals
    scale: float
    cosine: bool
    recheck: bool = True

    @classmethod
    def of(
        cls, queries: Floats, gallery: Floats, *, precise: bool, cosine: bool = False
    ) -> VectorSource:
        """Prepare two sets of exact vectors (may be one and the same) for products.

        precise: prepare for float64 products too. cosine: the vectors have unit length, and
        distances are 1 - cos, half the squared euclidean distance.
        """
        centre = gallery.mean(axis=0, dtype=np.float64)
        right = gallery - centre
        left = right if queries is gallery else queries - centre
        extent = max(float(np.abs(each).max()) for each in (left, right))
        scale = float(2.0 ** -np.ceil(np.log2(extent))) if extent > 0 else 1.0
        right = right * scale
        left = right if queries is gallery else left * scale
        squares = np.einsum("ij,ij->i", right, right)
        largest = float(np.sqrt(squares.max()))
        own = squares if queries is gallery else np.einsum("ij,ij->i", left, left)
        size = 2 * np.sqrt(own) * largest + largest**2
        left = np.column_stack([left * -2, np.ones(len(left))])
        right = np.column_stack([right, squares])
        return cls(
            queries=queries,
            gallery=gallery,
            single=Factors(left.astype(np.float32), right.astype(np.float32), UNIT_SINGLE),
            double=Factors(left, right, UNIT_DOUBLE) if precise else None,
            size=size,
            own=own,
            scale=scale,
            cosine=cosine,
        )

    def scores(self, start: int, stop: int, precise: bool) -> tuple[Floats, Reals]:
        """See Source. The slack bounds the error of a product of d + 1 terms summed in any order.

        Worst case (d + 1) u (Higham 2002, section 3.1); for large d the probabilistic
        9 sqrt(d + 1) u, exceeded with chance below 1e-16 a product (Higham & Mary, SISC 2019).
        """
        factors = self.double if precise and self.double is not None else self.single
        product = _scratch(stop - start, len(factors.gallery), factors.gallery.dtype)
        np.matmul(factors.queries[start:stop], factors.gallery.T, out=product)
        terms = self.gallery.shape[1] + 1
        growth = min(terms, 9 * np.sqrt(terms)) + 8  # 8: rounding of the centred copies themselves
        return product, factors.unit * growth * self.size[start:stop]

    def distance(self, score: Reals) -> Reals:
        """Euclidean distance, or 1 - cos, from the exact squared distance."""
        return np.asarray(score / 2 if self.cosine else np.sqrt(score))

    def block(self, start: int, stop: int, precise: bool) -> Floats:
        """See Source. Squares that rounding took below zero are zero."""
        squares: Floats = self.scores(start, stop, precise)[0]
        unit = 0.5 * self.scale**-2 if self.cosine else 1 / self.scale
        own = self.own[start:stop].astype(squares.dtype)
        _to_distances(squares, own, squares.dtype.type(unit), self.cosine)
        return squares


@dataclass(frozen=True)
class MatrixSource:
    """Distances as the user gave them, (q, g); they are the truth, so nothing is rechecked."""

    matrix: Floats
    queries: Floats
    gallery: Floats
    recheck: bool = False

    @classmethod
    def of(cls, matrix: Floats) -> MatrixSource:
        """Wrap a (q, g) matrix whose rows and columns are already in class order."""
        empty = np.zeros((max(matrix.shape), 0), dtype=np.float32)
        return cls(matrix=matrix, queries=empty, gallery=empty)

    def scores(self, start: int, stop: int, precise: bool) -> tuple[Floats, Reals]:
        """See Source; given distances have no slack."""
        rows = cast(Floats, np.ascontiguousarray(self.matrix[start:stop]))
        return rows, np.zeros(stop - start)

    def distance(self, score: Reals) -> Reals:
        """The given distance itself."""
        return score

    def block(self, start: int, stop: int, precise: bool) -> Floats:
        """See Source."""
        return self.scores(start, stop, precise)[0]


@jit
def _to_distances(squares, own, unit, cosine):  # type: ignore[no-untyped-def]
    """In place, in the type of the scores; all at once, as a block is larger than a cache."""
    for i in range(squares.shape[0]):
        row, mine = squares[i], own[i]
        zero = mine - mine
        if cosine:
            for j in range(row.shape[0]):
                x = row[j] + mine
                row[j] = (zero if x < zero else x) * unit
        else:
            for j in range(row.shape[0]):
                x = row[j] + mine
                # The unit after the root: squares of 1e30 overflow.
                row[j] = np.sqrt(zero if x < zero else x) * unit


_kept = threading.local()


def _scratch(rows: int, columns: int, kind: np.dtype[np.generic]) -> Floats:
    """Room for one block's product, kept by each thread: new pages for each would cost time.

    It holds until the same thread asks again, which it does only after its block is counted.
    """
    room: NDArray[np.uint8] | None = getattr(_kept, "room", None)
    size = rows * columns * kind.itemsize
    if room is None or room.size < size:
        _kept.room = room = np.empty(size, dtype=np.uint8)
    return cast(Floats, room[:size].view(kind).reshape(rows, columns))
