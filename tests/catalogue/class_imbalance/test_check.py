"""Starved tails and groups that are behind alarm, healthy sets do not, and every word fits its number."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score
from sklearn.neighbors import KNeighborsClassifier

from embedding_second_opinion.catalogue.class_imbalance.check import class_imbalance
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.load import load
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.findings.charts import Bars, Curve, Table
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples import sample
from embedding_second_opinion.samples.planted import NAMED_BY, planted
from tests.planting import FLAWS, HEALTHY
from tests.verdicts import found as said

MINE = [flaw for flaw in FLAWS if NAMED_BY.get(flaw) == "class_imbalance"]


def judge(data, **selection):
    return class_imbalance(Geometry(arrange(data, **selection)))


def made(sizes, noise, seed=0, d=24, **columns):
    """Classes of these sizes and this noise about their centre."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    vectors = rng.standard_normal((len(sizes), d))[labels]
    noise = np.broadcast_to(noise, len(sizes))[labels][:, None]
    vectors = vectors + noise * rng.standard_normal(vectors.shape)
    return EmbeddingSet.from_arrays(vectors, labels, **columns)


@pytest.mark.parametrize("flaw", MINE)
def test_the_planted_flaw_is_seen(flaw):
    found = [said(flaw, "class_imbalance", seed) for seed in range(5)]
    assert sum(f.harm.low > f.tolerance for f in found) >= 4
    assert all(f.verdict.loud for f in found if f.harm.low > f.tolerance)
    assert len(MINE) == 3


@pytest.mark.parametrize("shape", [*HEALTHY, *(f for f in FLAWS if f not in MINE)])
def test_nothing_else_alarms(shape):
    uneven = shape in ("healthy_long_tail", "healthy_few_samples")
    seeds = range(4 if uneven else 1)
    verdicts = [said(shape, "class_imbalance", seed).verdict for seed in seeds]
    assert verdicts.count(Verdict.ALARM) == 0, verdicts
    assert verdicts.count(Verdict.OK) >= len(verdicts) - uneven, verdicts


@pytest.mark.parametrize("seed", range(3))
def test_the_numbers_against_scikit_learn(seed):
    data = planted("starved_tail", seed)
    found = judge(data)
    everyone = np.arange(data.n)
    guesses = []
    for i in everyone:
        rest = everyone != i
        near = ((data.vectors[rest].astype(float) - data.vectors[i]) ** 2).sum(axis=1)
        guesses.append(data.codes[rest][near.argmin()])
    right = np.array(guesses) == data.codes
    macro = balanced_accuracy_score(data.codes, guesses)
    e = found.estimates
    assert e["micro_macro_gap"].value == pytest.approx(right.mean() - macro, abs=1e-7)
    sizes = np.bincount(data.codes)
    recall = np.bincount(data.codes, weights=right) / sizes
    assert e["worst_class_recall"].value == pytest.approx(recall.min(), abs=1e-7)
    assert e["tail_accuracy"].value == pytest.approx(recall[sizes == 5].mean(), abs=1e-7)
    assert e["head_accuracy"].value == pytest.approx(recall[sizes > 5].mean(), abs=1e-7)
    assert e["imbalance_ratio"].value == sizes.max() / sizes.min() == 30
    for name, estimate in e.items():
        assert estimate.low is None or estimate.low <= estimate.value <= estimate.high, name


def test_with_a_gallery_size_is_what_is_enrolled():
    data = planted("starved_tail")
    split = np.where(np.arange(data.n) % 2 == 0, "train", "test")
    halves = EmbeddingSet.from_arrays(data.vectors, data.codes, split=split)
    found = judge(halves)
    train, test = split == "train", split == "test"
    guess = (
        KNeighborsClassifier(1, algorithm="brute")
        .fit(data.vectors[train].astype(float), data.codes[train])
        .predict(data.vectors[test].astype(float))
    )
    right = guess == data.codes[test]
    gap = right.mean() - balanced_accuracy_score(data.codes[test], guess)
    assert found.estimates["micro_macro_gap"].value == pytest.approx(gap, abs=1e-7)
    enrolled = np.bincount(data.codes[train])
    assert found.estimates["imbalance_ratio"].value == pytest.approx(
        enrolled.max() / enrolled.min()
    )
    assert "queries of 100 classes" in found.estimates["micro_macro_gap"].about


def test_one_query_a_class_hides_no_starved_class():
    # As many queries of every class: the mean over queries is the mean over classes, and still the
    # weakly enrolled ones are worse than their enrolment explains.
    sizes = np.repeat([40, 4], [40, 40])
    data = made(sizes + 4, np.repeat([0.5, 1.1], 40))
    last = np.arange(data.n) - np.repeat(np.cumsum(sizes + 4) - sizes - 4, sizes + 4) >= np.repeat(
        sizes, sizes + 4
    )
    split = np.where(last, "test", "train")
    found = judge(EmbeddingSet.from_arrays(data.vectors, data.codes, split=split))
    gap = found.estimates["micro_macro_gap"]
    assert (gap.value, gap.low, gap.high) == (0, 0, 0)
    assert "same number of queries" in gap.method
    assert found.verdict is Verdict.ALARM


def test_fewer_rows_alone_are_no_fault_of_the_embedding():
    """The true gap at equal enrolment is 0 by construction; at full enrolment it is large."""
    found = [judge(made(np.repeat([40, 3], [60, 90]), 0.9, seed, d=16)) for seed in range(8)]
    gaps = [f.estimates["micro_macro_gap"].value for f in found]
    equal = [f.estimates["micro_macro_gap_common_enrolment"].value for f in found]
    assert np.mean(gaps) > 0.05
    assert abs(np.mean(equal)) < 0.02
    assert Verdict.ALARM not in {f.verdict for f in found}


def test_all_of_one_size_says_so():
    found = said("healthy", "class_imbalance")
    assert found.verdict is Verdict.OK
    assert found.harm.value == found.harm.low == found.harm.high == 0
    assert found.explanation == (
        "All 60 classes with queries have 20 enrolled rows, so no difference can come from their "
        "size; no groups were given."
    )
    assert "head_accuracy" not in found.estimates
    assert {c.kind for c in found.charts} == {"table"}


def test_the_group_is_named():
    found = said("one_group", "class_imbalance")
    assert "of 5 groups, '4' is furthest behind" in found.explanation
    assert "The average hides '4'" in found.meaning
    assert "group '4'" in found.estimates["worst_group_recall"].about
    assert found.p_value < 1e-6
    (bars,) = [c for c in found.charts if isinstance(c, Bars)]
    assert bars.bars[0].label == "4 (400 queries, behind)"
    assert bars.bars[-1].value == found.estimates["worst_group_expected"].value
    assert [b.value for b in bars.bars[:-1]] == sorted(b.value for b in bars.bars[:-1])


def test_minority_collapse_is_named():
    found = judge(planted("minority_collapse"))
    assert "run into one another" in found.meaning
    assert "run into one another" not in judge(planted("starved_tail")).meaning


def test_words_and_charts_of_a_starved_tail():
    found = judge(planted("starved_tail"))
    assert "embedded worse, not only enrolled less" in found.meaning
    curve, table = found.charts
    assert isinstance(curve, Curve)
    assert isinstance(table, Table)
    everything, equal = curve.series
    assert equal.name == "4 positives each"
    assert list(equal.x) == sorted(set(equal.x))
    # The smallest classes have no more than four: there both lines are one.
    assert everything.y[0] == pytest.approx(equal.y[0])
    assert all(a >= b - 1e-9 for a, b in zip(everything.y, equal.y, strict=True))
    assert all(a <= b <= c for a, b, c in zip(equal.low, equal.y, equal.high, strict=True))
    assert "(6 to 150 enrolled rows)" in found.estimates["head_accuracy"].about
    assert "(5 enrolled rows)" in found.estimates["tail_accuracy_common_enrolment"].about
    assert len(table.rows) == 12
    assert len(table.columns) == len(table.rows[0]) == len(table.numeric)


def test_few_classes_cannot_tell():
    found = judge(made([40, 30, 9, 5], 0.9, d=4))
    assert found.verdict is Verdict.UNSURE
    assert "4 classes are too few" in found.meaning


def test_everything_right_is_a_bound():
    found = judge(made(np.repeat([12, 4], 20), 0.01))
    assert found.harm.value == 0
    assert found.harm.high == pytest.approx(1 - 0.05 ** (1 / 40), abs=1e-6)
    assert found.verdict is Verdict.UNSURE  # 40 classes do not bound the harm below 2 %
    many = judge(made(np.repeat([12, 4], 100), 0.01))
    assert many.verdict is Verdict.OK


def odd_sets():
    rng = np.random.default_rng(0)
    labels = np.arange(240) % 12
    uneven = np.repeat(np.arange(14), [1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9, 20, 60])
    yield "constant", np.ones((240, 3)), labels, None
    yield "constant and uneven", np.full((len(uneven), 2), 0.1), uneven, np.arange(131) % 3
    yield "one dimension", rng.standard_normal((131, 1)), uneven, np.arange(131) % 2
    yield (
        "duplicates",
        np.repeat(rng.standard_normal((120, 4)), 2, axis=0),
        np.arange(240) // 20,
        None,
    )
    yield "two classes", rng.standard_normal((30, 4)), np.repeat([0, 1], [25, 5]), np.arange(30) % 2
    yield "singletons", rng.standard_normal((131, 5)), uneven, uneven
    yield "one class in a group each", rng.standard_normal((240, 5)), labels, labels // 6


@pytest.mark.parametrize("odd", list(odd_sets()), ids=lambda odd: odd[0])
def test_odd_sets_get_an_answer(odd):
    _, vectors, labels, groups = odd
    found = judge(EmbeddingSet.from_arrays(vectors, labels, groups=groups))
    assert found.verdict in (Verdict.UNSURE, Verdict.OK)
    for name, estimate in found.estimates.items():
        assert estimate.about, name
        assert estimate.method, name


def test_distances_alone_are_enough():
    data = planted("starved_tail")
    matrix = np.linalg.norm(data.vectors[:, None] - data.vectors[None], axis=-1).astype(float)
    found = class_imbalance(Geometry.from_distances(matrix, data.codes))
    assert found.harm.low > found.tolerance
    assert "minority_collapse" not in found.estimates


def test_no_class_in_common_is_not_applicable():
    data = planted("healthy")
    found = judge(
        EmbeddingSet.from_arrays(
            data.vectors, data.codes, split=np.where(data.codes < 30, "train", "test")
        )
    )
    assert found.verdict is Verdict.NOT_APPLICABLE
    assert "share no class" in found.explanation


@pytest.mark.parametrize("flaw", [*MINE, "healthy_long_tail"])
def test_row_order_and_class_names_change_nothing(flaw):
    data = planted(flaw)
    order = np.random.default_rng(0).permutation(data.n)
    names = np.array([f"name {(7 * int(c)) % 1009:04d}" for c in data.classes])
    groups = None if data.groups is None else data.groups[order]
    other = EmbeddingSet.from_arrays(data.vectors[order], names[data.codes[order]], groups=groups)
    first, second = judge(data), judge(other)
    for name, estimate in first.estimates.items():
        for part in ("value", "low", "high"):
            one, two = (getattr(e, part) for e in (estimate, second.estimates[name]))
            assert (one is None and two is None) or two == pytest.approx(one, abs=1e-6), name
    assert second.harm.low == pytest.approx(first.harm.low, abs=1e-6)


def test_glyphs_are_worse_in_the_two_faces_unlike_those_trained_on():
    found = judge(sample("glyphs"))
    assert found.verdict is Verdict.ALARM
    assert "'STIXGeneralItalic', 'STIXGeneralBolIta'" in found.meaning


def test_faces_lose_by_enrolment_not_by_embedding(shared_data):
    found = judge(load(shared_data / "lfw_dlib" / "data.npz"))
    assert found.verdict is Verdict.OK
    gap = found.estimates["micro_macro_gap"]
    assert gap.low > 0.02
    assert found.estimates["micro_macro_gap_common_enrolment"].high < 0.02
    assert "comes from enrolment" in found.meaning
    assert "Enrol more rows" in found.remedy
    micro = 0.9508  # the reference number that came with the data
    assert f"{100 * micro:.1f} % of queries" in found.explanation
