"""Do a few points crowd everyone's neighbours, and does it cost answers?"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.findings.check import Answer, NotApplicable
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import NEIGHBORS, Geometry
from embedding_second_opinion.inputs.inputs import Inputs

from . import CHECK
from .charts import crowd_chart, hubs_table, lost_examples, worth_chart
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
    why_not = _why_not(space)
    if why_not:
        return NotApplicable(why_not)
    numbers = measure_hubness(space)
    return Answer(
        explanation=_explanation(numbers),
        estimates=numbers.estimates,
        harm=numbers.harm,
        interval=numbers.interval,
        meaning=lambda verdict: _meaning(numbers, verdict),
        ignore_when=(
            "The hubs are meant to be found, such as one generic answer that fits many questions; or in use "
            "the answer is not the nearest row, but a class mean or a threshold on pairs."
        ),
        remedy=lambda verdict: _remedy(numbers, verdict),
        caveats=_caveats(space, numbers),
        charts=(
            worth_chart(numbers),
            crowd_chart(numbers),
            *hubs_table(space, numbers),
            *lost_examples(space, numbers),
        ),
        parameters={"seed": space.seed, "neighbors": K, "surrogates": DRAWS},
    )


def _why_not(space: Geometry) -> str:
    evaluation = space.evaluation
    if len(np.unique(space.codes)) < 2:
        return "Needs queries of two classes or more; all are of one, so all its rows are near everyone."
    if len(evaluation.enrolled) <= FEWEST_ROWS:
        return (
            f"Needs more than {FEWEST_ROWS} enrolled rows, or no row can be among the {K} nearest of twice "
            f"as many queries as the average; there are {len(evaluation.enrolled)}."
        )
    return ""


def _explanation(numbers: Hubness) -> str:
    estimates, hubs = numbers.estimates, int(np.count_nonzero(numbers.hubs))
    text = f"Occurrences among the {K} nearest have a skewness of {estimates['hubness_skewness'].text()}"
    if numbers.surrogate is not None:
        compared = estimates.get("compared_skewness")
        here = f" ({compared.text()} in the rows compared)" if compared else ""
        text += f"{here}, in Gaussian classes of the same shape {estimates['surrogate_skewness'].text()}"
    if not hubs:
        return (
            f"{text}; no row is a hub, so that there is nothing to correct: {numbers.harm.text()}."
        )
    are = "is a hub" if hubs == 1 else "are hubs"
    return (
        f"{text}; {number(hubs, 'row')} ({estimates['hub_rows'].text()}) {are} and the nearest of "
        f"{estimates['answered_by_hubs'].text()} of queries. Corrected there, "
        f"{estimates['at_hubs_accuracy'].text()} are recognised instead of "
        f"{estimates['closed_set_accuracy'].text()}, a difference of {numbers.harm.text()}."
    )


def _meaning(numbers: Hubness, verdict: Verdict) -> str:
    if verdict.loud:
        return (
            f"Queries of many classes find the same few rows instead of their own class.{_top(numbers)} "
            "Triplets hardly show it, because a drawn negative is seldom one of these rows. "
            f"{_cause(numbers)}"
        )
    if verdict is Verdict.OK:
        if not numbers.hubs.any():
            return "No row crowds everyone's neighbours."
        gained = numbers.estimates["csls_gain"]
        text = (
            "Some rows are often among the nearest, and hardly any answer is lost to them. Hubs that "
            "answer rightly, or stand behind the right row, do no harm."
        )
        if gained.low is not None and gained.low > 0:
            text += (
                f" Corrected everywhere, {gained.text()} are gained all the same, and little of it from "
                "hubs: the correction also makes up for classes of different density, and breaks ties."
            )
        return text
    if numbers.harm.low is None:
        why = numbers.harm.why_none
        return f"What hubs cost cannot be said: {why}."
    return (
        "What hubs cost cannot be told from nothing: the correction mends some answers and spoils others, "
        f"and the {'queries' if numbers.harm.unit == 'query' else 'classes'} here are too few, or differ too "
        "much."
    )


def _top(numbers: Hubness) -> str:
    """What the hundredth of the rows that occurs most answers, beyond its share."""
    wrong = numbers.estimates.get("wrong_answers_by_top")
    right = numbers.estimates.get("right_answers_by_top")
    if wrong is None or right is None or wrong.value <= right.value:
        return ""
    return (
        f" The rows that occur most, one in a hundred, give {wrong.text()} of the wrong answers and "
        f"{right.text()} of the right ones."
    )


def _cause(numbers: Hubness) -> str:
    if numbers.surrogate is None:
        return "Whether single rows or the many dimensions make the hubs could not be told here."
    if numbers.odd:
        return (
            "There are more hubs than the shape of the cloud makes: classes of the same means and widths, "
            "drawn at random, are less skewed. So look at the rows themselves: what is blurred, averaged, "
            "cut off or empty ends up in the middle, where it is near to everyone."
        )
    return (
        "No row need be odd: classes of the same means and widths, drawn at random, are as skewed. It is the "
        "shape of the cloud, most often its many dimensions: rows near the middle are near to everyone."
    )


def _remedy(numbers: Hubness, verdict: Verdict) -> str:
    if verdict is Verdict.OK:
        return "Nothing here."
    if not verdict.loud:
        return "Bring more classes and more queries before anything is corrected."
    correct = (
        "correct the distances: take from the squared distance half of the enrolled row's mean squared "
        f"distance to its {K} nearest queries (CSLS). Choose it on validation data, and measure its gain on "
        "data not yet seen."
    )
    loses = numbers.estimates["csls_gain"].high
    if loses is not None and loses < 0:
        correct += (
            " Corrected everywhere it loses answers: keep it to queries whose nearest row is a hub."
        )
    if numbers.odd:
        return (
            "Look at the rows listed first. Take those that show nothing of their class out of the gallery, "
            f"or enrol better samples. Where they must stay, {correct}"
        )
    return (
        "Bring the dimension down (a smaller last layer, principal components), or centre the vectors before "
        f"they are given unit length. Without a change to the vectors, {correct}"
    )


def _caveats(space: Geometry, numbers: Hubness) -> tuple[str, ...]:
    alone = space.evaluation.leave_one_out
    notes = [
        f"The interval of the harm: {numbers.harm.method}.",
        "The skewness rests on the few largest hubs, so that its interval is rough: in generated Gaussian "
        "sets it held the truth four times in five. No verdict hangs on it.",
    ]
    notes.append(
        "One extra pass: corrected neighbours."
        if alone
        else "Two extra passes: enrolled rows against the queries, and corrected neighbours."
    )
    notes.append(
        "The correction looks at all queries at once. Where they come one by one, the local distance of an "
        "enrolled row has to come from earlier queries, and the gain may be another."
    )
    if numbers.surrogate is not None:
        notes.append(
            f"Surrogates: {DRAWS} draws of {number(numbers.surrogate.rows)}, looked up as the set is; the "
            "skewness depends on how many rows there are. Classes of several modes are drawn as one wide "
            "cloud, which may be less skewed or more. No verdict hangs on them either."
        )
    else:
        notes.append("No surrogate: too few rows or classes, or classes without any width.")
    if numbers.found.unknown > 0:
        notes.append(
            f"Without a class, {100 * numbers.found.unknown:.2g} % of the places go to rows beyond the "
            f"{NEIGHBORS} nearest; in the intervals of occurrences these stay empty."
        )
    return tuple(notes)
