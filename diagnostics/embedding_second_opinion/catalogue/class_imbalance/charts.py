"""Which pictures show who fares worse: small classes, single classes, groups?"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.data.arrays import Reals
from embedding_second_opinion.findings.charts import Bar, Bars, Curve, Role, Series, Table
from embedding_second_opinion.findings.wording import commonest, number, percent
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.stats.intervals import (
    FEWEST_CLASSES,
    no_interval,
    share_interval,
    wilson_interval,
)

from .harms import Imbalance
from .recalls import common_without, mean_of

BINS = 8
CLASSES_SHOWN = 12
GROUPS_SHOWN = 12


def size_curve(space: Geometry, numbers: Imbalance) -> tuple[Curve, ...]:
    """Mean recall of classes of like size, small to large; nothing where sizes make no two bins."""
    found = numbers.recalls
    bins = _bins(found.sizes, found.asked)
    if len(bins) < 2:
        return ()
    # Whole rows: no bin shares a size with the next, so rounding keeps them apart.
    x = [float(np.round(np.exp(np.log(found.sizes[b > 0]).mean()))) for b in bins]
    values = [mean_of(found.common, b) for b in bins]
    equal = [
        share_interval(
            value, common_without(space.ranks, found, b), int(np.count_nonzero(b))
        ).estimate(value, "")
        for value, b in zip(values, bins, strict=True)
    ]
    lines = (
        Series.of("all enrolled", x, [mean_of(found.full, b) for b in bins]),
        Series.along(_same(numbers), x, equal, "second"),
    )
    ends = "; ".join(f"{s.name} {percent(s.y[0])} to {percent(s.y[-1])}" for s in lines)
    return (
        Curve(
            title="Recall by class size, at full and at equal enrolment",
            alt=f"Mean recall from {x[0]:,.0f} to {x[-1]:,.0f} enrolled rows: {ends}.",
            x_label=f"enrolled rows of a class; each point is {FEWEST_CLASSES} classes or more",
            y_label="share of a class's queries recognised, mean of classes",
            series=lines,
            x_scale="log",
        ),
    )


def worst_classes(space: Geometry, numbers: Imbalance) -> tuple[Table, ...]:
    """The classes recognised least, with their size; nothing where every query is recognised."""
    ranks, found = space.ranks, numbers.recalls
    wrong = ranks.anchors[ranks.z[ranks.anchors] > 0]
    if not len(wrong):
        return ()
    lost = np.bincount(ranks.codes[wrong], minlength=ranks.classes)
    share = lost / np.maximum(found.queries, 1)
    order = np.lexsort((np.arange(ranks.classes), -lost, -share))[:CLASSES_SHOWN]
    classes, codes = space.evaluation.classes, space.evaluation.codes
    winners = codes[ranks.nearest_negative[wrong]]
    rows = []
    for c in order[lost[order] > 0].tolist():
        asked = int(found.queries[c])
        right = asked - int(lost[c])
        taken = winners[ranks.codes[wrong] == c].tolist()
        cells = {
            "class": classes[ranks.class_ids[c]],
            "enrolled rows": f"{found.sizes[c]:,}",
            "recognised": f"{right:,} of {asked:,}",
            "recall [Wilson]": wilson_interval(right, asked).estimate(right / asked, "").text(0),
            f"with {_same(numbers)}": f"{100 * found.common[c]:.0f} %",
            "taken for": commonest(classes[w] for w in taken),
        }
        if found.one_size:  # the same in every row
            del cells["enrolled rows"], cells[f"with {_same(numbers)}"]
        rows.append(cells)
    alt = f"{len(rows)} of {int((lost > 0).sum()):,} classes that lose a query, the worst first."
    return (Table.of("The classes recognised least", alt, rows, ("class", "taken for")),)


def groups_chart(numbers: Imbalance) -> tuple[Bars, ...]:
    """Recall of the groups, lowest first, and what the worst of equal groups would have."""
    if numbers.groups is None:
        return ()
    groups, worst = numbers.groups.groups, numbers.groups.worst
    ordered = sorted(groups, key=lambda g: (g.recall, g.name))
    shown = ordered[:GROUPS_SHOWN]
    if worst is not None and worst not in shown:
        shown[-1] = worst
    bars = []
    for g in shown:
        behind = g.harm is not None and g.harm[1].low is not None and g.harm[1].low > 0
        judged = ", behind" if behind else "" if g.harm else ", too few to judge"
        label = f"{g.name} ({number(g.queries, 'query')}{judged})"
        role: Role = "second" if behind else "main" if g.harm else "context"
        interval = g.interval or no_interval("too few to judge")
        bars.append(Bar.of(label, interval.estimate(g.recall, ""), role))
    if worst is not None and worst.expected is not None:
        bars.append(
            Bar(label="The worst, were all groups alike", value=worst.expected, role="context")
        )
    rest = f"; {len(groups) - len(shown):,} more are better" if len(groups) > len(shown) else ""
    title = f"Groups by recall, lowest first{rest}"
    return (Bars.of(title, "share of queries recognised", bars, rest),)


def _same(numbers: Imbalance) -> str:
    e = numbers.recalls.enrolment
    return f"{e:,} positive{'s' if e > 1 else ''} each"


def _bins(sizes: np.ndarray, asked: Reals) -> list[Reals]:
    """Weights (K,) of bins of classes from small to large; one size is never cut in two."""
    room = max(FEWEST_CLASSES, int(np.ceil(asked.sum() / BINS)))
    bins: list[Reals] = []
    held = np.zeros(len(sizes))
    for size in np.unique(sizes[asked > 0]):
        held = held + asked * (sizes == size)
        if held.sum() >= room:
            bins.append(held)
            held = np.zeros(len(sizes))
    if held.sum() >= FEWEST_CLASSES or (held.any() and not bins):
        bins.append(held)
    elif held.any():
        bins[-1] = bins[-1] + held
    return bins
