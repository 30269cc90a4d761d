"""What else did the user bring besides the embeddings?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from pydantic import ConfigDict, field_validator

from embedding_second_opinion.data.embeddings import EmbeddingSet, InputError
from embedding_second_opinion.findings.record import Number, Record

from .controls import Control, read_controls
from .pairs import Pairs, read_pairs
from .training_log import TrainingLog, read_log
from .triplets import Triplets, read_triplets

_OF_ROWS: Mapping[str, Callable[[str, EmbeddingSet], object]] = {
    "pairs": read_pairs,
    "controls": read_controls,
    "triplets": read_triplets,
}


class Believed(Record):
    """The number the user believed: a share in [0, 1], what it was a share of, and on whose rows.

    split: "query", or "gallery" for a number measured on the rows that are enrolled here, as those of a
    training log are.
    """

    value: Number
    metric: Literal["triplet", "closed-set", "pair", "other"] = "triplet"
    split: Literal["query", "gallery"] = "query"

    @field_validator("value")
    @classmethod
    def _is_a_share(cls, value: float) -> float:
        if not 0 <= value <= 1:
            raise ValueError("outside 0 to 1")
        return value

    @property
    def words(self) -> str:
        """What the claim is about, for a sentence."""
        return "accuracy" if self.metric == "other" else f"{self.metric} accuracy"


class Inputs(Record):
    """Everything optional that a diagnostic may look at; every check takes the same record."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    claim: Believed | None = None
    map_points: int = 2000  # rows drawn in a map; 0: no map
    map_seeds: int = 2  # maps of each kind, whose agreement is measured
    pairs: Pairs | None = None  # pairs of rows to verify, as the user's protocol has them
    controls: tuple[Control, ...] = ()  # other vectors of the same rows
    triplets: Triplets | None = None  # triplets that the model was trained on
    log: TrainingLog | None = None  # curves of its training
    margin: Number | None = None  # of the loss it was trained with, in the unit of the distance
    expected_classes: int | None = None  # that the gallery will hold in use
    approximate: bool = False  # look up by an approximate index too, and show what it misses

    @property
    def notes(self) -> tuple[str, ...]:
        """What was chosen or is odd in the files, in sentences."""
        files = (self.pairs, self.triplets, self.log)
        return tuple(note for file in files if file is not None for note in file.notes)


def read_inputs(asked: Mapping[str, Any], data: EmbeddingSet | None = None) -> Inputs:
    """What was asked, by the options' names and in their types, with its files read.

    data: the set whose rows ``pairs``, ``controls`` and ``triplets`` (paths) are about.
    """
    found = {name: asked[name] for name in Inputs.model_fields if name in asked}
    for name, read in _OF_ROWS.items():
        path = found.pop(name)
        if path and data is None:
            raise InputError(f"--{name} needs embeddings; distances alone were given.")
        if path and data is not None:
            found[name] = read(path, data)
    found["log"] = read_log(found["log"]) if found["log"] else None
    if asked["claimed"] is not None:
        found["claim"] = Believed(
            value=asked["claimed"], metric=asked["claimed_metric"], split=asked["claimed_split"]
        )
    return Inputs(**found)
