"""What is each row called? Labels of any type as class names, and the arrays that they come in."""

from __future__ import annotations

import math
import re

import numpy as np
from numpy.typing import ArrayLike, NDArray

from embedding_second_opinion.data.arrays import Ints
from embedding_second_opinion.findings.wording import visible

from .faults import InputError as InputError

Codes = Ints
Strings = NDArray[np.str_]

# "1", "01" and "1.0" are one number; "1.1" and "1.10" may well be two chapters.
_WHOLE = re.compile(r"^[+]?(-?)0*([0-9]+)(?:\.0*)?$")
# A column of texts in place of names would make a fixed-width array of terabytes.
_LONGEST = 1000  # characters


def as_numpy(values: ArrayLike, what: str) -> NDArray[np.generic]:
    """Arrays of pandas, torch (also on a GPU, also with a gradient) and lists, as NumPy."""
    if hasattr(values, "detach"):
        tensor = values.detach()
        narrow = str(tensor.dtype).startswith(("torch.bfloat16", "torch.float8"))
        try:
            values = (tensor.float() if narrow else tensor).cpu().numpy()
        except (TypeError, RuntimeError):  # sparse, quantised or without data
            raise InputError(
                f"{what} must be a dense tensor of real numbers; this one is {tensor.dtype}, "
                f"{tensor.layout}. Use .to_dense() or .dequantize() first."
            ) from None
    elif hasattr(values, "to_numpy"):
        values = values.to_numpy()
    elif hasattr(values, "toarray"):
        raise InputError(f"{what} must be dense; this is a sparse matrix. Use .toarray() first.")
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        masked = np.count_nonzero(np.ma.getmaskarray(values))
        raise InputError(
            f"{what} must not be masked; {masked} of {values.size} values are. Fill them, or drop rows."
        )
    try:
        return np.asarray(values)
    except ValueError:
        raise InputError(f"{what} must have rows of equal length; they have not.") from None


def class_names(labels: ArrayLike, n: int, what: str = "labels") -> Strings:
    """(n,) labels of any type as strings; whole numbers without a decimal point.

    Raises InputError for a wrong length, missing values, or two labels with one name.
    """
    array = as_numpy(labels, what)
    if isinstance(labels, (list, tuple)) and array.dtype.kind in "US":
        # NumPy makes text of a mixed list: nan would be a class "nan", and 1 the same as "1".
        array = np.array(labels, dtype=object)
    if array.ndim == 2 and 1 in array.shape:
        array = array.reshape(-1)
    if array.ndim != 1:
        hint = " One-hot rows: pass labels.argmax(axis=1)." if array.ndim == 2 else ""
        raise InputError(f"{what} must be one value a row; their shape is {array.shape}.{hint}")
    if len(array) != n:
        raise InputError(
            f"{what} must be as many as the vectors; there are {len(array)} {what} for {n} rows. "
            "Give one value for each row, in the same order."
        )
    values = array.tolist()
    if array.dtype.kind in "mM":  # as Python values, nanoseconds are bare integers, NaT among them
        values = [None if text == "NaT" else text for text in array.astype(np.str_).tolist()]
    # Equal values of one type read alike: each is looked at once, which a long column feels.
    plain = array.dtype.kind in "USiub"
    known = {value: (_is_missing(value), _as_text(value)) for value in set(values)} if plain else {}
    read = [known[v] if plain else (_is_missing(v), "") for v in values]
    missing = np.flatnonzero([gone for gone, _ in read])
    if len(missing):
        raise InputError(
            f"{what} must not be missing; {len(missing)} of {n} are (first: row {missing[0]}). "
            "Drop these rows, or give them a value of their own."
        )
    texts = [text for _, text in read] if plain else [_as_text(value) for value in values]
    longest = max(range(n), key=lambda row: len(texts[row]), default=0)
    if n and len(texts[longest]) > _LONGEST:
        raise InputError(
            f"{what} must be names of at most {_LONGEST} characters; that of row {longest} has "
            f"{len(texts[longest])}. Give the column of the class names."
        )
    if array.dtype.kind in "OUST":
        first: dict[str, tuple[str, object]] = {}
        for text, value in zip(texts, values, strict=True):
            kind, other = first.setdefault(text, (type(value).__name__, value))
            if other != value:
                raise InputError(
                    f"{what} must be told apart by their names; {other!r} ({kind}) and {value!r} "
                    f"({type(value).__name__}) would both be called {text!r}. Use one type."
                )
        alike: dict[str, str] = {}
        for text in first:
            like = alike.setdefault(_WHOLE.sub(r"\1\2", text.strip()), text)
            if like != text:
                raise InputError(
                    f"{what} must be told apart by more than spaces or how a number is written; "
                    f"{like!r} and {text!r} would be two. Write them alike."
                )
    return np.array(texts, dtype=np.str_)


def encode(names: Strings) -> tuple[tuple[str, ...], Codes]:
    """The classes in natural order, numbers first, and the (n,) codes of their rows."""
    found, codes = np.unique(names, return_inverse=True)
    order = sorted(range(len(found)), key=lambda i: _natural(str(found[i])))
    rank = np.empty(len(found), dtype=np.int64)
    rank[order] = np.arange(len(found))
    return tuple(str(found[i]) for i in order), rank[codes.reshape(-1)]


def _is_missing(value: object) -> bool:
    if isinstance(value, (str, bytes)):
        return not value.strip()
    # pandas.NA compares as neither true nor false, so it is known by its name.
    return (
        value is None
        or type(value).__name__ in ("NAType", "NaTType")
        or (isinstance(value, (float, np.floating)) and math.isnan(value))
    )


def _as_text(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-8", errors="backslashreplace")
    if isinstance(value, (float, np.floating)) and value.is_integer():
        value = int(value)
    return visible(str(value))


def _natural(name: str) -> tuple[int, float, str]:
    """Numbers in numeric order, before all other names."""
    try:
        return (0, float(name), name) if np.isfinite(float(name)) else (1, 0.0, name)
    except ValueError:
        return (1, 0.0, name)
