"""What does one threshold on the distance of two samples decide?"""

from __future__ import annotations

from embedding_second_opinion.findings.check import Answer, NotApplicable
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs

from . import CHECK
from .charts import charts_of
from .counts import has_pairs
from .figures import LEVELS
from .numbers import Verification, verify

COSTS = {
    "transfer_loss": "by using a threshold that was fitted elsewhere",
    "one_threshold_loss": "because one threshold must serve all classes",
    "claim_loss": "against the claim",
}


@CHECK
def pair_verification(
    space: Geometry, inputs: Inputs | None = None, *, tolerance: float = 0.02
) -> Answer | NotApplicable:
    """Verify pairs: the user's own (``inputs.pairs``), or else all pairs among the queries.

    The harm is the largest of what having one threshold costs, in accuracy points: balanced accuracy at
    the pairs' own best threshold less that at one fitted elsewhere (the other folds of the file, the
    gallery, or the other half of the classes); pooled triplet accuracy, where each anchor has a scale of
    its own, less the AUC, where all share one; and what a claimed pair accuracy is short of. Where the
    user's own pairs cannot be judged the answer is unsure, unless the other parts alarm. The rates
    themselves are no verdict: what error is too much depends on the use.

    Shares lie in [0, 1]; thresholds are in the unit of the metric. Not applicable where there is neither
    a file of pairs nor two queries of one class beside another class.
    """
    inputs = inputs or Inputs()
    if inputs.pairs is not None and not space.has_vectors:
        return NotApplicable(
            "Needs vectors to measure the pairs of a file; these are distances only."
        )
    if inputs.pairs is None and not has_pairs(space):
        return NotApplicable(
            "Needs two queries of one class and two of different classes, with their distances; or pairs "
            "(--pairs)."
        )
    seen = verify(space, inputs, tolerance)
    return Answer(
        explanation=_explanation(seen),
        estimates=seen.estimates,
        harm=seen.harm,
        interval=seen.interval,
        meaning=lambda verdict: _meaning(seen, verdict),
        ignore_when="The model never decides on a single pair: it ranks candidates, or picks the nearest.",
        remedy=lambda verdict: _remedy(seen, verdict),
        caveats=_caveats(seen, inputs),
        charts=charts_of(space, inputs, seen),
        parameters={"pairs": None if inputs.pairs is None else inputs.pairs.name},
    )


def _explanation(seen: Verification) -> str:
    e, fitted = seen.estimates, seen.counts.fit_words
    fitted += "," if "," in fitted else ""
    text = (
        f"A threshold fitted on {fitted} judges {e['pair_accuracy'].text()} of balanced pairs "
        f"rightly ({seen.counts.about}; AUC {e['verification_auc'].text()}, equal error rate "
        f"{e['eer'].text()})"
    )
    if "pair_precision" in e and e["genuine_share"].value > 0:
        one_in = f"{1 / e['genuine_share'].value:,.0f}"
        text += (
            f"; at the base rate of all pairs of this set, one genuine pair in {one_in}, "
            f"{e['pair_precision'].text()} of the pairs called the same really are"
        )
    if seen.counts.elsewhere or seen.worst != "transfer_loss":
        text += f"; the most that is lost is {seen.harm.text()}, {COSTS[seen.worst]}"
    if seen.unjudged:
        text += f"; the pairs of the file are not judged: {seen.unjudged}"
    return f"{text}."


def _meaning(seen: Verification, verdict: Verdict) -> str:
    text = "In use almost every pair is an impostor, and far fewer of the matches are true."
    if seen.below_half:
        says = (
            ", and nearly all contradict the labels: 'same' is probably a distance flag (1 = different)."
            if seen.turned
            else ": these distances say less than a toss of a coin."
        )
        text = (
            "Pairs called the same lie farther apart than those called different (an AUC below one half)"
            f"{says} {text}"
        )
    if verdict is Verdict.OK:
        return f"{text} Here one threshold costs next to nothing."
    if not verdict.loud:
        return text
    claimed = "" if seen.claim is None else f"{100 * seen.claim.value:.1f} %"
    why = {
        "one_threshold_loss": "Samples order their own pairs better than one threshold can: they live "
        "on different scales.",
        "transfer_loss": f"A threshold does not travel: {seen.seen.threshold:.3g} comes from "
        f"{seen.counts.fit_words}, and these pairs want {seen.seen.best_threshold:.3g}.",
        "claim_loss": f"{claimed} pair accuracy was claimed; these vectors give "
        f"{seen.estimates['pair_accuracy'].text()}.",
    }
    return f"{text} {why[seen.worst]}"


def _remedy(seen: Verification, verdict: Verdict) -> str:
    report = "Report the share of true matches at the base rate of the use, or TAR at a stated FAR."
    if seen.turned:
        return f"Turn 'same' round, so that 1 says one class, and judge again. {report}"
    if seen.unjudged and verdict is Verdict.UNSURE:
        return f"Give pairs of both kinds, of ten classes or more, or folds that share no class. {report}"
    if verdict is Verdict.OK:
        return report
    way = {
        "one_threshold_loss": "Compare unit-length vectors (--metric cosine), or normalise scores (s-norm).",
        "transfer_loss": "Fit the threshold on classes that training has not seen, after every training.",
        "claim_loss": "Find out on which pairs the claim was measured, and how its threshold was fitted.",
    }
    return f"{way[seen.worst]} {report}"


def _caveats(seen: Verification, inputs: Inputs) -> tuple[str, ...]:
    notes = [
        f"{name} is not given: the impostor pairs are worth {pairs:,.0f} independent ones, and it needs "
        f"{3 / LEVELS[name]:,.0f}."
        for name, pairs in seen.refused.items()
    ]
    if not seen.counts.elsewhere:
        notes.append(
            "Too few classes to fit a threshold on others than it judges: accuracy at it is too good."
        )
    elif seen.counts.judged != seen.counts.counted:
        notes.append("At the threshold only pairs inside each half of the classes count.")
    if seen.seen.rounding:
        notes.append(f"Counted in bins, the AUC is off by at most {seen.seen.rounding:.1g}.")
    if inputs.pairs is not None:
        notes += inputs.pairs.notes
        notes.append("Intervals are up to 1.4 times too wide where each class is in few pairs.")
    return tuple(notes)
