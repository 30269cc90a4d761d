"""How much accuracy is lost as more classes are enrolled?"""

from __future__ import annotations

from embedding_second_opinion.findings.check import Answer, NotApplicable
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs

from . import CHECK
from .charts import growth_curve
from .numbers import TIMES, Growth, measure_growth

FEWEST = 4  # classes: with fewer there is no doubling to measure
_AHEAD = (
    f"The forecast takes it that the classes to come are like those here; it reaches to {TIMES[-1]} times as "
    "many.",
)


@CHECK
def gallery_growth(
    space: Geometry, inputs: Inputs | None = None, *, tolerance: float = 0.02
) -> Answer | NotApplicable:
    """Measure accuracy among fewer classes than are enrolled, exactly, and forecast it among more.

    The harm is what more classes cost, in accuracy points of 1-NN over the same queries. Where
    ``inputs.expected_classes`` names how many will be enrolled in use, it is what is lost from the K at hand
    to these: exact up to K, a forecast up to five times K. Where it names none, it is what the last doubling
    cost, from K // 2 classes to K: measured, with no model, and the nearest thing to what the next will cost.

    Interval: paired class jackknife; for the forecast the fit is made again without each class, and what the
    back-test misses at a doubling is added for each doubling. Beyond five times K the loss is at least that
    at five times. There is no forecast, and no verdict on more classes than there are, with fewer than 40
    classes, without vectors, or where predictions from halves of the classes miss what was measured with all.

    Not applicable where no query has a positive and a negative, or fewer than four classes are enrolled.
    """
    expected = None if inputs is None else inputs.expected_classes
    if space.ranks.classes < FEWEST:
        return NotApplicable(
            f"Needs {FEWEST} classes or more, or the gallery cannot be halved; there are "
            f"{space.ranks.classes}."
        )
    found = measure_growth(space, expected)
    return Answer(
        explanation=_explanation(found),
        estimates=found.estimates,
        harm=found.harm,
        interval=found.interval,
        meaning=lambda verdict: _meaning(found, verdict),
        ignore_when="The gallery in use holds no more classes, or is narrowed before anything is looked up.",
        remedy=_remedy,
        caveats=_AHEAD if found.beyond else (),
        charts=(growth_curve(found),),
        parameters={"seed": space.seed, "expected_classes": expected},
    )


def _explanation(found: Growth) -> str:
    e, k, harm = found.estimates, found.known.classes, found.harm
    text = (
        f"Among {found.half:,} classes {e['accuracy_at_half'].text()} of queries are recognised, among all "
        f"{k:,} {e['closed_set_accuracy'].text()}: the last doubling cost "
        f"{e['lost_by_last_doubling'].text()}."
    )
    if found.expected is None:
        ahead = e.get("accuracy_at_2_times")
        return (
            f"{text} Among {2 * k:,} classes {ahead.text()} are to be expected." if ahead else text
        )
    if harm is None:
        return f"{text} What {found.expected:,} classes would cost cannot be told."
    if found.expected == k:
        return f"{text} As many are enrolled in use."
    there = e.get("accuracy_at_expected")
    if there is None:
        return (
            f"{text} {found.expected:,} classes are out of reach, and {found.reached:,} already cost "
            f"{harm.text()}."
        )
    change = f"a loss of {harm.text()}"
    if found.expected < k:
        change = f"{-100 * harm.value:z.1f} points more"
    return (
        f"{text} Among the {found.expected:,} in use {there.text()} are to be expected, {change}."
    )


def _meaning(found: Growth, verdict: Verdict) -> str:
    k, expected = found.known.classes, found.expected
    if expected is not None and expected <= k:
        return f"No more classes are enrolled in use than the {k:,} here. No model is needed for so many."
    if found.harm is None:
        return f"No forecast is given: {found.withheld}. Up to {k:,} classes every number is exact."
    if verdict.loud:
        text = "The accuracy measured belongs to this number of classes."
    elif verdict is Verdict.OK:
        so_far = "to the number expected" if expected else "so far, over the last doubling"
        text = f"The accuracy hardly depends on how many classes are enrolled {so_far}."
    elif found.harm.low is None:
        return f"What more classes cost cannot be said: {found.harm.why_none}."
    else:
        text = "What more classes cost may be nothing, or more than is tolerable."
    test = found.test
    if test is None or not test.passed:
        return f"{text} No forecast is given: {found.withheld}."
    return (
        f"{text} Fitted to half of the classes, the forecast for all is off by {100 * test.error:+.1f} "
        f"points in the mean of {len(test.halves)} halves, and {test.held} of their {len(test.halves)} "
        "intervals hold what was measured."
    )


def _remedy(verdict: Verdict) -> str:
    if verdict is Verdict.OK:
        return "Nothing here."
    if not verdict.loud:
        return "Evaluate with more classes, as near as can be to the number in use."
    return (
        "Evaluate with as many classes as will be enrolled. Enrol more rows a class, narrow the gallery "
        "before it is searched, or train with more classes."
    )
