"""Which dimensions hold the labels? Codes of the classes among the vectors, by their values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from embedding_second_opinion.data.arrays import Bools, Ints
from embedding_second_opinion.findings.wording import have, some

from .dimension_names import is_whole, listed
from .embeddings import Codes, EmbeddingSet, FloatMatrix, InputError, sizes

_PROBE = 512  # rows that decide which columns are looked at in full
_BLOCK = 8192  # rows compared at once
_MOST = 8  # columns looked at row by row, of those that may be ids
_LOOSE = 0.5  # of pairs of one class that differ in a dimension; in tight, rounded classes few do
_FEW_ROWS = 8  # below, any numbers may happen to count the rows
# The chance that a column without meaning would keep to the classes so, over all columns. Whole
# numbers beside columns of decimals are no measurement to begin with, so less proof is needed.
_PROOF, _PROOF_OF_WHOLE = math.log(1e-6), math.log(1e-3)


@dataclass(frozen=True)
class Place:
    """Where the vectors were read.

    words: the key or column of a matrix, or the columns. columns: the names of the dimensions in
    a table, else none. chosen: the user named these columns.
    """

    path: Path
    words: str
    columns: tuple[str, ...] = ()
    chosen: bool = False

    def text(self, dimensions: Sequence[int]) -> str:
        if self.columns:
            return f"{listed([self.columns[i] for i in dimensions])} of {self.path}"
        plural = "s" if len(dimensions) > 1 else ""
        numbers = some([str(i) for i in dimensions], 8)
        return f"dimension{plural} {numbers} (from 0) of {self.words} of {self.path}"

    @property
    def way_out(self) -> str:
        if not self.columns:
            return "Save the embeddings without: np.delete(X, DIMENSIONS, axis=1)."
        other = "another --key PREFIX" if self.chosen else "--key PREFIX"
        return f"Leave out what is no dimension, or choose the dimensions with {other}."


def label_notes(data: EmbeddingSet, place: Place) -> tuple[str, ...]:
    """One sentence for each kind of dimension that may hold the labels.

    Raises InputError where this is beyond doubt: a dimension with one value for each of three
    classes or more, and another in each; a block of dimensions that are the classes one-hot; and,
    in a table where nobody chose the columns, whole numbers beside decimals that are a coarser or
    finer label. Sets whose classes are single points say nothing: there every dimension is such.
    """
    k = len(data.classes)
    if k < 2 or data.d < 2:
        return ()
    sample = data.vectors[_spread(data.n)]
    varied = (sample != sample[0]).any(axis=0)
    # Of two values, in whatever unit, is a bit: no more of a measurement than a whole number.
    bits = ((sample == sample.min(axis=0)) | (sample == sample.max(axis=0))).all(axis=0)
    whole = varied & (bits | (sample == np.floor(sample)).all(axis=0))
    beside_decimals = 2 * int(whole.sum()) <= int(varied.sum())
    if beside_decimals:
        _refuse_row_numbers(data, place, sample, np.flatnonzero(whole))
    fixed = _fixed_within(data.vectors, data.codes, varied, np.median(sample, axis=0))
    notes = _of_the_class(data, place, fixed, varied, whole) if len(fixed) else []
    if beside_decimals:
        free = np.setdiff1d(np.flatnonzero(whole), fixed)
        finer = _finer(data, free)
        if finer:
            _say(notes, place, finer, "whole numbers, none in two classes: a finer label")
    return tuple(notes)


def _of_the_class(
    data: EmbeddingSet, place: Place, fixed: Ints, varied: Bools, whole: Bools
) -> list[str]:
    """What the dimensions are that have one value in each class."""
    k, d, notes = len(data.classes), data.d, list[str]()
    counts = sizes(data.codes, k)
    centers = data.vectors[np.unique(data.codes, return_index=True)[1]][:, fixed]
    others = int(varied.sum()) - len(fixed)
    beside_decimals = 2 * int(np.delete(whole, fixed).sum()) <= others
    own = _log_chance(counts, counts) + math.log(d)
    block = _one_hot(fixed, centers) if k >= (3 if beside_decimals else 5) else []
    if block and own < _PROOF:
        raise InputError(
            f"{place.text(block)} tell one class each from all others: {len(block)} of {d} "
            f"dimensions are the {k} classes one-hot, and hold the labels. {place.way_out}"
        )
    if len(fixed) > others and not beside_decimals:
        return notes
    codes, twofold, coarse, measured = list[int](), list[int](), list[int](), list[int]()
    for i, center in zip(fixed.tolist(), centers.T, strict=True):
        values, of_class = np.unique(center, return_inverse=True)
        rows, chance = np.bincount(of_class.reshape(-1), counts), own
        if len(values) < k:
            chance = _log_chance(rows, counts) + math.log(d)
        odd = beside_decimals and (is_whole(center) or len(values) == 2)
        if len(fixed) > others and not odd:
            continue  # too many to be an oversight: named below
        if len(values) == k >= 3 and chance < (_PROOF_OF_WHOLE if odd else _PROOF):
            codes.append(i)
        elif chance < _PROOF and odd:
            (coarse if len(values) > 2 else twofold).append(i)
        elif chance < _PROOF and len(values) > 2:
            measured.append(i)
    if codes:
        raise InputError(
            f"{place.text(codes)} {have(len(codes))} one value in each of the {k} classes, and another "
            f"in every class: {len(codes)} of {d} dimensions hold the labels. {place.way_out}"
        )
    if len(fixed) > others:
        what = f"{len(fixed)} of {d} dimensions have one value in each class"
        return [f"{what}, {others} have not (first: {place.text(fixed[:1].tolist())})."]
    if coarse:
        _say(notes, place, coarse, f"one whole number in each of {k} classes: a coarser label")
    if twofold:
        what = f"one of two values in each of {k} classes: the labels, or a coarser one"
        _say(notes, place, twofold, what, mild=k > 2)
    if measured:
        _say(notes, place, measured, f"one value in each of {k} classes", mild=True)
    return notes


def _say(notes: list[str], place: Place, found: list[int], what: str, mild: bool = False) -> None:
    text = f"{place.text(found)} {have(len(found))} {what}"
    if place.columns and not place.chosen and not mild:
        raise InputError(f"{text} ({len(found)} of {len(place.columns)}). {place.way_out}")
    notes.append(f"{text}. Are they meant as dimensions?")


def _fixed_within(
    vectors: FloatMatrix, codes: Codes, varied: Bools, common: NDArray[np.floating]
) -> Ints:
    """The varied dimensions with one value in each class, by neighbours in the order of classes.

    None where this is no wonder: where all dimensions are such, the classes being single points,
    and where the others nearly are, as in tight classes rounded to whole numbers or bits.
    common: (d,) a value that a sparse dimension has nearly always, which is no sign of tightness.
    """
    order = np.argsort(codes, kind="stable")
    same = codes[order[1:]] == codes[order[:-1]]
    one, two = order[:-1][same], order[1:][same]
    if not len(one):
        return np.zeros(0, dtype=np.int64)
    probe = _spread(len(one))
    a, b = vectors[one[probe]], vectors[two[probe]]
    differ = np.count_nonzero(a != b, axis=0)
    told = np.count_nonzero((a != common) | (b != common), axis=0)
    free = varied & (differ > 0)
    left = np.flatnonzero(varied & (differ == 0))
    if not free.any() or np.median(differ[free] / told[free]) < _LOOSE:
        return np.zeros(0, dtype=np.int64)
    for start in range(0, len(one), _BLOCK):
        if not len(left):
            break
        rows = slice(start, start + _BLOCK)
        a, b = vectors[one[rows]], vectors[two[rows]]  # whole rows lie together in memory
        if 4 * len(left) < vectors.shape[1]:
            a, b = a[:, left], b[:, left]
            left = left[(a == b).all(axis=0)]
        else:
            left = left[(a == b).all(axis=0)[left]]
    return left


def _spread(n: int) -> Ints:
    """At most _PROBE of n rows, at even distances."""
    return np.linspace(0, n - 1, min(n, _PROBE)).astype(np.int64)


def _one_hot(fixed: Ints, centers: FloatMatrix) -> list[int]:
    """The first dimensions side by side that each tell one class from all others, or none.

    All classes, or all but one: a code of four classes or more may leave the first class out.
    """
    k = len(centers)
    block: list[tuple[int, int]] = []
    for i, center in zip(fixed.tolist(), centers.T, strict=True):
        values, of_class, counts = np.unique(center, return_inverse=True, return_counts=True)
        if len(values) != 2 or counts.min() != 1:
            block = []
            continue
        own = int(np.flatnonzero(of_class.reshape(-1) == counts.argmin())[0])
        begin = next((at + 1 for at, (_, other) in enumerate(block) if other == own), 0)
        block = block[begin:] if block and block[-1][0] == i - 1 else []
        block.append((i, own))
        if len(block) == k:
            break
    return [i for i, _ in block] if len(block) >= (k if k == 3 else k - 1) else []


def _log_chance(values: NDArray[np.generic], groups: NDArray[np.generic]) -> float:
    """About the logarithm of the chance that each group of rows holds one value only.

    values, groups: how many rows have each. A group of one row says nothing.
    """
    count, many = np.unique(values, return_counts=True)  # many have the same number of rows
    share, weight = np.log(count / values.sum()), np.log(many)
    size, times = np.unique(groups, return_counts=True)
    several = zip(size, times, strict=True)
    return float(sum(t * logsumexp(weight + s * share) for s, t in several if s > 1))


def _finer(data: EmbeddingSet, columns: Ints) -> list[int]:
    """Which of these are finer labels; of very many that may be, the likeliest are looked at."""
    rows, likely = _spread(data.n), list[tuple[int, int]]()
    for i in columns.tolist():
        values, where = np.unique(data.vectors[rows, i], return_inverse=True)
        owner = np.zeros(len(values), dtype=np.int64)
        owner[where] = data.codes[rows]
        if (owner[where] == data.codes[rows]).all():
            likely.append((len(values), i))
    found = [i for _, i in sorted(likely)[:_MOST] if _is_finer(data, data.vectors[:, i])]
    return sorted(found)


def _is_finer(data: EmbeddingSet, column: NDArray[np.float32]) -> bool:
    """Whether whole numbers are a finer label: no value in two classes, too often for chance.

    A measurement that tells the classes apart has theirs in order, with gaps between them; a
    label has them mixed, or numbered without a gap.
    """
    k, codes = len(data.classes), data.codes
    if not is_whole(column):
        return False
    values, where, counts = np.unique(column, return_inverse=True, return_counts=True)
    owner = np.zeros(len(values), dtype=np.int64)
    owner[where] = codes
    if (owner[where] != codes).any() or len(values) <= k:
        return False
    if _log_chance(sizes(codes, k), counts) + math.log(data.d) >= _PROOF:
        return False
    stretches = 1 + np.count_nonzero(np.diff(owner))
    dense = k >= 3 and values[-1] - values[0] == len(values) - 1
    return bool(dense or stretches > k + (len(values) - k) / 4)


def _refuse_row_numbers(data: EmbeddingSet, place: Place, sample: FloatMatrix, whole: Ints) -> None:
    """In an array; columns of a table are looked at with their names."""
    if place.columns or data.n < _FEW_ROWS:
        return
    different = (np.diff(np.sort(sample[:, whole], axis=0), axis=0) > 0).all(axis=0)
    for i in whole[different][:_MOST].tolist():
        values = np.sort(data.vectors[:, i])
        if (np.diff(values) == 1).all():
            raise InputError(
                f"{place.text([i])} numbers the {data.n} rows ({values[0]:.0f} to "
                f"{values[-1]:.0f}), so it is none of the {data.d} dimensions. {place.way_out}"
            )
