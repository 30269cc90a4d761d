"""Which strangers are let in, and for whom are they taken?"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.data.arrays import Reals, Rows
from embedding_second_opinion.findings.charts import Example, Examples, Table
from embedding_second_opinion.findings.wording import are, commonest, number
from embedding_second_opinion.geometry.examples import (
    ANSWERS_SHOWN,
    CLASSES_SHOWN,
    one_a_class,
    sample,
)
from embedding_second_opinion.geometry.geometry import NEIGHBORS, Geometry

from .found import OpenSet

SAMPLES_SHOWN = 8


def open_doors(space: Geometry, seen: OpenSet) -> tuple[Table, ...]:
    """The enrolled classes that let most strangers in; nothing where none is let in."""
    strange = seen.sides.strange
    inside = strange.distance <= seen.threshold
    if not inside.any():
        return ()
    names = space.evaluation.classes
    door, who = strange.nearest[inside], strange.own[inside]
    codes, counts = np.unique(door, return_counts=True)
    people = np.array([len(np.unique(who[door == code])) for code in codes])
    order = np.lexsort((codes, -people, -counts))[:CLASSES_SHOWN]
    rows = []
    for at in order:
        rows.append(
            {
                "enrolled class": names[int(codes[at])],
                "strangers taken for it": f"{counts[at]:,}",
                "of classes": f"{people[at]:,}",
                "most of them": commonest(names[c] for c in np.sort(who[door == codes[at]])),
            }
        )
    title = "The enrolled classes that let most strangers in"
    worst = rows[0]
    alt = (
        f"{number(int(inside.sum()), 'stranger')} let in by {number(len(codes), 'class')} of "
        f"{space.ranks.classes:,} enrolled; most by '{worst['enrolled class']}': "
        f"{worst['strangers taken for it']}."
    )
    return (Table.of(title, alt, rows, words=("enrolled class", "most of them")),)


def nearest_strangers(space: Geometry, seen: OpenSet) -> tuple[Examples, ...]:
    """The strangers let in that are nearest to the gallery, one a class, with what they were taken for."""
    strange = seen.sides.strange
    inside = np.flatnonzero(strange.distance <= seen.threshold)
    order = inside[np.lexsort((strange.rows[inside], strange.distance[inside]))]
    shown = one_a_class(order, strange.own, SAMPLES_SHOWN)
    if not len(shown):
        return ()
    rows, distances = _listed(space, seen)
    examples = []
    for at in shown.tolist():
        row = int(strange.rows[at])
        others = (rows[at] >= 0) & (space.evaluation.codes[rows[at]] != strange.own[at])
        answers = zip(rows[at][others].tolist(), distances[at][others].tolist(), strict=True)
        examples.append(
            Example(
                query=sample(space, row, None, row),
                answers=tuple(sample(space, r, d, row) for r, d in list(answers)[:ANSWERS_SHOWN]),
                note=f"{strange.distance[at]:.3g} away, the threshold is {seen.threshold:.3g}",
            )
        )
    of = number(len(strange.rows), "query" if seen.sides.rehearsal else "stranger")
    who = f"{of} whose class is taken out" if seen.sides.rehearsal else of
    shown_words = "nearest" if len(examples) == 1 else f"{len(examples)} nearest, one a class,"
    return (
        Examples(
            title="Strangers let in, nearest first, and what they were taken for",
            alt=(
                f"{len(inside):,} of {who} {are(len(inside))} let in; shown: the {shown_words} with the "
                "enrolled rows nearest to each."
            ),
            examples=tuple(examples),
        ),
    )


def _listed(space: Geometry, seen: OpenSet) -> tuple[Rows, Reals]:
    if not seen.sides.rehearsal:
        return space.strangers.rows, space.strangers.distances
    near, a = space.neighbors(NEIGHBORS), space.ranks.anchors
    return near.rows[a], near.distances[a]
