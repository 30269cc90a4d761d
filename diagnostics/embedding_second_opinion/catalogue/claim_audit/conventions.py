"""Which of the conventions give the claim? The simplest first; several are several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .claimed import COVERED, USUAL, Reading, chance, noise

DRAWN = (10_000, 1_000)  # sizes of samples that people draw: the customary, and the least
RARE = 0.05  # an explanation that makes the claim so much less likely than another is dropped
WIDE = 0.01  # a convention that may give any number within a point proves nothing

Kind = Literal["variant", "fault", "other rows", "other number"]


@dataclass(frozen=True)
class Convention:
    """One way to come to a number, and the number that it gives on these rows.

    code: its name among the estimates. gives: the subject of "... gives the claim".
    low, high: where a correct program may land, as ties are decided by the order of rows.
    kind: another weighting or set-up of the claimed quantity; a fault; other rows; another quantity.
    family: conventions of one family are one explanation. drawn: a mean over triplets or pairs, of which
    people draw a sample.
    """

    code: str
    gives: str
    value: float
    about: str
    kind: Kind
    low: float | None = None
    high: float | None = None
    family: str = ""
    drawn: bool = False

    @property
    def range(self) -> tuple[float, float]:
        """From the lowest to the highest number that it may give."""
        low = self.value if self.low is None else self.low
        return low, self.value if self.high is None else self.high

    def reproduces(self, claim: Reading, drawn: int = 0, errors: float = COVERED) -> bool:
        """Whether it gives the claim; drawn: on so many random triplets or pairs, 0 for all of them.

        errors: how many standard errors such a sample may be off.
        """
        low, high = self.range
        if high - low > WIDE or (drawn and not self.drawn):
            return False
        around = noise(self.value, drawn, errors) if drawn else 0.0
        return claim.holds(low - around, high + around)

    def likelihood(self, claim: Reading, drawn: int) -> float:
        """How often a sample of so many gives the claim; of a range, at the place that is kindest to it."""
        low, high = self.range
        return chance(claim, min(max(claim.value, low), high), drawn)


Match = Literal["exact", "sampled", "named", "several", "none"]


@dataclass(frozen=True)
class Answer:
    """What gives the claim.

    exact: the strict number itself. sampled: the strict number on ``drawn`` triplets or pairs. named: one
    convention (or one family). several: ``given_by`` all give it. none: nothing tried does.
    drawn: size of the sample that the match needs; 0 where it needs none.
    """

    match: Match
    given_by: tuple[Convention, ...] = ()
    drawn: int = 0

    def includes(self, convention: Convention) -> bool:
        """Whether this convention gives the claim."""
        return any(each.code == convention.code for each in self.given_by)


def answer(claim: Reading, strict: Convention, others: Sequence[Convention]) -> Answer:
    """The strict number first, on all triplets or on a customary sample; then what gives it to the digit;
    then what gives it on a sample.

    Explanations are compared by how likely they make the claim: what gives it to the digit makes it certain,
    and a sample hits one number of three digits now and then. The strict number need not be the
    likeliest: it is believed on a customary sample as far off as 95 in 100 are, and on one as far off as 99
    in 100 where nothing else fits to the digit.
    """
    if strict.reproduces(claim):
        return Answer("exact", (strict,))
    exact = [c for c in others if c.reproduces(claim)]
    if strict.reproduces(claim, DRAWN[0], COVERED if not exact else USUAL):
        return Answer("sampled", (strict,), DRAWN[0])
    likely = dict.fromkeys(exact, 1.0) or {
        c: c.likelihood(claim, DRAWN[0]) for c in others if c.reproduces(claim, DRAWN[0])
    }
    drawn = 0 if exact or not likely else DRAWN[0]
    if strict.reproduces(claim, DRAWN[1]):
        likely[strict] = strict.likelihood(claim, DRAWN[1])
    kept = [c for c, chance in likely.items() if chance >= RARE * max(likely.values())]
    if not kept:
        return Answer("none")
    if kept == [strict]:
        return Answer("sampled", (strict,), DRAWN[1])
    families = {c.family or c.code for c in kept}
    nearest = sorted(kept, key=lambda c: (abs(c.value - claim.value), c.code))
    return Answer("named" if len(families) == 1 else "several", tuple(nearest), drawn)
