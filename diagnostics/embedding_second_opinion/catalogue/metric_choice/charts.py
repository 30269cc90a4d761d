"""Which pictures show what each metric answers, and which classes gain?"""

from __future__ import annotations

from embedding_second_opinion.findings.charts import Bar, Bars, Role, Table
from embedding_second_opinion.findings.wording import capital
from embedding_second_opinion.geometry.examples import gaining
from embedding_second_opinion.geometry.geometry import Geometry

from .chosen import DEALS
from .numbers import MetricChoice


def metrics_chart(numbers: MetricChoice) -> tuple[Bars, ...]:
    """1-NN accuracy under each metric, the one in use first."""
    if not numbers.compared:
        return ()
    in_use = f"{capital(numbers.in_use.name)}, in use"
    bars = [Bar.of(in_use, numbers.accuracy(numbers.in_use))]
    for option in numbers.compared:
        role: Role = "second" if option is numbers.best else "context"
        bars.append(Bar.of(capital(option.name), numbers.accuracy(option), role))
    title = "The same vectors under other metrics"
    return (Bars.of(title, "1-NN accuracy of the same queries", bars),)


def metrics_table(numbers: MetricChoice) -> tuple[Table, ...]:
    """Accuracies, gains, and how often each metric was chosen by half of the classes."""
    if not numbers.compared:
        return ()
    rows = [
        {
            "metric": option.name,
            "1-NN accuracy": numbers.accuracy(option).text(),
            "gain": numbers.gain(option).text(),
            "gain in triplet accuracy": numbers.triplet_gain(option).text(),
            "chosen": f"{numbers.times[option.key]} of {2 * DEALS}",
        }
        for option in numbers.compared
    ]
    used = dict.fromkeys(rows[0], "")
    used |= {"metric": numbers.in_use.name, "gain": "in use"}
    used["1-NN accuracy"] = numbers.accuracy(numbers.in_use).text()
    most = max(numbers.compared, key=lambda option: numbers.times[option.key])
    alt = f"Chosen most often by half of the classes: {most.name}."
    title = "What each metric gains over the one in use"
    return (Table.of(title, alt, [used, *rows], words=("metric",)),)


def gaining_classes(space: Geometry, numbers: MetricChoice) -> tuple[Table, ...]:
    """The classes that gain most by the best metric; nothing where it gains nothing."""
    best = numbers.best
    if best is None or numbers.gain(best).value <= 0:
        return ()
    title, counts = f"The classes that gain most by {best.name}", (numbers.before, numbers.after)
    return gaining(space, numbers.asked, *counts, title, "right now", "right then")
