"""Which fix helps, by how much on rows it never saw, and at what cost?"""

from __future__ import annotations

from embedding_second_opinion.findings.check import Answer, NotApplicable
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.findings.wording import number, percent
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs
from embedding_second_opinion.stats.rejection import STRANGER_RATE

from . import CHECK
from .charts import costs_table, gains_chart
from .held_out import deal
from .numbers import Remedies, measure_remedies


@CHECK
def remedies(
    space: Geometry,
    inputs: Inputs | None = None,
    *,
    tolerance: float = 0.02,
    stranger_rate: float = STRANGER_RATE,
) -> Answer | NotApplicable:
    """Fit each remedy on one part of the rows, choose one on another, and measure it on a third.

    Tried are, cheapest first: cosine, centring, scaled columns, the nearest class mean, a vote, a gallery
    without contradicting copies, an edited one, whitening within classes, discriminant analysis, CSLS, a
    linear layer. A threshold that turns strangers away is measured apart. The harm is what the one
    chosen gains in accuracy points over the nearest row: what is left on the table.

    With validation rows these choose; else halves of the queries do in turn; without a gallery all rows are
    cross-fitted in five folds. Rows equal to one that was fitted or chosen on do not measure. Interval:
    paired class jackknife over the rows that measure, fits and choices as they are.

    ``stranger_rate`` 0.1: that share of those who come are strangers, for what a threshold gains in right
    outcomes; a convention, as nothing in the set says how many come.

    Not applicable without vectors, and where no row has a positive and a negative to be looked up in.
    """
    if not 0 <= stranger_rate <= 1:
        raise ValueError("stranger_rate must be from 0 to 1.")
    found = measure_remedies(space, stranger_rate=stranger_rate)
    if found is None:
        why = "Needs more rows a class: none is left to measure by beside those to fit and to choose on."
        dealt = deal(space)
        if dealt.dropped and not any(len(roles.test) for roles in dealt.deals):
            why = (
                f"Needs rows that are no copies: {number(dealt.dropped, 'row')} that would measure equal one "
                "that a remedy is fitted or chosen on. Give each sample once."
            )
        return NotApplicable(why)
    return Answer(
        explanation=f"{_explanation(found)}{_of_strangers(found, stranger_rate)}",
        estimates=found.estimates,
        harm=found.harm,
        interval=found.interval,
        meaning=lambda verdict: _meaning(found, verdict),
        ignore_when="The model is to be trained again anyway, or nothing can stand behind it.",
        remedy=lambda verdict: _remedy(found, verdict),
        caveats=[f"Not tried: {name}, as {reason}." for name, reason in found.left_out.items()],
        charts=(gains_chart(found), costs_table(found)),
        parameters={"seed": space.seed},
    )


def _explanation(found: Remedies) -> str:
    before, after = (found.estimates[f"accuracy_{x}"] for x in ("as_it_is", "with_remedy"))
    gain = found.harm
    moved = f"gains {gain.text()}" if gain.value >= 0 else f"does not gain: {gain.text()}"
    return (
        f"Of {len(found.compared)} remedies {found.chosen.name} is chosen; on rows that had no part in it, "
        f"choosing so {moved} ({before.text()} to {after.text()})."
    )


def _of_strangers(found: Remedies, rate: float) -> str:
    """What a threshold gains, as a sentence; "" where it cannot be said."""
    if found.rejected is None:
        return ""
    gain = found.rejected.gain
    moved = f"gains {gain.text()}" if gain.value > 0 else f"gains nothing ({gain.text()})"
    who = "rehearsed ones" if found.rejected.rehearsed else "true ones"
    return (
        f" Where {100 * rate:.3g} % of those who come are strangers ({who}), a calibrated threshold {moved} "
        f"in right outcomes: it turns away {percent(found.rejected.kept_out)} of strangers, and takes the "
        f"right answer from {percent(found.rejected.lost)} of the known."
    )


def _meaning(found: Remedies, verdict: Verdict) -> str:
    if verdict.loud:
        return "Gains do not add up: each remedy was measured alone, and most mend the same errors."
    if found.harm.low is None:
        return f"What a remedy would gain cannot be said: {found.harm.why_none}."
    if verdict is Verdict.OK:
        return "None of these fixes gets more out of these vectors that a user would notice."
    return "A fix may help, but the classes here are too few, or differ too much, to be sure."


def _remedy(found: Remedies, verdict: Verdict) -> str:
    if verdict is Verdict.OK:
        text = (
            "Nothing behind the model: what is lost can only be mended in training or in the data."
        )
        gain = None if found.rejected is None else found.rejected.gain
        if gain is None or gain.low is None or gain.low <= 0:
            return text
        return f"{text} Against strangers a threshold helps: fit_remedy(space, 'rejecting')."
    if verdict is Verdict.UNSURE and found.harm.value <= 0:
        return "Bring more classes before anything is put behind the model."
    return (
        f"Try {found.chosen.name} ({found.chosen.cost}): fit_remedy(space, '{found.chosen.key}'). Fit every "
        "threshold anew."
    )
