"""Values that others have published, from the passes: nearest neighbours in two dimensions."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier, NeighborhoodComponentsAnalysis
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.geometry.geometry import Geometry


@pytest.mark.parametrize(
    ("reducer", "published"),
    [
        (PCA(n_components=2, random_state=0), 0.52),
        (LinearDiscriminantAnalysis(n_components=2), 0.66),
        (NeighborhoodComponentsAnalysis(n_components=2, random_state=0), 0.70),
    ],
    ids=["PCA", "LDA", "NCA"],
)
def test_three_neighbours_of_digits_in_two_dimensions(reducer, published):
    """scikit-learn's example "Dimensionality Reduction with Neighborhood Components Analysis"."""
    x, y = load_digits(return_X_y=True)
    halves = train_test_split(x, y, test_size=0.5, stratify=y, random_state=0)
    seen, asked, seen_labels, asked_labels = halves
    model = make_pipeline(StandardScaler(), reducer).fit(seen, seen_labels)
    plane = np.concatenate([model.transform(seen), model.transform(asked)])
    labels = np.concatenate([seen_labels, asked_labels])
    split = np.repeat(["train", "test"], [len(seen), len(asked)])
    space = Geometry(arrange(EmbeddingSet.from_arrays(plane, labels, split=split)))
    votes = space.evaluation.codes[space.neighbors(3).rows]
    answers = np.array([np.bincount(three).argmax() for three in votes])
    right = answers == space.codes
    assert round(float(right.mean()), 2) == published
    library = KNeighborsClassifier(3).fit(plane[split == "train"], seen_labels)
    assert right.mean() == pytest.approx(
        library.score(plane[split == "test"], asked_labels), abs=3e-3
    )
