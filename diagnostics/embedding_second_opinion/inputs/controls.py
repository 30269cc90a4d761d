"""What else are the same rows, without the model: raw inputs, an untrained network's embeddings?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.embeddings import EmbeddingSet, InputError
from embedding_second_opinion.data.sources import Source, open_source
from embedding_second_opinion.data.tables import reserved

from .pairs import FIRST, FOLD, SAME, SECOND

RAW = ("raw", "input", "inputs", "pixels")
PAIRS = {*FIRST, *SECOND, *SAME, *FOLD}
UNTRAINED = ("untrained", "random_init", "random", "init")


@dataclass(frozen=True, eq=False)
class Control:
    """Other vectors of the same rows. ``data`` has the labels of the set that is judged."""

    name: str
    data: EmbeddingSet

    @property
    def words(self) -> str:
        """What it is, for a sentence: by convention from its name."""
        if self.name.casefold() in RAW:
            return "the raw input"
        if self.name.casefold() in UNTRAINED:
            return "an untrained network"
        return f"'{self.name}'"


def read_controls(path: str | Source, data: EmbeddingSet) -> tuple[Control, ...]:
    """Every array of numbers in the file that has a row for each of ``data``, flattened to (n, d).

    By convention "raw" (input, pixels) and "untrained" (random_init); any other name stands for itself.
    A .npy file is one control, called like the file. Arrays that are called as labels, splits, groups or
    pairs are, and columns of one number where there is a wider array, are no controls. Raises InputError
    where no array is left, and where one that is left is not finite.
    """
    source = path if isinstance(path, Source) else open_source(path, ())
    fitting = {
        key: int(np.prod(entry.shape[1:]))
        for key, entry in source.entries.items()
        if entry.numeric and len(entry.shape) > 1 and entry.shape[0] == data.n
    }
    pairs = [key for key, width in fitting.items() if width == 1 and key.casefold() in PAIRS]
    columns = reserved(source.entries, pairs)
    widths = {key: width for key, width in fitting.items() if key not in columns}
    wide = any(width > 1 for width in widths.values())
    left = [key for key, width in widths.items() if width > 1 or not wide]
    if not left:
        why = f"none of its {source.word}s holds numbers in {data.n:,} rows"
        if fitting:
            why = f"by their names {', '.join(map(repr, fitting))} hold no vectors"
        raise InputError(
            f"{source.path} has no control: {why}; it has {source.listed()}. Save the raw inputs as 'raw'."
        )
    names = [data.classes[code] for code in data.codes.tolist()]
    found = []
    for key in left:
        try:
            other = EmbeddingSet.from_arrays(
                source.entries[key].read(), names, name=f"{data.name}, {key}", flatten=True
            )
        except InputError as error:
            raise InputError(f"the control '{key}' of {source.path}: {error}") from None
        found.append(Control(key, other))
    return tuple(found)
