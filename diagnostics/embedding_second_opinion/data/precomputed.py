"""What if there are distances only? A matrix of queries by gallery, checked and arranged."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .embeddings import FloatMatrix, InputError, class_names
from .roles import Evaluation


def given_distances(
    distances: ArrayLike, labels: ArrayLike, gallery_labels: ArrayLike | None, name: str
) -> tuple[Evaluation, FloatMatrix]:
    """Who is looked up in what, and the (q, g) matrix as floats. See ``Geometry.from_distances``.

    Raises InputError for a wrong shape, or values that are not finite.
    """
    matrix = np.asarray(distances)
    if matrix.ndim != 2 or 0 in matrix.shape or matrix.dtype.kind not in "fiu":
        raise InputError(
            f"distances must be numbers, queries x gallery; these are {matrix.dtype} of shape {matrix.shape}."
        )
    bad = np.flatnonzero(~np.isfinite(matrix).all(axis=1))
    if len(bad):
        raise InputError(
            f"distances must be finite; {len(bad)} of {len(matrix)} rows are not (first: row {bad[0]})."
        )
    q, g = matrix.shape
    if gallery_labels is None and q != g:
        raise InputError(
            f"distances of one set to itself must be square; these are {q} x {g}. "
            "Pass gallery_labels for the columns."
        )
    names = [class_names(labels, q)]
    if gallery_labels is not None:
        names.append(class_names(gallery_labels, g, "gallery labels"))
    classes, codes = np.unique(np.concatenate(names), return_inverse=True)
    enrolled = None if gallery_labels is None else np.arange(q, q + g)
    queries, strangers = np.arange(q), np.zeros(0, dtype=np.int64)
    if enrolled is not None:
        known = np.isin(codes[:q], codes[q:])
        queries, strangers = np.flatnonzero(known), np.flatnonzero(~known)
    evaluation = Evaluation(
        codes=codes.astype(np.int64),
        classes=tuple(classes.tolist()),
        queries=queries,
        gallery=enrolled,
        strangers=strangers,
        exclusions=(),
        query_name="given" if enrolled is not None else "all rows",
        gallery_name="given" if enrolled is not None else "all rows",
        name=name,
        data=None,
        notes=(),
    )
    return evaluation, matrix if matrix.dtype == np.float32 else matrix.astype(np.float64)
