"""Which pictures show how rows trained on, held out and unseen compare?"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.findings.charts import Bar, Bars, Curve, Series, Table
from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.stats.intervals import share_interval

from .gaps import UNSEEN, Comparison, Gaps
from .parts import Part

CLASSES_SHOWN = 12


def accuracy_bars(numbers: Gaps) -> tuple[Bars, ...]:
    """Both sides of each comparison, 1-NN and triplets."""
    charts = []
    for found in (numbers.held_out, numbers.unseen):
        if found is None:
            continue
        bars = []
        for what, pair in (("1-NN", found.accuracies), ("triplets", found.triplets)):
            for side, e, role in zip(
                (found.trained, found.other), pair, ("second", "main"), strict=True
            ):
                bars.append(_bar(f"{what}, {_name(side)}", e, role))
        charts.append(
            Bars(
                title=f"The same question among {found.identities:,} classes, as many rows of each",
                alt="; ".join(f"{b.label}: {100 * b.value:.1f} %" for b in bars) + ".",
                value_label="share right"
                + (", with 95 % interval" if any(b.low is not None for b in bars) else ""),
                bars=tuple(bars),
            )
        )
    return tuple(charts)


def identity_curves(numbers: Gaps) -> tuple[Curve, ...]:
    """A_id(G) of both sides of each comparison, up to the classes that both have."""
    curves = []
    for found in (numbers.held_out, numbers.unseen):
        if found is None or found.identities < 3:  # one point is no curve
            continue
        lines = [
            _line(found.trained, found.identities, "second"),
            _line(found.other, found.identities, "main"),
        ]
        names = f"those of '{found.trained.name}'", _titled(found)
        curves.append(
            Curve(
                title=_curve_title(found, *names),
                alt=(
                    "Share recognised against the number of classes, at the same rows a class. "
                    + "; ".join(
                        f"{line.name}: {100 * line.y[0]:.1f} % among {line.x[0]:,.0f}, "
                        f"{100 * line.y[-1]:.1f} % among {line.x[-1]:,.0f}"
                        for line in lines
                    )
                    + "."
                ),
                x_label="classes among which a row is recognised, its own among them",
                y_label="share of rows recognised",
                series=tuple(lines),
                x_scale="log",
            )
        )
    return tuple(curves)


def falling_classes(space: Geometry, numbers: Gaps) -> tuple[Table, ...]:
    """The classes whose held-out rows are recognised least, against their rows in the gallery."""
    found = numbers.held_out
    if found is None:
        return ()
    before, after = found.trained.recall, found.other.recall
    fall = before - after
    order = np.lexsort((np.arange(len(fall)), after, -fall))[:CLASSES_SHOWN]
    order = order[fall[order] > 0]
    if not len(order):
        return ()
    classes = space.evaluation.classes
    rows = tuple(
        (
            classes[found.trained.class_ids[c]],
            f"{found.trained.take[c]:,}",
            f"{100 * before[c]:.0f} %",
            f"{100 * after[c]:.0f} %",
            f"{100 * fall[c]:.0f} points",
        )
        for c in order.tolist()
    )
    down, up = int((fall > 0).sum()), int((fall < 0).sum())
    return (
        Table(
            title="The classes that fall most",
            alt=(
                f"{down:,} of {len(fall):,} classes are recognised less often in {found.other.name} than in "
                f"{found.trained.name}, {up:,} more often; the {len(rows)} that fall most are listed, the "
                f"first from {rows[0][2]} to {rows[0][3]}."
            ),
            columns=("class", "rows each", found.trained.name, found.other.name, "falls by"),
            rows=rows,
            numeric=(False, True, True, True, True),
        ),
    )


def _curve_title(found: Comparison, trained: str, other: str) -> str:
    interval = found.gap[1]
    if interval.low is not None and interval.low > 0:
        return f"{other} are recognised less often than {trained}"
    if interval.high is not None and interval.high < 0:
        return f"{other} are recognised more often than {trained}"
    return f"{other} and {trained}: no difference can be told"


def _line(side: Part, identities: int, role: str) -> Series:
    kept = np.flatnonzero(side.grid <= identities)
    values = side.curve[kept]
    without = side.curve_without[:, kept]
    intervals = [
        share_interval(float(v), without[:, i], side.classes) for i, v in enumerate(values)
    ]
    low = [i.low for i in intervals if i.low is not None]
    high = [i.high for i in intervals if i.high is not None]
    whole = len(low) == len(kept)
    return Series.model_validate(
        {
            "name": _name(side),
            "x": tuple(float(g) for g in side.grid[kept]),
            "y": tuple(values.tolist()),
            "low": tuple(low) if whole else (),
            "high": tuple(high) if whole else (),
            "role": role,
        }
    )


def _name(side: Part) -> str:
    return UNSEEN if side.name == UNSEEN else f"{side.name} rows"


def _titled(found: Comparison) -> str:
    return f"Rows of '{found.other.name}'" if found.paired else "Rows of unseen classes"


def _bar(label: str, e: Estimate, role: str) -> Bar:
    return Bar.model_validate(
        {"label": label, "value": e.value, "low": e.low, "high": e.high, "role": role}
    )
