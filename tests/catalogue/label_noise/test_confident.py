"""Confident learning against cleanlab, on the same probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from cleanlab.count import compute_confident_joint, get_confident_thresholds

from embedding_second_opinion.catalogue.label_noise.confident import confident, shares
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples.planted import planted


def doubted(name, seed=0, k=10):
    space = Geometry(planted(name, seed))
    near = space.neighbors(50)
    codes = space.codes[near.rows]
    found = shares(codes, near.distances, k)
    classes = len(space.evaluation.classes)
    table = np.zeros((len(codes), classes))
    # Of classes with as many votes cleanlab takes the first by number, we the one with the nearest row.
    place = np.arange(len(found.row)) - np.searchsorted(found.row, found.row)
    table[found.row, found.code] = found.share - 1e-9 * place
    return found, space.codes, classes, table


@pytest.mark.parametrize("name", ["wrong_labels", "look_alikes", "collapsed", "healthy"])
def test_against_cleanlab(name):
    found, labels, classes, table = doubted(name)
    joint, rows = compute_confident_joint(
        labels, table, calibrate=False, return_indices_of_off_diagonals=True
    )
    seen = confident(found, labels, classes)
    assert np.flatnonzero(seen.doubted).tolist() == rows.tolist()
    counted = np.zeros((classes, classes), dtype=int)
    sure = seen.guess >= 0
    np.add.at(counted, (labels[sure], seen.guess[sure]), 1)
    np.fill_diagonal(counted, counted.diagonal().clip(min=1))
    assert (counted == joint).all()
    weights = np.bincount(labels, minlength=classes) / joint.sum(axis=1)
    calibrated = joint * weights[:, None]
    share = 1 - calibrated.diagonal().sum() / calibrated.sum()
    assert seen.share == pytest.approx(share, abs=1e-9)
    assert (get_confident_thresholds(labels, table) > 0).all()


def test_shares_sum_to_one_and_ties_with_the_last_vote_count():
    found, labels, _, table = doubted("binarised", k=5)
    assert table.sum(axis=1) == pytest.approx(np.ones(len(labels)), abs=1e-6)
    space = Geometry(planted("binarised"))
    near = space.neighbors(50)
    row = int(np.argmax((near.distances <= near.distances[:, 4:5]).sum(axis=1)))
    tied = near.rows[row][near.distances[row] <= near.distances[row, 4]]
    mine = found.row == row
    expected = np.bincount(space.codes[tied], minlength=160) / len(tied)
    assert len(tied) > 5
    assert found.share[mine] == pytest.approx(expected[found.code[mine]])
