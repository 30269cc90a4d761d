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
    "at_level": "A lower learning rate, semi-hard or random triplets before hard ones, a soft margin; check "
    "that the loss sees the labels, and that vectors differ within a batch.",
    "parting": "Keep the checkpoint from where the validation settled; augment, regularise, train on more "
    "classes.",
    "margin_only": "Harder triplets (semi-hard, batch-hard), not a wider margin.",
    "few_active": "Mine semi-hard or hard triplets.",
    "over_active": "Log the mean over all triplets too, or loss times active share.",
    "norms": "Normalise the vectors, or penalise their length.",
    "spikes": "Clip the gradient, lower the learning rate, or warm it up.",
    "jump": "Find what changed at that step (mining, margin, data, learning rate).",
    "saturated": "Log something harder: recall@1 against a gallery of all classes.",
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
            "Needs the log of the training (--log FILE): columns of steps, of the loss and of an accuracy."
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
        ignore_when="The accuracy in the log is at its ceiling, or the log holds a last, short fine-tuning.",
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
    progress, loss = run.called(run.progress), run.called(run.loss)
    if found.harm.low is None:
        few = min(len(run.known(role)[1]) for role in (run.loss, run.progress))
        return (
            f"The log is too short to tell: {number(few, 'value')} of the {loss} or the {progress}"
        )
    rose = f"hardly {run.better}"
    if found.progress.moved:
        rose = f"{run.better} for the first {100 * found.progress.at:.0f} % of the run"
    fell = f"fell for {100 * found.loss.at:.0f} %" if found.loss.moved else "did not fall"
    return f"The {progress} {rose}, the {loss} {fell}: {harm} of the run taught nothing"


def _also(found: Curves) -> str:
    titles = [p.title for p in found.patterns if p.name not in ("over_all", "no_gain")]
    return f"; also seen: {'; '.join(titles)}" if titles else ""


def _loss(found: Curves) -> str:
    which = found.recomputed
    if isinstance(which, str):
        return ""
    seen = which.observed
    logged = f"; the log's last loss, {seen.loss:.3g},"
    if which.named is None and not which.fits:
        return f"{logged} is none of those recomputed from these vectors"
    c = which.named or which.fits[0]
    only = " and no other" if which.named is not None else ""
    active = ""
    if c.active is not None and seen.active is not None:
        active = f", {100 * c.active:.1f} % active against {100 * seen.active:.1f} % in the log"
    return f"{logged} fits the {c.name}{only} ({c.loss:.3g} on these vectors{active})"


def _meaning(found: Curves, verdict: Verdict) -> str:
    what, names = WORDS[found.run.progress], {p.name for p in found.patterns}
    if verdict.loud and "at_level" in names:
        said = ["The loss stays where it is when all vectors are one."]
    elif verdict.loud and not found.progress.moved:
        said = [f"Next to nothing that the {what} measures was learned, whatever the loss says."]
    elif verdict.loud:
        said = [f"The loss kept falling and stopped speaking of the {what}."]
    elif verdict is Verdict.OK:
        said = [f"The {what} improved for about as long as the loss fell."]
    elif found.harm.low is None:
        said = [f"The log is too short to tell a trend from noise: {found.harm.why_none}."]
    else:
        said = ["The curves waver too much to tell when they settled."]
    if "over_active" in names:
        said.append("The loss is a mean over the triplets still active, and need not fall.")
    slip = _slip(found)
    if slip == COORDINATES_NAME:
        said.append("The contrastive loss was taken coordinate by coordinate, not of the distance.")
    elif slip.startswith(SQUARED):
        said.append("The margin is one of squared distances, which asks for another gap.")
    return " ".join(said)


def _slip(found: Curves) -> str:
    """The loss that was logged, where it is one mostly meant otherwise."""
    which = found.recomputed
    return "" if isinstance(which, str) or which.named is None else which.named.name


def _remedy(found: Curves, verdict: Verdict) -> str:
    said = [REMEDIES[p.name] for p in found.patterns if p.name in REMEDIES]
    if slip := _slip(found):
        said.append(
            "Take the norm of the difference before the margin."
            if slip == COORDINATES_NAME
            else "Decide on squared distances or not, and choose the margin for it."
        )
    if verdict.loud and not said:
        said.append("Choose the checkpoint by the validation accuracy; stop when it has settled.")
    if found.harm.low is None:
        said.append("Log more often: at least ten values of the loss and of the accuracy.")
    elif verdict is Verdict.UNSURE:
        said.append("Evaluate more often, or on more rows.")
    return " ".join(said) or "Nothing here."


def _caveats(found: Curves) -> tuple[str, ...]:
    run, which = found.run, found.recomputed
    notes = [*run.log.notes]
    if run.progress == "accuracy":
        notes.append("No validation was logged: what was learned is judged by the training itself.")
    if run.loss == "val_loss":
        notes.append("No training loss was logged: the validation loss is taken for it.")
    notes.append(
        f"Which loss was logged was not sought: {which}."
        if isinstance(which, str)
        else "Losses are recomputed as if these were the vectors of the last step, and triplets random."
    )
    return tuple(notes)
