"""Which pictures show what each remedy gains, and what it costs?"""

from __future__ import annotations

from embedding_second_opinion.findings.charts import Bar, Bars, Table
from embedding_second_opinion.remedy.kinds import REJECTING

from .numbers import Remedies


def gains_chart(found: Remedies) -> Bars:
    """The gain of each remedy on the rows that measure, cheapest first."""
    bars = []
    for remedy in found.compared:
        e = found.gain(remedy)
        role = "second" if remedy is found.chosen else "context"
        bars.append(
            Bar.model_validate(
                {"label": remedy.name, "value": e.value, "low": e.low, "high": e.high, "role": role}
            )
        )
    return Bars(
        title=f"What each remedy gains; chosen on other rows: {found.chosen.name}",
        alt="; ".join(f"{r.name} {found.gain(r).text()}" for r in found.compared) + ".",
        value_label="gain in 1-NN accuracy, in points, with 95 % interval",
        bars=tuple(bars),
        points=True,
    )


def costs_table(found: Remedies) -> Table:
    """Gain, how often each was chosen, and what it asks."""
    deals = len(found.dealt.deals)
    rows = tuple(
        (
            remedy.name,
            found.gain(remedy).text(),
            f"{found.times.get(remedy.key, 0)} of {deals}",
            remedy.cost,
        )
        for remedy in found.compared
    )
    rejected = found.rejected
    if rejected is not None:
        row = (REJECTING.name, rejected.gain.text(), "apart", REJECTING.cost)
        rows = (*rows, row)
    return Table(
        title="What each remedy costs",
        alt=f"{len(rows)} remedies, cheapest first, with their gain and what they ask.",
        columns=("remedy", "gain", "chosen", "what it asks"),
        rows=rows,
        numeric=(False, True, True, False),
    )
