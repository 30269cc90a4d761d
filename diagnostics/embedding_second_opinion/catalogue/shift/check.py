"""Are gallery and queries of the same classes drawn alike, and if not, does it cost accuracy?"""

from __future__ import annotations

from embedding_second_opinion.findings.check import Answer, NotApplicable
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.findings.wording import percent
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs

from . import CHECK
from .charts import foreign_curve, foreign_samples, gaining_classes, undone_bars
from .numbers import Shift, measure_shift
from .two_sample import PERMUTATIONS

HOW = {
    "moved_back": "queries moved back by the common shift",
    "direction_left_out": "the direction of the common shift left out on both sides",
}


@CHECK
def shift(
    space: Geometry, inputs: Inputs | None = None, *, tolerance: float = 0.02
) -> Answer | NotApplicable:
    """Test whether queries lie elsewhere than gallery rows of their class, and undo it.

    The test: a linear classifier, fitted on other classes, tells a query from a gallery row of its
    class; AUC against 999 permutations of the two flags within each class. The harm, in accuracy
    points: 1-NN accuracy with the shift undone less that without; undone in two ways, by moving
    queries back by the common shift, and by leaving out its direction on both sides, of which the
    larger gain counts. What is undone for a class is learnt from other classes. The harm is
    judged whatever the test says: a shift that costs nothing is none of a user's concern, and where there
    is none the gain is about 0.

    Interval: paired class jackknife, what was learnt of the shift taken as fixed; a deleted class goes
    as queries and as candidates. In simulations of 30 to 100 classes, 150 to 300 of each of seven kinds,
    the interval of the larger gain covers the truth in .93 to 1; its lower bound is too high in at most .007.

    Not applicable without a split between gallery and queries, with fewer than two classes looked
    up, or with distances only.
    """
    numbers = None
    if not space.evaluation.leave_one_out and space.has_vectors and len(space.evaluation.queries):
        numbers = measure_shift(space)
    if numbers is None:
        return NotApplicable(_why_not(space))
    return Answer(
        explanation=_explanation(numbers),
        estimates=numbers.estimates,
        harm=numbers.harm,
        interval=numbers.harm_interval,
        meaning=lambda verdict: _meaning(numbers, verdict),
        ignore_when="Queries in use will be recorded like the gallery, or the gallery like the queries.",
        remedy=lambda verdict: _remedy(numbers, verdict),
        caveats=("No linear classifier sees a change of width, or shifts that differ by class.",),
        charts=(
            undone_bars(numbers),
            *foreign_curve(numbers),
            *gaining_classes(space, numbers),
            *foreign_samples(space, numbers),
        ),
        parameters={"permutations": PERMUTATIONS},
    )


def _why_not(space: Geometry) -> str:
    evaluation = space.evaluation
    if evaluation.leave_one_out:
        return "Needs a split between gallery and queries; this set has none."
    if not space.has_vectors:
        return "Needs embeddings, to see where rows lie; there are distances only."
    return (
        f"Needs queries of at least two enrolled classes; the queries ({evaluation.query_name}) "
        f"and the gallery ({evaluation.gallery_name}) share fewer."
    )


def _explanation(numbers: Shift) -> str:
    auc, best = numbers.estimates["shift_auc"], numbers.by_undoing[numbers.best][1]
    return (
        f"A linear classifier scores a query above a gallery row of its own class in {auc.text()} of pairs "
        f"(chance is 50 %; permutation p {_p(numbers)}); with {HOW[numbers.best]}, {percent(best.value)} of "
        f"queries are recognised instead of {percent(numbers.before.value)}, a gain of {numbers.harm.text()}."
    )


def _meaning(numbers: Shift, verdict: Verdict) -> str:
    told = "Queries cannot be told from gallery rows of the same class by a linear classifier."
    if numbers.told_apart:
        told = "Queries lie elsewhere than gallery rows of the same class"
        length, share = (numbers.estimates.get(x) for x in ("common_shift", "shift_in_common"))
        if length is not None and share is not None and length.value > 0:
            told += (
                f", by {length.value:.2g} times the typical distance of a row to its class mean; classes "
                f"have {100 * share.value:.0f} % of the shift in common"
            )
        told += "."
    if numbers.harm.low is None:
        return f"{told} What a shift costs cannot be told: {numbers.harm.method}."
    if verdict is Verdict.OK:
        return f"{told} Undoing what shift there is would gain nothing that a user would notice."
    if verdict is Verdict.UNSURE:
        return f"{told} What undoing it would gain is too uncertain to call: {numbers.harm.text()}."
    return f"{told} It costs accuracy: a test recorded like the gallery would not have shown this."


def _remedy(numbers: Shift, verdict: Verdict) -> str:
    if verdict.loud:
        return (
            "Find what differs in recording or preparation and make it alike, or enrol rows recorded like "
            "the queries. Else subtract from each part its own mean over the same classes, and measure again."
        )
    return "Nothing here." if verdict is Verdict.OK else "Bring more classes before acting on this."


def _p(numbers: Shift) -> str:
    p = numbers.test.p_value
    return f"{p:.3f}" if p > 1 / (PERMUTATIONS + 1) else f"at most {p:.3f}"
