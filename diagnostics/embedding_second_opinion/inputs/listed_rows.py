"""Which columns of a file are meant, and which rows of the set do they name?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from embedding_second_opinion.data.arrays import Rows
from embedding_second_opinion.data.embeddings import InputError
from embedding_second_opinion.data.labels import as_numpy, class_names, encode
from embedding_second_opinion.data.sources import Source


def named_column(source: Source, names: tuple[str, ...]) -> ArrayLike | None:
    """The column or key of the first of these names that is there, in any case; None where none is."""
    folded = {key.casefold(): key for key in source.entries}
    found = next((folded[name] for name in names if name in folded), None)
    return None if found is None else source.entries[found].read()


def needed_column(source: Source, names: tuple[str, ...], needed: str) -> ArrayLike:
    """The same where it cannot be without. needed: the sentence that says what such a file holds."""
    found = named_column(source, names)
    if found is None:
        called = " or ".join(names)
        raise InputError(
            f"{source.path} has no {source.word} called {called}; it has {source.listed()}. {needed}"
        )
    return found


def named_parts(
    values: ArrayLike, column: str, name: str, of: str, n: int
) -> tuple[tuple[str, ...], Rows]:
    """The names of the folds or batches, and the number of each row's; named as classes are."""
    shape = as_numpy(values, column).shape
    if shape != (n,):
        raise InputError(f"'{column}' of {name} has the shape {shape}; there are {n:,} {of}.")
    return encode(class_names(values, n, f"'{column}' of {name}"))


def row_numbers(values: ArrayLike, column: str, of: str, n: int) -> Rows:
    """(p,) row numbers of a set of ``n`` rows; of: what the file lists, in the plural ("pairs").

    Raises InputError for what is no whole number, no row of the set, or for none at all.
    """
    numbers = _whole(values, column, of)
    bad = np.flatnonzero((numbers < 0) | (numbers >= n))
    if len(bad):
        one = " Are they counted from 1?" if numbers.min() == 1 and numbers.max() == n else ""
        raise InputError(
            f"{of} name rows from 0 to {n - 1:,}; {len(bad):,} of {len(numbers):,} in '{column}' are "
            f"others (first: {numbers[bad[0]]:,} in {of[:-1]} {bad[0]}).{one}"
        )
    if not len(numbers):
        raise InputError(f"the {of} file holds no {of[:-1]}.")
    return numbers


def _whole(values: ArrayLike, column: str, of: str) -> Rows:
    array = as_numpy(values, column)
    if array.ndim != 1:
        raise InputError(f"'{column}' of the {of} must be one column; its shape is {array.shape}.")
    # True is no row 1, and a mixed list makes numbers of it; the imaginary part would be dropped.
    listed = values if isinstance(values, (list, tuple)) else array.tolist()
    odd = [i for i, v in enumerate(listed) if isinstance(v, (bool, np.bool_, complex))]
    if odd or array.dtype.kind in "mM":
        raise InputError(
            f"'{column}' of the {of} must hold row numbers, counted from 0; it holds {array.dtype} values, "
            f"such as {str(listed[odd[0] if odd else 0])[:40]!r}."
        )
    try:
        real = array.astype(np.float64)
    except (TypeError, ValueError):
        real = np.array([_number(v) for v in array.tolist()])
    whole = np.isfinite(real) & (real == np.round(real)) & (np.abs(real) < 2**53)
    if not whole.all():
        bad = int(np.flatnonzero(~whole)[0])
        raise InputError(
            f"'{column}' of the {of} must hold row numbers, counted from 0; {of[:-1]} {bad} has "
            f"{str(array[bad])[:40]!r}."
        )
    return real.astype(np.int64)


def _number(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return np.nan
