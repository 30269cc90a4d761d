"""Which pictures show where two models differ?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import binomtest, false_discovery_control

from embedding_second_opinion.findings.charts import Bar, Bars, Curve, Examples, Series, Table
from embedding_second_opinion.geometry.examples import example
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.ranks import Ints
from embedding_second_opinion.stats.surface import identity_curve

from .paired import Difference

CLASSES_SHOWN = 12
SAMPLES_SHOWN = 6


def differences_chart(paired: Sequence[Difference], names: Sequence[str]) -> Bars:
    """What each number changes by."""
    bars = [
        Bar(
            label=each.name.replace("_", " "),
            value=each.change.value,
            low=each.change.low,
            high=each.change.high,
            role="second" if each.sure else "context",
        )
        for each in paired
    ]
    return Bars(
        title=f"What changes from {names[0]} to {names[1]}",
        alt="; ".join(f"{each.name} {each.change.text()}" for each in paired) + ".",
        value_label="second less first, in points, with 95 % interval",
        bars=tuple(bars),
        points=True,
    )


def number_table(
    paired: Sequence[Difference], rest: Sequence[Difference], names: Sequence[str]
) -> Table:
    """Both values of each number, the difference, and its p-value."""
    rows = tuple(
        (
            each.name,
            f"{100 * each.first:.1f} %",
            f"{100 * each.second:.1f} %",
            each.change.text(),
            "" if each.p is None else f"{each.p:.3f}" if each.p >= 0.001 else "< 0.001",
        )
        for each in (*paired, *rest)
    )
    return Table(
        title="Every number of both",
        alt=f"{len(rows)} numbers of {names[0]} and {names[1]}, their differences and p-values (Holm).",
        columns=("number", names[0], names[1], "difference", "p (Holm)"),
        rows=rows,
        numeric=(False, True, True, True, True),
    )


def identity_chart(first: Geometry, second: Geometry, names: Sequence[str]) -> tuple[Curve, ...]:
    """How both fall as the gallery grows to all its classes; nothing to see where there are two."""
    grids = [tuple(float(g) for g in space.ranks.id_grid) for space in (first, second)]
    if len(grids[0]) < 2:
        return ()
    lines = [tuple(identity_curve(space.ranks).tolist()) for space in (first, second)]
    ends = "; ".join(
        f"{name} {100 * line[0]:.1f} % among {grid[0]:.0f}, {100 * line[-1]:.1f} % among {grid[-1]:.0f}"
        for name, line, grid in zip(names, lines, grids, strict=True)
    )
    return (
        Curve(
            title="Both, as the gallery grows",
            alt=f"{ends}.",
            x_label="enrolled classes",
            y_label="1-NN accuracy",
            x_scale="log",
            series=tuple(
                Series(name=name, x=grid, y=line, role=role)
                for name, grid, line, role in zip(
                    names, grids, lines, ("second", "main"), strict=True
                )
            ),
        ),
    )


def class_table(
    first: Geometry, counts: tuple[Ints, Ints, Ints], names: Sequence[str]
) -> tuple[Table, ...]:
    """The classes that change most, with an exact test of their changed queries (McNemar)."""
    asked, lost, won = counts
    changed = np.flatnonzero(lost + won)
    if not len(changed):
        return ()
    p = np.array([binomtest(int(won[c]), int(won[c] + lost[c])).pvalue for c in changed])
    q = false_discovery_control(p)
    net = (won - lost)[changed]
    order = np.lexsort((changed, -np.abs(net)))[:CLASSES_SHOWN]
    classes, ids = first.evaluation.classes, first.ranks.class_ids
    rows = tuple(
        (
            classes[ids[changed[i]]],
            f"{asked[changed[i]]:,}",
            f"{won[changed[i]]:,}",
            f"{lost[changed[i]]:,}",
            f"{net[i]:+d}",
            f"{q[i]:.3f}" if q[i] >= 0.001 else "< 0.001",
        )
        for i in order.tolist()
    )
    return (
        Table(
            title="The classes that change most",
            alt=(
                f"{len(changed):,} classes have queries that only one of {names[0]} and {names[1]} answers "
                f"rightly; listed are the {len(rows)} whose count changes most."
            ),
            columns=("class", "queries", "only second right", "only first right", "net", "q-value"),
            rows=rows,
            numeric=(False, True, True, True, True, True),
        ),
    )


def changed_samples(
    first: Geometry, second: Geometry, names: Sequence[str]
) -> tuple[Examples, ...]:
    """Queries that only one of them answers rightly, the clearest first, with the answers of the other."""
    right = [space.ranks.right > 0 for space in (first, second)]
    able = np.zeros(len(right[0]), dtype=np.bool_)
    able[first.ranks.anchors] = True
    charts = []
    for title, space, these in (
        (
            f"Only {names[0]} answers these; what {names[1]} says",
            second,
            right[0] & ~right[1] & able,
        ),
        (
            f"Only {names[1]} answers these; what {names[0]} says",
            first,
            right[1] & ~right[0] & able,
        ),
    ):
        rows = np.flatnonzero(these)
        if not len(rows):
            continue
        # The more classes stand before the right one, the clearer the change.
        order = rows[np.lexsort((rows, -space.ranks.z[rows]))][:SAMPLES_SHOWN]
        charts.append(
            Examples(
                title=title,
                alt=f"{len(rows):,} queries in all; shown are the {len(order)} most clearly wrong.",
                examples=tuple(example(space, int(q), "") for q in order),
            )
        )
    return tuple(charts)
