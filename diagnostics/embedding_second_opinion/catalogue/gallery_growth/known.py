"""How accurate is the model among at most the classes at hand? Exact, for every number of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.geometry.passes.rank_results import Beaten
from embedding_second_opinion.geometry.passes.ranks import identity_chances
from embedding_second_opinion.stats import jackknife, surface
from embedding_second_opinion.stats.intervals import Interval, share_interval


@dataclass(frozen=True, eq=False)
class Known:
    """The curve A_id of one evaluation. K classes, ``units`` of them with queries.

    grid: (G,) numbers of classes, 2 to K. curve: (G,) accuracy there. without: (K, G) the same with each
    class deleted, K then meaning all that are left.
    """

    ranks: Beaten
    grid: Ints
    curve: Reals
    without: Reals
    units: int

    @classmethod
    def of(cls, ranks: Beaten) -> Known:
        """Needs anchors and at least three classes."""
        return cls(
            ranks=ranks,
            grid=ranks.id_grid,
            curve=_snapped(surface.identity_curve(ranks)),
            without=_snapped(jackknife.identity_without(ranks)),
            units=int(np.count_nonzero(surface.anchor_counts(ranks))),
        )

    @property
    def classes(self) -> int:
        """K."""
        return self.ranks.classes

    @property
    def accuracy(self) -> float:
        """A_id(K), the closed-set accuracy."""
        return float(self.curve[-1])

    @property
    def queries(self) -> int:
        """Anchors."""
        return len(self.ranks.anchors)

    @cached_property
    def interval(self) -> Interval:
        """Of the accuracy at K."""
        return self.interval_at(self.classes)

    @property
    def ceiling(self) -> bool:
        """Whether everything is right, or would be without one class: no spread can be seen."""
        return self.accuracy >= 1 or float(self.without[:, -1].max()) >= 1

    def at(self, identities: int) -> float:
        """A_id at 2 to K classes, exact also between the points of the grid."""
        drawn = np.array([identities - 1])
        chances = identity_chances(self.classes - 1, drawn)[self.ranks.z[self.ranks.anchors], 0]
        return float(_snapped(chances.mean(keepdims=True))[0])

    def without_at(self, identities: int) -> Reals:
        """(K,) the same with each class deleted; between points of the grid, what a deletion changes is
        drawn straight over the logarithm of the number.
        """
        at, grid = np.log(identities), np.log(self.grid)
        i = int(np.clip(np.searchsorted(grid, at), 1, len(grid) - 1))
        share = (at - grid[i - 1]) / (grid[i] - grid[i - 1])
        change = self.without - self.curve
        found: Reals = self.at(identities) + (1 - share) * change[:, i - 1] + share * change[:, i]
        return found

    def interval_at(self, identities: int) -> Interval:
        """Of the accuracy at 2 to K classes."""
        # A class that alone beats a query is among those drawn with this chance.
        met = (identities - 1) / (self.classes - 1)
        pairs = jackknife.closed_set_pairs(self.ranks) * met**2
        return share_interval(
            self.at(identities), _snapped(self.without_at(identities)), self.units, pairs=pairs
        )


def _snapped(share: Reals) -> Reals:
    """Rounding of the chances must not hide that everything is right, or wrong."""
    return np.where(share > 1 - 1e-12, 1.0, np.where(share < 1e-12, 0.0, share))
