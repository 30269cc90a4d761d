"""How well are the rows of one part told apart among themselves, with a set number of rows a class?

A class of few rows is harder to find, and so is one among many classes. Two parts are
therefore compared with the same rows a class: every query has as many positives on either side, and
as many negatives where the classes are the same. Draws are averaged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals, Rows
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.rank_results import Ranks
from embedding_second_opinion.geometry.passes.row_keys import drawn, row_keys
from embedding_second_opinion.stats import jackknife, surface

DRAWS = 5  # at most
WORK = 20_000  # rows looked up over all draws of a part, beyond which one draw must do


@dataclass(frozen=True, eq=False)
class Part:
    """Rows of one part, each looked up in the others of its part; the mean over draws.

    take: (K,) rows of each class; class_ids: (K,) its number in the evaluation.
    triplet, closed: accuracies; curve: (G,) A_id at ``grid`` identities. ``*_without``: their
    delete-one values, (K,) and (K, G). recall: (K,) share of each class's rows recognised.
    """

    name: str
    take: Ints
    class_ids: Ints
    draws: int
    triplet: float
    triplet_without: Reals
    closed: float
    closed_without: Reals
    grid: Ints
    curve: Reals
    curve_without: Reals
    recall: Reals

    @property
    def rows(self) -> int:
        """Rows of one draw."""
        return int(self.take.sum())

    @property
    def classes(self) -> int:
        """K."""
        return len(self.take)


def part(space: Geometry, rows: Rows, take: Ints, name: str) -> Part:
    """The mean over draws of ``take[c]`` of these rows from each class c of the evaluation.

    take: 0 leaves a class out; else at least 2 and at most what there is. At least two classes.
    """
    data = space.evaluation.data
    assert data is not None
    codes = space.evaluation.codes[rows]
    kept = np.flatnonzero(take)
    sizes = np.bincount(codes, minlength=len(take))
    whole = bool((sizes[kept] == take[kept]).all())
    draws = 1 if whole else int(np.clip(WORK // take.sum(), 1, DRAWS))
    found: list[Ranks] = []
    for i in range(draws):
        rng = space.rng(f"generalisation gap, {name}: draw {i}")
        chosen = drawn(row_keys(data.vectors[rows], rng), codes, take)
        found.append(_ranks(space, rows[chosen], name))

    def mean(of: Callable[[Ranks], Reals]) -> Reals:
        return np.asarray(np.mean([of(ranks) for ranks in found], axis=0))

    return Part(
        name=name,
        take=take[kept],
        class_ids=kept,
        draws=draws,
        triplet=float(np.mean([surface.triplet_accuracy(ranks) for ranks in found])),
        triplet_without=mean(jackknife.triplet_without),
        closed=float(np.mean([surface.closed_set_accuracy(ranks) for ranks in found])),
        closed_without=mean(jackknife.closed_set_without),
        grid=found[0].id_grid,
        curve=snapped(mean(surface.identity_curve)),
        curve_without=snapped(mean(jackknife.identity_without)),
        recall=mean(surface.class_recall),
    )


def _ranks(space: Geometry, rows: Rows, name: str) -> Ranks:
    # Every query among all queries is a pass that others want too: it is made once.
    every = np.array_equal(rows, space.evaluation.queries)
    within = space.within if every else None
    return space.among(rows, name).ranks if within is None else within


def snapped(share: Reals) -> Reals:
    """Rounding of the chances must not hide that everything is right, or wrong."""
    return np.where(share > 1 - 1e-12, 1.0, np.where(share < 1e-12, 0.0, share))


def paired_sizes(first: Ints, second: Ints) -> Ints:
    """(K,) rows that both parts have of each class; 0 where one has fewer than two."""
    both = np.minimum(first, second)
    return np.where(both >= 2, both, 0)


def equal_size(first: Ints, second: Ints) -> int:
    """Rows a class for two parts of different classes: as many as four in five of either have.

    0 where one part has fewer than two classes of two rows.
    """
    sides = [sizes[sizes >= 2] for sizes in (first, second)]
    if min(len(side) for side in sides) < 2:
        return 0
    return int(min(np.sort(side)[len(side) // 5] for side in sides))
