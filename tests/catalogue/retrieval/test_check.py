"""Rows that are lost alarm, several modes and healthy sets do not, and the words fit the numbers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from embedding_second_opinion.catalogue.retrieval.check import retrieval
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.findings.charts import Curve, Examples, Table
from embedding_second_opinion.findings.finding import TAIL, Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples import sample
from embedding_second_opinion.samples.planted import planted
from tests import brute_force
from tests.planting import HEALTHY
from tests.verdicts import found as said

SEEDS = (101, 102, 103)


def judge(data: EmbeddingSet, **selection):
    return retrieval(Geometry(arrange(data, **selection)))


@pytest.mark.parametrize("seed", [0, *SEEDS])
def test_lost_rows_alarm(seed):
    found = said("lost_rows", "retrieval", seed)
    assert found.verdict is Verdict.ALARM
    assert found.harm.low > found.tolerance
    # An eighth was placed in the midst of another class, a hundredth of which is its own.
    assert 0.08 < found.harm.value < 0.16


@pytest.mark.parametrize(
    ("name", "seed"), [*((name, 0) for name in HEALTHY), *(("healthy", seed) for seed in SEEDS)]
)
def test_healthy_sets_stay_quiet(name, seed):
    found = said(name, "retrieval", seed)
    assert found.verdict in (Verdict.OK, Verdict.UNSURE)
    assert found.harm.value < 0.005
    classes = len(found.estimates["recall_at_10"].about) and planted(name, seed).codes.max() + 1
    if classes >= 150:  # fewer cannot bound an empty page below two in a hundred
        assert found.verdict is Verdict.OK


def test_the_harm_is_what_brute_force_counts():
    data = planted("lost_rows", 1)
    matrix = brute_force.distances(data.vectors[:400], data.vectors[:400])
    part = EmbeddingSet.from_arrays(data.vectors[:400], data.codes[:400])
    empty = [
        np.sum(far <= near.min()) >= 10 for _, near, far, _ in brute_force.sides(matrix, part.codes)
    ]
    found = judge(part)
    assert found.harm.value == pytest.approx(np.mean(empty), abs=1e-7)
    assert found.harm.value > 0
    page = found.estimates["recall_at_10"]
    assert page.value == pytest.approx(1 - found.harm.value, abs=1e-7)
    assert page.low == pytest.approx(1 - found.harm.high, abs=1e-7)


def test_several_modes_are_told_and_not_judged():
    found = judge(planted("healthy_several_modes", 7))
    numbers = found.estimates
    assert numbers["precision_at_1"].value > 0.95
    assert numbers["r_precision"].value < 0.7
    assert "much of a class lies elsewhere" in found.meaning
    assert "matters where all of it must be listed" in found.meaning
    assert found.verdict is not Verdict.ALARM


def test_digits_in_words():
    found = judge(sample("digits"))
    assert found.explanation.startswith("3 of 1,797 searches (0.2 %")
    assert "the first answer is right for 98.8 %" in found.explanation
    assert "In random order 65 % of the pages would hold one" in found.meaning
    assert found.verdict is Verdict.OK
    assert found.estimates["r_precision"].low is None
    assert "too large for the 50 nearest rows" in found.estimates["r_precision"].method


def test_a_bound_of_fewer_answers_holds_for_more():
    """Nothing is missed on a page of 60 classes: the rule of three alone would say up to 4.9 %."""
    found = judge(planted("healthy", 100))
    page = found.estimates["recall_at_10"]
    assert page.value == 1
    assert page.unresolved
    assert "at least what fewer answers hold" in page.method
    assert 0.05 ** (1 / 60) < page.low < 1
    curve = found.charts[0].series[0]
    assert all(a <= b <= c for a, b, c in zip(curve.low, curve.y, curve.high, strict=True))
    assert list(curve.y) == sorted(curve.y)


@pytest.mark.parametrize("seed", range(12))
def test_verdict_and_p_value_agree(seed):
    rng = np.random.default_rng(seed)
    labels = np.arange(240) % 40
    vectors = rng.standard_normal((40, 6))[labels] + (0.6 + 0.03 * seed) * rng.standard_normal(
        (240, 6)
    )
    found = judge(EmbeddingSet.from_arrays(vectors, labels))
    if found.p_value is None:
        assert found.estimates["recall_at_10"].unresolved
    else:
        assert (found.harm.low > found.tolerance) == (found.p_value < TAIL)


def test_few_classes_are_unsure_but_queries_of_a_gallery_count():
    rng = np.random.default_rng(0)
    labels = np.arange(900) % 6
    vectors = rng.standard_normal((6, 4))[labels] + 0.9 * rng.standard_normal((900, 4))
    alone = judge(EmbeddingSet.from_arrays(vectors, labels))
    assert alone.verdict is Verdict.UNSURE
    assert "too few to speak for new ones" in alone.harm.method
    split = np.where(np.arange(900) < 600, "train", "test")
    found = judge(EmbeddingSet.from_arrays(vectors, labels, split=split))
    first = found.estimates["precision_at_1"]
    right = round(first.value * 300)
    bounds = binomtest(right, 300).proportion_ci(0.95, method="wilson")
    assert (first.low, first.high) == pytest.approx((bounds.low, bounds.high), abs=1e-7)
    assert first.unit == "query"
    assert found.estimates["r_precision"].unit == "query"
    assert found.harm.low <= found.harm.value <= found.harm.high


def test_singletons_are_counted_and_left_out():
    data = planted("healthy_many_classes")
    extra = np.random.default_rng(0).standard_normal((7, data.vectors.shape[1]))
    vectors = np.vstack([data.vectors, extra / np.linalg.norm(extra, axis=1, keepdims=True)])
    labels = np.r_[data.codes, 1000 + np.arange(7)]
    found = judge(EmbeddingSet.from_arrays(vectors, labels))
    assert "7 alone in their class left out" in found.estimates["map_at_r"].about


def test_ties_are_counted_against_a_match_and_named():
    constant = judge(EmbeddingSet.from_arrays(np.ones((240, 3)), np.arange(240) % 24))
    assert constant.estimates["recall_at_10"].value == 0
    assert constant.verdict is Verdict.ALARM
    assert "Ties decide" in constant.meaning
    assert "Look at the ties first" in constant.remedy
    assert any("recall_at_10 would be 100.0 %" in caveat for caveat in constant.caveats)
    # Half a class is on top of the others, half in a place of its own: nothing ties there.
    clear = said("healthy", "retrieval")
    assert "Ties" not in clear.meaning


def test_large_classes_are_looked_up_in_wider_lists():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(12), 60)
    vectors = rng.standard_normal((12, 8))[labels] + 0.8 * rng.standard_normal((720, 8))
    found = judge(EmbeddingSet.from_arrays(vectors, labels))
    assert found.estimates["r_precision"].low is not None


@pytest.mark.parametrize("flaw", ["lost_rows", "look_alikes"])
def test_the_remedy_follows_where_the_matches_are(flaw):
    found = judge(planted(flaw, 2))
    if flaw == "lost_rows":
        assert "ranking again cannot bring them back" in found.remedy
        assert "only beyond" in found.meaning
    else:
        assert found.verdict is Verdict.OK
        assert "say which of the two" in found.remedy


def test_distances_alone_are_enough():
    data = planted("lost_rows", 3)
    matrix = brute_force.distances(data.vectors[:600], data.vectors[:600])
    given = retrieval(Geometry.from_distances(matrix, data.codes[:600]))
    vectors = judge(EmbeddingSet.from_arrays(data.vectors[:600], data.codes[:600]))
    for name, estimate in vectors.estimates.items():
        assert given.estimates[name].value == pytest.approx(estimate.value, abs=1e-7), name
        assert given.estimates[name].low == pytest.approx(estimate.low, abs=1e-6), name


def test_no_class_in_common_is_not_applicable():
    data = planted("healthy")
    split = np.where(data.codes < 30, "train", "test")
    found = judge(EmbeddingSet.from_arrays(data.vectors, data.codes, split=split))
    assert found.verdict is Verdict.NOT_APPLICABLE
    assert found.explanation.startswith("The queries (")


def test_charts_tell_what_they_show():
    data = planted("lost_rows", 4)
    found = judge(data)
    curve, counts, table, examples = found.charts
    assert isinstance(curve, Curve)
    assert isinstance(counts, Table)
    assert isinstance(table, Table)
    assert isinstance(examples, Examples)
    numbers = found.estimates
    matched, chance = curve.series
    assert len(matched.x) == 50
    for k in (1, 5, 10):
        assert matched.y[k - 1] == pytest.approx(numbers[f"recall_at_{k}"].value)
        assert matched.low[k - 1] == pytest.approx(numbers[f"recall_at_{k}"].low)
    assert list(matched.y) == sorted(matched.y)
    assert chance.y[0] == pytest.approx(19 / 1999)
    assert [row[0] for row in counts.rows] == list(numbers)
    matrix = brute_force.distances(data.vectors, data.vectors)
    for example in examples.examples:
        assert not any(answer.match for answer in example.answers)
        q = example.query.row
        same = data.codes == data.codes[q]
        same[q] = False
        place = 1 + int((matrix[q][data.codes != data.codes[q]] <= matrix[q][same].min()).sum())
        assert example.note == f"its first match is answer {place:,}"
        assert place > 10
    assert len({example.query.label for example in examples.examples}) == 8
    shares = [float(a) / float(b) for a, b in (row[1].split(" of ") for row in table.rows)]
    assert shares == sorted(shares, reverse=True)


def test_healthy_charts_have_no_empty_tables():
    charts = said("healthy_cone", "retrieval").charts
    assert [chart.kind for chart in charts] == ["curve", "table"]


@pytest.mark.parametrize("classes", [2, 3])
def test_tiny_sets_survive(classes):
    labels = np.r_[np.arange(classes), np.arange(classes)]
    vectors = np.random.default_rng(0).standard_normal((2 * classes, 1))
    found = judge(EmbeddingSet.from_arrays(vectors, labels))
    assert found.verdict is Verdict.UNSURE
    assert len(found.charts[0].series[0].x) == 2 * classes - 1
    assert found.estimates["recall_at_10"].value == 1  # the page shows everything there is


def test_real_sets(shared_data):
    from embedding_second_opinion.data.load import load

    (path,) = (shared_data / "omniglot_triplet").glob("*.npz")
    found = judge(load(path), strangers=["unknown"])
    assert found.estimates["precision_at_1"].value == pytest.approx(0.766, abs=5e-4)
    assert found.estimates["recall_at_10"].value > found.estimates["recall_at_1"].value
