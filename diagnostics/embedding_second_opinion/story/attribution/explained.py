"""Which finding explains which loss, in words?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from embedding_second_opinion.findings.finding import Estimate, Finding, Verdict, judge

from .stages import Attribution, Step

NOTICED = 0.005  # half a point: of a smaller loss nobody asks why
# What counting classes alike costs at equal enrolment.
AT_EQUAL = "micro_macro_gap_common_enrolment"
MUCH = 0.5  # of a loss: what may explain less of it is not named on a guess


def explained(
    attribution: Attribution,
    ranked: Sequence[Finding],
    explains: Mapping[str, Sequence[str]],
    parts: Mapping[tuple[str, str], str] | None = None,
) -> Attribution:
    """The same with the finding that explains most of each loss.

    Of the findings whose harm is surely there it is the one of the largest harm: where queries are shifted,
    hubs arise as well, and may be surer in number though they give back a third of what is lost. Where none
    is sure, one that would give back half of the loss is named as perhaps the cause.
    ranked: the findings, loudest first, which breaks ties. explains: for each letter the
    codes of the diagnostics that can explain its loss. parts: by letter and code the estimate that concerns
    this loss, where it is not the harm. One finding may explain several steps.
    """
    steps = [_explained(step, ranked, explains, parts or {}) for step in attribution.steps]
    return attribution.model_copy(update={"steps": tuple(steps)})


def _explained(
    step: Step,
    ranked: Sequence[Finding],
    explains: Mapping[str, Sequence[str]],
    parts: Mapping[tuple[str, str], str],
) -> Step:
    if step.change.value >= NOTICED:
        return step.model_copy(update={"because": _gain(step)})
    if step.change.value > -NOTICED:
        return step
    able = explains.get(step.letter, ())
    loud: list[tuple[Finding, Estimate]] = []
    unsure: list[tuple[Finding, Estimate]] = []
    for finding in ranked:
        part = parts.get((step.letter, finding.code))
        harm = finding.harm if part is None else finding.estimates.get(part)
        if finding.code not in able or harm is None:
            continue
        verdict = finding.verdict if part is None else judge(harm, finding.tolerance or 0.0)
        if verdict.loud and finding.verdict.loud:
            loud.append((finding, harm))
        elif verdict is Verdict.UNSURE and harm.value >= -MUCH * step.change.value:
            unsure.append((finding, harm))
    if loud:
        finding, harm = max(loud, key=lambda each: each[1].value)
        because = f"{finding.title}: {_clause(finding.explanation, harm)}."
        return step.model_copy(update={"cause": finding.code, "because": because})
    if step.change.high is not None and step.change.high > 0:
        return step.model_copy(
            update={"because": "the interval holds 0: it may be that nothing is lost here."}
        )
    because = _enrolment(step, [f for f in ranked if f.code in able])
    if not because and unsure:
        finding, harm = max(unsure, key=lambda each: each[1].value)
        because = f"{finding.title}, perhaps: {_clause(finding.explanation, harm)}."
        return step.model_copy(update={"cause": finding.code, "because": because})
    return step.model_copy(update={"because": because or "No diagnostic explains this loss."})


def _enrolment(step: Step, able: Sequence[Finding]) -> str:
    """What is lost by counting classes alike though none is embedded worse; "" where that is not known."""
    if step.letter != "W":
        return ""
    for finding in able:
        gap = finding.estimates.get(AT_EQUAL)
        if gap is not None and finding.verdict is Verdict.OK:
            told = _clause(finding.explanation, gap)
            return f"small classes have fewer rows enrolled, and are not embedded worse: {told}."
    return ""


def _clause(explanation: str, harm: Estimate) -> str:
    """The part of a text that tells the harm; where none does, the first."""
    sentences = re.split(r"(?<=\.)\s+(?=[A-Z])", explanation)
    clauses = [clause for sentence in sentences for clause in sentence.split("; ")]
    told = next((clause for clause in clauses if harm.text() in clause), clauses[0])
    return told.rstrip(".")


def _gain(step: Step) -> str:
    return {
        "P": "a query needs one near row of its class, and has several to choose from.",
        "W": "small classes fare better than large ones.",
        "G": "triplets drawn against the gallery are easier than triplets among the queries.",
        "B": "the model is better than was claimed.",
    }.get(step.letter, "")
