"""What does a page of ten answers hold?"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.findings.check import Answer, NotApplicable
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.findings.wording import number, percent
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs
from embedding_second_opinion.stats.ranked_answers import PAGE, RANKS

from . import CHECK
from .charts import counts_table, match_curve, missing_classes, missing_examples
from .index import Index, measure_index
from .numbers import Retrieval, measure_retrieval


@CHECK
def retrieval(
    space: Geometry, inputs: Inputs | None = None, *, tolerance: float = 0.02
) -> Answer | NotApplicable:
    """Count what the ranked answers of the queries hold: the first, the first ten, the first R.

    The harm is the share of queries whose first ten answers hold no row of their class, in accuracy
    points. How much of a class is found (R-precision, MAP@R, fractional recall) is told beside it and
    enters no verdict: a class of several groups serves a search well and has a low R-precision.

    All numbers are shares in [0, 1], strict (a match stands behind what ties with it), means over
    the queries that have a match in the gallery. R is the number of such matches.
    ``inputs.approximate`` looks every query up by an approximate index too, for galleries far beyond
    what exact search takes (tens of millions of rows), and tells what the index misses here.

    Not applicable where gallery and queries share no class, or no query has a match to find.
    """
    inputs = inputs or Inputs()
    found = measure_retrieval(space)
    index = measure_index(space, found.without) if inputs.approximate else None
    return Answer(
        explanation=_explanation(found, index),
        estimates={**found.estimates, **(index.estimates if index else {})},
        harm=found.harm,
        interval=found.harm_interval,
        meaning=lambda verdict: _meaning(found, verdict),
        ignore_when="Nobody sees a list: the first answer alone decides, or a threshold on two rows.",
        remedy=lambda verdict: _remedy(found, verdict),
        caveats=_caveats(found, index),
        charts=(
            match_curve(space, found),
            counts_table(found),
            *missing_classes(space, found),
            *missing_examples(space, found),
        ),
        parameters={"approximate": inputs.approximate},
    )


def _explanation(found: Retrieval, index: Index | None) -> str:
    numbers = found.estimates
    empty = found.harm.model_copy(update={"quantity": "share"})
    text = (
        f"{found.missed:,} of {len(found.first):,} searches ({empty.text()}) show no match among the first "
        f"{PAGE} answers; the first answer is right for {numbers['precision_at_1'].text()}, and the first R "
        f"answers hold {numbers['r_precision'].text()} of the R matches there are"
    )
    if index is not None and index.estimates:
        text += (
            f"; an approximate index finds {percent(index.estimates[f'index_recall_at_{PAGE}'].value)} "
            f"of the {PAGE} nearest and costs {index.cost.text()} at the first answer"
        )
    return text + "."


def _meaning(found: Retrieval, verdict: Verdict) -> str:
    numbers, page = found.estimates, f"recall_at_{PAGE}"
    text = "A page with a match (recall@k, a hit rate) need not hold all (R-precision, MAP@R)."
    if found.missed:
        within = int((found.first[found.first > PAGE] <= RANKS).sum())
        text += (
            f" Of {number(found.missed, 'page')} without a match {within:,} would hold one by answer "
            f"{RANKS}, {found.missed - within:,} only beyond."
        )
    one, whole = numbers["precision_at_1"].value, numbers["r_precision"].value
    if one >= 0.8 and one - whole >= 0.1:
        text += (
            f" The first answer is right for {percent(one)}, yet only {percent(whole)} of the first R are "
            "matches: much of a class lies elsewhere, which matters where all of it must be listed."
        )
    if found.chance[page] >= 0.2:
        text += f" In random order {100 * found.chance[page]:.0f} % of the pages would hold one."
    if _ties_decide(found):
        text += " Ties decide these numbers."
    return text


def _remedy(found: Retrieval, verdict: Verdict) -> str:
    if verdict is Verdict.OK:
        return "Nothing here. When you report recall@k, say which of the two it is."
    if _ties_decide(found):
        return (
            "Look at the ties first: are rows duplicated, rounded to signs or all the same vector?"
        )
    if not found.missed:
        return "More classes or more queries, to tell whether an empty page is rarer than the tolerance."
    way = (
        f"Most matches lie beyond {RANKS} answers: ranking again cannot bring them back, harder negatives in "
        "training may."
    )
    if np.median(found.first[found.first > PAGE]) <= RANKS:
        way = (
            f"Most matches come within {RANKS} answers: rank these again with a slower, better score, or "
            "show a longer page."
        )
    return f"Look at the queries listed: some may be mislabelled. {way}"


def _caveats(found: Retrieval, index: Index | None) -> tuple[str, ...]:
    notes = []
    if found.lenient - found.estimates[f"recall_at_{PAGE}"].value >= 0.0005:  # seen when printed
        notes.append(
            f"A tie is no match. Were ties counted as found, recall_at_{PAGE} would be "
            f"{percent(found.lenient)}."
        )
    if index is not None:
        notes.append(
            index.why_not
            or "The index is nearest-neighbour descent as pynndescent sets it; another errs differently."
        )
    return tuple(notes)


def _ties_decide(found: Retrieval) -> bool:
    """Whether counting ties as found would change the page by what a user notices."""
    return found.lenient - found.estimates[f"recall_at_{PAGE}"].value > 0.02
