"""A planted shift alarms, sets drawn alike do not, and every word fits the numbers."""

from __future__ import annotations

import re

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from embedding_second_opinion.catalogue.shift.check import shift
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.load import load
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.findings.charts import Bars, Curve, Examples, Table
from embedding_second_opinion.findings.finding import Finding, Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples.planted import planted
from tests.catalogue.shift.making import shifted
from tests.planting import FLAWS, HEALTHY
from tests.verdicts import found as said


def judge(data, **selection):
    return shift(Geometry(arrange(data, **selection)))


@pytest.mark.parametrize("seed", range(3))
def test_the_planted_shift_alarms(seed):
    found = said("shifted", "shift", seed)
    assert found.verdict is Verdict.ALARM
    assert found.estimates["shift_p_value"].value == 0.001
    assert found.estimates["shift_auc"].value > 0.99
    assert found.estimates["shift_in_common"].value > 0.98


@pytest.mark.parametrize("shape", HEALTHY)
def test_healthy_sets_stay_quiet(shape):
    split = shape in ("healthy_split", "healthy_strangers")
    findings = [said(shape, "shift", seed) for seed in range(4 if split else 1)]
    assert {f.verdict for f in findings} == {Verdict.OK if split else Verdict.NOT_APPLICABLE}
    if split:
        assert np.mean([f.estimates["shift_auc"].value for f in findings]) == pytest.approx(
            0.5, abs=0.02
        )


@pytest.mark.parametrize("flaw", [flaw for flaw in FLAWS if flaw != "shifted"])
def test_other_flaws_are_not_named_here(flaw):
    verdict = said(flaw, "shift").verdict
    assert verdict in (Verdict.NOT_APPLICABLE, Verdict.OK, Verdict.UNSURE)


def test_wider_queries_are_no_shift():
    """Overfitting widens the queries' classes: no direction, no gain."""
    for seed in range(3):
        found = said("overfit", "shift", seed)
        assert found.verdict is Verdict.OK
        assert found.harm.value < 0.01


def test_a_shift_that_costs_nothing_is_told_and_no_alarm():
    """Along an axis on which classes do not differ, a little."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(200), 12)
    split = np.tile(np.repeat(["train", "test"], 6), 200)
    vectors = 3 * rng.standard_normal((200, 20))[labels] + rng.standard_normal((2400, 20))
    aside = np.where(split == "test", 2.0, 0.0) + rng.standard_normal(2400)
    data = EmbeddingSet.from_arrays(np.column_stack([vectors, aside]), labels, split=split)
    found = judge(data)
    assert found.estimates["shift_p_value"].value == 0.001
    assert found.verdict is Verdict.OK
    assert "lie elsewhere" in found.meaning
    assert "nothing that a user would notice" in found.meaning


def test_without_a_split_it_says_what_it_needs():
    found = said("healthy", "shift")
    assert found.verdict is Verdict.NOT_APPLICABLE
    assert found.explanation == "Needs a split between gallery and queries; this set has none."


def test_distances_alone_and_splits_apart_are_not_enough():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(12), 3)
    space = Geometry.from_distances(rng.random((36, 24)), labels, np.repeat(np.arange(12), 2))
    assert "distances only" in shift(space).explanation
    apart = EmbeddingSet.from_arrays(
        rng.standard_normal((48, 3)), labels.repeat(2)[:48], split=np.repeat(["train", "test"], 24)
    )
    assert "share fewer" in judge(apart).explanation


def test_few_classes_give_numbers_and_no_verdict():
    found = shift(shifted(0, length=4, classes=6, sizes=(20, 20)))
    assert found.verdict is Verdict.UNSURE
    assert found.estimates["shift_p_value"].value == 0.001
    assert "too few to speak for new ones" in found.meaning


def test_the_harm_is_the_larger_gain_and_the_gains_are_differences():
    found = judge(planted("shifted", 2))
    e = found.estimates
    data = planted("shifted", 2)
    train, test = data.split == "train", data.split == "test"
    model = KNeighborsClassifier(1, algorithm="brute").fit(data.vectors[train], data.codes[train])
    before = model.score(data.vectors[test], data.codes[test])
    assert e["closed_set_accuracy"].value == pytest.approx(before, abs=1e-7)
    for name in ("moved_back", "direction_left_out"):
        expected = e[f"accuracy_{name}"].value - before
        assert e[f"gain_{name}"].value == pytest.approx(expected, abs=1e-7)
    gains = [e["gain_moved_back"], e["gain_direction_left_out"]]
    assert found.harm.value == max(g.value for g in gains)
    assert found.harm.low <= max(g.low for g in gains)  # of two, each has half of the tail


def test_the_words_hold_the_numbers():
    found = said("shifted", "shift")
    assert found.estimates["shift_auc"].text() in found.explanation
    assert found.harm.text() in found.explanation
    assert "costs accuracy" in found.meaning
    assert found.p_value < 0.025
    assert [type(c) for c in found.charts] == [Bars, Curve, Table, Examples]
    assert found.charts[1].title.startswith("The more foreign a query looks")
    assert Finding.model_validate_json(found.model_dump_json()) == found
    assert all(e.about and e.method for e in found.estimates.values())


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_row_order_and_class_names_change_nothing(metric):
    data = planted("shifted")
    order = np.random.default_rng(0).permutation(data.n)
    names = np.array([f"name {(7 * int(c)) % 101:03d}" for c in data.classes])
    other = EmbeddingSet.from_arrays(
        data.vectors[order], names[data.codes[order]], split=data.split[order]
    )
    first, second = (shift(Geometry(arrange(d), metric=metric)) for d in (data, other))
    assert second.estimates.keys() == first.estimates.keys()
    for name, e in first.estimates.items():
        assert second.estimates[name].value == pytest.approx(e.value, abs=1e-7), name
        if e.low is not None:
            assert second.estimates[name].low == pytest.approx(e.low, abs=1e-6), name


def test_drawers_of_characters_differ_and_it_hardly_costs(shared_data):
    """Test characters are by other drawers than train ones: told apart, and nothing is regained."""
    (path,) = (shared_data / "omniglot_triplet").glob("*.npz")
    found = judge(load(path), strangers=["unknown"])
    assert found.estimates["shift_p_value"].value == 0.001
    assert found.harm.value < 0.01
    assert found.verdict is not Verdict.ALARM
    e = found.estimates
    assert e["accuracy_most_foreign_queries"].high < e["accuracy_other_queries"].low


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("kind", ["twins", "all alike", "one dimension", "twins split otherwise"])
def test_classes_that_hold_equal_vectors(kind, metric):
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(12), 8)
    vectors = rng.standard_normal((12, 4))[labels] + 0.5 * rng.standard_normal((96, 4))
    split = np.where(np.arange(96) % 2, "train", "test")
    vectors[labels == 1] = vectors[labels == 0]
    if kind == "all alike":
        vectors[:] = 1
    if kind == "one dimension":
        vectors = vectors[:, :1]
    if kind == "twins split otherwise":
        split[:8] = split[:8][::-1]
    names = np.array([f"{(5 * c) % 12:02d}" for c in range(12)])
    findings = [
        shift(Geometry(EmbeddingSet.from_arrays(vectors, given, split=split), metric=metric))
        for given in (labels, names[labels])
    ]
    for found in findings:
        assert found.verdict in (Verdict.OK, Verdict.UNSURE)
        assert all(np.isfinite(e.value) for e in found.estimates.values())
        assert 0 <= found.estimates["shift_auc"].value <= 1
    for name, e in findings[0].estimates.items():
        assert findings[1].estimates[name].value == pytest.approx(e.value, abs=1e-7), name
    if kind == "all alike":
        assert findings[0].estimates["shift_auc"].value == 0.5


def test_one_query_a_class_and_one_gained_read_as_english():
    found = shift(shifted(1, length=1, classes=12, sizes=(3, 1)))
    texts = [found.explanation, found.meaning, *(c.alt for c in found.charts)]
    texts += [e.about for e in found.estimates.values()]
    for text in texts:
        assert not re.search(r"\b1 (queries|classes|rows)\b", text), text


def test_a_wide_dimension_is_no_shift():
    """Both sides drawn alike: leaving out the widest dimension gains much, and not for a shift."""
    verdicts = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        labels = np.repeat(np.arange(40), 20)
        vectors = rng.standard_normal((40, 20))[labels] + 0.7 * rng.standard_normal((800, 20))
        vectors[:, 0] = 15 * rng.standard_normal(800)
        split = np.where(np.arange(800) % 20 < 10, "train", "test")
        found = shift(Geometry(EmbeddingSet.from_arrays(vectors, labels, split=split)))
        verdicts.append(found.verdict)
        assert found.harm.value < 0.02
        assert found.estimates["gain_direction_left_out"].value > 0.1
    assert Verdict.ALARM not in verdicts
    assert Verdict.WATCH not in verdicts
