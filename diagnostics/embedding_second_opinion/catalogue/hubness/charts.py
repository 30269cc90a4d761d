"""Which pictures show hubs: what they cost, how much of the neighbourhoods they fill, and which they are?"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.findings.charts import (
    Bar,
    Bars,
    Curve,
    Example,
    Examples,
    Series,
    Table,
)
from embedding_second_opinion.findings.wording import are, number
from embedding_second_opinion.geometry.examples import example
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.ranks import Ints

from .numbers import TOP, Hubness
from .occurrences import K
from .surrogate import DRAWS, SHARES, held

HUBS_SHOWN = 12
EXAMPLES_SHOWN = 8


def worth_chart(numbers: Hubness) -> Bars:
    """Accuracy of the nearest row, and corrected where a hub is nearest and everywhere."""
    wanted = (
        ("closed_set_accuracy", "Nearest row", "context"),
        ("at_hubs_accuracy", "Corrected where a hub is nearest", "main"),
        ("csls_accuracy", "Corrected everywhere (CSLS)", "second"),
    )
    bars = []
    for name, label, role in wanted:
        e = numbers.estimates[name]
        bars.append(
            Bar.model_validate(
                {"label": label, "value": e.value, "low": e.low, "high": e.high, "role": role}
            )
        )
    points = numbers.harm.text().split(" points")[0]
    return Bars(
        title=f"Where a hub had answered, the correction gives back {points} points",
        alt="; ".join(f"{bar.label} {100 * bar.value:.1f} %" for bar in bars) + ".",
        value_label="1-NN accuracy"
        + (", with 95 % interval" if any(bar.low is not None for bar in bars) else ""),
        bars=tuple(bars),
    )


def crowd_chart(numbers: Hubness) -> Curve:
    """What share of all neighbours the most frequent rows are, here and in a cloud of the same shape."""
    surrogate = numbers.surrogate
    own = held(numbers.found.counts) if surrogate is None else surrogate.held
    lines = [Series.model_validate({"name": "this set", "x": SHARES, "y": own, "role": "main"})]
    at = int(np.searchsorted(SHARES, TOP))
    beside = ""
    if surrogate is not None:
        draws = surrogate.held_draws
        lines.append(
            Series.model_validate(
                {
                    "name": "Gaussian",
                    "x": SHARES,
                    "y": draws.mean(axis=0),
                    "low": draws.min(axis=0),
                    "high": draws.max(axis=0),
                    "role": "second",
                }
            )
        )
        beside = (
            f", in {DRAWS} Gaussian clouds of the same shape {100 * draws[:, at].mean():.1f} % (from "
            f"{100 * draws[:, at].min():.1f} to {100 * draws[:, at].max():.1f})"
        )
    part = surrogate is not None and not surrogate.whole
    rows = f"{number(surrogate.rows)} compared" if surrogate and part else "the rows"
    return Curve(
        title=f"1 % of {rows} are {100 * own[at]:.1f} % of all neighbours",
        alt=(
            f"Of {rows}, the 1 % that occur most are {100 * own[at]:.1f} % of all neighbours{beside}. "
            "Were all alike, they would be 1 %."
        ),
        x_label="share of the enrolled rows, the most frequent first",
        y_label=f"share of the {K} nearest of all queries",
        series=tuple(lines),
        x_scale="log",
    )


def hubs_table(space: Geometry, numbers: Hubness) -> tuple[Table, ...]:
    """The rows that occur most often, and what their answers are worth."""
    found, correction, evaluation = numbers.found, numbers.correction, space.evaluation
    order = _hubs(space, numbers)
    if not len(order):
        return ()
    wrong = correction.nearest.right == 0
    regained = wrong & (correction.csls.right > 0)
    rows = []
    for at in order[:HUBS_SHOWN].tolist():
        row, here = int(evaluation.enrolled[at]), correction.answered == at
        by = found.own[(found.near == at).any(axis=1)]
        rows.append(
            (
                f"{row:,}",
                evaluation.classes[evaluation.codes[row]],
                f"{found.counts[at]:,}",
                f"{len(np.unique(by)):,}",
                f"{np.count_nonzero(here):,}",
                f"{np.count_nonzero(here & wrong):,}",
                f"{np.count_nonzero(here & regained):,}",
            )
        )
    first = rows[0]
    return (
        Table(
            title="The rows that are most often among the nearest",
            alt=(
                f"{number(len(order), 'row')} {'is a hub' if len(order) == 1 else 'are hubs'}; row "
                f"{first[0]} of class {first[1]} is among the {K} nearest of {first[2]} queries of "
                f"{number(int(first[3].replace(',', '')), 'class')}, the nearest of {first[4]}, and "
                f"{first[5]} of these are wrong."
            ),
            columns=(
                "row",
                "class",
                f"among the {K} nearest of",
                "classes of these",
                "nearest of",
                "wrong",
                "regained",
            ),
            rows=tuple(rows),
            numeric=(True, False, True, True, True, True, True),
        ),
    )


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
    shown: list[Example] = []
    seen: set[int] = set()
    for i in order.tolist():
        if int(hub[i]) in seen:
            continue
        seen.add(int(hub[i]))
        note = (
            f"row {evaluation.enrolled[hub[i]]:,} is among the {K} nearest of "
            f"{numbers.found.counts[hub[i]]:,}; corrected: row {correction.corrected[at[i]]:,}"
        )
        shown.append(example(space, int(space.ranks.anchors[at[i]]), note))
        if len(shown) == EXAMPLES_SHOWN:
            break
    return (
        Examples(
            title="Queries that a hub took, and the correction gives back",
            alt=(
                f"{number(len(at), 'query')} of {numbers.queries:,} "
                f"{are(len(at))} answered wrongly by a hub and rightly after the "
                f"correction; shown {are(len(shown))} {len(shown)}, one of each hub."
            ),
            examples=tuple(shown),
        ),
    )


def _hubs(space: Geometry, numbers: Hubness) -> Ints:
    """Places of the hubs, the most frequent first."""
    places = np.flatnonzero(numbers.hubs)
    rows = space.evaluation.enrolled[places]
    return places[np.lexsort((rows, -numbers.found.counts[places]))]
