"""What would a triplet accuracy be if the margin had entered it? With the user's margin only."""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.row_keys import row_keys

from .claimed import COVERED
from .conventions import Convention
from .kernel_margins import by_margin
from .words import called

MOST_ANCHORS = 5_000

CODES = ("kept", "missed", "kept_squared", "missed_squared")  # in the order of the pass


def margin_conventions(space: Geometry, margin: float) -> list[Convention]:
    """A pass of its own, over at most ``MOST_ANCHORS`` anchors; empty where there are distances only."""
    if not space.has_vectors:
        return []
    codes = space.codes
    sizes = np.bincount(codes)
    anchors = np.flatnonzero((sizes[codes] > 1) & (sizes[codes] < len(codes)))
    every = len(anchors)
    if not every:
        return []
    if every > MOST_ANCHORS:
        keys = row_keys(space.points[anchors], space.rng("claim audit: anchors by margin"))
        anchors = np.sort(anchors[np.argsort(keys, kind="stable")[:MOST_ANCHORS]])
    passed, triplets = by_margin(
        space.points, codes, anchors, margin, cosine=space.metric == "cosine"
    )
    each = passed / triplets[:, None]
    shares = each.mean(axis=0)
    # Anchors are drawn from few: the error of a mean without replacement.
    left = 1 - len(anchors) / every
    around = COVERED * np.sqrt(left / len(anchors)) * each.std(axis=0)
    about = f"all triplets of {number(len(anchors), 'row')}, with the margin {margin:g}"
    ends = np.maximum(shares - around, 0.0), np.minimum(shares + around, 1.0)
    return [
        called(f"triplets_margin_{code}", share, about, (low, high), drawn=True)
        for code, share, low, high in zip(
            CODES, shares.tolist(), *(end.tolist() for end in ends), strict=True
        )
    ]
