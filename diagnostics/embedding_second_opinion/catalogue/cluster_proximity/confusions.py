"""Which classes are taken for which, more often than chance would have it?

A query is lost to the class of its nearest negative when that negative is as near as its nearest
positive or nearer. Under the null a lost query falls to any enrolled row of another class alike, so
that of L lost queries of class a, b takes Binomial(L, n_b / (N - n_a)). What is tested is the number
of different rows of b that win: one row with a wrong label beats many queries and says nothing of
where the classes lie. Over all ordered pairs of classes the false discovery rate is held by
Benjamini & Hochberg (J. R. Stat. Soc. B 1995).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import binom

from embedding_second_opinion.data.arrays import Bools, Ints, Reals
from embedding_second_opinion.geometry.passes.rank_results import Ranks
from embedding_second_opinion.stats.intervals import Interval, share_interval
from embedding_second_opinion.stats.surface import anchor_counts

FALSE_DISCOVERIES = 0.05


@dataclass(frozen=True, eq=False)
class Confusions:
    """Ordered pairs of classes with at least one query lost, by the number lost, most first.

    own, rival: (m,) classes of the gallery (positions in ``ranks.class_ids``). lost: (m,) queries
    of ``own`` lost to ``rival``; winners: (m,) rows of ``rival`` that they are lost to. q_value:
    (m,) smallest false discovery rate at which the pair stands out. stands_out: (m,) whether that
    is at most FALSE_DISCOVERIES.
    total: queries lost in all. anchors: queries looked up.
    """

    own: Ints
    rival: Ints
    lost: Ints
    winners: Ints
    q_value: Reals
    stands_out: Bools
    total: int
    anchors: int


def confusions(ranks: Ranks, winner: Ints) -> Confusions:
    """Count the pairs and test them.

    winner: (q,) class (position in ``ranks.class_ids``) of each query's nearest negative.
    """
    k = ranks.classes
    lost = ranks.anchors[ranks.z[ranks.anchors] > 0]
    pair = ranks.codes[lost] * k + winner[lost]
    pairs, counts = np.unique(pair, return_counts=True)
    own, rival = pairs // k, pairs % k
    duels = np.unique(np.stack([pair, ranks.nearest_negative[lost]]), axis=1)
    winners = np.unique(duels[0], return_counts=True)[1]
    by_class = np.bincount(ranks.codes[lost], minlength=k)
    sizes = ranks.gallery_sizes
    chance = sizes[rival] / (sizes.sum() - sizes[own])
    p = binom.sf(winners - 1, by_class[own], chance)
    # Every ordered pair whose first class has lost a query is a test; the others cannot stand out.
    tests = int((by_class > 0).sum()) * (k - 1)
    q = _benjamini_hochberg(p, tests)
    order = np.lexsort((pairs, -counts))
    return Confusions(
        own=own[order],
        rival=rival[order],
        lost=counts[order].astype(np.int64),
        winners=winners[order].astype(np.int64),
        q_value=q[order],
        stands_out=q[order] <= FALSE_DISCOVERIES,
        total=len(lost),
        anchors=len(ranks.anchors),
    )


def near_loss(ranks: Ranks, near: Bools, expected: Reals) -> tuple[float, Interval]:
    """Share of queries lost to classes that lie too near, beyond what chance would put there.

    near: (q,) whether the class of the query's nearest negative lies near its own. expected: (q,)
    share of the enrolled rows of other classes that lie in near classes: where all classes are
    near one another, to be lost to a near one says nothing. Not below 0.

    The class jackknife deletes a class with its queries and saves those that it alone beat. Where
    hardly any query is lost so, the upper end is a bound over classes, but never more than what
    may be lost in all.
    """
    lost = np.zeros(len(ranks.codes))
    lost[ranks.anchors] = ranks.z[ranks.anchors] > 0
    value, interval = _share(ranks, lost * (near - expected))
    _, whole = _share(ranks, lost)
    if interval.high is None or whole.high is None or whole.high >= interval.high:
        return value, interval
    method = f"{interval.method}; at most what is lost in all: {whole.method}"
    return value, replace(interval, high=max(whole.high, value), method=method)


def _share(ranks: Ranks, lost: Reals) -> tuple[float, Interval]:
    """Mean over anchors of ``lost``, of which deleting a query's only beater makes 0."""
    counts = anchor_counts(ranks)
    units = int(np.count_nonzero(counts))
    own = np.bincount(ranks.codes, weights=lost, minlength=ranks.classes)
    alone = ranks.sole >= 0
    saved = np.bincount(ranks.sole[alone], weights=lost[alone], minlength=ranks.classes)
    left = np.where(counts < len(ranks.anchors), len(ranks.anchors) - counts, np.nan)
    value = max(0.0, float(lost.sum() / len(ranks.anchors)))
    without = np.maximum((lost.sum() - own - saved) / left, 0)
    return value, share_interval(value, without, units)


def _benjamini_hochberg(p: Reals, tests: int) -> Reals:
    """Adjusted p-values of the ``len(p)`` smallest of ``tests``; the rest are taken to be 1."""
    order = np.argsort(p, kind="stable")
    scaled = p[order] * tests / np.arange(1, len(p) + 1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum.accumulate(scaled[::-1])[::-1]
    return np.minimum(adjusted, 1.0)
