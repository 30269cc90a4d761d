"""Is the model worse on what it was not trained on?"""

from __future__ import annotations

from embedding_second_opinion.findings.check import Answer, NotApplicable
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.findings.wording import capital, number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs
from embedding_second_opinion.stats.intervals import FEWEST_CLASSES

from . import CHECK
from .charts import accuracy_bars, falling_classes, identity_curves
from .gaps import Comparison, Gaps, measure_gaps


@CHECK
def generalisation_gap(
    space: Geometry, inputs: Inputs | None = None, *, tolerance: float = 0.02
) -> Answer | NotApplicable:
    """Compare rows of the gallery split with held-out rows of the same classes, and with unseen classes.

    Every part is looked up in itself, each row in the others, 1-NN. The two sides of a comparison have
    the same number of rows a class, drawn at random where one side has more, so that positives,
    negatives and classes are as many on both: a smaller gallery is not mistaken for better learning.
    Unseen classes are compared among as many classes as both sides have (A_id, exact over all choices
    of classes). The harm is the accuracy of the gallery's rows less that of the others, in
    accuracy points; of two comparisons the larger.

    Interval: same classes, paired class jackknife; unseen classes, from both intervals (independent).
    A deleted class goes as anchors and as candidates. In simulations of 40 classes, 300 of
    each of three kinds, it covers the truth in .973 to .997.

    Not applicable without a split, or where no two classes have two rows on both sides.
    """
    if space.evaluation.leave_one_out:
        return NotApplicable("Needs a split into rows that the model was trained on and others.")
    numbers = measure_gaps(space, tolerance) if space.has_vectors else None
    if numbers is None:
        return NotApplicable(_why_not(space))
    return Answer(
        explanation=_explanation(numbers),
        estimates=numbers.estimates,
        harm=numbers.harm,
        interval=numbers.harm_interval,
        meaning=lambda verdict: _meaning(numbers, verdict, tolerance),
        ignore_when=f"The model was not trained on '{space.evaluation.gallery_name}'.",
        remedy=lambda verdict: _remedy(numbers, verdict, tolerance),
        caveats=_caveats(space, numbers),
        charts=(
            *accuracy_bars(numbers),
            *identity_curves(numbers),
            *falling_classes(space, numbers),
        ),
    )


def _why_not(space: Geometry) -> str:
    if not space.has_vectors:
        return "Needs embeddings, to look rows of the gallery up in one another; there are distances only."
    evaluation = space.evaluation
    return (
        f"Needs two classes of two rows or more in the gallery ({evaluation.gallery_name}), and as many "
        f"among its queries ({evaluation.query_name}) or the strangers."
    )


def _explanation(numbers: Gaps) -> str:
    texts = []
    for found in numbers.every:
        first, second = found.accuracies
        among = "" if found.paired else f" among {found.identities:,}"
        gap = found.gap[1].estimate(found.gap[0], "", "accuracy points")
        texts.append(
            f"with {_rows_each(found)} on either side, {first.text()} of '{found.trained.name}' rows find "
            f"their class{among}, and {second.text()} of {_named(found)}: a gap of {gap.text()}"
        )
    return capital(f"{'; '.join(texts)}.")


def _meaning(numbers: Gaps, verdict: Verdict, tolerance: float) -> str:
    texts = []
    if _is_loud(numbers.held_out, numbers, tolerance):
        texts.append("The model has learnt its training rows: new rows of the classes fare worse.")
    few = numbers.unseen
    if _is_loud(few, numbers, tolerance):
        texts.append("Classes not trained on are told apart less well: expect the lower number.")
    if few is not None and few.classes < FEWEST_CLASSES and few.gap[0] > tolerance:
        texts.append(f"The {few.classes} unseen classes fare worse, but are too few to judge.")
    if texts:
        return " ".join(texts)
    if numbers.harm.low is None:
        return f"Whether there is a gap cannot be told: {numbers.harm.method}."
    if verdict is Verdict.OK:
        onto = ("new rows of these classes" if c.paired else "new classes" for c in numbers.judged)
        return f"What was learnt carries over to {' and '.join(onto)}."
    return "There may be a gap, or none: more classes on either side would tell."


def _remedy(numbers: Gaps, verdict: Verdict, tolerance: float) -> str:
    texts = []
    if _is_loud(numbers.held_out, numbers, tolerance):
        texts.append("Stop training earlier, vary its rows, or bring more rows of each class.")
    if _is_loud(numbers.unseen, numbers, tolerance):
        texts.append("Train on more classes, and choose the model by classes held out.")
    if verdict is Verdict.OK and not texts:
        return "Nothing here."
    return " ".join(texts) or "Bring more classes before acting on this."


def _caveats(space: Geometry, numbers: Gaps) -> tuple[str, ...]:
    passes = sum(side.draws for found in numbers.every for side in (found.trained, found.other))
    few = [
        f"{number(found.classes, 'class')} of {_named(found)} are fewer than {FEWEST_CLASSES}: shown, not "
        "judged."
        for found in numbers.every
        if found not in numbers.judged
    ]
    return (
        f"That the model was trained on '{space.evaluation.gallery_name}' is assumed: it is the gallery's "
        "split.",
        "Each part is looked up in itself: these are not the accuracy of queries against the gallery.",
        *few,
        f"Needs up to {passes} extra passes.",
    )


def _is_loud(found: Comparison | None, numbers: Gaps, tolerance: float) -> bool:
    if found is None or found not in numbers.judged:
        return False
    low = found.gap[1].low
    return low is not None and low > tolerance


def _named(found: Comparison) -> str:
    return f"'{found.other.name}' rows" if found.paired else "rows of unseen classes"


def _rows_each(found: Comparison) -> str:
    take = found.trained.take
    return f"{take[0]:,} rows a class" if (take == take[0]).all() else "as many rows of each class"
