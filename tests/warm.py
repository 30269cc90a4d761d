"""Compile what is compiled once and kept: two workers that start cold would each compile all of it.

``python -m tests.warm single`` and ``double``, a core each, run every diagnostic on small sets of each kind
that the library tells apart. What they miss is compiled where it is first called, as ever, and so are the
maps, of which nothing can be kept; nothing is judged here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Literal

import numpy as np

from embedding_second_opinion.catalogue import registry
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Believed, Inputs
from embedding_second_opinion.samples.planted import planted, planted_inputs

Precision = Literal["single", "double"]

LABELS = np.repeat(np.arange(24), 8)


def spaces(precision: Precision) -> Iterator[Geometry]:
    """Among themselves and split, with groups, strangers and distances alone."""
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((24, 6))[LABELS] + 0.7 * rng.standard_normal((len(LABELS), 6))
    far = np.linalg.norm(vectors[:, None] - vectors[None], axis=-1)
    split = np.tile(["train", "test"], len(LABELS) // 2)
    stranger = np.where(LABELS < 4, "test", split)
    groups = np.arange(len(LABELS)) % 3
    scale = 1.0 if precision == "single" else 1e30  # beyond what single precision holds
    for columns in ({}, {"split": split}, {"split": stranger}, {"groups": groups}):
        yield Geometry(EmbeddingSet.from_arrays(scale * vectors, LABELS, **columns))
    if precision == "single":
        yield Geometry(EmbeddingSet.from_arrays(vectors, LABELS, split=split), metric="cosine")
    yield Geometry.from_distances(far.astype(precision), LABELS)


def main(precision: Precision) -> None:
    """Every diagnostic, where nobody listens."""
    given = Inputs(claim=Believed(value=0.9), map_points=0)
    for space in spaces(precision):
        for code in registry.codes():
            registry.run_one(code, space, given)
    if precision == "double":
        return
    for name, code in (
        ("mined_inverted", "mining_audit"),
        ("overfit_log", "training_curves"),
        ("untrained", "controls"),
        ("lenient_ties_claim", "claim_audit"),
    ):
        registry.run_one(code, Geometry(planted(name)), planted_inputs(name))


if __name__ == "__main__":
    main("single" if "single" in sys.argv else "double")
