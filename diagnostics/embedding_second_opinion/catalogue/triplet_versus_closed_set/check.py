"""Does a high triplet accuracy hide how often the model is wrong when it must choose among all?"""

from __future__ import annotations

from embedding_second_opinion.findings.check import Answer, NotApplicable
from embedding_second_opinion.findings.finding import Estimate, Verdict
from embedding_second_opinion.findings.wording import percent, uncapital
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs

from . import CHECK
from .charts import accuracy_curve, identity_chart, losing_classes, losing_samples
from .measured import Measured, measure

TIES = (
    "Some negatives are exactly as far as a positive. Here a tie is an error (strict); the lenient and "
    "random variants are listed."
)


@CHECK
def triplet_versus_closed_set(
    space: Geometry, inputs: Inputs | None = None, *, tolerance: float = 0.02
) -> Answer | NotApplicable:
    """Compare the believed number with the closed-set accuracy (1-NN among all enrolled).

    The harm is the believed number (the claim, or else the exact triplet accuracy) less the closed-set
    accuracy, in accuracy points. Negative harm is good news.

    Not applicable where gallery and queries share no class, or no query has a positive.
    """
    claim = (inputs or Inputs()).claim
    numbers = measure(space, claim)
    closed, triplet = numbers.closed_set, numbers.triplet
    return Answer(
        explanation=_explanation(numbers),
        headline=lambda verdict: _headline(numbers, verdict),
        estimates=numbers.estimates,
        harm=numbers.harm,
        interval=numbers.harm_interval,
        meaning=lambda verdict: _meaning(numbers, verdict),
        ignore_when="The model never searches a gallery: it only compares two samples.",
        remedy=lambda verdict: _remedy(numbers, verdict),
        caveats=(TIES,) if numbers.tied_share > 0 else (),
        charts=(
            accuracy_curve(space.ranks, closed, triplet, claim, space.evaluation.leave_one_out),
            identity_chart(space.ranks, numbers.identity),
            *losing_classes(space),
            *losing_samples(space),
        ),
        parameters={
            "claimed": claim.value if claim else None,
            "claimed_metric": claim.metric if claim else None,
        },
    )


def _believed(numbers: Measured) -> str:
    """The number that was believed, as the start of a sentence."""
    if numbers.claim is None:
        return f"{percent(numbers.triplet.value)} of triplets are ordered correctly"
    believed = f"{100 * numbers.claim.value:.1f} % {numbers.claim.words} was claimed"
    if numbers.claim.metric == "triplet":
        believed += f" (exact: {percent(numbers.triplet.value)})"
    return believed


def _headline(numbers: Measured, verdict: Verdict) -> str:
    believed, harm = _believed(numbers), numbers.harm
    closed = (
        f"{percent(numbers.closed_set.value)} of queries are recognised among all "
        f"{numbers.classes:,} enrolled classes"
    )
    points = f"{abs(100 * harm.value):.1f} points"
    if harm.low is None:
        return f"{believed}; {closed}; {harm.method}."
    if _ties_decide(numbers) and verdict in (Verdict.UNSURE, Verdict.OK):
        return f"{believed}, and {closed}; but ties decide these numbers."
    if verdict is Verdict.UNSURE:
        return f"{believed}; {closed}; the gap of {harm.text()} is too uncertain to call."
    if verdict.loud:
        return f"{believed}, but only {closed}: {points} fewer."
    if _better(numbers):
        start, more = "The model is better than its number", f": {points} more"
    else:
        start, more = "The number holds" if numbers.claim else "The two numbers agree", ""
    return f"{start}: {uncapital(believed)}, and {closed}{more}."


def _explanation(numbers: Measured) -> str:
    return (
        f"{_believed(numbers)}; the nearest enrolled row is of the query's class for "
        f"{numbers.closed_set.text()} of {numbers.queries:,} queries ({numbers.closed_set.about}), "
        f"a difference of {numbers.harm.text()}."
    )


def _meaning(numbers: Measured, verdict: Verdict) -> str:
    claim, exact = numbers.claim, numbers.triplet
    text = "In use, the nearest of a query's positives must beat every negative there is"
    text += (
        f"; the claim was a {claim.words}."
        if claim and claim.metric != "triplet"
        else "; in a triplet, one positive beats one random negative."
    )
    if _ties_decide(numbers):
        text += (
            f" {100 * numbers.tied_share:.0f} % of the comparisons are ties: code that counts a tie as right "
            "reports the lenient numbers below."
        )
    elif _better(numbers) and claim is None:
        text += (
            " Here a random positive is often far away, and the nearest one is near; whether it is of the "
            "query's own session, leakage tells."
        )
    if claim and claim.metric == "triplet" and not _holds(claim.value, exact):
        text += f" These vectors do not give the claimed number: their triplet accuracy is {exact.text()}."
    if "within_queries_step" in numbers.estimates:
        corner = numbers.estimates["triplet_accuracy_against_gallery"]
        text += (
            f" Triplets among the queries come to {percent(exact.value)}, against the gallery to "
            f"{percent(corner.value)}: a step of {numbers.estimates['within_queries_step'].text()}."
        )
    macro, micro = numbers.macro.value, numbers.closed_set.value
    if abs(macro - micro) >= 0.01:
        text += (
            f" The mean over classes is {percent(macro)}: {'small' if macro < micro else 'large'} classes "
            "fare worse."
        )
    return text


def _remedy(numbers: Measured, verdict: Verdict) -> str:
    if _ties_decide(numbers):
        return "Look at the ties first: are rows duplicated, rounded, or all the same vector?"
    if verdict is Verdict.OK:
        return "Nothing here. Report the closed-set accuracy beside the triplet accuracy."
    return (
        "Report the closed-set accuracy, with its gallery and number of classes. Look at the classes and "
        "samples listed, and train with negatives as hard as these."
    )


def _better(numbers: Measured) -> bool:
    return numbers.harm.high is not None and numbers.harm.high < 0


def _ties_decide(numbers: Measured) -> bool:
    """Whether counting ties as right would change the triplet accuracy by what a user notices."""
    return numbers.tied_share > 0.02


def _holds(value: float, exact: Estimate) -> bool:
    """Whether a number, perhaps rounded to a percent, fits an estimate's interval, if it has one."""
    rounding = 0.005
    low = exact.value if exact.low is None else exact.low
    high = exact.value if exact.high is None else exact.high
    return low - rounding <= value <= high + rounding
