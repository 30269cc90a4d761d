"""Which pairs did the user bring, and what are they said to be?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diagnostics.embeddings import Codes, EmbeddingSet, InputError
from diagnostics.names import as_numpy
from diagnostics.sources import Source, open_source

FIRST = ("first", "pair_a", "a", "left")
SECOND = ("second", "pair_b", "b", "right")
SAME = ("same", "pair_same", "is_same", "match")
FOLD = ("fold", "pair_fold", "folds")

_YES = ("1", "true", "yes", "same", "match")
_NO = ("0", "false", "no", "different", "mismatch")


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of rows to verify. Build it with ``read_pairs`` or ``Pairs.of``, which check everything.

    first, second: (p,) row numbers of the set, from 0. same: (p,) whether both are of one class.
    fold: (p,) number of the part of each pair, from 0: a threshold is fitted on the other parts. Or None.
    notes: what was chosen or is odd, in sentences.
    """

    first: Codes
    second: Codes
    same: NDArray[np.bool_]
    fold: Codes | None = None
    name: str = "pairs"
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        data: EmbeddingSet,
        first: ArrayLike,
        second: ArrayLike,
        same: ArrayLike | None = None,
        fold: ArrayLike | None = None,
        name: str = "pairs",
    ) -> Pairs:
        """Check and freeze arrays. ``same`` follows from the labels where it is not given.

        Raises InputError for row numbers that do not exist, a row paired with itself, columns of
        different lengths, pairs of one kind only, or a fold that lacks a kind.
        """
        one, two = _rows(first, "first", data.n), _rows(second, "second", data.n)
        if len(one) != len(two):
            raise InputError(f"{name} has {len(one):,} first rows and {len(two):,} second rows.")
        itself = np.flatnonzero(one == two)
        if len(itself):
            raise InputError(
                f"{name} pairs a row with itself in {len(itself):,} of {len(one):,} pairs (first: pair "
                f"{itself[0]}), which is always right. Drop them."
            )
        labelled = data.codes[one] == data.codes[two]
        kinds = labelled if same is None else _kinds(same, len(one), name)
        parts = None if fold is None else _folds(fold, len(one), name)
        groups = [np.ones(len(one), dtype=np.bool_)]
        groups += [] if parts is None else [parts == f for f in range(parts.max() + 1)]
        for part, group in enumerate(groups, start=-1):
            if kinds[group].all() or not kinds[group].any():
                where = name if part < 0 else f"fold {part} of {name}"
                word = "same-class" if kinds[group].all() else "different-class"
                raise InputError(f"{where} has {word} pairs only; verification needs both kinds.")
        notes = [f"{name}: {len(one):,} pairs, {int(kinds.sum()):,} of them of one class."]
        if (kinds != labelled).any():
            notes.append(
                f"{int((kinds != labelled).sum()):,} of {len(one):,} pairs of {name} contradict the labels; "
                "the pairs file is believed."
            )
        for array in (one, two, kinds, parts):
            if array is not None:
                array.setflags(write=False)
        return cls(one, two, kinds, parts, name, tuple(notes))


def read_pairs(path: str, data: EmbeddingSet) -> Pairs:
    """Read pairs from any file that embeddings are read from; see ``Pairs.of`` for what is refused.

    Keys or columns: "first" and "second" (also pair_a and pair_b, a and b, left and right), and
    where there are, "same" (pair_same, is_same, match) and "fold" (pair_fold, folds).
    """
    source = open_source(path, None)
    first, second = (_named(source, names, needed=True) for names in (FIRST, SECOND))
    return Pairs.of(
        data,
        first if first is not None else [],
        second if second is not None else [],
        _named(source, SAME),
        _named(source, FOLD),
        source.path.name,
    )


def _named(source: Source, names: tuple[str, ...], needed: bool = False) -> ArrayLike | None:
    folded = {key.casefold(): key for key in source.entries}
    for name in names:
        if name in folded:
            return source.entries[folded[name]].read()
    if needed:
        raise InputError(
            f"{source.path} has no {source.word} called {' or '.join(names)}; it has "
            f"{source.listed()}. A pairs file holds the row numbers of each pair under 'first' and 'second'."
        )
    return None


def _rows(values: ArrayLike, what: str, n: int) -> Codes:
    numbers = _numbers(values, what)
    bad = np.flatnonzero((numbers < 0) | (numbers >= n))
    if len(bad):
        raise InputError(
            f"pairs name rows from 0 to {n - 1:,}; {len(bad):,} of {len(numbers):,} in '{what}' are "
            f"others (first: {numbers[bad[0]]:,} in pair {bad[0]})."
        )
    if not len(numbers):
        raise InputError("the pairs file holds no pair.")
    return numbers


def _numbers(values: ArrayLike, what: str) -> Codes:
    array = as_numpy(values, what)
    if array.ndim != 1:
        raise InputError(f"'{what}' of the pairs must be one column; its shape is {array.shape}.")
    try:
        real = array.astype(np.float64)
    except (TypeError, ValueError):
        real = np.full(len(array), np.nan)
    whole = np.isfinite(real) & (real == np.round(real)) & (np.abs(real) < 2**53)
    if not whole.all():
        bad = int(np.flatnonzero(~whole)[0])
        raise InputError(
            f"'{what}' of the pairs must hold row numbers, counted from 0; pair {bad} has "
            f"{str(array[bad])[:40]!r}."
        )
    return real.astype(np.int64)


def _kinds(values: ArrayLike, n: int, name: str) -> NDArray[np.bool_]:
    array = as_numpy(values, "same")
    if array.shape != (n,):
        raise InputError(f"'same' of {name} has the shape {array.shape}; there are {n:,} pairs.")
    texts = np.char.lower(np.char.strip(array.astype(np.str_)))
    texts = np.char.replace(np.char.replace(texts, "1.0", "1"), "0.0", "0")
    known = np.isin(texts, (*_YES, *_NO))
    if not known.all():
        bad = int(np.flatnonzero(~known)[0])
        raise InputError(
            f"'same' of {name} must be 1 or 0 (true or false); pair {bad} has {str(array[bad])[:40]!r}."
        )
    return np.isin(texts, _YES)


def _folds(values: ArrayLike, n: int, name: str) -> Codes:
    array = as_numpy(values, "fold")
    if array.shape != (n,):
        raise InputError(f"'fold' of {name} has the shape {array.shape}; there are {n:,} pairs.")
    names, parts = np.unique(array.astype(np.str_), return_inverse=True)
    if len(names) < 2:
        raise InputError(f"'fold' of {name} names one fold only; leave it out, or give two.")
    return parts.astype(np.int64)
