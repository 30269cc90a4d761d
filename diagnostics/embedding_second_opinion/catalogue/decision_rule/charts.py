"""Which pictures show what another rule would gain, where, and how sure it is?"""

from __future__ import annotations

from collections import Counter

import numpy as np

from embedding_second_opinion.findings.charts import Bar, Bars, Curve, Series, Table
from embedding_second_opinion.findings.wording import uncapital
from embedding_second_opinion.geometry.examples import most
from embedding_second_opinion.geometry.geometry import Geometry

from .rule_gains import NAMES, Gains
from .rules import Rule, Rules

FEWEST_ANSWERS = 20  # in a bin of the reliability curve: fewer scatter by ten points and more

LABELS = {
    "nearest row": "Nearest row (1-NN)",
    "votes": "Vote of five",
    "centroid": "Nearest class mean",
    "probe": "Linear probe",
}


def rules_chart(found: Rules, numbers: Gains) -> Bars:
    """Each rule's accuracy on the same queries, and the probe's on labels that mean nothing."""
    bars = []
    for rule in (found.nearest, *found.others):
        e = numbers.accuracy(rule)
        role = "main" if rule is found.nearest else "second"
        bars.append(_bar(LABELS[rule.name], e.value, e.low, e.high, role))
    if "probe_control" in numbers.estimates:
        e = numbers.estimates["probe_control"]
        bars.append(_bar("Linear probe, labels permuted", e.value, e.low, e.high, "context"))
    chance = 1 / found.classes
    return Bars(
        title="The same vectors under other rules",
        alt=(
            "; ".join(f"{bar.label} {100 * bar.value:.1f} %" for bar in bars)
            + f". Chance is {100 * chance:.2g} %."
        ),
        value_label=(
            "share of the same queries answered rightly"
            + (", with 95 % interval" if any(bar.low is not None for bar in bars) else "")
        ),
        bars=tuple(bars),
    )


def reliability_chart(found: Rules) -> tuple[Curve, ...]:
    """Share of right answers against their probability; nothing where all are in one bin."""
    series, words = [], []
    roles = {"votes": "context", "centroid": "second", "probe": "main"}
    for rule in found.others:
        sure = rule.calibration
        if sure is None:
            continue
        keep = sure.counts >= FEWEST_ANSWERS
        if keep.sum() < 2:
            continue
        series.append(
            Series.model_validate(
                {
                    "name": uncapital(LABELS[rule.name]),
                    "x": 100 * sure.claimed[keep],
                    "y": sure.held[keep],
                    "role": roles[rule.name],
                }
            )
        )
        words.append(
            f"{uncapital(LABELS[rule.name])}: {100 * sure.claimed[keep][-1]:.0f} % sure of "
            f"{sure.counts[keep][-1]:,} answers, {100 * sure.held[keep][-1]:.1f} % of them right; "
            f"expected error {100 * sure.error:.1f} points"
        )
    if not series:
        return ()
    series.append(Series(name="as sure as right", x=(0, 100), y=(0, 1), role="context"))
    return (
        Curve(
            title="Are answers as often right as they are sure?",
            alt=f"Share of right answers against their probability. {'. '.join(words)}.",
            x_label=f"probability of the answer, in %; points hold {FEWEST_ANSWERS} answers or more",
            y_label="share of these answers that is right",
            series=tuple(series),
        ),
    )


def gaining_classes(space: Geometry, found: Rules, best: Rule) -> tuple[Table, ...]:
    """The classes that gain most queries by the best rule; nothing where none gains."""
    more = np.bincount(
        found.codes, weights=best.right - found.nearest.right, minlength=found.classes
    )
    asked = np.bincount(found.codes, minlength=found.classes)
    share = more / np.maximum(asked, 1)
    order = most(more, share)
    if not len(order):
        return ()
    classes, ids = space.evaluation.classes, space.ranks.class_ids
    rows = []
    for c in order.tolist():
        mine = found.codes == c
        lost = mine & (found.nearest.right == 0)
        taken = Counter(found.nearest.rival[lost].tolist()).most_common(3)
        rows.append(
            (
                classes[ids[c]],
                f"{int(asked[c]):,}",
                f"{100 * found.nearest.right[mine].mean():.0f} %",
                f"{100 * best.right[mine].mean():.0f} %",
                ", ".join(f"{classes[ids[w]]} ({n})" for w, n in taken),
            )
        )
    gaining, losing = int((more > 0).sum()), int((more < 0).sum())
    return (
        Table(
            title=f"The classes that gain most by {NAMES[best.name]}",
            alt=(
                f"Classes that gain by {NAMES[best.name]}: {gaining:,}, that lose: {losing:,}; "
                f"listed by what they gain: {len(rows)}, the first from {rows[0][2]} to {rows[0][3]}."
            ),
            columns=(
                "class",
                "queries",
                "nearest row right",
                f"{uncapital(LABELS[best.name])} right",
                "nearest row takes it for",
            ),
            rows=tuple(rows),
            numeric=(False, True, True, True, False),
        ),
    )


def _bar(label: str, value: float, low: float | None, high: float | None, role: str) -> Bar:
    return Bar.model_validate(
        {"label": label, "value": value, "low": low, "high": high, "role": role}
    )
