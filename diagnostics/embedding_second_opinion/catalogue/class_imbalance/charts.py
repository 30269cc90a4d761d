"""Which pictures show who fares worse: small classes, single classes, groups?"""

from __future__ import annotations

from collections import Counter

import numpy as np

from embedding_second_opinion.data.arrays import Reals
from embedding_second_opinion.findings.charts import Bar, Bars, Curve, Level, Role, Series, Table
from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.stats.intervals import (
    FEWEST_CLASSES,
    Interval,
    no_interval,
    share_interval,
    wilson_interval,
)

from .harms import Imbalance
from .recalls import common_without, mean_of

BINS = 8
CLASSES_SHOWN = 12
GROUPS_SHOWN = 12


def size_curve(space: Geometry, numbers: Imbalance, micro: Estimate) -> tuple[Curve, ...]:
    """Mean recall of classes of like size, small to large; nothing where sizes make no two bins."""
    found = numbers.recalls
    bins = _bins(found.sizes, found.asked)
    if len(bins) < 2:
        return ()
    # Whole rows: no bin shares a size with the next, so rounding keeps them apart.
    x = [float(np.round(np.exp(np.log(found.sizes[b > 0]).mean()))) for b in bins]
    everything = Series.of("all enrolled", x, [mean_of(found.full, b) for b in bins])
    equal = _with_band(space, numbers, bins, x)
    ends = [f"{s.name} {100 * s.y[0]:.1f} % to {100 * s.y[-1]:.1f} %" for s in (everything, equal)]
    return (
        Curve(
            title=_size_title(numbers.by_size[1]),
            alt=(
                f"Mean recall of {len(bins)} bins of classes by size, from {x[0]:,.0f} to {x[-1]:,.0f} "
                f"enrolled rows: {'; '.join(ends)}. Mean over queries {micro.text()}."
            ),
            x_label=f"enrolled rows of a class; each point is {FEWEST_CLASSES} classes or more",
            y_label="share of a class's queries recognised, mean of classes",
            series=(everything, equal),
            levels=(Level(name="mean over queries", y=micro.value),),
            x_scale="log",
        ),
    )


def thirds_chart(numbers: Imbalance) -> tuple[Bars, ...]:
    """Head, middle and tail at both enrolments."""
    bars = []
    ways: dict[str, tuple[str, Role]] = {
        "": ("all enrolled", "main"),
        "_common_enrolment": (_same(numbers), "second"),
    }
    for name in numbers.third:
        for suffix, (words, role) in ways.items():
            found = numbers.estimates[f"{name}_accuracy{suffix}"]
            bars.append(Bar.of(f"{_third(numbers, name)}: {words}", found, role))
    if not bars:
        return ()
    title = "Large and small classes, at full and at equal enrolment"
    return (Bars.of(title, "mean recall of the classes", bars),)


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
        bounds = wilson_interval(asked - int(lost[c]), asked)
        low, high = 100 * (bounds.low or 0.0), 100 * (bounds.high or 0.0)
        taken = Counter(winners[ranks.codes[wrong] == c].tolist()).most_common(3)
        cells = {
            "class": classes[ranks.class_ids[c]],
            "enrolled rows": f"{found.sizes[c]:,}",
            "recognised": f"{asked - lost[c]:,} of {asked:,}",
            "recall [Wilson]": f"{100 * (1 - share[c]):.0f} % [{low:.0f}, {high:.0f}]",
            f"with {_same(numbers)}": f"{100 * found.common[c]:.0f} %",
            "taken for": ", ".join(f"{classes[w]} ({n})" for w, n in taken),
        }
        if found.one_size:  # the same in every row
            del cells["enrolled rows"], cells[f"with {_same(numbers)}"]
        rows.append(cells)
    alt = (
        f"{int((lost > 0).sum()):,} of {numbers.units:,} classes lose at least one query; the {len(rows)} "
        f"recognised least are listed, the worst at {rows[0]['recall [Wilson]']}."
    )
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
    same = len({g.queries for g in groups}) == 1
    bars = []
    for g in shown:
        behind = g.harm is not None and g.harm[1].low is not None and g.harm[1].low > 0
        words = [] if same else [f"{g.queries:,} queries"]
        words += ["behind"] if behind else [] if g.harm else ["too few to judge"]
        label = f"{g.name} ({', '.join(words)})" if words else g.name
        role: Role = "second" if behind else "main" if g.harm else "context"
        interval = g.interval or no_interval("too few to judge")
        bars.append(Bar.of(label, interval.estimate(g.recall, ""), role))
    if worst is not None and worst.expected is not None:
        bars.append(
            Bar(label="The worst, were all groups alike", value=worst.expected, role="context")
        )
    rest = f"; {len(groups) - len(shown):,} more are better" if len(groups) > len(shown) else ""
    asked = f"{groups[0].queries:,} queries each" if same else "queries"
    title = f"Groups by recall, lowest first{rest}"
    return (Bars.of(title, f"share of {asked} recognised", bars, rest),)


def _third(numbers: Imbalance, name: str) -> str:
    sizes = numbers.recalls.sizes[numbers.third[name] > 0]
    span = f"{sizes.min():,}" if np.ptp(sizes) == 0 else f"{sizes.min():,} to {sizes.max():,}"
    word = {"head": "Large", "middle": "Middle", "tail": "Small"}[name]
    return f"{word} ({span} rows)"


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


def _size_title(harm: Interval) -> str:
    if harm.low is not None and harm.low > 0:
        return "At equal enrolment too, small classes are recognised less often"
    if harm.high is not None and harm.high < 0:
        return "At equal enrolment, small classes are recognised more often"
    return "Recall by class size, at full and at equal enrolment"


def _with_band(space: Geometry, numbers: Imbalance, bins: list[Reals], x: list[float]) -> Series:
    """The line that is judged, at equal enrolment; a band where every bin has an interval."""
    found = numbers.recalls
    y = [mean_of(found.common, b) for b in bins]
    intervals = [
        share_interval(v, common_without(space.ranks, found, b), int(np.count_nonzero(b)))
        for v, b in zip(y, bins, strict=True)
    ]
    low = [i.low for i in intervals if i.low is not None]
    high = [i.high for i in intervals if i.high is not None]
    band = (low, high) if len(low) == len(x) else ((), ())
    return Series.of(_same(numbers), x, y, "second", band)
