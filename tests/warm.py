"""Compile what is compiled once and kept: two workers that start cold would each compile all of it.

``python -m tests.warm`` runs every diagnostic on small sets of each kind that the library tells apart. What
it misses is compiled where it is first called, as ever; nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from embedding_second_opinion.catalogue import registry
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Believed, Inputs
from embedding_second_opinion.samples.planted import planted, planted_inputs

LABELS = np.repeat(np.arange(24), 8)


def spaces() -> Iterator[Geometry]:
    """Among themselves and split, with groups, strangers and distances alone, in both precisions."""
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((24, 6))[LABELS] + 0.7 * rng.standard_normal((len(LABELS), 6))
    split = np.tile(["train", "test"], len(LABELS) // 2)
    stranger = np.where(LABELS < 4, "test", split)
    groups = np.arange(len(LABELS)) % 3
    for columns in ({}, {"split": split}, {"split": stranger}, {"groups": groups}):
        for scale in (1.0, 1e30):
            yield Geometry(EmbeddingSet.from_arrays(scale * vectors, LABELS, **columns))
    yield Geometry(EmbeddingSet.from_arrays(vectors, LABELS, split=split), metric="cosine")
    far = np.linalg.norm(vectors[:, None] - vectors[None], axis=-1)
    for kind in (np.float32, np.float64):
        yield Geometry.from_distances(far.astype(kind), LABELS)


def main() -> None:
    """Every diagnostic, where nobody listens."""
    given = Inputs(claim=Believed(value=0.9), map_points=0)
    for place, space in enumerate(spaces()):
        for code in registry.codes():
            registry.run_one(
                code, space, given.model_copy(update={"map_points": 60 * (place == 0)})
            )
    for name, code in (
        ("mined_inverted", "mining_audit"),
        ("overfit_log", "training_curves"),
        ("untrained", "controls"),
        ("lenient_ties_claim", "claim_audit"),
    ):
        registry.run_one(code, Geometry(planted(name)), planted_inputs(name))


if __name__ == "__main__":
    main()
