"""What is judged? Vectors with labels, validated once at the door, then frozen and trusted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from embedding_second_opinion.findings.wording import number, one_line

from .labels import Codes, InputError, Strings, as_numpy, class_names, encode

__all__ = ["Codes", "EmbeddingSet", "FloatMatrix", "InputError", "Strings", "class_names", "sizes"]

FloatMatrix = NDArray[np.float32]
T = TypeVar("T", bound=np.generic)
_ROUNDING = 1e-3  # of the standard deviation: an offset of 1e4 passes, one of 1e6 does not


@dataclass(frozen=True, eq=False, repr=False)
class EmbeddingSet:
    """Embeddings with their classes. Build it with :meth:`from_arrays`, which checks everything.

    Parameters
    ----------
    vectors : array of shape (n, d), float32
        Finite, C-contiguous, read-only.
    codes : array of shape (n,), int64
        The class of each row: 0 <= code < len(classes).
    classes : tuple of str
        The class names, in the order of the codes.
    split, groups : array of shape (n,), str, optional
        None where the set has none.
    images : array of shape (n, h, w) or (n, h, w, 3), uint8, optional
        Only ever used as thumbnails.
    name : str
        What the set is called in sentences.
    notes : tuple of str
        What was chosen by convention, or left out, in sentences.

    Examples
    --------
    >>> import embedding_second_opinion as so
    >>> so.EmbeddingSet.from_arrays([[0, 0], [0, 1], [9, 9], [9, 8]], ["a", "a", "b", "b"])
    EmbeddingSet(embeddings: 4 rows of 2 dimensions, 2 classes)
    """

    vectors: FloatMatrix
    codes: Codes
    classes: tuple[str, ...]
    split: Strings | None = None
    groups: Strings | None = None
    images: NDArray[np.uint8] | None = None
    name: str = "embeddings"
    notes: tuple[str, ...] = field(default=())

    @classmethod
    def from_arrays(
        cls,
        vectors: ArrayLike,
        labels: ArrayLike,
        *,
        split: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        images: ArrayLike | None = None,
        name: str = "embeddings",
        flatten: bool = False,
        on_invalid: Literal["raise", "drop"] = "raise",
        notes: Iterable[str] = (),
    ) -> EmbeddingSet:
        """Check and freeze arrays (NumPy, pandas, torch or lists) into a set.

        Parameters
        ----------
        vectors : array, frame, tensor or list of shape (n, d)
            Numbers; more than two dimensions only with ``flatten=True``.
        labels : array of shape (n,)
            Of any type; they become class names, numbers in numeric order.
        split, groups : array of shape (n,), optional
            Which rows are train, test, ...; the session or recording of each.
        images : array of shape (n, h, w) or (n, h, w, 3), uint8, optional
            Thumbnails.
        name : str
            What the set is called in sentences.
        flatten : bool
            Lay each sample out as one row.
        on_invalid : {"raise", "drop"}
            "drop" leaves out the rows that are not finite, and says so in ``notes``.
        notes : iterable of str
            Sentences that go with the set.

        Returns
        -------
        EmbeddingSet
            A frozen copy.

        Raises
        ------
        InputError
            In one sentence, for anything that cannot be judged.
        """
        if on_invalid not in ("raise", "drop"):
            raise InputError(f"on_invalid must be 'raise' or 'drop'; it is {on_invalid!r}.")
        matrix = _as_matrix(as_numpy(vectors, "vectors"), flatten)
        n = len(matrix)
        names = class_names(labels, n)
        given: dict[str, Any] = {"split": split, "groups": groups}
        columns: dict[str, Any] = {
            k: class_names(v, n, k) for k, v in given.items() if v is not None
        }
        columns |= {} if images is None else {"images": _as_images(images, n)}
        remarks = list(notes)

        finite = np.isfinite(matrix).all(axis=1)
        if not finite.all():
            bad = np.flatnonzero(~finite)
            if on_invalid == "raise":
                raise InputError(
                    f"vectors must be finite; {len(bad)} of {n} rows are not (first: row "
                    f"{bad[0]}). Drop them, or pass on_invalid='drop' (--drop-invalid)."
                )
            if not finite.any():
                raise InputError(f"vectors must be finite; none of the {n} rows is.")
            remarks.append(f"{len(bad)} of {n} rows were dropped because they are not finite.")
            matrix, names = matrix[finite], names[finite]
            columns = {k: v[finite] for k, v in columns.items()}

        classes, codes = encode(names)
        return cls(
            vectors=_freeze(_as_float32(matrix)),
            codes=_freeze(codes),
            classes=classes,
            name=name,
            notes=tuple(remarks),
            **{k: _freeze(v) for k, v in columns.items()},
        )

    def __repr__(self) -> str:
        more = "".join(
            f", {w}" for w in ("split", "groups", "images") if getattr(self, w) is not None
        )
        return one_line(
            f"EmbeddingSet({self.name}: {number(self.n)} of {number(self.d, 'dimension')}, "
            f"{number(len(self.classes), 'class')}{more})"
        )

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.vectors)

    @property
    def d(self) -> int:
        """Number of dimensions."""
        return int(self.vectors.shape[1])

    @cached_property
    def fingerprint(self) -> str:
        """sha256 over the vectors, the labels, the split and the groups: 64 hexadecimal digits."""
        digest = hashlib.sha256(f"{self.vectors.shape}".encode())
        digest.update(self.vectors.tobytes())
        digest.update(self.codes.tobytes())
        for column in (self.classes, self.split, self.groups):
            digest.update(b"\x00none" if column is None else "\x1f".join(column).encode())
        return digest.hexdigest()


def _as_matrix(array: NDArray[np.generic], flatten: bool) -> NDArray[np.generic]:
    if array.dtype == object:
        try:
            array = np.asarray(array.tolist(), dtype=np.float64)
        except (TypeError, ValueError):
            raise InputError(
                "vectors must be numbers in rows of equal length. Try np.stack(list_of_vectors)."
            ) from None
    if array.dtype.kind not in "fiub":
        raise InputError(f"vectors must be real numbers; these are of type {array.dtype}.")
    if array.ndim < 2 or (array.ndim > 2 and not flatten):
        way = "Pool them, or pass flatten=True (--flatten) to lay each sample out as one row."
        raise InputError(
            f"vectors must have two dimensions, one row a sample; these have {array.ndim} (shape "
            f"{array.shape}).{f' {way}' if array.ndim > 2 else ''}"
        )
    if array.ndim > 2:
        array = array.reshape(len(array), -1) if array.size else array.reshape(len(array), 0)
    if 0 in array.shape:
        raise InputError(
            f"vectors are empty: {array.shape[0]} rows of {array.shape[1]} dimensions."
        )
    return array


def _as_float32(matrix: NDArray[np.generic]) -> FloatMatrix:
    """float32, refusing values it cannot hold and distinctions it would lose."""
    if matrix.dtype == np.float32:
        return np.array(matrix, dtype=np.float32, order="C")
    with np.errstate(over="ignore"):
        single = np.array(matrix, dtype=np.float32, order="C")
    overflow = np.flatnonzero(~np.isfinite(single).all(axis=1))
    if len(overflow):
        raise InputError(
            f"vectors must fit float32 (below 3.4e38); {len(overflow)} of {len(single)} rows do "
            f"not (first: row {overflow[0]}). Divide the vectors by a constant."
        )
    if not np.can_cast(matrix.dtype, np.float32):
        _refuse_rounding(matrix, single)
    return single


def _refuse_rounding(matrix: NDArray[np.generic], single: FloatMatrix) -> None:
    """An offset of 1e8 swallows differences of 1: distances that the user's data lack.

    Compared are the variance of each column and that of its rounding errors: an error that all
    rows share moves no distance.
    """
    # float64 cannot tell large int64 apart either; one column at a time, for the memory.
    exact = np.float64 if matrix.dtype == np.float64 else np.longdouble
    spread, noise = np.zeros(single.shape[1]), np.zeros(single.shape[1])
    for column in range(single.shape[1]):
        values: NDArray[np.floating] = matrix[:, column].astype(exact)
        spread[column] = np.var(values - values[0])
        noise[column] = np.var(single[:, column] - values)
    lost = (spread > 0) & (noise > _ROUNDING**2 * spread)
    relevant = spread > 0.01 * spread.mean()
    if noise.sum() > _ROUNDING**2 * spread.sum() or (lost & relevant).any():
        raise InputError(
            f"vectors lose their differences in float32: rounding changes those of "
            f"{np.count_nonzero(lost)} of {single.shape[1]} columns by more than 1/1000 (first: "
            f"column {np.flatnonzero(lost)[0]}). Subtract the column means first."
        )


def _as_images(images: ArrayLike, n: int) -> NDArray[np.uint8]:
    array = as_numpy(images, "images")
    inner = array.shape[1:]
    if len(inner) < 2 or len(array) != n or 0 in inner or inner[2:] not in ((), (3,)):
        raise InputError(
            f"images must have the shape ({n}, height, width) or ({n}, height, width, 3); "
            f"theirs is {array.shape}."
        )
    if array.dtype != np.uint8:
        raise InputError(f"images must be of type uint8 (0 to 255); these are {array.dtype}.")
    return np.array(array, dtype=np.uint8, order="C")


def _freeze(array: NDArray[T]) -> NDArray[T]:
    array.setflags(write=False)
    return array


def sizes(codes: Sequence[int] | Codes, classes: int) -> Codes:
    """(classes,) rows of each class."""
    return np.bincount(np.asarray(codes, dtype=np.int64), minlength=classes).astype(np.int64)
