"""Every map against scikit-learn and SciPy, fitted on the gallery alone; and what cannot be made says why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.covariance import LedoitWolf
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler, normalize

from embedding_second_opinion.catalogue.metric_choice import options
from embedding_second_opinion.catalogue.metric_choice.options import OPTIONS, Spaces, same_length
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples.planted import planted

BY_KEY = {option.key: option for option in OPTIONS}


def made(seed=0, classes=15, rows=8, d=6):
    """Columns of very different width and far from the origin, correlated; half of each class is test."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), rows)
    vectors = rng.standard_normal((classes, d))[labels] + 0.8 * rng.standard_normal(
        (len(labels), d)
    )
    vectors = vectors @ rng.standard_normal((d, d)) * np.geomspace(0.1, 10, d) + 5
    return vectors.astype(np.float32), labels, np.where(np.arange(len(labels)) % 2, "train", "test")


def by_hand(key, train, rows):
    """The vectors under a metric, as a user of scikit-learn makes them."""
    train, rows = train.astype(np.float64), rows.astype(np.float64)
    if key.startswith("centred"):
        rows = rows - train.mean(axis=0)
    if key.startswith("scaled"):
        rows = StandardScaler().fit(train).transform(rows)
    if key.startswith("whitened"):
        model = LedoitWolf().fit(train)
        rows = (rows - model.location_) @ np.linalg.cholesky(model.precision_)
    return normalize(rows) if key.endswith("cosine") else rows


@pytest.mark.parametrize("key", BY_KEY)
@pytest.mark.parametrize("split", [True, False])
def test_each_metric_answers_as_scikit_learn_does(key, split):
    vectors, labels, parts = made()
    data = EmbeddingSet.from_arrays(vectors, labels, split=parts if split else None)
    spaces = Spaces(Geometry(data))
    option = BY_KEY[key]
    space = spaces.under_use() if option is spaces.in_use else spaces.under(option).space
    train = parts == "train" if split else np.ones(len(labels), dtype=bool)
    rows = by_hand(key, vectors[train], vectors)
    if split:
        model = KNeighborsClassifier(1, algorithm="brute").fit(rows[train], labels[train])
        right = model.predict(rows[~train]) == labels[~train]
    else:
        distances = cdist(rows, rows)
        np.fill_diagonal(distances, np.inf)
        right = labels[distances.argmin(axis=1)] == labels
    assert space.ranks.right.tolist() == right.astype(float).tolist()


def test_whitening_is_the_mahalanobis_distance():
    vectors, _, _ = made(1)
    train = vectors[:80].astype(np.float64)
    found = options.whitened(train).of(vectors)
    peer = cdist(vectors, vectors, "mahalanobis", VI=LedoitWolf().fit(train).precision_)
    assert cdist(found, found) == pytest.approx(peer, rel=1e-6, abs=1e-6)
    shrunk = LedoitWolf().fit(train).covariance_
    values = np.linalg.eigvalsh(shrunk)
    assert options.whitened(train).widens == pytest.approx(np.sqrt(values.mean() / values.min()))


def test_scaling_is_the_standard_scaler():
    vectors, _, _ = made(2)
    vectors[:, 3] = 7
    train = vectors[:60].astype(np.float64)
    found = options.scaled(train)
    assert found.of(vectors) == pytest.approx(
        StandardScaler().fit(train).transform(vectors.astype(np.float64))
    )
    widths = train.std(axis=0)
    widths = widths[np.arange(6) != 3]  # the constant column is not widened
    assert found.widens == pytest.approx(np.sqrt((widths**2).sum() / 6) / widths.min(), rel=1e-6)


def test_centring_moves_no_euclidean_distance():
    vectors, _, _ = made(3)
    found = options.centred(vectors[:40].astype(np.float64)).of(vectors)
    assert found == pytest.approx(vectors - vectors[:40].mean(axis=0, dtype=np.float64))
    assert cdist(found, found) == pytest.approx(cdist(vectors, vectors))


def test_queries_have_no_part_in_a_map():
    vectors, labels, parts = made(4)
    moved = vectors.copy()
    moved[parts == "test"] *= 100
    for option in OPTIONS:
        both = [
            Spaces(Geometry(EmbeddingSet.from_arrays(v, labels, split=parts)))
            for v in (vectors, moved)
        ]
        if option.fit is not None:
            one, two = (s.under(option).space.enrolled_points for s in both)
            assert np.array_equal(one, two)


def test_vectors_of_one_length():
    rng = np.random.default_rng(0)
    unit = normalize(rng.standard_normal((500, 300))).astype(np.float32)
    assert same_length(unit)
    assert same_length(unit * np.float32(1.4231))
    assert not same_length(unit.astype(np.float16))
    assert not same_length(np.zeros((3, 2), dtype=np.float32))
    labels = np.repeat(np.arange(50), 10)
    for metric in ("euclidean", "cosine"):
        spaces = Spaces(Geometry(EmbeddingSet.from_arrays(unit, labels), metric=metric))
        same = [option for option in spaces.others if spaces.same_order(option)]
        assert [option.key for option in same] == [
            "cosine" if metric == "euclidean" else "euclidean"
        ]


@pytest.mark.parametrize("name", ["healthy", "healthy_split", "look_alikes", "lost_rows"])
def test_on_the_unit_sphere_cosine_and_euclidean_distance_give_the_same_answers(name):
    """The theorem that spares a pass, tried: both are looked up."""
    data = planted(name)
    one, two = (Geometry(data, metric=metric).ranks for metric in ("euclidean", "cosine"))
    assert np.array_equal(one.z, two.z)
    assert np.array_equal(one.nearest_positive, two.nearest_positive)


def test_what_cannot_be_made_says_why(monkeypatch):
    vectors, labels, parts = made(5)
    vectors[7] = 0
    spaces = Spaces(Geometry(EmbeddingSet.from_arrays(vectors, labels)))
    assert spaces.under(BY_KEY["cosine"]) == "1 of 120 rows have no direction (length zero)"
    same = Spaces(Geometry(EmbeddingSet.from_arrays(np.ones((120, 3)), labels)))
    assert "no column of the gallery varies" in same.under(BY_KEY["scaled"])
    assert "no column of the gallery varies" in same.under(BY_KEY["whitened"])
    assert "no direction" in same.under(BY_KEY["centred_cosine"])
    far = vectors * np.where(parts == "train", 1e-20, 1e20)[:, None]
    spaces = Spaces(Geometry(EmbeddingSet.from_arrays(far, labels, split=parts)))
    assert "overflow" in spaces.under(BY_KEY["scaled"])
    monkeypatch.setattr(options, "WIDEST", 5)
    assert options.whitened(vectors.astype(np.float64)).startswith("a covariance of 6 columns")


@pytest.mark.parametrize("split", [True, False])
def test_of_many_queries_some_are_looked_up_among_all_rows(monkeypatch, split):
    monkeypatch.setattr(options, "QUERIES", 30)
    monkeypatch.setattr(options, "FITTED", 50)
    vectors, labels, parts = made(6)
    data = EmbeddingSet.from_arrays(vectors, labels, split=parts if split else None)
    space = Geometry(data)
    spaces = Spaces(space)
    assert spaces.sampled
    assert len(spaces.queries) == 30
    assert len(spaces.fitted) == 50
    at = np.searchsorted(space.evaluation.queries, spaces.queries)
    used = spaces.under_use().ranks
    for name in ("z", "lost", "sole", "nearest_negative", "negatives"):
        assert np.array_equal(getattr(used, name), getattr(space.ranks, name)[at]), name
    order = np.random.default_rng(0).permutation(len(labels))
    other = Spaces(
        Geometry(replace(data, vectors=vectors[order], codes=data.codes[order],
                         split=None if data.split is None else data.split[order]))
    )  # fmt: skip
    assert np.array_equal(np.sort(order[other.queries]), spaces.queries)
    assert np.array_equal(np.sort(order[other.fitted]), spaces.fitted)
