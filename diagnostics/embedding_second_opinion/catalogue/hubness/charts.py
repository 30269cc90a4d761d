"""Which pictures show hubs: what they cost, how much of the neighbourhoods they fill, and which they are?"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.findings.charts import Bar, Bars, Curve, Examples, Series, Table
from embedding_second_opinion.findings.wording import number, percent
from embedding_second_opinion.geometry.examples import example
from embedding_second_opinion.geometry.geometry import Geometry

from .numbers import TOP, Hubness
from .occurrences import K
from .surrogate import DRAWS, SHARES, held

HUBS_SHOWN = 12
EXAMPLES_SHOWN = 8


def worth_chart(numbers: Hubness) -> Bars:
    """Accuracy of the nearest row, and corrected where a hub is nearest and everywhere."""
    e = numbers.estimates
    bars = [
        Bar.of("Nearest row", e["closed_set_accuracy"], "context"),
        Bar.of("Corrected where a hub is nearest", e["at_hubs_accuracy"]),
        Bar.of("Corrected everywhere (CSLS)", e["csls_accuracy"], "second"),
    ]
    points = numbers.harm.text().split(" points")[0]
    title = f"Where a hub had answered, the correction gives back {points} points"
    return Bars.of(title, "1-NN accuracy", bars)


def crowd_chart(numbers: Hubness) -> Curve:
    """What share of all neighbours the most frequent rows are, here and in a cloud of the same shape."""
    surrogate = numbers.surrogate
    own = held(numbers.found.counts) if surrogate is None else surrogate.held
    lines = [Series.of("this set", SHARES, own)]
    at = int(np.searchsorted(SHARES, TOP))
    share, beside = percent(own[at]), ""
    if surrogate is not None:
        draws = surrogate.held_draws
        bounds = (draws.min(axis=0), draws.max(axis=0))
        lines.append(Series.of("Gaussian", SHARES, draws.mean(axis=0), "second", bounds))
        beside = f", in {DRAWS} Gaussian clouds of the same shape {percent(draws[:, at].mean())}"
    rows = "the rows"
    if surrogate is not None and not surrogate.whole:
        rows = f"{number(surrogate.rows)} compared"
    return Curve(
        title=f"1 % of {rows} are {share} of all neighbours",
        alt=f"Of {rows}, the 1 % that occur most are {share} of all neighbours{beside}.",
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
