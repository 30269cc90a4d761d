"""Which pictures show what another rule would gain, where, and how sure it is?"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.findings.charts import Bar, Bars, Curve, Role, Series, Table
from embedding_second_opinion.findings.wording import capital, commonest, percent
from embedding_second_opinion.geometry.examples import most
from embedding_second_opinion.geometry.geometry import Geometry

from .rule_gains import NAMES, Gains
from .rules import Rule, Rules

FEWEST_ANSWERS = 20  # in a bin of the reliability curve: fewer scatter by ten points and more


def rules_chart(found: Rules, numbers: Gains) -> Bars:
    """Each rule's accuracy on the same queries, and the probe's on labels that mean nothing."""
    bars = [Bar.of(capital(NAMES["nearest row"]), numbers.accuracy(found.nearest))]
    for rule in found.others:
        bars.append(Bar.of(capital(NAMES[rule.name]), numbers.accuracy(rule), "second"))
    if "probe_control" in numbers.estimates:
        control = numbers.estimates["probe_control"]
        bars.append(Bar.of("A linear probe, labels permuted", control, "context"))
    return Bars.of(
        "The same vectors under other rules",
        "share of the same queries answered rightly",
        bars,
        f". Chance is {100 / found.classes:.2g} %",
    )


def reliability_chart(found: Rules) -> tuple[Curve, ...]:
    """Share of right answers against their probability; nothing where all are in one bin."""
    series = []
    roles: dict[str, Role] = {"votes": "context", "centroid": "second", "probe": "main"}
    for rule in found.others:
        sure = rule.calibration
        if sure is None or (sure.counts >= FEWEST_ANSWERS).sum() < 2:
            continue
        keep, role = sure.counts >= FEWEST_ANSWERS, roles[rule.name]
        series.append(Series.of(NAMES[rule.name], 100 * sure.claimed[keep], sure.held[keep], role))
    if not series:
        return ()
    ends = "; ".join(f"{s.name}: {s.x[-1]:.0f} % sure, {percent(s.y[-1])} right" for s in series)
    series.append(Series(name="as sure as right", x=(0, 100), y=(0, 1), role="context"))
    return (
        Curve(
            title="Are answers as often right as they are sure?",
            alt=f"Share of right answers against their probability, at the surest: {ends}.",
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
        taken = found.nearest.rival[lost].tolist()
        rows.append(
            {
                "class": classes[ids[c]],
                "queries": f"{int(asked[c]):,}",
                "nearest row right": f"{100 * found.nearest.right[mine].mean():.0f} %",
                f"{NAMES[best.name]} right": f"{100 * best.right[mine].mean():.0f} %",
                "nearest row takes it for": commonest(classes[ids[w]] for w in taken),
            }
        )
    alt = (
        f"Classes that gain by {NAMES[best.name]}: {int((more > 0).sum()):,}, that lose: "
        f"{int((more < 0).sum()):,}; {len(rows)} are listed, those that gain most first."
    )
    title = f"The classes that gain most by {NAMES[best.name]}"
    return (Table.of(title, alt, rows, ("class", "nearest row takes it for")),)
