"""Does a high triplet accuracy hide how often the model is wrong when it must choose among all?"""

from __future__ import annotations

from embedding_second_opinion.findings.check import Answer, NotApplicable
from embedding_second_opinion.findings.finding import Estimate, Verdict
from embedding_second_opinion.findings.wording import percent, uncapital
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs

from . import CHECK
from .charts import accuracy_curve, identity_chart, losing_classes, losing_samples, numbers_chart
from .measured import Measured, measure


@CHECK
def triplet_versus_closed_set(
    space: Geometry, inputs: Inputs | None = None, *, tolerance: float = 0.02
) -> Answer | NotApplicable:
    """Compare the believed number with the closed-set accuracy (1-NN among all enrolled).

    The harm is the believed number (the claim, or else the exact triplet accuracy) less the closed-set
    accuracy, in accuracy points. Negative harm (several-mode classes) is good news.

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
        ignore_when=(
            "The model never searches a gallery: it only says whether two samples are the same, or which of "
            "two is nearer."
        ),
        remedy=lambda verdict: _remedy(numbers, verdict),
        caveats=_caveats(numbers),
        charts=(
            accuracy_curve(space.ranks, closed, triplet, claim, space.evaluation.leave_one_out),
            identity_chart(space.ranks, numbers.identity),
            numbers_chart(numbers.estimates, claim),
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
    closed = (
        f"{percent(numbers.closed_set.value)} of queries are recognised among all "
        f"{numbers.classes:,} enrolled classes"
    )
    points = abs(100 * numbers.harm.value)
    if numbers.harm.low is None:
        return f"{_believed(numbers)}; {closed}; {numbers.harm.method}."
    if _ties_decide(numbers) and verdict in (Verdict.UNSURE, Verdict.OK):
        return f"{_believed(numbers)}, and {closed}; but ties decide these numbers."
    if verdict is Verdict.UNSURE:
        return f"{_believed(numbers)}; {closed}; the gap of {numbers.harm.text()} is too uncertain to call."
    if verdict.loud:
        return f"{_believed(numbers)}, but only {closed}: {points:.1f} points fewer."
    if _better(numbers):
        return (
            f"The model is better than its number: {uncapital(_believed(numbers))}, and {closed}: "
            f"{points:.1f} points more."
        )
    start = "The number holds" if numbers.claim else "The two numbers agree"
    return f"{start}: {uncapital(_believed(numbers))}, and {closed}."


def _explanation(numbers: Measured) -> str:
    return (
        f"{_believed(numbers)}; the nearest enrolled row is of the query's class for "
        f"{numbers.closed_set.text()} of {numbers.queries:,} queries ({numbers.closed_set.about}), "
        f"a difference of {numbers.harm.text()}."
    )


def _meaning(numbers: Measured, verdict: Verdict) -> str:
    claim, exact = numbers.claim, numbers.triplet
    text = (
        "A triplet asks for one comparison: is the positive nearer than one random negative? In use, the "
        "nearest of a query's positives must beat every negative there is. Few bad negatives "
        "hardly touch the first number and decide the second."
    )
    if claim and claim.metric != "triplet":
        text = (
            f"The claim was a {claim.words}. In use, the nearest of a query's positives must beat every "
            "negative there is; that share is what these vectors give."
        )
    if _ties_decide(numbers):
        text += (
            f" {100 * numbers.tied_share:.0f} % of the comparisons are ties: rows of different classes at "
            "exactly the same distance, as in a collapsed or coarsely rounded embedding. Code that "
            "counts a tie as right reports the lenient numbers below, whatever the model is worth."
        )
    elif _better(numbers) and claim is None:
        text += (
            " Here it is the other way round: a random positive is often far away, but some positive is "
            "always near, as where classes are long, ring-shaped or in several groups. The triplet accuracy "
            "asks a question that the use of the model does not; whether the near rows are new ones, or of "
            "the query's own session, leakage tells."
        )
    elif verdict is Verdict.OK:
        text += " Here the difference is within the tolerance, or in the model's favour."
    if claim and claim.metric == "triplet" and not _holds(claim.value, exact):
        text += (
            f" These vectors do not give the claimed number: their triplet accuracy is {exact.text()}. "
            "It was measured on other data, by other code or under another metric."
        )
    if "within_queries_step" in numbers.estimates:
        corner = numbers.estimates["triplet_accuracy_against_gallery"]
        text += (
            f" A validation loop draws its triplets among the queries ({percent(exact.value)}); drawn "
            "against the "
            f"gallery they come to {percent(corner.value)}, where the curve begins: a step of "
            f"{numbers.estimates['within_queries_step'].text()}."
        )
    macro, micro = numbers.macro.value, numbers.closed_set.value
    if abs(macro - micro) >= 0.01:
        kind = "lower" if macro < micro else "higher"
        text += (
            f" The mean over classes is {kind} ({percent(numbers.macro.value)}) than the mean over queries: "
            f"{'small' if macro < micro else 'large'} classes fare worse. Whether they are embedded worse "
            "or only enrolled less, the class imbalance tells."
        )
    return text


def _remedy(numbers: Measured, verdict: Verdict) -> str:
    if _ties_decide(numbers):
        return (
            "Look at the ties first: are rows duplicated, rounded, or all the same vector? If training "
            "collapsed, the loss stands still at the margin; start again with easier negatives."
        )
    if verdict is Verdict.OK:
        return (
            "Nothing here. Report the closed-set accuracy beside the triplet accuracy all the same."
        )
    return (
        "Report the closed-set accuracy, with its gallery and number of classes, instead of the number "
        "believed. Look first at the classes and samples listed: identical look-alikes need other "
        "features or a merged label, the rest needs training with negatives as hard as these "
        "(semi-hard or batch-hard mining, or a classification loss)."
    )


def _better(numbers: Measured) -> bool:
    return numbers.harm.high is not None and numbers.harm.high < 0


def _ties_decide(numbers: Measured) -> bool:
    """Whether counting ties as right would change the triplet accuracy by what a user notices."""
    return numbers.tied_share > 0.02


def _caveats(numbers: Measured) -> tuple[str, ...]:
    notes = [f"{name}: {e.method}." for name, e in numbers.estimates.items() if e.method]
    unresolved = [name for name, e in numbers.estimates.items() if e.unresolved]
    if unresolved:
        notes.append(
            f"Unresolved at the limit: {', '.join(unresolved)}; too little went wrong (or right) for "
            "a proper interval, so the bound is by the rule of three."
        )
    if numbers.tied_share > 0:
        notes.append(
            "Some negatives are exactly as far as a positive. Here a tie is an error (strict); the "
            "lenient and random variants are listed."
        )
    return tuple(notes)


def _holds(value: float, exact: Estimate) -> bool:
    """Whether a number, perhaps rounded to a percent, fits an estimate's interval, if it has one."""
    rounding = 0.005
    low = exact.value if exact.low is None else exact.low
    high = exact.value if exact.high is None else exact.high
    return low - rounding <= value <= high + rounding
