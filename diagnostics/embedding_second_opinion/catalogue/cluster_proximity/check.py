"""Do some classes lie so near each other that they are taken for one another?"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.findings.check import Answer, NotApplicable
from embedding_second_opinion.findings.finding import Estimate, Verdict
from embedding_second_opinion.findings.wording import are, number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs

from . import CHECK
from .look_alikes import look_alike_tree, pair_examples, pair_table, separation_curve
from .nearness import CONTEXT, Nearness, nearness


@CHECK
def cluster_proximity(
    space: Geometry, inputs: Inputs | None = None, *, tolerance: float = 0.02
) -> Answer | NotApplicable:
    """Count the queries that are lost to classes lying too near their own.

    Two classes lie too near where d' between them is so small that even with many rows 1-NN may
    err between the two in more than ``tolerance`` of the rows: below 4.65 for 0.02. The spread in d'
    is that of all classes; for pairs confused more often than chance it is their own.
    The harm is the share of queries lost to such a class, less what would fall there if lost
    queries were spread by chance, in accuracy points: where all classes are near one another
    (collapse, several modes) nothing stands out.

    Silhouette, Fisher ratio and Davies-Bouldin index are context and enter no verdict.
    Not applicable to distances without vectors, or where no query can be lost.
    """
    if np.count_nonzero(space.class_stats.counts) < 2:
        return NotApplicable("The queries are of one class; proximity is between two.")
    seen = nearness(space, tolerance)
    return Answer(
        explanation=_explanation(space, seen),
        estimates=seen.estimates,
        harm=seen.harm,
        interval=seen.interval,
        meaning=lambda verdict: _meaning(seen, verdict),
        ignore_when="The classes that lie near each other never meet in use, or may be taken for the other.",
        remedy=lambda verdict: _remedy(seen, verdict),
        caveats=_caveats(space, seen),
        charts=(
            separation_curve(seen.separations, seen.needed),
            *look_alike_tree(space, seen),
            *pair_table(space, seen),
            *pair_examples(space, seen),
        ),
    )


def _explanation(space: Geometry, seen: Nearness) -> str:
    lost = Estimate(value=seen.found.total / seen.found.anchors, quantity="accuracy points")
    text = (
        f"{seen.harm.text()} of the {lost.text()} lost in all are lost to a class whose mean is nearer "
        f"than {seen.needed:.2f} standard deviations (d'), less what chance would put there"
    )
    if not len(seen.shown):
        return f"{text}; no two classes are confused more often than by chance."
    confused = int(seen.estimates["look_alike_pairs"].value)
    at = int(seen.shown[0])
    names, ids = space.evaluation.classes, space.ranks.class_ids
    own, rival = (names[int(ids[c])] for c in (seen.found.own[at], seen.found.rival[at]))
    return (
        f"{text}; {number(confused, 'pair')} of classes {are(confused)} confused more often than by chance, "
        f"and {len(seen.shown) - confused:,} more lie too near and lost a query; first {own}, taken for "
        f"{rival} {number(int(seen.found.lost[at]), 'time')}."
    )


def _meaning(seen: Nearness, verdict: Verdict) -> str:
    text = (
        "Hardly a query is lost to classes that lie too near."
        if verdict is Verdict.OK
        else f"Of two Gaussian classes nearer than a d' of {seen.needed:.3g} a search may take more rows for "
        "the other's than is tolerated; a triplet seldom draws the one that is near."
    )
    far = int(np.count_nonzero(seen.found.stands_out & (seen.held_out >= seen.needed)))
    if far:
        text += (
            f" {number(far, 'pair')} of classes {are(far)} confused beyond chance though the two lie far "
            "apart: there look for swapped labels."
        )
    return text


def _remedy(seen: Nearness, verdict: Verdict) -> str:
    if verdict is Verdict.OK:
        return "Nothing here."
    if not len(seen.shown):
        return "More classes or more queries, to tell whether any two of them lie too near."
    return (
        "Where nobody could tell a pair apart, merge the labels or answer with both; where a person can, "
        "train with these pairs as hard negatives."
    )


def _caveats(space: Geometry, seen: Nearness) -> tuple[str, ...]:
    stats = space.class_stats
    unseen = int(np.count_nonzero(stats.counts[space.ranks.class_ids] == 0))
    context = [name for name, e in seen.estimates.items() if e.context]
    notes = [f"{', '.join(context)}: {CONTEXT}."] if context else []
    if unseen:
        notes.append(
            f"{unseen:,} enrolled {'class has' if unseen == 1 else 'classes have'} no query, so their place "
            "is not known; what is lost to them does not count as near."
        )
    return tuple(notes)
