"""NC1 to NC4 against the formulas written out, scikit-learn, and sets that have collapsed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsClassifier

from embedding_second_opinion.catalogue.collapse import neural_collapse
from embedding_second_opinion.catalogue.collapse.numbers import numbers
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry


def balanced(classes=16, rows=5, d=6, noise=0.6, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), rows)
    x = rng.standard_normal((classes, d))[labels] + noise * rng.standard_normal((len(labels), d))
    return Geometry(EmbeddingSet.from_arrays(x + 2, labels))


@pytest.mark.parametrize(("classes", "d"), [(16, 6), (12, 30), (12, 258)])
def test_all_four_written_out(classes, d):
    space = balanced(classes, d=d)
    x, y = space.points.astype(np.float64), space.codes
    means = np.array([x[y == c].mean(axis=0) for c in range(classes)])
    centred = means - means.mean(axis=0)
    within = sum(np.outer(r, r) for r in x - means[y]) / len(x)
    between = centred.T @ centred / classes
    lengths = np.linalg.norm(centred, axis=1)
    unit = centred / lengths[:, None]
    cosines = (unit @ unit.T)[np.triu_indices(classes, 1)]
    fit = LinearRegression().fit(x, np.eye(classes)[y]).coef_
    if d >= len(x):  # the shortest of all the fits
        fit = (np.linalg.pinv(x - x.mean(axis=0)) @ (np.eye(classes)[y] - 1 / classes)).T
    found = numbers(space).estimates
    expected = {
        "nc1_within_over_between": np.trace(within @ np.linalg.pinv(between, rcond=1e-8)) / classes,
        "nc2_equinorm": lengths.std() / lengths.mean(),
        "nc2_equiangular": cosines.std(),
        "nc3_self_duality": np.linalg.norm(
            fit / np.linalg.norm(fit) - centred / np.linalg.norm(centred)
        ),
    }
    for name, value in expected.items():
        assert found[name].value == pytest.approx(value, rel=1e-5), name
        if d < 258 or name.startswith("nc2"):
            assert found[name].low < found[name].value < found[name].high, name


def test_the_intervals_of_the_second_by_leaving_classes_out():
    space = balanced()
    stats = space.class_stats
    centred = stats.means - stats.means.mean(axis=0)
    lengths = np.linalg.norm(centred, axis=1)
    unit = centred / lengths[:, None]

    def angles(unit):
        return (unit @ unit.T)[np.triu_indices(len(unit), 1)].std()

    keep = [np.arange(16) != c for c in range(16)]
    for found, without in (
        (neural_collapse.equinorm(stats), [lengths[k].std() / lengths[k].mean() for k in keep]),
        (neural_collapse.equiangular(stats), [angles(unit[k]) for k in keep]),
    ):
        value, interval = found
        logs = np.log(without)
        reach = t.ppf(0.975, 15) * np.sqrt(15 / 16 * ((logs - logs.mean()) ** 2).sum())
        assert np.log(interval.high / value) == pytest.approx(reach, rel=1e-6)


def test_a_simplex_is_full_collapse():
    corners = np.eye(12) - 1 / 12
    labels = np.repeat(np.arange(12), 4)
    found = numbers(Geometry(EmbeddingSet.from_arrays(corners[labels], labels))).estimates
    assert {name for name in found if name.startswith("nc")} > {"nc4_nearest_mean_disagreement"}
    for name, estimate in found.items():
        if name.startswith("nc"):
            assert estimate.value < 1e-5, name


@pytest.mark.parametrize("seed", range(3))
def test_nearest_mean_against_nearest_row_by_scikit_learn(seed):
    space = balanced(noise=0.9, seed=seed)
    x, y = space.points.astype(np.float64), space.codes
    differ = []
    for i in range(len(x)):
        rest = np.arange(len(x)) != i
        row = KNeighborsClassifier(1).fit(x[rest], y[rest]).predict(x[[i]])
        means = np.array([x[rest & (y == c)].mean(axis=0) for c in range(16)])
        differ.append(row[0] != np.linalg.norm(means - x[i], axis=1).argmin())
    value, interval = neural_collapse.nearest_mean_disagreement(space)
    assert 0 < value == pytest.approx(np.mean(differ), abs=1e-12)
    assert interval.low < value < interval.high


def test_ties_are_no_answer_whatever_the_order():
    rng = np.random.default_rng(0)
    labels = np.arange(96) % 12
    x = np.sign(rng.standard_normal((12, 5))[labels] + 0.5 * rng.standard_normal((96, 5)))
    order = rng.permutation(96)
    first = Geometry(EmbeddingSet.from_arrays(x, labels))
    second = Geometry(EmbeddingSet.from_arrays(x[order], (5 * labels[order]) % 12))
    value = neural_collapse.nearest_mean_disagreement(first)[0]
    assert value == neural_collapse.nearest_mean_disagreement(second)[0]
    same = Geometry(EmbeddingSet.from_arrays(np.ones((96, 5)), labels))
    assert neural_collapse.nearest_mean_disagreement(same)[0] == 1
