"""Names of marked points stand where nothing runs through them."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from matplotlib.text import Annotation

from embedding_second_opinion.drawing import draw
from embedding_second_opinion.findings.charts import Curve, Mark, Series

X = tuple(np.linspace(0, 10, 60).tolist())
SHAPES = {
    "low and flat": [np.full(60, 0.05)],
    "falling to the foot": [0.05 + 0.9 * np.exp(-np.array(X))],
    "rising late": [0.02 + 0.95 / (1 + np.exp(14 - 2 * np.array(X)))],
    "two that cross": [np.linspace(0.02, 0.98, 60), np.linspace(0.98, 0.02, 60)],
}
CASES = list(product(SHAPES, (3, 30, 57), ("wide", "narrow")))


@pytest.mark.parametrize(
    ("shape", "at", "width"),
    # On a phone there is no room for a name where two lines cross.
    [c for c in CASES if c != ("two that cross", 30, "narrow")],
)
def test_no_line_runs_through_a_name(shape, at, width):
    lines = SHAPES[shape]
    marks = tuple(
        Mark(name=name, x=X[at], y=float(lines[0][at]), role=role)
        for name, role in (("here:", "main"), ("and here:", "second"))
    )
    chart = Curve(
        title="",
        alt="",
        x_label="x",
        y_label="y",
        series=tuple(
            Series(name=f"line {i}", x=X, y=tuple(y.tolist()), role=role)
            for i, (y, role) in enumerate(zip(lines, ("main", "context"), strict=False))
        ),
        marks=marks,
    )
    drawn = draw.figure(chart, width=width)
    axes = drawn.axes[0]
    # As matplotlib itself measures what it drew.
    names = [t.get_window_extent() for t in axes.texts if isinstance(t, Annotation)]
    assert len(names) == len(marks)
    assert not any(one.overlaps(two) for one, two in combinations(names, 2))
    for y in lines:
        dense = np.linspace(0, 10, 4000)
        places = axes.transData.transform(np.column_stack([dense, np.interp(dense, X, y)]))
        for name in names:
            assert not any(name.contains(*place) for place in places)
    beside = [t.get_window_extent() for t in drawn.texts]
    assert not any(name.overlaps(other) for name in names for other in beside)


def test_where_nothing_is_in_the_way_names_stand_at_the_foot_one_above_the_other():
    high = Series(name="high", x=X, y=(0.9,) * 60)
    marks = (Mark(name="one", x=2, y=0.9), Mark(name="two", x=2, y=0.9))
    chart = Curve(title="", alt="", x_label="x", y_label="y", series=(high,), marks=marks)
    axes = draw.figure(chart).axes[0]
    names = [t for t in axes.texts if isinstance(t, Annotation)]
    low, top = axes.get_ylim()
    heights = [(t.xy[1] - low) / (top - low) for t in names]
    assert heights == pytest.approx([0.06, 0.17])
    assert [t.get_ha() for t in names] == ["left", "left"]


def test_a_mark_beyond_the_lines_widens_the_axis():
    line = Series(name="short", x=(1.0, 2.0), y=(0.2, 1.0))
    marks = (Mark(name="limit", x=4.65, y=1.0),)
    for scale in ("linear", "log"):
        chart = Curve(
            title="", alt="", x_label="x", y_label="y", series=(line,), marks=marks, x_scale=scale
        )
        axes = draw.figure(chart).axes[0]
        low, high = axes.get_xlim()
        assert low < 1
        assert high > 4.65
