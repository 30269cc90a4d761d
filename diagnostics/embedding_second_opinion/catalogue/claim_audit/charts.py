"""Which pictures hold a claim against what each convention gives?"""

from __future__ import annotations

from embedding_second_opinion.findings.charts import Bar, Bars, Role, Table
from embedding_second_opinion.findings.wording import number

from .conventions import WIDE, Convention
from .numbers import Audit

SHOWN = 9  # conventions among the bars, those that give the claim first
KINDS = {
    "variant": "set up otherwise",
    "fault": "fault",
    "other rows": "other rows",
    "other number": "another number",
}


def charts_of(found: Audit) -> tuple[Bars | Table, ...]:
    """Bars of the nearest conventions, and a table of all."""
    return bars(found), table(found)


def bars(found: Audit) -> Bars:
    """The claim, the exact number with its interval, and the conventions nearest to the claim."""
    giving = [c for c in found.tried if found.answer.includes(c)]
    others = [c for c in found.tried if not found.answer.includes(c)]
    chosen = (giving + others)[:SHOWN]
    rows = [
        Bar(label="Claimed", value=found.claim.value, role="context"),
        Bar.of(found.itself.label, found.estimates[found.strict.name]),
    ]
    for each in sorted(chosen, key=lambda c: (-c.value, c.code)):
        role: Role = "second" if found.answer.includes(each) else "context"
        low, high = each.range
        ends = (low, high) if high > low else (None, None)
        rows.append(Bar(label=each.label, value=each.value, low=ends[0], high=ends[1], role=role))
    title = {
        "exact": "The exact number is the claim",
        "sampled": "The exact number, on a sample, is the claim",
        "named": "One convention gives the claim",
        "several": "Several conventions give the claim",
        "none": "Nothing that was tried gives the claim",
    }[found.answer.match]
    told = "; ".join(f"{bar.label} {100 * bar.value:.2f} %" for bar in rows)
    return Bars(
        title=title,
        alt=f"Shares: {told}.",
        value_label="share, with the 95 % interval of the exact number, the range of others",
        bars=tuple(rows),
    )


def table(found: Audit) -> Table:
    """Every convention with its number, how far it is from the claim, and whether it gives it."""
    listed = [found.itself, *found.tried, *([found.weak] if found.weak else [])]
    rows = [
        {
            "convention": each.label,
            "number": f"{100 * each.value:.2f} %",
            "claim less it, points": f"{100 * (found.claim.value - each.value):+z.2f}",
            "kind": "the exact number" if each is found.itself else KINDS[each.kind],
            "gives the claim": _gives(found, each),
        }
        for each in listed
    ]
    alt = (
        f"{found.itself.label} {100 * found.itself.value:.2f} %, and "
        f"{number(len(found.tried), 'other convention')}; the claim is {found.reading.words}."
    )
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
