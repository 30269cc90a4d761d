"""Another rule is recommended where one does better, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.preprocessing import StandardScaler

from embedding_second_opinion.catalogue.decision_rule.check import decision_rule
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.load import load
from embedding_second_opinion.findings.charts import Bars, Curve, Table
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples.planted import planted
from tests.planting import HEALTHY
from tests.verdicts import found as said


def judge(data, **options):
    return decision_rule(Geometry(data, **options))


def rings(seed=0, n=40):
    """20 classes, each a ring about one of ten centres that two of them share."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(20), n)
    angle = rng.uniform(0, 2 * np.pi, len(codes))
    radius = np.where(codes < 10, 1.0, 2.0) + 0.05 * rng.standard_normal(len(codes))
    place = 9.0 * (codes % 10)
    vectors = np.stack([place + radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return EmbeddingSet.from_arrays(vectors, codes)


@pytest.mark.parametrize("seed", range(2))
def test_the_planted_flaw_alarms_and_the_geometry_is_named(seed):
    found = said("needs_scaling", "decision_rule", seed)
    assert found.verdict is Verdict.ALARM
    assert found.harm.low > 0.5
    assert found.p_value < 1e-6
    assert found.meaning.startswith("The geometry is at fault, not the information")
    assert "z-score" in found.remedy
    assert "a linear probe gains" in found.explanation


@pytest.mark.parametrize("shape", HEALTHY)
def test_healthy_sets_are_quiet(shape):
    verdicts = [said(shape, "decision_rule").verdict]
    if shape == "healthy" or verdicts == [Verdict.UNSURE]:
        verdicts.append(said(shape, "decision_rule", 1).verdict)
    assert set(verdicts) <= {Verdict.OK, Verdict.UNSURE}, verdicts
    assert Verdict.OK in verdicts, verdicts


def test_every_number_against_scikit_learn_on_a_gallery():
    data = planted("overfit")
    train, test = data.split == "train", data.split == "test"
    rows, asked = data.vectors[train].astype(float), data.vectors[test].astype(float)
    enrolled, truth = data.codes[train], data.codes[test]
    e = judge(data).estimates
    nearest = KNeighborsClassifier(1, algorithm="brute").fit(rows, enrolled).score(asked, truth)
    assert e["closed_set_accuracy"].value == pytest.approx(nearest, abs=1e-7)
    centroid = NearestCentroid().fit(rows, enrolled).score(asked, truth)
    assert e["centroid_accuracy"].value == pytest.approx(centroid, abs=1e-7)
    peer = KNeighborsClassifier(5, algorithm="brute").fit(rows, enrolled)
    shares = np.sort(peer.predict_proba(asked), axis=1)
    tied = shares[:, -1] == shares[:, -2]
    right = peer.predict(asked) == truth
    # Where two classes have as many votes, scikit-learn takes the first and we the nearest.
    assert tied.mean() < 0.1
    assert right[~tied].sum() <= e["knn_accuracy"].value * len(truth) + 1e-6
    assert e["knn_accuracy"].value * len(truth) <= right[~tied].sum() + tied.sum() + 1e-6
    probe = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(rows, enrolled)
    # It shrinks each class's covariance by itself, we the pooled one.
    assert e["probe_accuracy"].value == pytest.approx(probe.score(asked, truth), abs=0.01)


def test_leave_one_out_against_scikit_learn():
    data = planted("untrained")
    found = judge(data)
    e = found.estimates
    folds = StratifiedKFold(12, shuffle=True, random_state=0)  # each row by itself: 12 a class
    vectors = data.vectors.astype(float)
    # Its own shrinkage would be of each class by itself, of 11 rows.
    peer = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=found.parameters["shrinkage"])
    score = cross_val_score(peer, vectors, data.codes, cv=folds).mean()
    assert e["probe_accuracy"].value == pytest.approx(score, abs=0.01)
    centroid = cross_val_score(NearestCentroid(), vectors, data.codes, cv=folds).mean()
    assert e["centroid_accuracy"].value == pytest.approx(centroid, abs=0.01)


@pytest.mark.parametrize("flaw", ["crowded", "lost_rows"])
def test_where_averaging_helps_the_rule_is_at_fault(flaw):
    found = said(flaw, "decision_rule")
    assert found.verdict.loud
    assert found.harm.low > found.tolerance
    assert found.meaning.startswith("The rule is at fault")
    assert found.estimates["centroid_gain"].low > 0.02
    assert "Use the nearest class mean" in found.remedy  # the probe adds nothing to it


def test_rings_are_legitimate():
    found = judge(rings())
    assert found.verdict in (Verdict.OK, Verdict.UNSURE)
    assert found.estimates["closed_set_accuracy"].value > 0.97
    assert found.estimates["centroid_accuracy"].value < 0.7
    assert "several modes" in found.meaning
    assert "several modes" not in judge(planted("needs_scaling")).meaning


def test_noise_holds_no_information():
    rng = np.random.default_rng(0)
    found = judge(EmbeddingSet.from_arrays(rng.standard_normal((1200, 8)), np.arange(1200) % 60))
    assert found.verdict in (Verdict.OK, Verdict.UNSURE)
    assert "the information itself is missing" in found.meaning


@pytest.mark.parametrize("shape", ["healthy", "flattened", "healthy_split"])
def test_labels_that_mean_nothing_are_not_learnt(shape):
    for seed in range(3):
        control = judge(planted(shape, seed)).estimates["probe_control"]
        k = 160 if shape == "healthy_split" else 60
        assert control.value < 3 / k
        assert f"{100 / k:.2g} % by chance" in control.about


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("shape", ["look_alikes", "starved_tail", "shifted", "binarised"])
def test_row_order_and_class_names_change_nothing(shape, metric):
    data = planted(shape)
    order = np.random.default_rng(0).permutation(data.n)
    names = np.array([f"name {(7 * int(c)) % 1009:04d}" for c in data.classes])
    split = None if data.split is None else data.split[order]
    other = EmbeddingSet.from_arrays(data.vectors[order], names[data.codes[order]], split=split)
    first, second = judge(data, metric=metric), judge(other, metric=metric)
    for name, estimate in first.estimates.items():
        for part in ("value", "low", "high"):
            one, two = (getattr(e, part) for e in (estimate, second.estimates[name]))
            assert (one is None and two is None) or two == pytest.approx(one, abs=1e-7), name
    assert second.harm.low == pytest.approx(first.harm.low, abs=1e-7)


def test_words_and_charts():
    found = judge(planted("needs_scaling"))
    bars, curve, table = found.charts
    assert isinstance(bars, Bars)
    assert isinstance(curve, Curve)
    assert isinstance(table, Table)
    assert [b.label for b in bars.bars] == [
        "The nearest row",
        "The vote of five",
        "The nearest class mean",
        "A linear probe",
        "A linear probe, labels permuted",
    ]
    assert bars.bars[3].value == found.estimates["probe_accuracy"].value
    assert all(0 <= y <= 1 for s in curve.series for y in s.y)
    assert all(list(s.x) == sorted(s.x) for s in curve.series)
    assert table.title == "The classes that gain most by a linear probe"
    assert len(table.columns) == len(table.rows[0]) == len(table.numeric)
    assert "linear probe: 80, that lose: 0" in table.alt
    for name in ("knn", "centroid", "probe"):
        assert 0 <= found.estimates[f"{name}_calibration_error"].value <= 1
        assert 0 <= found.estimates[f"{name}_brier"].value <= 2
    assert any("One permutation is no p-value" in note for note in found.caveats)


def odd_sets():
    rng = np.random.default_rng(0)
    labels = np.arange(240) % 12
    uneven = np.repeat(np.arange(14), [1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9, 20, 60])
    yield "constant", np.ones((240, 3)), labels, None
    yield "constant and long", np.full((131, 2), 1e30), uneven, None
    yield "one dimension", rng.standard_normal((131, 1)), uneven, None
    yield "duplicates", np.repeat(rng.standard_normal((120, 4)), 2, axis=0), labels[::-1], None
    yield "classes of one vector", rng.standard_normal((12, 4))[labels], labels, None
    yield "two classes", rng.standard_normal((30, 4)), np.repeat([0, 1], [25, 5]), None
    yield "two pairs", rng.standard_normal((4, 4)), np.repeat([0, 1], 2), None
    yield "three rows", rng.standard_normal((3, 4)), np.array([0, 0, 1]), None
    yield "very long", 1e30 * rng.standard_normal((131, 5)), uneven, None
    yield "very short", 1e-30 * rng.standard_normal((131, 5)), uneven, None
    yield "wide", rng.standard_normal((131, 300)), uneven, None
    yield (
        "one row enrolled",
        rng.standard_normal((24, 5)),
        np.repeat(np.arange(12), 2),
        np.tile(["train", "test"], 12),
    )


@pytest.mark.parametrize("odd", list(odd_sets()), ids=lambda odd: odd[0])
def test_odd_sets_get_an_answer(odd):
    name, vectors, labels, split = odd
    found = judge(EmbeddingSet.from_arrays(vectors, labels, split=split))
    assert found.verdict in (Verdict.UNSURE, Verdict.OK)
    for key, estimate in found.estimates.items():
        assert estimate.about, key
        assert estimate.method, key
    if name.startswith("constant"):  # a tie is an error, under every rule
        assert {e.value for k, e in found.estimates.items() if k.endswith("accuracy")} == {0.0}
    if name in ("one row enrolled", "three rows"):
        assert "probe_accuracy" not in found.estimates
        assert any("no probe can be fitted" in note for note in found.caveats)


def test_not_applicable_without_vectors_or_classes_in_common():
    data = planted("healthy")
    matrix = np.linalg.norm(data.vectors[:, None] - data.vectors[None], axis=-1).astype(float)
    found = decision_rule(Geometry.from_distances(matrix, data.codes))
    assert found.verdict is Verdict.NOT_APPLICABLE
    assert found.explanation.startswith("Needs the vectors")
    apart = EmbeddingSet.from_arrays(
        data.vectors, data.codes, split=np.where(data.codes < 30, "train", "test")
    )
    assert "share no class" in judge(apart).explanation


def test_leaves_need_scaling(shared_data):
    (path,) = (shared_data / "leaf99").glob("*.npz")
    data = load(path)
    whole = EmbeddingSet.from_arrays(data.vectors, data.codes)
    found = judge(whole)
    assert found.estimates["closed_set_accuracy"].value == pytest.approx(0.914, abs=1e-3)
    assert found.verdict.loud
    assert found.harm.low > found.tolerance
    assert found.meaning.startswith("The geometry is at fault")
    scaled = StandardScaler().fit_transform(data.vectors.astype(float))
    mended = judge(EmbeddingSet.from_arrays(scaled, data.codes))
    # What z-scoring gives the nearest row, the probe promised.
    assert mended.estimates["closed_set_accuracy"].value == pytest.approx(0.982, abs=1e-3)
    assert found.estimates["probe_accuracy"].value > 0.97
    assert mended.verdict in (Verdict.OK, Verdict.UNSURE)


def test_nothing_is_missing_where_the_nearest_row_is_right():
    """Every row has a copy of its class beside it, and classes are strewn about: one mean says nothing."""
    rng = np.random.default_rng(0)
    vectors = np.repeat(rng.standard_normal((200, 16)), 2, axis=0)
    vectors += 1e-2 * rng.standard_normal(vectors.shape)
    found = judge(EmbeddingSet.from_arrays(vectors, np.repeat(np.repeat(np.arange(20), 10), 2)))
    assert found.verdict is Verdict.OK
    assert found.estimates["closed_set_accuracy"].value == 1
    assert max(found.estimates[f"{n}_accuracy"].high for n in ("knn", "centroid", "probe")) < 0.8
    assert "missing" not in found.meaning


@pytest.mark.parametrize("far", [1e7, 1e10, 1e12])
def test_one_far_row_costs_its_own_class_and_no_other(far):
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(20), 10)
    vectors = rng.standard_normal((20, 16))[labels] + 0.4 * rng.standard_normal((200, 16))
    usual = judge(EmbeddingSet.from_arrays(vectors, labels))
    assert not any("far beyond" in note for note in usual.caveats)
    vectors[0] = far
    found = judge(EmbeddingSet.from_arrays(vectors, labels))
    # The class of the far row is lost, all of it; the others are as they were.
    assert found.estimates["centroid_accuracy"].value == pytest.approx(0.95, abs=1e-7)
    assert found.verdict in (Verdict.OK, Verdict.UNSURE)
    assert any("1 enrolled row lies far beyond all others" in note for note in found.caveats)
