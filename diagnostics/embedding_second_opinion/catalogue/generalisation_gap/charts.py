"""Which pictures show how rows trained on, held out and unseen compare?"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.findings.charts import Bar, Bars, Curve, Role, Series, Table
from embedding_second_opinion.findings.wording import percent
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.stats.intervals import share_interval

from .gaps import UNSEEN, Comparison, Gaps
from .parts import Part

CLASSES_SHOWN = 12
ROLES: tuple[Role, Role] = ("second", "main")  # trained on, and the others


def accuracy_bars(numbers: Gaps) -> tuple[Bars, ...]:
    """Both sides of each comparison, 1-NN and triplets."""
    return tuple(
        Bars.of(
            f"The same question among {found.identities:,} classes, as many rows of each",
            "share right",
            [
                Bar.of(f"{what}, {_name(side)}", e, role)
                for what, pair in (("1-NN", found.accuracies), ("triplets", found.triplets))
                for side, e, role in zip((found.trained, found.other), pair, ROLES, strict=True)
            ],
        )
        for found in numbers.every
    )


def identity_curves(numbers: Gaps) -> tuple[Curve, ...]:
    """A_id(G) of both sides of each comparison, up to the classes that both have."""
    curves = []
    for found in numbers.every:
        if found.identities < 3:  # one point is no curve
            continue
        sides = zip((found.trained, found.other), ROLES, strict=True)
        lines = [_line(side, found.identities, role) for side, role in sides]
        ends = (f"{line.name}: {percent(line.y[-1])} among {line.x[-1]:,.0f}" for line in lines)
        curves.append(
            Curve(
                title=_curve_title(found),
                alt=f"{'; '.join(ends)}.",
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
    rows = [
        {
            "class": classes[found.trained.class_ids[c]],
            "rows each": f"{found.trained.take[c]:,}",
            f"{found.trained.name}": f"{100 * before[c]:.0f} %",
            f"{found.other.name}": f"{100 * after[c]:.0f} %",
            "falls by": f"{100 * fall[c]:.0f} points",
        }
        for c in order.tolist()
    ]
    down, up = int((fall > 0).sum()), int((fall < 0).sum())
    alt = f"{down:,} of {len(fall):,} classes fall, {up:,} rise; the {len(rows)} that fall most."
    return (Table.of("The classes that fall most", alt, rows, words=("class",)),)


def _curve_title(found: Comparison) -> str:
    trained, interval = f"those of '{found.trained.name}'", found.gap[1]
    other = f"Rows of '{found.other.name}'" if found.paired else "Rows of unseen classes"
    if interval.low is not None and interval.low > 0:
        return f"{other} are recognised less often than {trained}"
    if interval.high is not None and interval.high < 0:
        return f"{other} are recognised more often than {trained}"
    return f"{other} and {trained}: no difference can be told"


def _line(side: Part, identities: int, role: Role) -> Series:
    kept = np.flatnonzero(side.grid <= identities)
    values, without = side.curve[kept], side.curve_without[:, kept]
    pairs = zip(values.tolist(), without.T, strict=True)
    intervals = [share_interval(value, each, side.classes) for value, each in pairs]
    low = [i.low for i in intervals if i.low is not None]
    high = [i.high for i in intervals if i.high is not None]
    band = (low, high) if len(low) == len(kept) else ((), ())
    return Series.of(_name(side), side.grid[kept], values, role, band)


def _name(side: Part) -> str:
    return UNSEEN if side.name == UNSEEN else f"{side.name} rows"
