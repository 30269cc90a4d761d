"""Handwritten digits, raw pixels: ten classes of several modes, low triplet accuracy, fine 1-NN."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits

from embedding_second_opinion.data.embeddings import EmbeddingSet


def digits() -> EmbeddingSet:
    """1,797 images of 8 x 8 pixels with values 0 to 16 (UCI, shipped with scikit-learn)."""
    pixels, labels = load_digits(return_X_y=True)
    images = np.round(255 - pixels.reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    return EmbeddingSet.from_arrays(pixels, labels, images=images, name="digits")
