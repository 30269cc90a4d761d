"""Wrong labels alarm, look-alikes and crowds do not, and the rows listed are the wrong ones."""

from __future__ import annotations

import numpy as np
import pytest

from embedding_second_opinion.catalogue.label_noise.check import label_noise
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.load import load
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.findings.charts import Curve, Examples, Table
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples import sample
from embedding_second_opinion.samples.planted import FLAWS, HEALTHY, NAMED_BY, planted
from tests.verdicts import found as said
from tests.verdicts import read_by

MINE = [flaw for flaw in FLAWS if NAMED_BY.get(flaw) == "label_noise"]


def judge(data, metric="euclidean", **selection):
    return label_noise(Geometry(arrange(data, **selection), metric=metric))


def flipped(vectors, true, share, seed=1, **columns):
    """The set with this share of labels drawn anew among the other classes, and which these are."""
    rng = np.random.default_rng(seed)
    names, codes = np.unique(true, return_inverse=True)
    wrong = rng.random(len(codes)) < share
    other = (codes + rng.integers(1, len(names), len(codes))) % len(names)
    labels = names[np.where(wrong, other, codes)]
    return EmbeddingSet.from_arrays(vectors, labels, **columns), wrong


def made(classes=60, rows=12, d=16, noise=0.5, seed=0):
    rng = np.random.default_rng(seed)
    true = np.repeat(np.arange(classes), rows)
    return rng.standard_normal((classes, d))[true] + noise * rng.standard_normal(
        (len(true), d)
    ), true


@pytest.mark.parametrize("flaw", MINE)
def test_the_planted_flaw_alarms(flaw):
    found = [said(flaw, "label_noise", seed) for seed in range(3)]
    assert [f.verdict for f in found] == [Verdict.ALARM] * 3
    assert all(0.04 < f.harm.value < 0.12 for f in found)
    assert all("look wrong" in f.explanation for f in found)
    assert len(MINE) == 3


@pytest.mark.parametrize("shape", read_by("label_noise", HEALTHY))
def test_healthy_sets_are_quiet(shape):
    for seed in (0, 1) if shape == "healthy" else (0,):
        assert said(shape, "label_noise", seed).verdict is Verdict.OK


# Rows in the midst of another class are what a wrong label looks like; one of these sets has some besides.
@pytest.mark.parametrize(
    "flaw", [f for f in read_by("label_noise", FLAWS) if f not in (*MINE, "lost_rows")]
)
def test_no_other_flaw_is_taken_for_wrong_labels(flaw):
    found = said(flaw, "label_noise")
    assert found.verdict is not Verdict.ALARM
    assert found.harm.low < 0.01


def test_look_alikes_are_not_wrong_labels():
    found = said("look_alikes", "label_noise")
    assert found.estimates["confident_joint_off_diagonal"].value > 0.04
    assert found.estimates["neighbours_disagree"].value > 0.04
    assert found.harm.high < 0.01
    assert "look-alikes, not wrong labels" in found.meaning
    assert found.remedy == "Nothing here."


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_the_rows_listed_are_the_wrong_ones(metric):
    vectors, true = made()
    data, wrong = flipped(vectors, true, 0.06)
    found = judge(data, metric)
    table = next(c for c in found.charts if isinstance(c, Table))
    rows = [int(row[0].replace(",", "")) for row in table.rows]
    assert len(rows) == 20
    assert wrong[rows].all()
    for row, line in zip(rows, table.rows, strict=True):
        assert line[1] == data.classes[data.codes[row]]
        assert line[2] == str(true[row])
    assert found.estimates["suspects_precision"].high == 1


def test_wrong_labels_of_queries_and_of_the_gallery_are_told_apart():
    vectors, true = made(rows=18)
    split = np.tile(np.repeat(["train", "test"], [10, 8]), 60)
    for part in ("test", "train"):
        data, wrong = flipped(vectors, true, 0.1)
        labels = np.where(split == part, data.codes, true)
        found = judge(EmbeddingSet.from_arrays(vectors, labels, split=split))
        share = {
            p: (wrong & (split == p))[split == p].mean() if p == part else 0.0
            for p in ("test", "train")
        }
        seen = found.estimates
        assert seen["wrong_among_queries"].value == pytest.approx(share["test"], abs=0.02)
        assert seen["wrong_among_enrolled"].value == pytest.approx(share["train"], abs=0.02)
        assert seen["label_noise_rate"].value == pytest.approx(
            (8 * share["test"] + 10 * share["train"]) / 18, abs=0.02
        )
        assert found.harm.value == max(
            seen["wrong_among_queries"].value, seen["wrong_among_enrolled"].value
        )
        assert found.verdict is Verdict.ALARM
        lost = seen["queries_lost_to_suspects"].value
        assert (lost > 0.02) is (part == "train")
        table = next(c for c in found.charts if isinstance(c, Table))
        assert {row[1] for row in table.rows} == {part}


def test_queries_lost_to_suspects_against_a_count():
    vectors, true = made(noise=0.35)
    data, wrong = flipped(vectors, true, 0.08)
    found = judge(data)
    far = np.linalg.norm(vectors[:, None] - vectors[None], axis=-1)
    np.fill_diagonal(far, np.inf)
    nearest = far.argmin(axis=1)
    lost = ~wrong & wrong[nearest] & (data.codes[nearest] != data.codes)
    # Nearly all wrong rows are suspects here.
    assert found.estimates["queries_lost_to_suspects"].value == pytest.approx(lost.mean(), abs=0.02)


def test_row_order_and_class_names_change_nothing():
    data = planted("wrong_labels")
    order = np.random.default_rng(0).permutation(data.n)
    names = np.array([f"name {(7 * c) % 81:03d}" for c in range(80)])
    other = EmbeddingSet.from_arrays(data.vectors[order], names[data.codes[order]])
    first, second = judge(data), judge(other)
    for name, estimate in first.estimates.items():
        assert second.estimates[name].value == pytest.approx(estimate.value, abs=1e-9), name
        assert second.estimates[name].low == pytest.approx(estimate.low, abs=1e-9), name


def test_distances_alone_are_enough():
    vectors, true = made(classes=30)
    data, wrong = flipped(vectors, true, 0.1)
    x = data.vectors.astype(np.float64)
    far = np.linalg.norm(x[:, None] - x[None], axis=-1)
    found = label_noise(Geometry.from_distances(far, data.codes))
    assert found.harm.value == pytest.approx(wrong.mean(), abs=0.03)
    half = np.arange(len(x)) % 2 == 0
    space = Geometry.from_distances(far[np.ix_(half, ~half)], data.codes[half], data.codes[~half])
    split = label_noise(space)
    assert "wrong_among_enrolled" not in split.estimates
    assert any("enrolled rows were not examined" in c for c in split.caveats)


def test_where_flips_are_not_found_nothing_is_said():
    found = judge(planted("collapsed"))
    assert found.verdict is Verdict.UNSURE
    assert "too few to say what share is wrong" in found.explanation
    assert (found.harm.low, found.harm.high) == (0, 1)
    assert "seldom noticed" in found.meaning
    assert not [c for c in found.charts if isinstance(c, Curve)]


def test_few_classes_cannot_tell():
    vectors, true = made(classes=6, rows=30)
    data, _ = flipped(vectors, true, 0.15)
    found = judge(data)
    assert found.verdict is Verdict.UNSURE
    assert found.harm.value > 0.05
    assert "6 classes are too few" in found.harm.method


def test_what_cannot_be_judged_says_so():
    vectors, true = made(classes=2, rows=20)
    found = judge(EmbeddingSet.from_arrays(vectors, true))
    assert (found.verdict, found.harm) == (Verdict.NOT_APPLICABLE, None)
    assert "three enrolled classes" in found.explanation
    split = np.where(true == 0, "train", "test")
    both = EmbeddingSet.from_arrays(np.vstack([vectors, vectors + 9]), np.append(true, true + 2),
                                    split=np.append(split, split))  # fmt: skip
    assert judge(both).verdict is Verdict.NOT_APPLICABLE


def test_words_and_charts():
    found = judge(planted("wrong_labels"))
    curve, table = found.charts
    assert isinstance(curve, Curve)
    assert isinstance(table, Table)
    answer, truth = curve.series
    assert answer.x == truth.y == (0, 2, 5, 10)
    assert max(abs(a - b) for a, b in zip(answer.y, truth.y, strict=True)) < 2
    assert len(table.columns) == len(table.rows[0]) == len(table.numeric)
    assert found.p_value < 1e-3
    assert "mend or drop" in found.remedy
    assert "counts as wrong" in found.meaning


def test_pictures_of_the_surest_where_there_are_pictures():
    digits = sample("digits")
    data, wrong = flipped(
        digits.vectors, np.array(digits.classes)[digits.codes], 0.04, images=digits.images
    )
    found = judge(data)
    shown = next(c for c in found.charts if isinstance(c, Examples))
    assert len(shown.examples) == 8
    assert np.mean([wrong[e.query.row] for e in shown.examples]) >= 0.75
    assert all(e.query.image is not None for e in shown.examples)


@pytest.mark.parametrize(("name", "share"), [("leaf99", 0.03), ("omniglot_triplet", 0.1)])
def test_flips_put_into_real_sets_are_counted(shared_data, name, share):
    (path,) = (shared_data / name).glob("*.npz")
    real = load(path)
    names = np.array(real.classes)[real.codes]
    before = judge(EmbeddingSet.from_arrays(real.vectors, names))
    data, wrong = flipped(real.vectors, names, share)
    after = judge(data)
    base, seen = (f.estimates["label_noise_rate"] for f in (before, after))
    assert seen.value == pytest.approx(base.value + wrong.mean(), abs=0.015)
    assert seen.low < wrong.mean() + base.value < seen.high
    assert base.value < 0.02
