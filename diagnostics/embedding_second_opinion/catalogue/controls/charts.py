"""Which picture shows what the model adds? Its numbers beside those without it."""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.findings.charts import Bar, Bars, Role, Table
from embedding_second_opinion.findings.wording import capital, number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.stats import surface

from .numbers import Controlled

CLASSES_SHOWN = 12


def accuracy_chart(numbers: Controlled) -> Bars:
    """1-NN accuracy of the model, the controls, the projection, and of permuted labels."""
    bars = []
    for each in numbers.everyone:
        role: Role = "main" if each is numbers.model else "second"
        if each is numbers.projection:
            role = "context"
        accuracy = numbers.estimates[f"closed_set_accuracy{f'_{each.name}' if each.name else ''}"]
        bars.append(Bar.of(capital(each.words), accuracy, role))
    bars.append(Bar(label="Permuted labels", value=numbers.permuted.accuracy, role="context"))
    best = numbers.best
    ahead = 100 * (numbers.model.closed - best.closed)
    far = f"{_points(abs(ahead))} {'better' if ahead > 0 else 'worse'}" if ahead else "no better"
    return Bars.of(f"The model is {far} than {best.words}", "1-NN accuracy", bars)


def numbers_table(numbers: Controlled) -> Table:
    """Every headline number, with and without the model."""
    named = {
        "triplet accuracy": "triplet_accuracy",
        "1-NN accuracy": "closed_set_accuracy",
        "recall@10": "recall_at_10",
    }
    rows = []
    for each in numbers.everyone:
        end = f"_{each.name}" if each.name else ""
        first = {"vectors": capital(each.words), "dimensions": f"{each.dimensions:,}"}
        texts = {column: numbers.estimates[f"{name}{end}"].text() for column, name in named.items()}
        rows.append({**first, **texts})
    right = numbers.permuted
    chance = f"{100 * right.accuracy:.2f} % ({100 * right.chance:.2f} %)"
    last = {"vectors": "Permuted labels (chance)", "1-NN accuracy": chance}
    rows.append({**dict.fromkeys(rows[0], ""), **last})
    alt = "; ".join(f"{row['vectors']}: 1-NN {row['1-NN accuracy']}" for row in rows) + "."
    title = "The same evaluation, with and without the model"
    return Table.of(title, alt, rows, ("vectors",))


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
        {
            "class": space.evaluation.classes[numbers.model.ranks.class_ids[c]],
            "queries": f"{counts[c]:,}",
            "the model": f"{100 * ours[c]:.0f} %",
            best.words: f"{100 * theirs[c]:.0f} %",
        }
        for c in order.tolist()
        if behind[c] > 1e-9
    ]
    if not rows:
        return ()
    title = f"Classes that {best.words} recognises better than the model"
    alt = (
        f"{best.words} recognises {int((behind > 1e-9).sum()):,} of "
        f"{number(int((counts > 0).sum()), 'class')} better; listed: {number(len(rows), 'class')}."
    )
    return (Table.of(title, alt, rows, ("class",)),)


def _points(value: float) -> str:
    text = f"{value:.1f}"
    return f"{text} point" if text == "1.0" else f"{text} points"
