"""Is the number too good because queries have copies, or their own session, in the gallery?"""

from __future__ import annotations

from embedding_second_opinion.findings.check import Answer, NotApplicable
from embedding_second_opinion.findings.claim import Claim, Points
from embedding_second_opinion.findings.finding import Verdict, judge
from embedding_second_opinion.findings.wording import are, have, number, percent
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs

from . import CHECK
from .charts import copies_table, distance_chart, worth_chart
from .numbers import Leakage, measure_leakage

NAMES = {"copies": "copies", "groups": "own groups"}


@CHECK
def leakage(
    space: Geometry, inputs: Inputs | None = None, *, tolerance: float = 0.02
) -> Answer | NotApplicable:
    """Look every query up again without what it should not have: its copies, and its own group's rows.

    The harm is the larger of two, in accuracy points of 1-NN over the same queries. Copies: accuracy with
    all rows less accuracy with each leaked query's copies taken away; a copy is an enrolled row nearer
    than 1 in 1,000 gallery rows is to another, or, where queries and gallery are one set, nearer than a
    thousandth of the distance between two rows of a class. Groups: accuracy among as many positives and
    negatives drawn from all rows (exact) less accuracy without the rows of the query's group, so that
    fewer rows are no harm. Interval: paired class jackknife, a deleted class going as anchors and as
    candidates; the rule of three over queries where no copy changes an answer. Queries of which it cannot
    be told, because a copy and a row of a tight class look alike or because no row of another group is
    enrolled, open the upper bound: what was not examined is not called ok.

    Not applicable where there are distances only, where no query has a positive and a negative, and where
    equal vectors prove nothing (coarse or collapsed) and no groups can be compared.
    """
    numbers = measure_leakage(space)
    if numbers.harm is None:
        reason = numbers.interval.why_none
        return NotApplicable(f"Copies cannot be judged: {reason}; {_groups(numbers)}.")
    part = _loudest(numbers, tolerance)
    return Answer(
        explanation=f"{_copies(numbers)}; {_groups(numbers)}{_strangers(numbers)}.",
        headline=_headline(numbers, part) if (numbers.harm.low or 0.0) > tolerance else "",
        estimates=numbers.estimates,
        harm=numbers.harm,
        interval=numbers.interval,
        meaning=lambda verdict: _meaning(numbers, verdict, part),
        ignore_when="Queries in use come from the sessions enrolled, or are often copies of enrolled rows.",
        remedy=lambda verdict: _remedy(numbers, verdict, part),
        caveats=_caveats(numbers),
        claims=lambda verdict: _claims(numbers, verdict, part),
        charts=(
            *worth_chart(numbers),
            *distance_chart(space, numbers),
            *copies_table(space, numbers),
        ),
    )


def _loudest(numbers: Leakage, tolerance: float) -> str:
    """The part that the verdict comes from: "copies" or "groups"."""
    loud = list(Verdict)

    def rank(name: str) -> tuple[int, float]:
        harm = numbers.parts[name].harm
        verdict = judge(harm, tolerance)
        # Of two harms that are seen the surer one; else the one of which less is known.
        bound = harm.low if verdict.loud else harm.high
        return -loud.index(verdict), float("inf") if bound is None else bound

    return max(numbers.parts, key=rank)


def _headline(numbers: Leakage, part: str) -> str:
    """What the page must say before any other number: the accuracy of the evaluation is owed to it."""
    groups = numbers.groups
    pair = groups.pair if part == "groups" and groups is not None else numbers.copies.pair
    assert pair is not None  # or the harm's lower bound were 0
    before, after = percent(pair.before), percent(pair.after)
    return {
        "groups": "Rows of one group stand on both sides: without those of its own group "
        f"{after} of queries are recognised, among as many rows of any group {before}.",
        "copies": "Copies stand on both sides: without them "
        f"{after} of queries are recognised instead of {before}.",
    }[part]


def _claims(numbers: Leakage, verdict: Verdict, part: str) -> tuple[Claim, ...]:
    if not verdict.loud:
        return ()
    harm, told = numbers.parts[part].harm, _groups if part == "groups" else _copies
    return (
        Claim(
            kind="invalidates",
            code=CHECK.code,
            mechanism=part,
            sentence=f"{told(numbers)}.",
            points=Points(value=harm.value, low=harm.low, high=harm.high),
            measured_by="undone",
            action=_remedy(numbers, verdict, part),
        ),
    )


def _copies(numbers: Leakage) -> str:
    found, pair, e = numbers.copies, numbers.copies.pair, numbers.estimates
    if pair is None:
        return f"Copies cannot be judged: {found.coarse or 'no query has another positive'}"
    share, leaked = e["leaked_queries"].text(), len(found.leaked)
    kind = "number-for-number copy" if found.null.near_exact else "copy"
    text = f"No query has a {kind} in the gallery ({share})"
    if leaked:
        text = (
            f"{number(leaked, 'query')} ({share}) {have(leaked)} a copy in the gallery; without the copies "
            f"{percent(pair.after)} are recognised instead of {percent(pair.before)}, a difference of "
            f"{e['owed_to_copies'].text()}"
        )
    if found.doubtful:
        text += (
            f", but {percent(found.doubtful)}{' more' if leaked else ''} stand so near a row that a copy and "
            "a row of a tight class cannot be told apart"
        )
    return text


def _groups(numbers: Leakage) -> str:
    found = numbers.groups
    if found is None:
        return "sessions were not examined, as no groups were given (--groups)"
    if found.overlap == 0:
        return "no query's own group is enrolled"
    if found.pair is None:
        return (
            f"{percent(found.overlap)} of queries have their own group enrolled, and no class has enrolled "
            "rows of two groups, so groups cannot be told from classes"
        )
    return (
        f"of {number(found.pair.queries, 'query')} that can be looked up without the rows of their own group "
        f"{percent(found.pair.after)} are recognised so, among as many rows of any group "
        f"{percent(found.pair.before)}, a difference of {numbers.estimates['owed_to_own_group'].text()}"
    )


def _strangers(numbers: Leakage) -> str:
    copied = numbers.estimates.get("strangers_with_copy")
    if copied is None or copied.value == 0:
        return ""
    return f"; {copied.text()} of strangers have a copy in the gallery under a known class"


def _meaning(numbers: Leakage, verdict: Verdict, part: str) -> str:
    harm, copies, groups = numbers.parts[part].harm, numbers.copies, numbers.groups
    if verdict.loud and part == "groups":
        said = ["The nearest row is often of its own session: a new recording has none there."]
    elif verdict.loud:
        said = ["The number is in part a memory test: new queries have no copy in the gallery."]
    elif verdict is Verdict.OK:
        examined = " or ".join(NAMES[part] for part in numbers.parts)
        said = [f"Next to nothing of the number is owed to {examined}."]
    elif harm.low is None:
        said = [f"How much is owed to {NAMES[part]} cannot be said: {harm.why_none}."]
    elif part == "groups" and groups is not None and groups.unknown:
        said = [
            f"Up to {100 * groups.unknown:.1f} points may be owed to own groups: so many queries are right "
            "and have no row of another group to be looked up in."
        ]
    elif part == "copies" and copies.doubtful:
        said = ["Either many rows are there twice, or the classes are drawn together into points."]
    else:
        said = [f"What is owed to {NAMES[part]} cannot be told with so few classes and queries."]
    if copies.foreign and not copies.coarse:
        said.append(
            f"The copy of {number(copies.foreign, 'query')} is enrolled under another class."
        )
    return " ".join(said)


def _remedy(numbers: Leakage, verdict: Verdict, part: str) -> str:
    if verdict is Verdict.OK:
        return "Nothing here."
    if part == "groups":
        return "Split by group, no session on both sides, or report the accuracy without the own group."
    if verdict.loud:
        return "Take the copies out, and split again by origin: frames of one film on one side."
    if numbers.copies.doubtful:
        return "Compare the files: if rows are there twice take them out, else see Collapse."
    return "Bring more classes and more queries: with so few, seeing no harm proves little."


def _caveats(numbers: Leakage) -> tuple[str, ...]:
    found, groups = numbers.copies, numbers.groups
    notes = [f"A copy is nearer than {found.null.threshold:.3g}: {found.null.words}."]
    if found.null.near_exact:
        notes.append("Only number-for-number copies are found so, no crops and no re-encodings.")
    left = {"copies": 0 if found.coarse else found.left_out}
    if groups is not None and groups.pair is not None:
        left["of their own group"] = groups.left_out
    notes += [
        f"{number(n, 'query')} with no other positive (or negative) than {what} {are(n)} left out."
        for what, n in left.items()
        if n
    ]
    return tuple(notes)
