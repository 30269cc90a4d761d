"""Every number with and without the model, the model's lead over each control, and the harm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.controls import Control
from embedding_second_opinion.stats.intervals import (
    Interval,
    combined_interval,
    difference_interval,
    largest,
    no_interval,
)

from .contenders import Contender, contender, controls, projected
from .permuted import Permuted, permuted


@dataclass(frozen=True, eq=False)
class Controlled:
    """controls: the user's, in their order; best: the one with the highest 1-NN accuracy.

    refused: why a control was left out. lost: the model's lead over the projection, None without one.
    harm: the shortfall of a lead, or the self-test's deviation.
    """

    model: Contender
    controls: tuple[Contender, ...]
    projection: Contender | None
    permuted: Permuted
    refused: tuple[str, ...]
    lost: Estimate | None
    estimates: Mapping[str, Estimate]
    harm: Estimate
    interval: Interval

    @property
    def best(self) -> Contender:
        """The control that does best; the first of equals."""
        return max(self.controls, key=lambda c: c.closed)

    @property
    def everyone(self) -> tuple[Contender, ...]:
        """The model, the controls and the projection."""
        rest = () if self.projection is None else (self.projection,)
        return (self.model, *self.controls, *rest)


def measure_controls(space: Geometry, given: Sequence[Control], lead: float) -> Controlled:
    """One of the controls can be looked up. lead: accuracy points by which the model should be better."""
    data = space.evaluation.data
    model = contender(space, "", "the model", data.d if data is not None else 0)
    found, refused = controls(space, given)
    projection, test = projected(space, given), permuted(space)
    about = space.evaluation.about()
    estimates: dict[str, Estimate] = {}
    for each in (model, *found, *((projection,) if projection is not None else ())):
        estimates |= each.estimates(about)
    parts: list[tuple[float, Interval]] = []
    for control in found:
        ahead, interval = _lead(model, control)
        estimates[f"lead_over_{control.name}"] = interval.estimate(
            ahead, f"1-NN accuracy, the model less {control.words}: {about}", "accuracy points"
        )
        parts.append((lead - ahead, _shortfall(interval, lead)))
    lost = None
    if projection is not None:
        less, spread = _lead(model, projection)
        words = f"1-NN accuracy, the model less {projection.words}: {about}"
        lost = spread.estimate(less, words, "accuracy points")
        estimates[f"lead_over_{projection.name}"] = lost
    estimates["permuted_labels"] = test.accuracy_interval.estimate(
        test.accuracy, f"labels of the enrolled rows permuted: {about}"
    )
    exact = no_interval("exact, from the class sizes")
    estimates["permuted_labels_chance"] = exact.estimate(test.chance, about)
    low = test.interval.low
    if low is not None and low > lead:  # passed, it says nothing of the model
        parts.append((test.harm, test.interval))
    value, interval = largest(parts)
    return Controlled(
        model=model,
        controls=tuple(found),
        projection=projection,
        permuted=test,
        refused=tuple(refused),
        lost=lost,
        estimates=estimates,
        harm=interval.estimate(value, about, "accuracy points"),
        interval=interval,
    )


def _lead(model: Contender, control: Contender) -> tuple[float, Interval]:
    """1-NN accuracy of the model less that of a control, over the same queries."""
    value = model.closed - control.closed
    if model.interval.unresolved or control.interval.unresolved:
        # At a limit no paired spread can be seen.
        interval = combined_interval(model.closed, model.interval, control.closed, control.interval)
    else:
        interval = difference_interval(value, model.without - control.without, model.units)
    if interval.low is None or interval.high is None:
        return value, interval
    # Two shares are at most 100 points apart.
    return value, replace(interval, low=max(interval.low, -1.0), high=min(interval.high, 1.0))


def _shortfall(interval: Interval, lead: float) -> Interval:
    """The interval of (lead - value)."""
    if interval.low is None or interval.high is None:
        return interval
    above = None
    if interval.above is not None:
        p = interval.above

        def above(x: float) -> float:
            return 1 - p(lead - x)

    return replace(interval, low=lead - interval.high, high=lead - interval.low, above=above)
