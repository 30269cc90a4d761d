"""How much of the number does one get without the model?"""

from __future__ import annotations

from collections.abc import Sequence

from embedding_second_opinion.findings.check import Answer, NotApplicable
from embedding_second_opinion.findings.finding import Estimate, Verdict
from embedding_second_opinion.findings.wording import capital, number, percent
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs

from . import CHECK
from .charts import accuracy_chart, classes_table, numbers_table
from .contenders import arranged
from .numbers import Controlled, measure_controls

ENOUGH = 0.02  # points that half of the dimensions may lose and still do as well
GIVE = (
    "Give controls with --controls FILE: an .npz with a row for each row of the set, the flattened "
    "inputs as 'raw', the embeddings of the same network before training as 'untrained'."
)


@CHECK
def controls(
    space: Geometry, inputs: Inputs | None = None, *, tolerance: float = 0.02
) -> Answer | NotApplicable:
    """Put the same evaluation of other vectors of the same rows beside the model's.

    The harm, in accuracy points of 1-NN: what the model lacks of a lead of ``tolerance`` over the best of
    the user's controls. So the verdict is alarm where the model is surely no better than a control, ok
    where it is surely better, watch where its lead is surely short of two points and may be none.
    Interval: paired class jackknife; at a limit from both intervals. A second harm is the evaluation's
    own: how far 1-NN accuracy under permuted labels is from its exact chance (999 permutations). It is
    judged where it is surely above ``tolerance``; passed, it says nothing of the model.

    Beside them stands a random projection to half of the dimensions, of the raw input where given, else of
    the embedding. Not applicable without a control that can be looked up, and then nothing is measured;
    where there are distances only; and where no query has a positive and a negative.
    """
    given = (inputs or Inputs()).controls
    usable, refused = arranged(space, given)
    if not usable:  # before anything is measured
        return NotApplicable(
            _needs(refused),
            meaning="A high accuracy may be the data's doing and not the model's.",
            remedy=GIVE,
            caveats=refused,
        )
    if not len(space.evaluation.queries) or not len(space.ranks.anchors):
        return NotApplicable(
            "Needs a query with both a positive and a negative in the gallery; there is none."
        )
    numbers = measure_controls(space, given, tolerance)
    return Answer(
        explanation=_explanation(numbers),
        estimates=numbers.estimates,
        harm=numbers.harm,
        interval=numbers.interval,
        meaning=lambda verdict: _meaning(numbers, verdict, tolerance),
        ignore_when=(
            "The embedding is wanted for its size, its speed or a comparison across kinds of data, where "
            "being as good as the input is enough."
        ),
        remedy=lambda verdict: _remedy(numbers, verdict),
        caveats=_caveats(space, numbers),
        charts=(accuracy_chart(numbers), numbers_table(numbers), *classes_table(space, numbers)),
        parameters={"controls": [control.name for control in given]},
    )


def _needs(refused: Sequence[str]) -> str:
    if refused:
        why = "; ".join(reason.rstrip(".") for reason in refused)
        return f"Needs a control other than those given (--controls FILE): {why}."
    return (
        "Needs other vectors of the same rows (--controls FILE): the raw inputs as 'raw', an untrained "
        "network's embeddings as 'untrained'."
    )


def _explanation(numbers: Controlled) -> str:
    model = numbers.estimates["closed_set_accuracy"]
    test = (
        f"with permuted labels {100 * numbers.permuted.accuracy:.2f} % are right, where chance is "
        f"{100 * numbers.permuted.chance:.2f} %"
    )
    best = numbers.best
    theirs = numbers.estimates[f"closed_set_accuracy_{best.name}"]
    lead = numbers.estimates[f"lead_over_{best.name}"]
    which = "" if len(numbers.controls) == 1 else f", the best of {len(numbers.controls)} controls,"
    return (
        f"The model recognises {model.text()} of queries, {best.words}{which} {theirs.text()}: "
        f"{_led(lead)}{_projection(numbers)}; {test}."
    )


def _led(lead: Estimate) -> str:
    if lead.value >= 0:
        return f"a lead of {lead.text()}"
    low, high = (None if bound is None else -bound for bound in (lead.high, lead.low))
    behind = lead.model_copy(update={"value": -lead.value, "low": low, "high": high})
    return f"the model is behind by {behind.text()}"


def _projection(numbers: Controlled) -> str:
    shadow = numbers.projection
    if shadow is None:
        return ""
    to = number(shadow.dimensions, "dimension")
    return f", {shadow.words} to {to} {percent(shadow.closed)}"


def _meaning(numbers: Controlled, verdict: Verdict, tolerance: float) -> str:
    best = numbers.best
    text = _about_projection(numbers)
    leak = numbers.permuted.interval.low
    if leak is not None and leak > tolerance:
        return (
            "The evaluation itself leaks: labels dealt out at random are not found as often as by chance. "
            "No other number of it can be believed. " + text
        )
    lead = numbers.estimates[f"lead_over_{best.name}"]
    if verdict.loud and (numbers.harm.low or 0.0) > tolerance:
        start = (
            f"{capital(best.words)} gives a better number without the model: something was lost. "
        )
    elif verdict is Verdict.OK:
        start = f"The model adds to what is there without it: {lead.text()} over {best.words}. "
    elif verdict is Verdict.WATCH:
        start = (
            f"The model leads {best.words} by less than {100 * tolerance:.0f} points, and perhaps by "
            "nothing. "
        )
    elif lead.low is None:
        start = f"Whether the model adds anything cannot be said: {lead.why_none}. "
    else:
        start = f"Whether the model is better than {best.words} cannot be told from these queries. "
    return start + text


def _about_projection(numbers: Controlled) -> str:
    """A sentence only where the interval allows it."""
    shadow, lost = numbers.projection, numbers.lost
    if shadow is None or lost is None or lost.low is None or lost.high is None:
        return ""
    if "embedding" not in shadow.words:
        text = f"{capital(shadow.words)} recognises {percent(shadow.closed)}"
        return f"{text}: the model must beat that, too." if lost.high < 0 else f"{text}."
    if shadow.dimensions >= numbers.model.dimensions:
        return ""
    if lost.low > 0:
        return f"Mixed at random into half as many dimensions, the embedding loses {lost.text()}."
    if lost.high <= ENOUGH:
        return (
            "Mixed at random into half as many dimensions, the embedding does as well to within "
            f"{100 * ENOUGH:.0f} points."
        )
    return ""


def _remedy(numbers: Controlled, verdict: Verdict) -> str:
    best = numbers.best
    if verdict is Verdict.OK:
        return "Nothing here."
    return (
        f"Report {best.words} beside the model's number. If the data are easy, take a harder evaluation. If "
        "not: was the trained network saved, is the input preprocessed as in training, did the loss fall?"
    )


def _caveats(space: Geometry, numbers: Controlled) -> tuple[str, ...]:
    passes = len(numbers.controls) + (numbers.projection is not None)
    notes = [
        f"{number(passes, 'extra pass')} of queries against the gallery.",
        "Controls are looked up under the metric of the model; another may suit them better.",
    ]
    if not space.evaluation.leave_one_out:
        notes.append("Triplet accuracy is against the gallery here.")
    return (*notes, *numbers.refused)
