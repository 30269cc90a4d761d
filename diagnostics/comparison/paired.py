"""By how much does each number differ between two models, and how sure is that?

Both are asked about the same queries and the same gallery, so that what is hard for both cancels: the
interval is that of the difference, by a paired class jackknife. Where a deleted class is known to change
other queries too it goes as a candidate as well; else as queries only, and the method says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from diagnostics import deletions, surface
from diagnostics.finding import Estimate, Finding
from diagnostics.gains import gain_interval
from diagnostics.geometry import Geometry
from diagnostics.measures.retrieval.answers import per_query
from diagnostics.passes.ranks import Ints, Reals
from diagnostics.passes.tally import Ranks
from diagnostics.resample import Interval, combined_interval, difference_interval
from diagnostics.surface import anchor_counts

BOTH = ("triplet_accuracy", "closed_set_accuracy", "closed_set_accuracy_macro")
AS_QUERIES = "; classes go as queries only"


@dataclass(frozen=True)
class Difference:
    """One number of both models. change: second less first. p: two-sided, after Holm; None: no interval."""

    name: str
    first: float
    second: float
    change: Estimate
    p: float | None

    @property
    def sure(self) -> bool:
        """Whether it differs, all numbers compared taken together."""
        return self.p is not None and self.p <= 0.05


def differences(one: Geometry, two: Geometry) -> tuple[Difference, ...]:
    """All numbers that come from ranks, corrected for their number (Holm, Scand. J. Stat. 1979)."""
    found = [*_exact(one, two), *_of_answers(one, two)]
    return _corrected([(name, a, b, interval) for name, a, b, interval in found], _about(one.ranks))


def other_differences(
    first: Sequence[Finding], second: Sequence[Finding], known: Sequence[str]
) -> tuple[Difference, ...]:
    """Every other share with an interval that both models' findings have; from both intervals (MOVER).

    Nothing paired is known of these, so that their intervals are too wide rather than too narrow.
    """
    two = {f"{f.code}: {name}": e for f in second for name, e in f.estimates.items()}
    found: list[tuple[str, float, float, Interval]] = []
    for finding in first:
        for name, e in finding.estimates.items():
            other = two.get(f"{finding.code}: {name}")
            if name in known or other is None or "share" not in (e.quantity, other.quantity):
                continue
            if e.low is None or other.low is None or e.quantity != other.quantity:
                continue
            a, b = (Interval(x.low, x.high, x.method, x.unit) for x in (e, other))
            known = (*known, name)
            found.append(
                (name, e.value, other.value, combined_interval(other.value, b, e.value, a))
            )
    return _corrected(found, "as in each model's own findings")


def _exact(one: Geometry, two: Geometry) -> list[tuple[str, float, float, Interval]]:
    found = []
    asked: Sequence[tuple[str, Callable[[Ranks], float], Callable[[Ranks], Reals], bool]] = (
        ("triplet_accuracy", surface.triplet_accuracy, deletions.triplet_without, True),
        ("closed_set_accuracy", surface.closed_set_accuracy, deletions.closed_set_without, False),
        (
            "closed_set_accuracy_macro",
            surface.closed_set_accuracy_macro,
            deletions.closed_set_macro_without,
            False,
        ),
    )
    for name, value, without, inside in asked:
        a, b = (_pass(space, inside) for space in (one, two))
        left = without(b) - without(a)
        if name == "closed_set_accuracy":
            values = _right(b) - _right(a)
            interval = gain_interval(values, a.codes[a.anchors], left, _pairs(a, b))
        else:
            units = int(np.count_nonzero(anchor_counts(a)))
            macro = name == "closed_set_accuracy_macro"
            pairs = _pairs(a, b) if macro and np.ptp(anchor_counts(a)) == 0 else 0.0
            interval = difference_interval(value(b) - value(a), left, units, pairs)
        found.append((name, value(a), value(b), interval))
    return found


def _of_answers(one: Geometry, two: Geometry) -> list[tuple[str, float, float, Interval]]:
    codes = one.ranks.codes[one.ranks.anchors]
    first, second = per_query(one.ranks), per_query(two.ranks)
    found = []
    for name, values in first.items():
        if name in ("precision_at_1", "recall_at_1"):  # the closed-set accuracy by other names
            continue
        interval = gain_interval(second[name] - values, codes)
        if interval.low is not None:
            interval = replace(interval, method=interval.method + AS_QUERIES)
        found.append((name, float(values.mean()), float(second[name].mean()), interval))
    return found


def _corrected(
    found: Sequence[tuple[str, float, float, Interval]], about: str
) -> tuple[Difference, ...]:
    raw = {name: _two_sided(interval) for name, _, _, interval in found}
    tested = sorted((p, name) for name, p in raw.items() if p is not None)
    holm: dict[str, float] = {}
    highest = 0.0
    for place, (p, name) in enumerate(tested):
        highest = max(highest, min(1.0, p * (len(tested) - place)))
        holm[name] = highest
    return tuple(
        Difference(name, a, b, interval.estimate(b - a, about, "accuracy points"), holm.get(name))
        for name, a, b, interval in found
    )


def _two_sided(interval: Interval) -> float | None:
    if interval.above is None:
        return None
    one_side = interval.above(0.0)
    return min(1.0, 2 * min(one_side, 1 - one_side))


def _pairs(one: Ranks, two: Ranks) -> float:
    """Sum over pairs of classes of (what the difference owes to the two)^2.

    A query that one class alone beats is met twice by a jackknife that deletes classes as queries and as
    candidates.
    """
    keys, signs = [], []
    for ranks, sign in ((one, 1.0), (two, -1.0)):
        a = ranks.anchors[ranks.sole[ranks.anchors] >= 0]
        own, other = ranks.codes[a], ranks.sole[a]
        keys.append(np.minimum(own, other) * ranks.classes + np.maximum(own, other))
        signs.append(np.full(len(a), sign))
    _, place = np.unique(np.concatenate(keys), return_inverse=True)
    net = np.bincount(place, weights=np.concatenate(signs)) / len(one.anchors)
    return float((net**2).sum())


def changed_classes(one: Ranks, two: Ranks) -> tuple[Ints, Ints, Ints]:
    """(K,) queries of each class, those only the first model has right, and those only the second has."""
    a, b = _right(one), _right(two)
    codes = one.codes[one.anchors]
    lost, won = (np.bincount(codes[side], minlength=one.classes) for side in (a > b, b > a))
    return anchor_counts(one), lost.astype(np.int64), won.astype(np.int64)


def by_name(found: Sequence[Difference]) -> Mapping[str, Difference]:
    """The same, by the number's name."""
    return {each.name: each for each in found}


def _pass(space: Geometry, inside: bool) -> Ranks:
    within = space.within
    return within if inside and within is not None and len(within.anchors) else space.ranks


def _right(ranks: Ranks) -> Reals:
    return np.asarray(ranks.right[ranks.anchors])


def _about(ranks: Ranks) -> str:
    return (
        f"the same {len(ranks.anchors):,} queries of {np.count_nonzero(anchor_counts(ranks)):,} classes "
        f"against {int(ranks.gallery_sizes.sum()):,} rows of {ranks.classes:,}"
    )
