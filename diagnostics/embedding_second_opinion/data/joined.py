"""How do two files become one set, the one looked up in the other?"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .embeddings import EmbeddingSet, InputError
from .roles import repeated


def joined(queries: EmbeddingSet, gallery: EmbeddingSet, data: str, where: str) -> EmbeddingSet:
    """Both sets as one, told apart by its split; groups and images where both have them.

    data, where: the paths of the two, for messages. Raises InputError for other dimensions, and where
    every row would find itself.
    """
    if queries.d != gallery.d:
        raise InputError(
            f"{data} has {queries.d} dimensions and the gallery {where} has {gallery.d}. "
            "Embed both with the same model."
        )
    if repeated(queries.vectors, gallery.vectors) == queries.n:
        more = f" among its {gallery.n:,}" if gallery.n > queries.n else ""
        raise InputError(
            f"the gallery {where} has the same {queries.n:,} vectors as {data}{more}, so every row "
            "would find itself. Leave out --gallery to look each row up in all others."
        )
    notes = [*queries.notes, *(note for note in gallery.notes if note not in queries.notes)]
    for one, path in ((queries, data), (gallery, where)):
        if one.split is not None:
            notes.append(f"The split column of {Path(path).name} is not used beside --gallery.")
    groups = images = None
    if queries.groups is not None and gallery.groups is not None:
        groups = np.concatenate([queries.groups, gallery.groups])
    pictures = [one.images for one in (queries, gallery) if one.images is not None]
    if len(pictures) == 2 and pictures[0].shape[1:] == pictures[1].shape[1:]:
        images = np.concatenate(pictures)
    names = [np.array(one.classes, dtype=np.str_)[one.codes] for one in (queries, gallery)]
    return EmbeddingSet.from_arrays(
        np.concatenate([queries.vectors, gallery.vectors]),
        np.concatenate(names),
        split=np.repeat(["query", "gallery"], [queries.n, gallery.n]),
        groups=groups,
        images=images,
        name=queries.name,
        notes=notes,
    )
