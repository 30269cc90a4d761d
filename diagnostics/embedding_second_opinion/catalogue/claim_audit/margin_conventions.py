"""What would a triplet accuracy be if the margin had entered it? With the user's margin only."""

from __future__ import annotations

from typing import Literal

import numpy as np

from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.row_keys import row_keys

from .claimed import COVERED
from .conventions import Convention
from .kernel_margins import by_margin

MOST_ANCHORS = 5_000

# In the order of the pass: code, label, what gives the claim, and whether it is a fault.
ASKED: tuple[tuple[str, str, str, Literal["other number", "fault"]], ...] = (
    ("margin_kept", "Margin kept", "counting the triplets that keep the margin", "other number"),
    (
        "margin_missed",
        "Margin on the wrong side",
        "letting a triplet pass that is wrong by less than the margin",
        "fault",
    ),
    (
        "margin_kept_squared",
        "Margin kept, squared distances",
        "counting the triplets that keep the margin in the squared distance",
        "other number",
    ),
    (
        "margin_missed_squared",
        "Margin on the wrong side, squared distances",
        "letting a triplet pass that is wrong by less than the margin in the squared distance",
        "fault",
    ),
)


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
    found = []
    for (code, label, gives, kind), share, reach in zip(
        ASKED, shares.tolist(), around.tolist(), strict=True
    ):
        found.append(
            Convention(
                code=f"triplets_{code}",
                label=label,
                gives=gives,
                value=share,
                low=max(0.0, share - reach),
                high=min(1.0, share + reach),
                about=about,
                kind=kind,
                drawn=True,
            )
        )
    return found
