"""Which pictures show what still teaches, and which errors it does not show?"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.findings.charts import Bar, Bars, Curve, Mark, Series, Table
from embedding_second_opinion.findings.wording import have, number, percent
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.ranks import Reals

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
    few = found.active < 1 / FEW
    named = [("wrong queries", found.wrong, "main"), ("right queries", ~found.wrong, "context")]
    lines = [
        Series.model_validate(
            {"name": name, "x": grid, "y": _below(found.active[who], grid), "role": role}
        )
        for name, who, role in named
        if who.any()
    ]
    share = float(few[found.wrong].mean())
    middle = float(np.median(found.active[found.wrong]))
    return (
        Curve(
            title=(
                f"Of {number(int(found.wrong.sum()), 'wrong query')}, {100 * share:.0f} % show in fewer than "
                f"1 in {FEW} of their random triplets"
            ),
            alt=(
                f"Share of queries of whose random triplets fewer than so many violate the margin. Wrong "
                f"queries: median {100 * middle:.2g} %, and {100 * share:.1f} % of them are below "
                f"{100 / FEW:.0f} %; right queries: {_of_right(census)} below it."
            ),
            x_label="share of a query's random triplets that violate the margin",
            y_label="share of queries with fewer",
            series=tuple(lines),
            marks=(Mark(name=f"1 in {FEW}:", x=1 / FEW, y=share),),
            x_scale="log",
        ),
    )


def _of_right(census: Census) -> str:
    right = census.spent.active[~census.spent.wrong]
    return f"{100 * float((right < 1 / FEW).mean()):.1f} %" if len(right) else "none there to be"


def _below(values: Reals, grid: Reals) -> Reals:
    return np.asarray(np.searchsorted(np.sort(values), grid, side="left") / len(values))


def miner_charts(census: Census) -> tuple[Bars, Table]:
    """What each way of mining would draw."""
    miners, random = census.mining.miners, census.mining.miners[0]
    most = max(miners, key=lambda m: m.active)
    share = census.estimates["random_active"]
    bars = [
        Bar(
            label=f"{m.name[0].upper()}{m.name[1:]}" + (", in batches" if m.simulated else ""),
            value=m.active,
            low=share.low if m is random else None,
            high=share.high if m is random else None,
            role="main" if m is random else "second",
        )
        for m in miners
    ]
    words = "; ".join(f"{m.name} {100 * m.active:.1f} %" for m in miners)
    where = f"Batches: {BATCHES} of {census.mining.batch}. " if census.mining.batch else ""
    rows = tuple(
        (m.name, f"{100 * m.active:.1f} %", f"{100 * m.hard:.1f} %", f"{m.loss:.3g}", m.how)
        for m in miners
    )
    title = f"Of random triplets {percent(random.active)} teach"
    if most is not random:
        title += f", with {most.name} mining {percent(most.active)}"
    return (
        Bars(
            title=title,
            alt=f"Share of triplets that violate the margin, by the way of mining: {words}. {where}".strip(),
            value_label=f"share of triplets that violate the margin of {census.margin.value:.3g}",
            bars=tuple(bars),
        ),
        Table(
            title="What each way of mining would draw",
            alt=f"{where}Mean loss: " + "; ".join(f"{m.name} {m.loss:.3g}" for m in miners) + ".",
            columns=("mining", "teach", "in the wrong order", "mean loss", "what it takes"),
            rows=rows,
            numeric=(False, True, True, True, False),
        ),
    )


def margin_curve(census: Census) -> tuple[Curve, ...]:
    """Active share by the margin, in units of the median distance to a negative."""
    if not len(census.margins):
        return ()
    x, y, own = census.margins / census.margin.median, census.active, census.margin.share
    at = float(y[np.searchsorted(census.margins, census.margin.value)])
    shown = x <= max(1.0, own)
    listed = "; ".join(f"{a:.2g}: {100 * b:.1f} %" for a, b in zip(x, y, strict=True))
    every = number(census.anchors, "anchor")
    return (
        Curve(
            title=(
                f"{percent(at)} of triplets violate the margin, {own:.2g} of the median distance"
            ),
            alt=(
                f"Share of all triplets of {every} that violate a margin, by the margin as a multiple of the "
                f"median distance to a negative, {census.margin.median:.3g}: {listed}. At 0 stand those in "
                "the wrong order."
            ),
            x_label="margin, as a multiple of the median distance to a negative",
            y_label="share of triplets that violate it",
            series=(Series(name="all triplets", x=tuple(x[shown]), y=tuple(y[shown])),),
            marks=(Mark(name="the margin:", x=own, y=at),),
        ),
    )


def class_table(space: Geometry, census: Census) -> tuple[Table, ...]:
    """Classes with most errors that random triplets do not show, then those that still teach most."""
    codes, names = space.evaluation.codes, space.evaluation.classes
    side, ranks, answers = census.triplets, census.triplets.ranks, census.answers
    a, asked = ranks.anchors, answers.queries[answers.ranks.anchors]
    share = census.counts.active[a, census.counts.at] / (ranks.positives[a] * ranks.negatives[a])
    hard = ranks.lost[a] / (ranks.positives[a] * ranks.negatives[a])
    k = len(names)
    of = codes[side.queries[a]]
    rows, active, wrong_order = (np.bincount(of, w, k) for w in (np.ones(len(a)), share, hard))
    wrong, spent = (
        np.bincount(codes[asked], flags, k) for flags in (census.spent.wrong, census.spent.spent)
    )
    # By what is shown, and then by name: rounding must not turn two classes round.
    order = sorted(range(k), key=lambda c: (-spent[c], -round(float(active[c]), 9), names[c]))
    table = [
        (
            names[c],
            f"{rows[c]:.0f}",
            f"{100 * active[c] / rows[c]:.1f} %",
            f"{100 * wrong_order[c] / rows[c]:.1f} %",
            f"{wrong[c]:.0f}",
            f"{spent[c]:.0f}",
        )
        for c in order[:CLASSES_SHOWN]
        if rows[c] > 0 and active[c] > 0
    ]
    if not table:
        return ()
    holders = int((spent > 0).sum())
    held = np.sort(active[rows > 0])[::-1]
    half = int(np.searchsorted(np.cumsum(held), held.sum() / 2)) + 1
    return (
        Table(
            title=(
                f"Half of what still teaches has its anchor in {half:,} of {number(len(held), 'class')}"
            ),
            alt=(
                f"{number(len(table), 'class')}, those with most wrong queries that random triplets hardly "
                f"show first; {number(holders, 'class')} {have(holders)} such queries, "
                f"{number(int(spent.sum()), 'query')} in all."
            ),
            columns=("class", "anchors", "teach", "in the wrong order", "wrong", "hardly shown"),
            rows=tuple(table),
            numeric=(False, True, True, True, True, True),
        ),
    )
