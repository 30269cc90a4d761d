"""Which pictures and tables show classes that lie too near each other? Chart specifications."""

from __future__ import annotations

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage

from embedding_second_opinion.data.arrays import Reals
from embedding_second_opinion.findings.charts import (
    Curve,
    Examples,
    Level,
    Mark,
    Merge,
    Series,
    Table,
    Tree,
)
from embedding_second_opinion.findings.wording import number, percent
from embedding_second_opinion.geometry.examples import example
from embedding_second_opinion.geometry.geometry import Geometry

from .nearness import Nearness
from .separation import Separation, Separations

PAIRS_SHOWN = 12
LEAVES_SHOWN = 24
EXAMPLES_SHOWN = 6
FAR = 30.0  # d' beyond which a picture has nothing more to tell


def separation_curve(separations: Reals, needed: float) -> Curve:
    """How many classes have another one nearer than so many standard deviations."""
    x = np.sort(np.minimum(separations, FAR))
    y = np.arange(1, len(x) + 1) / len(x)
    keep = np.unique(np.linspace(0, len(x) - 1, min(len(x), 120)).round().astype(np.int64))
    near = float(np.mean(separations < needed))
    return Curve(
        title=f"{percent(near)} of the classes have another nearer than {needed:.2f} standard deviations",
        alt=f"Share of classes by the distance of the nearest other: {percent(near)} below {needed:.2f}.",
        x_label="separation from the nearest other class, d' (standard deviations)",
        y_label="share of classes with another one at least as near",
        series=(Series.of("classes", x[keep], y[keep]),),
        marks=(Mark(name=f"nearer than {needed:.2f}:", x=needed, y=near, role="second"),),
    )


def look_alike_tree(space: Geometry, seen: Nearness) -> tuple[Tree, ...]:
    """The classes that lose most to one another, or else lie nearest, joined by their separation."""
    chosen: list[int] = []
    for pair in _nearest_first(space, seen):
        new = [c for c in pair if c not in chosen]
        if len(chosen) + len(new) > LEAVES_SHOWN:
            break
        chosen += new
    if len(chosen) < 3:
        return ()
    codes = np.array(sorted(chosen))
    first, second = np.triu_indices(len(codes), k=1)
    heights = np.nan_to_num(seen.pooled.between(codes[first], codes[second]), nan=FAR, posinf=FAR)
    joined = linkage(np.minimum(heights, FAR), "average", optimal_ordering=True)
    order = leaves_list(joined)
    place = np.empty(2 * len(codes) - 1, dtype=np.int64)
    place[order] = np.arange(len(codes))
    place[len(codes) :] = np.arange(len(codes), 2 * len(codes) - 1)
    names = space.evaluation.classes
    return (
        Tree(
            title="The tree of look-alikes",
            alt=f"{len(codes)} classes; the nearest two are {heights.min():.1f} standard deviations apart.",
            leaves=tuple(names[int(c)] for c in codes[order]),
            merges=tuple(
                Merge(first=int(place[int(a)]), second=int(place[int(b)]), height=float(height))
                for a, b, height, _ in joined
            ),
            height_label="separation d' (standard deviations); groups by their average",
            mark=Level(name="too near", y=seen.needed),
        ),
    )


def _nearest_first(space: Geometry, seen: Nearness) -> list[tuple[int, int]]:
    """Pairs of class codes: those that lose queries, or else the nearest ones."""
    ids = space.ranks.class_ids
    named = [
        (int(ids[seen.found.own[i]]), int(ids[seen.found.rival[i]]))
        for i in seen.shown
        if np.isfinite(seen.near[i])
    ]
    order = np.argsort(seen.separations, kind="stable")[:LEAVES_SHOWN]
    close = [(int(seen.pairs.classes[i]), int(seen.pairs.nearest[i])) for i in order]
    return named if len(named) > 1 else named + close


def pair_table(space: Geometry, seen: Nearness) -> tuple[Table, ...]:
    """Pairs of classes in both directions, most confused first."""
    found, shown, near = seen.found, seen.shown, seen.near
    if not len(shown):
        return ()
    ranks, names = space.ranks, space.evaluation.classes
    looked_up = np.bincount(ranks.codes[ranks.anchors], minlength=ranks.classes)
    lost = {
        (int(a), int(b)): int(n) for a, b, n in zip(found.own, found.rival, found.lost, strict=True)
    }
    separations = Separations(space)
    rows = []
    for at in shown[:PAIRS_SHOWN]:
        a, b = int(found.own[at]), int(found.rival[at])
        one, other = int(ranks.class_ids[a]), int(ranks.class_ids[b])
        cut = separations.between(one, other)
        rows.append(
            {
                "first class": names[one],
                "second class": names[other],
                "first taken for second": f"{lost[a, b]:,} of {looked_up[a]:,}",
                "second for first": f"{lost.get((b, a), 0):,} of {looked_up[b]:,}",
                "d' of the two, rows held out": "few rows" if cut is None else _from_zero(cut),
                "d', pooled spread": "" if np.isnan(near[at]) else f"{near[at]:.1f}",
                "by how many different rows": f"{found.winners[at]:,}",
                "q-value (share of such pairs that are luck)": f"{found.q_value[at]:.2g}",
            }
        )
    alt = f"{len(rows)} of {number(len(shown), 'pair')} confused beyond chance or too near, the worst first."
    words = ("first class", "second class")
    return (Table.of("Classes that are taken for each other", alt, rows, words),)


def _from_zero(cut: Separation) -> str:
    """Below 0 the rows held out fall on the other's side: there is no separation at all."""
    value, low, high = (max(0.0, number) for number in (cut.value, cut.low, cut.high))
    return f"{value:.1f} [{low:.1f}, {high:.1f}]"


def pair_examples(space: Geometry, seen: Nearness) -> tuple[Examples, ...]:
    """For each of the worst pairs the query that loses by most, with what the gallery answered."""
    ranks, found = space.ranks, seen.found
    examples = []
    for at in seen.shown[:EXAMPLES_SHOWN]:
        a, b = int(found.own[at]), int(found.rival[at])
        lost = np.flatnonzero((ranks.codes == a) & (seen.winner == b) & (ranks.z > 0))
        margin = ranks.nearest_positive_distance[lost] - ranks.nearest_negative_distance[lost]
        q = int(lost[np.lexsort((lost, -margin))[0]])
        names = [space.evaluation.classes[int(ranks.class_ids[c])] for c in (a, b)]
        note = f"{names[0]} taken for {names[1]}, {number(int(found.lost[at]), 'time')}"
        examples.append(example(space, q, note))
    if not examples:
        return ()
    return (
        Examples(
            title="One query of each pair, and what it was taken for",
            alt=f"One lost query of each pair that loses most: {number(len(examples), 'pair')}.",
            examples=tuple(examples),
        ),
    )
