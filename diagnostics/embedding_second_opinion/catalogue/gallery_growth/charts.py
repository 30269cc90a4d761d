"""Which picture shows what the gallery's size costs?"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.findings.charts import Curve, Mark, Series
from embedding_second_opinion.findings.wording import percent

from .numbers import TIMES, Growth


def growth_curve(found: Growth) -> Curve:
    """Accuracy over the number of classes: measured up to K, forecast beyond, and what halves predicted."""
    known, k, e = found.known, found.known.classes, found.estimates
    measured = [
        known.interval_at(g).estimate(value, "")
        for g, value in zip(known.grid.tolist(), known.curve.tolist(), strict=True)
    ]
    series = [Series.along("measured", known.grid, measured)]
    alt = f"Measured: {percent(known.curve[0])} are recognised among {known.grid[0]:,} classes, "
    alt += f"{e['closed_set_accuracy'].text()} among all {k:,}."
    if found.beyond is not None:
        ahead = found.beyond
        forecast = [e["closed_set_accuracy"]]
        for i in range(len(ahead.identities)):
            value, interval = ahead.accuracy(i)
            forecast.append(interval.estimate(value, ""))
        x = np.concatenate([[k], ahead.identities])
        series.append(Series.along("forecast", x, forecast, "second"))
        alt += f" Forecast: {forecast[-1].text()} among {TIMES[-1] * k:,}."
    marks = []
    if found.test is not None:
        mean = found.test.error + found.test.measured
        marks.append(Mark(name="predicted from halves:", x=float(k), y=mean, role="context"))
    there = e.get("accuracy_at_expected")
    if there is not None and found.expected is not None:
        marks.append(Mark(name="in use:", x=float(found.expected), y=there.value, role="second"))
        alt += f" At the {found.expected:,} classes expected: {there.text()}."
    return Curve(
        title=f"From {found.half:,} to {k:,} classes, {e['lost_by_last_doubling'].text()} are lost",
        alt=alt,
        x_label="classes enrolled",
        y_label="queries recognised",
        series=tuple(series),
        marks=tuple(marks),
        x_scale="log",
    )
