"""The two-sample test: scikit-learn's AUC, discriminant and permutations; the null is uniform."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest
from sklearn.covariance import ledoit_wolf_shrinkage
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import PredefinedSplit, permutation_test_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from embedding_second_opinion.catalogue.shift import two_sample as module
from embedding_second_opinion.catalogue.shift.two_sample import two_sample
from embedding_second_opinion.catalogue.shift.two_sides import sides
from tests.catalogue.shift.making import shifted


def run(space, permutations=None, monkeypatch=None):
    if monkeypatch is not None:
        monkeypatch.setattr(module, "PERMUTATIONS", permutations)
    return two_sample(sides(space), space.rng("test"))


def centred(found):
    """Rows less the mean of their class, of gallery and queries alike."""
    rows = found.vectors[found.rows].astype(float)
    means = np.array([rows[found.codes == c].mean(axis=0) for c in range(found.classes)])
    return rows - means[found.codes]


@pytest.mark.parametrize("length", [0.0, 0.4, 1.5])
def test_against_the_discriminant_and_the_auc_of_scikit_learn(length, monkeypatch):
    space = shifted(2, length=length, classes=40)
    found = sides(space)
    test = run(space, 9, monkeypatch)
    x, fold = centred(found), found.fold[found.codes]
    shrinkage = ledoit_wolf_shrinkage(x, assume_centered=True)
    by_class = []
    for f in range(5):
        model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage)
        scores = model.fit(x[fold != f], found.query[fold != f]).decision_function(x)
        for c in np.flatnonzero(found.fold == f):
            own = found.codes == c
            by_class.append(roc_auc_score(found.query[own], scores[own]))
    # Theirs shrinks the scatter about the means of both parts, ours that about the class mean.
    assert test.auc == pytest.approx(np.mean(by_class), abs=0.01)


def test_every_class_against_the_auc_of_scikit_learn(monkeypatch):
    """The same scores, from the directions that are given out; with ties."""
    space = shifted(3, length=0.5)
    data = space.evaluation.data
    tied = np.round(2 * data.vectors)
    space = type(space)(type(data).from_arrays(tied, data.codes, split=data.split))
    found = sides(space)
    test = run(space, 9, monkeypatch)
    rows = found.vectors[found.rows].astype(float)
    order = np.argsort(found.place)
    for place, c in enumerate(order.tolist()):
        own = found.codes == c
        scores = np.round(rows[own] @ test.directions[found.fold[c]], 9)
        assert test.by_class[place] == pytest.approx(roc_auc_score(found.query[own], scores))
    assert test.auc == pytest.approx(test.by_class.mean())


def test_directions_have_unit_variance_within_classes(monkeypatch):
    space = shifted(0, length=1)
    found = sides(space)
    x = centred(found)
    for f, direction in enumerate(run(space, 9, monkeypatch).directions):
        held = found.fold[found.codes] == f
        assert np.mean((x[held] @ direction) ** 2) == pytest.approx(1)


def mean_over_classes(model, rows, query):
    """A scorer for scikit-learn; the last column is the class."""
    scores, codes = model.decision_function(rows), rows[:, -1]
    return np.mean([roc_auc_score(query[codes == c], scores[codes == c]) for c in np.unique(codes)])


@pytest.mark.filterwarnings("ignore:The groups parameter")
def test_the_permutations_against_scikit_learn():
    space = shifted(5, length=0.1, classes=25)
    found = sides(space)
    shrinkage = ledoit_wolf_shrinkage(centred(found), assume_centered=True)
    value, null, theirs = permutation_test_score(
        make_pipeline(
            FunctionTransformer(lambda rows: rows[:, :-1]),
            LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage),
        ),
        np.column_stack([centred(found), found.codes]),
        found.query,
        groups=found.codes,  # permuted within classes
        cv=PredefinedSplit(found.fold[found.codes]),
        scoring=mean_over_classes,
        n_permutations=80,
        random_state=0,
    )
    test = run(space)
    assert test.auc == pytest.approx(value, abs=0.01)
    assert test.p_value == pytest.approx(theirs, abs=0.13)  # 2.5 standard errors of theirs
    assert abs(test.null.mean() - np.mean(null)) < 3 * np.std(null) / np.sqrt(80)
    assert test.null.std() == pytest.approx(np.std(null), rel=0.25)
    assert len(test.null) == 999


def test_without_a_shift_p_is_uniform_and_the_auc_one_half(monkeypatch):
    # Unequal parts and noisy means must not show.
    tests = [run(shifted(seed, sizes=(6, 2), classes=12), 99, monkeypatch) for seed in range(100)]
    assert kstest([t.p_value for t in tests], "uniform").pvalue > 0.01
    values = [t.auc for t in tests]
    assert abs(np.mean(values) - 0.5) < 3 * np.std(values) / 10
    assert np.mean([t.null.mean() for t in tests]) == pytest.approx(0.5, abs=0.01)


def test_a_shift_is_found_and_one_of_each_class_alone_is_none_in_common(monkeypatch):
    assert run(shifted(0, length=1), 199, monkeypatch).p_value == 1 / 200
    values = [run(shifted(s, own=1.0), 99, monkeypatch).auc for s in range(10)]
    assert np.mean(values) < 0.6


@pytest.mark.parametrize(("rows", "expected"), [(100, 100), (37, 36), (10, 10)])
def test_large_sets_are_sampled_evenly(rows, expected, monkeypatch):
    monkeypatch.setattr(module, "ROWS", rows)
    space = shifted(0, length=3, classes=10, sizes=(9, 4))
    test = run(space, 9, monkeypatch)
    assert test.rows <= expected
    assert test.rows >= expected - 20
    assert len(test.by_class) == (10 if rows >= 20 else rows // 2)
    assert test.auc > 0.9


def test_rows_that_do_not_differ_give_one_half(monkeypatch):
    space = shifted(0, noise=0.0)
    test = run(space, 9, monkeypatch)
    assert test.auc == 0.5
    assert test.p_value == 1
    assert not test.directions.any()


def test_the_auc_of_twin_classes_is_that_of_each(monkeypatch):
    space = shifted(0, length=0.5, classes=12)
    data = space.evaluation.data
    vectors = data.vectors.copy()
    vectors[data.codes == 1] = vectors[data.codes == 0]
    space = type(space)(type(data).from_arrays(vectors, data.codes, split=data.split))
    found, test = sides(space), run(space, 9, monkeypatch)
    assert len(test.by_class) == 12
    assert sorted(found.place) == list(range(12))
    for c in range(12):
        own = found.codes == c
        scores = found.vectors[found.rows[own]].astype(float) @ test.directions[found.fold[c]]
        expected = roc_auc_score(found.query[own], scores)
        assert test.by_class[found.place[c]] == pytest.approx(expected)
