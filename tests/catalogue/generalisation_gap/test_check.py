"""An overfitted model alarms, healthy ones do not, and every word fits the numbers."""

from __future__ import annotations

import numpy as np
import pytest

from embedding_second_opinion.catalogue.generalisation_gap.check import generalisation_gap
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.load import load
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.findings.charts import Bars, Curve, Table
from embedding_second_opinion.findings.finding import Finding, Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples import sample
from embedding_second_opinion.samples.planted import planted
from tests.planting import FLAWS, HEALTHY
from tests.verdicts import found as said


def judge(data, **selection):
    return generalisation_gap(Geometry(arrange(data, **selection)))


@pytest.mark.parametrize("seed", range(3))
def test_overfitting_alarms(seed):
    found = said("overfit", "generalisation_gap", seed)
    assert found.verdict is Verdict.ALARM
    assert found.harm.low > 0.1
    assert "learnt its training rows" in found.meaning


@pytest.mark.parametrize("shape", HEALTHY)
def test_healthy_sets_stay_quiet(shape):
    seeds = range(3 if shape in ("healthy_split", "healthy_strangers") else 1)
    verdicts = [said(shape, "generalisation_gap", seed).verdict for seed in seeds]
    # 60 unseen classes that are all recognised leave a bound of 5 points: unsure, and no alarm.
    expected = {"healthy_split": {Verdict.OK}, "healthy_strangers": {Verdict.OK, Verdict.UNSURE}}
    assert set(verdicts) <= expected.get(shape, {Verdict.NOT_APPLICABLE}), verdicts


@pytest.mark.parametrize("flaw", [flaw for flaw in FLAWS if flaw != "overfit"])
def test_other_flaws_are_not_named_here(flaw):
    verdict = said(flaw, "generalisation_gap").verdict
    assert verdict in (Verdict.NOT_APPLICABLE, Verdict.OK, Verdict.UNSURE)


def test_copies_of_training_rows_do_not_look_like_a_gap():
    assert said("leaked", "generalisation_gap").harm.value < 0.02


def test_without_a_split_it_says_what_it_needs():
    found = judge(planted("healthy"))
    assert found.verdict is Verdict.NOT_APPLICABLE
    assert found.explanation.startswith("Needs a split")


def test_distances_alone_and_single_rows_are_not_enough():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(12), 3)
    space = Geometry.from_distances(rng.random((36, 24)), labels, np.repeat(np.arange(12), 2))
    assert "distances only" in generalisation_gap(space).explanation
    data = EmbeddingSet.from_arrays(
        rng.standard_normal((24, 3)),
        np.tile(np.arange(12), 2),
        split=np.repeat(["train", "test"], 12),
    )
    found = judge(data)
    assert found.verdict is Verdict.NOT_APPLICABLE
    assert "two rows or more" in found.explanation


def unseen_only(noise, seed=0):
    """Splits without a class in common."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(200), 6)
    split = np.where(labels < 100, "train", "test")
    spread = np.where(labels < 100, 0.6, noise)[:, None]
    vectors = rng.standard_normal((200, 24))[labels] + spread * rng.standard_normal((1200, 24))
    return EmbeddingSet.from_arrays(vectors, labels, split=split)


@pytest.mark.parametrize("seed", range(3))
def test_unseen_classes_alone(seed):
    loud = judge(unseen_only(1.2, seed))
    assert loud.verdict is Verdict.ALARM
    assert "held_out_gap" not in loud.estimates
    assert "not trained on are told apart less well" in loud.meaning
    assert "learnt its training rows" not in loud.meaning
    assert judge(unseen_only(0.6, seed)).verdict is not Verdict.ALARM


def test_the_larger_gap_is_judged():
    found = judge(sample("glyphs"), strangers=["unknown"])
    gaps = [found.estimates[name] for name in ("held_out_gap", "unseen_gap")]
    assert found.harm.value == max(gap.value for gap in gaps)
    # Of two, each is asked for half of the tail.
    assert 0.9 * max(gap.low for gap in gaps) < found.harm.low < max(gap.low for gap in gaps)
    assert found.harm.high == max(gap.high for gap in gaps)
    assert [type(chart) for chart in found.charts] == [Bars, Bars, Curve, Curve, Table]


def test_the_words_hold_the_numbers():
    found = judge(planted("overfit"))
    for name in ("train_accuracy", "held_out_accuracy", "held_out_gap"):
        assert found.estimates[name].text() in found.explanation
    assert "With 8 rows a class on either side" in found.explanation
    assert found.p_value < 0.025
    assert any("extra passes" in caveat for caveat in found.caveats)
    assert Finding.model_validate_json(found.model_dump_json()) == found
    assert all(e.about and e.method for e in found.estimates.values())


def test_row_order_and_class_names_change_nothing():
    data = sample("planted:overfit")
    order = np.random.default_rng(0).permutation(data.n)
    # Ten of train and eight of test: rows are drawn.
    names = np.array([f"name {(7 * int(c)) % 101:03d}" for c in data.classes])
    other = EmbeddingSet.from_arrays(
        data.vectors[order], names[data.codes[order]], split=data.split[order]
    )
    first, second = judge(data), judge(other)
    for name, e in first.estimates.items():
        assert second.estimates[name].value == pytest.approx(e.value, abs=1e-7), name
        assert second.estimates[name].low == pytest.approx(e.low, abs=1e-6), name


def test_a_real_triplet_network_tells_the_story_of_its_log(shared_data):
    (path,) = (shared_data / "omniglot_triplet").glob("*.npz")
    found = judge(load(path), strangers=["unknown"])
    e = found.estimates
    # Its log: .994 of training triplets, .986 of test, .933 of unknown characters.
    assert e["train_triplet_accuracy"].value == pytest.approx(0.994, abs=2e-3)
    assert e["held_out_triplet_accuracy"].value == pytest.approx(0.986, abs=2e-3)
    assert e["unseen_triplet_accuracy"].value == pytest.approx(0.933, abs=3e-3)
    assert found.verdict is Verdict.ALARM
    assert e["unseen_gap"].value > e["held_out_gap"].value > 0.05
