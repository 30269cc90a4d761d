"""Which class mean is nearest to each row, the row itself left out, and how sure is that?

Squared distances to all class means, a block of rows at a time, in a space turned as one likes: as it
is (nearest centroid) or whitened (linear discriminants). A row that helped to make its class's mean, and
the whitening, is taken out of both exactly, at the price of a second product (Sherman & Morrison, 1950).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Floats, Ints, Reals
from embedding_second_opinion.geometry.passes.kernels import jit
from embedding_second_opinion.geometry.passes.sweep import sweep

AMID = 4096  # rows that its medians are taken of
CELLS = 2**18  # of a block of rows by classes: two megabytes, which a core keeps near
# Of the squares it is the difference of: a smaller distance loses too many digits, and is made directly.
CANCELS = 1e-4
ROUNDING = 1e-12  # relative to its terms: what rounding may have made of a squared distance
STEP_ROUNDING = 4e-15  # the same of a difference of two places, relative to how far out they are
NEGLIGIBLE = 50.0  # exp(-50) of a class's probability is no more than rounding


@dataclass(frozen=True, eq=False)
class Means:
    """Class means, and the space they are compared in.

    centre: (d,) taken from every row, amid most rows whatever a few far ones do; a row is then
    multiplied by turn (d, e), or left as it is.
    places: (K, e) class means there; sizes: (K,) rows behind each; a class without rows is nowhere.
    directions: whether only the directions of means count (rows are then of unit length).
    downdate: weight of one row in the covariance that ``turn`` whitens; 0 where it plays no part.
    """

    centre: Reals
    turn: Reals | None
    places: Reals
    sizes: Ints
    directions: bool = False
    downdate: float = 0.0


@dataclass(frozen=True, eq=False)
class Answers:
    """Per row, (q,). A probability is that of exp(-energy), energy = warmth x squared distance.

    beaten: other classes whose mean is as near as the own class's or nearer; 0: answered rightly.
    sole: the class that alone beats the own one, or -1. rival: the nearest other class.
    confidence: probability of the answer. own: of the own class. squares: sum of all squared.
    """

    beaten: Ints
    sole: Ints
    rival: Ints
    confidence: Reals
    own: Reals
    squares: Reals


def nearest_means(
    rows: Floats, codes: Ints, means: Means, warmth: Reals, left_out: bool, what: str
) -> Answers:
    """Answers for (q, d) rows of these classes; warmth: (q,) energy of a unit of squared distance.

    left_out: each row is one of those behind its class's mean, and is taken out of it; its class
    must have two.
    """
    order = np.argsort(codes, kind="stable")  # so that a block holds few classes of its own
    measure = _measure(rows, codes, means, left_out, order)
    cancels = _cancels(means)

    def work(start: int, stop: int) -> tuple[Ints, Reals]:
        squares, sizes = measure(start, stop)
        part = order[start:stop]
        counts = np.empty((3, len(part)), dtype=np.int64)
        chances = np.empty((3, len(part)))
        _answer(squares, *sizes, codes[part], means.sizes, warmth[part], cancels, counts, chances)
        return counts, chances

    counts = np.empty((3, len(rows)), dtype=np.int64)
    chances = np.empty((3, len(rows)))
    for (start, stop), (some, others) in sweep(work, list(_spans(len(rows), means)), what):
        counts[:, order[start:stop]], chances[:, order[start:stop]] = some, others
    return Answers(*counts, *chances)


def squared_distances(rows: Floats, codes: Ints, means: Means, left_out: bool) -> Reals:
    """(q, K) squared distances of a few rows to all class means; inf to a class without rows."""
    order = np.arange(len(rows))
    measure = _measure(rows, codes, means, left_out, order)
    spans = list(_spans(len(rows), means))
    found = np.concatenate([part[0] for _, part in sweep(measure, spans, "temperature")])
    found[:, means.sizes == 0] = np.inf
    return found


def _spans(rows: int, means: Means) -> Iterator[tuple[int, int]]:
    step = int(np.clip(CELLS // len(means.sizes), 16, 512))
    return ((start, min(start + step, rows)) for start in range(0, rows, step))


def _measure(
    rows: Floats, codes: Ints, means: Means, left_out: bool, order: Ints
) -> Callable[[int, int], tuple[Reals, tuple[Reals, Reals]]]:
    """From a span of ``order`` to (b, K) squared distances and the squares, (b,) and (K,), behind them."""
    places = means.places
    if means.directions:
        length = np.linalg.norm(places, axis=1, keepdims=True)
        # A mean of no length points nowhere: at a right angle to everything.
        places = np.divide(places, length, out=np.zeros_like(places), where=length > 1e-12)
    own_square = np.einsum("ij,ij->i", places, places)
    if means.directions:
        own_square = np.ones(len(places))
    cancels = _cancels(means)

    def measure(start: int, stop: int) -> tuple[Reals, tuple[Reals, Reals]]:
        part = order[start:stop]
        code = codes[part]
        z = rows[part].astype(np.float64) - means.centre
        if means.turn is not None:
            z = z @ means.turn
        square = np.einsum("ij,ij->i", z, z)
        product = z @ places.T
        unused = np.zeros((1, 1))
        pull, along, mine, which = np.zeros(len(part)), np.zeros(len(part)), unused, code
        off = z
        n = means.sizes[code].astype(np.float64)
        share = n / (n - 1) if left_out else np.ones(len(part))
        if means.directions:
            own = _own_direction(z, means.places[code], n if left_out else None)
        else:
            # Directly, not by the product: the own class must not lose by rounding.
            off = z - places[code]
            own_part = np.einsum("ij,ij->i", off, off)
            own = own_part * share**2
            if left_out and means.downdate > 0:
                weight = means.downdate * share
                pull = weight / np.maximum(1 - weight * own_part, 1e-12)
                own = own + pull * (own_part * share) ** 2
                along = np.einsum("ij,ij->i", off, z)
                classes, which = np.unique(code, return_inverse=True)
                mine = places[classes] @ places.T
        _complete(
            product,
            square,
            own_square,
            pull,
            along,
            mine,
            which,
            code,
            own,
            z,
            off,
            places,
            cancels,
        )
        return product, (square, own_square)

    return measure


def _cancels(means: Means) -> float:
    # A cosine is made of terms no larger than 1, whatever it is.
    return 0.0 if means.directions else CANCELS


def _own_direction(z: Reals, means: Reals, sizes: Reals | None) -> Reals:
    """(b,) 2 - 2 cos of unit rows with their class's mean, each taken out of it where sizes are given."""
    rest = means if sizes is None else sizes[:, None] * means - z
    length = np.linalg.norm(rest, axis=1)
    cosine = np.divide(
        np.einsum("ij,ij->i", z, rest), length, out=np.zeros(len(z)), where=length > 1e-12
    )
    return np.asarray(2 - 2 * cosine)


@jit
def _complete(  # type: ignore[no-untyped-def]
    product, square, own_square, pull, along, mine, which, code, own, z, off, places, cancels
):  # fmt: skip
    """Products become squared distances, in place; ``pull`` is what leaving the row out adds."""
    for i in range(product.shape[0]):
        for k in range(product.shape[1]):
            g = product[i, k]
            distance = square[i] + own_square[k] - 2.0 * g
            direct = distance < cancels * (square[i] + own_square[k])
            step = 0.0
            if direct:
                distance = 0.0
                for t in range(z.shape[1]):
                    apart = z[i, t] - places[k, t]
                    distance += apart * apart
                    step += off[i, t] * apart
            if pull[i] > 0.0:
                if not direct:
                    step = along[i] - g + mine[which[i], k]
                distance += pull[i] * step * step
            product[i, k] = max(distance, 0.0)
        product[i, code[i]] = own[i]


@jit
def _unsettled(distance, terms, cancels):  # type: ignore[no-untyped-def]
    """How far rounding may have moved a squared distance; terms: the squares it was made of."""
    if distance >= cancels * terms:
        return ROUNDING * max(terms, distance)
    step = STEP_ROUNDING * np.sqrt(terms)
    return ROUNDING * distance + 2.0 * np.sqrt(distance) * step + step * step


@jit
def _answer(  # type: ignore[no-untyped-def]
    squares, square, own_square, code, sizes, warmth, cancels, counts, chances
):
    """Fill counts (beaten, sole, rival) and chances (confidence, own, squares) of a block."""
    for i in range(squares.shape[0]):
        own = squares[i, code[i]]
        doubt = _unsettled(own, square[i] + own_square[code[i]], cancels)
        beaten, sole, rival = 0, -1, -1
        lowest = np.inf
        for k in range(squares.shape[1]):
            if k == code[i] or sizes[k] == 0:
                continue
            # What rounding leaves undecided is a tie, and a tie is an error.
            slack = doubt + _unsettled(squares[i, k], square[i] + own_square[k], cancels)
            if squares[i, k] <= own + slack:
                beaten += 1
                sole = k
            if squares[i, k] < lowest:
                lowest, rival = squares[i, k], k
        lowest = min(lowest, own)
        total, total_squares = 0.0, 0.0
        for k in range(squares.shape[1]):
            energy = warmth[i] * (squares[i, k] - lowest)
            if sizes[k] > 0 and energy < NEGLIGIBLE:
                chance = np.exp(-energy)
                total += chance
                total_squares += chance * chance
        counts[0, i], counts[1, i], counts[2, i] = beaten, sole if beaten == 1 else -1, rival
        chances[0, i] = 1.0 / total
        chances[1, i] = np.exp(-warmth[i] * (own - lowest)) / total
        chances[2, i] = total_squares / (total * total)


def amid(rows: Floats) -> Reals:
    """(d,) a point amid most of (n, d) rows, wherever a few others are: medians of some of them."""
    step = -(-len(rows) // AMID)
    return np.asarray(np.median(rows[::step], axis=0), dtype=np.float64)
