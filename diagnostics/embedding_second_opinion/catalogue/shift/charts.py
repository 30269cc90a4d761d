"""Which pictures show whether queries lie elsewhere than the gallery, and what that costs?"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.findings.charts import (
    Bar,
    Bars,
    Curve,
    Examples,
    Level,
    Series,
    Table,
)
from embedding_second_opinion.findings.wording import number, percent
from embedding_second_opinion.geometry.examples import example, gaining, one_a_class
from embedding_second_opinion.geometry.geometry import Geometry

from .numbers import Shift

SAMPLES_SHOWN = 6
NAMES = {
    "closed_set_accuracy": "As it is",
    "accuracy_moved_back": "Queries moved back by the common shift",
    "accuracy_direction_left_out": "Its direction left out on both sides",
}


def undone_bars(numbers: Shift) -> Bars:
    """Accuracy as it is, and under each counterfactual."""
    bars = [
        Bar.of(label, numbers.estimates[name], "second" if name.startswith("accuracy") else "main")
        for name, label in NAMES.items()
        if name in numbers.estimates
    ]
    gain = numbers.harm
    title = "Undoing the shift changes the accuracy little, if at all"
    if gain.low is not None and gain.low > 0:
        title = f"Undoing the shift gains {100 * gain.value:.1f} points"
    return Bars.of(title, "share of queries recognised", bars)


def foreign_curve(numbers: Shift) -> tuple[Curve, ...]:
    """Accuracy of the queries, from the least to the most foreign."""
    found = numbers.foreign
    if len(found.bins) < 3 or found.most is None or found.rest is None:
        return ()
    parts = [part.interval.estimate(part.value, "") for part in found.bins]
    most, rest = found.most.interval.high, found.rest.interval.low
    falls = (rest or 0.0) > (most or 1.0) and numbers.told_apart
    title = "Queries by how foreign they look, and how often they are recognised"
    if falls:
        title = "The more foreign a query looks, the less often it is recognised"
    return (
        Curve(
            title=title,
            alt=(
                f"Share recognised in {len(parts)} equal parts of the queries, from the least to the most "
                f"foreign: {', '.join(f'{100 * part.value:.0f} %' for part in parts)}."
            ),
            x_label="queries in order of how foreign they look, in percent",
            y_label="share of queries recognised",
            series=(Series.along("queries", 100 * found.share, parts),),
            levels=(Level(name=f"all {percent(numbers.before.value)}", y=numbers.before.value),),
        ),
    )


def gaining_classes(space: Geometry, numbers: Shift) -> tuple[Table, ...]:
    """The classes that undoing the shift helps most."""
    before, after = numbers.before, numbers.by_undoing[numbers.best][1]
    title = "The classes that gain most when the shift is undone"
    columns = ("recognised", "with the shift undone")
    return gaining(space, before.asked, before.right, after.right, title, *columns)


def foreign_samples(space: Geometry, numbers: Shift) -> tuple[Examples, ...]:
    """The most foreign of the queries answered wrongly, one a class; nothing where none is told apart."""
    if not numbers.told_apart or not len(numbers.foreign.wrong):
        return ()
    wrong, above = numbers.foreign.wrong, numbers.foreign.wrong_above
    shown = one_a_class(np.arange(len(wrong)), space.ranks.codes[wrong], SAMPLES_SHOWN).tolist()
    return (
        Examples(
            title="The most foreign of the queries answered wrongly",
            alt=(
                f"{len(shown)} of {number(len(wrong), 'query')} answered wrongly, one a class, each with its "
                "nearest enrolled rows."
            ),
            examples=tuple(
                example(
                    space,
                    int(wrong[at]),
                    f"more foreign than {min(100 * above[at], 99.9):.3g} % of the queries",
                )
                for at in shown
            ),
        ),
    )
