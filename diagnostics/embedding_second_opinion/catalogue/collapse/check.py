"""Has the embedding collapsed: to a point, to few dimensions, or each class to its mean, at a cost?"""

from __future__ import annotations

from collections.abc import Sequence

from embedding_second_opinion.findings.check import Answer, NotApplicable
from embedding_second_opinion.findings.finding import Estimate, Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs
from embedding_second_opinion.stats.intervals import largest, no_interval

from . import CHECK
from .charts import numbers_table, spectrum_chart
from .costs import Cost, closed_set_loss, costs
from .numbers import Numbers, numbers


@CHECK
def collapse(
    space: Geometry, inputs: Inputs | None = None, *, tolerance: float = 0.02
) -> Answer | NotApplicable:
    """Measure three kinds of collapse by the accuracy points that each costs; the harm is the largest.

    Ties: closed-set accuracy (1-NN) if ties won, less that where they lose. One point: all of the
    loss, where the vectors surely lie within a hundredth of their length of one point. Few
    dimensions: what Gaussian classes with the measured covariances lose against classes of the
    same widths whose variances fall as 1 / i, at most the loss. A low rank is no harm by itself:
    K classes need K - 1 dimensions, and a spectrum is judged only by what it loses.

    Numbers are of the queries: (q, d) vectors, accuracies in [0, 1]. Not applicable without
    vectors (distances only), and where no query has a positive and a negative in the gallery.
    """
    found = numbers(space)
    parts = costs(space, found)
    value, interval = largest([(part.value, part.interval) for part in parts])
    lost, lost_interval = closed_set_loss(space.ranks)
    about = f"{len(space.ranks.anchors):,} queries among {space.ranks.classes:,} enrolled classes"
    loss = lost_interval.estimate(lost, about, "accuracy points")
    harm = interval.estimate(value, about, "accuracy points")
    estimates = dict(found.estimates)
    for part in parts:
        name = f"cost_of_{part.name.replace(' ', '_')}"
        estimates[name] = part.interval.estimate(part.value, about, "accuracy points")
    estimates |= {"closed_set_loss": loss, **_surrogate(found)}
    # The kind that is named is the one whose lower bound decides; where all rows are one, it is that.
    named = max(parts, key=lambda p: (p.interval.low or 0.0, p.value, p.name == "one point"))
    over = value > tolerance
    return Answer(
        explanation=lambda verdict: _explanation(found, parts, named, loss, over, verdict),
        estimates=estimates,
        harm=harm,
        interval=interval,
        meaning=lambda verdict: MEANS[named.name if over or verdict.loud else ""],
        ignore_when="The vectors were meant to be small or binary, and the accuracy left is enough.",
        remedy=lambda verdict: MENDED[named.name if over or verdict.loud else ""],
        charts=(*spectrum_chart(found), numbers_table(found)),
        parameters={"seed": space.seed},
    )


def _surrogate(found: Numbers) -> dict[str, Estimate]:
    """Both simulated accuracies; the interval belongs to their difference."""
    if found.outcome is None:
        return {}
    drawn = found.surrogate
    times = "" if drawn.sets == 1 else f", drawn {drawn.sets:,} times"
    about = f"{drawn.classes:,} simulated Gaussian classes of {drawn.rows}{times}"
    note = no_interval("simulated; the cost of few dimensions has one")
    return {
        "surrogate_accuracy": note.estimate(found.outcome.own, about),
        "surrogate_accuracy_reference": note.estimate(found.outcome.reference, about),
    }


def _explanation(
    found: Numbers, parts: Sequence[Cost], named: Cost, loss: Estimate, over: bool, verdict: Verdict
) -> str:
    state = (
        f"the vectors have an effective rank of {found.estimates['effective_rank'].text()} in "
        f"{found.dimensions:,} dimensions and a spread of {found.estimates['spread'].value:.3g} of their "
        "length"
    )
    if over or verdict.loud:
        cost = named.interval.estimate(named.value, "", "accuracy points").text()
        verb = "costs" if verdict.loud else "may cost"
        how = ", in a simulation of Gaussian classes," if named.name == "few dimensions" else ""
        return f"Collapse to {named.name} {verb} {cost}{how} of {loss.text()} lost in all; {state}."
    shares = ", ".join(f"{part.name} {100 * part.value:.1f}" for part in parts)
    return f"Of {loss.text()} lost in all, collapse explains little ({shares}); {state}."


# By the kind of collapse that costs; "" where none does.
MEANS = {
    "": "No loss to collapse is shown; without one a low rank, low NC1 to NC4 or a high cosine is healthy.",
    "ties": (
        "Rows of different classes lie at exactly the same distance from a query, so that their order "
        "decides. Code that counts a tie as right hides it."
    ),
    "one point": (
        "The vectors lie so close to one point that no two can be a margin apart. A triplet loss then "
        "stands still at the margin, a soft-margin one at ln 2 = 0.693."
    ),
    "few dimensions": (
        "The variance lives in fewer dimensions than this many classes can use. Simulated classes with a "
        "healthy spectrum are told apart that much better; whitening these vectors need not give as much."
    ),
}
MENDED = {
    "": "Nothing here.",
    "ties": "Keep the vectors in more digits or bits, or break ties by the vectors before rounding.",
    "one point": (
        "If the vectors only sit far from the origin, subtract their mean. Else train again with "
        "semi-hard negatives, a smaller learning rate and normalised vectors."
    ),
    "few dimensions": (
        "Try shrinkage whitening, fitted on training data, its gain measured on other data. In training, "
        "add a term that decorrelates the dimensions (VICReg, Barlow Twins)."
    ),
}
