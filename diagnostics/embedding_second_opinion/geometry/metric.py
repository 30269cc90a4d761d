"""What does the metric see? The vectors as they are, or their directions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from embedding_second_opinion.data.embeddings import InputError
from embedding_second_opinion.data.roles import Evaluation

if TYPE_CHECKING:  # who only asks whether a metric will do need not wait for the passes
    from embedding_second_opinion.data.arrays import Floats

Metric = Literal["euclidean", "cosine", "given"]


def prepared(evaluation: Evaluation, metric: Metric) -> Floats | None:
    """(n, d) vectors as the metric sees them: as given, or of unit length in float64 under cosine.

    None where there are distances only. Raises InputError for an unknown metric, and for rows of
    length zero that take part under cosine.
    """
    check_metric(evaluation, metric)
    data = evaluation.data
    if data is None:
        return None
    if metric == "euclidean":
        return data.vectors
    # float64: rounding unit vectors to float32 would move angles that differ by less.
    vectors = data.vectors.astype(np.float64)
    # The largest entry first, or the squares of very long and very short rows leave float64's range.
    peaks = np.abs(vectors).max(axis=1, keepdims=True)
    peaks[peaks == 0] = 1  # rows that take no part stay zero
    vectors /= peaks
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    lengths[lengths == 0] = 1
    vectors /= lengths
    vectors.setflags(write=False)
    return vectors


def check_metric(evaluation: Evaluation, metric: Metric) -> None:
    """Raise InputError where this metric will not do for these rows; see ``prepared``."""
    if metric not in ("euclidean", "cosine"):
        raise InputError(f"metric must be 'euclidean' or 'cosine'; it is {metric!r}.")
    data = evaluation.data
    if data is None or metric == "euclidean":
        return
    taking_part = np.concatenate([evaluation.queries, evaluation.enrolled, evaluation.strangers])
    zero = np.intersect1d(np.flatnonzero(~data.vectors.any(axis=1)), taking_part)
    if len(zero):
        raise InputError(
            f"vectors must not be zero under the cosine metric; {len(zero)} of {data.n} rows are "
            f"(first: row {zero[0]}). Drop them, or use --metric euclidean."
        )
