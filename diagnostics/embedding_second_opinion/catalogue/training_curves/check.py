"""Does the training log show a run that learned what it should?"""

from __future__ import annotations

from embedding_second_opinion.findings.check import Answer, NotApplicable
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs
from embedding_second_opinion.inputs.training_log import TrainingLog

from . import CHECK
from .charts import curve_charts, loss_table, pattern_table
from .numbers import Curves, measure_log
from .training_run import WORDS
from .which_loss import COORDINATES_NAME, SQUARED

REMEDIES = {
    "at_level": "Out of a collapse: a lower learning rate, semi-hard triplets or random ones before hard "
    "ones, a soft margin; check that the loss sees the labels it should, and that vectors do differ "
    "within a batch.",
    "parting": "Keep the checkpoint from where the validation settled; augment, regularise, train on more "
    "classes.",
    "margin_only": "Harder triplets (semi-hard, batch-hard) would teach again; widening the margin alone "
    "would not.",
    "few_active": "Mine semi-hard or hard triplets: random ones have little left to teach.",
    "over_active": "Log the mean over all triplets too, or loss times active share.",
    "norms": "Normalise the vectors, or penalise their length.",
    "spikes": "Clip the gradient, lower the learning rate, or warm it up.",
    "jump": "Find what changed at that step (mining, margin, data, learning rate); compare losses within "
    "one part only.",
    "saturated": "Log something harder than this accuracy: recall@1 against a gallery of all classes.",
}


@CHECK
def training_curves(
    space: Geometry, inputs: Inputs | None = None, *, tolerance: float = 0.25
) -> Answer | NotApplicable:
    """Read the log: when did the loss settle, when the accuracy, and what else is there to see?

    The harm is the share of the run that taught nothing: from the step at which the accuracy had settled
    (within a tenth of its rise, or of the error that is left, of where it ends) to the step at which the
    loss had (within a tenth of its fall). Where both settle together the run is done, and nothing was in
    vain; where the accuracy never rose by a tenth of its error, all of the run was. The accuracy is that
    of the validation; without one, the validation loss; without either, the training accuracy. Interval:
    dependent wild bootstrap over bins of steps, which keeps how steps next to each other depend; below
    ten logged values none.

    Named beside it, without a verdict of their own: collapse at the margin (or ln 2), training and
    validation that part, few active triplets, what the loss is the mean of, growing norms, spikes, a jump
    of the loss. Given the margin, the usual losses are recomputed from the vectors and compared with the
    log's last values.

    Not applicable without a log (--log), or where it lacks a loss or what the loss should better.
    """
    log = inputs.log if inputs is not None else None
    if log is None:
        return NotApplicable(
            "Needs the log of the training (--log FILE): a table with a column of steps, one of the loss "
            "and one of an accuracy."
        )
    found = measure_log(space, log, inputs.margin if inputs is not None else None)
    if found is None:
        return NotApplicable(_lacks(log))
    return Answer(
        explanation=f"{_story(found)}{_also(found)}{_loss(found)}.",
        estimates=found.estimates,
        harm=found.harm,
        interval=found.interval,
        meaning=lambda verdict: _meaning(found, verdict),
        ignore_when=(
            "The accuracy in the log is at its ceiling, so that nothing is left to rise: the loss may then "
            "teach what it does not show. Or the log begins late, after a part that is not in it, or holds "
            "a last, short fine-tuning."
        ),
        remedy=lambda verdict: _remedy(found, verdict),
        caveats=_caveats(found),
        charts=(*curve_charts(found), *pattern_table(found), *loss_table(found)),
        parameters={"margin": found.run.margin},
    )


def _lacks(log: TrainingLog) -> str:
    held = " and ".join(f"'{name}'" for name in log.called.values()) or "nothing that is known"
    return (
        f"Needs a loss and an accuracy (or a validation loss) in one log; {log.name} has only {held}. Join "
        "curves that were saved one by one in one table (columns tag, step, value)."
    )


def _story(found: Curves) -> str:
    run, harm = found.run, found.harm.text()
    better = "fell" if run.progress == "val_loss" else "rose"
    progress, loss = run.called(run.progress), run.called(run.loss)
    if found.harm.low is None:
        few = min(len(run.known(role)[1]) for role in (run.loss, run.progress))
        return (
            f"The log is too short to tell: {number(few, 'value')} of the {loss} or the {progress}"
        )
    if not found.progress.moved:
        though = f"though the {loss} fell" if found.loss.moved else f"nor did the {loss} fall"
        return f"The {progress} hardly {better}, {though}: {harm} of the logged run taught nothing"
    last = f"The {progress} {better} for the first {100 * found.progress.at:.0f} % of the run"
    if not found.loss.moved:
        return f"{last}, and the {loss} did not fall; {harm} of the run was in vain"
    until = f"the {loss} fell for {100 * found.loss.at:.0f} %"
    if found.harm.value == 0:
        return f"{last}, {until}: {harm} of the run taught nothing"
    return f"{last}, {until}: for {harm} of the run the loss fell on and nothing came of it"


def _also(found: Curves) -> str:
    titles = [p.title for p in found.patterns if p.name not in ("over_all", "no_gain")]
    return f"; also seen: {'; '.join(titles)}" if titles else ""


def _loss(found: Curves) -> str:
    which = found.recomputed
    if isinstance(which, str):
        return ""
    seen = which.observed
    logged, c = f"the log's last loss, {seen.loss:.3g}", which.named
    if c is None:
        if not which.fits:
            return f"; {logged}, is none of those recomputed from these vectors"
        c = which.fits[0]
    only = " and no other" if which.named is not None else ""
    active = ""
    if c.active is not None and seen.active is not None:
        active = f", {100 * c.active:.1f} % active against {100 * seen.active:.1f} % in the log"
    return f"; {logged}, fits the {c.name}{only} ({c.loss:.3g} on these vectors{active})"


def _meaning(found: Curves, verdict: Verdict) -> str:
    run = found.run
    names = {p.name for p in found.patterns}
    what = WORDS[run.progress]
    if verdict.loud:
        if "at_level" in names:
            text = "The run collapsed: the loss stays where it is when all vectors are one. "
        elif not found.progress.moved:
            text = f"Next to nothing that the {what} measures was learned, whatever the loss says. "
        else:
            text = (
                f"The loss kept falling and stopped speaking of the {what}. A log read by its loss looks "
                "better than the model is. "
            )
    elif verdict is Verdict.OK:
        text = f"The {what} improved for about as long as the loss fell. "
    elif found.harm.low is None:
        why = found.harm.why_none
        text = f"The log is too short to tell a trend from noise: {why}. "
    else:
        text = "The curves waver too much to tell when they settled. "
    if "few_active" in names:
        text += "Few triplets still have a loss: more steps of this kind will teach little. "
    if "over_active" in names:
        text += "The loss is a mean over the triplets still active, and need not fall. "
    which = found.recomputed
    if not isinstance(which, str) and which.named is not None:
        if which.named.name == COORDINATES_NAME:
            text += (
                "The contrastive loss was taken coordinate by coordinate, not of the distance: a "
                "coordinate hardly reaches the margin, so that the loss has a floor, and negatives are "
                "pushed apart for ever. "
            )
        elif which.named.name.startswith(SQUARED):
            text += (
                "The margin is one of squared distances. If it was meant for distances, it asks for "
                "another gap than you think; the triplet accuracy is the same either way. "
            )
    return text.rstrip()


def _remedy(found: Curves, verdict: Verdict) -> str:
    said = [REMEDIES[p.name] for p in found.patterns if p.name in REMEDIES]
    which = found.recomputed
    if not isinstance(which, str) and which.named is not None:
        said.append(
            "Take the norm of the difference before the margin."
            if which.named.name == COORDINATES_NAME
            else "Decide on squared distances or not, choose the margin for it, and judge by the same."
        )
    if verdict.loud and not said:
        said.append(
            "Choose the checkpoint by the validation accuracy, not by the loss, and stop when it has "
            "settled. If it never rose, look at the labels, the triplets and the learning rate before "
            "training longer."
        )
    if found.harm.low is None:
        said.append("Log more often: at least ten values of the loss and of the accuracy.")
    elif verdict is Verdict.UNSURE:
        said.append("Evaluate more often, or on more rows, so that the accuracy wavers less.")
    return " ".join(said) or "Nothing here."


def _caveats(found: Curves) -> tuple[str, ...]:
    run, which = found.run, found.recomputed
    notes = [*run.log.notes]
    if run.progress == "accuracy":
        notes.append("No validation was logged: what was learned is judged by the training itself.")
    if run.loss == "val_loss":
        notes.append("No training loss was logged: the validation loss is taken for it.")
    if isinstance(which, str):
        notes.append(f"Which loss was logged was not sought: {which}.")
    else:
        notes.append(
            f"One extra pass: the usual losses over all triplets and pairs of {which.about.split(';')[0]}. "
            "It takes these vectors for those of the last step, triplets for drawn at random (mined ones "
            "fit none), and pairs for all, or as many of each kind."
        )
    return tuple(notes)
