"""What does the model make of the data? One pass of a loader through a network, nothing left changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from typing import Literal, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm

from embedding_second_opinion.data.embeddings import EmbeddingSet, InputError

from .batches import Call, moved, taken_apart
from .described import described
from .model_state import chosen_device, in_eval_mode, on_device, remarks
from .random_state import kept_random_state

_SAME = 1e-3  # of the spread: a second pass that differs by more is no rounding


def embed(
    model: nn.Module,
    loader: Iterable[object] | Mapping[str, Iterable[object]],
    *,
    device: str | torch.device | None = None,
    mixed_precision: bool = False,
    progress: bool = True,
    flatten: bool = False,
    output: int | str | None = None,
    on_invalid: Literal["raise", "drop"] = "raise",
    name: str = "model",
) -> EmbeddingSet:
    """Embed everything a loader gives, in its order, and leave the model as it was.

    Eval mode, no gradients. Each module's training flag, running statistics, hooks, gradients and all random
    states stay as they were, also after an error. The only extra work is a second pass over the first batch,
    which tells whether something random is still on.

    Parameters
    ----------
    model : torch.nn.Module
        Gives (b, d) embeddings of a batch.
    loader : iterable of batches, or mapping of them
        Batches (x, y), (x, y, anything) or dicts with the usual keys; y is one label a row, a number or a
        text. A dict of loaders, {"train": ..., "test": ...}, makes the split.
    device : str or torch.device, optional
        Where to compute; by default the accelerator that the model is on, else cuda, mps or cpu, whichever
        is there first. The model goes back to where it was.
    mixed_precision : bool
        Autocast. Faster on a GPU, but its numbers have two or three digits: near ties become ties.
    progress : bool
        Show a bar.
    flatten : bool
        Lay out an output of more than two dimensions as one row a sample.
    output : int or str, optional
        Which part of a tuple or dict to take, where the model gives several.
    on_invalid : {"raise", "drop"}
        "drop" leaves out rows that are not finite, and says so in ``notes``.
    name : str
        What the set is called in sentences.

    Returns
    -------
    EmbeddingSet
        In the order of the loader.

    Raises
    ------
    InputError
        In one sentence, for what cannot be embedded.

    Examples
    --------
    >>> import torch
    >>> import embedding_second_opinion as so
    >>> loader = [(torch.eye(4), torch.tensor([0, 0, 1, 1]))]
    >>> so.embed(torch.nn.Linear(4, 2), loader, device="cpu", progress=False)
    EmbeddingSet(model: 4 rows of 2 dimensions, 2 classes)
    """
    if not isinstance(model, nn.Module):
        hint = "Vectors go into EmbeddingSet.from_arrays."
        hint = "Call it first: embed(Net(), loader)." if isinstance(model, type) else hint
        raise InputError(f"model must be a torch.nn.Module; it is {described(model)}. {hint}")
    loaders = dict(loader) if isinstance(loader, Mapping) else {"": loader}
    for part, each in loaders.items():
        if not isinstance(each, Iterable):
            raise InputError(
                f"{_named(part)} must give batches; it is {described(each)}. Is this a dataset? Wrap it "
                "in a torch.utils.data.DataLoader."
            )
    place = chosen_device(model, device)
    made = _Made()
    with ExitStack() as kept:
        kept.enter_context(kept_random_state(_generators(loaders.values())))
        kept.enter_context(on_device(model, place))
        kept.enter_context(in_eval_mode(model))
        # Not inference_mode: what a module caches there (rotary tables) could not be trained with afterwards.
        kept.enter_context(torch.no_grad())
        kept.enter_context(torch.autocast(place.type) if mixed_precision else nullcontext())
        for part, each in loaders.items():
            before = made.rows
            for batch in _shown(each, part) if progress else each:
                where = f"batch {made.batches}" + (f" of {part!r}" if part else "")
                call, labels = taken_apart(batch, where)
                call = cast(Call, moved(call, place))
                vectors = _run(model, call, where, output, flatten)
                if not made.batches:
                    made.random = _differs(vectors, _run(model, call, where, output, flatten))
                made.add(vectors, labels, part, where)
            if made.rows == before:
                raise InputError(
                    f"{_named(part)} gave no batch. Is it empty, or an iterator used up before?"
                )
            made.notes += _about_loader(each, part, made.rows - before)
    return EmbeddingSet.from_arrays(
        np.concatenate(made.vectors),
        made.labels,  # type: ignore[arg-type]
        split=made.split if isinstance(loader, Mapping) else None,
        name=name,
        on_invalid=on_invalid,
        notes=[_told(made, place, mixed_precision), *made.notes, *remarks(model)],
    )


@dataclass
class _Made:
    vectors: list[NDArray[np.generic]] = field(default_factory=list)
    labels: list[object] = field(default_factory=list)
    split: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    random: bool = False

    @property
    def batches(self) -> int:
        return len(self.vectors)

    @property
    def rows(self) -> int:
        return len(self.labels)

    def add(self, vectors: Tensor, labels: list[object], part: str, where: str) -> None:
        if len(labels) != len(vectors):
            raise InputError(
                f"{where} has {len(labels)} labels, and the model gave {len(vectors)} rows, not one a label."
            )
        if self.vectors and self.vectors[0].shape[1] != vectors.shape[1]:
            before, now = self.vectors[0].shape[1], vectors.shape[1]
            raise InputError(
                f"{where} was embedded in {now} dimensions, the batches before in {before}. Pool what varies."
            )
        narrow = vectors.dtype in (torch.float16, torch.bfloat16)
        self.vectors.append((vectors.float() if narrow else vectors).cpu().numpy())
        self.labels += labels
        self.split += [part] * len(labels)


def _shown(loader: Iterable[object], part: str) -> Iterable[object]:
    bar: Iterable[object] = tqdm(loader, desc=f"embed {part}".strip(), unit="batch", leave=False)
    return bar


def _named(part: str) -> str:
    return f"loader {part!r}" if part else "loader"


def _run(
    model: nn.Module, call: Call, where: str, output: int | str | None, flatten: bool
) -> Tensor:
    args, named = call
    try:
        result: object = model(*args, **named)
    except (RuntimeError, TypeError, ValueError) as error:
        given = ", ".join(described(x) for x in (*args, *named.values()))
        error.add_note(f"The model broke on {where} of the loader, given {given}.")
        raise
    if output is not None:
        result = _chosen(result, output, where)
    if not isinstance(result, Tensor):
        raise InputError(
            f"the model must give one tensor; on {where} it gave {described(result)}. Say which part, such "
            "as output=0."
        )
    if result.ndim > 2 and flatten:
        result = result.flatten(1)
    if result.ndim != 2:
        way = "Pool it, or pass flatten=True to lay each sample out as one row."
        way = "Does it squeeze a batch of one row?" if result.ndim < 2 else way
        raise InputError(
            f"the model must give (rows, dimensions); on {where} it gave {described(result)}. {way}"
        )
    return result


def _chosen(result: object, output: int | str, where: str) -> object:
    try:
        return result[output]  # type: ignore[index]
    except (KeyError, IndexError, TypeError):
        raise InputError(
            f"output={output!r} is no part of what the model gave on {where}: {described(result)}."
        ) from None


def _differs(first: Tensor, second: Tensor) -> bool:
    """Whether two passes over one batch differ by more than rounding."""
    one, two = first.float(), second.float()
    spread = one.std() if one.numel() > 1 else one.abs().max()
    return bool((one - two).abs().max() > _SAME * spread)


def _generators(loaders: Iterable[object]) -> list[torch.Generator]:
    """Random numbers that loaders draw from besides the global ones."""
    owners = [owner for loader in loaders for owner in (loader, getattr(loader, "sampler", None))]
    found = [getattr(owner, "generator", None) for owner in owners]
    return list({id(g): g for g in found if isinstance(g, torch.Generator)}.values())


def _about_loader(loader: object, part: str, rows: int) -> list[str]:
    """What a reader of the rows should know of how they were drawn."""
    which, notes = _named(part), list[str]()
    sampler = getattr(loader, "sampler", None)
    if isinstance(sampler, torch.utils.data.Sampler) and hasattr(sampler, "__len__"):
        dropped = len(sampler) - rows
        if getattr(loader, "drop_last", False) and dropped > 0:
            notes.append(f"The {which} drops its last batch: {dropped:,} of {len(sampler):,} rows.")
    if getattr(sampler, "replacement", False):
        notes.append(f"The {which} draws with replacement: rows may find their copies.")
    elif isinstance(sampler, torch.utils.data.RandomSampler):
        notes.append(f"The {which} shuffles: row numbers are of the loader's order.")
    return notes


def _told(made: _Made, device: torch.device, mixed_precision: bool) -> str:
    how = f", mixed precision ({torch.get_autocast_dtype(device.type)})" if mixed_precision else ""
    batches = f"{made.rows:,} rows in {made.batches:,} batches"
    text = f"Embedded on {device} in eval mode{how}: {batches}."
    random = "Two passes over the first batch differ: something random is on in eval mode."
    return f"{text} {random} Every number is in part chance." if made.random else text
