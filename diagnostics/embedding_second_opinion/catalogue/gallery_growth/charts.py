"""Which picture shows what the gallery's size costs?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from embedding_second_opinion.findings.charts import Curve, Mark, Role, Series
from embedding_second_opinion.findings.wording import percent
from embedding_second_opinion.stats.intervals import Interval

from .numbers import TIMES, Growth


def growth_curve(found: Growth) -> Curve:
    """Accuracy over the number of classes: measured up to K, forecast beyond, and what halves predicted."""
    known, k = found.known, found.known.classes
    series = [_known(found)]
    alt = (
        f"Measured: {percent(known.curve[0])} are recognised among {known.grid[0]:,} classes, "
        f"{found.estimates['accuracy_at_half'].text()} among {found.half:,}, "
        f"{found.estimates['closed_set_accuracy'].text()} among all {k:,}."
    )
    if found.beyond is not None:
        series.append(_ahead(found))
        last = found.estimates[f"accuracy_at_{TIMES[-1]}_times"]
        alt += f" Forecast, the second line: {last.text()} among {TIMES[-1] * k:,}."
    else:
        alt += f" No forecast: {found.withheld}."
    marks = []
    if found.test is not None:
        mean = found.test.error + found.test.measured
        marks.append(Mark(name="predicted from halves:", x=float(k), y=mean, role="context"))
        alt += f" Halves of the classes predict {percent(mean)} among {k:,}, on average."
    there = found.estimates.get("accuracy_at_expected")
    if there is not None and found.expected is not None:
        marks.append(Mark(name="in use:", x=float(found.expected), y=there.value, role="second"))
        alt += f" At the {found.expected:,} classes expected: {there.text()}."
    lost = found.estimates["lost_by_last_doubling"].text()
    return Curve(
        title=f"From {found.half:,} to {k:,} classes, {lost} are lost",
        alt=alt,
        x_label="classes enrolled",
        y_label="queries recognised",
        series=tuple(series),
        marks=tuple(marks),
        x_scale="log",
    )


def _known(found: Growth) -> Series:
    known = found.known
    return _line(
        "measured", known.grid, known.curve, [known.interval_at(int(g)) for g in known.grid]
    )


def _ahead(found: Growth) -> Series:
    beyond, known = found.beyond, found.known
    assert beyond is not None
    values, intervals = zip(
        (known.accuracy, known.interval),
        *(beyond.accuracy(i) for i in range(len(beyond.identities))),
        strict=True,
    )
    x = np.concatenate([[known.classes], beyond.identities])
    return _line("forecast", x, values, intervals, "second")


def _line(
    name: str,
    x: Iterable[float],
    y: Iterable[float],
    bounds: Sequence[Interval],
    role: Role = "main",
) -> Series:
    """With a band where every point has an interval."""
    lows = [i.low for i in bounds if i.low is not None]
    highs = [i.high for i in bounds if i.high is not None]
    whole = len(lows) == len(highs) == len(bounds)
    return Series.of(name, x, y, role, (lows, highs) if whole else ((), ()))
