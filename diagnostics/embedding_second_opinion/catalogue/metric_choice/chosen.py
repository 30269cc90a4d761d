"""What does the best of several metrics gain, when the queries it was chosen on do not judge it?

The classes are dealt into two halves; each half is judged by the metric that gained most on the other,
so that none is praised for luck on the queries that chose it. Many deals are averaged, or the
number would be one deal's. The choices are taken as fixed when a class is deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from embedding_second_opinion.data.arrays import Bools, Ints, Keys, Reals
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.stats import gains
from embedding_second_opinion.stats.intervals import FEWEST_CLASSES, Interval, no_interval

from .other_metric import Paired, without_each

DEALS = 20


@dataclass(frozen=True, eq=False)
class Chosen:
    """The gain of metrics chosen on other classes, and how often each was chosen, of ``2 * DEALS``."""

    value: float
    interval: Interval
    times: Mapping[str, int]


def chosen(
    parts: Mapping[str, Paired], keys: Keys, rng: np.random.Generator, alone: bool
) -> Chosen:
    """Cross-fitted gain of the best of these metrics; keys: (K,) one a class, whatever it is called.

    alone: leave-one-out, so that few classes have no interval. Raises ValueError for no metric.
    """
    first = next(iter(parts.values()))
    present = np.unique(first.codes)
    # Dealt in the order of the keys, so that names and the order of the rows do not matter.
    order = present[np.argsort(keys[present], kind="stable")]
    of_class = [np.bincount(p.codes, p.values, p.classes) for p in parts.values()]
    sums = np.array(of_class)
    weights = np.zeros((len(parts), first.classes))
    picked = np.zeros(len(parts), dtype=np.int64)
    for half in _halves(order, first.classes, rng):
        for part in (half, ~half):
            # Ties: the first listed, which is the simpler metric.
            best = int(np.argmax(sums[:, ~part].sum(axis=1)))
            weights[best, part] += 1 / DEALS
            picked[best] += 1
    each = [(p, w[p.codes]) for p, w in zip(parts.values(), weights, strict=True)]
    values = np.sum([p.values * w for p, w in each], axis=0)
    interval = gain_interval(values, each, alone)
    if interval.low is not None and len(parts) > 1:
        how = f"{interval.method}; chosen on half of the classes and measured on the other, {DEALS} deals"
        interval = replace(interval, method=how)
    return Chosen(float(values.mean()), interval, dict(zip(parts, picked.tolist(), strict=True)))


def gain_interval(values: Reals, parts: list[tuple[Paired, Reals]], alone: bool) -> Interval:
    """Of the mean of ``values``, as in ``stats.gains``; alone: see ``chosen``."""
    codes = parts[0][0].codes
    if len(np.unique(codes)) < FEWEST_CLASSES and not alone:
        if not np.ptp(values) > 0:
            return no_interval(f"{number(len(values), 'query')} all of which say the same", "query")
        return gains.over_queries(values)
    return gains.gain_interval(values, codes, without_each(values, parts))


def _halves(order: Ints, classes: int, rng: np.random.Generator) -> list[Bools]:
    """``DEALS`` halves of the classes, each a mask over all of them."""
    halves = []
    for _ in range(DEALS):
        half = np.zeros(classes, dtype=np.bool_)
        half[order[rng.permutation(len(order))[: len(order) // 2]]] = True
        halves.append(half)
    return halves
