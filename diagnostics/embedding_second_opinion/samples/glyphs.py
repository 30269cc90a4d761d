"""What does a network look like that logs 99 % and misclassifies? Characters, seen in many faces."""

from __future__ import annotations

from importlib import resources

import numpy as np

from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.training.glyph_images import character, render


def glyphs() -> EmbeddingSet:
    """588 letters and digits as identities, embedded by a small triplet network: 9,408 x 32.

    split: "train" (470 characters in the 8 faces trained on: the gallery), "test" (the same
    characters in 8 other faces) and "unknown" (118 characters never trained on, in all 16 faces:
    strangers). groups: the face. images: (9408, 24, 24), ink on white, the very pictures that the
    network saw.

    A validation loop logged 98.8 % of triplets. Many characters are look-alikes that no network
    can tell apart: Latin A, Greek Alpha and Cyrillic A. ``embedding_second_opinion.training.make_glyphs``
    made the set.
    """
    bundled = resources.files("embedding_second_opinion.samples") / "glyphs.npz"
    with bundled.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        labels, groups = arrays["labels"], arrays["groups"]
        # Drawn again, in half a second: packed, the noise alone would be ten times the embeddings.
        images = render(
            [character(name) for name in labels.tolist()],
            groups.tolist(),
            np.random.default_rng(int(arrays["render_seed"])),
        )
        return EmbeddingSet.from_arrays(
            arrays["embeddings"],
            labels,
            split=arrays["split"],
            groups=groups,
            images=images,
            name="glyphs",
        )
