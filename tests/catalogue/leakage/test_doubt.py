"""Doubt falls on rows that may be copies, and on next to nobody else."""

from __future__ import annotations

import numpy as np
import pytest

from embedding_second_opinion.catalogue.leakage.doubt import doubtful
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry
from tests import verdicts
from tests.planting import HEALTHY


def doubts(vectors, labels, threshold=0.0, metric="euclidean"):
    space = Geometry(EmbeddingSet.from_arrays(vectors, labels), metric=metric)
    return doubtful(space, space.neighbors(50), threshold)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_noisy_copies_are_doubtful_and_the_others_are_not(metric):
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(30), 10)
    vectors = rng.standard_normal((30, 16))[labels] + rng.standard_normal((300, 16))
    copied = np.arange(0, 300, 4)
    both = np.vstack([vectors, vectors[copied] + 0.01 * rng.standard_normal((75, 16))])
    found = doubts(both, np.append(labels, labels[copied]), metric=metric)
    true = np.append(copied, np.arange(300, 375))
    assert len(np.setdiff1d(found, true)) == 0
    assert len(found) > 0.9 * len(true)


def test_classes_of_one_picture_are_doubtful():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(20), 8)
    vectors = rng.standard_normal((20, 6))[labels] + 1e-4 * rng.standard_normal((160, 6))
    assert len(doubts(vectors, labels)) == 160
    assert len(doubts(vectors, labels, threshold=1.0)) == 0  # all known to be copies


@pytest.mark.parametrize("d", [1, 2, 8, 64])
def test_rows_drawn_at_random_are_not(d):
    rng = np.random.default_rng(d)
    labels = np.repeat(np.arange(100), 12)
    vectors = rng.standard_normal((100, d))[labels] + 0.5 * rng.standard_normal((1200, d))
    assert len(doubts(vectors, labels)) <= 2


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_sets_raise_no_doubt(name):
    space = verdicts.space(name)
    assert len(doubtful(space, space.neighbors(50), 0.0)) == 0
