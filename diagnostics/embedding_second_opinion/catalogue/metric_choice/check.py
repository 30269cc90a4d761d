"""Would another distance on the same vectors answer better?"""

from __future__ import annotations

from embedding_second_opinion.findings.check import Answer, NotApplicable
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.findings.wording import capital, number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs

from . import CHECK
from .charts import columns_chart, gaining_classes, metrics_chart, metrics_table
from .numbers import MetricChoice, measure_metrics
from .options import FITTED, centred, scaled, whitened


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
        return NotApplicable(
            "Needs vectors of two columns or more: in one column there is one order of distances."
        )
    numbers = measure_metrics(space)
    return Answer(
        explanation=_explanation(numbers),
        estimates=numbers.estimates,
        harm=numbers.harm,
        interval=numbers.interval,
        meaning=lambda verdict: _meaning(numbers, verdict, tolerance),
        ignore_when=(
            "The index in use knows one metric only and vectors cannot be changed before they enter it; or "
            "rows in use will come from elsewhere, so that means and widths fitted on this gallery are not "
            "theirs; or another rule than the nearest row is in use."
        ),
        remedy=lambda verdict: _remedy(numbers, verdict),
        caveats=_caveats(space, numbers),
        charts=(
            *metrics_chart(numbers),
            *metrics_table(numbers),
            *columns_chart(numbers),
            *gaining_classes(space, numbers),
        ),
        parameters={"seed": space.seed},
    )


def _explanation(numbers: MetricChoice) -> str:
    used, best = numbers.in_use, numbers.best
    now = f"{used.name} answers {numbers.accuracy(used).text()} of {number(numbers.queries, 'query')} rightly"
    if best is None:
        why = "; ".join(f"{name}: {reason}" for name, reason in numbers.left_out.items())
        if numbers.same:
            return f"{capital(now)}, and every other metric that can be made gives the same order."
        return f"{capital(now)}; no other metric can be made ({why})."
    which = f"the best of {len(numbers.compared)} others"
    if numbers.gain(best).value < numbers.best_value:
        which = f"of {len(numbers.compared)} others the simplest within half a point of the best"
    return (
        f"{capital(now)}; {which}, {best.name}, {numbers.accuracy(best).text()}. Chosen on one half of "
        f"the classes and measured on the other, another metric {_gains(numbers)}."
    )


def _gains(numbers: MetricChoice) -> str:
    if numbers.harm.value < 0:
        return f"does not gain: {numbers.harm.text()}"
    return f"gains {numbers.harm.text()}"


def _meaning(numbers: MetricChoice, verdict: Verdict, tolerance: float) -> str:
    best, harm = numbers.best, numbers.harm
    if best is None:
        return "About other metrics these vectors say nothing." if not numbers.same else OK_WORDS
    if verdict.loud:
        text = "The vectors hold more than the metric in use hears. "
        if best.fit is scaled:
            text += (
                "Columns are not equally wide, and the widest speak loudest, whether or not they tell the "
                f"classes apart: {_widest(numbers)}."
            )
        elif best.fit is whitened:
            text += (
                "Columns go together: what many of them repeat is counted many times, and what few of them "
                "say is drowned."
            )
        elif best.fit is centred:
            text += (
                "All vectors lean the same way; seen from their mean, their directions tell more."
            )
        elif best.metric == "cosine":
            text += (
                "How long a vector is says little about its class, and euclidean distance hears it."
            )
        else:
            text += "How long a vector is belongs to what it says, and cosine does not hear it."
        return text + _by_triplets(numbers)
    if harm.low is None:
        why = harm.why_none
        return f"What another metric would gain with new classes cannot be said: {why}."
    if verdict is Verdict.OK:
        return OK_WORDS + _by_triplets(numbers)
    if best in numbers.doubtful and harm.value > tolerance:
        return (
            f"{capital(best.name)} gains by widening directions that hold less than a hundredth of the mean "
            "variance, and does not surely spread the classes farther against their width. The metric in use "
            "hears nothing wrong, only too little: see whether the embedding has collapsed."
        )
    return (
        "Another metric may answer better, but the classes here are too few, or differ too much, to be sure."
        if harm.unit == "class"
        else "Another metric may answer better, but the queries here are too few to be sure."
    )


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


def _widest(numbers: MetricChoice) -> str:
    part = numbers.estimates["widest_columns_share"]
    return f"the widest tenth of them makes {part.text(0)} of a squared distance"


def _remedy(numbers: MetricChoice, verdict: Verdict) -> str:
    best = numbers.best
    if best is None or verdict is Verdict.OK:
        return "Nothing here: keep the metric in use."
    if verdict is Verdict.UNSURE:
        if best in numbers.doubtful:
            return (
                "First find out why most directions are silent (see Collapse). Where the model has to stay "
                f"as it is, try {best.name} on queries that had no part in this choice: {best.code}."
            )
        return "Measure again with more classes and queries before the metric is changed."
    fitted = (
        "" if best.fit is None else ", fitted on the training rows only and kept with the model"
    )
    return (
        f"Use {best.name} ({best.code}){fitted}. Expect "
        f"{numbers.harm.text()}; measure it on queries that had no part in this choice. Fit every threshold "
        "anew, as distances change their unit. It mends no wrong label, no class that overlaps with another, "
        "no difference between gallery and queries, and turns no stranger away."
    )


def _caveats(space: Geometry, numbers: MetricChoice) -> tuple[str, ...]:
    passes = len(numbers.compared) + (numbers.queries < numbers.all_queries)
    fitted = min(FITTED, len(space.evaluation.enrolled))
    notes = [
        f"The gain: {numbers.harm.method}.",
        f"Needs {number(passes, 'extra pass')} of the queries against the gallery, one for each metric.",
    ]
    if space.evaluation.leave_one_out:
        notes.append(
            f"Means, widths and covariance are fitted on {fitted:,} rows without their labels; without a "
            "split the queries are among them."
        )
    else:
        notes.append(
            f"Means, widths and covariance are fitted on {fitted:,} gallery rows without their labels; "
            "no query has a part in them."
        )
    notes.append(
        "Not tried, as they change no order: centring under euclidean distance, and the axes after whitening "
        "(PCA whitening). Maps fitted on labels are judged by the decision rule."
    )
    if numbers.same:
        names = " and ".join(option.name for option in numbers.same)
        notes.append(
            f"All vectors are equally long, so that {names} orders all rows as {numbers.in_use.name} does: "
            "it gains exactly 0."
        )
    for name, reason in numbers.left_out.items():
        notes.append(f"Not tried: {name}, as {reason}.")
    if numbers.doubtful:
        names = ", ".join(option.name for option in numbers.doubtful)
        notes.append(
            "Widen directions that hold less than a hundredth of the mean variance, and do not surely spread "
            f"classes farther against their own width: {names}. These enter the upper bound only."
        )
    if numbers.tied:
        verb = "ties" if numbers.tied == 1 else "tie"
        notes.append(
            f"{number(numbers.tied, 'query')} {verb} under the metric in use: wrong in the accuracies, and "
            "neither gained nor lost in the gains."
        )
    if numbers.queries < numbers.all_queries:
        notes.append(
            f"Looked up under each metric: {numbers.queries:,} of {numbers.all_queries:,} queries, drawn at "
            "random, among all enrolled rows."
        )
    return tuple(notes)
