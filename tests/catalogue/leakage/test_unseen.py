"""What was not seen is not called ok: copies that hide, sessions nobody gave, and too few queries."""

from __future__ import annotations

import numpy as np
import pytest

from embedding_second_opinion.catalogue.leakage.check import leakage
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.geometry.geometry import Geometry


def judge(data, metric="euclidean"):
    return leakage(Geometry(arrange(data), metric=metric))


def made(classes=60, rows=14, d=16, noise=1.0):
    """Vectors about centres, and labels."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(classes), rows)
    vectors = rng.standard_normal((classes, d))[labels]
    return vectors + noise * rng.standard_normal(vectors.shape), labels


def twice(eps, share=1.0, classes=20):
    """Classes that nothing tells apart, whose rows are there twice: all accuracy comes from copies."""
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((10 * classes, 16))
    labels = np.repeat(np.arange(classes), 10)
    again = np.sort(rng.choice(len(rows), int(share * len(rows)), replace=False))
    vectors = np.vstack([rows, rows[again] + eps * rng.standard_normal((len(again), 16))])
    return vectors, np.append(labels, labels[again]), rng


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("share", [0.4, 0.67, 1.0])
@pytest.mark.parametrize("eps", [0.0, 1e-6, 1e-4])
def test_copies_do_not_set_the_scale_that_finds_them(eps, share, metric):
    vectors, labels, rng = twice(eps, share)
    found = judge(EmbeddingSet.from_arrays(vectors, labels), metric)
    assert found.verdict is Verdict.ALARM
    copied = 2 * int(share * 200) / len(labels)
    assert found.estimates["leaked_queries"].value == pytest.approx(copied)
    assert found.harm.high <= 1
    split = np.where(rng.random(len(labels)) < 0.5, "train", "test")
    halved = judge(EmbeddingSet.from_arrays(vectors, labels, split=split), metric)
    assert halved.verdict is Verdict.ALARM
    assert halved.harm.high <= 1


@pytest.mark.parametrize("split", [False, True])
def test_noisy_copies_of_every_row_are_no_ok(split):
    """Too far for number-for-number, too many for a null: nobody is told that all is well."""
    vectors, labels, rng = twice(1e-2, classes=40)
    parts = np.where(rng.random(800) < 0.5, "train", "test") if split else None
    found = judge(EmbeddingSet.from_arrays(vectors, labels, split=parts))
    assert found.verdict in {Verdict.UNSURE, Verdict.ALARM, Verdict.WATCH}
    assert "a copy and a row of a tight class cannot be told apart" in found.explanation
    assert found.estimates["doubtful_queries"].value > 0.3
    assert found.harm.high > 0.3


def test_classes_of_one_picture_each_are_no_ok():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(30), 8)
    vectors = rng.standard_normal((30, 8))[labels] + 1e-6 * rng.standard_normal((240, 8))
    found = judge(EmbeddingSet.from_arrays(vectors, labels))
    assert found.verdict is Verdict.UNSURE
    assert found.harm.high == 1
    assert found.remedy.startswith("Compare the files")


def test_one_query_and_no_groups_prove_nothing():
    vectors, labels = made(classes=12)
    split = np.array(["train"] * len(labels))
    split[5] = "test"
    found = judge(EmbeddingSet.from_arrays(vectors, labels, split=split))
    assert found.verdict is Verdict.UNSURE
    assert found.harm.low is None
    assert found.p_value is None
    assert "sessions were not examined" in found.explanation
    assert "no groups were given (--groups)" in found.explanation
    assert found.remedy.startswith("Bring more classes")


def test_no_copy_among_so_many_is_a_bound_and_not_a_certainty():
    clean, few = (judge(EmbeddingSet.from_arrays(*made(classes=k, noise=0.3))) for k in (160, 10))
    assert clean.verdict is Verdict.OK
    # In one set a pair of copies shows at both rows.
    assert clean.harm.high == pytest.approx(1 - 0.05 ** (1 / (160 * 7)))
    assert clean.estimates["leaked_queries"].high == clean.harm.high
    assert few.harm.high == pytest.approx(1 - 0.05 ** (1 / 70))
    assert few.verdict is Verdict.UNSURE
    assert "session" not in clean.meaning


def test_words_are_about_the_part_that_is_open():
    vectors, labels = made(classes=80, noise=0.3)
    groups = labels.copy()
    groups[:4] = 99
    found = judge(EmbeddingSet.from_arrays(vectors, labels, groups=groups))
    assert found.verdict is Verdict.UNSURE
    assert "copies" not in found.meaning
    assert "copies" not in found.remedy
    assert found.remedy.startswith("Split by group")


def test_classes_of_one_group_among_others_stay_unknown():
    """Half of the classes have one session only: what they owe to it nobody knows."""
    vectors, labels = made(classes=80, noise=0.3)
    groups = np.where(labels < 40, 1000 + labels, np.arange(len(labels)) % 2)
    found = judge(EmbeddingSet.from_arrays(vectors, labels, groups=groups))
    assert found.verdict is Verdict.UNSURE
    assert found.estimates["owed_to_own_group"].high == found.harm.high
    assert 0.5 < found.harm.high < 0.6
    assert "Up to 50.0 points may be owed to own groups" in found.meaning
