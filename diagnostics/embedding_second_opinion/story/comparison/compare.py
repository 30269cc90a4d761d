"""May the second model replace the first? Paired differences on the same samples, as a finding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from embedding_second_opinion.catalogue import registry
from embedding_second_opinion.data.embeddings import InputError
from embedding_second_opinion.findings.finding import Estimate, Finding, Verdict, judge
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs
from embedding_second_opinion.story.summary import Subject, Summary, versions

from .charts import changed_samples, class_table, differences_chart, identity_chart, number_table
from .matched import check_different, check_matched
from .paired import Difference, by_name, changed_classes, differences, other_differences, two_names

CODE = "comparison"
TITLE = "Two models on the same samples"
QUESTION = "May the second model replace the first?"
SOURCE = (
    "Paired jackknife: Efron & Tibshirani 1993, chapter 11. Correction: Holm 1979. Changed classes: McNemar "
    "1947, exact; Benjamini & Hochberg 1995. Combined intervals: Zou & Donner 2008."
)
REMEDY = {
    Verdict.ALARM: "Keep the first model; look at the classes and samples that the second one loses.",
    Verdict.OK: "The second model may take the place of the first; fit every threshold anew.",
}
CAVEATS = (
    "Labels, roles and, where both have them, groups and images are checked; not the order within a class.",
    "Numbers at a threshold that each model chose for itself are not compared.",
)
OTHERS = ("pair_verification", "open_set")  # numbers that no rank pass gives


def compare(
    first: Geometry, second: Geometry, *, tolerance: float = 0.02, others: Sequence[str] = OTHERS
) -> Finding:
    """Two geometries of the same rows in the same roles, row i of one being row i of the other.

    The harm is what is lost in closed-set accuracy (1-NN) by taking the second for the first, in accuracy
    points; ``tolerance`` 0.02 as everywhere: two more wrong answers in a hundred are what a user notices.
    Every other number of both is compared too, corrected for their count (Holm). ``others``: diagnostics
    that are run on both for the numbers that only they have; their intervals are combined, not paired.

    Raises InputError where rows, labels or roles differ, where vectors do not, and where no query can be
    recognised.
    """
    check_matched(first.evaluation, second.evaluation)
    check_different(first, second)
    if not len(first.evaluation.queries) or not len(first.ranks.anchors):
        raise InputError(
            "no query has both a positive and a negative in the gallery, so that neither model can be "
            "judged. Give both a split whose classes are enrolled."
        )
    paired = differences(first, second)
    known = [each.name for each in paired]
    ours, theirs = (
        [registry.run_one(code, space, Inputs()) for code in others] for space in (first, second)
    )
    rest = other_differences(ours, theirs, known)
    closed = by_name(paired)["closed_set_accuracy"]
    harm = _turned(closed.change)
    verdict = judge(harm, tolerance)
    names = two_names(first, second)
    asked, lost, won = changed_classes(first.ranks, second.ranks)
    return Finding(
        code=CODE,
        title=TITLE,
        question=QUESTION,
        verdict=verdict,
        explanation=_explanation(names, closed, paired, int(lost.sum()), int(won.sum())),
        headline=headline(names, closed),
        estimates={f"change_of_{each.name}": each.change for each in (*paired, *rest)},
        harm=harm,
        tolerance=tolerance,
        meaning=_meaning((*paired, *rest)),
        ignore_when="The two models are meant for different samples, or both are good enough.",
        remedy=REMEDY.get(
            verdict, "Compare on more classes before one takes the place of the other."
        ),
        caveats=CAVEATS,
        charts=(
            differences_chart(paired, names),
            number_table(paired, rest, names),
            *identity_chart(first, second, names),
            *class_table(first, (asked, lost, won), names),
            *changed_samples(first, second, names),
        ),
        source=SOURCE,
        parameters={"tolerance": tolerance, "first": names[0], "second": names[1]},
        fingerprint=second.evaluation.data.fingerprint if second.evaluation.data else "",
    )


def summarise_comparison(
    first: Geometry,
    second: Geometry,
    finding: Finding,
    parameters: Mapping[str, JsonValue] | None = None,
) -> Summary:
    """The first screen of the page of a comparison."""
    return Summary(
        headline=finding.headline,
        subject=Subject.of(second.evaluation, " and ".join(two_names(first, second))),
        verdicts={finding.code: finding.verdict},
        notes=tuple(dict.fromkeys((*first.evaluation.notes, *second.evaluation.notes))),
        parameters=parameters or {},
        versions=versions(),
        metric=second.metric,
        seed=second.seed,
    )


def headline(names: Sequence[str], closed: Difference) -> str:
    """Which is better, or that nobody can tell."""
    one, two = (f"{100 * value:.1f} %" for value in (closed.first, closed.second))
    shares = f"{two} of queries are recognised by {names[1]}, {one} by {names[0]}"
    low, high = closed.change.low, closed.change.high
    points = abs(100 * closed.change.value)
    if low is None or high is None:
        return f"Cannot tell: {shares}, and {closed.change.why_none}."
    if low > 0:
        return f"{names[1]} is better: {shares}, {points:.1f} points more."
    if high < 0:
        return f"{names[1]} is worse: {shares}, {points:.1f} points fewer."
    return (
        f"No difference that this set can show: {shares}, a difference of {closed.change.text()}."
    )


def _explanation(
    names: Sequence[str], closed: Difference, paired: Sequence[Difference], lost: int, won: int
) -> str:
    surely = sum(each.sure for each in paired)
    return (
        f"From {names[0]} to {names[1]} the closed-set accuracy changes by {closed.change.text()}: "
        f"{number(won, 'query')} only the second answers rightly, {number(lost, 'query')} only the first; of "
        f"{len(paired)} numbers {surely} surely differ."
    )


def _meaning(compared: Sequence[Difference]) -> str:
    told = []
    for word, sign in (("higher", 1), ("lower", -1)):
        names = ", ".join(e.name for e in compared if e.sure and sign * e.change.value > 0)
        told += [f"surely {word} in {names}"] if names else []
    return f"The second model is {'; '.join(told)}." if told else "No number surely differs."


def _turned(change: Estimate) -> Estimate:
    low = None if change.high is None else -change.high
    high = None if change.low is None else -change.low
    return change.model_copy(update={"value": -change.value, "low": low, "high": high})
