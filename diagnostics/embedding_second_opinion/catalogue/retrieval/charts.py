"""Which pictures show what a page of answers holds, and which queries find nothing on it?"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.data.arrays import Ints
from embedding_second_opinion.findings.charts import Curve, Examples, Mark, Series, Table
from embedding_second_opinion.findings.wording import are, commonest, have, number
from embedding_second_opinion.geometry.examples import example, most, one_a_class
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.stats.answers_without import near_classes
from embedding_second_opinion.stats.ranked_answers import COUNTS, PAGE, chance_curve
from embedding_second_opinion.stats.surface import anchor_counts

from .numbers import Retrieval

EXAMPLES_SHOWN = 8


def match_curve(space: Geometry, found: Retrieval) -> Curve:
    """Share of queries with a match among the first r answers, and what random order would give."""
    chance = chance_curve(space.ranks, found.places)
    first, last = found.matched[0], found.matched[-1]
    at = min(PAGE, len(found.matched)) - 1
    page = found.matched[at]
    return Curve(
        title="How many answers must one look through to meet a match?",
        alt=(
            f"Share of queries with a match: {first.text()} in the first answer, {page.text()} in {at + 1}, "
            f"{last.text()} in {len(found.places)}; in random order {100 * chance[at]:.1f} % in {at + 1}."
        ),
        x_label="answers looked through, first to last",
        y_label="share of queries with a match among them",
        x_scale="log",
        series=(
            Series.along("matched", found.places, found.matched),
            Series.of("in random order", found.places, chance, "context"),
        ),
        marks=(Mark(name=f"first {at + 1}:", x=float(at + 1), y=page.value),) if at else (),
    )


def counts_table(found: Retrieval) -> Table:
    """What each number counts, beside its chance level and its ceiling."""
    rows = [
        {
            "number": name,
            "counts": counts,
            "value": found.estimates[name].text(),
            "in random order": f"{100 * found.chance[name]:.1f} %",
            "at best": f"{100 * found.best[name]:.1f} %",
        }
        for name, counts in COUNTS.items()
    ]
    alt = f"{len(rows)} numbers, each with its value in random order and the best possible."
    return Table.of("What each number counts", alt, rows, words=("number", "counts"))


def missing_classes(space: Geometry, found: Retrieval) -> tuple[Table, ...]:
    """The classes whose queries find no match on the page, and what stands there instead."""
    ranks, names = space.ranks, space.evaluation.classes
    missed = _missed(space, found)
    if not len(missed):
        return ()
    counts = anchor_counts(ranks)
    empty = np.bincount(ranks.codes[missed], minlength=ranks.classes)
    page = near_classes(space, space.neighbors(PAGE).rows[missed])
    first = found.first[found.first > PAGE]
    rows = []
    for c in most(empty, empty / np.maximum(counts, 1)).tolist():
        here = ranks.codes[missed] == c
        instead = page[here][page[here] >= 0].tolist()
        rows.append(
            {
                "class": names[int(ranks.class_ids[c])],
                "queries without a match": f"{empty[c]:,} of {counts[c]:,}",
                "first match at (median)": f"{np.median(first[here]):,.0f}",
                "answers instead": commonest(names[ranks.class_ids[w]] for w in instead),
            }
        )
    hit = int(np.count_nonzero(empty))
    alt = (
        f"{number(len(missed), 'query')} of {number(hit, 'class')} without a match; listed: the {len(rows)} "
        f"with the largest share, {rows[0]['class']} first."
    )
    title = f"Classes whose queries find nothing in the first {PAGE}"
    return (Table.of(title, alt, rows, words=("class", "answers instead")),)


def missing_examples(space: Geometry, found: Retrieval) -> tuple[Examples, ...]:
    """The queries whose first match comes last, each of another class, with what comes first."""
    ranks, missed = space.ranks, _missed(space, found)
    if not len(missed):
        return ()
    first = found.first[found.first > PAGE]
    order = np.lexsort((space.evaluation.queries[missed], -first))
    shown = one_a_class(order, ranks.codes[missed], EXAMPLES_SHOWN)
    examples = tuple(
        example(space, int(missed[at]), f"its first match is answer {first[at]:,}") for at in shown
    )
    return (
        Examples(
            title=f"Queries without a match in the first {PAGE}, and what came first",
            alt=(
                f"{number(len(missed), 'query')} of {len(ranks.anchors):,} {have(len(missed))} no match "
                f"among the first {PAGE}; shown {are(len(shown))} the {len(shown)} whose first match comes "
                "last, one a class."
            ),
            examples=examples,
        ),
    )


def _missed(space: Geometry, found: Retrieval) -> Ints:
    """Positions of the queries without a match on the page."""
    return space.ranks.anchors[found.first > PAGE]
