"""Is the number too good because queries have copies, or their own session, in the gallery?"""

from __future__ import annotations

from diagnostics.finding import Finding, Verdict, judge, not_applicable
from diagnostics.geometry import Geometry
from diagnostics.inputs import Inputs
from diagnostics.measures.leakage.charts import copies_table, distance_chart, worth_chart
from diagnostics.measures.leakage.numbers import Leakage, measure_leakage
from diagnostics.selection import number

CODE = "leakage"
TITLE = "Leakage: copies and own groups"
QUESTION = (
    "Is the number too good because queries have copies, or their own session, in the gallery?"
)
SOURCE = (
    "Near-duplicates between test and train: Barz & Denzler, Journal of Imaging 2020. Leakage through "
    "groups: Saeb et al., GigaScience 2017; Kapoor & Narayanan, Patterns 2023. Copies among the gallery: "
    "Facco et al., Scientific Reports 2017. As many rows: the accuracy surface (Grother & Phillips, "
    "CVPR 2004)."
)


def leakage(space: Geometry, inputs: Inputs | None = None, *, tolerance: float = 0.02) -> Finding:
    """Look every query up again without what it should not have: its copies, and its own group's rows.

    The harm is the larger of two, in accuracy points of 1-NN over the same queries. Copies: accuracy
    with all rows less accuracy with each leaked query's copies taken away; a copy is an enrolled
    row nearer than 1 in 1,000 gallery rows is to another, or, where queries and gallery are one set,
    nearer than a thousandth of the median nearest distance. Groups: accuracy among as many positives
    and negatives drawn from all rows (exact) less accuracy without the rows of the query's group, so that
    fewer rows are no harm. ``tolerance`` 0.02: two right answers in a hundred that new data will not give
    is what a user would notice. Interval: paired class jackknife, a deleted class going as anchors and
    as candidates.

    Not applicable where there are distances only, where no query has a positive and a negative, and where
    equal vectors prove nothing (coarse or collapsed) and no groups can be compared.
    """
    if not space.has_vectors:
        return not_applicable(
            CODE, TITLE, QUESTION, "Needs the vectors; from distances alone no copy can be told."
        )
    if not len(space.evaluation.queries) or not len(space.ranks.anchors):
        return not_applicable(
            CODE,
            TITLE,
            QUESTION,
            "Needs queries with both a positive and a negative in the gallery; there are none.",
        )
    numbers = measure_leakage(space)
    if numbers.harm is None:
        reason = numbers.interval.method.removeprefix("no interval: ")
        return not_applicable(
            CODE, TITLE, QUESTION, f"Copies cannot be judged: {reason}; {_groups(numbers)}."
        )
    verdict = judge(numbers.harm, tolerance)
    above = numbers.interval.above
    return Finding(
        code=CODE,
        title=TITLE,
        question=QUESTION,
        verdict=verdict,
        explanation=f"{_copies(numbers)}; {_groups(numbers)}{_strangers(numbers)}.",
        estimates=numbers.estimates,
        harm=numbers.harm,
        tolerance=tolerance,
        p_value=None if above is None else above(tolerance),
        meaning=_meaning(numbers, verdict),
        ignore_when=(
            "Queries in use come from the sessions that are enrolled, or are often copies of enrolled rows: "
            "then the number with them is the right one. A gallery thinned out on purpose lies apart, and "
            "makes honest queries look like copies; look at the pairs listed."
        ),
        remedy=_remedy(numbers, verdict),
        caveats=_caveats(space, numbers),
        charts=(
            *worth_chart(numbers),
            *distance_chart(space, numbers),
            *copies_table(space, numbers),
        ),
        source=SOURCE,
        parameters={"tolerance": tolerance, "metric": space.metric},
        fingerprint=space.evaluation.data.fingerprint if space.evaluation.data else "",
    )


def _copies(numbers: Leakage) -> str:
    found, pair = numbers.copies, numbers.copies.pair
    if pair is None:
        return (
            f"Copies cannot be judged: {numbers.copies.coarse or 'no query has another positive'}"
        )
    if not len(found.leaked):
        return "No query has a copy in the gallery"
    verb = "has a copy" if len(found.leaked) == 1 else "have a copy"
    return (
        f"{number(len(found.leaked), 'query')} ({numbers.estimates['leaked_queries'].text()}) {verb} in the "
        f"gallery; without the copies {100 * pair.after:.1f} % are recognised instead of "
        f"{100 * pair.before:.1f} %, a difference of {numbers.estimates['owed_to_copies'].text()}"
    )


def _groups(numbers: Leakage) -> str:
    found = numbers.groups
    if found is None:
        return "no groups were given"
    if found.overlap == 0:
        return "no query's own group is enrolled"
    if found.pair is None:
        return "no class has enrolled rows of two groups, so groups cannot be told from classes"
    return (
        f"without the rows of their own group {100 * found.pair.after:.1f} % of queries are recognised, "
        f"among as many rows of any group {100 * found.pair.before:.1f} %, a difference of "
        f"{numbers.estimates['owed_to_own_group'].text()}"
    )


def _strangers(numbers: Leakage) -> str:
    copied = numbers.estimates.get("strangers_with_copy")
    if copied is None or copied.value == 0:
        return ""
    return f"; {copied.text()} of strangers have a copy in the gallery under a known class"


def _meaning(numbers: Leakage, verdict: Verdict) -> str:
    text = ""
    if verdict in (Verdict.ALARM, Verdict.WATCH):
        text = (
            "The nearest row of a query is often of its own session. The number tells how well sessions are "
            "recognised; a new recording of the same class will be recognised less often. "
            if numbers.by_groups
            else "The number is in part a memory test: these queries are recognised because the gallery "
            "holds the same picture. New ones have no copy there. "
        )
    elif verdict is Verdict.OK:
        text = (
            "What queries share with the gallery beyond their class does not decide the number. Copies and "
            "sessions in the gallery that do no harm are no reason for alarm: what is judged is what the "
            "accuracy owes to them. "
        )
    elif numbers.harm is not None and numbers.harm.low is None:
        text = f"How much depends on it cannot be said: {numbers.harm.method.removeprefix('no interval: ')}. "
    else:
        text = "What the number owes to it cannot be told from nothing with so few classes and queries. "
    if numbers.copies.foreign and not numbers.copies.coarse:
        text += (
            f"The copy of {number(numbers.copies.foreign, 'query')} is enrolled under another class: one of "
            "the two labels is wrong, or the classes are one. "
        )
    return text.rstrip()


def _remedy(numbers: Leakage, verdict: Verdict) -> str:
    if verdict is Verdict.OK:
        return "Nothing here."
    if numbers.by_groups:
        return (
            "Split by group: all rows of a session go to the gallery or to the queries, never to both. "
            "Report the accuracy without the own group. To mend the model, train with positives from other "
            "sessions and vary what marks a session (light, background, pen)."
        )
    return (
        "Take the copies out of the gallery or out of the queries, and split again by origin: frames of a "
        "film, crops and augmentations of one picture belong on one side. Report the accuracy without copies."
    )


def _caveats(space: Geometry, numbers: Leakage) -> tuple[str, ...]:
    found, groups = numbers.copies, numbers.groups
    notes = [f"A copy is nearer than {found.null.threshold:.3g}: {found.null.words}."]
    if found.null.near_exact:
        notes.append(
            "Only number-for-number copies are found so; crops and re-encodings need a gallery of their own."
        )
    else:
        notes.append(
            f"One extra pass: {space.evaluation.gallery_name} rows among themselves. About one query in "
            "a thousand is that near by chance. Where the gallery holds three or more copies of many rows, "
            "fewer are found."
        )
    if len(space.evaluation.strangers):
        notes.append("One extra pass: strangers against the gallery (shared with the open set).")
    if groups is not None:
        notes.append("One extra pass: queries against the gallery without their own group.")
    if found.left_out and not found.coarse:
        notes.append(
            f"{number(found.left_out, 'query')} with no other positive (or negative) than copies could not "
            "be looked up without them, and are left out of both accuracies."
        )
    if groups is not None and groups.left_out:
        notes.append(
            f"{number(groups.left_out, 'query')} without a positive (or negative) of another group could not "
            "be looked up without their own, and are left out of both accuracies."
        )
    return tuple(notes)
