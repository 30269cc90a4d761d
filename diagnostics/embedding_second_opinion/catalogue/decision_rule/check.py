"""Would another rule do better on the same vectors: votes, class means, or a linear probe?"""

from __future__ import annotations

from embedding_second_opinion.findings.check import Answer, NotApplicable
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.findings.wording import number, percent
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs

from . import CHECK
from .charts import gaining_classes, reliability_chart, rules_chart
from .rule_gains import NAMES, Gains, gains
from .rules import VOTES, Rules, rules

LOW = 0.8  # what surely recognises less than four in five lacks something that no rule here can supply


@CHECK
def decision_rule(
    space: Geometry, inputs: Inputs | None = None, *, tolerance: float = 0.02
) -> Answer | NotApplicable:
    """Judge the nearest row (1-NN), a vote of five, class means and a linear probe on the same queries.

    The harm is what the best of the other three gains over the nearest row, in accuracy points.

    Leave-one-out takes the query out of its class's mean, and of the probe's covariance, exactly; the
    widths that the covariance is shrunk to come from the other four of five folds. With a gallery all
    rules are fitted on the gallery alone. Accuracies in [0, 1]; vectors as the metric sees them.
    Intervals: paired class jackknife; a deleted class goes as queries and as candidates.

    Not applicable without vectors (distances only), and where no query has a positive and a negative
    in the gallery.
    """
    found = rules(space)
    numbers = gains(space, found, tolerance)
    return Answer(
        explanation=_explanation(found, numbers),
        estimates=numbers.estimates,
        harm=numbers.harm,
        interval=numbers.interval,
        meaning=lambda verdict: _meaning(
            found, numbers, _fault(numbers, verdict, tolerance), tolerance
        ),
        ignore_when=(
            "New classes are enrolled with a row or two each, or the rule in use is not the nearest row."
        ),
        remedy=lambda verdict: _remedy(numbers, _fault(numbers, verdict, tolerance)),
        caveats=_caveats(found),
        charts=(
            rules_chart(found, numbers),
            *reliability_chart(found),
            *gaining_classes(space, found, numbers.best),
        ),
        parameters={"seed": space.seed, "votes": VOTES, "shrinkage": round(found.shrinkage, 6)},
    )


def _fault(numbers: Gains, verdict: Verdict, tolerance: float) -> str:
    """ "geometry", "rule", "undecided" or "none"."""
    if not verdict.loud:
        surely_none = verdict is Verdict.OK or numbers.harm.value <= tolerance
        return "none" if surely_none else "undecided"
    over = numbers.over_distances
    if numbers.best.name == "probe" and over is not None and (over.low or 0.0) > 0:
        return "geometry"
    return "rule"


def _explanation(found: Rules, numbers: Gains) -> str:
    each = ", ".join(f"{NAMES[r.name]} for {numbers.accuracy(r).text()}" for r in found.others)
    best = numbers.gain(numbers.best)
    what = "gains" if best.value >= 0 else "has"
    return (
        f"On the same {number(numbers.queries, 'query')} the nearest row is right for "
        f"{numbers.accuracy(found.nearest).text()}, {each}; {NAMES[numbers.best.name]} {what} "
        f"{best.text()} {'over' if best.value >= 0 else 'against'} the nearest row."
    )


def _meaning(found: Rules, numbers: Gains, fault: str, tolerance: float) -> str:
    text = {
        "geometry": (
            f"The geometry is at fault, not the information: {NAMES['probe']} finds in these very vectors "
            "what no rule by distance does."
        ),
        "rule": (
            f"The rule is at fault: {NAMES[numbers.best.name]} finds in these very vectors what the nearest "
            "row does not."
        ),
        "undecided": (
            f"Another rule may do better; the {_units(numbers)} are too few, or differ too much, to be sure."
        ),
        "none": "No other rule gets clearly more out of these vectors than the nearest row does.",
    }[fault]
    each = [numbers.accuracy(rule) for rule in (found.nearest, *found.others)]
    low = all(e.high is not None and e.high < LOW for e in each)
    if fault in ("none", "undecided") and low:
        text += (
            f" The best has {percent(max(e.value for e in each))}: the information itself is missing, or in "
            "a form that neither distance nor a linear map sees."
        )
    behind = numbers.gain(found.centroid)
    if behind.high is not None and behind.high < -tolerance:
        text += " One mean does not describe a class, as where it has several modes."
    return text


def _remedy(numbers: Gains, fault: str) -> str:
    return {
        "geometry": (
            "Fit a linear map: z-score the dimensions, whiten by the covariance within classes, or keep the "
            "linear discriminants as a last layer. Measure its gain on data it was not fitted or chosen on."
        ),
        "rule": f"Use {NAMES[numbers.best.name]} in place of the nearest row.",
        "undecided": f"Measure again with more {_units(numbers)} before the rule is changed.",
        "none": "Nothing here: keep the nearest row.",
    }[fault]


def _caveats(found: Rules) -> tuple[str, ...]:
    notes = [
        "The best rule is named on these queries; where two are close it may be chance.",
        "On labels permuted once the probe must fall to chance or below (with uneven classes, to the share "
        "of the largest). One permutation is no p-value."
        if found.probe
        else "No class has two enrolled rows, so no covariance and no probe can be fitted.",
    ]
    if found.far:
        verb = "lies" if found.far == 1 else "lie"
        notes.append(
            f"{number(found.far, 'enrolled row')} {verb} far beyond all others. One can cost its whole class "
            "under means and probe: look at these first."
        )
    return tuple(notes)


def _units(numbers: Gains) -> str:
    """What is too few where the gain is undecided."""
    return "queries" if numbers.harm.unit == "query" else "classes"
