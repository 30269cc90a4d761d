"""What else did the user bring besides the embeddings?"""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, field_validator

from embedding_second_opinion.data.embeddings import EmbeddingSet, InputError
from embedding_second_opinion.findings.record import Number, Record
from embedding_second_opinion.inputs.controls import Control, read_controls
from embedding_second_opinion.inputs.pairs import Pairs, read_pairs
from embedding_second_opinion.inputs.training_log import TrainingLog, read_log
from embedding_second_opinion.inputs.triplets import Triplets, read_triplets

CLAIM_METRICS = ("triplet", "closed-set", "pair", "other")
CLAIM_SPLITS = ("query", "gallery")


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
        return {
            "triplet": "triplet accuracy",
            "closed-set": "closed-set accuracy",
            "pair": "pair accuracy",
            "other": "accuracy",
        }[self.metric]


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


def read_inputs(
    claimed: float | None = None,
    claimed_metric: str = "triplet",
    map_points: int = 2000,
    map_seeds: int = 2,
    *,
    data: EmbeddingSet | None = None,
    pairs: str = "",
    controls: str = "",
    triplets: str = "",
    log: str = "",
    margin: float | None = None,
    expected_classes: int | None = None,
    approximate: bool = False,
    gallery: str = "",
    drop_invalid: bool = False,
    claimed_split: str = "query",
) -> Inputs:
    """Inputs from a notebook's parameters. Raises InputError for what is out of its range.

    data: the set whose rows ``pairs``, ``controls`` and ``triplets`` (paths) are about. gallery,
    drop_invalid: as given to the door; both renumber the rows, so that neither goes with such files.
    log: a path; margin: of the loss, in the unit of the distance; expected_classes: in the gallery in use,
    from 2 up.
    """
    for name, value, least in (("map_points", map_points, 0), ("map_seeds", map_seeds, 2)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise InputError(f"{name} must be a whole number from {least} up; it is {value!r}.")
    if not isinstance(approximate, bool):
        raise InputError(f"approximate must be True or False; it is {approximate!r}.")
    for name, path in (
        ("log", log),
        ("pairs", pairs),
        ("controls", controls),
        ("triplets", triplets),
    ):
        if not isinstance(path, str):
            raise InputError(f"{name} must be a path; it is {str(path)[:40]!r}.")
        if name == "log":  # about no row
            continue
        for option, given in (("--gallery", bool(gallery)), ("--drop-invalid", drop_invalid)):
            if path and given:
                raise InputError(
                    f"--{name} is about the rows of one file by their number, and {option} renumbers them. "
                    "Leave out the one or the other."
                )
        if path and data is None:
            raise InputError(f"--{name} needs embeddings; distances alone were given.")
    return Inputs(
        claim=_read_claim(claimed, claimed_metric, claimed_split),
        map_points=map_points,
        map_seeds=map_seeds,
        pairs=read_pairs(pairs, data) if pairs and data else None,
        controls=read_controls(controls, data) if controls and data else (),
        triplets=read_triplets(triplets, data) if triplets and data else None,
        log=read_log(log) if log else None,
        margin=_read_margin(margin),
        expected_classes=_read_expected(expected_classes),
        approximate=approximate,
    )


def _read_margin(margin: float | None) -> float | None:
    if margin is None:
        return None
    if isinstance(margin, bool) or not isinstance(margin, int | float):
        raise InputError(f"margin must be a number such as 0.2; it is {margin!r}.")
    if not 0 < margin < float("inf"):
        raise InputError(f"margin must be above 0, in the unit of the distance; it is {margin}.")
    return float(margin)


def _read_expected(classes: int | None) -> int | None:
    if classes is None:
        return None
    if isinstance(classes, bool) or not isinstance(classes, int) or classes < 2:
        raise InputError(
            f"expected_classes must be a whole number from 2 up, such as 5000; it is {classes!r}."
        )
    return classes


def _read_claim(claimed: float | None, claimed_metric: str, claimed_split: str) -> Believed | None:
    if claimed is None:
        return None
    if claimed_split not in CLAIM_SPLITS:
        raise InputError(
            f"claimed_split must be one of {', '.join(CLAIM_SPLITS)}; it is {claimed_split!r}."
        )
    if claimed_metric not in CLAIM_METRICS:
        raise InputError(
            f"claimed_metric must be one of {', '.join(CLAIM_METRICS)}; it is {claimed_metric!r}."
        )
    if isinstance(claimed, bool) or not isinstance(claimed, int | float):
        raise InputError(f"claimed must be a number such as 0.99; it is {claimed!r}.")
    if not 0 <= claimed <= 1:
        raise InputError(f"claimed must be a share from 0 to 1, such as 0.99; it is {claimed}.")
    return Believed.model_validate(
        {"value": claimed, "metric": claimed_metric, "split": claimed_split}
    )
