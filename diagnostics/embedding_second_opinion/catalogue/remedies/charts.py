"""Which pictures show what each remedy gains, and what it costs?"""

from __future__ import annotations

from embedding_second_opinion.findings.charts import Bar, Bars, Table
from embedding_second_opinion.remedy.kinds import REJECTING

from .numbers import Remedies


def gains_chart(found: Remedies) -> Bars:
    """The gain of each remedy on the rows that measure, cheapest first."""
    bars = tuple(
        Bar.of(r.name, found.gain(r), "second" if r is found.chosen else "context")
        for r in found.compared
    )
    return Bars(
        title=f"What each remedy gains; chosen on other rows: {found.chosen.name}",
        alt="; ".join(f"{r.name} {found.gain(r).text()}" for r in found.compared) + ".",
        value_label="gain in 1-NN accuracy, in points, with 95 % interval",
        bars=bars,
        points=True,
    )


def costs_table(found: Remedies) -> Table:
    """Gain, how often each was chosen, and what it asks."""
    lines = [
        (r, found.gain(r), f"{found.times.get(r.key, 0)} of {len(found.dealt.deals)}")
        for r in found.compared
    ]
    if found.rejected is not None:
        lines.append((REJECTING, found.rejected.gain, "apart"))
    rows = [
        {"remedy": r.name, "gain": gain.text(), "chosen": chosen, "what it asks": r.cost}
        for r, gain, chosen in lines
    ]
    alt = f"{len(rows)} remedies, cheapest first, with their gain and what they ask."
    return Table.of("What each remedy costs", alt, rows, words=("remedy", "what it asks"))
