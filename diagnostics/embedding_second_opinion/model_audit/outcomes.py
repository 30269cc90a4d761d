"""How far off is a metric in a self-test, and in the loudest of all? Means over generated sets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.stats import t

from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.findings.wording import percent
from embedding_second_opinion.stats.intervals import TAIL


@dataclass
class Outcome:
    """One self-test over its repetitions: ``values`` of the metric and what was ``right`` each time.

    at_most: the right value is a bound, and only what is above it is off.
    """

    name: str
    values: list[float] = field(default_factory=list)
    right: list[float] = field(default_factory=list)
    at_most: bool = False
    broken: str = ""

    @property
    def value(self) -> float:
        """Mean over the repetitions."""
        return float(np.mean(self.values))

    @property
    def target(self) -> float:
        """Mean of what would have been right."""
        return float(np.mean(self.right))

    @property
    def off(self) -> float:
        """How far from right, on the mean: one repetition's luck is no fault."""
        difference = self.value - self.target
        return max(0.0, difference) if self.at_most else abs(difference)

    @property
    def error(self) -> float:
        """Standard error of ``off``; 0 where every repetition says the same."""
        differences = np.subtract(self.values, self.right)
        if np.ptp(differences) < 1e-9:
            return 0.0
        return float(np.std(differences, ddof=1) / np.sqrt(len(differences)))

    def reach(self, tail: float = TAIL) -> float:
        """Half the width of the interval that leaves ``tail`` on either side."""
        return float(t.isf(tail, len(self.values) - 1)) * self.error

    def above(self, x: float) -> float:
        """p-value against "at most ``x`` off"."""
        if self.error == 0:
            return float(self.off <= x)
        return float(t.sf((self.off - x) / self.error, len(self.values) - 1))

    @property
    def wanted(self) -> str:
        """The right value, as it stands in a sentence."""
        return ("at most " if self.at_most else "") + percent(self.target)

    def estimate(self) -> Estimate:
        """The value that the metric gave, with the right one beside it."""
        spread = np.std(self.values, ddof=1) / np.sqrt(len(self.values))
        reach = float(t.isf(TAIL, len(self.values) - 1) * spread)
        return Estimate(
            value=self.value,
            low=max(0.0, self.value - reach),
            high=min(1.0, self.value + reach),
            unit="generated set",
            about=f"{self.name.replace('_', ' ')}; right: {self.wanted}",
            method=f"t over {len(self.values)} generated sets",
        )


def worst(outcomes: Sequence[Outcome], about: str) -> tuple[Estimate, Callable[[float], float]]:
    """The largest of the deviations with its interval, and p-values against "at most x".

    Lower bound and p-value for the loudest of many tests (Bonferroni), as ``resample.largest`` has them; a
    deviation that is the same in all repetitions is known, and its own bound.
    """
    loudest = max(outcomes, key=lambda o: o.off)
    tests = len(outcomes)
    low = max(0.0, *(o.off - o.reach(TAIL / tests) for o in outcomes))
    high = min(1.0, max(o.off + o.reach() for o in outcomes))

    def above(x: float) -> float:
        return min(1.0, tests * min(o.above(x) for o in outcomes))

    how = f"t over generated sets, the loudest of {tests} tests"
    if not any(o.error > 0 for o in outcomes):
        how = "the same in all generated sets"
    harm = Estimate(
        value=loudest.off,
        low=min(low, loudest.off),
        high=max(high, loudest.off),
        unit="generated set",
        quantity="accuracy points",
        about=about,
        method=how,
    )
    return harm, above
