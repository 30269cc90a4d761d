"""Three models of the same samples: an old one, a better new one, and another that is as good as the old."""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.data.embeddings import EmbeddingSet

# Noise of a row about its class. What a sample looks like is the same for all models, and makes half of it.
NOISE = {"old": 0.66, "new": 0.60, "other": 0.66}


def paired_model(name: str, seed: int = 0) -> EmbeddingSet:
    """150 classes of 10, train and test, as one of the three models embeds them.

    name: a key of ``NOISE``; KeyError for another. The same seed gives the same samples to all three.
    """
    noise = NOISE[name]
    samples = np.random.default_rng(seed)
    own = np.random.default_rng([seed, list(NOISE).index(name) + 1])
    labels = np.repeat(np.arange(150), 10)
    centres = samples.standard_normal((150, 16))
    hard = samples.standard_normal((len(labels), 16))
    vectors = centres[labels] + noise * (hard + own.standard_normal(hard.shape)) / np.sqrt(2)
    split = np.where(np.arange(len(labels)) % 2 == 0, "train", "test")
    return EmbeddingSet.from_arrays(vectors, labels, split=split, name=name)
