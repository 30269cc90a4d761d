"""Which pictures show what leaks: distances that are too small, copies, and what they are worth?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from embedding_second_opinion.findings.charts import Bar, Bars, Curve, Mark, Series, Table
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.ranks import Reals

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
    lines = [_cumulative(who, queries, grid, "main")]
    if len(limits.own):
        lines.append(_cumulative(f"{evaluation.gallery_name} rows", limits.own, grid, "second"))
    share = numbers.copies.share
    title = (
        f"{100 * share:.1f} % of {who} have a copy: a row nearer than the dotted line"
        if share > 0
        else f"No {'row' if who == 'rows' else 'query'} is left of the dotted line, where copies are"
    )
    halves = "; ".join(f"{s.name}: median {_half(s):.3g}" for s in lines)
    return (
        Curve(
            title=title,
            alt=(
                f"Share of {who} whose nearest enrolled row is at most so far away. {halves}. "
                f"Copies are nearer than {limits.threshold:.3g}: {100 * share:.1f} %."
            ),
            x_label="distance to the nearest enrolled row",
            y_label="share that has a row at most so far away",
            series=tuple(lines),
            marks=(Mark(name="copies:", x=limits.threshold, y=share),),
            x_scale="log",
        ),
    )


def worth_chart(numbers: Leakage) -> tuple[Bars, ...]:
    """Accuracies with and without what leaks, each pair over the same queries."""
    wanted = (
        ("accuracy_with_copies", "All enrolled", "context"),
        ("accuracy_without_copies", "Without copies of the query", "main"),
        ("accuracy_among_as_many", "As many rows, of any group", "context"),
        ("accuracy_without_own_group", "Without the query's own group", "main"),
    )
    bars = []
    for name, label, role in wanted:
        if name in numbers.estimates:
            e = numbers.estimates[name]
            bars.append(
                Bar.model_validate(
                    {"label": label, "value": e.value, "low": e.low, "high": e.high, "role": role}
                )
            )
    owed = [
        (numbers.estimates[name], what)
        for name, what in (("owed_to_copies", "copies"), ("owed_to_own_group", "own groups"))
        if name in numbers.estimates
    ]
    if not owed:
        return ()
    most, what = max(owed, key=lambda pair: pair[0].value)
    points = most.text().split(" points")[0]
    points += " point is" if points == "1.0" else " points are"
    return (
        Bars(
            title=f"Of the accuracy, {points} owed to {what}",
            alt="; ".join(f"{bar.label} {100 * bar.value:.1f} %" for bar in bars) + ".",
            value_label="1-NN accuracy"
            + (", with 95 % interval" if any(bar.low is not None for bar in bars) else ""),
            bars=tuple(bars),
        ),
    )


def copies_table(space: Geometry, numbers: Leakage) -> tuple[Table, ...]:
    """Leaked queries with their copies, nearest first, each pair once."""
    found, evaluation = numbers.copies, space.evaluation
    queries = evaluation.queries[found.leaked]
    rows: list[tuple[str, ...]] = []
    seen: set[tuple[int, int]] = set()
    for at in np.lexsort((queries, found.distance)).tolist():
        query, copy = int(queries[at]), int(found.copy[at])
        pair = (min(query, copy), max(query, copy))
        if pair in seen:
            continue
        seen.add(pair)
        names = [evaluation.classes[evaluation.codes[row]] for row in (query, copy)]
        rows.append((f"{query:,}", names[0], f"{copy:,}", names[1], f"{found.distance[at]:.3g}"))
        if len(rows) == COPIES_SHOWN:
            break
    if not rows:
        return ()
    return (
        Table(
            title="Queries and their copies",
            alt=(
                f"{number(len(queries), 'query')} with a copy in the gallery, {found.foreign:,} of them "
                f"under another class; "
                f"{'the nearest pair is' if len(rows) == 1 else f'the {len(rows)} nearest pairs are'} listed."
            ),
            columns=("row", "class", "its copy, row", "class of the copy", "distance"),
            rows=tuple(rows),
            numeric=(True, False, True, False, True),
        ),
    )


def _round(x: float, towards: Callable[[float], float]) -> float:
    """Two digits: ends of an axis that can be read."""
    unit = 10.0 ** (np.floor(np.log10(x)) - 1)
    return float(f"{towards(x / unit) * unit:.2g}")


def _cumulative(name: str, distances: Reals, grid: Reals, role: str) -> Series:
    share = np.searchsorted(np.sort(distances), grid, side="right") / len(distances)
    return Series.model_validate({"name": name, "x": grid, "y": share, "role": role})


def _half(line: Series) -> float:
    return next((x for x, y in zip(line.x, line.y, strict=True) if y >= 0.5), line.x[-1])
