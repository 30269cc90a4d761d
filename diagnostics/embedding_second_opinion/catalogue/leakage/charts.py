"""Which pictures show what leaks: distances that are too small, copies, and what they are worth?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from embedding_second_opinion.data.arrays import Reals
from embedding_second_opinion.findings.charts import Bar, Bars, Curve, Mark, Role, Series, Table
from embedding_second_opinion.findings.wording import percent
from embedding_second_opinion.geometry.geometry import Geometry

from .numbers import Leakage

POINTS = 80
COPIES_SHOWN = 12


def distance_chart(space: Geometry, numbers: Leakage) -> tuple[Curve, ...]:
    """How near the nearest enrolled row is: to the queries, and to the gallery's own rows."""
    limits, evaluation = numbers.copies.null, space.evaluation
    queries = space.neighbors(1).distances[space.ranks.anchors, 0]
    every = np.concatenate([queries, limits.own])
    positive = every[every > 0]
    if not len(positive) or limits.threshold <= 0:  # all rows in one place: no distances to show
        return ()
    low = max(min(float(positive.min()), limits.threshold) * 0.8, float(positive.max()) * 1e-6)
    low, high = _round(low, np.floor), _round(float(positive.max()), np.ceil)
    if high <= low:
        return ()
    grid = np.unique(np.append(np.geomspace(low, high, POINTS), limits.threshold))
    grid = grid[(grid >= low) & (grid <= high)]
    who = "rows" if evaluation.leave_one_out else "queries"
    lines = [Series.of(who, grid, _cumulative(queries, grid))]
    if len(limits.own):
        own = _cumulative(limits.own, grid)
        lines.append(Series.of(f"{evaluation.gallery_name} rows", grid, own, "second"))
    share = numbers.copies.share
    title = (
        f"{percent(share)} of {who} have a copy: a row nearer than the dotted line"
        if share > 0
        else f"No {'row' if who == 'rows' else 'query'} is left of the dotted line, where copies are"
    )
    halves = "; ".join(f"{s.name}: median {_half(s):.3g}" for s in lines)
    return (
        Curve(
            title=title,
            alt=f"{halves}. Copies are nearer than {limits.threshold:.3g}: {percent(share)}.",
            x_label="distance to the nearest enrolled row",
            y_label="share that has a row at most so far away",
            series=tuple(lines),
            marks=(Mark(name="copies:", x=limits.threshold, y=share),),
            x_scale="log",
        ),
    )


def worth_chart(numbers: Leakage) -> tuple[Bars, ...]:
    """Accuracies with and without what leaks, each pair over the same queries."""
    e = numbers.estimates
    ways: tuple[tuple[str, str, Role], ...] = (
        ("accuracy_with_copies", "All enrolled", "context"),
        ("accuracy_without_copies", "Without copies of the query", "main"),
        ("accuracy_among_as_many", "As many rows, of any group", "context"),
        ("accuracy_without_own_group", "Without the query's own group", "main"),
    )
    parts = {"owed_to_copies": "copies", "owed_to_own_group": "own groups"}
    owed = [name for name in parts if name in e]
    if not owed:
        return ()
    most = max(owed, key=lambda name: e[name].value)
    title = f"Owed to {parts[most]}: {e[most].text().split(' [')[0]} of the accuracy"
    bars = [Bar.of(label, e[name], role) for name, label, role in ways if name in e]
    return (Bars.of(title, "1-NN accuracy", bars),)


def copies_table(space: Geometry, numbers: Leakage) -> tuple[Table, ...]:
    """Leaked queries with their copies, nearest first, each pair once."""
    found, evaluation = numbers.copies, space.evaluation
    queries = evaluation.queries[found.leaked]
    pairs: dict[frozenset[int], dict[str, str]] = {}
    for at in np.lexsort((queries, found.distance)).tolist():
        query, copy = int(queries[at]), int(found.copy[at])
        pair = frozenset((query, copy))
        if pair in pairs or len(pairs) == COPIES_SHOWN:
            continue
        pairs[pair] = {
            "row": f"{query:,}",
            "class": evaluation.classes[evaluation.codes[query]],
            "its copy, row": f"{copy:,}",
            "class of the copy": evaluation.classes[evaluation.codes[copy]],
            "distance": f"{found.distance[at]:.3g}",
        }
    if not pairs:
        return ()
    alt = f"The nearest pairs; {found.foreign:,} copies are of another class than the query."
    rows = list(pairs.values())
    return (Table.of("Queries and their copies", alt, rows, words=("class", "class of the copy")),)


def _round(x: float, towards: Callable[[float], float]) -> float:
    """Two digits: ends of an axis that can be read."""
    unit = 10.0 ** (np.floor(np.log10(x)) - 1)
    return float(f"{towards(x / unit) * unit:.2g}")


def _cumulative(distances: Reals, grid: Reals) -> Reals:
    return np.asarray(np.searchsorted(np.sort(distances), grid, side="right") / len(distances))


def _half(line: Series) -> float:
    return next((x for x, y in zip(line.x, line.y, strict=True) if y >= 0.5), line.x[-1])
