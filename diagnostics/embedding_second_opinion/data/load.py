"""What is in the user's file? Embeddings and labels, by convention or by name, never guessed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NoReturn

import numpy as np
from numpy.typing import ArrayLike

from embedding_second_opinion.findings.wording import some

from .archives import Entry
from .dimension_names import refuse_names
from .embeddings import EmbeddingSet, InputError
from .label_columns import Place, label_notes
from .sources import Source, is_file, open_source
from .tables import GROUPS, LABELS, SPLIT, called, reserved, stacked

IMAGES = ("images",)
VECTORS = ("embeddings", "vectors", "features", "x", "emb")


def load(
    path: str | Path,
    *,
    labels: str | None = None,
    key: str | None = None,
    split: str | None = None,
    groups: str | None = None,
    images: str | None = None,
    flatten: bool = False,
    on_invalid: Literal["raise", "drop"] = "raise",
) -> EmbeddingSet:
    """Read a .npz, .npy, .parquet, .csv, .tsv, .safetensors or .pt file; nothing is ever unpickled.

    Parameters
    ----------
    path : str or Path
        The file.
    key : str, optional
        Where the (n, d) embeddings are; in a table also the beginning of the names of the columns
        that are one dimension each. By convention "embeddings", "vectors", "features", "X" or
        "emb", else the only matrix, else all number columns that are nothing else.
    labels : str, optional
        A key or column of the file, or another file (also .txt, one label a line), whose other
        columns then serve as split and groups too. By convention "labels", "label", "y",
        "targets", "target" or "class".
    split, groups, images : str, optional
        As labels, by convention under these names.
    flatten : bool
        Lay arrays of more than two dimensions out as one row a sample.
    on_invalid : {"raise", "drop"}
        What becomes of rows that are not finite; those that are dropped are counted in the notes.

    Returns
    -------
    EmbeddingSet
        What was chosen by convention is in its ``notes``.

    Raises
    ------
    InputError
        In one sentence, for a file that cannot be read, a key that is not there, a dimension that
        is none, and all that ``EmbeddingSet.from_arrays`` refuses.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import embedding_second_opinion as so
    >>> file = Path(tempfile.mkdtemp()) / "mine.npz"
    >>> np.savez(file, embeddings=np.eye(4), labels=["a", "a", "b", "b"])
    >>> data = so.load(file)
    >>> data
    EmbeddingSet(mine.npz: 4 rows of 4 dimensions, 2 classes)
    >>> data.notes[0]
    "mine.npz: embeddings from key 'embeddings' (4 x 4), labels from key 'labels' (2 classes)."
    """
    named = [name for name in (labels, split, groups) if name is not None]
    main = open_source(path, named)
    sources = [main]
    if labels is not None and labels not in main.entries:
        if not Path(labels).suffix and not is_file(labels):
            raise InputError(main.lacks("--labels", labels) + " No file has this name either.")
        sources.append(open_source(labels, None))
        label = _choose(LABELS, None, sources[1:], "--labels") or _only(sources[1])
    else:
        label = _choose(LABELS, labels, sources, "--labels") or _no_labels(main)

    if label.source is main:
        named.append(label.key)  # "y" beside "x" is a coordinate, but not where it is the labels
    place, vectors = _vectors(main, key, named, flatten)
    shape = np.shape(vectors)
    # A split of the wrong length is refused below, not passed over: without it all is one split.
    parts = {
        "split": _choose(SPLIT, split, sources, "--split", fits=_is_column),
        "groups": _choose(GROUPS, groups, sources, "--groups", fits=_is_column),
        "images": _choose(IMAGES, images, sources, "images=", shape[:1], _is_pictures),
    }
    _refuse_header_label(label, shape[:1])
    read: dict[str, Any] = {what: c.read() for what, c in parts.items() if c is not None}
    data = EmbeddingSet.from_arrays(
        vectors, label.read(), name=_name(main.path), flatten=flatten, on_invalid=on_invalid, **read
    )
    chosen = [f"embeddings from {place.words} ({data.n:,} x {data.d})"]
    chosen.append(f"labels from {label.text(main)} ({len(data.classes):,} classes)")
    chosen += [f"{what} from {c.text(main)}" for what, c in parts.items() if c is not None]
    choices = [choice for choice in (label, *parts.values()) if choice is not None]
    used = {choice.key for choice in choices if choice.source is main}
    rest = [k for k in main.entries if k not in used and f"'{k}'" not in place.words]
    if place.columns:
        rest = [k for k in rest if k in reserved(main.entries, named)]
    notes = [f"{main.path.name}: {', '.join(chosen)}."]
    if labels in main.entries and is_file(labels or ""):
        notes.append(f"The labels are the {main.word} '{labels}', not the file of the same name.")
    if rest:
        notes.append(f"{main.path.name}: not used: {some(rest, 8)}.")
    return replace(data, notes=(*notes, *label_notes(data, place), *data.notes))


@dataclass(frozen=True)
class _Choice:
    source: Source
    key: str

    def read(self) -> ArrayLike:
        return self.source.entries[self.key].read()

    def told(self) -> tuple[Place, ArrayLike]:
        return Place(self.source.path, self.text(self.source)), self.read()

    def text(self, first: Source) -> str:
        place = "" if self.source is first else f" of {self.source.path.name}"
        return f"{self.source.word} '{self.key}'{place}"


def _vectors(
    main: Source, key: str | None, named: Sequence[str], flatten: bool
) -> tuple[Place, ArrayLike]:
    """Where the embeddings are, and the embeddings."""
    entries, table = main.entries, main.word == "column"
    matrices = {k for k, entry in entries.items() if len(entry.shape) > 1 and entry.numeric}
    held = reserved(entries, named)
    if key is not None:
        columns = [c for c in entries if c.startswith(key) and c not in held] if table else []
        if key in entries and (not table or key in matrices):
            return _Choice(main, key).told()
        if not columns:
            if any(c.startswith(key) for c in held):
                raise InputError(
                    f"{main.path} has no embeddings in column {key!r}: it is taken for the labels, "
                    "the split or the groups. Name others with --key."
                )
            raise InputError(main.lacks("--key", key))
        return _dimensions(main, columns, chosen=True)
    found = [k for k in entries if k.casefold() in VECTORS and (not table or k in matrices)]
    best = called(VECTORS[0], found)
    exact = [] if best is None else [best]
    if not found and not table and len(entries) == 1:
        found = list(entries)
    if not found:
        free = [k for k in entries if k in matrices and k not in held]
        flat = [k for k in free if len(entries[k].shape) == 2]
        found = flat or (free if flatten else [])
    if len(exact or found) > 1:
        raise InputError(
            f"{main.path} has {len(found)} {main.word}s that could be the embeddings: "
            f"{main.listed(among=found)}. Name one with --key."
        )
    if found:
        return _Choice(main, (exact or found)[0]).told()
    columns = [column for column in entries if column not in held] if table else []
    if not columns:
        raise InputError(
            f"{main.path} has no embeddings: none of its {main.word}s is called {', '.join(VECTORS)} or "
            f"is the only matrix; it has {main.listed()}. Name one with --key (and --flatten)."
        )
    return _dimensions(main, columns)


def _dimensions(
    main: Source, columns: Sequence[str], chosen: bool = False
) -> tuple[Place, ArrayLike]:
    words = f"{len(columns)} columns '{columns[0]}' to '{columns[-1]}'"
    matrix = stacked(main.path, main.entries, columns, chosen)
    if not chosen:
        refuse_names(main.path, columns, matrix)
    return Place(main.path, words, tuple(columns), chosen), matrix


def _choose(
    names: Sequence[str],
    wanted: str | None,
    sources: Sequence[Source],
    option: str,
    shape: tuple[int, ...] = (),
    fits: Callable[[Entry], bool] = lambda entry: True,
) -> _Choice | None:
    """The entry that is wanted, or else the first by convention that has one value a row."""
    for source in sources:
        if wanted is not None and wanted in source.entries:
            return _Choice(source, wanted)
    if wanted is not None:
        raise InputError(sources[-1].lacks(option, wanted))
    for source in sources:
        for name in names:
            found = called(name, source.entries)
            entry = source.entries.get(found or "")
            if found and entry and entry.shape[: len(shape)] == shape and fits(entry):
                return _Choice(source, found)
    return None


def _only(source: Source) -> _Choice:
    if len(source.entries) > 1:
        raise InputError(
            f"{source.path} has {len(source.entries)} {source.word}s, none of them called "
            f"{', '.join(LABELS)}: {source.listed()}. Call the one with the labels 'labels'."
        )
    return _Choice(source, next(iter(source.entries)))


def _no_labels(main: Source) -> NoReturn:
    raise InputError(
        f"{main.path} has no labels: none of its {main.word}s is called {', '.join(LABELS)}; it "
        f"has {main.listed()}. Name one, or a file with one label a row, with --labels."
    )


def _refuse_header_label(label: _Choice, shape: tuple[int, ...]) -> None:
    rows = math.prod(label.source.entries[label.key].shape[:1])  # a single value has no shape
    if label.source.path.suffix.lower() in (".csv", ".tsv") and shape == (rows + 1,):
        raise InputError(
            f"{label.source.path} has {rows} labels for {rows + 1} rows: its first line, "
            f"{label.key!r}, is read as the column's name. Put a line 'label' above it."
        )


def _is_column(entry: Entry) -> bool:
    return len(entry.shape) == 1


def _is_pictures(entry: Entry) -> bool:
    color = len(entry.shape) == 4 and entry.shape[3] == 3
    return entry.kind == "u" and (color or len(entry.shape) == 3)


def _name(file: Path) -> str:
    # Many sets are called data.npz; their folder tells them apart.
    generic = file.stem.casefold() in ("data", "dataset", *VECTORS)
    return f"{file.parent.name}/{file.name}" if generic and file.parent.name else file.name
