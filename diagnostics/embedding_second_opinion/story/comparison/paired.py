"""By how much does each number differ between two models, and how sure is that?

Both are asked about the same queries and the same gallery, so that what is hard for both cancels: the
interval is that of the difference, by a paired class jackknife.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from embedding_second_opinion.data.arrays import Ints
from embedding_second_opinion.findings.finding import Estimate, Finding
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.rank_results import Ranks
from embedding_second_opinion.stats.intervals import Interval, combined_interval
from embedding_second_opinion.stats.surface import anchor_counts

from .asked import Asked, asked, right


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
    return _corrected(asked(one, two), _about(one.ranks))


def other_differences(
    first: Sequence[Finding], second: Sequence[Finding], known: Sequence[str]
) -> tuple[Difference, ...]:
    """Every other share with an interval that both models' findings have; from both intervals (MOVER).

    Nothing paired is known of these, so that their intervals are too wide rather than too narrow. Left out is
    what was measured at a threshold that was chosen for each model: its interval takes that as given.
    """
    two = {(f.code, name): e for f in second for name, e in f.estimates.items()}
    found: list[Asked] = []
    taken = set(known)
    for finding in first:
        for name, e in finding.estimates.items():
            other = two.get((finding.code, name))
            if name in known or other is None or e.low is None or other.low is None:
                continue
            if e.quantity != "share" or other.quantity != "share":
                continue
            if e.conditional_on == "the threshold":  # each model has its own, which varies
                continue
            # Two diagnostics may call two numbers the same.
            told = f"{finding.code}: {name}" if name in taken else name
            taken.add(told)
            a, b = (Interval(x.low, x.high, x.method, x.unit) for x in (e, other))
            interval = combined_interval(other.value, b, e.value, a)
            found.append(Asked(told, e.value, other.value, interval))
    return _corrected(found, "as in each model's own findings")


def _corrected(found: Sequence[Asked], about: str) -> tuple[Difference, ...]:
    raw = {each.name: _two_sided(each.interval) for each in found}
    tested = sorted((p, name) for name, p in raw.items() if p is not None)
    holm: dict[str, float] = {}
    highest = 0.0
    for place, (p, name) in enumerate(tested):
        highest = max(highest, min(1.0, p * (len(tested) - place)))
        holm[name] = highest
    return tuple(
        Difference(
            each.name,
            each.first,
            each.second,
            each.interval.estimate(each.second - each.first, about, "accuracy points"),
            holm.get(each.name),
        )
        for each in found
    )


def _two_sided(interval: Interval) -> float | None:
    if interval.above is None:
        return None
    one_side = interval.above(0.0)
    return min(1.0, 2 * min(one_side, 1 - one_side))


def changed_classes(one: Ranks, two: Ranks) -> tuple[Ints, Ints, Ints]:
    """(K,) queries of each class, those only the first model has right, and those only the second has."""
    a, b = right(one), right(two)
    codes = one.codes[one.anchors]
    lost, won = (np.bincount(codes[side], minlength=one.classes) for side in (a > b, b > a))
    return anchor_counts(one), lost.astype(np.int64), won.astype(np.int64)


class Rows(pd.DataFrame):
    """A table whose names a notebook does not read as TeX. What is made of it is a plain one."""

    def _repr_html_(self) -> str | None:
        html = super()._repr_html_()
        plain = 'class="mathjax_ignore tex2jax_ignore dataframe'  # as pandas does by an option, from 3 on
        return None if html is None else html.replace('class="dataframe', plain, 1)


def changed_rows(first: Geometry, second: Geometry) -> Rows:
    """One row a query that only one of the two answers rightly, in the order of the set.

    Columns: row (number in the set), class, right (name of the model that answers it), other_says (class of
    the other's nearest row).
    """
    classes, codes = np.array(first.evaluation.classes), first.evaluation.codes
    at = first.ranks.anchors
    a, b = right(first.ranks), right(second.ranks)
    changed = a != b
    rows = first.evaluation.queries[at][changed]
    by_first, by_second = (codes[s.neighbors(1).rows[at, 0]] for s in (first, second))
    names = two_names(first, second)
    return Rows(
        {
            "row": rows,
            "class": classes[codes[rows]],
            "right": np.where((a > b)[changed], *names),
            "other_says": classes[np.where(a > b, by_second, by_first)[changed]],
        }
    )


def two_names(first: Geometry, second: Geometry) -> tuple[str, str]:
    """What the two are called, told apart where files in two folders have one name."""
    one, two = first.evaluation.name, second.evaluation.name
    return (one, two) if one != two else (f"{one} (first)", f"{two} (second)")


def by_name(found: Sequence[Difference]) -> Mapping[str, Difference]:
    """The same, by the number's name."""
    return {each.name: each for each in found}


def _about(ranks: Ranks) -> str:
    return (
        f"the same {len(ranks.anchors):,} queries of {np.count_nonzero(anchor_counts(ranks)):,} classes "
        f"against {int(ranks.gallery_sizes.sum()):,} rows of {ranks.classes:,}"
    )
