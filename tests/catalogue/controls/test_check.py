"""A model that its own input beats alarms, one that adds something does not; scikit-learn is the oracle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from embedding_second_opinion.catalogue.controls import numbers as measured
from embedding_second_opinion.catalogue.controls.check import controls
from embedding_second_opinion.catalogue.controls.permuted import compared
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.findings.charts import Bars, Table
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.controls import Control
from embedding_second_opinion.inputs.inputs import Inputs
from embedding_second_opinion.samples.planted import planted, planted_inputs
from tests.planting import FLAWS, HEALTHY
from tests.verdicts import found as said
from tests.verdicts import inputs


def judge(data, inputs=None, metric="euclidean"):
    return controls(Geometry(arrange(data), metric=metric), inputs)


def untrained(data):
    """A control that knows nothing."""
    return beside(data, untrained=np.random.default_rng(1).standard_normal(data.vectors.shape))


def beside(data, **vectors):
    """Inputs with these controls."""
    names = np.array(data.classes)[data.codes]
    return Inputs(
        controls=tuple(Control(n, EmbeddingSet.from_arrays(v, names)) for n, v in vectors.items())
    )


def halves(data):
    split = np.where(np.arange(data.n) % 3 > 0, "train", "test")
    return EmbeddingSet.from_arrays(data.vectors, np.array(data.classes)[data.codes], split=split)


def test_the_planted_flaw_alarms():
    found = [said("untrained", "controls", seed) for seed in range(3)]
    assert [f.verdict for f in found].count(Verdict.ALARM) == 3
    assert all("the model is behind by" in f.explanation for f in found)


@pytest.mark.parametrize("shape", [*HEALTHY, *(f for f in FLAWS if f != "untrained")])
def test_nothing_else_alarms(shape):
    for seed in range(3 if shape == "healthy_control" else 1):
        expected = Verdict.OK if inputs(shape, seed).controls else Verdict.NOT_APPLICABLE
        assert said(shape, "controls", seed).verdict is expected


@pytest.mark.parametrize("split", [False, True])
def test_every_number_against_scikit_learn(split):
    data, inputs = planted("untrained"), planted_inputs("untrained")
    raw = inputs.controls[0].data.vectors.astype(np.float64)
    data = halves(data) if split else data
    found = judge(data, inputs).estimates
    everyone = np.arange(data.n)
    train = everyone if data.split is None else everyone[data.split == "train"]
    test = everyone if data.split is None else everyone[data.split == "test"]
    for vectors, end in ((data.vectors.astype(np.float64), ""), (raw, "_raw")):
        nearest = NearestNeighbors(n_neighbors=10).fit(vectors[train])
        near = nearest.kneighbors(vectors[test] if split else None)[1]
        hits = data.codes[train][near] == data.codes[test][:, None]
        assert found[f"closed_set_accuracy{end}"].value == pytest.approx(
            hits[:, 0].mean(), abs=1e-7
        )
        assert found[f"recall_at_10{end}"].value == pytest.approx(hits.any(1).mean(), abs=1e-7)
        some = np.arange(0, len(test), 10)
        areas = []
        for q in test[some]:
            rest = train[train != q]
            far = np.linalg.norm(vectors[rest] - vectors[q], axis=1)
            areas.append(roc_auc_score(data.codes[rest] == data.codes[q], -far))
        assert found[f"triplet_accuracy{end}"].value == pytest.approx(np.mean(areas), abs=0.01)
    if split:
        peer = KNeighborsClassifier(1).fit(raw[train], data.codes[train])
        score = peer.score(raw[test], data.codes[test])
        assert found["closed_set_accuracy_raw"].value == pytest.approx(score, abs=1e-7)
    lead = found["closed_set_accuracy"].value - found["closed_set_accuracy_raw"].value
    assert found["lead_over_raw"].value == pytest.approx(lead, abs=1e-7)


def test_the_interval_is_a_jackknife_with_the_classes_really_deleted():
    data = planted("crowded")
    keep = data.codes < 30
    data = EmbeddingSet.from_arrays(data.vectors[keep], data.codes[keep])
    rng = np.random.default_rng(0)
    other = data.vectors + 0.6 * rng.standard_normal(data.vectors.shape)
    found = judge(data, beside(data, noisy=other)).estimates["lead_over_noisy"]

    def lead(rows):
        scores = []
        for vectors in (data.vectors, other.astype(np.float32)):
            near = NearestNeighbors(n_neighbors=1).fit(vectors[rows]).kneighbors()[1][:, 0]
            scores.append((data.codes[rows][near] == data.codes[rows]).mean())
        return scores[0] - scores[1]

    without = np.array([lead(data.codes != c) for c in range(30)])
    error = np.sqrt(29 / 30 * ((without - without.mean()) ** 2).sum())
    assert found.value == pytest.approx(lead(data.codes >= 0), abs=1e-7)
    assert found.high - found.value == pytest.approx(2.0452 * error, rel=1e-3)


def test_the_harm_is_what_a_lead_of_two_points_lacks():
    data = planted("crowded")
    rng = np.random.default_rng(1)
    found = {}
    for blur in (0.01, 0.08, 1.0):
        other = data.vectors + blur * rng.standard_normal(data.vectors.shape)
        found[blur] = judge(data, beside(data, raw=other))
        lead = found[blur].estimates["lead_over_raw"]
        if lead.low is not None:
            assert found[blur].harm.high == pytest.approx(0.02 - lead.low, abs=1e-7)
    # As good but for noise: surely short of two points.
    assert found[0.01].verdict is Verdict.WATCH
    assert "perhaps by nothing" in found[0.01].meaning
    assert found[1.0].verdict is Verdict.OK
    # Turned round: the model is the noisy one.
    noisy = data.vectors + 0.5 * rng.standard_normal(data.vectors.shape)
    turned = EmbeddingSet.from_arrays(noisy, np.array(data.classes)[data.codes])
    worse = judge(turned, beside(turned, raw=data.vectors))
    assert worse.verdict is Verdict.ALARM
    assert worse.p_value < 0.001


def test_the_best_of_several_controls_counts():
    data = planted("untrained")
    raw = planted_inputs("untrained").controls[0].data.vectors
    noise = np.random.default_rng(0).standard_normal(raw.shape)
    found = judge(data, beside(data, untrained=noise, raw=raw))
    assert found.verdict is Verdict.ALARM
    assert "the raw input, the best of 2 controls," in found.explanation
    assert {"lead_over_untrained", "lead_over_raw"} <= set(found.estimates)
    assert found.estimates["lead_over_untrained"].low > 0.5
    assert found.parameters["controls"] == ["untrained", "raw"]


def test_without_controls_it_says_what_is_not_known():
    found = judge(planted("healthy_split"))
    assert found.verdict is Verdict.NOT_APPLICABLE
    assert found.explanation.startswith("Needs other vectors of the same rows (--controls FILE)")
    assert "--controls FILE" in found.remedy
    assert (found.harm, found.tolerance, found.p_value) == (None, None, None)
    assert not found.estimates


def test_without_controls_nothing_is_measured(monkeypatch):
    def refused(*_):
        raise AssertionError("a check that does not apply measured something")

    monkeypatch.setattr(Geometry, "_run", refused)
    data = planted("healthy_split")
    for given in (None, beside(data, raw=data.vectors)):
        assert judge(data, given).verdict is Verdict.NOT_APPLICABLE


def test_an_evaluation_that_leaks_is_the_alarm(monkeypatch):
    """As if the evaluation looked at the labels: permuted ones are found in half of the cases."""
    leaky = compared(np.random.default_rng(0).normal(0.5, 0.01, 999), 1 / 160)
    monkeypatch.setattr(measured, "permuted", lambda space: leaky)
    found = judge(planted("healthy_control"), planted_inputs("healthy_control"))
    assert found.verdict is Verdict.ALARM
    assert found.meaning.startswith("The evaluation itself leaks")
    assert found.harm.value == pytest.approx(0.5 - 1 / 160, abs=0.01)
    assert replace(leaky, accuracy=0.2).accuracy_interval.high > 0.2


def test_words_and_charts():
    found = judge(planted("untrained"), planted_inputs("untrained"))
    bars, table, classes = found.charts
    assert isinstance(bars, Bars)
    assert isinstance(table, Table)
    assert bars.title.endswith("points worse than the raw input")
    assert [b.label for b in bars.bars] == [
        "The model",
        "The raw input",
        "A random projection of the raw input",
        "Permuted labels",
    ]
    assert [row[0] for row in table.rows][:3] == [b.label for b in bars.bars][:3]
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert len(classes.rows) == 12
    assert classes.columns[-1] == "the raw input"
    assert "the model must beat that, too" in found.meaning
    healthy = judge(planted("healthy_control"), planted_inputs("healthy_control"))
    assert "points better than the raw input" in healthy.charts[0].title
    assert "must beat" not in healthy.meaning


def test_a_blank_picture_has_no_direction():
    data, inputs = planted("healthy_control"), planted_inputs("healthy_control")
    raw = np.array(inputs.controls[0].data.vectors)
    raw[7] = 0
    found = judge(data, beside(data, raw=raw), metric="cosine")
    assert found.verdict is Verdict.NOT_APPLICABLE
    assert "the raw input was left out: vectors must not be zero" in found.explanation
    assert any("the raw input was left out: vectors must not be zero" in c for c in found.caveats)
    both = judge(data, beside(data, raw=raw, untrained=raw + 1), metric="cosine")
    assert both.verdict is Verdict.OK


def test_few_classes_cannot_tell():
    data = planted("untrained")
    keep = data.codes < 6
    small = EmbeddingSet.from_arrays(data.vectors[keep], data.codes[keep])
    raw = planted_inputs("untrained").controls[0].data.vectors[keep]
    found = judge(small, beside(small, raw=raw))
    assert found.verdict is Verdict.UNSURE
    assert "6 classes are too few" in found.meaning


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_the_embedding_is_no_control_of_itself(metric):
    data = planted("crowded")
    lengths = np.random.default_rng(0).uniform(0.5, 2, (data.n, 1))
    for same in (data.vectors, 3 * data.vectors, data.vectors * lengths):
        found = judge(data, beside(data, raw=same), metric=metric)
        assert found.verdict is Verdict.NOT_APPLICABLE
        assert "it holds the embedding that is judged" in found.explanation
        assert "raw input, which" not in found.meaning  # its projection is the embedding's
    rng = np.random.default_rng(1)
    noise = beside(data, raw=data.vectors, untrained=rng.standard_normal(data.vectors.shape))
    found = judge(data, noise, metric=metric)
    assert found.verdict is Verdict.OK
    assert "lead_over_raw" not in found.estimates
    assert any("it holds the embedding that is judged" in c for c in found.caveats)


def test_a_projection_is_spoken_of_where_its_interval_allows_it():
    labels = np.repeat(np.arange(20), 6)
    rng = np.random.default_rng(0)
    silent = (
        (np.ones((120, 4)), labels),
        (np.ones((3, 1)), np.array([0, 0, 1])),
        (rng.standard_normal((120, 1)) + labels[:, None], labels),
        (rng.standard_normal((3, 4)), np.array([0, 0, 1])),
        (rng.standard_normal((120, 6)), labels),  # chance, either way
    )
    for vectors, names in silent:
        data = EmbeddingSet.from_arrays(vectors, names)
        assert "Mixed at random" not in judge(data, untrained(data)).meaning
    data = planted("healthy_split")
    split = judge(data, untrained(data))
    about = split.estimates["closed_set_accuracy_random_projection"].about
    assert about.startswith("a random projection of the embedding, 20 dimensions: ")
    assert split.estimates["permuted_labels_chance"].value == pytest.approx(1 / 160)
    lost = split.estimates["lead_over_random_projection"]
    assert lost.low > 0
    assert f"the embedding loses {lost.text()}" in split.meaning
    data = EmbeddingSet.from_arrays(silent[2][0], labels)
    line = judge(data, untrained(data)).estimates
    assert line["closed_set_accuracy"].about.startswith("the model, 1 dimension: ")


def test_a_lead_is_at_most_100_points():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(12), 8)
    vectors = 5 * rng.standard_normal((12, 8))[labels] + 0.1 * rng.standard_normal((96, 8))
    data = EmbeddingSet.from_arrays(vectors, labels)
    found = judge(data, beside(data, raw=rng.standard_normal((96, 8))))
    for estimate in found.estimates.values():
        assert estimate.high is None or estimate.high <= 1
    assert found.harm.low >= 0.02 - 1


def test_distances_alone_and_no_class_in_common():
    data = planted("healthy")
    matrix = np.linalg.norm(data.vectors[:, None] - data.vectors[None], axis=-1).astype(float)
    found = controls(Geometry.from_distances(matrix, data.codes))
    assert found.verdict is Verdict.NOT_APPLICABLE
    split = np.where(data.codes < 30, "train", "test")
    apart = judge(EmbeddingSet.from_arrays(data.vectors, data.codes, split=split))
    assert apart.verdict is Verdict.NOT_APPLICABLE


def test_row_order_and_names_change_nothing():
    data, inputs = planted("untrained"), planted_inputs("untrained")
    order = np.random.default_rng(0).permutation(data.n)
    names = np.array([f"n{(37 * c) % 101:03d}" for c in range(100)])
    other = EmbeddingSet.from_arrays(data.vectors[order], names[data.codes[order]])
    raw = beside(other, raw=inputs.controls[0].data.vectors[order])
    one, two = judge(data, inputs), judge(other, raw)
    assert one.estimates.keys() == two.estimates.keys()
    for key, estimate in one.estimates.items():
        assert two.estimates[key].value == pytest.approx(estimate.value, abs=1e-7), key
        assert two.estimates[key].low == pytest.approx(estimate.low, abs=1e-6), key
