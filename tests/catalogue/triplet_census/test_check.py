"""Errors that random triplets hardly show alarm; errors that they show, and no errors, do not."""

from __future__ import annotations

import numpy as np
import pytest

from embedding_second_opinion.catalogue.triplet_census.check import triplet_census
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.load import load
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.drawing.draw import png
from embedding_second_opinion.findings.charts import Curve, Table
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.findings.wording import percent
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs
from embedding_second_opinion.samples.planted import FLAWS, HEALTHY, NAMED_BY, planted
from tests.verdicts import found as said
from tests.verdicts import read_by

TRAINING = ("mining_audit", "training_curves")
STILL_TAUGHT = ("needs_scaling", "overfit", "leaked", "one_group", "starved_tail")


def judge(data, margin=None, metric="euclidean", **selection):
    return triplet_census(
        Geometry(arrange(data, **selection), metric=metric), Inputs(margin=margin)
    )


def of(name, seed=0):
    return said(name, "triplet_census", seed)


def test_the_planted_flaw_alarms():
    every = [of("spent_triplets", seed) for seed in range(3)]
    assert [f.verdict for f in every] == [Verdict.ALARM] * 3
    assert [flaw for flaw in FLAWS if NAMED_BY[flaw] == "triplet_census"] == ["spent_triplets"]
    assert all("Random triplets are used up." in f.meaning for f in every)
    assert every[0].p_value < 1e-3


@pytest.mark.parametrize("shape", read_by("triplet_census", HEALTHY))
def test_healthy_sets_do_not_alarm(shape):
    for seed in (0, 1) if shape == "healthy" else (0,):
        assert of(shape, seed).verdict is not Verdict.ALARM


@pytest.mark.parametrize("flaw", STILL_TAUGHT)
def test_errors_that_still_teach_are_no_harm_here(flaw):
    found = of(flaw)
    assert found.estimates["wrong_queries"].value > 0.04
    assert found.verdict not in (Verdict.ALARM, Verdict.WATCH)
    assert found.harm.value < 0.005


@pytest.mark.parametrize("flaw", [f for f in FLAWS if NAMED_BY[f] in TRAINING])
def test_flaws_of_mining_and_of_logs_are_left_to_their_own(flaw):
    assert of(flaw).harm.low == 0


def test_words_and_charts_of_spent_triplets():
    found = of("spent_triplets")
    assert "With a margin of 0.2 (14 % of the median d(a, n)) 99." in found.explanation
    assert "Draw semi-hard negatives" in found.remedy
    assert "batches of 32 classes x 4 rows" in found.remedy
    assert "A larger margin alone wakes up" in found.remedy
    unseen, miners, margins, classes = found.charts
    assert isinstance(unseen, Curve)
    assert isinstance(miners, Table)
    assert isinstance(margins, Curve)
    assert isinstance(classes, Table)
    for line in (*unseen.series, *margins.series):
        assert list(line.y) == sorted(line.y)
    names = ["random", "semi-hard", "batch-hard", "hardest negative"]
    assert [row[0] for row in miners.rows] == names
    assert miners.rows[0][1] == percent(found.estimates["random_active"].value)
    assert margins.marks[0].y == pytest.approx(found.estimates["random_active"].value)
    hardly = [int(row[-1]) for row in classes.rows]
    assert hardly == sorted(hardly, reverse=True)
    assert png(found.charts)


def test_a_wide_margin_keeps_triplets_teaching():
    """The errors are as many; but with such a margin random triplets show them."""
    data = planted("spent_triplets")
    tight, wide = judge(data, 0.2), judge(data, 1.2)
    assert tight.estimates["wrong_queries"] == wide.estimates["wrong_queries"]
    assert tight.verdict is Verdict.ALARM
    assert wide.verdict is Verdict.OK
    assert "violate the margin often" in wide.meaning


def test_squared_distances_are_the_cosine_of_unit_vectors():
    """|a - b|^2 = 2 (1 - cos): one margin on squared distances is half of it on 1 - cos."""
    data = planted("spent_triplets", 1)
    squared = judge(data, 0.2).estimates["random_active_if_squared"]
    turned = judge(data, 0.1, "cosine").estimates["random_active"]
    assert squared.value == pytest.approx(turned.value, abs=2e-6)


def test_what_was_assumed_is_said():
    assert "(assumed; 14 % of the median d(a, n))" in judge(planted("spent_triplets")).explanation
    found = judge(planted("healthy_split"))
    assert any(c.startswith("These triplets are of test rows.") for c in found.caveats)
    assert any("no margin was given" in c for c in found.caveats)


def test_distances_alone_are_enough():
    whole = planted("spent_triplets")
    data = EmbeddingSet.from_arrays(whole.vectors[:600], whole.codes[:600])
    x = data.vectors.astype(np.float64)
    matrix = np.linalg.norm(x[:, None] - x[None], axis=-1)
    given = triplet_census(Geometry.from_distances(matrix, data.codes), Inputs(margin=0.2))
    plain = judge(data, 0.2)
    assert given.verdict is Verdict.ALARM
    for name in ("share_easy", "share_hard", "spent_errors"):
        assert given.estimates[name].value == pytest.approx(plain.estimates[name].value, abs=1e-9)
        assert given.estimates[name].low == pytest.approx(plain.estimates[name].low, abs=1e-9)


def test_singletons_are_negatives_and_never_anchors():
    rng = np.random.default_rng(0)
    labels = np.append(np.repeat(np.arange(30), 4), np.arange(30, 150))
    vectors = rng.standard_normal((150, 8))[labels] + 0.3 * rng.standard_normal((240, 8))
    found = judge(EmbeddingSet.from_arrays(vectors, labels))
    assert found.estimates["share_easy"].about.startswith("120 rows of 30 classes")
    assert found.charts[-1].title.endswith("of 30 classes")


def test_what_cannot_be_judged_says_so():
    few = EmbeddingSet.from_arrays(
        np.random.default_rng(0).standard_normal((60, 3)), np.repeat(np.arange(5), 12)
    )
    found = judge(few)
    assert found.verdict is Verdict.UNSURE
    assert "5 classes are too few" in found.meaning
    matrix = np.random.default_rng(0).random((4, 6))
    nobody = Geometry.from_distances(matrix, [7, 7, 8, 8], [0, 0, 1, 1, 2, 2])
    lacking = triplet_census(nobody)
    assert lacking.verdict is Verdict.NOT_APPLICABLE
    assert "share no class" in lacking.explanation


def test_one_row_a_class_among_the_queries_is_looked_up_in_the_gallery():
    rng = np.random.default_rng(1)
    labels = np.tile(np.arange(40), 6)
    vectors = rng.standard_normal((40, 6))[labels] + 0.4 * rng.standard_normal((240, 6))
    split = np.where(np.arange(240) < 200, "train", "test")
    found = judge(EmbeddingSet.from_arrays(vectors, labels, split=split))
    assert "40 test queries of 40 classes against 200 rows of train" in (
        found.estimates["share_easy"].about
    )
    assert any("against the gallery" in c for c in found.caveats)
    assert any("could not be tried" in c for c in found.caveats)


def test_the_network_whose_random_triplets_ran_out(shared_data):
    """Its log: triplet accuracy .994, active .020, with the network in training; 1-NN is far from that."""
    data = load(shared_data / "omniglot_triplet" / "data.npz")
    trained = judge(data, 0.2, gallery_split="train", query_split=["train"])
    assert trained.verdict is Verdict.ALARM
    assert trained.estimates["share_hard"].value == pytest.approx(1 - 0.994, abs=2e-3)
    assert 0.01 < trained.estimates["random_active_if_squared"].value < 0.05
    tested = judge(data, 0.2, strangers=["unknown"])
    assert tested.verdict is Verdict.ALARM
    assert 1 - tested.estimates["wrong_queries"].value == pytest.approx(0.766, abs=5e-4)
    assert 1 - tested.estimates["share_hard"].value == pytest.approx(0.9859, abs=5e-5)
