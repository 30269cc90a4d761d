"""What else are the same rows, without the model: raw inputs, an untrained network's embeddings?"""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.embeddings import EmbeddingSet, InputError
from diagnostics.sources import open_source

RAW = ("raw", "input", "inputs", "pixels")
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


def read_controls(path: str, data: EmbeddingSet) -> tuple[Control, ...]:
    """Every array of numbers in the file that has a row for each of ``data``, flattened to (n, d).

    By convention "raw" (input, pixels) and "untrained" (random_init); any other name stands for itself.
    A .npy file is one control, called like the file. Raises InputError where no array fits, and
    where one that fits is not finite.
    """
    source = open_source(path, ())
    fitting = [
        key
        for key, entry in source.entries.items()
        if entry.numeric and len(entry.shape) > 1 and entry.shape[0] == data.n
    ]
    if not fitting:
        raise InputError(
            f"{source.path} has no control: none of its {source.word}s holds numbers in {data.n:,} rows, "
            f"one for each row of {data.name}; it has {source.listed()}. Save the raw inputs as "
            "'raw', an untrained network's embeddings as 'untrained'."
        )
    names = [data.classes[code] for code in data.codes.tolist()]
    found = []
    for key in fitting:
        try:
            other = EmbeddingSet.from_arrays(
                source.entries[key].read(), names, name=f"{data.name}, {key}", flatten=True
            )
        except InputError as error:
            raise InputError(f"the control '{key}' of {source.path}: {error}") from None
        found.append(Control(key, other))
    return tuple(found)
