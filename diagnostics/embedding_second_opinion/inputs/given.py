"""What did a user bring from Python: a path, arrays by name, or what was read before?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from numpy.typing import ArrayLike

from embedding_second_opinion.data.archives import Entry
from embedding_second_opinion.data.embeddings import EmbeddingSet, InputError
from embedding_second_opinion.data.labels import as_numpy
from embedding_second_opinion.data.sources import Source

from .controls import Control, read_controls
from .inputs import Inputs
from .pairs import Pairs, read_pairs
from .training_log import TrainingLog
from .triplets import Triplets, read_triplets

Columns = Mapping[str, ArrayLike]
T = TypeVar("T")


def with_given(
    inputs: Inputs,
    data: EmbeddingSet | None,
    *,
    pairs: object = "",
    controls: object = "",
    triplets: object = "",
    log: object = "",
) -> Inputs:
    """The inputs, and what was given as arrays. Paths are not read here: ``read_inputs`` does.

    pairs, triplets: a mapping or frame of the columns that such a file has, an array of these columns,
    or a Pairs, a Triplets. controls: a mapping from a name to (n, d) vectors, or Controls.
    log: a TrainingLog.

    Raises InputError, in one sentence, for anything else.
    """
    found: dict[str, object] = {}
    if not is_path(pairs):
        names = ("first", "second", "same", "fold")
        found["pairs"] = _rows_of("pairs", pairs, names, data, Pairs, read_pairs)
    if not is_path(triplets):
        names = ("anchor", "positive", "negative", "batch")
        found["triplets"] = _rows_of("triplets", triplets, names, data, Triplets, read_triplets)
    if not is_path(controls):
        found["controls"] = _controls(controls, data)
    if not is_path(log):
        if not isinstance(log, TrainingLog):
            raise InputError(
                f"log must be the path of a .csv file; it is of type {type(log).__name__}."
            )
        found["log"] = log
    return inputs.model_copy(update=found)


def is_path(given: object) -> bool:
    """Whether this is a path, or nothing."""
    return given is None or isinstance(given, str | Path)


def _rows_of(
    what: str,
    given: object,
    names: tuple[str, ...],
    data: EmbeddingSet | None,
    made: type[T],
    read: Callable[[Source, EmbeddingSet], T],
) -> T:
    if isinstance(given, made):
        return given
    if data is None:
        raise InputError(f"{what} are about rows of embeddings; distances alone were given.")
    columns = _columns(given)
    if columns is None:
        array = as_numpy(given, what)  # type: ignore[arg-type]  # refuses in one sentence what is none
        if array.ndim != 2 or not 2 <= array.shape[1] <= len(names):
            raise InputError(
                f"{what} must be a mapping or a frame of the columns {', '.join(names)}, or an array of "
                f"them; its shape is {array.shape}."
            )
        columns = {name: array[:, i] for i, name in enumerate(names[: array.shape[1]])}
    return read(_source(what, columns), data)


def _controls(given: object, data: EmbeddingSet | None) -> tuple[Control, ...]:
    if isinstance(given, Control):
        return (given,)
    if isinstance(given, list | tuple) and given and all(isinstance(c, Control) for c in given):
        return tuple(given)
    if not isinstance(given, Mapping):
        raise InputError(
            "controls must be a path or a mapping such as {'raw': X_raw, 'untrained': X_0}; it is of type "
            f"{type(given).__name__}."
        )
    if data is None:
        raise InputError("controls are other vectors of the same rows; distances alone were given.")
    return read_controls(_source("controls", given), data)


def _columns(given: object) -> Columns | None:
    if isinstance(given, Mapping):
        return given
    if hasattr(given, "columns") and hasattr(given, "to_numpy"):  # a frame
        return {str(name): given[name] for name in given.columns}  # type: ignore[index]
    return None


def _source(what: str, columns: Columns) -> Source:
    """The arrays as a file of them would be read: the same names, the same refusals."""
    arrays = {str(name): as_numpy(values, str(name)) for name, values in columns.items()}
    return Source(Path(what), {name: Entry.of(array) for name, array in arrays.items()}, "column")
