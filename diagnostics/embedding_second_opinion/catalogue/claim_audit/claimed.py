"""Which numbers does a claim stand for? All that are told so with as many digits, two at the least."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import sqrt

from scipy.stats import norm

FEWEST_DIGITS = 2  # a claim of .9 is a percentage without decimals, not a guess at a tenth
ALL_OR_NOTHING = (
    3  # digits of a claim of 1 or 0: who rounds 99.6 % tells "99.6" or "over 99", not "all"
)
SLACK = 1e-6  # what two correct programs differ by in their last bits
# Of samples, 99 % and 95 % fall within so many standard errors: what is possible, and what is usual.
COVERED, USUAL = float(norm.isf(0.005)), float(norm.isf(0.025))


@dataclass(frozen=True)
class Reading:
    """A claim as it was told. half: half a unit of its last digit; digits: behind the point of the share."""

    value: float
    half: float
    digits: int

    @classmethod
    def of(cls, value: float) -> Reading:
        """The digits are those that the number shows; zeros at its end are lost, and so read as rounding."""
        shown = Decimal(f"{value:.12g}").as_tuple().exponent
        least = ALL_OR_NOTHING if value in (0, 1) else FEWEST_DIGITS
        digits = max(least, -shown) if isinstance(shown, int) else least
        return cls(value, 0.5 * 10.0**-digits, digits)

    def holds(self, low: float, high: float) -> bool:
        """Whether a number between ``low`` and ``high`` may have been told so."""
        reach = self.half + SLACK
        return low - reach <= self.value <= high + reach

    @property
    def words(self) -> str:
        """The percentage with the digits it was told with."""
        return f"{100 * self.value:.{max(0, self.digits - 2)}f} %"


def noise(share: float, drawn: int, errors: float = COVERED) -> float:
    """How far from ``share`` 99 in 100 samples of so many triplets (or pairs) fall, or as ``errors`` say."""
    return errors * sqrt(max(0.0, share * (1 - share)) / drawn)


def chance(claim: Reading, share: float, drawn: int) -> float:
    """How often a sample of about so many triplets (or pairs) comes to a number that is told as the claim."""
    error, reach = noise(share, drawn, errors=1.0), claim.half + SLACK
    if error == 0:
        return float(abs(share - claim.value) <= reach)
    low, high = ((claim.value + side * reach - share) / error for side in (-1, 1))
    return float(norm.cdf(high) - norm.cdf(low))
