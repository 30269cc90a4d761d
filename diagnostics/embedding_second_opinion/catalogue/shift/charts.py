"""Which pictures show whether queries lie elsewhere than the gallery, and what that costs?"""

from __future__ import annotations

from embedding_second_opinion.findings.charts import (
    Bar,
    Bars,
    Curve,
    Examples,
    Level,
    Series,
    Table,
)
from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.examples import example, gaining
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
        _bar(label, numbers.estimates[name], "main" if name == "closed_set_accuracy" else "second")
        for name, label in NAMES.items()
        if name in numbers.estimates
    ]
    gain = numbers.harm
    title = "Undoing the shift changes the accuracy little, if at all"
    if gain.low is not None and gain.low > 0:
        title = f"Undoing the shift gains {100 * gain.value:.1f} points"
    return Bars(
        title=title,
        alt="; ".join(f"{b.label}: {100 * b.value:.1f} %" for b in bars) + ".",
        value_label="share of queries recognised" + _with_interval(bars),
        bars=tuple(bars),
    )


def auc_bars(numbers: Shift) -> Bars:
    """How often the classifier is right about a pair, and how often chance lets it seem so."""
    auc, chance = numbers.estimates["shift_auc"], numbers.estimates["shift_auc_by_chance"]
    bars = (
        _bar("Measured", auc, "main"),
        _bar("97.5 % of permutations are below", chance, "context"),
    )
    return Bars(
        title=(
            "Queries can be told from gallery rows of their class"
            if numbers.told_apart
            else "Queries cannot be told from gallery rows of their class"
        ),
        alt=(
            f"Share of pairs in which the query scores above the gallery row: {auc.text()}; "
            f"97.5 % of {len(numbers.test.null)} permutations are below {chance.text()}. Chance is 50 %."
        ),
        value_label="pairs in which the query scores higher; chance is 50 %",
        bars=bars,
    )


def foreign_curve(numbers: Shift) -> tuple[Curve, ...]:
    """Accuracy of the queries, from the least to the most foreign."""
    found = numbers.foreign
    if len(found.bins) < 3 or found.most is None or found.rest is None:
        return ()
    y = [outcome.value for outcome in found.bins]
    intervals = [outcome.interval for outcome in found.bins]
    low = [i.low for i in intervals if i.low is not None]
    high = [i.high for i in intervals if i.high is not None]
    whole = len(low) == len(y)
    falls = (found.rest.interval.low or 0.0) > (
        found.most.interval.high or 1.0
    ) and numbers.told_apart
    return (
        Curve(
            title=(
                "The more foreign a query looks, the less often it is recognised"
                if falls
                else "Queries by how foreign they look, and how often they are recognised"
            ),
            alt=(
                f"Share recognised in {len(y)} equal parts of the queries, from the least to the most "
                f"foreign: {', '.join(f'{100 * v:.0f} %' for v in y)}."
            ),
            x_label="queries in order of how foreign they look, in percent",
            y_label="share of queries recognised",
            series=(
                Series(
                    name="queries",
                    x=tuple((100 * found.share).tolist()),
                    y=tuple(y),
                    low=tuple(low) if whole else (),
                    high=tuple(high) if whole else (),
                ),
            ),
            levels=(Level(name=f"all {100 * numbers.before.value:.1f} %", y=numbers.before.value),),
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
    shown: dict[int, tuple[int, float]] = {}
    for q, above in zip(numbers.foreign.wrong, numbers.foreign.wrong_above, strict=True):
        shown.setdefault(int(space.ranks.codes[q]), (int(q), float(above)))
        if len(shown) == SAMPLES_SHOWN:
            break
    return (
        Examples(
            title="The most foreign of the queries answered wrongly",
            alt=(
                f"{len(shown)} of {number(len(numbers.foreign.wrong), 'query')} answered wrongly, one a "
                "class, each with its nearest enrolled rows."
            ),
            examples=tuple(
                example(
                    space, q, f"more foreign than {min(100 * above, 99.9):.3g} % of the queries"
                )
                for q, above in shown.values()
            ),
        ),
    )


def _bar(label: str, e: Estimate, role: str) -> Bar:
    return Bar.model_validate(
        {"label": label, "value": e.value, "low": e.low, "high": e.high, "role": role}
    )


def _with_interval(bars: list[Bar]) -> str:
    return ", with 95 % interval" if any(bar.low is not None for bar in bars) else ""
