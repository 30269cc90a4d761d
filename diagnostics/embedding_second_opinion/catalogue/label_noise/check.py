"""How many labels are wrong, and which?"""

from __future__ import annotations

from embedding_second_opinion.findings.check import Answer, NotApplicable
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs

from . import CHECK
from .charts import answer_curve, names, shares_chart, suspects_examples, suspects_table
from .numbers import Noise, measure_noise
from .rates import LEAST_FOUND
from .side import FAR


@CHECK
def label_noise(
    space: Geometry, inputs: Inputs | None = None, *, tolerance: float = 0.02
) -> Answer | NotApplicable:
    """Find rows that stand among another class, far from their own, and say what share of labels is wrong.

    A row is suspect where more than half of its k nearest (3 to 10, by the size of the classes) are of
    one other class and a fifth or more of the third classes are nearer to it than the class of its label.
    Neighbours alone, and confident learning, take overlapping classes for wrong labels; where two classes
    overlap, both are near. The share of suspects is divided by the share of labels that are found when they
    are flipped on purpose, to the class of a random row.

    The harm is the share of labels that are wrong, of the queries or of the enrolled rows, whichever is
    worse. Interval: class jackknife, a deleted class going as labels and as neighbours (in up to 100
    groups of classes); Poisson over the classes that have suspects where fewer than ten have. Where fewer
    than a fifth of flipped labels are found, there is no lower bound.

    Not applicable where no query has both a positive and a negative, or of fewer than three classes.
    """
    if space.ranks.classes < 3:
        return NotApplicable(
            "Needs three enrolled classes: of two, a wrong label and an overlap look the same."
        )
    noise = measure_noise(space)
    return Answer(
        explanation=_explanation(noise),
        estimates=noise.estimates,
        harm=noise.harm,
        interval=noise.interval,
        meaning=lambda verdict: _meaning(noise, verdict),
        ignore_when=(
            "The rows listed are rightly labelled: a class with a rare kind that looks like another class (a "
            "folded leaf, a person in costume) has rows that stand there rightly. Look at some before you "
            "count on the share."
        ),
        remedy=lambda verdict: _remedy(noise, verdict),
        caveats=_caveats(noise),
        charts=(
            shares_chart(noise),
            *answer_curve(noise),
            *suspects_table(noise),
            *suspects_examples(noise),
        ),
    )


def _explanation(noise: Noise) -> str:
    rows = sum(side.rows for side in noise.sides)
    found = noise.estimates["flips_found"].text()
    text = f"{number(noise.suspects)} of {rows:,} stand among another class and far from their own"
    if noise.suspects == 1:
        text = f"1 row of {rows:,} stands among another class and far from its own"
    if noise.found < LEAST_FOUND:
        few = "too few to say what share is wrong"
        return f"{text}; only {found} of labels flipped on purpose are found so, {few}."
    text = f"{noise.estimates['label_noise_rate'].text()} of the labels look wrong: {text}, and {found} of "
    text += "labels flipped on purpose are found so"
    if len(noise.sides) > 1:
        text += (
            f"; among the queries {noise.estimates['wrong_among_queries'].text()}, among the enrolled "
            f"{noise.estimates['wrong_among_enrolled'].text()}"
        )
    if noise.suspects:
        side = next(side for side in noise.sides if len(side.suspects.query))
        row, label, rival = names(side, 0)
        text += f"; first row {row:,}, labelled {label}, which looks like {rival}"
    return text + "."


def _meaning(noise: Noise, verdict: Verdict) -> str:
    disagree = noise.estimates["neighbours_disagree"].value
    rate = noise.estimates["label_noise_rate"].value
    if noise.found < LEAST_FOUND:
        text = (
            "Neighbours here say too little of a row's class: a label flipped on purpose is seldom noticed. "
            "First see why classes are not apart; then ask again. "
        )
    elif verdict.loud:
        text = (
            "A wrong label makes the accuracy too low, for a right answer counts as wrong; in the gallery it "
            "gives wrong answers in use; and a network trained on such rows learns to push apart what is one "
            "class. "
        )
    elif verdict is Verdict.OK:
        text = "The accuracy does not suffer from wrong labels: hardly a row stands where it should not. "
    else:
        text = "Whether wrong labels matter cannot be told with so few classes and rows. "
    if noise.found >= LEAST_FOUND and disagree > max(2 * rate, rate + 0.01):
        text += (
            f"The neighbours of {100 * disagree:.1f} % of rows are mostly of one other class; most of these "
            "have their own class near too: look-alikes, not wrong labels. "
        )
    lost = noise.estimates["queries_lost_to_suspects"].value
    if lost >= 0.0005:
        text += (
            f"{100 * lost:.1f} % of queries, their own labels not in doubt, are lost to a suspect that is "
            "nearest to them. "
        )
    return text.rstrip()


def _remedy(noise: Noise, verdict: Verdict) -> str:
    if not noise.suspects:
        return "Nothing here." if verdict is Verdict.OK else "More classes and more rows."
    text = "Look at the suspects, the surest first, and mend or drop the labels that are wrong"
    sure = noise.estimates.get("suspects_precision")
    if sure is not None:
        text += f" (of those found {sure.text(0)} can be expected to be)"
    text += ", enrolled rows before queries. "
    if verdict is Verdict.OK:
        return text.rstrip()
    return text + (
        "Until then treat differences between models below this share as none, and decide by several "
        "neighbours instead of one: a single wrong row is then outvoted."
    )


def _caveats(noise: Noise) -> tuple[str, ...]:
    first = noise.sides[0]
    notes = [
        f"Suspect: more than half of the {first.k} nearest rows (as many as a middling class has, 3 to 10) "
        f"are of one other class, and at least {100 * FAR:.0f} % of the remaining classes are nearer than "
        "the row's own.",
        "Labels are flipped to the class of a random row. Labels taken for those of a similar class are "
        "found less often, so their share is larger than estimated; a class under two names is a pair of "
        "look-alikes, see cluster proximity. Where three or more classes overlap, some overlap is counted.",
        "One extra pass: suspects and flipped rows against the gallery.",
    ]
    if len(noise.sides) > 1:
        notes.append("One extra pass: the enrolled rows among themselves.")
    elif not first.space.evaluation.leave_one_out:
        notes.append(
            "The enrolled rows were not examined: none has another of its class, or distances among them "
            "were not given."
        )
    if "suspects_precision" in noise.estimates:
        notes.append(
            "How many suspects are wrong is read off those that stand so far from their own class that no "
            "overlap reaches there. Labels swapped within few pairs of classes make that number uncertain."
        )
    bounded = [(name, e) for name, e in noise.estimates.items() if e.low is not None]
    return (*notes, *(f"{name}: {e.method}." for name, e in bounded))
