"""Which fixes are tried, in which order of cost, and what does each ask of whoever takes it?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler

from .estimators import CslsNearest, EditedNearest, WithinWhitening
from .nearest import RejectingNearest, UncontradictedNearest

LINEAR_WORK = 1e8  # rows x columns x classes up to which a layer is trained in seconds
MEETS_ITSELF = ("uncontradicted", "edited", "csls")  # the gallery is compared with itself to fit
ALL_PAIRS_WORK = 1e10  # rows x rows x columns, up to which a gallery meets itself in seconds


@dataclass(frozen=True)
class Remedy:
    """A fix. transforms: it changes the vectors and the search stays; else it answers itself.

    key: of its estimates. name: in a sentence. cost: what it asks, in words. make: unfitted. dtype: that it
    is fitted in; what is trained by gradients takes half as long in single precision.
    """

    key: str
    name: str
    cost: str
    make: Callable[[], BaseEstimator]
    transforms: bool
    dtype: type[np.floating] = np.float64


REMEDIES = (
    Remedy("cosine", "cosine", "one division a vector", Normalizer, True),
    Remedy(
        "centred_cosine",
        "centring, then cosine",
        "d numbers kept",
        lambda: make_pipeline(StandardScaler(with_std=False), Normalizer()),
        True,
    ),
    Remedy("scaled", "scaled columns", "2 d numbers kept", StandardScaler, True),
    Remedy("centroid", "the nearest class mean", "one row a class is kept", NearestCentroid, False),
    Remedy(
        "vote",
        "a vote of the five nearest",
        "five answers are read instead of one",
        lambda: KNeighborsClassifier(n_neighbors=5, weights="distance", algorithm="brute"),
        False,
    ),
    Remedy(
        "uncontradicted",
        "dropping copies that contradict each other",
        "a pass over the gallery, again when it grows; the copies are worth a look before they go",
        UncontradictedNearest,
        False,
    ),
    Remedy(
        "edited",
        "dropping rows that their neighbours contradict",
        "a pass over the gallery, again when it grows; suspects are worth a look before they go",
        EditedNearest,
        False,
    ),
    Remedy(
        "whitened",
        "whitening within classes",
        "d x d numbers; labels to fit",
        WithinWhitening,
        True,
    ),
    Remedy(
        "lda",
        "linear discriminant analysis",
        "up to d x d numbers; labels to fit",
        LinearDiscriminantAnalysis,
        True,
    ),
    Remedy("csls", "CSLS", "one number a gallery row, anew when it grows", CslsNearest, False),
    Remedy(
        "linear",
        "a linear classification layer",
        "d numbers a class, trained with labels; a new class means training again",
        lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=300)),
        False,
        np.float32,
    ),
)
BY_KEY = {remedy.key: remedy for remedy in REMEDIES}
# Not one of those: it answers for strangers, and among the known it can only lose.
REJECTING = Remedy(
    "rejecting",
    "turning away whoever is far",
    "one number, fitted anew with every model and gallery; some of the known are turned away",
    RejectingNearest,
    False,
)


def too_much(remedy: Remedy, rows: int, columns: int, classes: int) -> str:
    """Why this one is not tried on so much, as a clause; "" where it is."""
    if remedy.key == "linear" and rows * columns * classes > LINEAR_WORK:
        return f"training a layer of {classes:,} classes on {rows:,} rows takes too long here"
    if remedy.key in MEETS_ITSELF and rows * rows * columns > ALL_PAIRS_WORK:
        return f"comparing {rows:,} enrolled rows with each other takes too long here"
    return ""
