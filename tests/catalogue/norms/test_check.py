"""Norms: short vectors that are blurred alarm, lengths that say nothing of the answer do not."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

from embedding_second_opinion.catalogue.norms.check import norms
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.findings.charts import Bars, Curve
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples.planted import planted
from tests.verdicts import found as said


def judge(data, metric="euclidean"):
    return norms(Geometry(data, metric=metric))


def nearest_is_right(x, y, metric):
    index = NearestNeighbors(n_neighbors=1, metric=metric, algorithm="brute").fit(x)
    return y[index.kneighbors()[1][:, 0]] == y


def long_by_class(seed=0, classes=40, rows=10, d=6):
    """Classes of few directions and of lengths of their own: cosine cannot tell them apart."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), rows)
    directions = rng.standard_normal((classes // 4, d))[labels % (classes // 4)]
    vectors = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    vectors = vectors * (1 + labels // (classes // 4))[:, None]
    return EmbeddingSet.from_arrays(vectors + 0.05 * rng.standard_normal(vectors.shape), labels)


@pytest.fixture(scope="module", name="blurred")
def short_and_blurred():
    return judge(planted("short_blurred", 0))


@pytest.mark.parametrize("seed", range(3))
def test_short_vectors_that_are_blurred_alarm(seed):
    found = said("short_blurred", "norms", seed)
    assert found.verdict is Verdict.ALARM
    assert found.harm.low > 0.04
    assert "a sign of quality" in found.meaning
    assert found.remedy.startswith("Turn away samples with a short vector")


@pytest.mark.parametrize("seed", range(3))
def test_lengths_that_say_nothing_of_the_answer_are_quiet(seed):
    found = said("healthy_lengths", "norms", seed)
    assert found.verdict is Verdict.OK
    assert found.estimates["class_share"].low > 0.5  # and this alone is no harm
    assert found.remedy == "Nothing here."


@pytest.mark.parametrize(
    "name", ["healthy_several_modes", "healthy_unnormalised", "healthy_to_come"]
)
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_healthy_sets_are_quiet(name, metric):
    assert not judge(planted(name), metric).verdict.loud


@pytest.mark.parametrize("seed", range(3))
def test_errors_that_come_at_every_length_are_quiet(seed):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(100), 12)
    vectors = rng.standard_normal((100, 24))[labels] + rng.standard_normal((1200, 24))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    lengths = np.exp(0.04 * rng.standard_normal(1200))[:, None]
    found = judge(EmbeddingSet.from_arrays(lengths * vectors, labels))
    assert found.estimates["closed_set_accuracy"].value < 0.95
    assert not found.verdict.loud
    assert found.estimates["wrong_is_shorter"].value == pytest.approx(0.5, abs=0.1)


def test_numbers_against_scikit_learn(blurred):
    data = planted("short_blurred", 0)
    x, y = data.vectors.astype(float), data.codes
    lengths, right = np.linalg.norm(x, axis=1), nearest_is_right(x, y, "euclidean")
    short = np.argsort(lengths)[: len(y) // 5]
    rest = np.setdiff1d(np.arange(len(y)), short)
    e = blurred.estimates
    assert e["closed_set_accuracy"].value == pytest.approx(right.mean(), abs=1e-7)
    assert e["short_accuracy"].value == pytest.approx(right[short].mean(), abs=1e-7)
    assert e["rest_accuracy"].value == pytest.approx(right[rest].mean(), abs=1e-7)
    lost = 0.2 * (right[rest].mean() - right[short].mean())
    assert blurred.harm.value == pytest.approx(lost, abs=1e-7)
    assert e["wrong_is_shorter"].value == pytest.approx(roc_auc_score(~right, -lengths), abs=1e-7)
    bars, curve = blurred.charts
    assert isinstance(bars, Bars)
    assert isinstance(curve, Curve)
    by_fifth = [right[part].mean() for part in np.split(np.argsort(lengths), 5)]
    assert [bar.value for bar in bars.bars] == pytest.approx(by_fifth, abs=1e-7)


def test_what_cosine_loses_against_scikit_learn():
    data = long_by_class()
    x, y = data.vectors.astype(float), data.codes
    found = judge(data, "cosine")
    cosine, euclidean = (nearest_is_right(x, y, m).mean() for m in ("cosine", "euclidean"))
    assert found.estimates["closed_set_accuracy"].value == pytest.approx(cosine, abs=1e-7)
    assert found.estimates["euclidean_accuracy"].value == pytest.approx(euclidean, abs=1e-7)
    assert found.harm.value == pytest.approx(euclidean - cosine, abs=1e-7)
    assert found.verdict is Verdict.ALARM
    assert "tells its class, and cosine does not hear it" in found.meaning
    assert found.remedy.startswith("Use euclidean distance")


def test_quality_is_told_under_cosine_too():
    found = judge(planted("short_blurred"), "cosine")
    assert found.verdict is Verdict.OK  # euclidean distance gains nothing
    assert "Length is a quality score all the same" in found.meaning
    assert "Keep the length beside the unit vector" in found.remedy


def test_unit_vectors_have_thrown_it_away():
    found = said("healthy", "norms")
    assert found.verdict is Verdict.NOT_APPLICABLE
    assert "thrown away before they were saved" in found.explanation


def test_unit_vectors_in_half_precision_have_one_length_but_for_rounding():
    data = planted("healthy")
    half = data.vectors.astype(np.float16).astype(np.float32)
    lengths = np.linalg.norm(half.astype(float), axis=1)
    assert np.ptp(lengths) > 1e-4
    found = judge(EmbeddingSet.from_arrays(half, data.codes))
    assert found.verdict is Verdict.NOT_APPLICABLE


def test_distances_do_not_tell_lengths():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((40, 3))
    distances = np.linalg.norm(x[:, None] - x[None], axis=-1)
    found = norms(Geometry.from_distances(distances, np.repeat(np.arange(10), 4)))
    assert found.verdict is Verdict.NOT_APPLICABLE
    assert "how long a vector is" in found.explanation


def test_few_queries_and_few_classes():
    rng = np.random.default_rng(0)
    few = judge(EmbeddingSet.from_arrays(rng.standard_normal((18, 3)), np.arange(18) % 6))
    assert few.verdict is Verdict.NOT_APPLICABLE
    assert "there are 18" in few.explanation
    one = judge(EmbeddingSet.from_arrays(rng.standard_normal((60, 3)), np.arange(60) % 6))
    assert one.verdict is Verdict.UNSURE
    assert "6 classes are too few" in one.meaning


def test_zero_vectors_are_the_shortest():
    data = planted("short_blurred")
    vectors = data.vectors.copy()
    vectors[::200] = 0
    found = judge(EmbeddingSet.from_arrays(vectors, data.codes))
    assert found.verdict is Verdict.ALARM
    assert any(note.startswith("10 queries of length zero") for note in found.caveats)


def test_neither_row_order_nor_the_names_of_classes_matter(blurred):
    data = planted("short_blurred", 0)
    order = np.random.default_rng(0).permutation(data.n)
    other = judge(EmbeddingSet.from_arrays(data.vectors[order], (7 * data.codes[order] + 3) % 101))
    for name, each in blurred.estimates.items():
        assert other.estimates[name].value == pytest.approx(each.value, abs=1e-7), name
        assert other.estimates[name].low == pytest.approx(each.low, abs=1e-7), name
