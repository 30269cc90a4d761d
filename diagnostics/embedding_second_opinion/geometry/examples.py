"""Which queries and classes are worth showing? An example for a chart, and a table of classes."""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.findings.charts import Example, Sample, Table, Thumbnail
from embedding_second_opinion.findings.wording import number

from .geometry import Geometry

ANSWERS_SHOWN = 5
CLASSES_SHOWN = 12


def example(space: Geometry, q: int, note: str) -> Example:
    """The query at position ``q`` with its nearest enrolled rows."""
    neighbors = space.neighbors(ANSWERS_SHOWN)
    row = int(space.evaluation.queries[q])
    answers = tuple(
        sample(space, int(r), float(d), row)
        for r, d in zip(neighbors.rows[q], neighbors.distances[q], strict=True)
        if r >= 0
    )
    return Example(query=sample(space, row, None, row), answers=answers, note=note)


def one_a_class(order: Ints, codes: Ints, many: int) -> Ints:
    """The first ``many`` of an order, one a class, or one bad class would fill the list.

    codes: class of everything that ``order`` points at.
    """
    first = np.unique(codes[order], return_index=True)[1]
    return order[np.sort(first)][:many]


def most(amount: Ints | Reals, share: Reals) -> Ints:
    """The classes with the largest share, of these with the largest amount; none without any."""
    order = np.lexsort((np.arange(len(amount)), -amount, -share))[:CLASSES_SHOWN]
    return np.asarray(order[amount[order] > 0])


def gaining(
    space: Geometry, asked: Ints, before: Ints, after: Ints, title: str, now: str, then: str
) -> tuple[Table, ...]:
    """The classes of the gallery of which most is gained: right answers (K,) before and after a change.

    asked: (K,) queries of each. now, then: the heads of the two columns. Nothing where no class gains.
    """
    gained = after - before
    share = gained / np.maximum(asked, 1)
    order = most(gained, share)
    if not len(order):
        return ()
    classes, ids = space.evaluation.classes, space.ranks.class_ids
    rows = tuple(
        (
            classes[ids[c]],
            f"{asked[c]:,}",
            f"{before[c]:,}",
            f"{after[c]:,}",
            f"{100 * share[c]:.0f} points",
        )
        for c in order.tolist()
    )
    up, down = int((gained > 0).sum()), int((gained < 0).sum())
    alt = (
        f"Classes that gain: {up:,} of {np.count_nonzero(asked):,}, that lose: {down:,}; listed by what they "
        f"gain: {len(rows)}, the first from {rows[0][2]} to {rows[0][3]} of "
        f"{number(int(asked[order[0]]), 'query')}."
    )
    columns = ("class", "queries", now, then, "gain")
    return (Table(title=title, alt=alt, columns=columns, rows=rows, numeric=(False, *[True] * 4)),)


def sample(space: Geometry, row: int, distance: float | None, query: int) -> Sample:
    """A row as an answer to a query, both by their row numbers; the query itself has no match.

    distance: between the two, None for the query.
    """
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
