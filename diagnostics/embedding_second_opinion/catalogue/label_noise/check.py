"""How many labels are wrong, and which?"""

from __future__ import annotations

from embedding_second_opinion.findings.check import Answer, NotApplicable
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.findings.wording import number, percent
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs

from . import CHECK
from .charts import answer_curve, suspects_examples, suspects_table
from .numbers import Noise, measure_noise
from .rates import LEAST_FOUND


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
        return NotApplicable("Needs three enrolled classes: of two, overlap looks the same.")
    noise = measure_noise(space)
    return Answer(
        explanation=_explanation(noise),
        estimates=noise.estimates,
        harm=noise.harm,
        interval=noise.interval,
        meaning=lambda verdict: _meaning(noise, verdict),
        ignore_when="The rows listed are rightly labelled: some kinds of a class look like another class.",
        remedy=lambda verdict: _remedy(noise, verdict),
        caveats=_caveats(noise),
        charts=(*answer_curve(noise), *suspects_table(noise), *suspects_examples(noise)),
    )


def _explanation(noise: Noise) -> str:
    e, rows = noise.estimates, sum(side.rows for side in noise.sides)
    text = f"{number(noise.suspects, 'suspect')} among {rows:,} rows"
    found = f"{e['flips_found'].text()} of labels flipped on purpose are found so"
    if noise.found < LEAST_FOUND:
        return f"{text}; only {found}, too few to say what share is wrong."
    text = f"{e['label_noise_rate'].text()} of the labels look wrong: {text}, and {found}"
    if len(noise.sides) > 1:
        text += (
            f"; among the queries {e['wrong_among_queries'].text()}, among the enrolled "
            f"{e['wrong_among_enrolled'].text()}"
        )
    return f"{text}."


def _meaning(noise: Noise, verdict: Verdict) -> str:
    disagree, rate, lost = (
        noise.estimates[name].value
        for name in ("neighbours_disagree", "label_noise_rate", "queries_lost_to_suspects")
    )
    if noise.found < LEAST_FOUND:
        said = ["Neighbours say too little of a row's class: a flipped label is seldom noticed."]
    elif verdict.loud:
        said = ["A right answer counts as wrong, and wrong labels enrolled give wrong answers."]
    elif verdict is Verdict.OK:
        said = ["The accuracy does not suffer from wrong labels."]
    else:
        said = ["Whether wrong labels matter cannot be told with so few classes and rows."]
    if noise.found >= LEAST_FOUND and disagree > max(2 * rate, rate + 0.01):
        said.append(
            f"{percent(disagree)} of rows stand among another class, most of them with their own near too: "
            "look-alikes, not wrong labels."
        )
    if lost >= 0.0005:
        said.append(f"{percent(lost)} of queries, not suspect themselves, are lost to a suspect.")
    return " ".join(said)


def _remedy(noise: Noise, verdict: Verdict) -> str:
    if not noise.suspects:
        return "Nothing here." if verdict is Verdict.OK else "More classes and more rows."
    sure = noise.estimates.get("suspects_precision")
    expected = f" (of those found {sure.text(0)} can be expected to be)" if sure else ""
    return f"Look at the suspects, the surest first, and mend or drop the wrong labels{expected}."


def _caveats(noise: Noise) -> tuple[str, ...]:
    notes = [
        "Labels taken for those of a similar class are found less often, so there may be more of them."
    ]
    if len(noise.sides) == 1 and not noise.sides[0].space.evaluation.leave_one_out:
        notes.append("The enrolled rows were not examined: none can be looked up among the others.")
    return tuple(notes)
