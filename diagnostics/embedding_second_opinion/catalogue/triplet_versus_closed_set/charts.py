"""Which pictures and examples show where the accuracy goes? Chart specifications from the ranks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

from embedding_second_opinion.findings.charts import (
    Bar,
    Bars,
    Curve,
    Examples,
    Level,
    Mark,
    Series,
    Table,
)
from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.geometry.examples import example
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.rank_results import Ranks
from embedding_second_opinion.geometry.passes.ranks import ALL
from embedding_second_opinion.inputs.inputs import Believed
from embedding_second_opinion.stats import surface

CLASSES_SHOWN = 12
SAMPLES_SHOWN = 8

NAMES = {
    "triplet_accuracy": "Triplet accuracy",
    "triplet_accuracy_all_triplets": "Triplet accuracy, all triplets pooled",
    "triplet_accuracy_against_gallery": "Triplet accuracy against the gallery",
    "closed_set_accuracy": "Closed-set accuracy (1-NN)",
    "closed_set_accuracy_macro": "Closed-set accuracy, mean of classes",
}


def accuracy_curve(
    ranks: Ranks, closed: Estimate, triplet: Estimate, claim: Believed | None, leave_one_out: bool
) -> Curve:
    """A(e, g) from one candidate to all, for one, five (where there are) and all enrolled."""
    negatives = ranks.negatives[ranks.anchors]
    least, typical, greatest = (
        int(negatives.min()),
        round(float(negatives.mean())),
        int(negatives.max()),
    )
    uneven = "" if least == greatest else f"; at the end all, {least:,} to {greatest:,} by class"
    fewest = int(ranks.positives[ranks.anchors].min())
    lines = []
    # One cohort for all lines: five are shown only where every query has five.
    for enrolled, role in ((ALL, "main"), (5, "context"), (1, "second")):
        if enrolled == 5 and fewest <= 5:
            continue
        grid = surface.accuracy_surface(ranks, (enrolled,))
        x = np.where(grid.candidates == ALL, typical, grid.candidates)
        # The last point is all negatives; the one before it may be as many.
        keep = np.append(np.diff(x) > 0, True)
        name = {ALL: "all positives enrolled", 1: "one positive enrolled"}.get(
            enrolled, f"{enrolled} enrolled"
        )
        lines.append(
            Series.model_validate(
                {"name": name, "x": x[keep], "y": grid.values[0][keep], "role": role}
            )
        )
    ends = {line.name: (line.y[0], line.y[-1]) for line in lines}
    levels = [Level(name=f"claimed {100 * claim.value:.1f} %", y=claim.value)] if claim else []
    return Curve(
        title="From one wrong candidate to all of them",
        alt=(
            "Accuracy against the number of negatives that compete, exact. "
            + "; ".join(
                f"{n}: from {100 * a:.1f} % to {100 * b:.1f} %" for n, (a, b) in ends.items()
            )
            + f". Triplet accuracy {triplet.text()}, closed-set accuracy {closed.text()}."
        ),
        x_label=f"negatives that compete with the positives{uneven}",
        y_label="share of queries answered rightly",
        series=tuple(lines),
        levels=tuple(levels),
        marks=(
            Mark(
                name="one triplet:" if leave_one_out else "one triplet (gallery):",
                x=1,
                y=lines[-1].y[0],
                role="second",
            ),
        ),
    )


def identity_chart(ranks: Ranks, identity: tuple[Estimate, ...]) -> Curve:
    """A_id(G): everything of G identities enrolled, with its interval."""
    bounded = all(e.low is not None and e.high is not None for e in identity)
    first, last = identity[0], identity[-1]
    falls = last.value < first.value
    return Curve(
        title=(
            "The more classes are enrolled, the fewer queries are recognised"
            if falls
            else "However many classes are enrolled, as many queries are recognised"
        ),
        alt=(
            f"Closed-set accuracy against the number of enrolled classes: {first.text()} with "
            f"{ranks.id_grid[0]}, {last.text()} with all {ranks.classes:,}."
        ),
        x_label="classes enrolled, the query's own among them",
        y_label="share of queries recognised",
        series=(
            Series(
                name="closed-set accuracy",
                x=tuple(float(g) for g in ranks.id_grid),
                y=tuple(e.value for e in identity),
                low=tuple(e.low for e in identity if e.low is not None) if bounded else (),
                high=tuple(e.high for e in identity if e.high is not None) if bounded else (),
            ),
        ),
        x_scale="log",
    )


def numbers_chart(estimates: Mapping[str, Estimate], claim: Believed | None) -> Bars:
    """The believed and the measured numbers, one under the other."""
    bars = [Bar(label="Claimed", value=claim.value, role="context")] if claim else []
    for name, label in NAMES.items():
        if name in estimates:
            e = estimates[name]
            role = "main" if name.startswith("closed") else "second"
            bars.append(
                Bar.model_validate(
                    {"label": label, "value": e.value, "low": e.low, "high": e.high, "role": role}
                )
            )
    return Bars(
        title="The same vectors, differently asked",
        alt="; ".join(f"{bar.label} {100 * bar.value:.1f} %" for bar in bars) + ".",
        value_label="accuracy"
        + (", with 95 % interval" if any(bar.low is not None for bar in bars) else ""),
        bars=tuple(bars),
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
    order = np.lexsort((np.arange(ranks.classes), -lost, -share))[:CLASSES_SHOWN]
    a = ranks.anchors
    pairs = np.bincount(ranks.codes[a], ranks.lost[a] / (ranks.positives[a] * ranks.negatives[a]))
    winners = evaluation.codes[ranks.nearest_negative[wrong]]
    rows = []
    for c in order[lost[order] > 0]:
        taken = Counter(winners[ranks.codes[wrong] == c].tolist()).most_common(3)
        rows.append(
            (
                evaluation.classes[int(ranks.class_ids[c])],
                f"{lost[c]:,} of {counts[c]:,}",
                f"{100 * (1 - share[c]):.0f} %",
                f"{100 * (1 - pairs[c] / counts[c]):.1f} %",
                ", ".join(f"{evaluation.classes[w]} ({n})" for w, n in taken),
            )
        )
    hit = int((lost > 0).sum())
    return (
        Table(
            title="The classes that lose most",
            alt=(
                f"{hit:,} of {int((counts > 0).sum()):,} classes lose at least one query; "
                f"the {len(rows)} that lose the largest share are listed."
            ),
            columns=("class", "queries lost", "recognised", "triplets right", "taken for"),
            rows=tuple(rows),
            numeric=(False, True, True, True, False),
        ),
    )


def losing_samples(space: Geometry) -> tuple[Examples, ...]:
    """The queries that most other classes beat, each of another class, with what won."""
    ranks = space.ranks
    wrong = ranks.anchors[ranks.z[ranks.anchors] > 0]
    if not len(wrong):
        return ()
    shown: list[int] = []
    seen: set[int] = set()
    for q in wrong[np.lexsort((wrong, -ranks.z[wrong]))].tolist():
        if int(ranks.codes[q]) not in seen:  # one a class, or one bad class would fill the list
            seen.add(int(ranks.codes[q]))
            shown.append(q)
        if len(shown) == SAMPLES_SHOWN:
            break
    examples = []
    for q in shown:
        count = int(ranks.z[q])
        note = (
            f"{count:,} {'class has' if count == 1 else 'classes have'} a row as near as the nearest of "
            f"its own or nearer, which is at {ranks.nearest_positive_distance[q]:.3g}"
        )
        examples.append(example(space, q, note))
    return (
        Examples(
            title="The samples that lose most, and what won",
            alt=(
                f"{len(wrong):,} of {len(ranks.anchors):,} queries are answered wrongly; shown are the "
                f"{len(examples)} that most classes beat, one a class, each with its nearest enrolled rows."
            ),
            examples=tuple(examples),
        ),
    )
