"""Bugs of metrics are named, right metrics are not accused, and the right values are right."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from benchmarks.metrics_cases import CASES
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import LeaveOneOut, cross_val_score
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from embedding_second_opinion import audit_metric
from embedding_second_opinion.data.embeddings import InputError
from embedding_second_opinion.findings.charts import Table
from embedding_second_opinion.findings.finding import Verdict, judge
from embedding_second_opinion.model_audit import posed as sets
from embedding_second_opinion.model_audit.outcomes import Outcome, worst
from embedding_second_opinion.model_audit.right import by_chance, right_value
from embedding_second_opinion.model_audit.trials import Setting
from embedding_second_opinion.samples import metrics

TOGETHER, APART = sets.Shape(30, 2, 1, False), sets.Shape(30, 2, 1, True)


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bugs_are_named_and_right_code_is_not_accused(case):
    found = audit_metric(case.function, seed=7, **(case.options | {"repetitions": 3}))
    assert found.parameters["bugs"][:1] == ([case.bug] if case.bug else [])
    assert found.verdict is (Verdict.ALARM if case.bug else Verdict.OK)
    assert found.verdict is judge(found.harm, found.tolerance)
    assert (found.p_value < 0.025) is bool(case.bug)
    assert found.harm.low <= found.harm.value <= found.harm.high


def test_refitting_scikit_learn_without_each_row_is_not_accused():
    def left_out(vectors, labels):
        model = KNeighborsClassifier(1)
        return cross_val_score(model, vectors, labels, cv=LeaveOneOut()).mean()

    setting = Setting("recall", 1, False)
    for name, pose in setting.poses().items():
        if name in ("many_rows", "all_vectors_equal", "classes_of_one_row"):
            continue
        posed = pose(rng(3), setting.shape)
        assert left_out(posed.vectors, posed.labels) == right_value(posed, "recall", 1), name


def test_the_values_that_science_predicts():
    """Self as a hit: 1.000 under random labels. Anchor drawn: T' = 1/n + (1 - 1/n) T. Self in place: 0."""
    hit = audit_metric(metrics.hit_rate_with_itself(1), kind="recall")
    assert hit.estimates["random_labels"].value == 1
    assert hit.estimates["every_positive_farthest"].value == 1
    drawn = audit_metric(metrics.sampled_triplet_accuracy_with_itself, kind="triplet", seed=2)
    assert drawn.estimates["every_positive_farthest"].value == pytest.approx(1 / 2, abs=0.01)
    assert drawn.estimates["random_labels"].value == pytest.approx(3 / 4, abs=0.03)
    assert drawn.estimates["classes_of_one_row"].value == pytest.approx(3 / 4, abs=0.02)
    place = audit_metric(metrics.recall_without_first_place, kind="recall", takes="distances", k=1)
    assert place.estimates["every_positive_nearest"].value == 0
    ties = audit_metric(metrics.nearest_with_ties, kind="recall")
    assert ties.estimates["all_vectors_equal"].value == 1
    assert ties.estimates["random_labels"].value < 0.1


@pytest.mark.parametrize("k", [1, 5])
def test_the_right_recall_is_that_of_scikit_learn(k):
    for seed in range(3):
        posed = sets.random_labels(rng(seed), TOGETHER)
        graph = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(posed.vectors)
        found = posed.labels[graph.kneighbors()[1]] == posed.labels[:, None]
        assert right_value(posed, "recall", k) == found.any(axis=1).mean()
        assert right_value(posed, "precision", k) == pytest.approx(found.mean())
        assert right_value(posed, "r_precision", 1) == found[:, 0].mean()
        apart = sets.random_labels(rng(seed), APART)
        with pytest.warns(UserWarning, match="unique classes"):
            model = KNeighborsClassifier(1).fit(apart.gallery, apart.gallery_labels)
        assert right_value(apart, "recall", 1) == model.score(apart.vectors, apart.labels)


def test_the_right_triplet_accuracy_is_a_mean_of_areas_under_curves():
    posed = sets.random_labels(rng(), TOGETHER)
    areas = [
        roc_auc_score(np.delete(posed.labels == own, row), -np.delete(posed.distances[row], row))
        for row, own in enumerate(posed.labels)
    ]
    assert right_value(posed, "triplet", 1) == pytest.approx(np.mean(areas), abs=1e-12)


def places(posed):
    """Of the first positive of each query that has one, counted one by one."""
    enrolled = posed.labels if posed.gallery is None else posed.gallery_labels
    others = posed.vectors if posed.gallery is None else posed.gallery
    found = []
    for row, own in enumerate(posed.labels):
        distances = np.linalg.norm(others - posed.vectors[row], axis=1)
        order = [i for i in np.argsort(distances) if posed.gallery is not None or i != row]
        hits = [place for place, i in enumerate(order, start=1) if enrolled[i] == own]
        found += hits[:1]
    return found


@pytest.mark.parametrize("shape", [TOGETHER, APART])
def test_the_sets_are_what_their_names_say(shape):
    for seed in range(3):
        assert set(places(sets.every_positive_nearest(rng(seed), shape))) == {1}
        farthest = sets.every_positive_farthest(rng(seed), shape)
        assert set(places(farthest)) == {farthest.pool}
        lone = sets.classes_of_one_row(rng(seed), shape)
        assert set(places(lone)) == {lone.pool}
        assert len(places(lone)) < len(lone.labels)
        for place in (1, 2, 5, 17):
            crowd = sets.positive_in_place(place)(rng(seed), shape)
            assert set(places(crowd)) == {place}
        equal = sets.equal_vectors(rng(seed), shape)
        assert np.ptp(equal.vectors, axis=0).max() == 0
    many = sets.every_positive_nearest_of_many(rng(), shape)
    assert len(many.labels) * (2 if shape.apart else 1) == sets.MANY
    for posed in (many, farthest, crowd):
        assert np.allclose(np.linalg.norm(posed.vectors, axis=1), 1, atol=1e-6)
        assert posed.vectors.dtype == np.float32


def test_sets_with_copies():
    own = sets.copies_in_own_class(rng(), TOGETHER)
    other = sets.copies_in_other_classes(rng(), TOGETHER)
    for posed, same_class in ((own, True), (other, False)):
        for row in range(len(posed.labels)):
            equal = np.flatnonzero((posed.vectors == posed.vectors[row]).all(axis=1))
            assert len(equal) == 2
            assert (len(set(posed.labels[equal])) == 1) is same_class
    assert right_value(own, "recall", 1) == 1
    assert right_value(other, "recall", 5) == 0


def test_many_rows_a_class_where_the_kind_is_not_known():
    shape = Setting("other", 5, False).shape
    assert shape.rows == 6
    posed = sets.every_positive_farthest(rng(), shape)
    for row, own in enumerate(posed.labels):
        same = posed.labels == own
        assert posed.distances[row, ~same].max() < np.sort(posed.distances[row, same])[1]


def test_changes_keep_what_they_must():
    for shape in (TOGETHER, APART):
        posed = sets.random_labels(rng(), shape)
        for change in (sets.sorted_by_class, sets.renamed, sets.scaled):
            assert right_value(change(posed, rng(1)), "triplet", 1) == pytest.approx(
                right_value(posed, "triplet", 1), abs=1e-12
            )
        assert (np.diff(sets.sorted_by_class(posed, rng()).labels) >= 0).all()
        assert len(set(sets.renamed(posed, rng()).labels)) == len(set(posed.labels))


def test_chance_is_the_mean_over_random_labels():
    values = {
        kind: np.mean(
            [right_value(sets.random_labels(rng(s), TOGETHER), kind, 5) for s in range(200)]
        )
        for kind in ("recall", "precision", "triplet")
    }
    posed = sets.random_labels(rng(), TOGETHER)
    for kind, value in values.items():
        assert by_chance(posed, kind, 5) == pytest.approx(value, abs=0.012), kind


def test_a_noisy_metric_is_repeated_and_not_accused(monkeypatch):
    """100 triplets a call: three points of noise on the mean of three calls, and no bug."""
    monkeypatch.setattr("embedding_second_opinion.model_audit.trials.MOST", 60)

    def few(vectors, labels):
        return float(np.random.binomial(100, metrics.triplet_accuracy(vectors, labels)) / 100)  # noqa: NPY002

    found = audit_metric(few, kind="triplet", repetitions=3)
    assert found.verdict is not Verdict.ALARM
    assert any("standard deviation of a call is" in caveat for caveat in found.caveats)
    assert "over 3 generated sets" in found.estimates["every_positive_nearest"].method
    assert int(found.estimates["random_labels"].method.split()[2]) > 20

    def very_few(vectors, labels):
        return float(np.random.binomial(3, metrics.triplet_accuracy(vectors, labels)) / 3)  # noqa: NPY002

    unsure = audit_metric(very_few, kind="triplet", repetitions=3)
    assert unsure.verdict in (Verdict.UNSURE, Verdict.WATCH)
    assert "Draw more samples" in unsure.remedy


def test_the_interval_of_the_loudest_deviation():
    exact = Outcome("exact", [0.5] * 4, [0.2] * 4)
    noisy = Outcome("noisy", [0.1, 0.3, 0.2, 0.2], [0.1] * 4)
    harm, above = worst([exact, noisy], "")
    assert (harm.value, harm.low) == (pytest.approx(0.3), pytest.approx(0.3))
    assert above(0.02) == 0
    one, p = worst([noisy], "")
    error = np.std([0, 0.2, 0.1, 0.1], ddof=1) / 2
    assert one.value == pytest.approx(0.1)
    assert one.high == pytest.approx(0.1 + 3.182446 * error)  # t of 3 degrees of freedom, tables
    assert one.low == 0
    assert p(one.value) == pytest.approx(0.5)
    bound = Outcome("bound", [0.1] * 3, [0.4] * 3, at_most=True)
    assert (bound.off, bound.above(0.0)) == (0, 1)


def test_no_random_state_moves_and_the_finding_is_the_same_again():
    states = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002
    one = audit_metric(metrics.sampled_triplet_accuracy, kind="triplet", repetitions=3)
    assert torch.equal(torch.get_rng_state(), states[0])
    assert random.getstate() == states[1]
    assert np.array_equal(np.random.get_state()[1], states[2])  # noqa: NPY002
    random.seed(5)
    assert one == audit_metric(metrics.sampled_triplet_accuracy, kind="triplet", repetitions=3)


def test_a_metric_that_spoils_its_arguments_is_given_fresh_ones():
    def fills(distances, labels, k):
        np.fill_diagonal(distances, np.inf)
        labels_of = labels[distances.argmin(axis=1)].copy()
        hits = (labels_of == labels).mean()
        labels[:] = 0
        return hits

    assert (
        audit_metric(fills, kind="recall", takes="distances", repetitions=3).verdict is Verdict.OK
    )


def test_tests_that_break_are_told_and_those_that_must_not_are_refused():
    def no_lone_rows(vectors, labels):
        if 1 in np.unique(labels, return_counts=True)[1]:
            raise IndexError("cannot choose from\nnothing")
        return metrics.triplet_accuracy(vectors, labels)

    found = audit_metric(no_lone_rows, kind="triplet", repetitions=3)
    assert found.verdict is Verdict.OK
    assert found.caveats[0] == (
        "Not examined: classes of one row, where the function breaks (cannot choose from nothing)."
    )
    nan_there = audit_metric(
        lambda v, y: metrics.hit_rate(1)(v, y) if len(set(y)) == 30 else float("nan"),
        kind="recall",
        repetitions=3,
    )
    assert sum("the metric gave nan" in caveat for caveat in nan_there.caveats) == 2


def refused(function, **options):
    with pytest.raises(InputError) as error:
        audit_metric(function, **({"kind": "recall"} | options))
    text = str(error.value)
    assert "\n" not in text
    assert text.endswith((".", ")"))
    assert len(text) < 500
    return text


def test_bad_input_is_refused_in_one_sentence():
    def broken(vectors, labels):
        raise KeyError("two\nlines")

    text = refused(broken)
    assert "raised KeyError ('two\\nlines') in the self-test 'every positive nearest'" in text
    assert "a ndarray of shape (60, 30), a ndarray of shape (60,)" in text
    assert "TypeError" in refused(lambda vectors: 1)
    assert "Tensor of shape" in refused(broken, arrays="torch")
    assert "k" in refused(lambda a, b, c, d, e: 1, takes="gallery")
    assert "must be a function" in refused(0.99)
    assert "it gave 100. Divide percents by 100" in refused(
        lambda v, y: 100 * metrics.hit_rate(1)(v, y)
    )
    assert "it gave -1." in refused(lambda v, y: -1.0)
    assert "it gave a dict of 1: 'a' int" in refused(lambda v, y: {"a": 1})
    assert "it gave a ndarray of shape (2,)" in refused(lambda v, y: np.ones(2))
    assert "it gave a value of type NoneType" in refused(lambda v, y: None)
    assert "gave nan" in refused(lambda v, y: float("nan"))
    assert "kind must be one of recall, precision" in refused(metrics.hit_rate(1), kind="top1")
    assert "takes must be one of" in refused(metrics.hit_rate(1), takes="files")
    assert "arrays must be one of" in refused(metrics.hit_rate(1), arrays="jax")
    assert "k must be a whole number from 1 to 100" in refused(metrics.hit_rate(1), k=0)
    assert "has no k" in refused(metrics.triplet_accuracy, kind="triplet", k=5)
    assert "repetitions must be" in refused(metrics.hit_rate(1), repetitions=1)


def test_words_and_charts():
    found = audit_metric(metrics.hit_rate_with_itself(1), kind="recall")
    assert found.explanation.startswith(
        "'recall_at_1_with_itself' (recall@1) lets a row find itself and counts it as a hit: with every "
        "positive farthest it gives 100.0 % where 0.0 % is right, and with random labels it gives 100.0 %"
    )
    assert "diagonal" in found.remedy
    (table,) = found.charts
    assert isinstance(table, Table)
    assert len(table.rows) == 13
    assert [row[-1] for row in table.rows].count("fails") == 5
    ties = audit_metric(metrics.nearest_with_ties, kind="recall")
    assert (
        ties.ignore_when
        == "In all your sets no two distances are equal: there the fault does not show."
    )
    right = audit_metric(metrics.hit_rate(5), kind="recall", k=5)
    assert "holds in all 13 self-tests" in right.explanation
    assert ("every positive in place 5", "100.0 %", "100.0 %", "holds") in right.charts[0].rows
    assert right.remedy == ""


def test_large_k_and_every_form():
    assert (
        audit_metric(metrics.hit_rate(100), kind="recall", k=100, repetitions=3).verdict
        is Verdict.OK
    )
    constant = audit_metric(lambda v, y: 0.5, kind="other", repetitions=3)
    assert constant.verdict is Verdict.ALARM
    always = audit_metric(lambda v, y: 1.0, kind="triplet", repetitions=3)
    assert "ties_counted_right" in always.parameters["bugs"]
