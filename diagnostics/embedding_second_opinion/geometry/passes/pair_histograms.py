"""How far apart are all pairs of rows, of one class and of two? Histograms, whole and by class, blocked.

Fine bins over all pairs carry the numbers; coarse bins by class carry what each number would be
without that class. Bins are linear in the distance, with everything beyond the range in the last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from embedding_second_opinion.data.arrays import Floats, Ints, Reals, Rows

from .far_rows import Aside, Spread
from .kernels import jit
from .source import MatrixSource, Source
from .sweep import sweep

ROWS = 256
BINS = 65_536
CLASS_BINS = 2048  # at most; fewer where there are many classes
CELLS = 2**22  # classes x bins: 32 MB a table
EXACT_ROWS = (
    20_000  # up to here the product is made in float64, so that no order of rows moves a pair
)


@dataclass(frozen=True)
class Scale:
    """Where the bins lie: BINS of this width from ``origin`` on."""

    origin: float
    width: float

    @classmethod
    def over(cls, spread: Spread, cosine: bool) -> Scale:
        """As far as ``spread`` reaches; what is farther apart is beyond."""
        return cls._to(0.0, spread.reach**2 / 2 if cosine else spread.reach)

    @classmethod
    def of_matrix(cls, matrix: Floats) -> Scale:
        """From the smallest given distance to the largest."""
        low = float(matrix.min())
        return cls._to(low, float(matrix.max()) - low)

    @classmethod
    def _to(cls, low: float, extent: float) -> Scale:
        # The odd factor keeps edges off round distances, where rounding would split ties.
        return cls(low, 1.0123456789 * extent / BINS if extent > 0 else 1.0 / BINS)

    @property
    def edges(self) -> Reals:
        """(BINS + 1,) distances; pairs beyond the last are counted in the last bin."""
        return self.origin + self.width * np.arange(BINS + 1, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class PairHistograms:
    """Counts of unordered pairs. Classes are in two parts; a pair is within one part or across both.

    genuine, impostor: (3, BINS) within part 0, within part 1, across (genuine pairs never are).
    classes: (K,) codes of the classes that have rows, ascending; part: (K,) 0 or 1.
    class_genuine, class_within, class_across: (K, B) genuine pairs of the class; impostor pairs with
    one row in it, the other in its own part, or in the other one. B divides BINS.
    """

    scale: Scale
    genuine: Ints
    impostor: Ints
    classes: Ints
    part: Ints
    class_genuine: Ints
    class_within: Ints
    class_across: Ints


class _Block(NamedTuple):
    first: int
    genuine: Ints
    impostor: Ints
    class_genuine: Ints
    class_within: Ints
    class_across: Ints


@dataclass(frozen=True, eq=False)
class _Plan:
    place: Ints  # (n,) class at each place, numbered in the order of the places
    starts: Ints  # (K + 1,)
    cut: int  # first place of part 1
    scale: Scale
    bins: int
    precise: bool
    vectors: Floats  # (n, d) of each place, where some rows are set aside
    aside: Aside | None


def all_pairs(
    source_of: Callable[..., Source],
    given: Floats,
    groups: tuple[Rows, ...],
    codes: Ints,
    part: Ints,
    metric: str,
) -> tuple[PairHistograms, ...]:
    """All pairs among the rows of each group, counted on one scale.

    source_of: makes a source of queries and gallery (see Geometry). given: all vectors, or distances.
    codes: of all rows; part: 0 or 1 of every class. Of distances given unevenly, the mean of both ways.
    """
    cosine, among = metric == "cosine", np.unique(np.concatenate(groups))
    spread = None if metric == "given" else Spread.of(given[among])
    scale = Scale.of_matrix(given) if spread is None else Scale.over(spread, cosine)
    found = []
    for rows in groups:
        # By part, then by class, so that whatever is counted together stands together.
        placed = rows[np.lexsort((codes[rows], part[codes[rows]]))]
        aside, vectors = None, given[:0]
        if spread is not None:
            radii = spread.radii[np.searchsorted(among, placed)]
            aside = Aside.of(given[placed], radii, spread, cosine)
        precise = len(rows) <= EXACT_ROWS or aside is not None
        if aside is None:
            source = source_of(placed, placed, precise=precise)
        else:
            source, vectors = aside.source, given[placed]
        if isinstance(source, MatrixSource):
            source = MatrixSource.of((source.matrix + source.matrix.T) / 2)
        of_rows = codes[placed], part[codes[placed]]
        found.append(pair_histograms(source, *of_rows, scale, vectors, aside, precise=precise))
    return tuple(found)


def pair_histograms(
    source: Source,
    codes: Ints,
    part: Ints,
    scale: Scale,
    vectors: Floats,
    aside: Aside | None,
    *,
    precise: bool,
) -> PairHistograms:
    """Count all pairs of ``source``, whose queries are its gallery, sorted by part, then by class.

    codes, part: (n,) of each place. vectors: (n, d) where some rows are set aside.
    Every pair is met from both of its rows, so that a class's counts come from its
    own rows only and no two threads write to one table.
    """
    n = len(codes)
    new = np.flatnonzero(np.diff(codes, prepend=-1))
    classes = codes[new]
    starts = np.append(new, n).astype(np.int64)
    bins = CLASS_BINS
    while bins > 64 and bins * len(classes) > CELLS:
        bins //= 2
    place = np.repeat(np.arange(len(classes)), np.diff(starts))
    cut = int(np.searchsorted(part, 1))
    plan = _Plan(place.astype(np.int64), starts, cut, scale, bins, precise, vectors, aside)
    genuine, impostor = (np.zeros((3, BINS), dtype=np.int64) for _ in range(2))
    tables = [np.zeros((len(classes), bins), dtype=np.int64) for _ in range(3)]
    spans = [(start, min(start + ROWS, n)) for start in range(0, n, ROWS)]
    for _, block in sweep(partial(_one_block, plan, source), spans, "distances of all pairs"):
        genuine += block.genuine
        impostor += block.impostor
        found = (block.class_genuine, block.class_within, block.class_across)
        for table, rows in zip(tables, found, strict=True):
            table[block.first : block.first + len(rows)] += rows
    tables[0] //= 2  # each genuine pair was met from both of its rows, both of the class
    order = np.argsort(classes)
    for array in (genuine, impostor, *tables):
        array.setflags(write=False)
    return PairHistograms(
        scale, genuine, impostor, classes[order], part[new][order], *(t[order] for t in tables)
    )


def _one_block(plan: _Plan, source: Source, start: int, stop: int) -> _Block:
    distances = source.block(start, stop, precise=plan.precise)
    if plan.aside is not None:
        _one_by_one(distances, start, plan.vectors, plan.aside)
    first, last = int(plan.place[start]), int(plan.place[stop - 1])
    genuine, impostor = (np.zeros((3, BINS), dtype=np.int64) for _ in range(2))
    tables = [np.zeros((last - first + 1, plan.bins), dtype=np.int64) for _ in range(3)]
    shift = (BINS // plan.bins).bit_length() - 1
    _count(
        distances, start, first, plan.place, plan.starts, plan.cut,
        distances.dtype.type(plan.scale.origin), distances.dtype.type(1 / plan.scale.width), shift,
        genuine, impostor, *tables,
    )  # fmt: skip
    return _Block(first, genuine, impostor, *tables)


def _one_by_one(distances: Floats, start: int, vectors: Floats, aside: Aside) -> None:
    """Distances of the far rows to the outer ones, and of these to the far ones, in place."""
    stop = start + len(distances)
    for some, others in ((aside.far, aside.outer), (aside.outer, aside.far)):
        for i in some[(some >= start) & (some < stop)].tolist():
            row = np.broadcast_to(vectors[i], (len(others), vectors.shape[1]))
            found = distances_between(row, vectors[others], aside.source.cosine)
            distances[i - start, others] = found


@jit
def _count(  # type: ignore[no-untyped-def]
    distances, start, first, place, starts, cut, origin, per_width, shift,
    genuine, impostor, class_genuine, class_within, class_across,
):  # fmt: skip
    """Add the rows of one block, from place ``start`` on, to histograms; classes from ``first`` on."""
    n = distances.shape[1]
    bins = np.empty(n, dtype=np.int32)
    last = distances.dtype.type(BINS - 1)
    for i in range(distances.shape[0]):
        me, code = start + i, place[start + i]
        low, high = starts[code], starts[code + 1]
        _to_bins(distances[i], origin, per_width, last, bins)
        mine = 1 if low >= cut else 0
        own, other = class_within[code - first], class_across[code - first]
        _add(bins, low, me, shift, class_genuine[code - first])
        _add_both(bins, me + 1, high, shift, class_genuine[code - first], genuine[mine])
        if mine == 0:
            _add(bins, 0, low, shift, own)
            _add_both(bins, high, cut, shift, own, impostor[0])
            _add_both(bins, cut, n, shift, other, impostor[2])
        else:
            _add(bins, 0, cut, shift, other)
            _add(bins, cut, low, shift, own)
            _add_both(bins, high, n, shift, own, impostor[1])


@jit
def _to_bins(row, origin, per_width, last, bins):  # type: ignore[no-untyped-def]
    """The fine bin of every distance; written so that what is no number falls into the last."""
    for j in range(row.shape[0]):
        x = (row[j] - origin) * per_width
        bins[j] = np.int32(x if x < last else last)


@jit
def _add(bins, start, stop, shift, coarse):  # type: ignore[no-untyped-def]
    for j in range(start, stop):
        coarse[bins[j] >> shift] += 1


@jit
def _add_both(bins, start, stop, shift, coarse, fine):  # type: ignore[no-untyped-def]
    for j in range(start, stop):
        coarse[bins[j] >> shift] += 1
        fine[bins[j]] += 1


def distances_between(one: Floats, other: Floats, cosine: bool) -> Reals:
    """(p,) distances of the rows of ``one`` to those of ``other``, by direct differences in float64."""
    largest = max(float(np.abs(one).max()), float(np.abs(other).max())) or 1.0
    scaled = float(2.0 ** -np.ceil(np.log2(largest)))  # squares of 1e30 overflow
    found = np.empty(len(one))
    for start in range(0, len(one), ROWS):
        part = slice(start, start + ROWS)
        steps = one[part].astype(np.float64) * scaled - other[part].astype(np.float64) * scaled
        found[part] = np.einsum("ij,ij->i", steps, steps)
    return np.asarray(found / scaled**2 / 2 if cosine else np.sqrt(found) / scaled)
