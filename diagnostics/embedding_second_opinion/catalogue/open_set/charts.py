"""Which pictures show who is let in? By the threshold, against the known, and by the gallery's size."""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.findings.charts import Curve, Mark, Series
from embedding_second_opinion.findings.wording import number, percent

from .found import OpenSet

POINTS = 120  # of a curve: enough for the eye
FAR = 0.995  # of the distances are drawn; the rest would leave the picture to a few


def acceptance_curve(seen: OpenSet) -> Curve:
    """Who is accepted at each threshold."""
    pools = seen.pools
    every = np.sort(np.concatenate([pools.known.base, pools.strange.base]))
    top = max(np.quantile(pools.known.base, FAR), np.quantile(pools.strange.base, FAR))
    x = np.unique(np.quantile(every[every <= max(top, every[0])], np.linspace(0, 1, POINTS)))
    known, strange = (
        np.searchsorted(pool.base, x, "right") / len(pool.base)
        for pool in (pools.known, pools.strange)
    )
    right = np.searchsorted(pools.right.base, x, "right") / len(pools.known.base)
    marks = [Mark(name="strangers at 95 %:", x=seen.threshold, y=seen.harm.value, role="second")]
    who = "once their class is taken out" if seen.sides.rehearsal else "of strangers"
    best = seen.deployed.threshold
    if best is not None and best <= x[-1]:
        marks.append(Mark(name="at least cost:", x=best, y=seen.deployed.accepted, role="context"))
    return Curve(
        title=f"Within {seen.threshold:.3g} lie 95 % of the known, and {percent(seen.harm.value)} {who}",
        alt=(
            f"At the threshold {seen.threshold:.3g} are accepted: "
            f"{percent(pools.known.share(seen.threshold))} of known queries and {seen.harm.text()} of "
            f"{_strangers(seen)}."
        ),
        x_label="threshold on the distance to the nearest enrolled row",
        y_label="share accepted",
        series=(
            Series.of("known queries", x, known),
            Series.of("known, rightly named", x, right, "context"),
            Series.of(_strangers(seen), x, strange, "second"),
        ),
        marks=tuple(marks),
    )


def oscr_curve(seen: OpenSet) -> Curve:
    """Correct classification of the known against the share of strangers accepted (Dhamija 2018)."""
    pools = seen.pools
    places = np.unique(np.concatenate([pools.right.base, pools.strange.base]))
    accepted = np.searchsorted(pools.strange.base, places, "right") / len(pools.strange.base)
    right = np.searchsorted(pools.right.base, places, "right") / len(pools.known.base)
    accepted, right = np.append(0.0, accepted), np.append(0.0, right)
    keep = np.unique(np.linspace(0, len(accepted) - 1, POINTS).round().astype(np.int64))
    # Where strangers begin, the curve rises: that corner is not to be lost.
    keep = np.union1d(keep, [int(np.count_nonzero(accepted == 0)) - 1])
    at = pools.right.at_most(seen.threshold) / len(pools.known.base)
    return Curve(
        title="What rightly naming the known costs in strangers accepted",
        alt=(
            f"Area {seen.estimates['oscr'].text()}; where {seen.harm.text()} of strangers are accepted, "
            f"{percent(at)} of the known are rightly named, and {percent(right[-1])} where all are."
        ),
        x_label="share of strangers accepted (1 is all of them)",
        y_label="share of known queries accepted and rightly named",
        series=(Series.of("known queries", accepted[keep], right[keep]),),
        marks=(Mark(name="at the threshold:", x=seen.harm.value, y=at, role="second"),),
    )


def size_curve(seen: OpenSet) -> Curve:
    """Both errors against the number of enrolled classes, at the threshold."""
    found = seen.by_size
    ends = [
        f"{number(found.sizes[at], 'class')} enrolled: {percent(found.fpir[at])} of strangers accepted, "
        f"{percent(found.dir[at])} of known queries rightly named"
        for at in (0, -1)
    ]
    title = "However many classes are enrolled, as many strangers are accepted"
    if found.fpir[-1] > found.fpir[0]:
        title = "The more classes are enrolled, the more strangers are taken for one of them"
    return Curve(
        title=title,
        alt=f"At the threshold {seen.threshold:.3g}, with {'; with '.join(ends)}.",
        x_label="classes enrolled, drawn at random; all of their rows",
        y_label="share at the fixed threshold",
        series=(
            Series.of("known, rightly named (DIR)", found.sizes, found.dir),
            Series.of("strangers accepted (FPIR)", found.sizes, found.fpir, "second"),
        ),
        x_scale="log",
    )


def _strangers(seen: OpenSet) -> str:
    return "known, class taken out" if seen.sides.rehearsal else "strangers"
