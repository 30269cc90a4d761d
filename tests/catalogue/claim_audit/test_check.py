"""Every inflated claim is named, honest ones are left alone, and the words fit."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.stats import t

from embedding_second_opinion.catalogue.claim_audit.check import claim_audit
from embedding_second_opinion.catalogue.claim_audit.numbers import audit
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.load import load
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.findings.charts import Table
from embedding_second_opinion.findings.finding import LOOKS, TAIL, Finding, Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Believed, Inputs
from embedding_second_opinion.inputs.pairs import Pairs
from embedding_second_opinion.inputs.training_log import TrainingLog
from embedding_second_opinion.samples import sample
from embedding_second_opinion.samples.planted import NAMED_BY, planted, planted_inputs
from embedding_second_opinion.samples.planted_claims import every_triplet, others_first
from tests.verdicts import found as said

GIVEN_BY = {
    "self_match_claim": "self_match",
    "train_split_claim": "triplets_of_train",
    "own_positive_claim": "triplets_own_positive",
    "lenient_ties_claim": "triplets_ties_right",
}
HONEST = ("healthy_claim", "healthy_claim_search")


def claimed(space, value, metric="triplet", **more):
    return claim_audit(space, Inputs(claim=Believed(value=value, metric=metric), **more))


def opened(name, seed=0):
    return Geometry(planted(name, seed), seed=seed), planted_inputs(name, seed)


@pytest.mark.parametrize("flaw", GIVEN_BY)
def test_the_planted_claim_is_accused_and_its_convention_named(flaw):
    for seed in range(1 if flaw == "train_split_claim" else 2):
        found = said(flaw, "claim_audit", seed)
        assert found.verdict is Verdict.ALARM
        assert found.p_value < 1e-3
        space, inputs = opened(flaw, seed)
        answer = audit(space, inputs, inputs.claim).answer
        assert answer.match == "named"
        assert answer.given_by[0].code == GIVEN_BY[flaw]
        assert answer.given_by[0].gives in found.explanation
    assert set(GIVEN_BY) == {name for name, code in NAMED_BY.items() if code == "claim_audit"}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_claim_is_left_alone(name):
    for seed in range(3):
        found = said(name, "claim_audit", seed)
        assert found.verdict is Verdict.OK
        assert "which is the claim" not in found.explanation


@pytest.mark.parametrize("name", ["healthy_split", "healthy_few_samples", "healthy_several_modes"])
def test_an_honest_claim_about_any_set_is_left_alone(name):
    data = planted(name)
    space = Geometry(data)
    rows = space.evaluation.queries
    value = every_triplet(data.vectors[rows].astype(np.float64), data.codes[rows])
    found = claimed(space, round(value, 3))
    assert found.verdict is Verdict.OK
    assert "as it rounds" in found.explanation
    assert found.estimates["triplet_accuracy"].value == pytest.approx(value, abs=1e-6)


def test_the_interval_is_a_jackknife_with_the_classes_really_deleted():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(25), 5)
    vectors = rng.standard_normal((25, 5))[labels] + 0.9 * rng.standard_normal((125, 5))
    data = EmbeddingSet.from_arrays(vectors, labels)
    x, y = data.vectors.astype(np.float64), data.codes
    found = claimed(Geometry(data), 0.99, "closed-set")
    without = np.array([others_first(x[y != c], y[y != c]) for c in range(25)])
    logits = np.log(without / (1 - without))
    value = others_first(x, y)
    harm = found.harm
    assert harm.value == pytest.approx(0.99 - value, abs=1e-7)
    # Errors between two classes are met at both: their variance is taken off, down to half.
    error = np.sqrt(24 / 25 * ((logits - logits.mean()) ** 2).sum())
    centre = np.log(value / (1 - value))
    for factor in (1.0, np.sqrt(0.5)):
        reach = t.ppf(0.975, 24) * error * factor
        high = 0.995 - 1 / (1 + np.exp(reach - centre))
        low = 0.985 - 1 / (1 + np.exp(-reach - centre))
        if factor == 1.0:
            assert harm.low > low - 1e-9
            assert harm.high < high + 1e-9
        else:
            assert harm.low < low + 1e-9
            assert harm.high > high - 1e-9
    triplet = claimed(Geometry(data), 0.99)
    left = np.array([every_triplet(x[y != c], y[y != c]) for c in range(25)])
    logits, value = np.log(left / (1 - left)), every_triplet(x, y)
    error = np.sqrt(24 / 25 * ((logits - logits.mean()) ** 2).sum())
    method = triplet.harm.method
    free = float(method.split(", ")[2].split()[0]) if "degrees" in method else 24
    reach = t.ppf(0.975, free) * error
    centre = np.log(value / (1 - value))
    low = 0.985 - 1 / (1 + np.exp(-reach - centre))
    assert triplet.harm.low == pytest.approx(low, abs=2e-4)  # degrees are told with one decimal


def test_the_verdict_and_the_p_value_agree():
    space = Geometry(planted("healthy_claim_search"))
    for value in np.arange(0.95, 1.0, 0.0037):
        found = claimed(space, round(float(value), 4), "closed-set")
        assert found.exceeds == (found.p_value < TAIL)
        assert (found.verdict is Verdict.ALARM) == (found.p_value <= TAIL / LOOKS)


def test_a_claim_below_the_truth_is_good_news():
    found = claimed(Geometry(planted("healthy_claim")), 0.9)
    assert found.verdict is Verdict.OK
    assert found.harm.high < 0
    assert "better than the claim" in found.meaning
    assert "points less" in found.explanation


def test_what_nothing_gives_is_said():
    space, _ = opened("self_match_claim")
    found = claimed(space, 0.9611, "closed-set")
    assert found.verdict is Verdict.ALARM
    assert "conventions tried gives it" in found.explanation
    assert found.charts[0].rows[-1][-1] == "free to choose: no evidence"
    assert "permuted labels" in found.remedy


def test_several_are_several():
    space, _ = opened("self_match_claim")
    values = audit(space, Inputs(), Believed(value=0.5, metric="closed-set")).estimates
    assert abs(values["recall_at_10"].value - values["triplets_told_as_closed_set"].value) < 0.01
    found = claimed(space, 0.99, "closed-set")
    assert "several give it, and it cannot be told which" in found.explanation
    assert found.verdict is Verdict.ALARM  # whichever it was


def test_another_metric_is_compared_with_the_nearest_and_not_judged():
    space = Geometry(planted("healthy_claim_search"))
    found = claimed(space, 0.5, "other")
    assert found.verdict is Verdict.UNSURE
    assert "not known what the claim is a share of" in found.meaning
    assert {"closed_set_accuracy", "triplet_accuracy", "recall_at_5"} <= set(found.estimates)


def test_margins_and_the_log_are_tried_where_they_are_given():
    space = Geometry(planted("healthy_claim"))
    log = TrainingLog(
        step=np.arange(3.0), curves={"accuracy": np.array([0.6, 0.8, 0.7113])}, name="log.csv"
    )
    found = claimed(space, 0.7113, log=log, margin=0.1)
    assert "the last row of 'accuracy' in the training log gives 71.13 %" in found.explanation
    kept = found.estimates["triplets_margin_kept"].value
    told = claimed(space, round(kept, 3), margin=0.1)
    assert "keep the margin" in told.explanation
    assert "with the margin" in told.estimates["triplets_margin_kept"].about


def test_few_classes_have_no_interval_and_are_named_all_the_same():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(6), 8)
    vectors = rng.standard_normal((6, 3))[labels] + 0.6 * rng.standard_normal((48, 3))
    split = np.tile(["train", "test"], 24)
    alone = claimed(Geometry(EmbeddingSet.from_arrays(vectors, labels)), 1.0, "closed-set")
    assert alone.verdict is Verdict.UNSURE
    assert "leaving the query's own row in the gallery" in alone.explanation
    assert "too few to speak for new ones" in alone.meaning
    parted = EmbeddingSet.from_arrays(vectors, labels, split=split)
    for metric in ("triplet", "closed-set"):
        assert claimed(Geometry(arrange(parted)), 1.0, metric).harm.low is not None


def test_what_cannot_be_audited_says_so():
    space = Geometry(planted("healthy"))
    bare = claim_audit(space)
    assert bare.verdict is Verdict.NOT_APPLICABLE
    assert bare.explanation.startswith("Needs the number that was believed")
    split = np.where(planted("healthy").codes < 30, "train", "test")
    apart = EmbeddingSet.from_arrays(
        planted("healthy").vectors, planted("healthy").codes, split=split
    )
    for metric in ("triplet", "closed-set", "pair"):
        assert claimed(Geometry(arrange(apart)), 0.9, metric).verdict is Verdict.NOT_APPLICABLE


def test_distances_alone_can_be_audited():
    data = planted("healthy_claim_search")
    x = data.vectors[:300].astype(np.float64)
    matrix = np.linalg.norm(x[:, None] - x[None], axis=-1)
    for metric in ("triplet", "closed-set", "pair", "other"):
        one = claimed(Geometry.from_distances(matrix, data.codes[:300]), 1.0, metric, margin=0.1)
        two = claimed(
            Geometry(EmbeddingSet.from_arrays(x, data.codes[:300])), 1.0, metric, margin=0.1
        )
        for name, estimate in one.estimates.items():
            assert two.estimates[name].value == pytest.approx(estimate.value, abs=2e-4), (
                name
            )  # pairs are binned


@pytest.mark.parametrize("metric", ["triplet", "closed-set", "pair", "other"])
def test_awkward_sets_get_an_answer_in_words(metric):
    rng = np.random.default_rng(0)
    classes = np.repeat(np.arange(20), 6)
    sets = [
        (rng.standard_normal((3, 2)), np.array([0, 0, 1])),
        (np.ones((120, 4)), classes),
        (np.repeat(rng.standard_normal((20, 6)), 6, axis=0), classes),
        (np.tile(rng.standard_normal((6, 6)), (20, 1)), classes),
        (rng.standard_normal((304, 8)), np.append(np.arange(300), [300, 300, 301, 301])),
        (rng.standard_normal((120, 6)) * 1e30, classes),
        (rng.standard_normal((120, 6)) * 1e-30, classes),
    ]
    for vectors, labels in sets:
        space = Geometry(EmbeddingSet.from_arrays(vectors, labels))
        for value in (0.0, 1.0):
            with warnings.catch_warnings():
                warnings.simplefilter("error", RuntimeWarning)
                found = claimed(space, value, metric, margin=0.2)
            words = " ".join([found.markdown(), *(c.alt for c in found.charts)])
            assert not any(f" {word}" in words for word in ("nan", "inf ", "None", "-0.0 "))
            assert Finding.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize("flaw", GIVEN_BY)
def test_row_order_and_names_change_nothing(flaw):
    data, inputs = planted(flaw), planted_inputs(flaw)
    order = np.random.default_rng(0).permutation(data.n)
    names = np.array([f"n{(37 * int(c)) % 1009:04d}" for c in data.classes])
    other = EmbeddingSet.from_arrays(
        data.vectors[order],
        names[data.codes[order]],
        split=None if data.split is None else data.split[order],
    )
    one, two = (claim_audit(Geometry(d), inputs) for d in (data, other))
    assert one.explanation == two.explanation
    for key, estimate in one.estimates.items():
        assert two.estimates[key].value == pytest.approx(estimate.value, abs=1e-7), key
        assert two.estimates[key].low == pytest.approx(estimate.low, abs=1e-6), key


def test_words_and_charts():
    found = claim_audit(*opened("own_positive_claim"))
    assert "Leave the anchor out of its positives by its row number" in found.remedy
    assert "right for nothing" in found.meaning
    (table,) = found.charts
    assert isinstance(table, Table)
    assert table.rows[0][0] == "The exact triplet accuracy"
    (giving,) = [row for row in table.rows if row[-1] == "yes"]
    assert giving[0] == "Drawing the anchor as its own positive too"
    assert table.rows[0][3] == "the exact number"
    assert any("not told apart" in c for c in found.caveats)


def test_the_glyphs_and_their_train_rows():
    space = Geometry(arrange(sample("glyphs")))
    train = claimed(space, 0.5).estimates["triplets_of_train"].value
    found = claimed(space, round(train, 4))
    assert "triplet accuracy of the train rows among themselves" in found.explanation


def test_the_handwriting_log_and_the_faces(shared_data):
    (path,) = (shared_data / "omniglot_triplet").glob("*.npz")
    rows = np.genfromtxt(path.parent / "training_log.csv", delimiter=",", names=True)
    log = TrainingLog(
        step=rows["iteration"],
        curves={"accuracy": rows["train_triplet_acc"], "validation": rows["val_triplet_acc"]},
        called={"accuracy": "train_triplet_acc", "validation": "val_triplet_acc"},
    )
    space = Geometry(arrange(load(path), strangers=["unknown"]))
    found = claimed(space, 0.994, log=log)
    assert (
        "the last row of 'train_triplet_acc' in the training log gives 99.44 %" in found.explanation
    )
    assert found.verdict is Verdict.OK  # .8 points: true, and nobody would notice
    assert "as it rounds" in claimed(space, 0.986).explanation
    assert found.estimates["triplets_of_unknown"].value == pytest.approx(0.933, abs=1e-3)


def test_the_faces_as_published(shared_data):
    (path,) = (shared_data / "lfw_dlib").glob("*.npz")
    with np.load(path, allow_pickle=False) as held:
        listed = [held[name] for name in ("pair_a", "pair_b", "pair_same", "pair_fold")]
    data = load(path)
    pairs = Pairs.of(data, *listed)
    space = Geometry(data)
    found = claimed(space, 0.9877, "pair", pairs=pairs)
    assert found.verdict is Verdict.OK
    assert found.estimates["pair_accuracy"].value == pytest.approx(0.9877, abs=5e-5)
    assert "as it rounds" in found.explanation
    other = claimed(space, 0.9938, "pair", pairs=pairs)
    assert "none of" in other.explanation  # by another detector and alignment
    assert "as it rounds" in claimed(space, 0.9985).explanation
    pooled = claimed(space, 0.99926)
    assert "pooling all triplets" in pooled.explanation
