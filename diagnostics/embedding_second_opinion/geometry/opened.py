"""Is this a geometry, or can one be made of it without a guess?"""

from __future__ import annotations

from pathlib import Path

from embedding_second_opinion.data.embeddings import EmbeddingSet, InputError
from embedding_second_opinion.data.roles import Evaluation

from .geometry import Geometry


def opened(subject: object, call: str) -> Geometry:
    """A Geometry as it is; an EmbeddingSet or an Evaluation under its defaults (euclidean, seed 0).

    call: how the user's line begins, "so.checks.hubness". Raises InputError for anything else, with
    the line that works.
    """
    if isinstance(subject, Geometry):
        return subject
    if isinstance(subject, EmbeddingSet | Evaluation):
        return Geometry(subject)
    if isinstance(subject, str | Path):
        way = f"{call}(so.load({str(subject)[:80]!r}))"
    else:
        way = f"{call}(so.EmbeddingSet.from_arrays(X, y))"
    kind, module = type(subject).__name__, type(subject).__module__.partition(".")[0]
    name = kind if module == "builtins" else f"{module} {kind}"
    raise InputError(
        f"{call} takes an EmbeddingSet, an Evaluation or a Geometry, and was given a {name}; write {way}."
    )
