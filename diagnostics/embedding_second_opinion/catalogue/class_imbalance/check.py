"""Do small classes, or one group, fare worse than the average tells?"""

from __future__ import annotations

from embedding_second_opinion.findings.check import Answer, NotApplicable
from embedding_second_opinion.findings.finding import Estimate, Verdict
from embedding_second_opinion.findings.wording import number, percent
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs
from embedding_second_opinion.stats import surface
from embedding_second_opinion.stats.intervals import FEWEST_CLASSES, no_interval

from . import CHECK
from .charts import groups_chart, size_curve, thirds_chart, worst_classes
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
    micro = no_interval("its interval is that of the first diagnostic").estimate(
        surface.closed_set_accuracy(space.ranks), numbers.about
    )
    return Answer(
        explanation=_explanation(space, numbers, micro),
        estimates=numbers.estimates,
        harm=numbers.harm,
        interval=numbers.harm_interval,
        meaning=lambda verdict: _meaning(numbers, verdict, tolerance),
        ignore_when=(
            "Queries in use come in the proportions that they have here, groups included, and an error "
            "costs the same whoever meets it."
        ),
        remedy=lambda verdict: _remedy(numbers, verdict, tolerance),
        caveats=_caveats(numbers),
        charts=(
            *size_curve(space, numbers, micro),
            *thirds_chart(numbers),
            *groups_chart(numbers),
            *worst_classes(space, numbers),
        ),
    )


def _explanation(space: Geometry, numbers: Imbalance, micro: Estimate) -> str:
    found = numbers.recalls
    if found.one_size:
        rows = int(found.sizes[found.queries > 0][0])
        text = (
            f"All {number(numbers.units, 'class')} with queries have {number(rows, 'enrolled row')}, so no "
            "difference can come from their size"
        )
    else:
        gap = numbers.estimates["micro_macro_gap_common_enrolment"]
        macro = surface.closed_set_accuracy_macro(space.ranks)
        text = (
            f"{percent(micro.value)} of queries are recognised, and {percent(macro)} in the mean "
            f"over classes; with {number(found.enrolment, 'positive')} for every query, so "
            f"that no class loses for being small, the gap between the two is {gap.text()}"
        )
    return f"{text}{_of_groups(numbers)}."


def _of_groups(numbers: Imbalance) -> str:
    groups = numbers.groups
    if groups is None:
        return "; no groups were given" if numbers.recalls.one_size else ""
    worst = groups.worst
    if worst is None:
        return (
            f"; none of the {len(groups.groups):,} groups has {FEWEST_QUERIES} queries of "
            f"{FEWEST_CLASSES} classes that can be compared, so groups are not judged"
        )
    return (
        f"; of {len(groups.groups):,} groups, '{worst.name}' is furthest behind with {_group(worst)}, where "
        f"the lowest of equal groups would have {percent(worst.expected or 0.0)}"
    )


def _meaning(numbers: Imbalance, verdict: Verdict, tolerance: float) -> str:
    texts = []
    size, groups = _loud_size(numbers, tolerance), _loud_groups(numbers, tolerance)
    if size:
        texts.append("Small classes are embedded worse, not only enrolled less.")
        alike = numbers.estimates.get("minority_collapse")
        if alike is not None and alike.low is not None and alike.low > 0.1:
            texts.append(
                "Their means have run into one another: the cosine is "
                f"{alike.text()} above that of the large ones."
            )
    if groups:
        within = numbers.groups is not None and numbers.groups.within
        names = ", ".join(f"'{g.name}'" for g in groups[:5])
        how = "each class compared with itself" if within else "hard classes may be the cause"
        texts.append(
            f"The average hides {names}: recognised less often than chance lets the worst of equal groups "
            f"be; {how}."
        )
    if not texts:
        texts.append(_quiet(numbers, verdict))
    if not size and _from_enrolment(numbers, tolerance):
        texts.append(
            f"The mean over queries is {numbers.estimates['micro_macro_gap'].text()} above the mean over "
            "classes all the same; that comes from enrolment."
        )
    return " ".join(texts)


def _quiet(numbers: Imbalance, verdict: Verdict) -> str:
    if numbers.harm.low is None:
        return f"Whether the average hides anyone cannot be told: {numbers.harm.method}."
    if verdict is Verdict.OK:
        groups = numbers.groups is not None and numbers.groups.worst is not None
        same = numbers.recalls.one_size
        text = "No class is smaller" if same else "Small classes are embedded as well as large ones"
        return f"{text}{', and no group is behind by what a user would notice' if groups else ''}."
    return f"There may be a loss, or none: the interval {numbers.harm.text()} holds both."


def _remedy(numbers: Imbalance, verdict: Verdict, tolerance: float) -> str:
    report = "Report the mean over classes beside the mean over queries."
    texts = []
    if _loud_size(numbers, tolerance):
        texts.append(
            f"{report} Draw training batches by class, or weight the loss by the effective number of "
            "samples; collect rows for the classes listed below first."
        )
    if _loud_groups(numbers, tolerance):
        texts.append(
            "Report recall by group. What was recorded or prepared differently? Train with that variation, "
            "enrol a row from each group, or normalise it away."
        )
    if texts:
        return " ".join(texts)
    if _from_enrolment(numbers, tolerance):
        return f"Enrol more rows of the small classes. {report}"
    return (
        "Nothing here."
        if verdict is Verdict.OK
        else "Bring more classes, or queries of each group."
    )


def _caveats(numbers: Imbalance) -> tuple[str, ...]:
    notes = [f"{name}: {e.method}." for name, e in numbers.estimates.items() if e.method]
    estimates, chance = numbers.estimates, max(numbers.worst_chance, 1e-4)
    notes.append(
        f"The worst of {numbers.units:,} classes has {percent(estimates['worst_class_recall'].value)}, the "
        f"worst of equals {percent(estimates['worst_class_expected'].value)} on average, and as little as "
        f"this with a chance of {'less than ' if chance > numbers.worst_chance else ''}{chance:.2g}."
    )
    if not numbers.recalls.one_size:
        notes.append("Size means enrolled rows; how many were trained on is not known here.")
    groups = numbers.groups
    if groups is None:
        return tuple(notes)
    if groups.p_value is not None:
        notes.append(
            "Were all groups alike, one would be as far behind as the worst with a chance of "
            f"{groups.p_value:.3f} (999 permutations, "
            f"{'within each class' if groups.within else 'whole classes dealt to groups'})."
        )
    aside = len(groups.groups) - len(groups.judged)
    if aside:
        notes.append(
            f"{number(aside, 'group')} of fewer than {FEWEST_QUERIES} queries or {FEWEST_CLASSES} "
            "classes shown, not judged."
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
    judged = numbers.groups.judged if numbers.groups else ()
    loud = [
        (-g.harm[0], g.name, g)
        for g in judged
        if g.harm and g.harm[1].low is not None and g.harm[1].low > tolerance
    ]
    return [g for _, _, g in sorted(loud, key=lambda each: each[:2])]


def _group(group: GroupRecall) -> str:
    if group.interval is None:
        return percent(group.recall)
    return group.interval.estimate(group.recall, "").text()
