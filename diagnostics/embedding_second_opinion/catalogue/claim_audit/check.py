"""Which convention gives the number that was claimed?"""

from __future__ import annotations

from embedding_second_opinion.findings.check import Answer, NotApplicable
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs

from . import CHECK
from .charts import table
from .conventions import DRAWN, Convention
from .numbers import Audit, audit
from .pair_conventions import has_pairs
from .words import meaning_of, remedy_of

LISTED = 4  # conventions named in a sentence


@CHECK
def claim_audit(
    space: Geometry, inputs: Inputs | None = None, *, tolerance: float = 0.02
) -> Answer | NotApplicable:
    """Count the claimed quantity under every convention that circulates, and see which gives the claim.

    The harm is the part of the claim that its convention made: the claimed value less the exact value of
    the same metric on the evaluated rows (ties are errors, each anchor or query counts alike; of pairs,
    half genuine, at the best threshold there is), in accuracy points. A claim below the exact value is
    good news. Interval: class jackknife of the exact value, a deleted class going as anchors and as
    candidates, opened on both sides by the rounding of the claim; so a claim measured on other rows of
    the same kind is not accused for what sampling classes does. Of a claim that the exact number gives,
    only the rounding (and the noise of a sample) is open.

    A convention gives the claim where its number rounds to it; a mean over triplets or pairs, where a
    sample of 10,000 may. The exact number goes first. Where more than one other convention is left, it cannot
    be told which. None of this enters the verdict.

    Not applicable without a claim, where there is nothing to look up, and without pairs for a pair accuracy.
    """
    inputs = inputs or Inputs()
    claim = inputs.claim
    if claim is None:
        return NotApplicable(
            "Needs the number that was believed and what it is a share of (--claimed 0.99 "
            "--claimed-metric triplet)."
        )
    if claim.metric == "pair":
        if not has_pairs(space, inputs.pairs):
            return NotApplicable(
                "Needs two queries of one class and two of different classes, with their distances; "
                "there are none."
            )
    elif not len(space.evaluation.queries) or not len(space.ranks.anchors):
        return NotApplicable(
            "Needs queries with both a positive and a negative in the gallery; there are none."
        )
    found = audit(space, inputs, claim)
    return Answer(
        explanation=_explanation(found),
        estimates=found.estimates,
        harm=found.harm,
        interval=found.interval,
        meaning=lambda verdict: _meaning(found, verdict),
        ignore_when=(
            "The claim is known to be about other rows or another model: it cannot be recomputed here."
        ),
        remedy=lambda verdict: _remedy(found, verdict),
        caveats=_caveats(space, found, inputs),
        charts=(table(found),),
        parameters={
            "claimed": claim.value,
            "claimed_metric": claim.metric,
            "margin": inputs.margin,
        },
    )


def _explanation(found: Audit) -> str:
    strict, points = found.strict, found.harm.value
    way = "more" if points > 0 else "less"
    held = (
        f"{found.reading.words} {found.claim.words} was claimed; counted exactly, the {strict.words} of "
        f"these rows is {strict.interval.estimate(strict.value, '').text(2)}"
    )
    if found.answer.match != "exact":
        apart = abs(100 * points)
        held += f", so the claim is {apart:.{1 if apart >= 0.1 else 3}f} points {way}"
    return f"{held}; {_evidence(found)}."


def _evidence(found: Audit) -> str:
    """What gives the claim, as the end of a sentence."""
    match, given, drawn = found.answer.match, found.answer.given_by, found.answer.drawn
    if match == "exact":
        return "the claim is this number as it rounds"
    if match == "sampled":
        so = "so it holds" if drawn == DRAWN[0] else "and little else that was tried does"
        return f"a random sample of {drawn:,} may give the claim, {so}"
    if match == "none":
        text = f"none of {number(len(found.tried) + 1, 'convention')} tried gives it"
        return text if found.weak is None else f"{text} on all these classes"
    on = f" on a sample of {drawn:,}" if drawn else ""
    if match == "named":
        return f"{given[0].gives} gives {_p(given[0])}, which is the claim{on}"
    told = [f"{c.gives} ({_p(c)})" for c in given[:LISTED]]
    more = f" and {number(len(given) - LISTED, 'more convention')}" if len(given) > LISTED else ""
    return f"several give it{on}, and it cannot be told which: {', '.join(told)}{more}"


def _meaning(found: Audit, verdict: Verdict) -> str:
    match, given, drawn = found.answer.match, found.answer.given_by, found.answer.drawn
    if match == "exact":
        return f"The claim is the {found.strict.words} of these vectors."
    if match == "sampled":
        return f"Whoever draws {drawn:,} at random from these rows may come to the claim by luck."
    text = {
        "named": f"{meaning_of(given[0])} " if given else "",
        "several": "The claim has so few digits, or these lie so close, that it fits more than one. ",
        "none": "The claim was measured on other rows, with another model or metric, or by other code. ",
    }[match]
    if found.harm.low is None:
        why = found.interval.why_none
        return f"{text}How much is owed to the convention has no interval: {why}."
    if verdict.loud:
        return f"{text}Of the claim, {found.harm.text()} are not in the vectors as they are."
    if (found.harm.high or 0) <= 0:
        return f"{text}The vectors are better than the claim."
    if verdict is Verdict.OK:
        return f"{text}The difference is within what a user would notice."
    return f"{text}The difference, {found.harm.text()}, is too uncertain to call."


def _remedy(found: Audit, verdict: Verdict) -> str:
    match, given = found.answer.match, found.answer.given_by
    report = (
        f"Report {100 * found.strict.value:.1f} % {found.strict.words}, and which rows were counted, "
        "and how ties."
    )
    if match == "exact":
        return "Nothing here."
    if match == "sampled":
        return f"Count all of them. {report}"
    if match == "named":
        return f"{remedy_of(given[0])} {report}".lstrip()
    if match == "none" and verdict is not Verdict.OK:
        return f"Ask for its rows and code; with permuted labels it must fall to chance. {report}"
    return report


def _caveats(space: Geometry, found: Audit, inputs: Inputs) -> tuple[str, ...]:
    notes = [
        "What gives a number need not be what made it; zeros at the end of a claim are not seen."
    ]
    if found.same:
        notes.append(f"As the exact number, so not told apart: {', '.join(found.same)}.")
    skipped = list(found.skipped)
    if inputs.margin is not None and found.claim.metric != "pair" and not space.has_vectors:
        skipped.append("margins, which need the vectors")
    return (*notes, *(f"Not tried: {each}." for each in skipped))


def _p(given: Convention) -> str:
    return f"{100 * given.value:.2f} %"
