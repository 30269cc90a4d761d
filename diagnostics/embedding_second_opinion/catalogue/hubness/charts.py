"""Which pictures show hubs: how much of the neighbourhoods they fill, and which they are?"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.findings.charts import Curve, Examples, Series, Table
from embedding_second_opinion.findings.wording import number, percent
from embedding_second_opinion.geometry.examples import example
from embedding_second_opinion.geometry.geometry import Geometry

from .numbers import TOP, Hubness
from .occurrences import K
from .surrogate import SHARES, held

HUBS_SHOWN = 12
EXAMPLES_SHOWN = 8


def crowd_chart(numbers: Hubness) -> Curve:
    """What share of all neighbours the most frequent rows are, here and in a cloud of the same shape."""
    surrogate = numbers.surrogate
    own = held(numbers.found.counts) if surrogate is None else surrogate.held
    lines, rows = [Series.of("this set", SHARES, own)], "the rows"
    if surrogate is not None:
        draws = surrogate.held_draws
        bounds = (draws.min(axis=0), draws.max(axis=0))
        lines.append(Series.of("Gaussian", SHARES, draws.mean(axis=0), "second", bounds))
        if not surrogate.whole:
            rows = f"{number(surrogate.rows)} compared"
    at = int(np.searchsorted(SHARES, TOP))
    shares = ", ".join(f"{line.name}: {percent(line.y[at])}" for line in lines)
    return Curve(
        title=f"1 % of {rows} are {percent(own[at])} of all neighbours",
        alt=f"Share of all neighbours that the most frequent 1 % of {rows} are. {shares}.",
        x_label="share of the enrolled rows, the most frequent first",
        y_label=f"share of the {K} nearest of all queries",
        series=tuple(lines),
        x_scale="log",
    )


def hubs_table(space: Geometry, numbers: Hubness) -> tuple[Table, ...]:
    """The rows that occur most often, and what their answers are worth."""
    found, correction, evaluation = numbers.found, numbers.correction, space.evaluation
    places = np.flatnonzero(numbers.hubs)
    order = places[np.lexsort((evaluation.enrolled[places], -found.counts[places]))]
    if not len(order):
        return ()
    wrong = correction.nearest.right == 0
    regained = wrong & (correction.csls.right > 0)
    rows = []
    for at in order[:HUBS_SHOWN].tolist():
        row, here = int(evaluation.enrolled[at]), correction.answered == at
        by = found.own[(found.near == at).any(axis=1)]
        rows.append(
            {
                "row": f"{row:,}",
                "class": evaluation.classes[evaluation.codes[row]],
                f"among the {K} nearest of": f"{found.counts[at]:,}",
                "classes of these": f"{len(np.unique(by)):,}",
                "nearest of": f"{np.count_nonzero(here):,}",
                "wrong": f"{np.count_nonzero(here & wrong):,}",
                "regained": f"{np.count_nonzero(here & regained):,}",
            }
        )
    alt = f"{len(rows)} of {number(len(order), 'hub')}, the largest first."
    title = "The rows that are most often among the nearest"
    return (Table.of(title, alt, rows, words=("class",)),)


def lost_examples(space: Geometry, numbers: Hubness) -> tuple[Examples, ...]:
    """Queries that a hub answered wrongly and the correction rightly: one of each hub, the largest first."""
    correction, evaluation = numbers.correction, space.evaluation
    regained = correction.hub & (correction.nearest.right == 0) & (correction.csls.right > 0)
    at = np.flatnonzero(regained)
    if not len(at):
        return ()
    hub = correction.answered[at]
    rows = evaluation.queries[space.ranks.anchors[at]]
    order = np.lexsort((rows, evaluation.enrolled[hub], -numbers.found.counts[hub]))
    first = np.sort(np.unique(hub[order], return_index=True)[1])[:EXAMPLES_SHOWN]
    shown = []
    for i in order[first].tolist():
        note = (
            f"row {evaluation.enrolled[hub[i]]:,} is among the {K} nearest of "
            f"{numbers.found.counts[hub[i]]:,}; corrected: row {correction.corrected[at[i]]:,}"
        )
        shown.append(example(space, int(space.ranks.anchors[at[i]]), note))
    title = "Queries that a hub took, and the correction gives back"
    alt = f"{len(shown)} of {number(len(at), 'query')} that a hub took, one of each hub."
    return (Examples(title=title, alt=alt, examples=tuple(shown)),)
