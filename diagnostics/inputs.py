"""What else did the user bring besides the embeddings?"""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from diagnostics.embeddings import InputError
from diagnostics.record import Number, Record

CLAIM_METRICS = ("triplet", "closed-set", "pair", "other")


class Claim(Record):
    """The number the user believed: a share in [0, 1], and what it was a share of."""

    value: Number
    metric: Literal["triplet", "closed-set", "pair", "other"] = "triplet"

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

    claim: Claim | None = None
    map_points: int = 2000  # rows drawn in a map; 0: no map
    map_seeds: int = 2  # maps of each kind, whose agreement is measured


def read_inputs(
    claimed: float | None = None,
    claimed_metric: str = "triplet",
    map_points: int = 2000,
    map_seeds: int = 2,
) -> Inputs:
    """Inputs from a notebook's parameters. Raises InputError for what is out of its range."""
    for name, value, least in (("map_points", map_points, 0), ("map_seeds", map_seeds, 2)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise InputError(f"{name} must be a whole number from {least} up; it is {value!r}.")
    claim = _read_claim(claimed, claimed_metric)
    return Inputs(claim=claim, map_points=map_points, map_seeds=map_seeds)


def _read_claim(claimed: float | None, claimed_metric: str) -> Claim | None:
    if claimed is None:
        return None
    if claimed_metric not in CLAIM_METRICS:
        raise InputError(
            f"claimed_metric must be one of {', '.join(CLAIM_METRICS)}; it is {claimed_metric!r}."
        )
    if isinstance(claimed, bool) or not isinstance(claimed, int | float):
        raise InputError(f"claimed must be a number such as 0.99; it is {claimed!r}.")
    if not 0 <= claimed <= 1:
        raise InputError(f"claimed must be a share from 0 to 1, such as 0.99; it is {claimed}.")
    return Claim.model_validate({"value": claimed, "metric": claimed_metric})
