"""Would another distance on the same vectors answer better?"""

from __future__ import annotations

from embedding_second_opinion.findings.check import Answer, NotApplicable
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.findings.wording import capital, number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs

from . import CHECK
from .charts import gaining_classes, metrics_chart, metrics_table
from .numbers import MetricChoice, measure_metrics
from .options import scaled


@CHECK
def metric_choice(
    space: Geometry, inputs: Inputs | None = None, *, tolerance: float = 0.02
) -> Answer | NotApplicable:
    """Look the same queries up under other metrics, fitted without labels, and compare with the one in use.

    Compared are euclidean distance and cosine, cosine after centring, and both on scaled columns
    (z-scores) and after whitening (covariance of the gallery, shrunk by Ledoit and Wolf). The harm is
    what the best of them gains in 1-NN accuracy points over the one in use. Of six the best is in part
    the luckiest; so it is chosen on half of the classes and measured on the other, both ways, over 20
    deals. Queries that tie under the metric in use count for nothing: what breaks ties is no better
    for it.

    A metric that widens directions with less than a hundredth of the mean variance, and does not surely
    spread classes farther against their own width, may gain by undoing a collapse; then it opens the upper
    bound only. Interval: paired class jackknife, choices and maps taken as fixed; a deleted class goes as
    queries and as candidates. Accuracies in [0, 1]; (n, d) vectors as given, whatever the metric in use.

    Not applicable without vectors (distances only), with vectors of one column, and where no query has
    a positive and a negative in the gallery.
    """
    data = space.evaluation.data
    if data is None or data.d < 2:
        return NotApplicable("Needs vectors of two columns or more: one has one order only.")
    numbers = measure_metrics(space)
    return Answer(
        explanation=_explanation(numbers),
        estimates=numbers.estimates,
        harm=numbers.harm,
        interval=numbers.interval,
        meaning=lambda verdict: _meaning(numbers, verdict, tolerance),
        ignore_when="The index in use knows one metric only, or rows in use will come from elsewhere.",
        remedy=lambda verdict: _remedy(numbers, verdict),
        caveats=_caveats(numbers),
        charts=(*metrics_chart(numbers), *metrics_table(numbers), *gaining_classes(space, numbers)),
        parameters={"seed": space.seed},
    )


def _explanation(numbers: MetricChoice) -> str:
    used, best = numbers.in_use, numbers.best
    now = f"{used.name} answers {numbers.accuracy(used).text()} of {number(numbers.queries, 'query')} rightly"
    if best is None and numbers.same:
        return f"{capital(now)}, and every other metric that can be made gives the same order."
    if best is None:
        why = "; ".join(f"{name}: {reason}" for name, reason in numbers.left_out.items())
        return f"{capital(now)}; no other metric can be made ({why})."
    which = f"the best of {len(numbers.compared)} others"
    if numbers.gain(best).value < max(numbers.gain(o).value for o in numbers.compared):
        which = f"of {len(numbers.compared)} others the simplest within half a point of the best"
    gains = "does not gain:" if numbers.harm.value < 0 else "gains"
    return (
        f"{capital(now)}; {which}, {best.name}, {numbers.accuracy(best).text()}. Chosen on one half of the "
        f"classes and measured on the other, another metric {gains} {numbers.harm.text()}."
    )


def _meaning(numbers: MetricChoice, verdict: Verdict, tolerance: float) -> str:
    best, harm = numbers.best, numbers.harm
    if best is None:
        return OK_WORDS if numbers.same else "About other metrics these vectors say nothing."
    if verdict.loud:
        text = f"The same vectors answer better by {best.name} than by {numbers.in_use.name}."
        if best.fit is scaled:
            part = numbers.estimates["widest_columns_share"].text(0)
            text += f" The widest tenth of the columns makes {part} of a squared distance."
        return text + _by_triplets(numbers)
    if harm.low is None:
        return f"What another metric would gain with new classes cannot be said: {harm.why_none}."
    if verdict is Verdict.OK:
        return OK_WORDS + _by_triplets(numbers)
    if best in numbers.doubtful and harm.value > tolerance:
        return f"{capital(best.name)} gains by widening silent directions: has the embedding collapsed?"
    few = (
        "classes here are too few, or differ too much,"
        if harm.unit == "class"
        else "queries are too few"
    )
    return f"Another metric may answer better, but the {few} to be sure."


def _by_triplets(numbers: MetricChoice) -> str:
    """A metric that triplets surely praise and the nearest row does not."""
    praised = [
        (numbers.triplet_gain(option), option)
        for option in numbers.compared
        if (numbers.triplet_gain(option).low or 0.0) > 0 and numbers.gain(option).value <= 0
    ]
    if not praised:
        return ""
    triplets, option = max(praised, key=lambda pair: pair[0].value)
    return (
        f" Do not choose by triplets: by them {option.name} is better by {triplets.text()}, and the nearest "
        f"row gains {numbers.gain(option).text()} by it."
    )


OK_WORDS = "No other metric of those tried gets more out of these vectors that a user would notice."


def _remedy(numbers: MetricChoice, verdict: Verdict) -> str:
    best = numbers.best
    if best is None or verdict is Verdict.OK:
        return "Nothing here: keep the metric in use."
    if verdict is Verdict.UNSURE:
        if best in numbers.doubtful:
            return (
                "First find out why most directions are silent (see Collapse). If the model must stay, try "
                f"{best.name} on queries that had no part in this choice: {best.code}."
            )
        return "Measure again with more classes and queries before the metric is changed."
    fitted = ", fitted on the training rows only and kept with the model" if best.fit else ""
    return (
        f"Use {best.name} ({best.code}){fitted}. Expect {numbers.harm.text()}; measure it on queries that "
        "had no part in this choice, and fit every threshold anew."
    )


def _caveats(numbers: MetricChoice) -> tuple[str, ...]:
    notes = ["Means, widths and covariance are fitted on enrolled rows, without their labels."]
    if numbers.same:
        names = " and ".join(option.name for option in numbers.same)
        notes.append(f"All vectors are equally long: by {names} it gains exactly 0.")
    notes += [f"Not tried: {name}, as {reason}." for name, reason in numbers.left_out.items()]
    if numbers.doubtful:
        names = ", ".join(option.name for option in numbers.doubtful)
        notes.append(f"In the upper bound only, as they widen silent directions: {names}.")
    if numbers.tied:
        verb = "ties" if numbers.tied == 1 else "tie"
        notes.append(
            f"{number(numbers.tied, 'query')} {verb} under the metric in use: no gain, no loss."
        )
    return tuple(notes)
