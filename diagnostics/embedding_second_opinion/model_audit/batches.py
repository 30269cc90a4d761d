"""What is in a batch? What goes into the model, and one label a row."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from embedding_second_opinion.data.embeddings import InputError
from embedding_second_opinion.data.labels import as_numpy

from .described import described

INPUTS = ("x", "input", "inputs", "image", "images", "img", "pixels", "data", "feature", "features")
LABELS = ("y", "label", "labels", "target", "targets", "class", "classes")

Call = tuple[tuple[object, ...], dict[str, object]]


def taken_apart(batch: object, place: str) -> tuple[Call, list[object]]:
    """The arguments for the model, and the labels of the rows as a list.

    batch: (x, y), (x, y, anything), or a dict with one of ``LABELS`` and one of ``INPUTS``; a dict without
    one of ``INPUTS`` is passed on by keywords, less its labels, as transformers take it. x is handed on as it
    is, nested or not. place: "batch 3", for the sentence of the InputError.
    """
    if isinstance(batch, Mapping):
        return _from_mapping(batch, place)
    if isinstance(batch, tuple | list) and len(batch) >= 2:
        return ((batch[0],), {}), labels_of(batch[1], place)
    raise InputError(
        f"{place} has no labels: it is {described(batch)}. The loader must give (x, y), or a dict of both."
    )


def labels_of(labels: object, place: str) -> list[object]:
    """One Python value a row, from a tensor, an array, or a list of anything."""
    if isinstance(labels, str | bytes | int | float | np.generic) or labels is None:
        raise InputError(
            f"{place} has {labels!r} for its labels, one value and no row of them: a dataset, not a loader?"
        )
    if isinstance(labels, tuple | list):
        values = [v.item() if isinstance(v, Tensor) and v.ndim == 0 else v for v in labels]
        if any(isinstance(v, Tensor) for v in values):
            raise InputError(
                f"{place} has {described(labels)} for its labels, not one value a row."
            )
        return values
    array = as_numpy(labels, "labels")  # type: ignore[arg-type]
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        hints = {
            0: "Is this a dataset? Wrap it in a torch.utils.data.DataLoader",
            2: "One-hot rows: give labels.argmax(1)",
        }
        hint = hints.get(
            array.ndim, "Is it a loader of pairs or triplets? Embed the rows themselves"
        )
        raise InputError(f"{place} has labels of shape {array.shape}, not one value a row. {hint}.")
    return list(array.tolist())


def moved(x: object, device: torch.device) -> object:
    """The same, with every tensor on ``device``; arrays become tensors, the rest stays."""
    if isinstance(x, np.ndarray):
        x = torch.as_tensor(x)
    if isinstance(x, Tensor):
        return x.to(device, non_blocking=True)
    if isinstance(x, Mapping):
        return {key: moved(value, device) for key, value in x.items()}
    if isinstance(x, tuple | list):
        inner = [moved(value, device) for value in x]
        return x._make(inner) if hasattr(x, "_make") else type(x)(inner)
    return x.to(device) if hasattr(x, "to") else x  # a packed sequence, a graph


def _from_mapping(batch: Mapping[object, object], place: str) -> tuple[Call, list[object]]:
    named = [key for key in batch if str(key).casefold() in LABELS]
    given = [key for key in batch if str(key).casefold() in INPUTS]
    rest = {str(key): value for key, value in batch.items() if key not in named}
    for keys, what, known in ((named, "the labels", LABELS), (given, "the input", INPUTS)):
        if len(keys) > 1:
            listed = ", ".join(map(str, keys))
            raise InputError(
                f"{place} has {len(keys)} keys that could be {what}: {listed}. Let the loader give (x, y)."
            )
        if not keys and (what == "the labels" or not rest):
            raise InputError(
                f"{place} lacks {what}: of its keys {', '.join(map(str, batch)) or '(none)'} none is called "
                f"{', '.join(known)}. Rename one, or let the loader give (x, y)."
            )
    labels = labels_of(batch[named[0]], place)
    return (((batch[given[0]],), {}) if given else ((), rest)), labels
