"""What does a table hold? .csv, .tsv and .parquet: one entry for each column."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Collection, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import numpy as np
from numpy.typing import NDArray

from .archives import Entries, Entry, damaged, refuse_too_large
from .dimension_names import WAY_OUT, is_whole
from .embeddings import InputError

if TYPE_CHECKING:
    import pyarrow as pa

LABELS = ("labels", "label", "y", "targets", "target", "class")
SPLIT = ("split",)
GROUPS = ("groups", "group")

_FEW_ROWS = 8  # below, whole numbers among decimals may well be different by chance
_ABSENT = ["", "nan", "NaN"]  # in the columns of names; "NA" and "None" are names that exist
_ABSENT_NUMBERS = [*_ABSENT, "NA", "N/A", "null", "None"]
_NOT_FINITE = {"inf": np.inf, "-inf": -np.inf, "+inf": np.inf, "infinity": np.inf}


def called(name: str, columns: Iterable[str]) -> str | None:
    """The column of this name: as it is written, else the first in another case."""
    found = [column for column in columns if column.casefold() == name]
    return name if name in found else next(iter(found), None)


def reserved(columns: Iterable[str], named: Collection[str]) -> set[str]:
    """The columns that are no dimensions: those named, and those that are called as labels are.

    In any case: "Label" beside "label" is none either. A column "y" beside a column "x" is a
    coordinate. pandas keeps its index in "__index_level_0__".
    """
    columns = set(columns)
    index = {column for column in columns if column.startswith("__index_level_")}
    names = {column for column in columns if column.casefold() in (*LABELS, *SPLIT, *GROUPS)}
    if any(column.casefold() == "x" for column in columns):
        names = {column for column in names if column.casefold() != "y"}
    return names | index | (set(named) & columns)


def read_csv(path: Path, named: Collection[str] | None) -> Entries:
    """The columns of a .csv or .tsv. Text as it is written: reserved ones, or all where None."""
    import pandas as pd

    separator = "\t" if path.suffix.lower() == ".tsv" else ","
    columns = _header(path, separator)
    texts = set(columns) if named is None else reserved(columns, named)
    with damaged(str(path)), warnings.catch_warnings():
        # Too many fields in a row: pandas warns and drops them.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            frame = pd.read_csv(
                path,
                sep=separator,
                encoding="utf-8",
                compression=None,
                index_col=False,
                low_memory=False,
                skip_blank_lines=len(columns) > 1,
                keep_default_na=False,
                na_values={c: _ABSENT if c in texts else _ABSENT_NUMBERS for c in columns},
                dtype=dict.fromkeys(texts, str),
            )
        except pd.errors.ParserWarning:
            raise InputError(
                f"{path} has rows with more fields than the {len(columns)} columns that its first "
                "line names. Name every column, and put text with the separator in quotes."
            ) from None
        except UnicodeDecodeError:
            raise InputError(_not_utf8(path)) from None
    if frame.empty:
        raise InputError(f"{path} has a line of column names and no rows. Save it again with rows.")
    return {column: Entry.of(frame[column].to_numpy()) for column in columns}


def read_text(path: Path) -> Entries:
    """One name a line, under the file's stem."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError:
        raise InputError(_not_utf8(path)) from None
    lines = lines[:-1] if lines[-1] == "" else lines
    return {path.stem: Entry((len(lines),), "U", partial(list, lines))}


def read_parquet(path: Path) -> Entries:
    """The columns of a .parquet file; a column of lists of numbers becomes a matrix."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with damaged(str(path), (pa.ArrowException, OSError, ValueError)):
        with pq.ParquetFile(path) as file:
            layout, schema = file.metadata, file.schema_arrow
            names = schema.names
            if len(set(names)) < len(names):
                raise InputError(_twice(path, names))
            groups = [layout.row_group(i) for i in range(layout.num_row_groups)]
            least = 4 * layout.num_rows * layout.num_columns
            refuse_too_large(str(path), max(least, sum(g.total_byte_size for g in groups)))
            # What is written once for many rows is known only when read. (The counts of values in
            # the columns' metadata would tell, but asking a damaged file for them aborts Python.)
            batches, size = [], 0
            for batch in file.iter_batches(batch_size=8192):
                size += batch.nbytes
                refuse_too_large(str(path), size)
                batches.append(batch)
            table = pa.Table.from_batches(batches, schema)
        if not table.num_rows or not names:
            raise InputError(f"{path} is a table without rows or columns. Save it again with rows.")
        return {column: _column(path, column, table[column]) for column in names}


def stacked(
    path: Path, entries: Entries, columns: Sequence[str], chosen: bool = False
) -> NDArray[np.generic]:
    """(n, d) numbers of columns that are one dimension each.

    chosen: the user named them. Raises InputError for text, for a column that only counts the
    rows, and for one that looks like an id where nobody chose it.
    """
    import pandas as pd

    arrays = []
    for column in columns:
        array = np.asarray(entries[column].read())
        if not entries[column].numeric:
            texts = pd.Series(array, dtype=object)
            # Columns with a word in them come as text, and their "inf" with them.
            finite = pd.to_numeric(texts.replace(_NOT_FINITE), errors="coerce")
            bad = np.flatnonzero(np.asarray(finite.isna() & texts.notna()))
            if len(bad):
                raise InputError(
                    f"column {column!r} of {path} must hold numbers; {len(bad)} of {len(array)} "
                    f"rows do not (first: row {bad[0]}, {str(array[bad[0]])[:40]!r}). {WAY_OUT}"
                )
            array = finite.to_numpy(dtype=np.float64)
        steps = np.diff(array) if is_whole(array) and array.dtype.kind != "b" else np.zeros(0)
        if len(steps) > 1 and len(columns) > 1 and (steps == 1).all():
            raise InputError(
                f"column {column!r} of {path} counts the rows ({int(array[0])} to {int(array[-1])}). "
                "Save without it (to_csv with index=False), or choose with --key PREFIX."
            )
        arrays.append(array)
    kinds = [is_whole(array) for array in arrays]
    if not chosen and not all(kinds):
        for column, array, whole in zip(columns, arrays, kinds, strict=True):
            least = 3 if array.dtype.kind in "iu" else _FEW_ROWS
            if whole and len(array) >= least and len(np.unique(array)) == len(array):
                raise InputError(
                    f"column {column!r} of {path} has {len(array)} different whole numbers beside "
                    "decimals, as an id has. Drop it, or choose the dimensions with --key PREFIX."
                )
    refuse_too_large(str(path), len(arrays) * len(arrays[0]) * 8)
    return np.stack(arrays, axis=1)


def _header(path: Path, separator: str) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            columns = next(csv.reader(lines, delimiter=separator), [])
    except UnicodeDecodeError:
        raise InputError(_not_utf8(path)) from None
    except csv.Error as error:
        raise InputError(f"{path} has no readable first line ({error}). Save it again.") from None
    for other, name in ((";", "semicolons"), ("\t", "tabs"), (",", "commas")):
        if len(columns) == 1 and other in columns[0]:
            expected = "tabs" if separator == "\t" else "commas"
            raise InputError(
                f"{path} is separated by {name}; a {path.suffix} must have {expected}. Save it so."
            )
    if len(set(columns)) < len(columns):
        raise InputError(_twice(path, columns))
    unnamed = [i for i, column in enumerate(columns) if not column.strip()]
    if not columns:
        raise InputError(f"{path} is empty: its first line has no text. Save or copy it again.")
    if unnamed:
        raise InputError(
            f"{path} has {len(unnamed)} columns without a name (first: column {unnamed[0]}). "
            "An index is such a column: save with to_csv(FILE, index=False)."
        )
    numbers = [column for column in columns if _is_number(column)]
    if numbers:
        raise InputError(
            f"{path} must have column names in its first line; {len(numbers)} of {len(columns)} "
            f"are numbers (first: {numbers[0]}). Put a line of names above."
        )
    return columns


def _is_number(name: str) -> bool:
    """A decimal number; whole ones are names that pandas gives to columns."""
    try:
        return not float(name).is_integer() or "." in name
    except (ValueError, OverflowError):
        return False


def _twice(path: Path, columns: Sequence[str]) -> str:
    found = sorted({column for column in columns if columns.count(column) > 1})
    return f"{path} has {len(found)} column names twice (first: {found[0]!r}). Rename them."


def _not_utf8(path: Path) -> str:
    where = ""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                where = f"; line {number} is not (byte 0x{line[error.start]:02x})"
                break
    return f"{path} must be UTF-8 text{where}. Save it with encoding='utf-8'."


def _column(path: Path, name: str, column: pa.ChunkedArray) -> Entry:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not (pa.types.is_list(column.type) or pa.types.is_large_list(column.type)) and not (
        pa.types.is_fixed_size_list(column.type)
    ):
        return Entry.of(column.to_numpy())
    inner = column.type.value_type
    if not (pa.types.is_floating(inner) or pa.types.is_integer(inner)):

        def refuse() -> NoReturn:
            raise InputError(
                f"column {name!r} of {path} must hold numbers, lists of numbers or text; it is of "
                f"the Arrow type {str(column.type)[:80]}. Save it as one of these, or leave it out."
            )

        return Entry((len(column),), "O", refuse)

    def read() -> NDArray[np.generic]:
        lengths = pc.list_value_length(column).to_numpy()
        other = np.flatnonzero(lengths != lengths[0])
        if len(other) or column.null_count:
            first = int(other[0]) if len(other) else 0
            raise InputError(
                f"column {name!r} of {path} must hold lists of one length; {max(len(other), 1)} of "
                f"{len(lengths)} rows have another than row 0 (first: row {first}). Mend them."
            )
        flat: NDArray[np.generic] = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
        return flat.reshape(len(column), -1) if flat.size else flat.reshape(len(column), 0)

    width = column.type.list_size if pa.types.is_fixed_size_list(column.type) else 0
    return Entry((len(column), width or len(column[0].as_py() or ())), "f", read)
