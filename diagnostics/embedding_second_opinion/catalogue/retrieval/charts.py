"""Which pictures show what a page of answers holds, and which queries find nothing on it?"""

from __future__ import annotations

from collections import Counter

import numpy as np

from embedding_second_opinion.findings.charts import (
    Bar,
    Bars,
    Curve,
    Example,
    Examples,
    Mark,
    Series,
    Table,
)
from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.findings.wording import are, have, number
from embedding_second_opinion.geometry.examples import example
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.ranks import Ints
from embedding_second_opinion.stats.answers_without import near_classes
from embedding_second_opinion.stats.ranked_answers import COUNTS, PAGE, chance_curve
from embedding_second_opinion.stats.surface import anchor_counts

from .index import Index
from .numbers import Retrieval

CLASSES_SHOWN = 12
EXAMPLES_SHOWN = 8
LABELS = {
    "recall_at_1": "First answer right (precision@1, recall@1)",
    "recall_at_5": "A match in the first 5 (recall@5)",
    "recall_at_10": "A match in the first 10 (recall@10)",
    "fractional_recall_at_10": "Share of R in the first 10 (fractional recall)",
    "r_precision": "Matches among the first R (R-precision)",
    "map_at_r": "The same, early ones counting more (MAP@R)",
}


def match_curve(space: Geometry, found: Retrieval) -> Curve:
    """Share of queries with a match among the first r answers, and what random order would give."""
    places = tuple(float(r) for r in found.places)
    bounded = all(e.low is not None and e.high is not None for e in found.matched)
    chance = tuple(float(c) for c in chance_curve(space.ranks, found.places))
    first, last = found.matched[0], found.matched[-1]
    at = min(PAGE, len(found.matched)) - 1
    page = found.matched[at]
    return Curve(
        title="How many answers must one look through to meet a match?",
        alt=(
            f"Share of queries with a match among the first r answers: {first.text()} for the first alone, "
            f"{page.text()} for {at + 1}, {last.text()} for {len(places)}. In random order {at + 1} answers "
            f"would hold one for {100 * chance[at]:.1f} %."
        ),
        x_label="answers looked through, first to last",
        y_label="share of queries with a match among them",
        x_scale="log",
        series=(
            Series(
                name="matched",
                x=places,
                y=tuple(e.value for e in found.matched),
                low=tuple(e.low for e in found.matched if e.low is not None) if bounded else (),
                high=tuple(e.high for e in found.matched if e.high is not None) if bounded else (),
            ),
            Series(name="in random order", x=places, y=chance, role="context"),
        ),
        marks=(Mark(name=f"first {at + 1}:", x=float(at + 1), y=page.value),) if at else (),
    )


def numbers_chart(found: Retrieval, index: Index | None) -> Bars:
    """The same ranking, counted in six ways, and by an index where one was asked."""
    shown = {LABELS[name]: found.estimates[name] for name in LABELS}
    if index is not None and index.estimates:
        estimates = index.estimates
        shown["First answer of the index right"] = estimates["precision_at_1_approximate"]
        shown["The nearest 10 that the index finds"] = estimates[f"index_recall_at_{PAGE}"]
    bars = [_bar(label, e, label == LABELS[f"recall_at_{PAGE}"]) for label, e in shown.items()]
    return Bars(
        title="One ranking, counted in different ways",
        alt="; ".join(f"{label} {e.text()}" for label, e in shown.items()) + ".",
        value_label="mean over queries"
        + (", with 95 % interval" if any(bar.low is not None for bar in bars) else ""),
        bars=tuple(bars),
    )


def _bar(label: str, e: Estimate, judged: bool) -> Bar:
    role = "main" if judged else "second"
    return Bar.model_validate(
        {"label": label, "value": e.value, "low": e.low, "high": e.high, "role": role}
    )


def counts_table(found: Retrieval) -> Table:
    """What each number counts, beside its chance level and its ceiling."""
    page = f"recall_at_{PAGE}"
    rows = [
        (
            name,
            counts,
            found.estimates[name].text(),
            f"{100 * found.chance[name]:.1f} %",
            f"{100 * found.best[name]:.1f} %",
        )
        for name, counts in COUNTS.items()
    ]
    return Table(
        title="What each number counts",
        alt=(
            f"{len(rows)} numbers with their convention, value, value in random order and best possible "
            f"value; {page} {found.estimates[page].text()}, in random order {100 * found.chance[page]:.1f} %."
        ),
        columns=("number", "counts", "value", "in random order", "at best"),
        rows=tuple(rows),
        numeric=(False, False, True, True, True),
    )


def missing_classes(space: Geometry, found: Retrieval) -> tuple[Table, ...]:
    """The classes whose queries find no match on the page, and what stands there instead."""
    ranks, names = space.ranks, space.evaluation.classes
    missed = _missed(space, found)
    if not len(missed):
        return ()
    counts = anchor_counts(ranks)
    empty = np.bincount(ranks.codes[missed], minlength=ranks.classes)
    share = empty / np.maximum(counts, 1)
    order = np.lexsort((np.arange(ranks.classes), -empty, -share))[:CLASSES_SHOWN]
    page = near_classes(space, space.neighbors(PAGE).rows[missed])
    first = found.first[found.first > PAGE]
    rows = []
    for c in order[empty[order] > 0].tolist():
        here = ranks.codes[missed] == c
        instead = Counter(page[here][page[here] >= 0].tolist()).most_common(3)
        rows.append(
            (
                names[int(ranks.class_ids[c])],
                f"{empty[c]:,} of {counts[c]:,}",
                f"{np.median(first[here]):,.0f}",
                ", ".join(f"{names[int(ranks.class_ids[w])]} ({n})" for w, n in instead),
            )
        )
    hit = int(np.count_nonzero(empty))
    return (
        Table(
            title=f"Classes whose queries find nothing in the first {PAGE}",
            alt=(
                f"{number(len(missed), 'query')} of {number(hit, 'class')} "
                f"{'finds' if len(missed) == 1 else 'find'} no match among the first {PAGE}; listed "
                f"{are(len(rows))} the {len(rows)} with the largest share, "
                f"{rows[0][0]} first."
            ),
            columns=(
                "class",
                "queries without a match",
                "first match at (median)",
                "answers instead",
            ),
            rows=tuple(rows),
            numeric=(False, True, True, False),
        ),
    )


def missing_examples(space: Geometry, found: Retrieval) -> tuple[Examples, ...]:
    """The queries whose first match comes last, each of another class, with what comes first."""
    ranks, missed = space.ranks, _missed(space, found)
    if not len(missed):
        return ()
    first = found.first[found.first > PAGE]
    rows = space.evaluation.queries[missed]
    shown: list[Example] = []
    seen: set[int] = set()
    for at in np.lexsort((rows, -first)).tolist():
        q = int(missed[at])
        if int(ranks.codes[q]) in seen:  # one a class, or one bad class would fill the list
            continue
        seen.add(int(ranks.codes[q]))
        shown.append(example(space, q, f"its first match is answer {first[at]:,}"))
        if len(shown) == EXAMPLES_SHOWN:
            break
    return (
        Examples(
            title=f"Queries without a match in the first {PAGE}, and what came first",
            alt=(
                f"{number(len(missed), 'query')} of {len(ranks.anchors):,} "
                f"{have(len(missed))} no match among the first {PAGE} answers; shown "
                f"{are(len(shown))} the {len(shown)} whose first match comes last, one "
                "a class."
            ),
            examples=tuple(shown),
        ),
    )


def _missed(space: Geometry, found: Retrieval) -> Ints:
    """Positions of the queries without a match on the page."""
    return space.ranks.anchors[found.first > PAGE]
