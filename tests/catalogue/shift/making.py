"""Sets with a known shift between gallery and queries."""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry


def shifted(
    seed, length=0.0, classes=20, sizes=(5, 4), d=6, noise=0.5, vary=0.0, own=0.0, **options
):
    """``length``: of the shift along the first axis; ``vary``: how much it differs from query to
    query; ``own``: standard deviation of a shift of each class's own."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), sum(sizes))
    split = np.tile(np.repeat(["train", "test"], sizes), classes)
    vectors = rng.standard_normal((classes, d))[labels]
    vectors = vectors + noise * rng.standard_normal((len(labels), d))
    far = length * (1 + vary * rng.standard_normal(len(labels)))
    move = own * rng.standard_normal((classes, d))[labels]
    move[:, 0] += far
    vectors = vectors + np.where((split == "test")[:, None], move, 0.0)
    data = EmbeddingSet.from_arrays(vectors, labels, split=split)
    return Geometry(data, seed=seed, **options)
