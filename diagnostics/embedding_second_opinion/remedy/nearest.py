"""Which searches answer otherwise: without copies that contradict each other, or with "unknown"?

They follow scikit-learn's conventions, as ``embedding_second_opinion.remedy.estimators`` does.
"""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.neighbors import NearestNeighbors
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from embedding_second_opinion.data.arrays import Bools

from .estimators import KeptNearest, Labels

LOOKED_AT = 5  # nearest others of a row that may be copies of it


class UncontradictedNearest(KeptNearest):
    """The nearest row of a gallery without copies that contradict each other.

    Rows nearer than ``share`` of the median distance of a row to its nearest other are copies of one thing,
    and so are copies of copies. Of these the rows of the most frequent class stay, and none where two
    classes are as frequent. A class keeps its rows if all would go.
    """

    def __init__(self, share: float = 0.05) -> None:
        self.share = share

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """``kept_``: (n,) whether each row stays in the gallery."""
        rows, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        codes = np.unique(labels, return_inverse=True)[1]
        n, k = len(rows), min(LOOKED_AT, len(rows) - 1)
        kept = np.ones(n, dtype=np.bool_)
        if k > 0:
            finder = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(rows)
            far, near = finder.kneighbors()
            copy = far <= self.share * float(np.median(far[:, 0]))
            pairs = (np.repeat(np.arange(n), k)[copy.ravel()], near[copy])
            graph = coo_array((np.ones(len(pairs[0])), pairs), shape=(n, n))
            kept = _frequent(connected_components(graph, directed=False)[1], codes)
        return self._enrol(rows, labels, kept)


class RejectingNearest(ClassifierMixin, BaseEstimator):
    """The nearest row, or ``outlier_label`` where it is farther than ``threshold``.

    The threshold is calibrated elsewhere, on rows that are not in the gallery; infinite: nobody is turned
    away. outlier_label: of the type of the labels.
    """

    def __init__(self, threshold: float = np.inf, outlier_label: str | int = "unknown") -> None:
        self.threshold = threshold
        self.outlier_label = outlier_label

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Enrols rows. Raises ValueError where the label of outliers is one of the classes."""
        rows, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        self.classes_ = np.unique(labels)
        if self.outlier_label in self.classes_.tolist():
            raise ValueError(f"outlier_label {self.outlier_label!r} is one of the classes.")
        self.labels_ = labels
        self.finder_ = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(rows)
        return self

    def predict(self, X: ArrayLike) -> Labels:
        """(n,) classes, or the label of outliers."""
        check_is_fitted(self)
        far, near = self.finder_.kneighbors(
            validate_data(self, X, dtype=np.float64, reset=False), n_neighbors=1
        )
        found = self.labels_[near[:, 0]]
        out = far[:, 0] > self.threshold
        if not out.any():
            return np.asarray(found)
        return np.where(out, np.asarray(self.outlier_label), found)


def _frequent(groups: NDArray[np.int32], codes: NDArray[np.intp]) -> Bools:
    """(n,) whether a row is of the one class that its group holds most rows of."""
    keys = groups.astype(np.int64) * (int(codes.max()) + 1) + codes
    found, at, counts = np.unique(keys, return_inverse=True, return_counts=True)
    of = found // (int(codes.max()) + 1)
    most = np.zeros(int(groups.max()) + 1, dtype=np.int64)
    np.maximum.at(most, of, counts)
    top = counts == most[of]
    alone = np.bincount(of[top], minlength=len(most)) == 1
    return np.asarray((top & alone[of])[at])
