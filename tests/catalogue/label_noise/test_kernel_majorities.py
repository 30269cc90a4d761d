"""Majorities against a count of the votes, with classes really taken away."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from embedding_second_opinion.catalogue.label_noise.kernel_majorities import majorities


def counted(codes, distances, k, gone):
    """Class with more than half of the votes, its votes, all votes; by collections.Counter."""
    left = [(d, c) for d, c in zip(distances, codes, strict=True) if c >= 0 and c not in gone]
    if not left:
        return -1, 0, 0
    reach = left[min(k, len(left)) - 1][0]
    votes = [c for d, c in left if d <= reach]
    winner, count = Counter(votes).most_common(1)[0]
    return (winner, count, len(votes)) if 2 * count > max(len(votes), k) else (-1, 0, len(votes))


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("k", [3, 4, 10])
def test_against_a_count_of_the_votes(k, ties):
    rng = np.random.default_rng(k)
    codes = rng.choice(6, (300, 25), p=[0.5, 0.2, 0.1, 0.1, 0.05, 0.05])
    distances = np.sort(rng.integers(0, 15, (300, 25)) if ties else rng.random((300, 25)), axis=1)
    distances = distances.astype(np.float64)
    codes[:20, 20:] = -1
    groups = np.array([0, 1, 1, 2, 3, 3])
    found = majorities(codes, distances, k, groups, 4, enrolled=25)
    for i in range(300):
        for g in range(5):
            gone = np.flatnonzero(groups == g)
            winner, count, total = counted(codes[i], distances[i], k, gone)
            assert found.holder[g, i] == winner
        assert (found.votes[i], found.voters[i]) == (count, total)
    assert (found.holder[-1] >= 0).sum() > 50
    assert (found.holder[:-1] != found.holder[-1]).any()


def test_a_tie_that_may_go_on_beyond_the_list_is_nobodys():
    codes, distances = np.zeros((1, 8), dtype=np.int64), np.ones((1, 8))
    groups = np.arange(1)
    assert majorities(codes, distances, 3, groups, 1, enrolled=8).holder[-1, 0] == 0
    assert majorities(codes, distances, 3, groups, 1, enrolled=9).holder[-1, 0] == -1


def test_missing_neighbours_vote_for_nobody():
    codes = np.array([[0, 0, -1, -1]])
    distances = np.array([[1.0, 2.0, np.nan, np.nan]])
    assert majorities(codes, distances, 5, np.arange(1), 1, enrolled=4).holder[-1, 0] == -1
    assert majorities(codes, distances, 3, np.arange(1), 1, enrolled=4).holder[-1, 0] == 0
