"""The planted flaw alarms, healthy sets do not, and every number is that of somebody else's code."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import auc, roc_auc_score, roc_curve

from embedding_second_opinion.catalogue.open_set.check import open_set
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.load import load
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.findings.charts import Curve, Examples, Table
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples.planted import planted
from tests.brute_force import distances
from tests.planting import HEALTHY
from tests.verdicts import found as said


def judge(data, **selection):
    return open_set(Geometry(arrange(data, **selection)))


def parts(data):
    """(known to gallery, whether right, strangers to gallery) by direct differences."""
    train, test = data.split == "train", data.split == "test"
    stranger = ~np.isin(data.codes, data.codes[train])
    known = distances(data.vectors[test & ~stranger], data.vectors[train])
    right = data.codes[train][known.argmin(axis=1)] == data.codes[test & ~stranger]
    return (
        known.min(axis=1),
        right,
        distances(data.vectors[stranger], data.vectors[train]).min(axis=1),
    )


@pytest.mark.parametrize("seed", range(2))
def test_the_planted_flaw_alarms(seed):
    found = said("let_in", "open_set", seed)
    assert found.verdict is Verdict.ALARM
    assert found.harm.low > 0.3
    # Each of them resembles one of forty classes; classes that are known show nothing of it.
    assert found.estimates["strangers_accepted_rehearsed"].value < 0.02
    assert "strangers come nearer than classes that the model knows" in found.meaning


@pytest.mark.parametrize("shape", HEALTHY)
def test_healthy_sets_stay_quiet(shape):
    verdicts = [said(shape, "open_set").verdict]
    if shape == "healthy_strangers" or verdicts == [Verdict.WATCH]:
        verdicts.append(said(shape, "open_set", 1).verdict)
    assert set(verdicts) <= {Verdict.OK, Verdict.WATCH}, verdicts
    assert Verdict.OK in verdicts


@pytest.mark.parametrize("flaw", ["crowded", "collapsed", "one_threshold"])
def test_what_other_flaws_cost_with_strangers(flaw):
    assert said(flaw, "open_set").verdict is Verdict.ALARM


@pytest.mark.parametrize("name", ["let_in", "healthy_strangers"])
def test_numbers_with_strangers_against_scikit_learn(name):
    data = planted(name, 1)
    e = judge(data).estimates
    known, right, strange = parts(data)
    threshold = np.quantile(known, 0.95)
    accepted = np.r_[np.ones(len(known)), np.zeros(len(strange))]
    score = -np.r_[known, strange]
    assert e["threshold_at_95"].value == pytest.approx(threshold, rel=1e-6)
    assert e["strangers_accepted_at_95"].value == pytest.approx(np.mean(strange <= threshold))
    assert e["known_turned_away_at_95"].value == pytest.approx(np.mean(known > threshold))
    assert e["fnir_at_95"].value == pytest.approx(1 - np.mean(right & (known <= threshold)))
    assert e["open_set_auroc"].value == pytest.approx(roc_auc_score(accepted, score), abs=1e-8)
    # The other way round the area is the same, and the error at 95 % is another one.
    assert e["open_set_auroc"].value == pytest.approx(roc_auc_score(1 - accepted, -score), abs=1e-8)
    for positive, sign, key in ((1, 1, "fpr95"), (0, -1, "fpr95_strangers_positive")):
        fpr, tpr, _ = roc_curve(accepted == positive, sign * score, drop_intermediate=False)
        assert e[key].value == pytest.approx(fpr[np.argmax(tpr >= 0.95)], abs=1e-8), key
    steps = np.unique(np.r_[known, strange])
    rate = [np.mean(right & (known <= x)) for x in steps]
    area = auc(np.r_[0, [np.mean(strange <= x) for x in steps]], np.r_[0, rate])
    assert e["oscr"].value == pytest.approx(area, abs=1e-8)
    conformal = np.sort(known)[int(np.ceil(0.95 * (len(known) + 1))) - 1]
    assert e["conformal_threshold"].value == pytest.approx(conformal, rel=1e-6)


# pytorch-ood 0.4.0: auroc, fpr_at_tpr (strangers are positive), the same with both turned round, oscr_score.
PYTORCH_OOD = {
    "let_in": (0.78598046875, 0.705, 0.6625, 0.78598046875),
    "look_alikes": (0.883853549382716, 0.7188888888888889, 0.25722222222222224, 0.7977577160493827),
    # Ties everywhere: half a pair for the areas, a diagonal step of the curve for OSCR.
    "binarised": (0.8301922607421874, 0.6515625, 0.83515625, 0.6174636840820312),
}


@pytest.mark.parametrize("name", PYTORCH_OOD)
def test_the_numbers_of_pytorch_ood(name):
    e = said(name, "open_set").estimates
    keys = ("open_set_auroc", "fpr95_strangers_positive", "fpr95", "oscr")
    found = [e[key].value for key in keys]
    assert found == pytest.approx(PYTORCH_OOD[name], abs=1e-7)


def test_a_rehearsal_takes_each_class_out():
    data = planted("look_alikes", 2)
    found = judge(data)
    every = distances(data.vectors, data.vectors)
    np.fill_diagonal(every, np.inf)
    nearest = every.min(axis=1)
    every[data.codes[:, None] == data.codes] = np.inf
    share = np.mean(every.min(axis=1) <= np.quantile(nearest, 0.95))
    assert found.harm.value == pytest.approx(share)
    assert "no strangers were given, so this is a rehearsal" in found.explanation
    assert "--strangers NAME" in found.caveats[0]
    assert "strangers_accepted_rehearsed" not in found.estimates


def test_a_validation_split_sets_the_threshold():
    data = planted("let_in", 3)
    split = data.split.astype(object).copy()
    moved = (split == "test") & (np.arange(data.n) % 2 == 0) & (data.codes < 100)
    split[moved] = "val"
    names = np.array(data.classes)[data.codes]
    found = judge(EmbeddingSet.from_arrays(data.vectors, names, split=split))
    to = distances(data.vectors[moved], data.vectors[data.split == "train"]).min(axis=1)
    e = found.estimates
    assert e["threshold_at_95"].value == pytest.approx(np.quantile(to, 0.95), rel=1e-6)
    assert "the known rows of the split 'val'" in found.explanation
    assert "400 rows of the split 'val'" in e["threshold_at_95"].about
    assert e["known_turned_away_at_95"].low is not None
    few = split.copy()
    few[np.flatnonzero(moved)[10:]] = "test"  # ten rows have no 95 % quantile
    other = judge(EmbeddingSet.from_arrays(data.vectors, names, split=few))
    assert "known queries" in other.explanation


@pytest.mark.parametrize(
    ("name", "strangers", "shares"),
    [
        # 57.0 % by the linear quantile over test or validation, 58.1 % by the conformal one.
        ("omniglot_triplet", "unknown", (0.570, 0.581)),
        ("clinc150_minilm", "oos_test", (0.212, 0.212)),
    ],
)
def test_real_strangers(shared_data, name, strangers, shares):
    (path,) = (shared_data / name).glob("*.npz")
    found = judge(load(path), strangers=[strangers])
    e = found.estimates
    assert e["strangers_accepted_at_95"].value == pytest.approx(shares[0], abs=5e-4)
    assert e["strangers_accepted_conformal"].value == pytest.approx(shares[1], abs=5e-4)
    assert found.verdict is Verdict.ALARM
    assert "the split 'val'" in found.explanation
    assert (e["strangers_accepted_at_95"].unit == "query") == (strangers == "oos_test")


def test_intents_and_faces_as_published_with_the_data(shared_data):
    (path,) = (shared_data / "clinc150_minilm").glob("*.npz")
    data = load(path)
    keep = data.split != "val"  # then the queries set the threshold
    names = np.array(data.classes)[data.codes]
    less = EmbeddingSet.from_arrays(data.vectors[keep], names[keep], split=data.split[keep])
    assert judge(less, strangers=["oos_test"]).harm.value == pytest.approx(0.205, abs=5e-4)
    (path,) = (shared_data / "lfw_dlib").glob("*.npz")
    data = load(path)
    first = np.isin(np.arange(data.n), np.unique(data.codes, return_index=True)[1])
    alone = np.bincount(data.codes)[data.codes] == 1
    split = np.where(alone, "alone", np.where(first, "train", "test"))
    names = np.array(data.classes)[data.codes]
    found = judge(EmbeddingSet.from_arrays(data.vectors, names, split=split), strangers=["alone"])
    assert found.harm.value == pytest.approx(0.433, abs=5e-4)
    # One of them is enrolled under the same name turned round: a wrong label, nearest but one.
    (examples,) = [c for c in found.charts if isinstance(c, Examples)]
    pairs = {(e.query.label, e.answers[0].label) for e in examples.examples}
    assert ("Yingfan_Wang", "Wang_Yingfan") in pairs


def test_few_classes():
    rng = np.random.default_rng(0)
    labels = np.arange(900) % 6
    vectors = 2 * rng.standard_normal((6, 4))[labels] + 0.9 * rng.standard_normal((900, 4))
    alone = judge(EmbeddingSet.from_arrays(vectors, labels))
    assert alone.verdict is Verdict.UNSURE
    assert "6 classes are too few" in alone.harm.method
    split = np.where(np.arange(900) < 600, "train", "test")
    rehearsed = judge(EmbeddingSet.from_arrays(vectors, labels, split=split))
    assert rehearsed.harm.unit == "query"
    true = judge(EmbeddingSet.from_arrays(vectors, labels, split=split), strangers=["4", "5"])
    assert "of 2 classes: new samples of these" in true.harm.method
    assert true.estimates["open_set_auroc"].low is None


def test_distances_alone_are_rehearsed_and_no_class_in_common_is_not_applicable():
    data = planted("look_alikes")
    every = distances(data.vectors, data.vectors)
    names = np.array(data.classes)[data.codes]
    given = open_set(Geometry.from_distances(every, names))
    assert given.harm.value == judge(data).harm.value
    half = open_set(Geometry.from_distances(every[:, :600], names, names[:600]))
    assert "the distances of strangers were not given" in half.explanation
    split = np.where(data.codes < 75, "train", "test")
    found = judge(EmbeddingSet.from_arrays(data.vectors, names, split=split))
    assert found.verdict is Verdict.NOT_APPLICABLE
    assert "share no class" in found.explanation


@pytest.mark.parametrize("made", ["constant", "two classes", "one dimension", "singletons", "tiny"])
def test_awkward_sets_are_answered(made):
    rng = np.random.default_rng(0)
    labels = np.arange(120) % 12
    vectors = rng.standard_normal((120, 3)) + rng.standard_normal((12, 3))[labels]
    if made == "constant":
        vectors = np.ones((120, 3))
    elif made == "two classes":
        labels = labels % 2
    elif made == "one dimension":
        vectors = vectors[:, :1]
    elif made == "singletons":
        labels = np.where(np.arange(120) < 60, np.arange(120), labels + 200)
    else:
        vectors, labels = vectors[:4], np.array([0, 0, 1, 1])
    found = judge(EmbeddingSet.from_arrays(vectors, labels))
    assert found.verdict in set(Verdict) - {Verdict.ERROR, Verdict.NOT_APPLICABLE}
    assert 0 <= found.harm.value <= 1
    if made == "constant":
        assert (found.harm.value, found.estimates["open_set_auroc"].value) == (1.0, 0.5)
    if made == "tiny":
        assert "conformal_threshold" not in found.estimates
        assert any("takes 19 rows" in note for note in found.caveats)


def test_rate_and_price_choose_the_threshold_and_nothing_else():
    space = Geometry(planted("let_in"))
    plain = open_set(space)
    dear = open_set(space, stranger_rate=0.5, cost_of_stranger=20.0)
    e, d = plain.estimates, dear.estimates
    assert d["deployed_threshold"].value < e["deployed_threshold"].value
    assert d["strangers_accepted_deployed"].value < e["strangers_accepted_deployed"].value
    assert plain.harm == dear.harm
    assert "at the price of 20 known" in dear.remedy
    assert "yours to choose" in dear.remedy
    closed = open_set(Geometry(planted("collapsed")), stranger_rate=0.5, cost_of_stranger=1e6)
    assert "turning everybody away is cheapest" in closed.remedy
    assert "deployed_threshold" not in closed.estimates
    for wrong in ({"stranger_rate": 1.5}, {"cost_of_stranger": -1.0}):
        with pytest.raises(ValueError, match="stranger_rate"):
            open_set(space, **wrong)


@pytest.mark.parametrize("name", ["let_in", "healthy_split"])
def test_row_order_and_class_names_change_nothing(name):
    data = planted(name)
    order = np.random.default_rng(0).permutation(data.n)
    names = np.array([f"name {(7 * int(c)) % 307:03d}" for c in data.classes])
    other = EmbeddingSet.from_arrays(
        data.vectors[order], names[data.codes[order]], split=data.split[order]
    )
    first, second = said(name, "open_set"), judge(other)
    for key, estimate in first.estimates.items():
        assert second.estimates[key].value == pytest.approx(estimate.value, abs=1e-7), key
        assert second.estimates[key].low == pytest.approx(estimate.low, abs=1e-6), key


def test_charts_tell_what_they_show():
    found = said("let_in", "open_set")
    acceptance, oscr, size, table, examples = found.charts
    for chart in (acceptance, oscr, size):
        assert isinstance(chart, Curve)
    assert isinstance(table, Table)
    assert isinstance(examples, Examples)
    e = found.estimates
    assert acceptance.marks[0].y == pytest.approx(e["strangers_accepted_at_95"].value)
    assert oscr.series[0].x[-1] == 1
    dir_, fpir = size.series
    assert fpir.y[-1] == pytest.approx(e["strangers_accepted_at_95"].value)
    assert dir_.y[-1] == pytest.approx(1 - e["fnir_at_95"].value)
    assert list(fpir.y) == sorted(fpir.y)
    # Strangers 100 to 139 were made from classes 0 to 39, which let them in.
    for door, _, _, visitors in table.rows:
        assert str(int(door) + 100) in visitors
    for example in examples.examples:
        assert int(example.answers[0].label) == int(example.query.label) - 100
        assert example.answers[0].distance <= e["threshold_at_95"].value
        assert example.answers[0].match is False
    quiet = said("healthy_strangers", "open_set")
    assert not [c for c in quiet.charts if isinstance(c, Table | Examples)]


@pytest.mark.parametrize("flaw", ["let_in", "shifted", "binarised", "minority_collapse"])
def test_every_estimate_says_what_it_is_about(flaw):
    found = said(flaw, "open_set")
    for name, estimate in found.estimates.items():
        assert estimate.about, name
        assert estimate.method, name
        assert estimate.low is None or estimate.low <= estimate.value <= estimate.high, name


def crowd(classes=12, strange=1, rows=8):
    """Classes of so many rows, every other one enrolled, and rows of them under the name of a stranger."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(classes), rows)
    vectors = rng.standard_normal((classes, 8))[labels] + 0.5 * rng.standard_normal(
        (len(labels), 8)
    )
    split = np.where(np.arange(len(labels)) % 2 == 0, "train", "test")
    named = labels.copy()
    named[np.arange(strange) * rows + 5] = 99
    return judge(EmbeddingSet.from_arrays(vectors, named, split=split))


def test_one_stranger_is_no_alarm():
    found = crowd()
    assert (found.harm.value, found.verdict) == (1.0, Verdict.WATCH)
    # One of one, where one in ten is tolerated: a chance of one in ten; 0.025^(1/1) is the bound.
    assert found.p_value == pytest.approx(0.1)
    assert found.harm.low == pytest.approx(0.025)
    assert "of 1 stranger of 1 class is taken for one of the 12 enrolled" in found.explanation
    assert "Some are let in, not for sure more than the 10.0 % that is tolerated" in found.meaning
    # One stranger is no proof that strangers come nearer than the known.
    assert "strangers come nearer" not in found.meaning
    table, examples = found.charts[-2:]
    assert table.alt.startswith("1 stranger let in by 1 class of 12 enrolled; ")
    assert table.alt.endswith("most by '0': 1.")
    assert examples.alt.startswith("1 of 1 stranger is let in; shown: the nearest with")
    assert "over 1 stranger of 1 class" in found.harm.method


def test_four_strangers_are():
    found = crowd(strange=4)
    assert (found.harm.value, found.verdict) == (1.0, Verdict.ALARM)
    assert found.p_value == pytest.approx(0.1**4)


def test_a_threshold_from_few_rows_is_none():
    found = crowd(classes=4)
    assert found.verdict is Verdict.UNSURE
    assert found.p_value is None
    assert "a 95 % quantile takes 20 rows, and 15 rows set the threshold" in found.explanation
    for name in ("threshold_at_95", "fnir_at_95", "strangers_accepted_at_95"):
        assert "takes 20 rows" in found.estimates[name].method, name
    enough = crowd(classes=6)
    assert "takes 20 rows" not in enough.explanation
    assert enough.harm.low is not None
