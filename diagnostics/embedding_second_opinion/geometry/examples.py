"""How does a query stand beside its nearest enrolled rows? One example for a chart."""

from __future__ import annotations

from embedding_second_opinion.findings.charts import Example, Sample, Thumbnail
from embedding_second_opinion.geometry.geometry import Geometry

ANSWERS_SHOWN = 5


def example(space: Geometry, q: int, note: str) -> Example:
    """The query at position ``q`` with its nearest enrolled rows."""
    neighbors = space.neighbors(ANSWERS_SHOWN)
    row = int(space.evaluation.queries[q])
    answers = tuple(
        _sample(space, int(r), float(d), row)
        for r, d in zip(neighbors.rows[q], neighbors.distances[q], strict=True)
        if r >= 0
    )
    return Example(query=_sample(space, row, None, row), answers=answers, note=note)


def _sample(space: Geometry, row: int, distance: float | None, query: int) -> Sample:
    evaluation = space.evaluation
    images = evaluation.data.images if evaluation.data is not None else None
    match = None if row == query else bool(evaluation.codes[row] == evaluation.codes[query])
    return Sample(
        row=row,
        label=evaluation.classes[int(evaluation.codes[row])],
        distance=distance,
        match=match,
        image=None if images is None else Thumbnail.of(images[row]),
    )
