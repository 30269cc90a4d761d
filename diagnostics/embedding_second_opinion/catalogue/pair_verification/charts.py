"""What does one threshold let through and turn away? Curves, and where it serves worst."""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.findings.charts import Curve, Mark, Series, Table
from embedding_second_opinion.findings.wording import are, number, percent
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs

from . import roc
from .counts import PairCounts
from .figures import between
from .numbers import Verification
from .pair_file import pair_distances

POINTS = 90
STEPS = 20  # points a decade
SHOWN = 12


def charts_of(space: Geometry, inputs: Inputs, seen: Verification) -> tuple[Curve | Table, ...]:
    """All charts of the finding."""
    worst = worst_classes(space, seen) if inputs.pairs is None else worst_pairs(space, inputs, seen)
    return (_roc(seen), _accepted(seen), *worst)


def _curve_points(seen: Verification) -> tuple[Reals, Reals]:
    """Levels of FAR, evenly spaced on a log axis from a round number on, and TAR at each.

    Below three impostor pairs a curve is a staircase of single pairs.
    """
    pairs = int(seen.counts.impostor[list(seen.counts.counted)].sum())
    decades = int(np.clip(np.floor(np.log10(pairs / 3) + 1e-9), 1, 6))
    levels = 10.0 ** (np.arange(-decades * STEPS, 1) / STEPS)
    far, tar = seen.seen.far, seen.seen.tar
    return levels, np.array([float(roc.tar_at(far, tar, x)) for x in levels])


def _roc(seen: Verification) -> Curve:
    value = seen.seen.values
    far, tar = _curve_points(seen)
    at = max(value["pair_far"], float(far[0]))
    return Curve(
        title="ROC: what one threshold accepts",
        alt=(
            f"Genuine pairs accepted: {percent(tar[0])} where {far[0]:.2g} of impostor pairs are, "
            f"{percent(value['tar_at_far_1e-2'])} at 0.01; at the threshold used "
            f"{percent(value['pair_recall'])} at {percent(value['pair_far'])}."
        ),
        x_label="impostor pairs accepted (FAR)",
        y_label="genuine pairs accepted (TAR)",
        series=(Series.of("genuine accepted", far, tar),),
        marks=(Mark(name="at the threshold used:", x=at, y=value["pair_recall"], role="second"),),
        x_scale="log",
    )


def _accepted(seen: Verification) -> Curve:
    """The distributions of both kinds of distances, as what each threshold accepts of them."""
    edges, far, tar = seen.counts.edges, seen.seen.far, seen.seen.tar
    low = min(edges[int((c <= 0.002).sum()) - 1] for c in (far, tar))
    high = max(edges[int((c < 0.998).sum())] for c in (far, tar))
    at = float(seen.seen.threshold)
    low, high = min(float(low), at), max(float(high), at)
    # Steps of the same width; the threshold itself is one of them.
    x = np.unique(np.append(np.linspace(low, high, POINTS), at))
    both = [float(np.interp(at, edges, c)) for c in (tar, far)]
    return Curve(
        title="Where the distances of both kinds of pairs lie",
        alt=(
            f"At {at:.3g}, the threshold used, {percent(both[0])} of genuine and {percent(both[1])} of "
            "impostor pairs are nearer."
        ),
        x_label=f"distance of a pair (threshold used: {at:.3g})",
        y_label="share of pairs that are nearer",
        series=(
            Series.of("genuine pairs", x, np.interp(x, edges, tar)),
            Series.of("impostor pairs", x, np.interp(x, edges, far), "second"),
        ),
        marks=(
            Mark(name="genuine", x=at, y=both[0]),
            Mark(name="impostors", x=at, y=both[1], role="second"),
        ),
    )


def worst_classes(space: Geometry, seen: Verification) -> tuple[Table, ...]:
    """The classes that the threshold serves worst: rejected genuine and accepted impostor pairs."""
    counts = seen.counts
    near, all_of = _own_pairs(counts, seen.seen.threshold)
    has = np.flatnonzero(all_of[0] > 0)
    rate = near / np.maximum(all_of, 1)
    loss = (1 - rate[0] + rate[1])[has]
    order = has[np.lexsort((has, -np.round(loss, 9)))][:SHOWN]
    order = order[(1 - rate[0] + rate[1])[order] > 0]
    if not len(order):
        return ()
    rows = [
        {
            "class": space.evaluation.classes[int(counts.class_ids[c])],
            "own pairs accepted": f"{100 * rate[0, c]:.0f} % of {all_of[0, c]:,}",
            "impostor pairs accepted": f"{100 * rate[1, c]:.1f} % of {all_of[1, c]:,}",
            "false matches": f"{near[1, c]:,.0f}",
        }
        for c in order
    ]
    worst = rows[0]
    alt = (
        f"At a distance of {seen.seen.threshold:.3g}, class '{worst['class']}' has "
        f"{worst['own pairs accepted']} genuine pairs accepted, and {worst['impostor pairs accepted']} "
        "impostor pairs."
    )
    return (Table.of("The classes that one threshold serves worst", alt, rows, words=("class",)),)


def _own_pairs(counts: PairCounts, threshold: float) -> tuple[Reals, Ints]:
    """(2, K) genuine and impostor pairs of each class nearer than the threshold, and in all.

    Read from coarse bins, on the line between two edges.
    """
    place = float(np.searchsorted(counts.edges, threshold)) / (1 << counts.shift)
    k, counted = len(counts.class_ids), list(counts.counted)
    near, all_of = np.zeros((2, k)), np.zeros((2, k), dtype=np.int64)
    step = 256
    for start in range(0, k, step):
        stop = min(start + step, k)
        for kind, taken in enumerate(counts.taken(start, stop)):
            sums = np.cumsum(taken[:, counted].sum(axis=1), axis=1)
            sums = np.concatenate([np.zeros((stop - start, 1)), sums], axis=1)
            near[kind, start:stop] = between(sums, place)
            all_of[kind, start:stop] = sums[:, -1]
    return near, all_of


def worst_pairs(space: Geometry, inputs: Inputs, seen: Verification) -> tuple[Table, ...]:
    """The pairs of the file that lie farthest on the wrong side of the threshold."""
    pairs = inputs.pairs
    assert pairs is not None
    distances = pair_distances(space, pairs)
    beyond = np.where(pairs.same, 1, -1) * (distances - seen.seen.threshold)
    wrong = np.flatnonzero(beyond > 0)
    if not len(wrong):
        return ()
    order = wrong[np.lexsort((wrong, -beyond[wrong]))][:SHOWN]
    names, codes = space.evaluation.classes, space.evaluation.codes
    rows = [
        {
            "pair": f"{p:,}",
            "first": f"{names[codes[pairs.first[p]]]} (row {pairs.first[p]:,})",
            "second": f"{names[codes[pairs.second[p]]]} (row {pairs.second[p]:,})",
            "truly": "same" if pairs.same[p] else "different",
            "distance": f"{distances[p]:.3g}",
        }
        for p in order.tolist()
    ]
    alt = (
        f"{len(wrong):,} of {len(distances):,} pairs {are(len(wrong))} on the wrong side of a distance of "
        f"{seen.seen.threshold:.3g}; listed, farthest first: {number(len(rows), 'pair')}."
    )
    title = "The pairs that go wrong by most"
    return (Table.of(title, alt, rows, words=("first", "second", "truly")),)
