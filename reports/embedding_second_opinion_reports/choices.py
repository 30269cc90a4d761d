"""Which words may an option be given?"""

from __future__ import annotations

from enum import StrEnum


class Metric(StrEnum):
    """How distances are measured."""

    EUCLIDEAN = "euclidean"
    COSINE = "cosine"


class ClaimedMetric(StrEnum):
    """What the believed number was a share of."""

    TRIPLET = "triplet"
    CLOSED_SET = "closed-set"
    PAIR = "pair"
    OTHER = "other"


class ClaimedSplit(StrEnum):
    """Whose rows it was measured on."""

    QUERY = "query"
    GALLERY = "gallery"
