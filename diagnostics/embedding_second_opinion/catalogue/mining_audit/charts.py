"""Which pictures show what is wrong with the triplets, and how hard they are?"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.findings.charts import Bar, Bars, Table
from embedding_second_opinion.geometry.geometry import Geometry

from .numbers import Audit

SHOWN = 12
LABELS = {
    "positive_is_anchor": "Anchor is its own positive",
    "positive_of_other_class": "Positive of another class",
    "negative_of_own_class": "Negative of the anchor's class",
    "mined_to_be_easy": "Easy beyond chance",
}


def charts_of(space: Geometry, seen: Audit) -> tuple[Bars | Table, ...]:
    """All charts of the finding."""
    return (_faults(seen), *_extremes(seen), *_listed(space, seen))


def _faults(seen: Audit) -> Bars:
    worst = {"easy": ("mined_to_be_easy",)}.get(seen.worst, tuple(LABELS)[:3])
    bars = []
    for name, label in LABELS.items():
        e = seen.estimates[name]
        bars.append(
            Bar(
                label=label,
                value=e.value,
                low=e.low,
                high=e.high,
                role="main" if name in worst else "second",
            )
        )
    return Bars(
        title="What is wrong with the triplets",
        alt="; ".join(f"{LABELS[n]} {seen.estimates[n].text()}" for n in LABELS) + ".",
        value_label="share of triplets, with 95 % interval",
        bars=tuple(bars),
    )


def _extremes(seen: Audit) -> tuple[Bars, ...]:
    """How often the hardest and the easiest choices were taken, beside chance."""
    hard = seen.hardness
    bars = []
    for name, label, choice in (
        ("negative_nearest", "Nearest negative (the hardest)", hard.nearest_n),
        ("negative_farthest", "Farthest negative (the easiest)", hard.farthest_n),
        ("positive_farthest", "Farthest positive (the hardest)", hard.farthest_p),
        ("positive_nearest", "Nearest positive (the easiest)", hard.nearest_p),
    ):
        if name in seen.estimates:
            e, chance = seen.estimates[name], 100 * float(choice.chance.mean())
            role = "main" if "negative" in name else "second"
            bars.append(
                Bar.model_validate(
                    {
                        "label": f"{label}, chance {chance:.1f} %",
                        "value": e.value,
                        "low": e.low,
                        "high": e.high,
                        "role": role,
                    }
                )
            )
    if not bars:
        return ()
    among = "the batch" if seen.members.batched else "all rows that could be drawn"
    return (
        Bars(
            title=f"How often the extremes of {among} were taken",
            alt="; ".join(f"{bar.label}: {100 * bar.value:.1f} %" for bar in bars) + ".",
            value_label="share of triplets with a choice, with 95 % interval",
            bars=tuple(bars),
        ),
    )


def _listed(space: Geometry, seen: Audit) -> tuple[Table, ...]:
    """The first triplets that are wrong, or else the easiest."""
    facts, easy = seen.facts, seen.hardness.easy
    bad = np.flatnonzero(facts.wrong)
    title = "The first wrong triplets"
    if not len(bad):
        bad = np.sort(seen.members.chosen[easy.where[easy.hits]])
        title = "The first easy triplets"
    if not len(bad):
        return ()
    t, codes, names = seen.triplets, space.evaluation.codes, space.evaluation.classes

    def cell(row: int) -> str:
        return f"{row} ({names[codes[row]]})"

    rows = []
    for i in bad[:SHOWN].tolist():
        why = [
            word
            for word, column in (
                ("own positive", facts.own),
                ("positive of another class", facts.wrong_p),
                ("negative of the anchor's class", facts.wrong_n),
            )
            if column[i]
        ]
        rows.append(
            (
                f"{i}",
                *(cell(int(column[i])) for column in (t.anchor, t.positive, t.negative)),
                ", ".join(why) or "near positive, far negative",
                f"{seen.positive[i]:.3g}",
                f"{seen.negative[i]:.3g}",
            )
        )
    return (
        Table(
            title=title,
            alt=f"{len(bad):,} of {len(facts.wrong):,} triplets are so; the first {len(rows)} are listed.",
            columns=("triplet", "anchor", "positive", "negative", "what", "to pos.", "to neg."),
            rows=tuple(rows),
            numeric=(True, False, False, False, False, True, True),
        ),
    )
