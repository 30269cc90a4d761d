"""What does a change gain, where every row is right, wrong, or turned about? Interval of a mean gain."""

from __future__ import annotations

import numpy as np
from scipy.stats import beta, t

from embedding_second_opinion.data.arrays import Ints, Reals

from .intervals import FEWEST_CLASSES, LEVEL, TAIL, Interval, difference_interval, few_classes


def gain_interval(
    values: Reals, codes: Ints, without: Reals | None = None, pairs: float = 0.0
) -> Interval:
    """Of the mean of ``values``: paired class jackknife, or a bound where next to no class differs.

    values: (n,) after less before, of rows whose classes are ``codes``. without: (K,) the mean without each
    class, where a class that goes changes other rows too; else its own rows go. pairs: what such a
    jackknife meets twice, see ``share_interval``.
    """
    units = len(np.unique(codes))
    if units < FEWEST_CLASSES:
        return few_classes(units)
    gaining, losing = (len(np.unique(codes[side])) for side in (values > 0, values < 0))
    if gaining + losing <= 1:
        # At most so many of the classes to come gain (or lose), each of them on all of its rows.
        high, low = (float(beta.ppf(LEVEL, x + 1, units - x)) for x in (gaining, losing))
        words = f"rule of three over {units} classes, of which {gaining} gain and {losing} lose"
        return Interval(-low, high, words, unresolved=True)
    left = means_without(values, codes) if without is None else without
    return difference_interval(float(values.mean()), left, units, pairs)


def over_queries(values: Reals) -> Interval:
    """Of the mean of ``values`` for few classes with a gallery: these classes, new queries.

    values: (q,) after less before, not all alike; given the gallery the queries are independent.
    """
    n, value = len(values), float(values.mean())
    error = float(np.std(values, ddof=1) / np.sqrt(n))
    reach = float(t.ppf(1 - TAIL, n - 1)) * error

    def above(x: float) -> float:
        return float(t.sf((value - x) / error, n - 1))

    words = f"paired t over {n:,} queries: these classes, new samples"
    # Two shares are at most 100 points apart.
    return Interval(max(value - reach, -1.0), min(value + reach, 1.0), words, "query", above=above)


def means_without(values: Reals, codes: Ints) -> Reals:
    """(K,) the mean without the rows of each class."""
    own = np.unique(codes, return_inverse=True)[1]
    counts, sums = np.bincount(own), np.bincount(own, weights=values)
    left = len(values) - counts
    return np.asarray((values.sum() - sums) / np.where(left > 0, left, np.nan))
