"""What crosses a module boundary: frozen, strict records that read and write JSON."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, FiniteFloat

from .wording import one_line

# Eight significant digits: stable between processors, finer than any interval we print.
Number = Annotated[FiniteFloat, AfterValidator(lambda value: float(f"{value:.8g}"))]


class Record(BaseModel):
    """A frozen value without unknown fields, infinities or NaN; JSON both ways."""

    # A refusal names the field and its fault; what was given may be a page long.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def __repr__(self) -> str:
        return one_line(super().__repr__())

    def __str__(self) -> str:
        return repr(self)
