"""Which pictures show what is wrong with the triplets, and how hard they are?"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.findings.charts import Bar, Bars, Table
from embedding_second_opinion.findings.wording import number
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
    return (_faults(seen), *_listed(space, seen))


def _faults(seen: Audit) -> Bars:
    worst = ("mined_to_be_easy",) if seen.worst == "easy" else tuple(LABELS)[:3]
    bars = [
        Bar.of(label, seen.estimates[name], "main" if name in worst else "second")
        for name, label in LABELS.items()
    ]
    return Bars.of("What is wrong with the triplets", "share of triplets", bars)


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

    def cell(row: np.integer) -> str:
        return f"{row} ({names[codes[row]]})"

    faults = {
        "own positive": facts.own,
        "positive of another class": facts.wrong_p,
        "negative of the anchor's class": facts.wrong_n,
    }
    rows = [
        {
            "triplet": f"{i}",
            "anchor": cell(t.anchor[i]),
            "positive": cell(t.positive[i]),
            "negative": cell(t.negative[i]),
            "what": ", ".join(word for word, column in faults.items() if column[i])
            or "near positive, far negative",
            "to pos.": f"{seen.positive[i]:.3g}",
            "to neg.": f"{seen.negative[i]:.3g}",
        }
        for i in bad[:SHOWN].tolist()
    ]
    alt = f"{len(rows)} of the {number(len(bad), 'triplet')} that are so."
    return (Table.of(title, alt, rows, words=("anchor", "positive", "negative", "what")),)
