"""The estimators keep scikit-learn's promises, do what their papers say, and survive a file."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import skops.io
from sklearn.base import clone
from sklearn.covariance import LedoitWolf
from sklearn.datasets import load_iris, load_wine
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

import embedding_second_opinion as so
from embedding_second_opinion.data.embeddings import EmbeddingSet, InputError
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.remedy.estimators import CslsNearest, EditedNearest, WithinWhitening
from embedding_second_opinion.remedy.kinds import BY_KEY, REMEDIES
from embedding_second_opinion.remedy.nearest import RejectingNearest, UncontradictedNearest
from embedding_second_opinion.remedy.store import load_remedy, save_remedy
from embedding_second_opinion.samples.planted import planted


@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(
    [WithinWhitening(), EditedNearest(), CslsNearest(), UncontradictedNearest(), RejectingNearest()]
)
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


def test_whitening_makes_classes_round():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(40), 200)
    wide = np.array([5.0, 1.0, 0.2])
    rows = rng.standard_normal((40, 3))[labels] + wide * rng.standard_normal((8000, 3))
    model = WithinWhitening().fit(rows, labels)
    off = rows - np.array([rows[labels == c].mean(axis=0) for c in range(40)])[labels]
    covariance = LedoitWolf(assume_centered=True).fit(off).covariance_
    assert model.components_.T @ covariance @ model.components_ == pytest.approx(
        np.eye(3), abs=1e-9
    )
    white = model.transform(rows)
    inside = white - np.array([white[labels == c].mean(axis=0) for c in range(40)])[labels]
    assert inside.std(axis=0) == pytest.approx(np.ones(3), abs=0.1)


def test_copies_of_two_classes_go_and_those_that_most_agree_on_stay():
    rng = np.random.default_rng(3)
    labels = np.repeat(np.arange(30), 4)
    rows = 3 * rng.standard_normal((30, 5))[labels] + rng.standard_normal((120, 5))
    near = 1e-3 * rng.standard_normal((6, 5))
    X = np.vstack([rows, rows[[0, 4, 8, 12, 12, 16]] + near])
    y = np.concatenate([labels, [9, 9, 2, 3, 9, 4]])
    # 0 and 4: one against one. 8: its own class again. 12: two of class 3 against one of class 9.
    gone = [0, 120, 4, 121, 124]
    model = UncontradictedNearest().fit(X, y)
    assert np.flatnonzero(~model.kept_).tolist() == sorted(gone)
    asked = 3 * rng.standard_normal((50, 5))
    rest = np.setdiff1d(np.arange(len(X)), gone)
    assert np.array_equal(
        model.predict(asked), KNeighborsClassifier(1).fit(X[rest], y[rest]).predict(asked)
    )
    order = rng.permutation(len(X))
    again = UncontradictedNearest().fit(X[order], y[order])
    assert np.array_equal(again.kept_, model.kept_[order])


def test_a_class_of_contradicted_copies_only_keeps_its_rows():
    X = np.array([[0.0], [0.0], [5.0], [6.0], [20.0], [21.0]])
    model = UncontradictedNearest().fit(X, ["a", "b", "b", "b", "c", "c"])
    assert model.kept_.tolist() == [True, False, True, True, True, True]


def test_whoever_is_far_is_unknown():
    X, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    asked = X[::3] + 0.3
    model = RejectingNearest(threshold=0.5).fit(X[1::3], names[1::3])
    far = np.linalg.norm(asked[:, None] - X[1::3][None], axis=2)
    told = np.where(far.min(axis=1) > 0.5, "unknown", names[1::3][far.argmin(axis=1)])
    assert np.array_equal(model.predict(asked), told)
    assert {"unknown", "setosa"} <= set(told)
    with pytest.raises(ValueError, match="'setosa' is one of the classes"):
        RejectingNearest(outlier_label="setosa").fit(X, names)


def test_edited_drops_what_most_neighbours_contradict():
    X, y = load_wine(return_X_y=True)
    kept = EditedNearest(n_neighbors=3).fit(X, y).kept_
    for i in range(len(X)):
        d = np.linalg.norm(X - X[i], axis=1)
        d[i] = np.inf
        near = np.argsort(d, kind="stable")[:3]
        if len(np.unique(np.sort(d)[:4])) == 4:  # without ties
            assert kept[i] == ((y[near] == y[i]).mean() >= 0.5)
    told = EditedNearest(n_neighbors=3).fit(X, y).predict(X)
    assert np.array_equal(told, KNeighborsClassifier(1).fit(X[kept], y[kept]).predict(X))


def test_csls_is_its_formula():
    X, y = load_iris(return_X_y=True)
    X = X + np.random.default_rng(0).normal(0, 1e-6, X.shape)
    gallery, queries = X[::2], X[1::2]
    own = cosine_similarity(gallery)
    np.fill_diagonal(own, -np.inf)
    hub = np.sort(own, axis=1)[:, -10:].mean(axis=1)
    best = (2 * cosine_similarity(queries, gallery) - hub).argmax(axis=1)
    assert np.array_equal(CslsNearest().fit(gallery, y[::2]).predict(queries), y[::2][best])


@pytest.mark.parametrize("remedy", REMEDIES, ids=lambda r: r.key)
def test_a_file_gives_the_same_answers_and_holds_no_pickle(remedy, tmp_path):
    X, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    fitted = clone(remedy.make()).fit(X, names)
    save_remedy(fitted, tmp_path / "remedy.skops")
    assert [p.name for p in tmp_path.iterdir()] == ["remedy.skops"]
    with pytest.raises(pickle.UnpicklingError):
        pickle.loads((tmp_path / "remedy.skops").read_bytes())  # noqa: S301
    again = load_remedy(tmp_path / "remedy.skops")
    ask = "transform" if remedy.transforms else "predict"
    assert np.array_equal(getattr(again, ask)(X), getattr(fitted, ask)(X))


def test_files_that_are_none_are_refused_in_a_sentence(tmp_path):
    (tmp_path / "text").write_text("hello")
    skops.io.dump({"a": 1}, tmp_path / "dictionary")
    for path, words in (
        (tmp_path / "absent", "is no file"),
        (tmp_path / "text", "is no remedy"),
        (tmp_path / "dictionary", "holds a dict"),
    ):
        with pytest.raises(InputError, match=words):
            load_remedy(path)
    with pytest.raises(InputError, match="is no folder"):
        save_remedy(BY_KEY["cosine"].make(), tmp_path / "no" / "where")


def test_a_type_that_is_not_ours_is_not_loaded(tmp_path):
    from fractions import Fraction

    skops.io.dump(Fraction(1, 2), tmp_path / "x")
    with pytest.raises(InputError, match="types that no remedy has"):
        load_remedy(tmp_path / "x")


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(skops.io, "dumps", lambda remedy: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        save_remedy(BY_KEY["cosine"].make(), tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_fit_remedy_answers_with_class_names():
    space = Geometry(planted("healthy_split", 1))
    data = space.evaluation.data
    model = so.fit_remedy(space, "centroid")
    told = model.predict(data.vectors[space.evaluation.queries].astype(np.float64))
    own = np.array(data.classes)[data.codes[space.evaluation.queries]]
    assert (told == own).mean() > 0.95
    assert so.fit_remedy(space, "whitened").transform(data.vectors).shape == data.vectors.shape


def test_fit_remedy_refuses_in_a_sentence():
    space = Geometry(planted("healthy_split", 1))
    with pytest.raises(InputError, match="there is no remedy 'magic'; there are cosine"):
        so.fit_remedy(space, "magic")
    with pytest.raises(InputError, match="distances alone"):
        so.fit_remedy(Geometry.from_distances(np.ones((4, 4)) - np.eye(4), [0, 0, 1, 1]), "cosine")
    lone = EmbeddingSet.from_arrays(np.ones((4, 3)), [0, 0, 1, 1])
    with pytest.raises(InputError, match="cannot be fitted on these rows"):
        so.fit_remedy(Geometry(lone), "whitened")
