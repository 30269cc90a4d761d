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
        ignore_when=(
            "The gallery in use holds no more classes than this one, or is narrowed before anything is "
            "looked up (by place, by session, by kind)."
        ),
        remedy=_remedy,
        caveats=_caveats(found),
        charts=(growth_curve(found),),
        parameters={"seed": space.seed, "expected_classes": expected},
    )


def _explanation(found: Growth) -> str:
    e, k = found.estimates, found.known.classes
    text = (
        f"Among {found.half:,} classes {e['accuracy_at_half'].text()} of queries are recognised, among all "
        f"{k:,} {e['closed_set_accuracy'].text()}: the last doubling cost "
        f"{e['lost_by_last_doubling'].text()}"
    )
    if found.expected is None:
        ahead = e.get("accuracy_at_2_times")
        then = f" Among {2 * k:,} classes {ahead.text()} are to be expected." if ahead else ""
        return f"{text}.{then}"
    if found.harm is None:
        return f"{text}. What {found.expected:,} classes would cost cannot be told."
    there = e.get("accuracy_at_expected")
    if there is None:
        return (
            f"{text}. {found.expected:,} classes are out of reach, and {found.reached:,} already cost "
            f"{found.harm.text()}."
        )
    if found.expected == k:
        return f"{text}. As many are enrolled in use."
    if found.expected < k:
        gained = -100 * found.harm.value
        return f"{text}. Among the {found.expected:,} in use {there.text()} are, {gained:z.1f} points more."
    return (
        f"{text}. Among the {found.expected:,} in use {there.text()} are to be expected, a loss of "
        f"{found.harm.text()}."
    )


def _meaning(found: Growth, verdict: Verdict) -> str:
    k, expected = found.known.classes, found.expected
    if expected is not None and expected <= k:
        return (
            f"No more classes are enrolled in use than the {k:,} here: this accuracy is not too high for it. "
            "No model is needed: it is the mean over all draws of so many classes."
        )
    if found.harm is None:
        return f"No forecast is given: {found.withheld}. Up to {k:,} classes every number is exact."
    tested = _tested(found)
    if verdict.loud:
        return f"The accuracy measured belongs to this number of classes. {tested}"
    if verdict is Verdict.OK:
        so_far = "to the number expected" if expected else "so far, over the last doubling"
        return f"The accuracy hardly depends on how many classes are enrolled {so_far}. {tested}"
    if found.harm.low is None:
        return f"What more classes cost cannot be said: {found.harm.why_none}."
    return f"What more classes cost may be nothing, or more than is tolerable. {tested}"


def _tested(found: Growth) -> str:
    test = found.test
    if test is None or not test.passed:
        return f"No forecast is given: {found.withheld}."
    return (
        "Tested on this set: fitted to half of the classes, the forecast for all is off by "
        f"{100 * test.error:+.1f} points in the mean of {len(test.halves)} halves, and {test.held} of their "
        f"{len(test.halves)} intervals hold what was measured."
    )


def _remedy(verdict: Verdict) -> str:
    if verdict is Verdict.OK:
        return "Nothing here."
    if not verdict.loud:
        return "Evaluate with more classes, as near as can be to the number in use."
    return (
        "Evaluate with as many classes as will be enrolled. Enrol more rows a class, narrow the gallery "
        "before it is searched, and train with more classes, or with negatives from look-alikes."
    )


def _caveats(found: Growth) -> tuple[str, ...]:
    judged = found.harm or found.estimates["lost_by_last_doubling"]
    notes = [f"The interval of what is lost: {judged.method}."]
    if found.beyond is not None:
        notes += [
            "The forecast takes it that the classes to come are like those here, and drawn as these were.",
            f"It reaches to {TIMES[-1]} times the classes at hand and not farther.",
        ]
    if found.test is not None:
        notes.append(f"Extra passes: {len(found.test.halves)} halves of the classes.")
    return tuple(notes)
