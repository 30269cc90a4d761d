"""Do the lengths of the vectors carry class or quality that cosine throws away?"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.findings.check import Answer, NotApplicable
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.findings.wording import are, number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs

from . import CHECK
from .charts import fifths_chart, lengths_chart
from .numbers import PERMUTATIONS, Norms, log_lengths, measure_norms, one_length

FEWEST_QUERIES = 20  # four in a fifth


@CHECK
def norms(
    space: Geometry, inputs: Inputs | None = None, *, tolerance: float = 0.02
) -> Answer | NotApplicable:
    """Ask whether lengths tell classes apart, whether wrong answers are short, and what is lost by it.

    Class: the share of the variance of log length that lies between classes (omega squared), beside 999
    permutations of the classes. Quality: the chance that a wrong query is shorter than a right one (a tie is
    half), and the accuracy of the shortest fifth.

    The harm, in accuracy points over all queries. Under cosine: what euclidean distance gains on the same
    queries, where a query that ties under cosine counts for nothing. Under euclidean distance: the errors of
    the shortest fifth beyond the error rate of the others, which a threshold on length would have shown.

    Interval: paired class jackknife; a deleted class goes as queries and as candidates, the cut at a fifth
    staying where it is; a rule of three over classes where at most one class differs.

    Not applicable where there are distances only, all vectors have one length (to a thousandth: what was
    saved in half precision is rounded), or there are fewer than 20 queries with a positive and a negative.
    """
    evaluation, data = space.evaluation, space.evaluation.data
    anchors = evaluation.queries[space.ranks.anchors]
    if data is None or len(anchors) < FEWEST_QUERIES:
        return NotApplicable(
            f"Needs {FEWEST_QUERIES} queries with a positive and a negative in the gallery; there "
            f"{are(len(anchors))} {len(anchors)}."
        )
    rows = np.union1d(evaluation.queries, evaluation.enrolled)
    logs = log_lengths(data.vectors[rows])
    if one_length(logs):
        return NotApplicable(
            "Needs lengths that differ: they were thrown away before they were saved."
        )
    numbers = measure_norms(space, logs[np.searchsorted(rows, anchors)])
    return Answer(
        explanation=_explanation(numbers),
        estimates=numbers.estimates,
        harm=numbers.harm,
        interval=numbers.interval,
        meaning=lambda verdict: _meaning(numbers, verdict, tolerance),
        ignore_when="The length has nothing to do with the sample, or every query has to be answered.",
        remedy=lambda verdict: _remedy(numbers, verdict, tolerance),
        caveats=_caveats(numbers),
        charts=(fifths_chart(numbers), *lengths_chart(numbers)),
        parameters={"seed": space.seed, "permutations": PERMUTATIONS},
    )


def _explanation(numbers: Norms) -> str:
    e = numbers.estimates
    text = (
        f"The shortest fifth of {number(numbers.queries, 'query')} is answered rightly in "
        f"{e['short_accuracy'].text()}, the others in {e['rest_accuracy'].text()}"
    )
    if "wrong_is_shorter" in e:
        text += f"; a wrong query is shorter than a right one with a chance of {e['wrong_is_shorter'].text()}"
    if "class_share" in e:
        text += (
            f"; of the variance of log length {e['class_share'].text()} lies between classes, by chance "
            f"{e['class_share_by_chance'].text()}"
        )
    if numbers.under_cosine:
        return (
            f"{text}. Euclidean distance answers {e['euclidean_accuracy'].text()} rightly, cosine "
            f"{e['closed_set_accuracy'].text()}, a difference of {numbers.harm.text()}."
        )
    return f"{text}. The short ones cost {numbers.harm.text()} more than as many others."


def _tells_quality(numbers: Norms, tolerance: float) -> bool:
    """Whether short vectors surely cost more than is tolerated, whatever the metric."""
    low = numbers.estimates["lost_on_short"].low
    return low is not None and low > tolerance


def _meaning(numbers: Norms, verdict: Verdict, tolerance: float) -> str:
    if numbers.harm.low is None:
        return f"What lengths would have told cannot be said: {numbers.harm.why_none}."
    state = "loud" if verdict.loud else "ok" if verdict is Verdict.OK else "unsure"
    text = MEANING[numbers.under_cosine, state]
    if numbers.under_cosine and _tells_quality(numbers, tolerance):
        text += (
            " Length is a quality score all the same: short vectors are answered wrongly more often "
            f"({numbers.estimates['lost_on_short'].text()} over all queries)."
        )
    return text


# By whether cosine is in use, and the verdict.
MEANING = {
    (True, "loud"): "How long a vector is tells its class, and cosine does not hear it.",
    (
        True,
        "ok",
    ): "Cosine throws lengths away, and no answer that a user would miss goes with them.",
    (True, "unsure"): "Whether cosine loses answers by throwing lengths away cannot be told here.",
    (
        False,
        "loud",
    ): "Short vectors are answered wrongly far more often: length is a sign of quality.",
    (False, "ok"): "Short vectors are answered about as well as others.",
    (False, "unsure"): "Whether short vectors are answered worse cannot be told here.",
}


def _remedy(numbers: Norms, verdict: Verdict, tolerance: float) -> str:
    score = "Turn away samples with a short vector, with a threshold chosen on validation data."
    texts = []
    if numbers.under_cosine:
        if verdict.loud:
            texts.append("Use euclidean distance on the vectors as they are.")
        if _tells_quality(numbers, tolerance):
            texts.append(f"Keep the length beside the unit vector as a quality score. {score}")
    elif verdict.loud:
        texts.append(score)
    if verdict is Verdict.OK and not texts:
        return "Nothing here."
    return " ".join(texts) or "Bring more classes and more queries."


def _caveats(numbers: Norms) -> tuple[str, ...]:
    notes = ["Short vectors may be those of hard classes as well as those of bad samples."]
    if numbers.chance is not None:
        notes.append(f"Permuted classes share as much variance with p {numbers.chance:.3f}.")
    zero = int(np.count_nonzero(numbers.lengths == 0))
    if zero:
        notes.append(f"{number(zero, 'query')} of length zero: the shortest, without a logarithm.")
    return tuple(notes)
