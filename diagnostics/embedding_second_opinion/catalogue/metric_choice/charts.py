"""Which pictures show what each metric answers, which classes gain, and which columns it hears?"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.findings.charts import Bar, Bars, Curve, Series, Table
from embedding_second_opinion.findings.wording import number
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
    bars += [
        _bar(numbers, option, "second" if option is numbers.best else "context")
        for option in numbers.compared
    ]
    return (
        Bars(
            title="The same vectors under other metrics",
            alt="; ".join(f"{bar.label} {100 * bar.value:.1f} %" for bar in bars) + ".",
            value_label=(
                "1-NN accuracy of the same queries"
                + (", with 95 % interval" if any(bar.low is not None for bar in bars) else "")
            ),
            bars=tuple(bars),
        ),
    )


def metrics_table(numbers: MetricChoice) -> tuple[Table, ...]:
    """Accuracies, gains, and how often each metric was chosen by half of the classes."""
    if not numbers.compared:
        return ()
    rows = [(numbers.in_use.name, numbers.accuracy(numbers.in_use).text(), "in use", "", "")]
    for option in numbers.compared:
        rows.append(
            (
                option.name,
                numbers.accuracy(option).text(),
                numbers.gain(option).text(),
                numbers.triplet_gain(option).text(),
                f"{numbers.times[option.key]} of {2 * DEALS}",
            )
        )
    most = max(numbers.compared, key=lambda option: numbers.times[option.key])
    return (
        Table(
            title="What each metric gains over the one in use",
            alt=(
                f"Gains in 1-NN accuracy of {number(len(rows) - 1, 'metric')}; chosen most often by half of "
                f"the classes: {most.name}, {numbers.times[most.key]} of {2 * DEALS} times."
            ),
            columns=("metric", "1-NN accuracy", "gain", "gain in triplet accuracy", "chosen"),
            rows=tuple(rows),
            numeric=(False, True, True, True, True),
        ),
    )


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
            alt=(
                "Columns in order of their variance, widest first, and what they make together of a squared "
                f"euclidean distance: the widest {widest(d):,} of {d:,} make {part.text()}."
            ),
            x_label="columns, widest first, in percent",
            y_label="share of the squared euclidean distance",
            series=(
                Series.model_validate({"name": "columns", "x": 100 * x / d, "y": y}),
                Series(name="all alike", x=(0, 100), y=(0, 1), role="context"),
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


def _bar(numbers: MetricChoice, option: Option, role: str) -> Bar:
    e = numbers.accuracy(option)
    label = option.name[:1].upper() + option.name[1:]
    if option is numbers.in_use:
        label += ", in use"
    return Bar.model_validate(
        {"label": label, "value": e.value, "low": e.low, "high": e.high, "role": role}
    )
