"""What does every doubling of the gallery cost, so far and from here on? Every number with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from embedding_second_opinion.data.arrays import Ints
from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.stats.intervals import Interval, difference_interval, no_interval

from .back_test import BackTest, back_test
from .forecast import Beyond, known_bound
from .known import Known

FEWEST = 40  # classes with queries; with fewer the back-tests missed too often
# Of the classes at hand, the last being as far as intervals held in the benchmark and on real sets.
TIMES = (2, 5)
STEPS = 12  # points of the curve beyond K

Measured = tuple[float, Interval]


@dataclass(frozen=True, eq=False)
class Growth:
    """test: of the forecast, None where none could be made. beyond: the forecast, None where none is given,
    because of ``withheld``.

    expected: classes in use, None where the user named none; reached: how many of them the numbers speak
    of, at most five times those at hand. harm: accuracy points lost between K and ``reached``; without
    ``expected``, by the last doubling of the classes at hand; None where more classes are expected and no
    forecast is given.
    """

    known: Known
    test: BackTest | None
    beyond: Beyond | None
    withheld: str
    expected: int | None
    reached: int
    estimates: Mapping[str, Estimate]
    harm: Estimate | None
    interval: Interval | None

    @property
    def half(self) -> int:
        """Classes before the last doubling."""
        return self.known.classes // 2


def measure_growth(space: Geometry, expected: int | None) -> Growth:
    """Exact numbers up to K, a forecast beyond. Needs anchors and at least four classes."""
    known = Known.of(space.ranks)
    k = known.classes
    test, beyond, withheld = _forecast(space, known, expected)
    about = f"{known.queries:,} queries of {number(known.units, 'class')}"
    half = k // 2
    last = _last_doubling(known)
    lost: Measured | None = last
    estimates: dict[str, Estimate] = {}

    def told(name: str, found: Measured, about: str, quantity: str = "share") -> None:
        estimates[name] = found[1].estimate(found[0], about, quantity)

    told(
        "closed_set_accuracy", (known.accuracy, known.interval), f"{about} among all {k:,} enrolled"
    )
    each = f"{about}, each among {half:,} classes, over all draws of these"
    told("accuracy_at_half", (known.at(half), known.interval_at(half)), each)
    judged = "lost_by_last_doubling"
    told(judged, last, f"from {half:,} to {k:,} classes, measured", "accuracy points")
    if test is not None:
        why = f"the mean over {len(test.halves)} halves; the largest is {100 * test.largest:.1f} points"
        compared = f"predicted from half of the classes less measured with all {k:,}"
        told("back_test_error", (test.error, no_interval(why, "half")), compared, "accuracy points")
    if beyond is not None:
        for times in TIMES:
            ahead = f"{about}, forecast among {times * k:,} classes"
            told(f"accuracy_at_{times}_times", beyond.accuracy(beyond.place(times * k)), ahead)
    reached = k
    if expected is not None:
        reached = min(expected, TIMES[-1] * k)
        there = _accuracy(known, beyond, expected) if reached == expected else None
        if there is not None:
            words = "exact" if expected <= k else "forecast"
            told("accuracy_at_expected", there, f"{about}, {words} among {expected:,} classes")
        judged, lost = "lost_at_expected", _lost(known, beyond, expected, reached)
        if lost is not None:
            least = "at least " if reached < expected else ""
            told(judged, lost, f"from {k:,} classes to {least}{reached:,}", "accuracy points")
    harm, interval = estimates.get(judged), lost[1] if lost else None
    return Growth(known, test, beyond, withheld, expected, reached, estimates, harm, interval)


def _forecast(
    space: Geometry, known: Known, expected: int | None
) -> tuple[BackTest | None, Beyond | None, str]:
    """The back-test, the forecast if it may be given, and else why it is not."""
    if not space.has_vectors:
        return None, None, "it needs the vectors, so that halves of the classes can test it"
    if known.units < FEWEST:
        return None, None, (
            f"{number(known.units, 'class')} with queries are too few to extrapolate from; "
            f"{FEWEST} are needed"
        )  # fmt: skip
    test = back_test(space, known)
    if test is None:
        return None, None, "halves of the classes are too small to test it"
    if not test.passed:
        return test, None, (
            f"the back-test fails: of {len(test.halves)} halves of the classes, the predictions of "
            f"{len(test.halves) - test.held} miss what was measured with all"
        )  # fmt: skip
    return test, Beyond.of(known, _ahead(known.classes, expected)).missing(test.error), ""


def _ahead(classes: int, expected: int | None) -> Ints:
    """Numbers of classes beyond K to forecast at: evenly over the logarithm, and those named."""
    limit = TIMES[-1] * classes
    steps = np.rint(np.geomspace(classes, limit, STEPS)).astype(np.int64)[1:]
    named = [times * classes for times in TIMES]
    if expected is not None and classes < expected <= limit:
        named.append(expected)
    return np.union1d(steps, np.array(named, dtype=np.int64))


def _last_doubling(known: Known) -> Measured:
    half, k = known.classes // 2, known.classes
    value = known.at(half) - known.accuracy
    if known.ceiling:
        return value, known_bound(known, k - half)
    change = known.without_at(half) - known.without[:, -1]
    return value, difference_interval(value, change, known.units)


def _lost(known: Known, beyond: Beyond | None, expected: int, reached: int) -> Measured | None:
    """Accuracy points lost between K and ``expected`` classes; a gain is negative."""
    if expected == known.classes:
        return 0.0, Interval(0.0, 0.0, "the same number of classes")
    if expected < known.classes:
        value = known.accuracy - known.at(expected)
        if known.ceiling:
            # Fewer classes cannot be worse.
            gain = known_bound(known, known.classes - expected)
            low = None if gain.high is None else -gain.high
            high = None if gain.high is None else 0.0
            return value, Interval(low, high, gain.method, gain.unit, gain.unresolved)
        change = known.without[:, -1] - known.without_at(expected)
        return value, difference_interval(value, change, known.units)
    if beyond is None:
        return None
    value, interval = beyond.lost(beyond.place(reached))
    if reached < expected and interval.low is not None:
        # Beyond the reach at least this is lost, and at most everything.
        interval = replace(interval, high=known.accuracy)
    return value, interval


def _accuracy(known: Known, beyond: Beyond | None, expected: int) -> Measured | None:
    if expected <= known.classes:
        return known.at(expected), known.interval_at(expected)
    if beyond is None:
        return None
    return beyond.accuracy(beyond.place(expected))
