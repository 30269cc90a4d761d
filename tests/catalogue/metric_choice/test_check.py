"""Columns out of scale and lengths that say nothing alarm, healthy sets do not, and the words fit."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler, normalize

from embedding_second_opinion.catalogue.metric_choice import options
from embedding_second_opinion.catalogue.metric_choice.check import metric_choice
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.load import load
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.drawing.draw import png
from embedding_second_opinion.findings.charts import Bars, Table
from embedding_second_opinion.findings.finding import Finding, Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples.planted import HEALTHY, planted
from tests.verdicts import found as said
from tests.verdicts import read_by

QUIET = (Verdict.OK, Verdict.UNSURE, Verdict.NOT_APPLICABLE)


def judge(data, metric="euclidean", **selection):
    return metric_choice(Geometry(arrange(data, **selection), metric=metric))


def made(seed=0, classes=15, rows=8, widths=(1, 1, 6, 1)):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), rows)
    d = len(widths)
    vectors = rng.standard_normal((classes, d))[labels] + 0.4 * rng.standard_normal(
        (len(labels), d)
    )
    return vectors * np.array(widths), labels


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("flaw", "words", "line"),
    [
        ("unscaled_columns", "of a squared distance", "StandardScaler"),
        ("needs_cosine", "answer better by cosine than by euclidean distance", "normalize"),
    ],
)
def test_planted_flaws_alarm(flaw, words, line, seed):
    found = said(flaw, "metric_choice", seed)
    assert found.verdict is Verdict.ALARM
    assert words in found.meaning
    assert line in found.remedy
    assert found.harm.text() in found.remedy
    assert found.p_value < 0.025


def test_the_other_metric_in_use_is_no_flaw():
    assert judge(planted("needs_cosine"), metric="cosine").verdict is Verdict.OK


@pytest.mark.parametrize("shape", read_by("metric_choice", HEALTHY))
def test_healthy_sets_stay_quiet(shape):
    for seed in (0, 1) if shape == "healthy" else (0,):
        assert said(shape, "metric_choice", seed).verdict in (Verdict.OK, Verdict.UNSURE)


@pytest.mark.parametrize(
    "flaw",
    ["look_alikes", "crowded", "binarised", "minority_collapse", "one_group", "overfit", "shifted"],
)  # fmt: skip
def test_other_flaws_are_not_named_here(flaw):
    assert said(flaw, "metric_choice").verdict in QUIET


def test_what_a_collapse_hides_is_told_and_left_to_collapse():
    """Training has left three of 32 columns; the silent ones still know, but the metric is not at fault."""
    verdicts = [said("flattened", "metric_choice", seed).verdict for seed in range(1, 4)]
    assert verdicts.count(Verdict.UNSURE) >= 2
    found = said("flattened", "metric_choice", 1)
    assert found.harm.value > 0.2
    assert found.harm.low < 0
    assert "collapsed" in found.meaning
    assert "StandardScaler" in found.remedy


def test_columns_far_out_of_scale_alarm_even_where_the_others_are_silent():
    """Not a collapse: what is loud says nothing."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(60), 10)
    vectors = rng.standard_normal((60, 16))[labels] + 0.6 * rng.standard_normal((600, 16))
    far = np.hstack([vectors, 1e4 * rng.standard_normal((600, 2))])
    found = judge(EmbeddingSet.from_arrays(far, labels))
    assert found.verdict is Verdict.ALARM
    assert "makes 100 % of a squared distance" in found.meaning


def test_every_accuracy_and_gain_is_the_one_scikit_learn_finds():
    vectors, labels = made()
    data = EmbeddingSet.from_arrays(vectors, labels)
    e = judge(data).estimates
    x = data.vectors.astype(np.float64)
    peers = {
        "euclidean": x,
        "cosine": normalize(x),
        "scaled": StandardScaler().fit_transform(x),
        "scaled_cosine": normalize(StandardScaler().fit_transform(x)),
    }
    accuracy = {}
    for key, rows in peers.items():
        near = NearestNeighbors(n_neighbors=1).fit(rows).kneighbors()[1][:, 0]
        accuracy[key] = (labels[near] == labels).mean()
        assert e[f"{key}_accuracy"].value == pytest.approx(accuracy[key], abs=1e-7)
        if key != "euclidean":
            gain = accuracy[key] - accuracy["euclidean"]
            assert e[f"{key}_gain"].value == pytest.approx(gain, abs=1e-7)
    assert accuracy["scaled"] > accuracy["euclidean"] + 0.05


def test_vectors_of_one_length_gain_exactly_nothing_by_cosine():
    for metric, other in (("euclidean", "cosine"), ("cosine", "euclidean")):
        found = judge(planted("healthy_split"), metric=metric)
        gain = found.estimates[f"{other}_gain"]
        assert (gain.value, gain.low, gain.high) == (0, 0, 0)
        assert any("it gains exactly 0" in caveat for caveat in found.caveats)


def test_a_gain_in_triplets_alone_is_told():
    vectors, labels = made(1, widths=(1, 1, 1, 1))
    far = np.repeat(np.random.default_rng(0).random(15), 8)[:, None] * 8
    found = judge(EmbeddingSet.from_arrays(vectors + far, labels), metric="cosine")
    assert found.estimates["euclidean_gain"].value > 0.1
    assert "answer better by euclidean distance than by cosine" in found.meaning


def test_without_its_inputs_it_says_what_it_needs():
    vectors, labels = made()
    space = Geometry.from_distances(np.random.default_rng(0).random((120, 120)), labels)
    assert "Needs the vectors" in metric_choice(space).explanation
    one = EmbeddingSet.from_arrays(vectors[:, :1], labels)
    assert "two columns or more" in judge(one).explanation
    apart = EmbeddingSet.from_arrays(vectors, labels, split=np.where(labels < 7, "train", "test"))
    found = judge(apart)
    assert found.verdict is Verdict.NOT_APPLICABLE
    assert "share no class" in found.explanation


def test_few_classes_cannot_tell():
    vectors, labels = made(classes=5, rows=20)
    found = judge(EmbeddingSet.from_arrays(vectors, labels))
    assert found.verdict is Verdict.UNSURE
    assert "5 classes are too few" in found.meaning
    split = np.where(np.arange(100) % 2, "train", "test")
    found = judge(EmbeddingSet.from_arrays(vectors, labels, split=split))
    assert found.harm.unit == "query"


@pytest.mark.parametrize("fill", [0.0, 1.0])
def test_vectors_that_are_all_alike(fill):
    found = judge(EmbeddingSet.from_arrays(np.full((120, 3), fill), np.repeat(np.arange(15), 8)))
    assert found.verdict is (Verdict.OK if fill else Verdict.UNSURE)
    assert "other metric" in found.explanation
    assert any("no column of the gallery varies" in caveat for caveat in found.caveats)


def test_ties_are_told():
    found = judge(planted("binarised"))
    assert found.harm.value == 0
    assert any("tie under the metric in use" in caveat for caveat in found.caveats)


def test_words_and_charts():
    found = judge(planted("unscaled_columns"))
    assert found.harm.text() in found.explanation
    best = next(bar for bar in found.charts[0].bars if bar.role == "second")
    assert f"{best.label}: {100 * best.value:.1f} %" in found.charts[0].alt
    assert best.label.lower() in found.explanation
    assert [type(c) for c in found.charts] == [Bars, Table, Table]
    assert len(found.charts[0].bars) == len(found.charts[1].rows) == 7
    chosen = [int(row[-1].split()[0]) for row in found.charts[1].rows[1:]]
    assert sum(chosen) == 40
    assert Finding.model_validate_json(found.model_dump_json()) == found
    assert all(e.about and e.method for e in found.estimates.values())
    assert png(found.charts)


@pytest.mark.parametrize("name", ["unscaled_columns", "healthy_split"])
def test_row_order_and_class_names_change_nothing(name, monkeypatch):
    monkeypatch.setattr(options, "QUERIES", 900)
    data = planted(name)
    order = np.random.default_rng(0).permutation(data.n)
    names = np.array([f"name {(7 * int(c)) % 1009:04d}" for c in data.classes])
    other = EmbeddingSet.from_arrays(
        data.vectors[order],
        names[data.codes[order]],
        split=None if data.split is None else data.split[order],
    )
    one, two = judge(data), judge(other)
    assert one.harm.value == pytest.approx(two.harm.value, abs=1e-7)
    assert "drawn from" in one.harm.about
    for key, e in one.estimates.items():
        assert two.estimates[key].value == pytest.approx(e.value, abs=1e-7), key
        if e.low is not None:
            assert two.estimates[key].low == pytest.approx(e.low, abs=1e-6), key


def test_leaves_are_told_to_scale_their_columns(shared_data):
    (path,) = (shared_data / "leaf99").glob("*.npz")
    found = judge(load(path))
    assert found.verdict is Verdict.ALARM
    assert found.estimates["euclidean_accuracy"].value == pytest.approx(0.9141, abs=5e-5)
    assert found.estimates["scaled_accuracy"].value == pytest.approx(0.982, abs=5e-4)
    assert "Use euclidean distance on scaled columns (scaler = StandardScaler()" in found.remedy
    assert "Do not choose by triplets" in found.meaning


def test_a_trained_network_needs_no_other_metric(shared_data):
    (path,) = (shared_data / "omniglot_triplet").glob("*.npz")
    found = judge(load(path), strangers=["unknown"])
    assert found.verdict is Verdict.OK
    assert found.estimates["whitened_gain"].value < 0
