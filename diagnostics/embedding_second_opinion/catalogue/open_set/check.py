"""Does the model turn away who is not enrolled?"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.findings.check import Answer, NotApplicable
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.findings.wording import are, number, percent
from embedding_second_opinion.geometry.geometry import NEIGHBORS, Geometry
from embedding_second_opinion.inputs.inputs import Inputs
from embedding_second_opinion.stats.rejection import STRANGER_RATE

from . import CHECK
from .charts import acceptance_curve, oscr_curve, size_curve
from .found import REHEARSED, OpenSet, open_set_numbers
from .let_in import nearest_strangers, open_doors


@CHECK
def open_set(
    space: Geometry,
    inputs: Inputs | None = None,
    *,
    tolerance: float = 0.10,
    stranger_rate: float = STRANGER_RATE,
    cost_of_stranger: float = 1.0,
) -> Answer | NotApplicable:
    """Count the strangers that are nearer to somebody enrolled than a threshold that suits the known.

    The threshold is the 95 % quantile (NumPy's "linear") of the distances of known rows to their nearest
    enrolled row of any class: those of a validation split where there is one, else the queries.
    The harm is the share of strangers at most that far from the gallery.

    True strangers are judged where there are any; else every class in turn plays the stranger, which is
    a rehearsal: classes that were trained on lie farther apart than new ones, and classes of one kind
    resemble one another more than somebody from elsewhere does, so that it errs either way.
    Interval: class jackknife on the logit scale over enrolled classes and classes of strangers; of fewer
    than ten classes exact over their rows. A threshold from fewer than 20 rows is none: then unsure.

    stranger_rate, cost_of_stranger: the share of strangers among those who come, in [0, 1], and the
    cost of letting one in where a known one turned away or misnamed costs 1. They only choose the
    threshold to deploy. Raises ValueError for values out of range.

    Not applicable where no query has both a positive and a negative in the gallery.
    """
    if not 0 <= stranger_rate <= 1 or not 0 <= cost_of_stranger < np.inf:
        raise ValueError("stranger_rate must be from 0 to 1, and cost_of_stranger 0 or more.")
    seen = open_set_numbers(space, stranger_rate, cost_of_stranger)
    return Answer(
        explanation=_explanation(space, seen),
        estimates=seen.estimates,
        harm=seen.harm,
        interval=seen.interval,
        meaning=lambda verdict: _meaning(seen, verdict, tolerance),
        ignore_when="Whoever can come is enrolled, as with a fixed list of products.",
        remedy=lambda verdict: _remedy(seen, verdict, stranger_rate, cost_of_stranger),
        caveats=_caveats(seen),
        charts=(
            acceptance_curve(seen),
            oscr_curve(seen),
            size_curve(seen),
            *open_doors(space, seen),
            *nearest_strangers(space, seen),
        ),
    )


def _explanation(space: Geometry, seen: OpenSet) -> str:
    sides, n = seen.sides, len(seen.sides.strange.rows)
    enrolled = f"{space.ranks.classes:,}"
    who = "known queries" if sides.fitted is sides.known else f"the known rows of {sides.fitted_on}"
    unsettled = f"; {sides.few}, so that there is no verdict" if sides.few else ""
    if sides.rehearsal:
        given = len(space.evaluation.strangers) > 0
        missing = "the distances of strangers were not" if given else "no strangers were"
        what = (
            f"{number(n, 'query')} are taken for another of the {enrolled} classes once their own is taken "
            f"out; {missing} given, so this is a rehearsal"
        )
    else:
        what = (
            f"{number(n, 'stranger')} of {number(sides.strange.classes, 'class')} {are(n)} taken for one of "
            f"the {enrolled} enrolled classes"
        )
    return (
        f"At the distance that accepts 95 % of {who} ({seen.threshold:.3g}), {seen.harm.text()} of {what}"
        f"{unsettled}."
    )


def _meaning(seen: OpenSet, verdict: Verdict, tolerance: float) -> str:
    text = "Somebody is always nearest; only the threshold can say no."
    if REHEARSED in seen.estimates:
        rehearsal, low, high = seen.estimates[REHEARSED].value, seen.harm.low, seen.harm.high
        text += f" Of known queries whose class is taken out, {percent(rehearsal)} are accepted"
        if low is not None and low > rehearsal:
            text += ": strangers come nearer than classes that the model knows"
        elif high is not None and high < rehearsal:
            text += ": the known resemble one another more than these strangers do"
        text += "."
    if verdict is Verdict.WATCH:
        # One stranger let in is more than none; the interval of a share never reaches zero then.
        text += (
            f" Some are let in, not for sure more than the {percent(tolerance)} that is tolerated."
        )
    return text


def _remedy(seen: OpenSet, verdict: Verdict, rate: float, cost: float) -> str:
    best = seen.deployed
    cheapest = "turning everybody away is cheapest."
    if best.threshold is not None:
        cheapest = (
            f"the threshold of the least cost is {best.threshold:.3g}: it accepts {percent(best.accepted)} "
            f"of strangers and fails {percent(best.fnir)} of the known. Rate and price are yours to choose."
        )
    stated = (
        f"Where {100 * rate:.3g} % of those who come are strangers, each let in at the price of {cost:.3g} "
        f"known turned away or misnamed, {cheapest}"
    )
    if verdict is Verdict.OK:
        return stated
    return (
        "Set the threshold on strangers that training never saw; enrol more rows of each class, or train "
        f"with more classes. {stated}"
    )


def _caveats(seen: OpenSet) -> list[str]:
    sides, size = seen.sides, seen.by_size
    notes = [
        "The conformal threshold turns away at most 5 % of new rows of the source that set it (nearly, where "
        "rows are enrolled for each other); it says nothing of strangers."
        if "conformal_threshold" in seen.estimates
        else "There is no conformal threshold at 95 %: that takes 19 rows to set it by.",
        "The threshold to deploy is chosen where its errors are measured: expect a little worse in use.",
    ]
    if sides.rehearsal:
        notes.insert(
            0,
            "A rehearsal errs either way: classes that were trained on lie farther apart than new ones, and "
            "resemble one another more than somebody from elsewhere does. Give strangers that training never "
            "saw with --strangers NAME.",
        )
    if len(size.within) < size.of:
        some = f"{len(size.within):,} of {size.of:,} queries"
        notes.append(f"Against the size of the gallery {some} play the stranger.")
    bounded = sides.known.bounded + sides.strange.bounded
    if bounded:
        rows = number(bounded, "row")
        notes.append(
            f"The {NEIGHBORS} nearest of {rows} are of too few classes: intervals may be narrow."
        )
    return notes
