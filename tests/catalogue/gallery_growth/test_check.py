"""Gallery growth: a gallery that grows at a cost alarms, one that grows at none does not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from embedding_second_opinion.catalogue.gallery_growth import numbers
from embedding_second_opinion.catalogue.gallery_growth.back_test import BackTest, Half
from embedding_second_opinion.catalogue.gallery_growth.check import gallery_growth
from embedding_second_opinion.data.embeddings import EmbeddingSet, InputError
from embedding_second_opinion.findings.charts import Curve
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs
from embedding_second_opinion.request import Request, open_evaluation
from embedding_second_opinion.samples import planted_causes, sample
from embedding_second_opinion.samples.planted import planted, planted_inputs
from tests.verdicts import found as said


def judge(name, seed=0, expected=None):
    inputs = Inputs(expected_classes=expected) if expected else planted_inputs(name, seed)
    return gallery_growth(Geometry(planted(name, seed)), inputs)


@pytest.fixture(scope="module")
def growing():
    return said("look_alikes_to_come", "gallery_growth")


def test_look_alikes_to_come_alarm(growing):
    for found in (growing, said("look_alikes_to_come", "gallery_growth", 1)):
        assert found.verdict is Verdict.ALARM
        assert found.harm.low > 0.04
        assert found.p_value < 1e-2


@pytest.mark.parametrize(
    "name", ["healthy_to_come", "healthy", "healthy_few_samples", "healthy_split"]
)
def test_healthy_sets_are_quiet(name):
    for seed in (0, 1) if name == "healthy_to_come" else (0,):
        assert said(name, "gallery_growth", seed).verdict is Verdict.OK


def test_the_forecast_holds_where_the_classes_to_come_are_really_drawn():
    """The same population, five times as many classes of it, ranked by scipy."""

    def population(rng, classes):
        families = 1.1 * np.random.default_rng(99).standard_normal((600, 32))
        centres = families[rng.integers(0, 600, classes)] + 0.2 * rng.standard_normal((classes, 32))
        labels = np.repeat(np.arange(classes), 6)
        return centres[labels] + 0.38 * rng.standard_normal((len(labels), 32)), labels

    vectors, labels = population(np.random.default_rng(1), 1200)
    distances = cdist(vectors, vectors)
    np.fill_diagonal(distances, np.inf)
    truth = np.mean(labels[distances.argmin(axis=1)] == labels)
    for seed in (2, 3):
        data = EmbeddingSet.from_arrays(*population(np.random.default_rng(seed), 240))
        there = gallery_growth(Geometry(data), Inputs(expected_classes=1200)).estimates[
            "accuracy_at_expected"
        ]
        assert there.low < truth < there.high
        assert there.high - there.low < 0.25


def test_without_a_number_the_last_doubling_is_judged():
    found = gallery_growth(Geometry(planted("look_alikes_to_come")))
    measured = found.estimates["lost_by_last_doubling"]
    assert found.harm == measured
    half, every = (
        found.estimates[f"{n}"].value for n in ("accuracy_at_half", "closed_set_accuracy")
    )
    assert measured.value == pytest.approx(half - every, abs=1e-7)
    assert "Among 480 classes" in found.explanation


def test_fewer_classes_in_use_are_exact_and_no_harm():
    found = judge("look_alikes_to_come", expected=60)
    assert found.verdict is Verdict.OK
    assert found.harm.high < 0
    assert "points more" in found.explanation
    assert "No model is needed" in found.meaning
    same = judge("look_alikes_to_come", expected=240)
    assert (same.verdict, same.harm.value) == (Verdict.OK, 0)
    assert same.explanation.endswith("As many are enrolled in use.")


def test_out_of_reach_is_at_least_what_is_within(growing):
    found = judge("look_alikes_to_come", expected=100_000)
    assert found.verdict is Verdict.ALARM
    assert found.harm.low == growing.harm.low
    assert found.harm.high == found.estimates["closed_set_accuracy"].value
    assert "out of reach" in found.explanation
    assert "accuracy_at_expected" not in found.estimates
    # Nothing lost within reach is no promise beyond it.
    assert judge("healthy_to_come", expected=100_000).verdict is Verdict.UNSURE


def test_a_back_test_that_fails_takes_the_forecast_with_it(monkeypatch):
    missed = BackTest((Half(0.5, 0.4, 0.6),) * 6, 0.9)
    monkeypatch.setattr(numbers, "back_test", lambda space, known: missed)
    found = judge("look_alikes_to_come")
    assert found.verdict is Verdict.UNSURE
    assert found.harm is None
    assert (
        "the back-test fails: of 6 halves of the classes, the predictions of 6 miss"
        in found.meaning
    )
    assert not any("times" in name or "expected" in name for name in found.estimates)
    assert [series.name for series in found.charts[0].series] == ["measured"]


def test_few_classes_and_bare_distances_get_no_forecast():
    data = planted("healthy_several_modes")
    few = EmbeddingSet.from_arrays(data.vectors[data.codes < 30], data.codes[data.codes < 30])
    found = gallery_growth(Geometry(few), Inputs(expected_classes=300))
    assert found.verdict is Verdict.UNSURE
    assert "30 classes with queries are too few to extrapolate from; 40 are needed" in found.meaning
    matrix = cdist(data.vectors, data.vectors)
    bare = gallery_growth(Geometry.from_distances(matrix, data.codes), Inputs(expected_classes=300))
    assert "it needs the vectors" in bare.meaning
    assert gallery_growth(Geometry.from_distances(matrix, data.codes)).verdict is Verdict.OK
    three = EmbeddingSet.from_arrays(data.vectors[data.codes < 3], data.codes[data.codes < 3])
    assert gallery_growth(Geometry(three)).verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize("classes", [1, 0, -5, 2.5, True, "many"])
def test_a_number_of_classes_is_whole_and_from_two_up(classes):
    with pytest.raises(InputError, match=r"expected_classes must be a whole number from 2 up"):
        Request(expected_classes=classes)
    assert Request(expected_classes=2).inputs().expected_classes == 2


def test_row_order_and_names_change_nothing(growing):
    data = planted("look_alikes_to_come")
    order = np.random.default_rng(0).permutation(data.n)
    names = np.array([f"n{(37 * int(c)) % 1009:04d}" for c in data.classes])
    other = EmbeddingSet.from_arrays(data.vectors[order], names[data.codes[order]])
    found = gallery_growth(Geometry(other), planted_inputs("look_alikes_to_come"))
    assert found.estimates.keys() == growing.estimates.keys()
    for key, estimate in growing.estimates.items():
        for part in ("value", "low", "high"):
            a, b = getattr(estimate, part), getattr(found.estimates[key], part)
            assert (a is None and b is None) or b == pytest.approx(a, abs=1e-6), key


def test_words_and_chart(growing):
    (curve,) = growing.charts
    assert isinstance(curve, Curve)
    measured, forecast = curve.series
    assert (measured.x[0], measured.x[-1], forecast.x[0], forecast.x[-1]) == (2, 240, 240, 1200)
    assert measured.y[-1] == forecast.y[0]
    for series in curve.series:
        assert list(series.y) == sorted(series.y, reverse=True)
        for low, y, high in zip(series.low, series.y, series.high, strict=True):
            assert low <= y <= high
    assert [mark.x for mark in curve.marks] == [240, 1200]
    assert growing.estimates["accuracy_at_expected"].text() in curve.alt
    assert "of their 6 intervals hold what was measured" in growing.meaning


def test_glyphs_lose_much_with_every_doubling():
    found = gallery_growth(Geometry(sample("glyphs")))
    assert found.verdict is Verdict.ALARM
    assert found.estimates["lost_by_last_doubling"].value == pytest.approx(0.126, abs=1e-3)


def test_the_forecast_holds_where_the_glyphs_left_out_are_really_enrolled():
    """118 characters the network never saw, eight rows of each, ranked by scipy beside the 470 enrolled."""
    evaluation = open_evaluation("sample:glyphs")
    data, codes = evaluation.data, evaluation.codes
    unknown = np.flatnonzero(data.split == "unknown")
    more = [unknown[codes[unknown] == c][:8] for c in np.unique(codes[unknown])]
    gallery = np.concatenate([evaluation.gallery, *more])
    distances = cdist(data.vectors[evaluation.queries], data.vectors[gallery])
    nearest = codes[gallery][distances.argmin(axis=1)]
    truth = np.mean(nearest == codes[evaluation.queries])
    found = gallery_growth(Geometry(evaluation), Inputs(expected_classes=470 + len(more)))
    there = found.estimates["accuracy_at_expected"]
    assert truth < found.estimates["closed_set_accuracy"].value - 0.03
    assert there.low < truth < there.high
    assert there.value == pytest.approx(truth, abs=0.02)


def test_the_planted_sets_are_of_the_numbers_they_say():
    makers = planted_causes.FLAWS | planted_causes.HEALTHY
    for name in ("look_alikes_to_come", "healthy_to_come"):
        split = makers[name](np.random.default_rng(0))
        assert split.expected_classes > len(np.unique(split.labels))
