"""Which fixes does scikit-learn lack? Whitening within classes, an edited gallery, and CSLS.

They follow its conventions (fit, transform, predict, get_params), so that they stand in a Pipeline.
Arrays are (n, d) of finite numbers, labels (n,) of any type.
"""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.covariance import ledoit_wolf
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from embedding_second_opinion.data.arrays import Bools, Reals

Labels = NDArray[np.generic]
BLOCK = 1024  # rows whose similarities to the gallery are held at once


class WithinWhitening(TransformerMixin, BaseEstimator):
    """Turns and stretches the space so that a class is as wide in every direction.

    The covariance is that of rows about their class mean, shrunk by Ledoit and Wolf (Journal of
    Multivariate Analysis 2004): directions in which rows of one class differ count less (RCA: Shental,
    Hertz, Weinshall & Pavel, ECCV 2002).
    """

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Needs two rows of some class; raises ValueError where no class varies."""
        rows, labels = validate_data(self, X, y, dtype=np.float64)
        _, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
        sums = np.zeros((len(counts), rows.shape[1]))
        np.add.at(sums, codes, rows)
        off = (rows - sums[codes] / counts[codes][:, None])[counts[codes] > 1]
        size = float(np.abs(off).max(initial=0.0))
        if not size > 0:
            raise ValueError(
                "nothing to whiten: no two rows of a class differ, or each has 1 sample."
            )
        covariance, _ = ledoit_wolf(off / size, assume_centered=True)
        variances, axes = np.linalg.eigh(covariance)
        least = len(variances) * np.finfo(np.float64).eps * variances[-1]
        self.components_: Reals = axes / np.sqrt(np.maximum(variances, least)) / size
        self.mean_: Reals = rows.mean(axis=0)
        return self

    def transform(self, X: ArrayLike) -> Reals:
        """(n, d) rows, whitened."""
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        return np.asarray((rows - self.mean_) @ self.components_)


class KeptNearest(ClassifierMixin, BaseEstimator):
    """The nearest row of a gallery from which some rows were dropped: what such searches share."""

    def _enrol(self, rows: Reals, labels: Labels, kept: Bools) -> Self:
        """A class keeps its rows if all would go."""
        self.classes_ = np.unique(labels)
        for label in np.setdiff1d(self.classes_, labels[kept]):
            kept |= labels == label
        self.kept_: Bools = kept
        nearest = KNeighborsClassifier(n_neighbors=1, algorithm="brute")
        self.nearest_ = nearest.fit(rows[kept], labels[kept])
        return self

    def predict(self, X: ArrayLike) -> Labels:
        """(n,) classes."""
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        return np.asarray(self.nearest_.predict(rows))


class EditedNearest(KeptNearest):
    """The nearest row of a gallery without the rows that most of their neighbours contradict.

    Wilson, IEEE Transactions on Systems, Man and Cybernetics 1972: a row is dropped where more than half
    of its ``n_neighbors`` nearest others are of another class. A class keeps its rows if all would go.
    """

    def __init__(self, n_neighbors: int = 5) -> None:
        self.n_neighbors = n_neighbors

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """``kept_``: (n,) whether each row stays in the gallery."""
        rows, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        k = min(self.n_neighbors, len(rows) - 1)
        kept = np.ones(len(rows), dtype=np.bool_)
        if k > 0:
            finder = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(rows)
            near = finder.kneighbors(return_distance=False)
            kept = (labels[near] == labels[:, None]).mean(axis=1) >= 0.5
        return self._enrol(rows, labels, kept)


class CslsNearest(ClassifierMixin, BaseEstimator):
    """The nearest row by cosine, less how near each row is to everyone (CSLS).

    Conneau, Lample, Ranzato, Denoyer & Jégou, ICLR 2018: twice the cosine less the mean cosine of the
    gallery row to its ``n_neighbors`` nearest others, so that hubs win less often. The query's own term
    changes no order and is left out.
    """

    def __init__(self, n_neighbors: int = 10) -> None:
        self.n_neighbors = n_neighbors

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Keeps the gallery at unit length; a row of zeros has no direction and is near to nobody."""
        rows, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        self.classes_ = np.unique(labels)
        self.labels_ = labels
        self.gallery_: Reals = _unit(rows)
        k = min(self.n_neighbors, len(rows) - 1)
        density = np.zeros(len(rows))
        for start in range(0, len(rows) if k > 0 else 0, BLOCK):
            part = self.gallery_[start : start + BLOCK] @ self.gallery_.T
            part[np.arange(len(part)), start + np.arange(len(part))] = -np.inf
            density[start : start + BLOCK] = np.partition(part, -k, axis=1)[:, -k:].mean(axis=1)
        self.density_: Reals = density
        return self

    def predict(self, X: ArrayLike) -> Labels:
        """(n,) classes."""
        check_is_fitted(self)
        rows = _unit(validate_data(self, X, dtype=np.float64, reset=False))
        best = [
            np.argmax(2 * rows[start : start + BLOCK] @ self.gallery_.T - self.density_, axis=1)
            for start in range(0, len(rows), BLOCK)
        ]
        return np.asarray(self.labels_[np.concatenate(best)])


def _unit(rows: Reals) -> Reals:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(length > 0, length, 1.0))
