"""Cluster proximity: look-alikes alarm, separate errors and several modes do not."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, silhouette_score

from embedding_second_opinion.catalogue.cluster_proximity.check import cluster_proximity
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples.digits import digits
from embedding_second_opinion.samples.planted import planted
from tests.planting import HEALTHY
from tests.verdicts import found

SEEDS = (101, 102, 103)


def judge(data: EmbeddingSet):
    return cluster_proximity(Geometry(data))


@pytest.mark.parametrize("seed", [0, *SEEDS])
@pytest.mark.parametrize("flaw", ["look_alikes", "crowded"])
def test_planted_neighbours_alarm(flaw, seed):
    finding = found(flaw, "cluster_proximity", seed)
    assert finding.verdict is Verdict.ALARM
    assert finding.harm.low > finding.tolerance


@pytest.mark.parametrize(
    ("name", "seed"), [*((name, 0) for name in HEALTHY), *(("healthy", seed) for seed in SEEDS)]
)
def test_healthy_sets_do_not_alarm(name, seed):
    finding = found(name, "cluster_proximity", seed)
    assert finding.verdict in (Verdict.OK, Verdict.UNSURE, Verdict.WATCH)
    assert finding.harm.value < 0.01


@pytest.mark.parametrize("seed", SEEDS)
def test_the_planted_twins_are_the_pairs_that_are_named(seed):
    finding = found("look_alikes", "cluster_proximity", seed)
    (table,) = [chart for chart in finding.charts if chart.kind == "table"]
    twins = {frozenset((str(i), str(130 + i))) for i in range(20)}
    named = [frozenset(row[:2]) for row in table.rows]
    assert set(named) <= twins
    assert len(named) == 12
    (tree,) = [chart for chart in finding.charts if chart.kind == "tree"]
    joined_first = {
        frozenset((tree.leaves[m.first], tree.leaves[m.second]))
        for m in tree.merges[: len(tree.leaves) // 2]
    }
    assert joined_first <= twins


def test_wrong_labels_among_distant_classes_are_not_proximity():
    rng = np.random.default_rng(0)
    data = planted("healthy_many_classes")
    labels = data.codes.copy()
    flipped = rng.choice(data.n, data.n // 12, replace=False)
    labels[flipped] = rng.integers(0, 600, len(flipped))
    finding = judge(EmbeddingSet.from_arrays(data.vectors, labels))
    assert finding.verdict is Verdict.OK
    assert finding.harm.value < 0.005


def test_two_distant_classes_with_swapped_labels_are_named_but_not_called_near():
    data = planted("healthy_many_classes")
    labels = data.codes.copy()
    big = np.flatnonzero(labels < 20)
    labels[big] = labels[big] % 2  # two classes of ten modes each: far apart in no single place
    finding = judge(EmbeddingSet.from_arrays(data.vectors, labels))
    assert finding.verdict is not Verdict.ALARM


def test_context_equals_scikit_learn_on_digits():
    data = digits()
    x, n = data.vectors.astype(np.float64), data.n
    numbers = judge(data).estimates
    assert numbers["silhouette"].value == pytest.approx(silhouette_score(x, data.codes), abs=1e-7)
    assert numbers["davies_bouldin"].value == pytest.approx(davies_bouldin_score(x, data.codes))
    variance_ratio = calinski_harabasz_score(x, data.codes) * 9 / (n - 10)
    assert numbers["fisher_ratio"].value == pytest.approx(variance_ratio, rel=1e-7)


def test_several_modes_with_a_poor_silhouette_pass():
    finding = judge(planted("healthy_several_modes", 7))
    assert finding.estimates["silhouette"].value < 0.1
    assert finding.verdict is not Verdict.ALARM
    assert "context only" in finding.estimates["davies_bouldin"].method


def test_what_cannot_be_judged_says_why():
    matrix = np.abs(np.subtract.outer(np.arange(6.0), np.arange(6.0)))
    found = cluster_proximity(Geometry.from_distances(matrix, list("aabbcc")))
    assert found.verdict is Verdict.NOT_APPLICABLE
    assert "vectors" in found.explanation
    rng = np.random.default_rng(0)
    split = np.repeat(["train", "test"], [20, 4])
    labels = [*("abcd" * 5), *"aaaa"]
    one = EmbeddingSet.from_arrays(rng.standard_normal((24, 3)), labels, split=split)
    assert cluster_proximity(Geometry(arrange(one))).verdict is Verdict.NOT_APPLICABLE


def test_few_classes_are_unsure_and_constant_vectors_survive():
    rng = np.random.default_rng(0)
    three = EmbeddingSet.from_arrays(rng.standard_normal((30, 2)), np.repeat(list("abc"), 10))
    assert judge(three).verdict is Verdict.UNSURE
    constant = judge(EmbeddingSet.from_arrays(np.ones((40, 3)), np.repeat(np.arange(20), 2)))
    assert constant.verdict in (Verdict.OK, Verdict.UNSURE)
    assert "davies_bouldin" not in constant.estimates


def test_a_gallery_with_classes_that_nobody_looks_up():
    data = planted("look_alikes", 1)
    split = np.where(np.arange(data.n) % 3 == 0, "test", "train")
    split[(split == "test") & (data.codes < 10)] = "train"
    space = Geometry(
        arrange(EmbeddingSet.from_arrays(data.vectors, data.codes, split=split)), seed=0
    )
    finding = cluster_proximity(space)
    assert finding.verdict in (Verdict.ALARM, Verdict.WATCH)
    assert any("10 enrolled classes have no query" in caveat for caveat in finding.caveats)
