"""Hubness: hubs that cost answers alarm, hubs that cost none do not."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from embedding_second_opinion.catalogue.hubness import surrogate
from embedding_second_opinion.catalogue.hubness.check import hubness
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.load import load
from embedding_second_opinion.findings.charts import Curve, Examples, Table
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples import sample
from embedding_second_opinion.samples.planted import planted
from tests.verdicts import found as said


def judge(data, metric="euclidean"):
    return hubness(Geometry(data, metric=metric))


@pytest.fixture(scope="module")
def crowded_by_hubs():
    return judge(planted("hubs", 0))


@pytest.fixture
def few_draws(monkeypatch):
    """Surrogates take most of the time, and no verdict hangs on them."""
    monkeypatch.setattr(surrogate, "DRAWS", 3)


@pytest.mark.usefixtures("few_draws")
def test_hubs_alarm(crowded_by_hubs):
    for found in (crowded_by_hubs, said("hubs", "hubness", 1)):
        assert found.verdict is Verdict.ALARM
        assert found.harm.low > 0.04
        assert found.p_value < 1e-3


@pytest.mark.usefixtures("few_draws")
def test_hubs_that_cost_nothing_do_not():
    skewed = said("healthy_hubs", "hubness")
    assert skewed.verdict is Verdict.OK
    assert skewed.estimates["hubness_skewness"].value > 5
    assert "hardly any answer is lost" in skewed.meaning
    dimensions = said("healthy_cone", "hubness")
    assert dimensions.verdict is Verdict.OK
    assert dimensions.estimates["hubness_skewness"].value > 3


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", ["healthy", "healthy_several_modes", "healthy_split"])
def test_healthy_sets_are_quiet(name, seed):
    assert said(name, "hubness", seed).verdict is Verdict.OK


def test_the_harm_is_what_csls_gains_where_a_hub_is_nearest(crowded_by_hubs):
    """Unit vectors: CSLS as published, from cosines."""
    data = planted("hubs", 0)
    x, y = data.vectors.astype(float), data.codes
    similar = cosine_similarity(x)
    np.fill_diagonal(similar, -np.inf)
    near = np.argsort(-similar, axis=1)[:, :10]
    counts = np.bincount(near.ravel(), minlength=len(y))
    local = -np.sort(-similar, axis=0)[:10].mean(axis=0)
    before, after = near[:, 0], (2 * similar - local).argmax(axis=1)
    hub = counts[before] - 1 > 20
    gained = (y[after] == y).astype(float) - (y[before] == y)
    found = crowded_by_hubs
    assert found.harm.value == pytest.approx(gained[hub].sum() / len(y), abs=1e-7)
    assert found.estimates["csls_gain"].value == pytest.approx(gained.mean(), abs=1e-7)
    assert found.estimates["csls_accuracy"].value == pytest.approx(np.mean(y[after] == y), abs=1e-7)
    assert found.estimates["hub_rows"].value == pytest.approx(np.mean(counts > 20), abs=1e-7)
    assert found.estimates["answered_by_hubs"].value == pytest.approx(hub.mean(), abs=1e-7)
    top, wrong = counts >= np.sort(counts)[-14], y[before] != y  # a hundredth of 1,440
    share = found.estimates["wrong_answers_by_top"].value
    assert share == pytest.approx(top[before][wrong].mean(), abs=1e-7)


def test_words_and_charts(crowded_by_hubs):
    found = crowded_by_hubs
    assert "There are more hubs than the shape of the cloud makes" in found.meaning
    assert "of the wrong answers and" in found.meaning
    assert found.remedy.startswith("Look at the rows listed first.")
    curve, table, examples = found.charts
    assert isinstance(curve, Curve)
    assert isinstance(table, Table)
    assert isinstance(examples, Examples)
    often = [int(row[2]) for row in table.rows]
    assert often == sorted(often, reverse=True)
    assert min(often) > 20
    for line in curve.series:
        assert list(line.y) == sorted(line.y)
    assert all(not each.answers[0].match for each in examples.examples)
    labels = [each.query.label for each in examples.examples]
    assert len(set(labels)) > 1


def test_dimensions_alone_are_told_from_odd_rows():
    """Nothing is odd in a cloud of Gaussian classes; where hubs cost answers there, it is the shape."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(200), 8)
    vectors = rng.standard_normal((200, 100))[labels] + 1.5 * rng.standard_normal((1600, 100))
    found = judge(EmbeddingSet.from_arrays(vectors, labels))
    assert found.verdict is Verdict.ALARM
    assert "No row need be odd" in found.meaning
    assert found.remedy.startswith("Bring the dimension down")


@pytest.mark.usefixtures("few_draws")
def test_one_answer_mended_and_one_spoiled_is_no_spread_and_still_a_bound():
    found = judge(planted("healthy_unnormalised", 126))
    assert found.harm.value == 0
    assert found.verdict is Verdict.OK
    assert "2 of which the correction changes" in found.harm.method


@pytest.mark.usefixtures("few_draws")
def test_few_classes_cannot_tell():
    rng = np.random.default_rng(1)
    labels = np.repeat(np.arange(5), 40)
    vectors = rng.standard_normal((5, 6))[labels] + rng.standard_normal((200, 6))
    found = judge(EmbeddingSet.from_arrays(vectors, labels))
    assert found.verdict is Verdict.UNSURE
    assert "5 classes are too few" in found.meaning
    split = np.tile(["train", "test"], 100)
    told = judge(EmbeddingSet.from_arrays(vectors, labels, split=split))
    assert told.harm.unit == "query"
    assert told.harm.high is not None


@pytest.mark.usefixtures("few_draws")
def test_what_cannot_be_judged_says_so():
    data = planted("healthy")
    matrix = np.linalg.norm(data.vectors[:, None] - data.vectors[None], axis=-1).astype(float)
    found = hubness(Geometry.from_distances(matrix, data.codes))
    assert found.verdict is Verdict.NOT_APPLICABLE
    assert found.explanation.startswith("Needs the vectors")
    few = EmbeddingSet.from_arrays(data.vectors[:20], np.repeat(np.arange(5), 4))
    assert "there are 20" in judge(few).explanation
    split = np.where(np.arange(data.n) % 2 == 0, "train", "test")
    split[data.codes > 0] = "train"
    one = EmbeddingSet.from_arrays(data.vectors, data.codes, split=split)
    assert "all are of one" in judge(one).explanation


@pytest.mark.usefixtures("few_draws")
def test_row_order_and_names_change_nothing():
    data = planted("shifted", 4)
    order = np.random.default_rng(0).permutation(data.n)
    names = np.array([f"n{(37 * int(c)) % 1009:04d}" for c in data.classes])
    other = EmbeddingSet.from_arrays(
        data.vectors[order], names[data.codes[order]], split=data.split[order]
    )
    one, two = judge(data), judge(other)
    assert one.estimates.keys() == two.estimates.keys()
    for key, estimate in one.estimates.items():
        for part in ("value", "low", "high"):
            a, b = getattr(estimate, part), getattr(two.estimates[key], part)
            assert (a is None and b is None) or b == pytest.approx(a, abs=1e-6), key


@pytest.mark.usefixtures("few_draws")
def test_glyphs_and_digits_lose_next_to_nothing_to_hubs():
    assert judge(sample("glyphs")).verdict is Verdict.OK
    digits = judge(sample("digits"))
    assert round(digits.estimates["hubness_skewness"].value, 2) == 0.79
    assert digits.verdict is not Verdict.ALARM


@pytest.mark.usefixtures("few_draws")
def test_leaves_are_skewed_and_lose_nothing(shared_data):
    (path,) = (shared_data / "leaf99").glob("*.npz")
    found = judge(load(path))
    assert found.verdict is Verdict.OK
    assert found.estimates["hubness_skewness"].value > 0.5
