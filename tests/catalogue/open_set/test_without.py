"""Delete-one values against classes that are really deleted, strangers and validation rows included."""

from __future__ import annotations

import numpy as np
import pytest

from embedding_second_opinion.catalogue.open_set.known_and_strange import rehearsed, sides
from embedding_second_opinion.catalogue.open_set.without import (
    NUMBERS,
    Pools,
    conformal_rank,
    let_in_alone,
    numbers,
    shares_without,
    without_enrolled,
    without_strangers,
)
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.geometry.geometry import Geometry


def small(seed, *, split, validation=False):
    """12 classes of 3 enrolled rows, so that fifty neighbours are all there are; 6 classes of strangers."""
    rng = np.random.default_rng(seed)
    kinds = ["train"] * 3 + ["test"] * 4 + (["val"] * 2 if validation else [])
    if not split:
        kinds = ["test"] * 4
    labels = np.repeat(np.arange(18 if split else 12), len(kinds))
    names = np.tile(kinds, len(labels) // len(kinds))
    keep = (labels < 12) | (names == "test")
    labels, names = labels[keep], names[keep]
    vectors = rng.standard_normal((18, 3))[labels] + 0.5 * rng.standard_normal((len(labels), 3))
    return vectors, labels, names if split else None


def space_of(vectors, labels, split):
    return Geometry(arrange(EmbeddingSet.from_arrays(vectors, labels, split=split)))


def without(made, name):
    vectors, labels, split = made
    keep = labels != name
    return space_of(vectors[keep], labels[keep], None if split is None else split[keep])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("validation", [False, True])
def test_with_true_strangers(seed, validation):
    made = small(seed, split=True, validation=validation)
    space = space_of(*made)
    seen = sides(space)
    assert not seen.rehearsal
    assert (seen.fitted is seen.known) == (not validation)
    pools = Pools.of(seen)
    enrolled = without_enrolled(seen, pools, space.ranks.class_ids)
    strange = np.array([numbers(left) for left in without_strangers(seen, pools)])
    assert len(enrolled) == 12
    assert len(strange) == 6
    for name, found in enumerate([*enrolled, *strange]):
        truth = numbers(Pools.of(sides(without(made, name))))
        assert found == pytest.approx(truth, abs=1e-7), (name, NUMBERS)
    assert np.ptp(enrolled[:, 0]) > 0
    assert np.ptp(strange[:, 0]) > 0


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("split", [False, True])
def test_rehearsed(seed, split):
    made = small(seed, split=split)
    space = space_of(*made)
    seen = rehearsed(space, sides(space))
    found = without_enrolled(seen, Pools.of(seen), space.ranks.class_ids)
    for name in range(12):
        other = without(made, name)
        truth = numbers(Pools.of(rehearsed(other, sides(other))))
        assert found[name] == pytest.approx(truth, abs=1e-7), (name, NUMBERS)
    assert np.ptp(found[:, 0]) > 0


def test_shares_at_a_fixed_distance():
    made = small(0, split=True, validation=True)
    space = space_of(*made)
    seen = sides(space)
    x = float(np.median(seen.fitted.distance))
    found = shares_without(seen, Pools.of(seen), space.ranks.class_ids, x)
    for name in range(12):
        other = sides(without(made, name))
        truth = (
            np.mean(other.fitted.distance <= x),
            np.mean(other.strange.distance <= x),
            1 - np.mean((other.right > 0) & (other.known.distance <= x)),
        )
        assert found[name] == pytest.approx(truth, abs=1e-12)
    assert (np.ptp(found, axis=0) > 0).all()


def test_who_is_let_in_by_one_class_alone():
    made = small(1, split=True)
    near = sides(space_of(*made)).strange
    x = float(np.quantile(near.distance, 0.6))
    total = 0.0
    for own in range(12, 18):
        inside = near.distance[near.own == own] <= x
        for door in range(12):
            names = np.unique(made[1][made[1] != door])
            other = sides(without(made, door)).strange
            kept = other.distance[names[other.own] == own] <= x
            total += (np.count_nonzero(inside & ~kept) / len(near.rows)) ** 2
    assert let_in_alone(near, x) == pytest.approx(total, abs=1e-12)
    assert total > 0


def test_a_list_of_one_class_is_a_bound_and_is_counted():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(12), 60)
    vectors = 30 * rng.standard_normal((12, 4))[labels] + rng.standard_normal((720, 4))
    seen = sides(space_of(vectors, labels, None))
    # Fifty neighbours are of the own class: what is next is farther than the nearest other class.
    assert seen.strange.bounded == 720
    assert (seen.strange.beyond >= seen.strange.distance).all()
    assert np.isfinite(seen.strange.beyond).all()


@pytest.mark.parametrize("n", [19, 20, 60, 99, 100, 999])
def test_the_conformal_rank_keeps_its_promise(n):
    """Of n + 1 exchangeable distances the last exceeds the value at the rank in at most 5 of 100."""
    rank = conformal_rank(n)
    assert (n + 1 - rank) / (n + 1) <= 0.05 + 1e-12  # the chance that it does, without ties
    assert (n + 2 - rank) / (n + 1) > 0.05  # and no smaller rank keeps it
