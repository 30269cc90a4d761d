"""What would a right metric give? On generated sets in which each query has one positive."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from .posed import Posed

Kind = Literal["recall", "precision", "r_precision", "map_at_r", "triplet", "other"]
KINDS: tuple[str, ...] = get_args(Kind)
WITH_K = ("recall", "precision", "other")


def right_value(posed: Posed, kind: Kind, k: int) -> float:
    """The value of the metric from all distances, a tie counting as an error.

    With one positive a query, in place p among the enrolled rows, recall@k is [p <= k] (as the hit rate and
    as the share of all positives), precision@k [p <= k] / k, R-precision and MAP@R [p = 1], and the triplet
    accuracy the share of negatives behind it. Queries without a positive are left out.
    """
    distances = posed.distances
    enrolled = posed.labels if posed.gallery_labels is None else posed.gallery_labels
    positive = posed.labels[:, None] == enrolled[None, :]
    negative = ~positive
    if posed.gallery is None:
        np.fill_diagonal(positive, False)  # by index: a copy is at distance 0 too
    queries = positive.any(axis=1)
    distances, positive, negative = distances[queries], positive[queries], negative[queries]
    nearest = np.where(positive, distances, np.inf).min(axis=1)
    before = (negative & (distances <= nearest[:, None])).sum(axis=1)
    if kind == "triplet":
        return float(1 - (before / negative.sum(axis=1)).mean())
    looked_at = k if kind in WITH_K else 1
    found = float((before < looked_at).mean())
    return found / looked_at if kind == "precision" else found


def by_chance(posed: Posed, kind: Kind, k: int) -> float:
    """What the metric may give where the order of rows is drawn by lot; half, where its kind is not known."""
    if kind in ("triplet", "other"):
        return 0.5
    return (k if kind == "recall" else 1) / posed.pool
