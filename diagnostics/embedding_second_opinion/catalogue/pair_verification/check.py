"""What does one threshold on the distance of two samples decide?"""

from __future__ import annotations

from embedding_second_opinion.findings.check import Answer, NotApplicable
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs

from . import CHECK
from .charts import charts_of
from .counts import has_pairs
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
            "Needs two queries of one class and two of different classes, with their distances; or a file "
            "of pairs (--pairs)."
        )
    seen = verify(space, inputs, tolerance)
    return Answer(
        explanation=_explanation(seen),
        estimates=seen.estimates,
        harm=seen.harm,
        interval=seen.interval,
        meaning=lambda verdict: _meaning(seen, verdict),
        ignore_when=(
            "The model never decides on a single pair: it ranks candidates, or picks the nearest of those "
            "enrolled."
        ),
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
        text += (
            f"; at the base rate of all pairs of this set, one genuine pair in {_one_in(seen)}, "
            f"{e['pair_precision'].text()} of the pairs called the same really are"
        )
    if seen.counts.elsewhere or seen.worst != "transfer_loss":
        text += f"; the most that is lost is {seen.harm.text()}, {COSTS[seen.worst]}"
    if seen.unjudged:
        text += f"; the pairs of the file are not judged: {seen.unjudged}"
    return f"{text}."


def _meaning(seen: Verification, verdict: Verdict) -> str:
    e = seen.estimates
    text = (
        "A pair accuracy is measured on as many genuine as impostor pairs. In use almost every pair is an "
        "impostor, and each of them is a chance for a false match: the same threshold, the same model, and a "
        "far smaller share of the matches is true."
    )
    if seen.below_half:
        odd = "Pairs called the same lie farther apart than those called different (an AUC below one half)"
        text = (
            f"{odd}, and nearly all contradict the labels: 'same' is probably a distance flag (1 = "
            f"different). Until it is turned round, no number here is about these pairs. {text}"
            if seen.turned
            else f"{odd}: these distances say less than a toss of a coin. {text}"
        )
    if seen.worst == "one_threshold_loss" and verdict.loud:
        text += (
            " Here the order about each sample is better than any one threshold can show: classes (or "
            "samples) live on different scales, so that a distance which is near for one is far for another."
        )
    if seen.worst == "transfer_loss" and verdict.loud:
        text += (
            f" Here a threshold does not travel: {seen.seen.threshold:.3g} comes from "
            f"{seen.counts.fit_words}, and these pairs want {seen.seen.best_threshold:.3g}. Distances of "
            "rows that a model was trained on are often smaller than those of new ones."
        )
    if seen.claim is not None and seen.worst == "claim_loss" and verdict.loud:
        text += (
            f" {100 * seen.claim.value:.1f} % pair accuracy was claimed; these vectors give "
            f"{e['pair_accuracy'].text()}."
        )
    if verdict is Verdict.OK:
        text += (
            " Here one threshold costs next to nothing; what is wrong is wrong at any threshold."
        )
    return text


def _remedy(seen: Verification, verdict: Verdict) -> str:
    report = (
        "Report the share of true matches at the base rate of the use, or TAR at a stated FAR, beside the "
        "pair accuracy."
    )
    if seen.turned:
        return f"Turn 'same' round, so that 1 says one class, and judge again. {report}"
    if seen.unjudged and verdict is Verdict.UNSURE:
        return (
            "Give pairs of ten classes or more, of both kinds within either half of them, or folds that "
            f"share no class. {report}"
        )
    if verdict is Verdict.OK:
        return report
    if seen.worst == "one_threshold_loss":
        return (
            "Compare unit-length vectors (--metric cosine), or normalise each score by those of its sample "
            "against a fixed set of others (z-norm, s-norm). A loss with one margin for all classes trains "
            "towards one scale. " + report
        )
    if seen.worst == "transfer_loss":
        return (
            "Fit the threshold on classes and recordings that training has not seen, as near to the use as "
            "can be had, and again after every new training. " + report
        )
    return (
        "Find out which pairs the claimed number was measured on, and how its threshold was fitted. "
        + report
    )


def _one_in(seen: Verification) -> str:
    return f"{1 / seen.estimates['genuine_share'].value:,.0f}"


def _caveats(seen: Verification, inputs: Inputs) -> tuple[str, ...]:
    notes = []
    for name, pairs in seen.refused.items():
        far = name.removeprefix("tar_at_far_")
        notes.append(
            f"{name} is not given: the impostor pairs are worth {pairs:,.0f} independent ones "
            f"(they share classes), and a FAR of {far} needs {3 / float(far):,.0f}."
        )
    if not seen.counts.elsewhere:
        notes.append(
            "There are too few classes to fit a threshold on others than it judges: the accuracy at the "
            "threshold is too good, and what moving it costs is not known."
        )
    elif seen.counts.judged != seen.counts.counted:
        notes.append(
            "What is said at the threshold is about pairs inside each half of the classes; pairs across both "
            "halves, each with a class that the threshold was fitted on, enter the other numbers."
        )
    moved = f"by at most {seen.seen.rounding:.1g}" if seen.seen.rounding else "not at all"
    notes.append(
        f"Distances are counted in bins; that moves the AUC {moved}, and other rates by no more than one bin "
        "holds. Ties count half. All pairs of the queries are met in a pass of its own."
    )
    if inputs.pairs is not None:
        notes.extend(inputs.pairs.notes)
        notes.append(
            "A pair goes with either of its classes, so that intervals are up to 1.4 times too wide where "
            "each class is in few pairs."
        )
    if len(seen.parts) > 1:
        notes.append(f"The harm is the largest of {number(len(seen.parts), 'cost')}.")
    return (*notes, *(f"{name}: {e.method}." for name, e in seen.estimates.items()))
