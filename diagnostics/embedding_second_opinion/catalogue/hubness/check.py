"""Do a few points crowd everyone's neighbours, and does it cost answers?"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.findings.check import Answer, NotApplicable
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.findings.wording import are, number, percent
from embedding_second_opinion.geometry.geometry import NEIGHBORS, Geometry
from embedding_second_opinion.inputs.inputs import Inputs

from . import CHECK
from .charts import crowd_chart, hubs_table, lost_examples
from .correction import CROWD
from .numbers import Hubness, measure_hubness
from .occurrences import K
from .surrogate import DRAWS

FEWEST_ROWS = int(CROWD * K)  # with no more, nothing can occur more than twice the average


@CHECK
def hubness(
    space: Geometry, inputs: Inputs | None = None, *, tolerance: float = 0.02
) -> Answer | NotApplicable:
    """Count how often each enrolled row is among the 10 nearest (N_10), and answer without the pull of hubs.

    The harm is what a correction gives back, in accuracy points of 1-NN over the same queries: where the
    nearest row is a hub the query is answered by CSLS, k = 10 as published and not tuned; all others keep
    their answer. So what the correction gains or spoils elsewhere is no part of it, and a hub that
    answers rightly counts for nothing. How skewed N_10 is decides nothing: a cloud of many dimensions is
    skewed without harm. It is set beside Gaussian classes of the same shape, which tells odd rows from
    dimensions.

    A hub is among the 10 nearest of more than twice as many queries as the average row, and of more than ten.
    Interval: paired class jackknife; a deleted class goes as queries and as candidates, hubs and local
    distances staying as they are; the rule of three over queries where the correction changes next to none.

    Not applicable where there are distances only, no query has a positive and a negative, all queries are of
    one class, or at most 20 rows are enrolled.
    """
    if len(np.unique(space.codes)) < 2:
        return NotApplicable("Needs queries of two classes or more; all are of one.")
    if len(space.evaluation.enrolled) <= FEWEST_ROWS:
        return NotApplicable(
            f"Needs more than {FEWEST_ROWS} enrolled rows, or no row can be among the {K} nearest of twice "
            f"as many queries as the average; there are {len(space.evaluation.enrolled)}."
        )
    numbers = measure_hubness(space)
    return Answer(
        explanation=_explanation(numbers),
        estimates=numbers.estimates,
        harm=numbers.harm,
        interval=numbers.interval,
        meaning=lambda verdict: _meaning(numbers, verdict),
        ignore_when="The hubs are meant to be found, or the answer in use is not the nearest row.",
        remedy=lambda verdict: _remedy(numbers, verdict),
        caveats=_caveats(numbers),
        charts=(crowd_chart(numbers), *hubs_table(space, numbers), *lost_examples(space, numbers)),
        parameters={"seed": space.seed, "neighbors": K, "surrogates": DRAWS},
    )


def _explanation(numbers: Hubness) -> str:
    e, hubs = numbers.estimates, int(np.count_nonzero(numbers.hubs))
    text = f"Occurrences among the {K} nearest have a skewness of {e['hubness_skewness'].text()}"
    if numbers.surrogate is not None:
        compared = e.get("compared_skewness")
        here = f" ({compared.text()} in the rows compared)" if compared else ""
        text += f"{here}, in Gaussian classes of the same shape {e['surrogate_skewness'].text()}"
    if not hubs:
        return f"{text}; no row is a hub, so there is nothing to correct: {numbers.harm.text()}."
    return (
        f"{text}; {number(hubs, 'hub')} ({e['hub_rows'].text()} of rows) {are(hubs)} the nearest of "
        f"{e['answered_by_hubs'].text()} of queries. Corrected there, {e['at_hubs_accuracy'].text()} are "
        f"recognised instead of {e['closed_set_accuracy'].text()}, a difference of {numbers.harm.text()}."
    )


def _meaning(numbers: Hubness, verdict: Verdict) -> str:
    if verdict.loud:
        text = "Queries of many classes find the same few rows instead of their own class."
        return f"{text}{_top(numbers)} {_cause(numbers)}"
    if verdict is not Verdict.OK:
        unit = "queries" if numbers.harm.unit == "query" else "classes"
        why = numbers.harm.why_none or f"the {unit} are too few, or differ too much"
        return f"What hubs cost cannot be said: {why}."
    if not numbers.hubs.any():
        return "No row crowds everyone's neighbours."
    return "Some rows are often among the nearest, and hardly any answer is lost to them."


def _top(numbers: Hubness) -> str:
    """What the hundredth of the rows that occurs most answers, beyond its share."""
    wrong, right = (numbers.estimates.get(f"{name}_answers_by_top") for name in ("wrong", "right"))
    if wrong is None or right is None or wrong.value <= right.value:
        return ""
    return (
        f" One row in a hundred gives {wrong.text()} of the wrong answers and {right.text()} of the right "
        "ones."
    )


def _cause(numbers: Hubness) -> str:
    if numbers.surrogate is None:
        return "Whether single rows or the many dimensions make the hubs could not be told."
    if numbers.odd:
        return "There are more hubs than the shape of the cloud makes: look at the rows themselves."
    return "No row need be odd: random classes of the same means and widths are as skewed."


def _remedy(numbers: Hubness, verdict: Verdict) -> str:
    if verdict is Verdict.OK:
        return "Nothing here."
    if not verdict.loud:
        return "Bring more classes and more queries before anything is corrected."
    loses = (numbers.estimates["csls_gain"].high or 0.0) < 0
    where = "where the nearest row is a hub (elsewhere it loses answers)" if loses else "everywhere"
    correct = (
        f"correct the distances (CSLS, k = {K}) {where}, and measure its gain on data not yet seen."
    )
    if numbers.odd:
        return (
            "Look at the rows listed first. Take out those that show nothing of their class, or enrol better "
            f"ones. Where they must stay, {correct}"
        )
    return (
        "Bring the dimension down (a smaller last layer, principal components). Without a change to the "
        f"vectors, {correct}"
    )


def _caveats(numbers: Hubness) -> tuple[str, ...]:
    notes = [
        "The correction looks at all queries at once; where they come one by one it may gain less."
    ]
    if numbers.surrogate is None:
        notes.append("No surrogate: too few rows or classes, or classes without any width.")
    else:
        notes.append(f"In the {DRAWS} surrogates, classes of several modes are one wide cloud.")
    if numbers.found.unknown > 0:
        notes.append(
            f"Without a class, {percent(numbers.found.unknown)} of the places go to rows beyond the "
            f"{NEIGHBORS} nearest; in the intervals of occurrences these stay empty."
        )
    return tuple(notes)
