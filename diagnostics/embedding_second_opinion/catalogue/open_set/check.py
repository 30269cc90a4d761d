"""Does the model turn away who is not enrolled?"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.findings.check import Answer, NotApplicable
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.findings.wording import number, percent
from embedding_second_opinion.geometry.geometry import NEIGHBORS, Geometry
from embedding_second_opinion.inputs.inputs import Inputs
from embedding_second_opinion.stats.rejection import STRANGER_RATE

from . import CHECK
from .charts import acceptance_curve, distances_curve, oscr_curve, size_curve
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
        ignore_when=(
            "Whoever can come is enrolled, as with a fixed list of products. Then no threshold is needed."
        ),
        remedy=lambda verdict: _remedy(seen, verdict, stranger_rate, cost_of_stranger),
        caveats=_caveats(seen, space.evaluation.leave_one_out),
        charts=(
            distances_curve(seen),
            acceptance_curve(seen),
            oscr_curve(seen),
            size_curve(seen),
            *open_doors(space, seen),
            *nearest_strangers(space, seen),
        ),
    )


def _explanation(space: Geometry, seen: OpenSet) -> str:
    sides = seen.sides
    who = "known queries" if sides.fitted is sides.known else f"the known rows of {sides.fitted_on}"
    text = (
        f"At the distance that accepts 95 % of {who} ({seen.threshold:.3g}), {seen.harm.text()} of "
    )
    unsettled = f"; {sides.few}, so that there is no verdict" if sides.few else ""
    if sides.rehearsal:
        missing = (
            "the distances of strangers were not given"
            if len(space.evaluation.strangers)
            else "no strangers were given"
        )
        return (
            f"{text}{number(len(sides.strange.rows), 'query')} are taken for somebody else once their own "
            f"class is taken out of the gallery of {space.ranks.classes:,}; {missing}, so this is a "
            f"rehearsal{unsettled}."
        )
    verb = "is" if len(sides.strange.rows) == 1 else "are"
    return (
        f"{text}{number(len(sides.strange.rows), 'stranger')} of "
        f"{number(sides.strange.classes, 'class')} {verb} taken for one of the {space.ranks.classes:,} "
        f"enrolled classes{unsettled}."
    )


def _meaning(seen: OpenSet, verdict: Verdict, tolerance: float) -> str:
    found, size = seen.estimates, seen.by_size
    text = (
        "A closed-set accuracy supposes that everybody who comes is enrolled. In use somebody else comes, "
        "and a nearest-neighbour search always has a nearest; only the threshold can say no. A known query "
        f"is nearer than a stranger with a chance of {percent(found['open_set_auroc'].value)}."
    )
    if size.fpir[-1] > 0:
        text += (
            f" The more are enrolled, the more a stranger may resemble: with one class enrolled "
            f"{percent(float(size.fpir[0]))} are accepted at this threshold, and "
            f"{percent(float(size.fpir[-1]))} with {size.sizes[-1]:,}."
        )
    if REHEARSED in found:
        rehearsal, low, high = found[REHEARSED].value, seen.harm.low, seen.harm.high
        text += f" Of known queries whose class is taken out, {percent(rehearsal)} are accepted"
        if low is not None and low > rehearsal:
            text += ": strangers come nearer than classes that the model knows."
        elif high is not None and high < rehearsal:
            text += ": the known resemble one another more than these strangers do."
        else:
            text += "."
    if verdict is Verdict.OK:
        text += " Here few are let in."
    if verdict is Verdict.WATCH:
        # One stranger let in is more than none; the interval of a share never reaches zero then.
        text += (
            f" Here some are let in: that is known to be more than none, and not for sure more than the "
            f"{percent(tolerance)} that is tolerated."
        )
    return text


def _remedy(seen: OpenSet, verdict: Verdict, rate: float, cost: float) -> str:
    best = seen.deployed
    price = "as much as" if cost == 1 else f"{cost:.3g} times what"
    stated = (
        f"If {100 * rate:.3g} % of those who come are strangers, and letting one in costs {price} turning "
        f"away or misnaming a known one{'' if cost == 1 else ' does'}, "
    )
    if best.threshold is None:
        stated += (
            "turning everybody away is cheapest: at that price these distances decide nothing."
        )
    else:
        stated += (
            f"the threshold of the least cost is {best.threshold:.3g}: it accepts {percent(best.accepted)} "
            f"of strangers and fails {percent(best.fnir)} of the known. Both the rate and the price are "
            "yours to choose."
        )
    if verdict is Verdict.OK:
        return stated
    return (
        "Do not answer with the nearest neighbour alone. Set the threshold for the strangers you expect, on "
        "strangers that training never saw; enrol more rows of each class, so that a known query is nearer; "
        f"train with more classes, or with strangers as negatives. {stated}"
    )


def _caveats(seen: OpenSet, leave_one_out: bool) -> tuple[str, ...]:
    sides, size = seen.sides, seen.by_size
    validation = (
        "" if sides.fitted is sides.known else ", and the neighbours of the validation rows"
    )
    notes = [
        f"The threshold is the 95 % quantile (linear) over {sides.fitted_on} of the distance to the nearest "
        "enrolled row of any class. That to the nearest of the own class would be larger, and accept more.",
        "fpr95: the known are the positive class, 95 % of them accepted; fpr95_strangers_positive: strangers "
        "are, 95 % of them turned away, as pytorch-ood has it. open_set_auroc is the same either way.",
        "fnir_at_95: known queries that are turned away or taken for another class; oscr is at most the "
        "closed-set accuracy.",
        "The conformal threshold turns away a new row of the kind that set it with a chance of at most 5 %, "
        "whatever the distances are like, if it comes from the same source as they (exchangeable)"
        + (
            ". Where rows are enrolled for each other, as here, that holds nearly, not exactly"
            if leave_one_out
            else ""
        )
        + "; it says nothing of strangers.",
        "The threshold to deploy is chosen on the same queries and strangers as its errors are measured on, "
        "so these are a little better than in use.",
        f"Extra passes: the classes within the threshold of {number(len(size.within), 'stranger')}, against "
        f"the whole gallery{validation}.",
    ]
    if sides.rehearsal:
        notes.insert(
            0,
            "A rehearsal is no proof: classes that were trained on lie farther apart than new ones, and "
            "classes of one kind resemble one another more than somebody from elsewhere does. Give true "
            "strangers with --strangers NAME, a class or a split that training never saw.",
        )
    if len(size.within) < size.of:
        notes.append(
            f"Against the size of the gallery {len(size.within):,} of {size.of:,} queries play the stranger, "
            "evenly spread over their distances."
        )
    bounded = sides.known.bounded + sides.strange.bounded
    if bounded:
        notes.append(
            f"The {NEIGHBORS} nearest of {number(bounded, 'row')} are of too few classes to say what is "
            "next: where the nearest class is deleted, the distance of the last one listed is taken, and "
            "intervals may be a little narrow."
        )
    if "conformal_threshold" not in seen.estimates:
        notes.append("There is no conformal threshold at 95 %: that takes 19 rows to set it by.")
    return (*notes, *(f"{name}: {e.method}." for name, e in seen.estimates.items()))
