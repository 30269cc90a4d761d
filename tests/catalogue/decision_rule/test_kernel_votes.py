"""Votes against scikit-learn's, and against a count by hand where ties decide."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from embedding_second_opinion.catalogue.decision_rule.kernel_votes import vote
from tests.catalogue.decision_rule.test_kernel_class_means import small


def listed(rows, codes, width=50):
    """Classes and distances of each row's neighbours, itself left out by index."""
    width = min(width, len(rows) - 1)
    distances, near = NearestNeighbors(n_neighbors=width, algorithm="brute").fit(rows).kneighbors()
    return codes[near], distances


@pytest.mark.parametrize("seed", range(3))
def test_against_scikit_learn_where_no_vote_is_a_tie(seed):
    rows, codes = small(seed, sizes=(9, 12, 15, 18), noise=1.2)
    classes, distances = listed(rows, codes)
    found = vote(classes, distances, codes, 5, len(rows) - 1)
    compared = 0
    for i in range(len(rows)):
        rest = np.arange(len(rows)) != i
        peer = KNeighborsClassifier(5, algorithm="brute").fit(rows[rest], codes[rest])
        shares = peer.predict_proba(rows[[i]])[0]
        assert found.confidence[i] == pytest.approx(shares.max())
        assert found.own[i] == pytest.approx(shares[codes[i]])
        assert found.squares[i] == pytest.approx((shares**2).sum())
        if (shares == shares.max()).sum() == 1:
            # Of classes with as many votes scikit-learn takes the first, we the nearest.
            assert found.right[i] == (shares.argmax() == codes[i])
            compared += 1
    assert compared > len(rows) / 2


def by_hand(classes, distances, own, gone, k=5):
    """(class, distance) lists; of classes with as many votes, the nearest."""
    left = [(c, d) for c, d in zip(classes, distances, strict=True) if c != gone]
    reach = left[:k][-1][1]
    voters = [(c, d) for c, d in left if d <= reach]
    votes = Counter(c for c, _ in voters)
    rank = {c: (-votes[c], min(d for v, d in voters if v == c)) for c in votes}
    return own in rank and all(rank[own] < rank[c] for c in votes if c != own)


@pytest.mark.parametrize("whole_numbers", [False, True], ids=["no ties", "ties"])
def test_without_each_class(whole_numbers):
    rows, codes = small(3, sizes=(2, 3, 3, 4, 5, 6, 6), noise=1.0)
    rows = rows.round() if whole_numbers else rows
    classes, distances = listed(rows, codes)
    distances = distances.round(12)
    found = vote(classes, distances, codes, 5, len(rows) - 1)
    changes = dict(
        zip(
            zip(found.changed.tolist(), found.deleted.tolist(), strict=True),
            found.change,
            strict=True,
        )
    )
    assert {-1.0, 1.0} <= set(changes.values())
    for i in range(len(rows)):
        assert found.right[i] == by_hand(classes[i], distances[i], codes[i], -1)
        for c in set(range(7)) - {int(codes[i])}:
            now = found.right[i] + changes.get((i, c), 0.0)
            assert now == by_hand(classes[i], distances[i], codes[i], c), (i, c)


def test_a_tie_that_may_go_on_beyond_the_list_is_an_error():
    classes, own = np.zeros((1, 8), dtype=np.int64), np.zeros(1, dtype=np.int64)
    distances = np.ones((1, 8))
    assert vote(classes, distances, own, 5, 8).right[0] == 1
    assert vote(classes, distances, own, 5, 100).right[0] == 0


def test_fewer_neighbours_than_votes():
    classes = np.array([[1, 0, -1, -1]])
    distances = np.array([[1.0, 2.0, np.nan, np.nan]])
    found = vote(classes, distances, np.array([1]), 5, 2)
    assert found.right[0] == 1
    assert found.confidence[0] == 0.5
    assert found.rival[0] == 0
