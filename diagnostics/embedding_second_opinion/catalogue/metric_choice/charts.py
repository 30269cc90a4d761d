"""Which pictures show what each metric answers, which classes gain, and which columns it hears?"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.findings.charts import Bar, Bars, Curve, Role, Series, Table
from embedding_second_opinion.findings.wording import capital
from embedding_second_opinion.geometry.examples import gaining
from embedding_second_opinion.geometry.geometry import Geometry

from .chosen import DEALS
from .numbers import MetricChoice, widest
from .options import Option

FEWEST_COLUMNS = 4  # of fewer there is no curve


def metrics_chart(numbers: MetricChoice) -> tuple[Bars, ...]:
    """1-NN accuracy under each metric, the one in use first."""
    if not numbers.compared:
        return ()
    bars = [_bar(numbers, numbers.in_use, "main")]
    for option in numbers.compared:
        bars.append(_bar(numbers, option, "second" if option is numbers.best else "context"))
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


def columns_chart(numbers: MetricChoice) -> tuple[Curve, ...]:
    """What the widest columns make of a squared euclidean distance."""
    shares = numbers.column_shares
    d = len(shares)
    if d < FEWEST_COLUMNS or not shares[0] > 0:
        return ()
    part = numbers.estimates["widest_columns_share"]
    x = np.unique(np.round(np.linspace(0, d, min(d, 100) + 1)).astype(np.int64))
    y = np.concatenate([[0.0], np.cumsum(shares)]).clip(0, 1)[x]
    return (
        Curve(
            title=f"The widest tenth of the columns makes {100 * part.value:.0f} % of a squared distance",
            alt=f"The widest {widest(d):,} of {d:,} columns make {part.text()} of a squared distance.",
            x_label="columns, widest first, in percent",
            y_label="share of the squared euclidean distance",
            series=(
                Series.of("columns", 100 * x / d, y),
                Series.of("all alike", (0, 100), (0, 1), "context"),
            ),
        ),
    )


def gaining_classes(space: Geometry, numbers: MetricChoice) -> tuple[Table, ...]:
    """The classes that gain most by the best metric; nothing where it gains nothing."""
    best = numbers.best
    if best is None or numbers.gain(best).value <= 0:
        return ()
    title, counts = f"The classes that gain most by {best.name}", (numbers.before, numbers.after)
    return gaining(space, numbers.asked, *counts, title, "right now", "right then")


def _bar(numbers: MetricChoice, option: Option, role: Role) -> Bar:
    label = capital(option.name) + (", in use" if option is numbers.in_use else "")
    return Bar.of(label, numbers.accuracy(option), role)
