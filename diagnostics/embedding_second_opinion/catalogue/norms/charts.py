"""Which pictures show whom short vectors hurt?"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.findings.charts import Bar, Bars, Curve, Role, Series
from embedding_second_opinion.findings.wording import percent

from .numbers import Norms

POINTS = 60
NAMES = ("Shortest fifth", "Second", "Third", "Fourth", "Longest fifth")


def fifths_chart(numbers: Norms) -> Bars:
    """1-NN accuracy by fifth of length, the shortest first."""
    bars = [Bar.of(name, e) for name, e in zip(NAMES, numbers.by_part, strict=True)]
    bars[0] = Bar.of(NAMES[0], numbers.by_part[0], "second")
    return Bars.of("Right answers by the length of the query's vector", "1-NN accuracy", bars)


def lengths_chart(numbers: Norms) -> tuple[Curve, ...]:
    """How long the vectors of right and of wrong queries are; nothing where all are of one kind."""
    right, wrong = numbers.lengths[numbers.right], numbers.lengths[~numbers.right]
    if not len(right) or not len(wrong) or not np.isfinite(numbers.lengths).all():
        return ()
    x = np.unique(np.quantile(numbers.lengths, np.linspace(0, 1, POINTS)))
    if len(x) < 2:
        return ()

    def line(name: str, lengths: np.ndarray, role: Role) -> Series:
        y = np.searchsorted(np.sort(lengths), x, side="right") / len(lengths)
        return Series.of(name, x, y, role)

    told = numbers.estimates["wrong_is_shorter"]
    middle = [f"{float(np.median(each)):.3g}" for each in (right, wrong)]
    return (
        Curve(
            title=f"A wrong query is shorter than a right one in {percent(told.value)} of all pairs",
            alt=f"Median length: right queries {middle[0]}, wrong ones {middle[1]}.",
            x_label="length of the query's vector",
            y_label="share of the queries that are at most so long",
            series=(line("right", right, "main"), line("wrong", wrong, "second")),
        ),
    )
