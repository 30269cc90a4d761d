"""How much better are rows that were trained on told apart than others, all else being equal?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals, Rows
from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.stats.intervals import (
    FEWEST_CLASSES,
    Interval,
    combined_interval,
    difference_interval,
    largest,
    share_interval,
)

from .parts import Part, equal_size, paired_sizes, part

Harm = tuple[float, Interval]
UNSEEN = "unseen classes"


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two parts at the same rows a class. ``paired``: of the same classes.

    identities: classes among which a row is recognised, on both sides.
    """

    trained: Part
    other: Part
    paired: bool
    identities: int
    accuracies: tuple[Estimate, Estimate]
    triplets: tuple[Estimate, Estimate]
    gap: Harm
    triplet_gap: Harm

    @property
    def classes(self) -> int:
        """Of the part that has fewer."""
        return min(self.trained.classes, self.other.classes)


@dataclass(frozen=True, eq=False)
class Gaps:
    """What ``measure_gaps`` found; ``held_out`` or ``unseen`` is None where there are no such rows."""

    held_out: Comparison | None
    unseen: Comparison | None
    judged: tuple[Comparison, ...]
    estimates: Mapping[str, Estimate]
    harm: Estimate
    harm_interval: Interval

    @property
    def every(self) -> tuple[Comparison, ...]:
        """Those that there are."""
        return tuple(c for c in (self.held_out, self.unseen) if c is not None)


def measure_gaps(space: Geometry, tolerance: float = 0.02) -> Gaps | None:
    """None where neither held-out samples nor unseen classes can be compared.

    tolerance: a gap to classes too few to be judged counts as unknown from here on, in accuracy points.
    """
    held_out, unseen = _held_out(space), _unseen(space)
    every = [c for c in (held_out, unseen) if c is not None]
    if not every:
        return None
    estimates: dict[str, Estimate] = {}
    for name, suffix, found in (("held_out", "", held_out), ("unseen", "_as_unseen", unseen)):
        if found is None:
            continue
        both = f"{_about(found.trained)}, and {_about(found.other)}"
        estimates[f"train_accuracy{suffix}"], estimates[f"{name}_accuracy"] = found.accuracies
        estimates[f"{name}_gap"] = found.gap[1].estimate(found.gap[0], both, "accuracy points")
        estimates[f"train_triplet_accuracy{suffix}"] = found.triplets[0]
        estimates[f"{name}_triplet_accuracy"] = found.triplets[1]
        value, interval = found.triplet_gap
        estimates[f"{name}_triplet_gap"] = interval.estimate(value, both, "accuracy points")
    # Too few unseen classes are shown, and do not make the rest unknown: unless they seem to matter.
    judged = [c for c in every if c.classes >= FEWEST_CLASSES or c.gap[0] > tolerance] or every
    value, interval = largest([c.gap for c in judged])
    loudest = max(judged, key=lambda c: c.gap[0])
    about = f"{_about(loudest.trained)}, and {_about(loudest.other)}"
    return Gaps(
        held_out=held_out,
        unseen=unseen,
        judged=tuple(judged),
        estimates=estimates,
        harm=interval.estimate(value, about, "accuracy points"),
        harm_interval=interval,
    )


def _held_out(space: Geometry) -> Comparison | None:
    """The gallery's rows against the queries, of the same classes."""
    evaluation = space.evaluation
    take = paired_sizes(*(_sizes(space, r) for r in (evaluation.enrolled, evaluation.queries)))
    if np.count_nonzero(take) < 2:
        return None
    trained = part(space, evaluation.enrolled, take, evaluation.gallery_name)
    other = part(space, evaluation.queries, take, evaluation.query_name)
    return _compared(trained, other, paired=True)


def _unseen(space: Geometry) -> Comparison | None:
    """The gallery's rows against strangers: other classes, looked up among themselves."""
    evaluation = space.evaluation
    sizes = [_sizes(space, rows) for rows in (evaluation.enrolled, evaluation.strangers)]
    m = equal_size(*sizes)
    if m == 0:
        return None
    first, second = (np.where(each >= m, m, 0) for each in sizes)
    trained = part(space, evaluation.enrolled, first, evaluation.gallery_name)
    other = part(space, evaluation.strangers, second, UNSEEN)
    return _compared(trained, other, paired=False)


def _sizes(space: Geometry, rows: Rows) -> Ints:
    codes = space.evaluation.codes[rows]
    return np.bincount(codes, minlength=len(space.evaluation.classes))


def _compared(trained: Part, other: Part, *, paired: bool) -> Comparison:
    identities = int(np.intersect1d(trained.grid, other.grid).max())
    closed, triplets = [], []
    for side in (trained, other):
        triplets.append((side, side.triplet, side.triplet_without))
        if paired:  # among the same classes the last point of the curve is 1-NN accuracy itself
            closed.append((side, side.closed, side.closed_without))
        else:
            at = int(np.flatnonzero(side.grid == identities)[0])
            closed.append((side, float(side.curve[at]), side.curve_without[:, at]))
    among = 0 if paired else identities
    return Comparison(
        trained=trained,
        other=other,
        paired=paired,
        identities=identities,
        accuracies=(_share(*closed[0], among), _share(*closed[1], among)),
        triplets=(_share(*triplets[0]), _share(*triplets[1])),
        gap=_difference(closed, paired),
        triplet_gap=_difference(triplets, paired),
    )


def _share(side: Part, value: float, without: Reals, identities: int = 0) -> Estimate:
    among = f", among {identities:,} of the classes" if identities else ""
    return share_interval(value, without, side.classes).estimate(value, f"{_about(side)}{among}")


def _difference(sides: list[tuple[Part, float, Reals]], paired: bool) -> Harm:
    (one, a, a_without), (two, b, b_without) = sides
    intervals = share_interval(a, a_without, one.classes), share_interval(b, b_without, two.classes)
    if paired and not any(interval.unresolved for interval in intervals):
        return a - b, difference_interval(a - b, a_without - b_without, one.classes)
    # Other classes are independent; and at a limit no paired spread can be seen.
    return a - b, combined_interval(a, intervals[0], b, intervals[1])


def _about(side: Part) -> str:
    low, high = int(side.take.min()), int(side.take.max())
    each = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    draws = f", mean of {side.draws} draws" if side.draws > 1 else ""
    name, classes = f"{side.name} rows", "classes"
    if side.name == UNSEEN:
        name, classes = "rows", UNSEEN
    return f"{side.rows:,} {name} of {side.classes:,} {classes}, {each} a class{draws}"
