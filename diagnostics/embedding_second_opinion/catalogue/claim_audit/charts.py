"""Which table holds a claim against what each convention gives?"""

from __future__ import annotations

from embedding_second_opinion.findings.charts import Table
from embedding_second_opinion.findings.wording import capital, number

from .conventions import WIDE, Convention
from .numbers import Audit

KINDS = {
    "variant": "set up otherwise",
    "fault": "fault",
    "other rows": "other rows",
    "other number": "another number",
}


def table(found: Audit) -> Table:
    """Every convention with its number, how far it is from the claim, and whether it gives it."""
    listed = [found.itself, *found.tried, *([found.weak] if found.weak else [])]
    rows = [
        {
            "convention": capital(each.gives),
            "number": f"{100 * each.value:.2f} %",
            "claim less it, points": f"{100 * (found.claim.value - each.value):+z.2f}",
            "kind": "the exact number" if each is found.itself else KINDS[each.kind],
            "gives the claim": _gives(found, each),
        }
        for each in listed
    ]
    alt = f"{number(len(rows), 'convention')}; the claim is {found.reading.words}."
    words = ("convention", "kind", "gives the claim")
    return Table.of("What the number is under each convention", alt, rows, words)


def _gives(found: Audit, each: Convention) -> str:
    if each is found.weak:
        return "free to choose: no evidence"
    if found.answer.includes(each):
        sampled = found.answer.match == "sampled" or (
            found.answer.drawn and not each.reproduces(found.reading)
        )
        if sampled or (each is found.itself and found.answer.match == "several"):
            return "on a sample"
        return "yes"
    low, high = each.range
    if high - low > WIDE and found.reading.holds(low, high):
        return f"perhaps: {100 * low:.1f} to {100 * high:.1f} %, by the order of rows"
    return "no"
