"""What does a finding assert about the accuracy in use, so that a story can weigh it?"""

from __future__ import annotations

from typing import Literal

from .record import Number, Record


class Points(Record):
    """Accuracy points of the page's one accuracy in use, on the same queries, with a paired interval."""

    value: Number
    low: Number | None = None
    high: Number | None = None


class Claim(Record):
    """One assertion of a diagnostic, in one unit.

    kind: "invalidates" (the accuracy is not what it seems), "costs" (a fault takes points), "training" (a
    signature of how the model was trained), "meets" (what a user meets besides), "helps" (a change gives
    points; never a cause).
    code, mechanism: the diagnostic, and what of it: "leakage", "copies". sentence: what was measured.
    points: what the accuracy owes to it, or would gain; None where that was not measured.
    measured_by: "undone" (the fault itself was taken away), "compared" (with what is free of it), "none".
    action: what follows for whoever owns model or data.
    """

    kind: Literal["invalidates", "costs", "training", "meets", "helps"]
    code: str
    mechanism: str
    sentence: str
    points: Points | None = None
    measured_by: Literal["undone", "compared", "none"] = "none"
    action: str = ""
