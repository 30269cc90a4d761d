"""Which pictures show where two models differ?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import binomtest, false_discovery_control

from embedding_second_opinion.data.arrays import Ints
from embedding_second_opinion.findings.charts import Bar, Bars, Curve, Examples, Series, Table
from embedding_second_opinion.geometry.examples import example
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.stats.surface import identity_curve

from .paired import Difference

CLASSES_SHOWN = 12
SAMPLES_SHOWN = 6


def differences_chart(paired: Sequence[Difference], names: Sequence[str]) -> Bars:
    """What each number changes by."""
    bars = [
        Bar.of(each.name.replace("_", " "), each.change, "second" if each.sure else "context")
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
    rows = [
        {
            "number": each.name,
            names[0]: f"{100 * each.first:.1f} %",
            names[1]: f"{100 * each.second:.1f} %",
            "difference": each.change.text(),
            "p (Holm)": "" if each.p is None else _small(each.p),
        }
        for each in (*paired, *rest)
    ]
    alt = f"{len(rows)} numbers of {names[0]} and {names[1]}."
    return Table.of("Every number of both", alt, rows, words=("number",))


def _small(p: float) -> str:
    return f"{p:.3f}" if p >= 0.001 else "< 0.001"


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
            series=(
                Series.of(names[0], grids[0], lines[0], "second"),
                Series.of(names[1], grids[1], lines[1]),
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
    rows = [
        {
            "class": classes[ids[changed[i]]],
            "queries": f"{asked[changed[i]]:,}",
            "only second right": f"{won[changed[i]]:,}",
            "only first right": f"{lost[changed[i]]:,}",
            "net": f"{net[i]:+d}",
            "q-value": _small(q[i]),
        }
        for i in order.tolist()
    ]
    alt = (
        f"{len(rows)} of {len(changed):,} classes with queries that only one model answers rightly."
    )
    return (Table.of("The classes that change most", alt, rows, words=("class",)),)


def changed_samples(
    first: Geometry, second: Geometry, names: Sequence[str]
) -> tuple[Examples, ...]:
    """Queries that only one of them answers rightly, the clearest first, with the answers of the other."""
    right = [space.ranks.right > 0 for space in (first, second)]
    able = np.zeros(len(right[0]), dtype=np.bool_)
    able[first.ranks.anchors] = True
    charts = []
    for one, other, space in ((0, 1, second), (1, 0, first)):
        rows = np.flatnonzero(right[one] & ~right[other] & able)
        if not len(rows):
            continue
        # The more classes stand before the right one, the clearer the change.
        order = rows[np.lexsort((rows, -space.ranks.z[rows]))][:SAMPLES_SHOWN]
        charts.append(
            Examples(
                title=f"Only {names[one]} answers these; what {names[other]} says",
                alt=f"{len(rows):,} queries in all; shown are the {len(order)} most clearly wrong.",
                examples=tuple(example(space, int(q), "") for q in order),
            )
        )
    return tuple(charts)
