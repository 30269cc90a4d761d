"""Which rows does the user name? Split values and strangers, checked against what the set has."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import numpy as np

from embedding_second_opinion.data.arrays import Bools
from embedding_second_opinion.findings.wording import number, some

from .embeddings import EmbeddingSet, InputError, Strings

Mask = Bools


def chosen_splits(
    data: EmbeddingSet, gallery: str | None, queries: tuple[str, ...]
) -> tuple[str | None, tuple[str, ...], list[str]]:
    """The gallery's split value (None: all rows, leave-one-out), those of the queries, and notes.

    Raises InputError, with the values that the set has, for one that it has not.
    """
    known = dict(counted(data.split))
    if not known:
        if gallery is not None or queries:
            raise InputError(
                f"{data.name} has no split column, so a gallery split or query split cannot be "
                "chosen from it. Name the column with --split."
            )
        return None, (), []
    listed = _listed(known)
    for value in (*queries, *(() if gallery is None else (gallery,))):
        if value not in known:
            raise InputError(
                f"the split column of {data.name} has no value {value!r}; it has {listed}. Name one."
            )
    if gallery is None and not queries and not {"train", "test"} <= known.keys():
        note = (
            f"All rows are looked up in all others: the split column has {listed}, not 'train' and "
            "'test'. Choose with --gallery-split and --query-split."
        )
        return None, (), [note]
    notes = []
    for option, given, default in (
        ("--gallery-split", gallery is not None, "train"),
        ("--query-split", bool(queries), "test"),
    ):
        if given:
            continue
        if default not in known:
            raise InputError(
                f"{option} is missing, and the split column of {data.name} has no {default!r}; it "
                f"has {listed}. Name one with {option}."
            )
        notes.append(f"{option} was not given: '{default}' is taken.")
    gallery, queries = gallery or "train", queries or ("test",)
    if gallery in queries and len(queries) > 1:
        raise InputError(
            f"{gallery!r} is the gallery split and one of {len(queries)} query splits. Leave it "
            "out of the query splits, or name it alone to look its rows up among themselves."
        )
    return gallery, queries, notes


def named_rows(
    data: EmbeddingSet, names: tuple[str, ...], selected: set[str | None], notes: list[str]
) -> Mask:
    """(n,) whether the row's class or split value is among the names; ``notes`` gets the counts.

    selected: the split values of queries and gallery, which cannot be strangers.
    Raises InputError, with the nearest names, for one that is no class and no split value.
    """
    splits, mask = dict(counted(data.split)), np.zeros(data.n, dtype=np.bool_)
    for name in names:
        if name in splits and name in selected:
            raise InputError(
                f"{name!r} is a selected split, so its {splits[name]:,} rows cannot be strangers "
                "too. Name other strangers, or other splits."
            )
        if name not in splits and name not in data.classes:
            near = difflib.get_close_matches(name, [*splits, *data.classes], n=3)
            known = _quoted(near or [*splits, *data.classes])
            raise InputError(
                f"strangers must be class names or split values; {name!r} is none of the "
                f"{number(len(data.classes), 'class')} and {number(len(splits), 'split value')} of "
                f"{data.name}. Did you mean {known}?"
            )
        rows = in_split(data, name) if name in splits else np.zeros(data.n, dtype=np.bool_)
        if name in data.classes:
            rows = rows | (data.codes == data.classes.index(name))
        of = " and ".join(
            k for k, has in (("split", splits), ("class", data.classes)) if name in has
        )
        notes.append(f"Strangers by the name '{name}' ({of}): {number(np.count_nonzero(rows))}.")
        mask |= rows
    return mask


def in_split(data: EmbeddingSet, *values: str | None) -> Mask:
    """(n,) whether the row is in one of these splits; all rows where none is chosen."""
    if data.split is None or not values or values[0] is None:
        return np.ones(data.n, dtype=np.bool_)
    return np.isin(data.split, np.array(values, dtype=np.str_))


def counted(split: Strings | None, rows: Mask | None = None) -> list[tuple[str, int]]:
    """The split values (of some rows) with their counts, in alphabetic order."""
    if split is None:
        return []
    values, counts = np.unique(split if rows is None else split[rows], return_counts=True)
    return list(zip(values.tolist(), counts.tolist(), strict=True))


def as_names(names: Sequence[str]) -> tuple[str, ...]:
    """Each name once, in the order given."""
    # A bare string is a sequence too, of its letters.
    return (names,) if isinstance(names, str) else tuple(dict.fromkeys(names))


def _listed(known: dict[str, int]) -> str:
    return some([f"{value!r} ({number(count)})" for value, count in known.items()], 10)


def _quoted(names: Sequence[str]) -> str:
    return some([repr(name) for name in names], 5)
