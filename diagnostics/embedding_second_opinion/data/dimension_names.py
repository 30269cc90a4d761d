"""Which columns of a table are no dimensions, by what they are called?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embedding_second_opinion.findings.wording import are, some

from .embeddings import InputError

WAY_OUT = "Leave it out, name it with --labels, --split or --groups, or choose dimensions with --key PREFIX."
_RUN = 3  # two columns with a number, "height1" and "height2", are no run yet

# Whole numbers under these names are notes about the rows in every table, also where the
# dimensions have names of their own. "fold_change" and "refractive_index" are measured.
_OF = r"(label|class|super_?class|sub_?class|target|y|fold|split|group|cluster|sample|row)s?"
_TELLING = re.compile(
    rf"{_OF}[_ .-]?(id|idx|index|code|codes|no|nr|num|number|int|enc|encoded)"
    r"|folds?|k_?fold|cv[_ .-]?(fold|split)s?|partition|subset|(is|in)_(train|test|val|valid)\w*"
    r"|(super|sub)_?class|cluster|batch|session|subject|patient|person|speaker|writer|user"
    r"|id|uid|idx|index|row|unnamed: \d+|level_0|.*[_ .-]id",
    re.IGNORECASE,
)
_CAMEL_ID = re.compile(r".*[a-z](Id|ID)")


def refuse_names(path: Path, columns: Sequence[str], matrix: NDArray[np.generic]) -> None:
    """Raises InputError for columns whose names say that they are no dimensions.

    columns: the number columns that nobody chose; matrix: (n, len(columns)), theirs.

    Where half of the columns or more are called alike but for a number ("e0" to "e127", "0" to
    "63"), the others stand apart. Where no such run is, any name may be that of a dimension, but
    for whole numbers that are called as an id, a fold or a code of the labels is.
    """
    kinds = {column: re.sub(r"\d+", "0", column) for column in columns}
    found = Counter(kind for column, kind in kinds.items() if re.search(r"\d", column))
    runs = {kind for kind, count in found.items() if count >= _RUN}
    dims = [column for column in columns if kinds[column] in runs]
    apart = [column for column in columns if kinds[column] not in runs]
    if apart and 2 * len(dims) >= len(columns):
        raise InputError(
            f"{listed(apart)} of {path} {are(len(apart))} not called as its {len(dims)} dimensions "
            f"{_short(dims[0])} to {_short(dims[-1])} are. {_way_out(apart, dims)}"
        )
    telling = [
        column
        for i, column in enumerate(columns)
        if (_TELLING.fullmatch(column.strip()) or _CAMEL_ID.fullmatch(column))
        and kinds[column] not in runs
        and len(columns) > 1
        and is_whole(matrix[:, i])
    ]
    if telling:
        raise InputError(
            f"{listed(telling)} of {path}, {len(telling)} of {len(columns)} dimensions, {are(len(telling))} "
            f"by name and whole numbers no measurement. {WAY_OUT}"
        )


def is_whole(values: NDArray[np.generic]) -> bool:
    """Whether all numbers are whole, in whatever type; those that are missing do not count."""
    if values.dtype.kind != "f":
        return values.dtype.kind in "iub"
    numbers = values.astype(np.float64)
    numbers = numbers[np.isfinite(numbers)]
    return bool(len(numbers)) and bool((numbers == np.floor(numbers)).all())


def listed(columns: Sequence[str]) -> str:
    """column 'a', or: columns 'a', 'b' and 3 more."""
    return f"column{'s' if len(columns) > 1 else ''} {some([*map(_short, columns)], 4)}"


def _short(column: str) -> str:
    return repr(column if len(column) <= 40 else f"{column[:40]}...")


def _way_out(apart: Sequence[str], dims: Sequence[str]) -> str:
    """The option that chooses these dimensions, where one prefix does."""
    it = "it" if len(apart) == 1 else "them"
    prefix = re.split(r"\d", dims[0], maxsplit=1)[0]
    alone = not any(column.startswith(prefix) for column in apart)
    does = prefix and alone and len(prefix) <= 40 and all(c.startswith(prefix) for c in dims)
    how = f", here --key {prefix!r}" if does else ", once their names begin alike"
    return f"Leave {it} out, or choose the dimensions with --key PREFIX{how}."
