"""What does the user want judged? One call for the notebook and the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from embedding_second_opinion.data.embeddings import EmbeddingSet, InputError
from embedding_second_opinion.data.load import load
from embedding_second_opinion.data.roles import Evaluation, arrange, repeated
from embedding_second_opinion.data.sources import is_file
from embedding_second_opinion.samples import sample

SAMPLE = "sample:"


def open_evaluation(
    data: str,
    *,
    labels: str = "",
    key: str = "",
    split: str = "",
    groups: str = "",
    gallery: str = "",
    gallery_split: str = "",
    query_split: Sequence[str] | str = (),
    strangers: Sequence[str] | str = (),
    flatten: bool = False,
    drop_invalid: bool = False,
) -> Evaluation:
    """Load a file, or a sample by ``sample:NAME``, and give every row its part.

    Empty text stands for "not given". labels, key, split, groups, flatten: see ``load``.
    gallery: another file, read the same way: its rows are enrolled, those of ``data`` looked up.
    gallery_split, query_split, strangers: see ``arrange``.
    drop_invalid: leave out rows that are not finite, and say so in the notes.

    Raises InputError, in one sentence, for everything that cannot be judged.
    """
    texts = {
        "data": data,
        "labels": labels,
        "key": key,
        "split": split,
        "groups": groups,
        "gallery": gallery,
        "gallery_split": gallery_split,
    }
    for name, value in texts.items():
        _refuse_type(name, value, str, "text")
    for name, flag in (("flatten", flatten), ("drop_invalid", drop_invalid)):
        _refuse_type(name, flag, bool, "True or False")
    queries, unknown = _names("query_split", query_split), _names("strangers", strangers)
    for text in (*texts.values(), *queries, *unknown):
        _refuse_unwritable(text)
    if not data.strip():
        raise InputError("data is empty. Give a path, or sample:NAME for a bundled set.")

    texts["query_split"] = " ".join(queries)
    _refuse_combinations({name: text for name, text in texts.items() if text})

    if data.startswith(SAMPLE):
        subject = sample(data.removeprefix(SAMPLE))
    else:
        subject = _load(data, labels, key, split, groups, flatten, drop_invalid)
    if not gallery:
        return arrange(
            subject, gallery_split=gallery_split or None, query_split=queries, strangers=unknown
        )
    enrolled = _load(gallery, labels, key, split, groups, flatten, drop_invalid)
    both = _joined(subject, enrolled, data, gallery)
    return arrange(both, gallery_split="gallery", query_split=("query",), strangers=unknown)


def _refuse_combinations(given: dict[str, str]) -> None:
    """Before anything is loaded: options that contradict each other, by their texts."""
    data, gallery, labels = given["data"], given.get("gallery", ""), given.get("labels", "")
    for_files = [n for n in ("labels", "key", "split", "groups", "gallery") if n in given]
    if data.startswith(SAMPLE) and for_files:
        raise InputError(
            f"{data} is a bundled set, whose parts are known, and {_options(for_files)} for files "
            "only. Leave out the one or the other."
        )
    splits = [n for n in ("split", "gallery_split", "query_split") if n in given]
    if gallery and splits:
        raise InputError(
            f"--gallery names a file of all enrolled rows, and {_options(splits)} to choose them "
            "by a split column. Give one or the other."
        )
    if gallery and Path(labels).suffix and is_file(labels):
        raise InputError(
            f"--labels names the file {labels}, which cannot hold the labels of both {data} and "
            f"{gallery}. Save the labels in each file, and name their key."
        )


def _load(
    path: str, labels: str, key: str, split: str, groups: str, flatten: bool, drop_invalid: bool
) -> EmbeddingSet:
    return load(
        path,
        labels=labels or None,
        key=key or None,
        split=split or None,
        groups=groups or None,
        flatten=flatten,
        on_invalid="drop" if drop_invalid else "raise",
    )


def _joined(queries: EmbeddingSet, gallery: EmbeddingSet, data: str, where: str) -> EmbeddingSet:
    """Both sets as one, told apart by its split; groups and images where both have them."""
    if queries.d != gallery.d:
        raise InputError(
            f"{data} has {queries.d} dimensions and the gallery {where} has {gallery.d}. "
            "Embed both with the same model."
        )
    if repeated(queries.vectors, gallery.vectors) == queries.n:
        more = f" among its {gallery.n:,}" if gallery.n > queries.n else ""
        raise InputError(
            f"the gallery {where} has the same {queries.n:,} vectors as {data}{more}, so every row "
            "would find itself. Leave out --gallery to look each row up in all others."
        )
    notes = [*queries.notes, *(note for note in gallery.notes if note not in queries.notes)]
    for one, path in ((queries, data), (gallery, where)):
        if one.split is not None:
            notes.append(f"The split column of {Path(path).name} is not used beside --gallery.")
    groups = images = None
    if queries.groups is not None and gallery.groups is not None:
        groups = np.concatenate([queries.groups, gallery.groups])
    pictures = [one.images for one in (queries, gallery) if one.images is not None]
    if len(pictures) == 2 and pictures[0].shape[1:] == pictures[1].shape[1:]:
        images = np.concatenate(pictures)
    names = [np.array(one.classes, dtype=np.str_)[one.codes] for one in (queries, gallery)]
    return EmbeddingSet.from_arrays(
        np.concatenate([queries.vectors, gallery.vectors]),
        np.concatenate(names),
        split=np.repeat(["query", "gallery"], [queries.n, gallery.n]),
        groups=groups,
        images=images,
        name=queries.name,
        notes=notes,
    )


def _names(parameter: str, value: Sequence[str] | str) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if value else ()
    _refuse_type(parameter, value, (list, tuple), "text or a list of texts")
    for place, name in enumerate(value):
        _refuse_type(f"{parameter}[{place}]", name, str, "text")
    return tuple(name for name in value if name)


def _refuse_type(
    parameter: str, value: object, wanted: type | tuple[type, ...], words: str
) -> None:
    """Papermill passes on whatever its command line reads: 5 as a number, true as a boolean."""
    if not isinstance(value, wanted):
        raise InputError(
            f"{parameter} must be {words}; it is {str(value)[:40]!r} of type "
            f"{type(value).__name__}. In Python put text in quotes; for Papermill use -r NAME "
            "VALUE."
        )


def _refuse_unwritable(text: str) -> None:
    """Every parameter is written into the notebook and the page, which are UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        shown = text.encode("utf-8", "backslashreplace").decode()
        raise InputError(
            f"{shown[:200]} cannot be written as UTF-8, the encoding of the report. Rename it."
        ) from None


def _options(names: Sequence[str]) -> str:
    listed = " and ".join("--" + name.replace("_", "-") for name in names)
    return f"{listed} {'is' if len(names) == 1 else 'are'}"
