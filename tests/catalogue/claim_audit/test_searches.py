"""Every convention of a closed-set accuracy against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from embedding_second_opinion.catalogue.claim_audit.claimed import Reading
from embedding_second_opinion.catalogue.claim_audit.elsewhere import (
    other_rows,
    searches_elsewhere,
    triplets_elsewhere,
)
from embedding_second_opinion.catalogue.claim_audit.searches import (
    search_conventions,
    self_match,
    smaller_gallery,
)
from embedding_second_opinion.catalogue.claim_audit.strict import closed_set
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples.planted_claims import every_triplet


def made(seed=0, split=False):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(3, 9, 30)
    labels = np.repeat(np.arange(30), sizes)
    vectors = rng.standard_normal((30, 6))[labels] + 0.9 * rng.standard_normal((len(labels), 6))
    parts = np.where(np.arange(len(labels)) % 3 == 0, "test", "train") if split else None
    return EmbeddingSet.from_arrays(vectors, labels, split=parts)


def by_code(space):
    return {c.code: c for c in search_conventions(space)}


@pytest.mark.parametrize("seed", range(3))
def test_recall_macro_and_own_rows_leave_one_out(seed):
    data = made(seed)
    x, y = data.vectors.astype(np.float64), data.codes
    every = by_code(Geometry(data))
    finder = NearestNeighbors(n_neighbors=11, algorithm="brute").fit(x)
    _, others = finder.kneighbors(n_neighbors=10)  # each row's own left out
    hit = y[others] == y[:, None]
    assert closed_set(Geometry(data)).value == pytest.approx(hit[:, 0].mean())
    macro = balanced_accuracy_score(y, y[others[:, 0]])
    assert every["closed_set_class_mean"].value == pytest.approx(macro)
    # With its own row in the answers: a hit at once, or a place that is lost.
    _, answers = finder.kneighbors(x, n_neighbors=10)
    assert (answers[:, 0] == np.arange(len(x))).all()
    assert every["self_match"].value == (y[answers[:, 0]] == y).mean() == 1
    matches = (y[answers] == y[:, None]) & (answers != np.arange(len(x))[:, None])
    assert every["self_dropped_from_positives"].value == matches[:, 0].mean() == 0
    for k in (5, 10):
        assert every[f"recall_at_{k}"].value == pytest.approx(hit[:, :k].any(axis=1).mean())
        shifted = matches[:, :k].any(axis=1).mean()
        assert every[f"recall_at_{k}_self_first"].value == pytest.approx(shifted)


@pytest.mark.parametrize("seed", range(3))
def test_votes_and_the_gallery(seed):
    data = made(seed, split=True)
    space = Geometry(arrange(data))
    x, y = data.vectors.astype(np.float64), data.codes
    train, test = (np.flatnonzero(data.split == part) for part in ("train", "test"))
    every = by_code(space)
    vote = KNeighborsClassifier(5, algorithm="brute").fit(x[train], y[train])
    low, high = every["votes_of_five"].range
    assert low <= vote.score(x[test], y[test]) <= high
    nearest = KNeighborsClassifier(1, algorithm="brute").fit(x[train], y[train])
    assert closed_set(space).value == pytest.approx(nearest.score(x[test], y[test]))
    _, others = NearestNeighbors(n_neighbors=2, algorithm="brute").fit(x[test]).kneighbors()
    within = (y[test][others[:, 0]] == y[test]) & (np.bincount(y[test])[y[test]] > 1)
    has = np.bincount(y[test])[y[test]] > 1
    assert every["closed_set_within_queries"].value == pytest.approx(within[has].mean())
    # Rows that are enrolled, scored: what a user gets who never leaves the training set.
    assert nearest.score(x[train], y[train]) == every["self_match"].value
    own = KNeighborsClassifier(5, algorithm="brute").fit(x, y)
    low, high = by_code(Geometry(EmbeddingSet.from_arrays(x, y)))["votes_with_own_row"].range
    assert low <= own.score(x, y) <= high


def test_other_rows():
    data = made(1, split=True)
    found = other_rows(Geometry(arrange(data)))
    assert [name for name, _ in found.looked] == ["train rows", "all rows of the set"]
    assert found.skipped == ()
    x, y = data.vectors.astype(np.float64), data.codes
    triplets = {c.code: c for c in triplets_elsewhere(found)}
    searches = {c.code: c for c in searches_elsewhere(found)}
    for code, rows in (("of_train", data.split == "train"), ("of_all_rows", data.split != "")):
        value = every_triplet(x[rows], y[rows])
        assert triplets[f"triplets_{code}"].value == pytest.approx(value, abs=1e-12)
        near = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(x[rows]).kneighbors()[1]
        right = y[rows][near[:, 0]] == y[rows]
        paired = np.bincount(y[rows])[y[rows]] > 1
        assert searches[f"closed_set_{code}"].value == pytest.approx(right[paired].mean())


def test_other_rows_are_bounded(monkeypatch):
    from embedding_second_opinion.catalogue.claim_audit import elsewhere

    monkeypatch.setattr(elsewhere, "PAIRS", 120**2)
    found = elsewhere.other_rows(Geometry(arrange(made(1, split=True))))
    assert [name for name, _ in found.looked] == ["train rows"]
    assert found.skipped == ("all rows of the set among themselves (165), which would take long",)


def test_a_copy_under_another_class_opens_the_range_of_the_own_row():
    data = made(0)
    x = np.array(data.vectors)
    x[0] = x[-1]
    each = self_match(Geometry(EmbeddingSet.from_arrays(x, data.codes)).ranks, "these")
    assert each.range == (pytest.approx(1 - 2 / data.n), 1.0)


def test_how_many_classes_give_the_claim():
    space = Geometry(made(2))
    ranks, strict = space.ranks, closed_set(space).value
    y = space.codes

    def truth(g):  # brute: everything of g random classes enrolled, the query's own among them
        rng, x = np.random.default_rng(0), space.points.astype(np.float64)
        right = []
        for q in rng.choice(len(y), 1500):
            others = rng.choice(np.setdiff1d(np.arange(30), y[q]), g - 1, replace=False)
            rows = np.flatnonzero(np.isin(y, np.append(others, y[q])))
            rows = rows[rows != q]
            right.append(y[rows[np.linalg.norm(x[rows] - x[q], axis=1).argmin()]] == y[q])
        return float(np.mean(right))

    for g in (5, 12):
        each = smaller_gallery(ranks, Reading.of(round(truth(g), 3)), "these")
        assert abs(int(each.gives.split()[5]) - g) <= 2
    assert smaller_gallery(ranks, Reading.of(strict), "these") is None
    assert smaller_gallery(ranks, Reading.of(0.2), "these") is None
