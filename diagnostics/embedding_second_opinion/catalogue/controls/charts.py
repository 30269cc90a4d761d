"""Which picture shows what the model adds? Its numbers beside those without it."""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.findings.charts import Bar, Bars, Table
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.stats import surface

from .contenders import Contender
from .numbers import Controlled

CLASSES_SHOWN = 12


def accuracy_chart(numbers: Controlled) -> Bars:
    """1-NN accuracy of the model, the controls, the projection, and of permuted labels."""
    bars = []
    for each in numbers.everyone:
        role = "main" if each is numbers.model else "second"
        if each is numbers.projection:
            role = "context"
        e = numbers.estimates[f"closed_set_accuracy{f'_{each.name}' if each.name else ''}"]
        bars.append(
            Bar.model_validate(
                {
                    "label": _title(each),
                    "value": e.value,
                    "low": e.low,
                    "high": e.high,
                    "role": role,
                }
            )
        )
    test = numbers.permuted
    bars.append(Bar(label="Permuted labels", value=test.accuracy, role="context"))
    best = numbers.best
    ahead = 100 * (numbers.model.closed - best.closed)
    title = (
        f"The model is {_points(ahead)} better than {best.words}"
        if ahead > 0
        else f"The model is {_points(-ahead)} worse than {best.words}"
        if ahead < 0
        else f"The model is no better than {best.words}"
    )
    return Bars(
        title=title,
        alt="; ".join(f"{bar.label} {100 * bar.value:.1f} %" for bar in bars) + ".",
        value_label="1-NN accuracy"
        + (", with 95 % interval" if any(bar.low is not None for bar in bars) else ""),
        bars=tuple(bars),
    )


def numbers_table(numbers: Controlled) -> Table:
    """Every headline number, with and without the model."""
    rows = []
    for each in numbers.everyone:
        end = f"_{each.name}" if each.name else ""
        texts = [
            numbers.estimates[f"{name}{end}"].text()
            for name in ("triplet_accuracy", "closed_set_accuracy", "recall_at_10")
        ]
        rows.append((_title(each), f"{each.dimensions:,}", *texts))
    right = numbers.permuted
    rows.append(
        (
            "Permuted labels (chance)",
            "",
            "",
            f"{100 * right.accuracy:.2f} % ({100 * right.chance:.2f} %)",
            "",
        )
    )
    return Table(
        title="The same evaluation, with and without the model",
        alt="; ".join(f"{row[0]}: 1-NN {row[3]}" for row in rows) + ".",
        columns=("vectors", "dimensions", "triplet accuracy", "1-NN accuracy", "recall@10"),
        rows=tuple(rows),
        numeric=(False, True, True, True, True),
    )


def classes_table(space: Geometry, numbers: Controlled) -> tuple[Table, ...]:
    """The classes that the best control recognises better than the model does; nothing without one."""
    best = numbers.best
    counts = surface.anchor_counts(numbers.model.ranks)
    ours, theirs = (
        np.where(counts > 0, surface.class_recall(each.ranks), 0.0)
        for each in (numbers.model, best)
    )
    behind = theirs - ours
    order = np.lexsort((np.arange(len(behind)), -counts, -behind))[:CLASSES_SHOWN]
    rows = [
        (
            space.evaluation.classes[numbers.model.ranks.class_ids[c]],
            f"{counts[c]:,}",
            f"{100 * ours[c]:.0f} %",
            f"{100 * theirs[c]:.0f} %",
        )
        for c in order.tolist()
        if behind[c] > 1e-9
    ]
    if not rows:
        return ()
    worse = int((behind > 1e-9).sum())
    return (
        Table(
            title=f"Classes that {best.words} recognises better than the model",
            alt=(
                f"{best.words} recognises {worse:,} of {number(int((counts > 0).sum()), 'class')} better; "
                f"listed: {number(len(rows), 'class')}, the largest difference first."
            ),
            columns=("class", "queries", "the model", best.words),
            rows=tuple(rows),
            numeric=(False, True, True, True),
        ),
    )


def _points(value: float) -> str:
    text = f"{value:.1f}"
    return f"{text} point" if text == "1.0" else f"{text} points"


def _title(each: Contender) -> str:
    return each.words[:1].upper() + each.words[1:]
