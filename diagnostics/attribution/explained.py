"""Which finding explains which loss, in words?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from diagnostics.attribution.record import Attribution, Step
from diagnostics.finding import Finding, Verdict

NOTICED = 0.005  # half a point: of a smaller loss nobody asks why
LOUD = (Verdict.ALARM, Verdict.WATCH)


def explained(
    attribution: Attribution,
    ranked: Sequence[Finding],
    verdicts: Mapping[str, Verdict],
    explains: Mapping[str, Sequence[str]],
) -> Attribution:
    """The same with the loudest finding that explains each loss.

    ranked: the findings, loudest first. verdicts: corrected. explains: for each letter the codes of the
    diagnostics that can explain its loss. One finding may explain several steps.
    """
    steps = [_explained(step, ranked, verdicts, explains) for step in attribution.steps]
    return attribution.model_copy(update={"steps": tuple(steps)})


def _explained(
    step: Step,
    ranked: Sequence[Finding],
    verdicts: Mapping[str, Verdict],
    explains: Mapping[str, Sequence[str]],
) -> Step:
    if step.change.value >= NOTICED:
        return step.model_copy(update={"because": _gain(step)})
    if step.change.value > -NOTICED:
        return step
    able = explains.get(step.letter, ())
    for finding in ranked:
        if finding.code in able and verdicts[finding.code] in LOUD:
            first = finding.explanation.partition("; ")[0].rstrip(".")
            because = f"{finding.title}: {first}."
            return step.model_copy(update={"cause": finding.code, "because": because})
    return step.model_copy(update={"because": "No diagnostic explains this loss."})


def _gain(step: Step) -> str:
    return {
        "P": "a query needs one near row of its class, and has several to choose from.",
        "W": "small classes fare better than large ones.",
        "G": "triplets drawn against the gallery are easier than triplets among the queries.",
        "B": "the model is better than was claimed.",
    }.get(step.letter, "")
