"""Do small classes, or one group, fare worse than the average tells?"""

from __future__ import annotations

from embedding_second_opinion.findings.check import Answer, NotApplicable
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.findings.wording import number, percent
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs
from embedding_second_opinion.stats import surface
from embedding_second_opinion.stats.intervals import FEWEST_CLASSES

from . import CHECK
from .charts import groups_chart, size_curve, worst_classes
from .group_recalls import FEWEST_QUERIES, GroupRecall
from .harms import Imbalance, measure_imbalance


@CHECK
def class_imbalance(
    space: Geometry, inputs: Inputs | None = None, *, tolerance: float = 0.02
) -> Answer | NotApplicable:
    """Compare large with small classes, and each group with the rest.

    The harm, in accuracy points, is the largest of two kinds. Of size: recall weighted by
    enrolled rows less recall weighted by class, every query given the same number of positives
    (the fewest that any has) against all negatives, so that what remains is how well small classes are
    embedded. Size is rows enrolled. Of each group: how far its recall is below that of the
    worst of equal groups.

    Interval of the size part: class jackknife; a deleted class goes as anchors and as candidates. Over
    1,000 repetitions of Zipf sizes it covers the truth in .954 to 1.000 of them, where
    deleting anchors alone covers .933 to .981.

    Not applicable where gallery and queries share no class, or no query has a positive.
    """
    numbers = measure_imbalance(space)
    return Answer(
        explanation=_explanation(space, numbers),
        estimates=numbers.estimates,
        harm=numbers.harm,
        interval=numbers.harm_interval,
        meaning=lambda verdict: _meaning(numbers, verdict, tolerance),
        ignore_when=(
            "Queries in use come in the proportions that they have here, and an error costs the same "
            "whoever meets it."
        ),
        remedy=lambda verdict: _remedy(numbers, verdict, tolerance),
        caveats=_caveats(numbers),
        charts=(
            *size_curve(space, numbers),
            *groups_chart(numbers),
            *worst_classes(space, numbers),
        ),
    )


def _explanation(space: Geometry, numbers: Imbalance) -> str:
    found, e = numbers.recalls, numbers.estimates
    if found.one_size:
        rows = int(found.sizes[found.queries > 0][0])
        text = (
            f"All {number(numbers.units, 'class')} with queries have {number(rows, 'enrolled row')}, so no "
            "difference can come from their size"
        )
    else:
        micro = surface.closed_set_accuracy(space.ranks)
        macro = surface.closed_set_accuracy_macro(space.ranks)
        text = (
            f"{percent(micro)} of queries are recognised, and {percent(macro)} in the mean over classes; "
            f"with {number(found.enrolment, 'positive')} for every query the gap between the two is "
            f"{e['micro_macro_gap_common_enrolment'].text()}"
        )
    groups = numbers.groups
    if groups is None:
        return f"{text}; no groups were given." if found.one_size else f"{text}."
    if groups.worst is None:
        return (
            f"{text}; none of the {len(groups.groups):,} groups has {FEWEST_QUERIES} queries of "
            f"{FEWEST_CLASSES} classes that can be compared, so groups are not judged."
        )
    return (
        f"{text}; of {len(groups.groups):,} groups, '{groups.worst.name}' is furthest behind with "
        f"{e['worst_group_recall'].text()}, where the lowest of equal groups would have "
        f"{e['worst_group_expected'].text()}."
    )


def _meaning(numbers: Imbalance, verdict: Verdict, tolerance: float) -> str:
    texts = []
    size, groups = _loud_size(numbers, tolerance), _loud_groups(numbers, tolerance)
    if size:
        texts.append("Small classes are embedded worse, not only enrolled less.")
        alike = numbers.estimates.get("minority_collapse")
        if alike is not None and (alike.low or 0) > 0.1:
            texts.append(
                f"Their means have run into one another: a cosine {alike.text()} above the rest."
            )
    if groups:
        within = numbers.groups is not None and numbers.groups.within
        names = ", ".join(f"'{g.name}'" for g in groups[:5])
        how = "each class compared with itself" if within else "hard classes may be the cause"
        texts.append(f"The average hides {names}, behind by more than chance allows; {how}.")
    if not texts:
        texts.append(_quiet(numbers, verdict))
    if not size and _from_enrolment(numbers, tolerance):
        gap = numbers.estimates["micro_macro_gap"].text()
        texts.append(f"With all enrolled the gap is {gap}, which comes from enrolment.")
    return " ".join(texts)


def _quiet(numbers: Imbalance, verdict: Verdict) -> str:
    if numbers.harm.low is None:
        return f"Whether the average hides anyone cannot be told: {numbers.harm.method}."
    if verdict is not Verdict.OK:
        return f"There may be a loss, or none: the interval {numbers.harm.text()} holds both."
    groups = numbers.groups is not None and numbers.groups.worst is not None
    same = numbers.recalls.one_size
    text = "No class is smaller" if same else "Small classes are embedded as well as large ones"
    return f"{text}{', and no group is behind by what a user would notice' if groups else ''}."


def _remedy(numbers: Imbalance, verdict: Verdict, tolerance: float) -> str:
    report = "Report the mean over classes beside the mean over queries"
    texts = []
    if _loud_size(numbers, tolerance):
        texts.append(
            f"{report}, draw training batches by class, and collect rows for the classes listed below first."
        )
    if _loud_groups(numbers, tolerance):
        texts.append(
            "Report recall by group. Train with what was recorded differently there, enrol a row from each "
            "group, or normalise it away."
        )
    if not texts and _from_enrolment(numbers, tolerance):
        texts.append(f"Enrol more rows of the small classes. {report}.")
    quiet = (
        "Nothing here."
        if verdict is Verdict.OK
        else "Bring more classes, or queries of each group."
    )
    return " ".join(texts) or quiet


def _caveats(numbers: Imbalance) -> tuple[str, ...]:
    estimates, chance = numbers.estimates, max(numbers.worst_chance, 1e-4)
    notes = [
        f"The worst of {number(numbers.units, 'class')} has "
        f"{percent(estimates['worst_class_recall'].value)}; the worst of equals has as little "
        "with a chance of "
        f"{'less than ' if chance > numbers.worst_chance else ''}{chance:.2g}."
    ]
    groups = numbers.groups
    if groups is None:
        return tuple(notes)
    if groups.p_value is not None:
        notes.append(
            "Were all groups alike, one would be as far behind as the worst with a chance of "
            f"{groups.p_value:.3f} (999 permutations, "
            f"{'within each class' if groups.within else 'whole classes dealt to groups'})."
        )
    if groups.left_out:
        notes.append(f"{groups.left_out:,} queries of classes in one group only are left out.")
    return tuple(notes)


def _from_enrolment(numbers: Imbalance, tolerance: float) -> bool:
    """Whether the averages differ at full enrolment by what a user notices, and not at an equal one."""
    low, equal = numbers.estimates["micro_macro_gap"].low, numbers.by_size[1].high
    return low is not None and low > tolerance and equal is not None and equal <= tolerance


def _loud_size(numbers: Imbalance, tolerance: float) -> bool:
    low = numbers.by_size[1].low
    return low is not None and low > tolerance


def _loud_groups(numbers: Imbalance, tolerance: float) -> list[GroupRecall]:
    """The groups that alarm by themselves, worst first."""
    judged = [(g, *g.harm) for g in numbers.groups.groups if g.harm] if numbers.groups else []
    loud = [(-v, g.name, g) for g, v, i in judged if i.low is not None and i.low > tolerance]
    return [g for _, _, g in sorted(loud, key=lambda each: each[:2])]
