"""Which pictures and examples show where the accuracy goes? Chart specifications from the ranks."""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.findings.charts import (
    Curve,
    Examples,
    Level,
    Mark,
    Role,
    Series,
    Table,
)
from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.findings.wording import commonest, have, number
from embedding_second_opinion.geometry.examples import example, most, one_a_class
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.rank_results import Ranks
from embedding_second_opinion.geometry.passes.ranks import ALL
from embedding_second_opinion.inputs.inputs import Believed
from embedding_second_opinion.stats import surface

SAMPLES_SHOWN = 8


def accuracy_curve(
    ranks: Ranks, closed: Estimate, triplet: Estimate, claim: Believed | None, leave_one_out: bool
) -> Curve:
    """A(e, g) from one candidate to all, for one, five (where there are) and all enrolled."""
    negatives = ranks.negatives[ranks.anchors]
    least, typical, most = (
        int(negatives.min()),
        round(float(negatives.mean())),
        int(negatives.max()),
    )
    uneven = "" if least == most else f"; at the end all, {least:,} to {most:,} by class"
    fewest = int(ranks.positives[ranks.anchors].min())
    lines = []
    # One cohort for all lines: five are shown only where every query has five.
    shown: tuple[tuple[int, str, Role], ...] = (
        (ALL, "all positives", "main"),
        (5, "5", "context"),
        (1, "one positive", "second"),
    )
    for enrolled, words, role in shown:
        if enrolled == 5 and fewest <= 5:
            continue
        grid = surface.accuracy_surface(ranks, (enrolled,))
        x = np.where(grid.candidates == ALL, typical, grid.candidates)
        # The last point is all negatives; the one before it may be as many.
        keep = np.append(np.diff(x) > 0, True)
        lines.append(Series.of(f"{words} enrolled", x[keep], grid.values[0][keep], role))
    ends = [f"{line.name}: {100 * line.y[0]:.1f} % to {100 * line.y[-1]:.1f} %" for line in lines]
    name = "one triplet:" if leave_one_out else "one triplet (gallery):"
    return Curve(
        title="From one wrong candidate to all of them",
        alt=(
            f"From one negative to all, {'; '.join(ends)}. Triplet accuracy {triplet.text()}, closed-set "
            f"accuracy {closed.text()}."
        ),
        x_label=f"negatives that compete with the positives{uneven}",
        y_label="share of queries answered rightly",
        series=tuple(lines),
        levels=(Level(name=f"claimed {100 * claim.value:.1f} %", y=claim.value),) if claim else (),
        marks=(Mark(name=name, x=1, y=lines[-1].y[0], role="second"),),
    )


def identity_chart(ranks: Ranks, identity: tuple[Estimate, ...]) -> Curve:
    """A_id(G): everything of G identities enrolled, with its interval."""
    first, last = identity[0], identity[-1]
    title = "However many classes are enrolled, as many queries are recognised"
    if last.value < first.value:
        title = "The more classes are enrolled, the fewer queries are recognised"
    return Curve(
        title=title,
        alt=(
            f"Closed-set accuracy: {first.text()} with {ranks.id_grid[0]} classes enrolled, {last.text()} "
            f"with all {ranks.classes:,}."
        ),
        x_label="classes enrolled, the query's own among them",
        y_label="share of queries recognised",
        series=(Series.along("closed-set accuracy", ranks.id_grid, identity),),
        x_scale="log",
    )


def losing_classes(space: Geometry) -> tuple[Table, ...]:
    """The classes that lose most queries, and what they are taken for; nothing where none is lost."""
    ranks, evaluation = space.ranks, space.evaluation
    wrong = ranks.anchors[ranks.z[ranks.anchors] > 0]
    if not len(wrong):
        return ()
    counts = surface.anchor_counts(ranks)
    lost = np.bincount(ranks.codes[wrong], minlength=ranks.classes)
    share = lost / np.maximum(counts, 1)
    a = ranks.anchors
    pairs = np.bincount(ranks.codes[a], ranks.lost[a] / (ranks.positives[a] * ranks.negatives[a]))
    winners = evaluation.codes[ranks.nearest_negative[wrong]]
    rows = []
    for c in most(lost, share).tolist():
        taken = winners[ranks.codes[wrong] == c].tolist()
        rows.append(
            {
                "class": evaluation.classes[int(ranks.class_ids[c])],
                "queries lost": f"{lost[c]:,} of {counts[c]:,}",
                "recognised": f"{100 * (1 - share[c]):.0f} %",
                "triplets right": f"{100 * (1 - pairs[c] / counts[c]):.1f} %",
                "taken for": commonest(evaluation.classes[w] for w in taken),
            }
        )
    alt = (
        f"{int((lost > 0).sum()):,} of {int((counts > 0).sum()):,} classes lose at least one query; listed: "
        f"the {len(rows)} that lose the largest share."
    )
    return (Table.of("The classes that lose most", alt, rows, words=("class", "taken for")),)


def losing_samples(space: Geometry) -> tuple[Examples, ...]:
    """The queries that most other classes beat, each of another class, with what won."""
    ranks = space.ranks
    wrong = ranks.anchors[ranks.z[ranks.anchors] > 0]
    if not len(wrong):
        return ()
    order = wrong[np.lexsort((wrong, -ranks.z[wrong]))]
    examples = []
    for q in one_a_class(order, ranks.codes, SAMPLES_SHOWN).tolist():
        count = int(ranks.z[q])
        note = (
            f"{number(count, 'class')} {have(count)} a row as near as the nearest of its own or nearer, "
            f"which is at {ranks.nearest_positive_distance[q]:.3g}"
        )
        examples.append(example(space, q, note))
    return (
        Examples(
            title="The samples that lose most, and what won",
            alt=(
                f"{len(wrong):,} of {len(ranks.anchors):,} queries are answered wrongly; shown: the "
                f"{len(examples)} that most classes beat, one a class, each with its nearest enrolled rows."
            ),
            examples=tuple(examples),
        ),
    )
