"""Which finding explains which loss, in words?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from embedding_second_opinion.findings.finding import Finding, Verdict, judge

from .stages import Attribution, Step

NOTICED = 0.005  # half a point: of a smaller loss nobody asks why
# What counting classes alike costs at equal enrolment.
AT_EQUAL = "micro_macro_gap_common_enrolment"
GAINS = {
    "P": "a query needs one near row of its class, and has several to choose from.",
    "W": "small classes fare better than large ones.",
    "G": "triplets drawn against the gallery are easier than triplets among the queries.",
    "B": "the model is better than was claimed.",
}
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
    steps = []
    for step in attribution.steps:
        cause, because = _explained(step, ranked, explains, parts or {})
        steps.append(step.model_copy(update={"cause": cause, "because": because}))
    return attribution.model_copy(update={"steps": tuple(steps)})


def _explained(
    step: Step,
    ranked: Sequence[Finding],
    explains: Mapping[str, Sequence[str]],
    parts: Mapping[tuple[str, str], str],
) -> tuple[str, str]:
    """The code of the cause, "" where there is none, and the words."""
    if step.change.value > -NOTICED:
        return "", GAINS.get(step.letter, "") if step.change.value >= NOTICED else ""
    able = [f for f in ranked if f.code in explains.get(step.letter, ())]
    loud: list[tuple[float, str, str]] = []
    unsure: list[tuple[float, str, str]] = []
    for finding in able:
        part = parts.get((step.letter, finding.code))
        harm = finding.harm if part is None else finding.estimates.get(part)
        if harm is None:
            continue
        verdict = finding.verdict if part is None else judge(harm, finding.tolerance or 0.0)
        if verdict.loud and finding.verdict.loud:
            loud.append((harm.value, finding.code, f"{finding.title}: {harm.text()}."))
        elif verdict is Verdict.UNSURE and harm.value >= -MUCH * step.change.value:
            unsure.append((harm.value, finding.code, f"{finding.title}, perhaps: {harm.text()}."))
    if loud:
        return max(loud, key=lambda each: each[0])[1:]
    if step.change.high is not None and step.change.high > 0:
        return "", "the interval holds 0: it may be that nothing is lost here."
    # What is lost by counting classes alike though none is embedded worse.
    for finding in able if step.letter == "W" else ():
        gap = finding.estimates.get(AT_EQUAL)
        if gap is not None and finding.verdict is Verdict.OK:
            said = (
                f"small classes are not embedded worse: the gap at equal enrolment is {gap.text()}."
            )
            return "", said
    if unsure:
        return max(unsure, key=lambda each: each[0])[1:]
    return "", "No diagnostic explains this loss."
