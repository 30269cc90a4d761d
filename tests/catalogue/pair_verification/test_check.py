"""The planted flaw alarms, healthy sets do not, and the faces have the numbers they came with."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from embedding_second_opinion.catalogue.pair_verification.check import pair_verification
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.findings.charts import Curve, Table
from embedding_second_opinion.findings.finding import TAIL, Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Believed, Inputs
from embedding_second_opinion.inputs.pairs import Pairs, read_pairs
from embedding_second_opinion.samples.planted import planted
from embedding_second_opinion.stats import surface
from tests import brute_force
from tests.planting import HEALTHY
from tests.verdicts import found as said


def judge(data, **inputs):
    return pair_verification(Geometry(data), Inputs(**inputs))


def drawn(data, count=2000, seed=0):
    """So many pairs of a set, half of them genuine."""
    rng = np.random.default_rng(seed)
    one, two = np.triu_indices(data.n, 1)
    same = data.codes[one] == data.codes[two]
    kept = np.concatenate([rng.choice(np.flatnonzero(k), count // 2, False) for k in (same, ~same)])
    return Pairs.of(data, one[kept], two[kept])


@pytest.mark.parametrize("seed", range(2))
def test_the_planted_flaw_alarms(seed):
    found = said("one_threshold", "pair_verification", seed)
    assert found.verdict is Verdict.ALARM
    assert found.harm.value == found.estimates["one_threshold_loss"].value
    assert "because one threshold must serve all classes" in found.explanation
    assert "different scales" in found.meaning


@pytest.mark.parametrize("shape", HEALTHY)
def test_healthy_sets_stay_quiet(shape):
    # With everything right in 150 classes, a bound is all there is; it may be unsure.
    allowed = (Verdict.OK, Verdict.UNSURE) if shape == "healthy_neural_collapse" else (Verdict.OK,)
    for seed in (0, 1) if shape == "healthy" else (0,):
        assert said(shape, "pair_verification", seed).verdict in allowed


def test_a_threshold_from_overfitted_rows_does_not_travel():
    found = said("overfit", "pair_verification")
    assert found.verdict is Verdict.ALARM
    assert found.harm.value == found.estimates["transfer_loss"].value
    assert "the pairs of the gallery (train)" in found.explanation
    assert found.estimates["pair_accuracy"].value < 0.6 < found.estimates["verification_auc"].value
    assert "does not travel" in found.meaning


def test_every_number_is_about_something_and_has_its_way():
    found = said("healthy", "pair_verification")
    expected = {
        "pair_accuracy", "verification_auc", "eer", "tar_at_far_1e-2", "tar_at_far_1e-3", "pair_recall",
        "pair_far", "pair_precision_balanced", "pair_precision", "genuine_share", "pair_threshold",
        "transfer_loss", "one_threshold_loss",
    }  # fmt: skip
    assert set(found.estimates) == expected
    for name, e in found.estimates.items():
        assert e.about, name
        assert e.method, name
        if name not in ("genuine_share", "pair_threshold"):
            assert e.low <= e.value <= e.high, name


@pytest.mark.parametrize("name", ["healthy_few_samples", "one_threshold"])
def test_auc_and_the_cost_of_one_threshold_against_brute_force(name):
    data = planted(name)
    keep = data.codes < 25
    small = EmbeddingSet.from_arrays(data.vectors[keep], data.codes[keep])
    found = judge(small)
    apart = brute_force.distances(small.vectors, small.vectors)
    one, two = np.triu_indices(small.n, 1)
    auc = roc_auc_score(small.codes[one] == small.codes[two], -apart[one, two])
    assert found.estimates["verification_auc"].value == pytest.approx(auc, abs=1e-5)
    pooled = brute_force.triplet_accuracy(apart, small.codes, pooled=True)
    assert found.estimates["one_threshold_loss"].value == pytest.approx(pooled - auc, abs=1e-5)


def test_the_illusion_of_balanced_pairs_is_said_in_the_same_breath():
    found = judge(planted("healthy_split"))
    e = found.estimates
    assert "one genuine pair in 183," in found.explanation  # 160 * 28 of 1280 * 1279 / 2
    assert e["genuine_share"].value == pytest.approx(160 * 28 / (1280 * 1279 / 2), rel=1e-7)
    assert e["pair_precision"].value < 0.5 < 0.95 < e["pair_precision_balanced"].value
    odds = e["pair_recall"].value / e["pair_far"].value
    assert e["pair_precision_balanced"].value == pytest.approx(odds / (1 + odds), abs=1e-6)


def test_a_claim_about_pairs_is_compared_and_others_are_not():
    data = planted("healthy")
    wrong = judge(data, claim=Believed(value=1.0, metric="pair"))
    accuracy = wrong.estimates["pair_accuracy"]
    loss = wrong.estimates["claim_loss"]
    assert loss.value == pytest.approx(1 - accuracy.value)
    assert (loss.low, loss.high) == pytest.approx((1 - accuracy.high, 1 - accuracy.low))
    assert "against the claim" in wrong.explanation
    assert "pair accuracy: class jackknife" in loss.method
    high = judge(planted("look_alikes"), claim=Believed(value=0.9999, metric="pair"))
    assert high.verdict is Verdict.OK
    assert (
        judge(planted("crowded"), claim=Believed(value=1.0, metric="pair")).verdict is Verdict.ALARM
    )
    assert "claim_loss" not in judge(data, claim=Believed(value=1.0)).estimates


def test_pairs_of_a_file_are_what_is_judged():
    data = planted("one_threshold")
    found = judge(data, pairs=drawn(data))
    assert "1,000 genuine and 1,000 impostor pairs" in found.explanation
    # What one threshold costs is still measured on all pairs of the set.
    assert found.verdict is Verdict.ALARM
    whole = judge(data)
    both = [f.estimates["one_threshold_loss"].value for f in (found, whole)]
    assert both[0] == pytest.approx(both[1], abs=1e-4)
    every = found.estimates["verification_auc_all_pairs"].value
    assert every == pytest.approx(whole.estimates["verification_auc"].value, abs=1e-4)
    assert found.estimates["verification_auc"].value == pytest.approx(every, abs=0.02)
    assert found.estimates["genuine_share"].value == whole.estimates["genuine_share"].value
    assert found.parameters["pairs"] == "pairs"
    table = found.charts[-1]
    assert isinstance(table, Table)
    assert table.columns[:3] == ("pair", "first", "second")


def test_pairs_that_contradict_the_labels_are_believed_and_said():
    data = planted("healthy")
    pairs = drawn(data)
    turned = Pairs.of(data, pairs.first, pairs.second, ~pairs.same)
    found = judge(data, pairs=turned)
    assert found.estimates["verification_auc"].value < 0.01
    assert any("contradict the labels" in caveat for caveat in found.caveats)
    # Not judged: nothing here is about a verification that could be meant.
    assert found.verdict is Verdict.UNSURE
    assert "(an AUC below one half)" in found.meaning
    assert "probably a distance flag (1 = different)" in found.meaning
    assert "Turn 'same' round" in found.remedy
    claimed = judge(data, pairs=turned, claim=Believed(value=1.0, metric="pair"))
    assert claimed.verdict is Verdict.UNSURE
    plain = judge(data, pairs=pairs)
    assert "one half" not in plain.meaning
    assert plain.verdict is Verdict.OK


def of_one_class(data):
    """Three genuine pairs and three that are said to be impostors, all inside the first class."""
    one, two = [0, 1, 2, 3, 0, 0], [1, 2, 3, 4, 2, 3]
    rows = np.flatnonzero(data.codes == 0)
    return Pairs.of(data, rows[one], rows[two], [1, 1, 1, 0, 0, 0])


def test_a_file_that_could_not_be_judged_is_not_ok():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(20), 6)
    vectors = rng.standard_normal((20, 8))[labels] + 0.5 * rng.standard_normal((120, 8))
    data = EmbeddingSet.from_arrays(vectors, labels)
    found = judge(data, pairs=of_one_class(data))
    assert found.verdict is Verdict.UNSURE
    assert found.p_value is None
    assert "fitted on the same pairs, for want of others, judges" in found.explanation
    assert "3 genuine and 3 impostor pairs, of 1 class;" in found.explanation
    assert "the pairs of the file are not judged: the threshold was fitted on" in found.explanation
    assert found.estimates["transfer_loss"].low is None
    # Six pairs of one class put the AUC below one half by chance.
    assert found.estimates["verification_auc"].value < 0.5
    assert "one half" not in found.meaning
    # The number shown is about all pairs of the set, and says what it is not about.
    assert found.harm.value == found.estimates["one_threshold_loss"].value
    assert found.harm.about.startswith("all 300 genuine and 6,840 impostor pairs of 120 rows")
    assert "; not judged: 3 genuine and 3 impostor pairs, of 1 class" in found.harm.about


def test_an_alarm_of_the_whole_set_is_not_hidden_by_a_file_that_could_not_be_judged():
    data = planted("one_threshold")
    found = judge(data, pairs=of_one_class(data))
    assert found.verdict is Verdict.ALARM
    assert "because one threshold must serve all classes" in found.explanation
    assert "the pairs of the file are not judged" in found.explanation
    # Pairs of nine classes have a threshold from elsewhere, and no interval.
    kept = np.flatnonzero(data.codes < 9)
    few = EmbeddingSet.from_arrays(data.vectors[kept], data.codes[kept])
    drawn_few = drawn(few, 200)
    pairs = Pairs.of(data, kept[drawn_few.first], kept[drawn_few.second])
    nine = judge(data, pairs=pairs)
    assert "not judged: 9 classes are too few to speak for new ones" in nine.explanation
    assert nine.verdict is Verdict.ALARM


def test_the_harm_is_about_the_pairs_that_it_was_measured_on():
    data = planted("one_threshold")
    found = judge(data, pairs=drawn(data))
    for name in ("transfer_loss", "one_threshold_loss"):
        e = found.estimates[name]
        assert (found.harm.about == e.about) == (found.harm.value == e.value), name


def test_strangers_to_the_queries_may_be_in_a_file():
    data = planted("healthy")
    split = np.where(data.codes < 30, "train", "test")
    apart = EmbeddingSet.from_arrays(data.vectors, data.codes, split=split)
    assert judge(apart).verdict is Verdict.NOT_APPLICABLE  # no class in common: no queries
    found = judge(apart, pairs=drawn(apart))
    assert found.verdict is Verdict.OK
    assert "one_threshold_loss" not in found.estimates


def test_what_it_needs_is_said():
    rng = np.random.default_rng(0)
    vectors, labels = rng.standard_normal((60, 5)), np.arange(60) % 6
    split = np.where(np.arange(60) < 6, "test", "train")  # one query of each class
    found = judge(EmbeddingSet.from_arrays(vectors, labels, split=split))
    assert found.verdict is Verdict.NOT_APPLICABLE
    assert "Needs two queries of one class" in found.explanation
    space = Geometry.from_distances(brute_force.distances(vectors, vectors), labels)
    assert pair_verification(space).estimates
    data = EmbeddingSet.from_arrays(vectors, labels)
    refused = pair_verification(space, Inputs(pairs=drawn(data, 20)))
    assert refused.verdict is Verdict.NOT_APPLICABLE
    assert "Needs vectors" in refused.explanation


def test_distances_alone_say_the_same_as_vectors():
    data = planted("healthy")
    given = pair_verification(
        Geometry.from_distances(brute_force.distances(data.vectors, data.vectors), data.codes)
    )
    own = judge(data)
    for name in ("verification_auc", "eer", "tar_at_far_1e-2", "one_threshold_loss"):
        assert given.estimates[name].value == pytest.approx(own.estimates[name].value, abs=2e-4), (
            name
        )


def test_few_classes_cannot_tell():
    data = planted("one_threshold")
    keep = data.codes < 6
    found = judge(EmbeddingSet.from_arrays(data.vectors[keep], data.codes[keep]))
    assert found.verdict is Verdict.UNSURE
    assert "too few" in found.harm.method
    two = judge(EmbeddingSet.from_arrays(*(x[data.codes < 2] for x in (data.vectors, data.codes))))
    assert "transfer_loss" not in two.estimates
    assert any("too good" in caveat for caveat in two.caveats)


def test_everything_right_is_a_bound_not_a_certainty():
    rng = np.random.default_rng(1)
    labels = np.arange(400) % 40
    found = judge(
        EmbeddingSet.from_arrays(
            10 * rng.standard_normal((40, 16))[labels] + 0.1 * rng.standard_normal((400, 16)),
            labels,
        )
    )
    for name in ("verification_auc", "pair_accuracy", "pair_recall"):
        e = found.estimates[name]
        assert (e.value, e.high, e.unresolved) == (1.0, 1.0, True), name
        assert e.low == pytest.approx(0.05 ** (1 / 40), abs=1e-7), name  # 0 of 40 classes fail
    assert found.harm.high > found.tolerance
    assert found.verdict is Verdict.UNSURE


@pytest.mark.parametrize("name", ["one_threshold", "healthy_long_tail", "overfit"])
def test_row_order_and_class_names_change_nothing(name):
    data = planted(name)
    order = np.random.default_rng(0).permutation(data.n)
    names = np.array([f"name {(7 * int(c)) % 163:03d}" for c in data.classes])
    split = None if data.split is None else np.asarray(data.split)[order]
    other = EmbeddingSet.from_arrays(data.vectors[order], names[data.codes[order]], split=split)
    first, second = judge(data), judge(other)
    for key, e in first.estimates.items():
        assert second.estimates[key].value == pytest.approx(e.value, abs=1e-7), key
        if e.low is not None:
            assert second.estimates[key].low == pytest.approx(e.low, abs=1e-6), key


@pytest.mark.parametrize("seed", range(3))
def test_verdict_and_p_value_agree(seed):
    rng = np.random.default_rng(seed)
    labels = np.arange(240) % 24
    scale = np.where(labels % 2 == 0, 0.6, 1.0)[:, None]
    vectors = scale * (rng.standard_normal((24, 12))[labels] + 0.5 * rng.standard_normal((240, 12)))
    found = judge(EmbeddingSet.from_arrays(vectors, labels))
    if found.p_value is not None:
        assert (found.harm.low > found.tolerance) == (found.p_value < TAIL)


def test_charts_tell_what_they_show():
    found = judge(planted("one_threshold"))
    curve, distances, table = found.charts
    assert all(isinstance(c, Curve) for c in (curve, distances))
    line, e = curve.series[0], found.estimates
    assert curve.x_scale == "log"
    for level, name in ((1e-2, "tar_at_far_1e-2"), (1e-3, "tar_at_far_1e-3")):
        at = int(np.abs(np.array(line.x) - level).argmin())
        assert line.y[at] == pytest.approx(e[name].value, abs=1e-6)
    genuine, impostors = distances.series
    assert all(a >= b - 1e-9 for a, b in zip(genuine.y, impostors.y, strict=True))
    assert distances.marks[0].x == pytest.approx(e["pair_threshold"].value)
    # The classes on the small scale are those whose impostors pass: every second one.
    assert all(int(row[0]) % 2 == 0 for row in table.rows)


def test_the_faces_by_their_own_protocol(shared_data):
    (path,) = (shared_data / "lfw_dlib").glob("*.npz")
    with np.load(path, allow_pickle=False) as arrays:
        data = EmbeddingSet.from_arrays(arrays["embeddings"], arrays["labels"])
    space = Geometry(data)
    found = pair_verification(space, Inputs(pairs=read_pairs(str(path), data)))
    e = found.estimates
    assert e["pair_accuracy"].value == pytest.approx(0.9877, abs=5e-5)
    assert e["verification_auc"].value == pytest.approx(0.99794, abs=5e-6)
    assert e["eer"].value == pytest.approx(0.0123, abs=5e-5)
    assert e["tar_at_far_1e-2"].value == pytest.approx(0.986, abs=5e-5)
    # Three of 3,000 impostor pairs: the least that a rate may rest on, and as uncertain as that.
    strict = e["tar_at_far_1e-3"]
    assert strict.value == pytest.approx(0.932, abs=5e-4)
    assert strict.high - strict.low > 0.05
    assert "the other folds (10 in all)" in found.explanation
    assert "one genuine pair in 361," in found.explanation
    triplets = surface.triplet_accuracy_all_triplets(space.ranks)
    cost = triplets - e["verification_auc_all_pairs"].value
    assert e["one_threshold_loss"].value == pytest.approx(cost, abs=1e-7)
    assert found.verdict is Verdict.OK
