"""Which pictures show what still teaches, and which errors it does not show?"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.data.arrays import Reals
from embedding_second_opinion.findings.charts import Curve, Mark, Series, Table
from embedding_second_opinion.findings.wording import number, percent
from embedding_second_opinion.geometry.geometry import Geometry

from .mining import BATCHES
from .numbers import Census
from .sides import FEW

CLASSES_SHOWN = 12
POINTS = 80


def unseen_chart(census: Census) -> tuple[Curve, ...]:
    """How many of a query's random triplets violate the margin: the wrong queries, and the right ones."""
    found = census.spent
    if not found.wrong.any():
        return ()
    some = found.active[found.active > 0]
    least = float(np.quantile(some, 0.01)) if len(some) else 1.0
    low = 10.0 ** np.floor(np.log10(max(min(least, 0.5 / FEW), 1e-6)))
    grid = np.unique(np.append(np.geomspace(low, 1.0, POINTS), 1 / FEW))
    lines = [Series.of("wrong queries", grid, _below(found.active[found.wrong], grid))]
    if not found.wrong.all():
        lines.append(
            Series.of("right queries", grid, _below(found.active[~found.wrong], grid), "context")
        )
    share = float((found.active[found.wrong] < 1 / FEW).mean())
    middle = float(np.median(found.active[found.wrong]))
    return (
        Curve(
            title=(
                f"Of {number(int(found.wrong.sum()), 'wrong query')}, {100 * share:.0f} % show in fewer than "
                f"1 in {FEW} of their random triplets"
            ),
            alt=f"Of the median wrong query's random triplets {percent(middle)} violate the margin.",
            x_label="share of a query's random triplets that violate the margin",
            y_label="share of queries with fewer",
            series=tuple(lines),
            marks=(Mark(name=f"1 in {FEW}:", x=1 / FEW, y=share),),
            x_scale="log",
        ),
    )


def _below(values: Reals, grid: Reals) -> Reals:
    return np.asarray(np.searchsorted(np.sort(values), grid, side="left") / len(values))


def miner_table(census: Census) -> Table:
    """What each way of mining would draw."""
    miners, random = census.mining.miners, census.mining.miners[0]
    most = max(miners, key=lambda m: m.active)
    rows = [
        {
            "mining": m.name,
            "teach": percent(m.active),
            "in the wrong order": percent(m.hard),
            "mean loss": f"{m.loss:.3g}",
            "what it takes": m.how,
        }
        for m in miners
    ]
    title = f"Of random triplets {percent(random.active)} teach"
    if most is not random:
        title += f", with {most.name} mining {percent(most.active)}"
    where = f"; batches: {BATCHES} of {census.mining.batch}" if census.mining.batch else ""
    alt = f"Mean loss: {'; '.join(f'{m.name} {m.loss:.3g}' for m in miners)}{where}."
    return Table.of(title, alt, rows, words=("mining", "what it takes"))


def margin_curve(census: Census) -> tuple[Curve, ...]:
    """Active share by the margin, in units of the median distance to a negative."""
    curve, median, own = census.curve, census.margin.median, census.margin.share
    if not len(curve.margins):
        return ()
    x, y = curve.margins / median, curve.active
    at = float(y[np.searchsorted(curve.margins, census.margin.value)])
    shown = x <= max(1.0, own)
    listed = "; ".join(f"{a:.2g}: {100 * b:.1f} %" for a, b in zip(x, y, strict=True))
    return (
        Curve(
            title=f"{percent(at)} of triplets violate the margin, {own:.2g} of the median distance",
            alt=(
                f"Share of all triplets of {number(curve.anchors, 'anchor')} that violate a margin of so "
                f"many times {median:.3g}, the median distance to a negative: {listed}."
            ),
            x_label="margin, as a multiple of the median distance to a negative",
            y_label="share of triplets that violate it",
            series=(Series.of("all triplets", x[shown], y[shown]),),
            marks=(Mark(name="the margin:", x=own, y=at),),
        ),
    )


def class_table(space: Geometry, census: Census) -> tuple[Table, ...]:
    """Classes with most errors that random triplets do not show, then those that still teach most."""
    codes, names = space.evaluation.codes, space.evaluation.classes
    side, ranks, answers = census.triplets, census.triplets.ranks, census.answers
    a, asked = ranks.anchors, answers.queries[answers.ranks.anchors]
    pairs = ranks.positives[a] * ranks.negatives[a]
    share, hard = census.counts.active[a, census.counts.at] / pairs, ranks.lost[a] / pairs
    k = len(names)
    of = codes[side.queries[a]]
    rows, active, wrong_order = (np.bincount(of, w, k) for w in (np.ones(len(a)), share, hard))
    wrong, spent = (
        np.bincount(codes[asked], flags, k) for flags in (census.spent.wrong, census.spent.spent)
    )
    # By what is shown, and then by name: rounding must not turn two classes round.
    order = sorted(range(k), key=lambda c: (-spent[c], -round(float(active[c]), 9), names[c]))
    table = [
        {
            "class": names[c],
            "anchors": f"{rows[c]:.0f}",
            "teach": f"{100 * active[c] / rows[c]:.1f} %",
            "in the wrong order": f"{100 * wrong_order[c] / rows[c]:.1f} %",
            "wrong": f"{wrong[c]:.0f}",
            "hardly shown": f"{spent[c]:.0f}",
        }
        for c in order[:CLASSES_SHOWN]
        if rows[c] > 0 and active[c] > 0
    ]
    if not table:
        return ()
    held = np.sort(active[rows > 0])[::-1]
    half = int(np.searchsorted(np.cumsum(held), held.sum() / 2)) + 1
    title = f"Half of what still teaches has its anchor in {half:,} of {number(len(held), 'class')}"
    alt = (
        f"{number(int(spent.sum()), 'wrong query')} that random triplets hardly show, of "
        f"{number(int((spent > 0).sum()), 'class')}; listed: {number(len(table), 'class')}."
    )
    return (Table.of(title, alt, table, words=("class",)),)
