"""Which strangers are let in, and for whom are they taken?"""

from __future__ import annotations

from collections import Counter

import numpy as np

from embedding_second_opinion.findings.charts import Example, Examples, Sample, Table, Thumbnail
from embedding_second_opinion.findings.wording import are, number
from embedding_second_opinion.geometry.geometry import NEIGHBORS, Geometry
from embedding_second_opinion.geometry.passes.ranks import Ints, Reals
from embedding_second_opinion.geometry.passes.source import Rows

from .found import OpenSet

CLASSES_SHOWN = 12
SAMPLES_SHOWN = 8
ANSWERS_SHOWN = 5


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
        visitors = Counter(who[door == codes[at]].tolist())
        first = sorted(visitors.items(), key=lambda item: (-item[1], item[0]))[:3]
        rows.append(
            (
                names[int(codes[at])],
                f"{counts[at]:,}",
                f"{people[at]:,}",
                ", ".join(f"{names[code]} ({n})" for code, n in first),
            )
        )
    return (
        Table(
            title="The enrolled classes that let most strangers in",
            alt=(
                f"{number(int(inside.sum()), 'stranger')} let in by {number(len(codes), 'class')} of "
                f"{space.ranks.classes:,} enrolled; listed by how many, first '{rows[0][0]}' with "
                f"{rows[0][1]}{'' if len(rows) == len(codes) else f'; the first {len(rows)} are shown'}."
            ),
            columns=("enrolled class", "strangers taken for it", "of classes", "most of them"),
            rows=tuple(rows),
            numeric=(False, True, True, False),
        ),
    )


def nearest_strangers(space: Geometry, seen: OpenSet) -> tuple[Examples, ...]:
    """The strangers let in that are nearest to the gallery, one a class, with what they were taken for."""
    strange = seen.sides.strange
    inside = np.flatnonzero(strange.distance <= seen.threshold)
    order = inside[np.lexsort((strange.rows[inside], strange.distance[inside]))]
    _, first = np.unique(strange.own[order], return_index=True)
    shown = order[np.sort(first)][:SAMPLES_SHOWN]
    if not len(shown):
        return ()
    rows, distances = _listed(space, seen)
    examples = []
    for at in shown.tolist():
        own = int(strange.own[at])
        answers = [
            (int(r), float(d))
            for r, d in zip(rows[at], distances[at], strict=True)
            if r >= 0 and space.evaluation.codes[r] != own
        ] or [(-1, float(strange.distance[at]))]
        examples.append(
            Example(
                query=_sample(space, int(strange.rows[at]), None),
                answers=tuple(_sample(space, r, d) for r, d in answers[:ANSWERS_SHOWN] if r >= 0),
                note=f"{strange.distance[at]:.3g} away, the threshold is {seen.threshold:.3g}",
            )
        )
    of = len(strange.rows)
    who = (
        f"{number(of, 'query')} whose class is taken out"
        if seen.sides.rehearsal
        else number(of, "stranger")
    )
    shown_words = (
        "shown is the nearest, with its nearest enrolled rows"
        if len(examples) == 1
        else f"shown are the {len(examples)} nearest, one a class, each with its nearest enrolled rows"
    )
    return (
        Examples(
            title="Strangers let in, nearest first, and what they were taken for",
            alt=(f"{len(inside):,} of {who} {are(len(inside))} let in; {shown_words}."),
            examples=tuple(examples),
        ),
    )


def _listed(space: Geometry, seen: OpenSet) -> tuple[Rows, Reals]:
    if not seen.sides.rehearsal:
        return space.strangers.rows, space.strangers.distances
    near, a = space.neighbors(NEIGHBORS), space.ranks.anchors
    return near.rows[a], near.distances[a]


def _sample(space: Geometry, row: int, distance: float | None) -> Sample:
    evaluation = space.evaluation
    images = evaluation.data.images if evaluation.data is not None else None
    codes: Ints = evaluation.codes
    return Sample(
        row=row,
        label=evaluation.classes[int(codes[row])],
        distance=distance,
        match=None if distance is None else False,
        image=None if images is None else Thumbnail.of(images[row]),
    )
