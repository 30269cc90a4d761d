"""What crosses a module boundary: frozen, strict records that read and write JSON."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, FiniteFloat

# Eight significant digits: stable between processors, finer than any interval we print.
Number = Annotated[FiniteFloat, AfterValidator(lambda value: float(f"{value:.8g}"))]


class Record(BaseModel):
    """A frozen value without unknown fields, infinities or NaN; JSON both ways."""

    model_config = ConfigDict(frozen=True, extra="forbid")
