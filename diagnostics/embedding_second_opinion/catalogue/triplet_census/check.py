"""How many triplets still teach, and would the errors be among them?"""

from __future__ import annotations

from embedding_second_opinion.findings.check import Answer, NotApplicable
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.findings.wording import number, percent
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs

from . import CHECK
from .charts import class_table, margin_curve, miner_table, unseen_chart
from .numbers import Census, measure_census
from .sides import FEW


@CHECK
def triplet_census(
    space: Geometry, inputs: Inputs | None = None, *, tolerance: float = 0.02
) -> Answer | NotApplicable:
    """Count all triplets as easy, semi-hard or hard, and the errors that random ones no longer show.

    Every triplet of the queries among themselves, none drawn; anchor, positive and negative are weighted
    as in the triplet accuracy, which is 1 - share_hard. With delta = d(a, n) - d(a, p): easy above the
    margin, semi-hard above 0 and up to the margin, hard at 0 or below, so that a tie is hard.

    The harm is the share of queries, in accuracy points of 1-NN, that are wrong although fewer than 1 in
    20 of their own random triplets violate the margin. With one triplet a row in an epoch such a query is
    met less than once in twenty epochs: training cannot mend what it does not meet. Wrong queries of
    which more triplets still teach are no harm here, for training on mends these. Interval: class
    jackknife, a deleted class going as anchors and as candidates; bounds over classes where next to none
    has such a query.

    Not applicable where no query has a positive and a negative.
    """
    census = measure_census(space, inputs.margin if inputs else None)
    return Answer(
        explanation=_explanation(census),
        estimates=census.estimates,
        harm=census.harm,
        interval=census.spent.interval,
        meaning=lambda verdict: _meaning(census, verdict),
        ignore_when="The model was not trained with random triplets or pairs, or will not be trained on.",
        remedy=lambda verdict: _remedy(census, verdict),
        caveats=_caveats(space, census),
        charts=(
            *unseen_chart(census),
            miner_table(census),
            *margin_curve(census),
            *class_table(space, census),
        ),
        parameters={"margin": census.margin.value, "spent_below": 1 / FEW},
    )


def _explanation(census: Census) -> str:
    e, margin = census.estimates, census.margin
    words = [] if margin.given else ["assumed"]
    words += [f"{100 * margin.share:.0f} % of the median d(a, n)"] if margin.median > 0 else []
    of = f" ({'; '.join(words)})" if words else ""
    return (
        f"With a margin of {margin.value:.3g}{of} {e['share_easy'].text()} of all triplets are easy, "
        f"{e['share_semi_hard'].text()} semi-hard and {e['share_hard'].text()} hard, so that "
        f"{e['random_active'].text()} still teach; {e['wrong_queries'].text()} of the queries are wrong, and "
        f"{census.harm.text()} are wrong though fewer than 1 in {FEW} of their random triplets violate "
        "the margin."
    )


def _meaning(census: Census, verdict: Verdict) -> str:
    found = census.spent
    if verdict.loud:
        loud = "Random triplets are used up. " if verdict is Verdict.ALARM else ""
        hidden = 100 * found.share / found.wrong_share
        return (
            f"{loud}{hidden:.0f} % of the wrong queries lose to a few near negatives, which a random triplet "
            "seldom draws: the loss looks finished while the errors stay."
        )
    if verdict is Verdict.OK:
        if found.wrong_share == 0:
            return "No query is wrong, so that no error can be missing from the triplets."
        return "Triplets of the wrong queries violate the margin often enough to be met."
    if census.harm.low is None:
        return f"How many errors random triplets miss cannot be said: {census.harm.why_none}."
    many, most = int(found.spent.sum()), 100 * (census.harm.high or 0.0)
    return (
        f"{many or 'Not one'} of {number(len(found.spent), 'query')} {'is' if many < 2 else 'are'} wrong and "
        f"hardly shown; with so few classes it may be {most:.1f} points."
    )


def _remedy(census: Census, verdict: Verdict) -> str:
    if verdict is Verdict.OK:
        return "Nothing here."
    if verdict is Verdict.UNSURE:
        return "Bring more classes; nothing need be changed before."
    miners, semi = census.mining, census.mining.of("semi-hard")
    found = ""
    if semi:
        found = (
            f": in batches of {miners.batch} {100 * semi.active:.0f} % of the positives find one, while "
            f"{percent(miners.miners[0].active)} of random triplets teach"
        )
    return (
        f"Draw semi-hard negatives instead of random ones{found}. A larger margin alone wakes up triplets "
        "that are in the right order already."
    )


def _caveats(space: Geometry, census: Census) -> tuple[str, ...]:
    evaluation = space.evaluation
    depends = "" if census.margin.given else "; give the loss's own (--margin)"
    notes = [f"The margin: {census.margin.words}{depends}."]
    if not evaluation.leave_one_out:
        notes.append(
            f"These triplets are of {evaluation.query_name} rows. For those of training, give its split as "
            "--query-split and as --gallery-split."
            if census.triplets.alone
            else "The queries among themselves have no triplets; these are against the gallery."
        )
    if not census.mining.batch:
        notes.append(
            "Mining within batches could not be tried: it needs two classes with two rows."
        )
    return tuple(notes)
