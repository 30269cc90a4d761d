"""Are the triplets what they should be? Planted bugs alarm, right mining does not; numbers by others."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import pairwise_distances

from embedding_second_opinion.catalogue.mining_audit.check import mining_audit
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.load import load
from embedding_second_opinion.findings.charts import Bars, Table
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs
from embedding_second_opinion.inputs.triplets import Triplets
from embedding_second_opinion.samples.planted import planted, planted_inputs
from embedding_second_opinion.samples.planted_audit import FLAWS, HEALTHY
from tests.verdicts import found as said


def judged(name, seed=0, **more):
    inputs = planted_inputs(name, seed)
    return mining_audit(Geometry(planted(name, seed)), inputs.model_copy(update=more))


@pytest.mark.parametrize("name", FLAWS)
def test_planted_bugs_alarm(name):
    for seed in range(2):
        found = said(name, "mining_audit", seed)
        assert found.verdict is Verdict.ALARM, seed
        assert found.p_value is None or found.p_value < 1e-3
        assert found.harm.value == max(
            found.estimates["wrong_triplets"].value, found.estimates["mined_to_be_easy"].value
        )


@pytest.mark.parametrize("name", HEALTHY)
def test_right_mining_is_quiet(name):
    for seed in range(2):
        found = said(name, "mining_audit", seed)
        assert found.verdict is Verdict.OK, seed
        assert "they look like" in found.explanation


def test_shares_and_the_active_share_against_torch():
    name, margin = "mined_hardest_in_list", 0.2
    data, t = planted(name), planted_inputs(name).triplets
    e = judged(name, margin=margin).estimates
    x = torch.tensor(data.vectors.astype(np.float64))
    loss = torch.nn.TripletMarginLoss(margin=margin, reduction="none", eps=0)
    active = loss(x[t.anchor], x[t.positive], x[t.negative]) > 0
    assert e["active_triplets"].value == pytest.approx(float(active.double().mean()))
    codes = data.codes
    assert e["negative_of_own_class"].value == np.mean(codes[t.anchor] == codes[t.negative])
    assert e["positive_of_other_class"].value == 0
    assert e["positive_is_anchor"].value == 0
    rows = {tuple(row) for row in np.stack([t.anchor, t.positive, t.negative], axis=1).tolist()}
    assert e["repeated_triplets"].value == pytest.approx(1 - len(rows) / len(t.anchor))
    assert e["rows_as_anchor"].value == len(set(t.anchor.tolist())) / data.n
    assert e["classes_as_negative"].value == len(set(codes[t.negative].tolist())) / 60


def test_extremes_under_cosine_against_scikit_learn():
    rng = np.random.default_rng(0)
    data = EmbeddingSet.from_arrays(rng.standard_normal((60, 5)) + 0.5, np.arange(60) % 12)
    far = pairwise_distances(data.vectors.astype(np.float64), metric="cosine")
    same = data.codes[:, None] == data.codes
    own = np.where(same & ~np.eye(60, dtype=bool), far, -1).argmax(axis=1)
    near = np.where(same, np.inf, far).argmin(axis=1)
    triplets = Triplets.of(data, np.arange(60), own, near)
    found = mining_audit(Geometry(data, metric="cosine"), Inputs(triplets=triplets))
    assert found.estimates["positive_farthest"].value == 1
    assert found.estimates["negative_nearest"].value == 1
    assert "batch-hard mining" in found.explanation
    plain = mining_audit(Geometry(data), Inputs(triplets=triplets))
    assert plain.estimates["negative_nearest"].value < 1


def test_without_its_inputs_it_says_what_it_needs():
    data = planted("healthy")
    found = mining_audit(Geometry(data))
    assert found.verdict is Verdict.NOT_APPLICABLE
    assert "anchor, positive, negative and, if known, batch" in found.explanation
    far = pairwise_distances(data.vectors)
    triplets = Triplets.of(data, [0], [1], [30])
    found = mining_audit(Geometry.from_distances(far, data.codes), Inputs(triplets=triplets))
    assert found.explanation == "Needs the vectors to see how hard the triplets are."


def test_words_of_each_bug():
    inverted = judged("mined_inverted")
    assert "hard mining the wrong way round" in inverted.explanation
    assert "teach nothing" in inverted.meaning
    assert "Exchange argmin and argmax" in inverted.remedy
    listed = judged("mined_inverted_in_list")
    assert "does not leave the anchor out" in listed.explanation
    assert "in spite of them" in listed.meaning
    index = judged("mined_hardest_in_list")
    assert "the negative is a place in the list of negatives" in index.explanation
    assert "negatives[k], not k" in index.remedy
    own = judged("mined_own_positive")
    assert "where such a draw gives 25.0 %" in own.explanation
    assert "too high, as they cannot be wrong" in own.meaning


def test_charts():
    found = judged("mined_own_positive")
    faults, table = found.charts
    assert isinstance(faults, Bars)
    assert isinstance(table, Table)
    assert faults.bars[0].value == found.estimates["positive_is_anchor"].value
    assert "chance 33.3 %" in found.estimates["positive_farthest"].about
    assert len(table.rows) == 12
    assert all(
        row[1] == row[2] and row[4] == "own positive" and row[5] == "0" for row in table.rows
    )


def test_a_bug_that_does_little_harm_is_named_and_not_called_fine():
    """100 rows a class: one anchor in a hundred is its own positive, within the tolerance."""
    rng = np.random.default_rng(0)
    data = EmbeddingSet.from_arrays(rng.standard_normal((1500, 8)), np.arange(1500) // 100)
    a = rng.integers(0, 1500, 20_000)
    p = a // 100 * 100 + rng.integers(0, 100, 20_000)
    n = (a + 100 + rng.integers(0, 1300, 20_000)) // 1 % 1500
    n = np.where(n // 100 == a // 100, (n + 100) % 1500, n)
    found = mining_audit(Geometry(data), Inputs(triplets=Triplets.of(data, a, p, n)))
    assert found.verdict is not Verdict.ALARM
    assert "the anchor among them" in found.explanation
    assert "The trace of a bug is there" in found.meaning


def test_few_and_small():
    data = planted("healthy")
    few = mining_audit(Geometry(data), Inputs(triplets=Triplets.of(data, [0], [1], [30])))
    assert few.verdict is Verdict.UNSURE
    assert "Save more triplets" in few.remedy
    # Three rows a batch offer no choice: all rows of the set stand in for the batch.
    rng = np.random.default_rng(0)
    a = rng.integers(0, data.n, 4000)
    p = a // 20 * 20 + (a % 20 + rng.integers(1, 20, 4000)) % 20
    n = (a + rng.integers(20, data.n - 40, 4000)) % data.n
    n = np.where(n // 20 == a // 20, (n + 20) % data.n, n)
    single = Triplets.of(data, a, p, n, np.arange(4000))
    found = mining_audit(Geometry(data), Inputs(triplets=single))
    assert "among all rows that could be drawn" in found.estimates["mined_to_be_easy"].about
    assert found.verdict is Verdict.OK
    assert "random mining" in found.explanation


def test_a_collapsed_space_accuses_nobody():
    data = EmbeddingSet.from_arrays(np.ones((120, 4)), np.repeat(np.arange(20), 6))
    rng = np.random.default_rng(0)
    a = rng.integers(0, 120, 500)
    triplets = Triplets.of(
        data, a, a // 6 * 6 + (a + 1) % 6, (a + 6 * rng.integers(1, 20, 500)) % 120
    )
    found = mining_audit(Geometry(data), Inputs(triplets=triplets))
    assert found.estimates["mined_to_be_easy"].value == 0
    assert found.verdict is not Verdict.ALARM
    assert "wrong way round" not in found.explanation


def test_row_order_and_names_change_nothing():
    name = "mined_hardest_in_list"
    data, t = planted(name), planted_inputs(name).triplets
    order = np.random.default_rng(0).permutation(data.n)
    back = np.argsort(order)
    other = EmbeddingSet.from_arrays(
        data.vectors[order], [f"n{(37 * int(c)) % 61:02d}" for c in data.codes[order]]
    )
    moved = Triplets.of(other, back[t.anchor], back[t.positive], back[t.negative], t.batch)
    one = judged(name)
    two = mining_audit(Geometry(other), Inputs(triplets=moved))
    assert one.estimates.keys() == two.estimates.keys()
    for key, estimate in one.estimates.items():
        assert two.estimates[key].value == pytest.approx(estimate.value, abs=1e-9), key
    assert one.explanation == two.explanation


def test_triplets_drawn_from_a_real_training_set(shared_data):
    """The handwriting of a real triplet network: right random mining is right, inverted is told."""
    (path,) = (shared_data / "omniglot_triplet").glob("*.npz")
    data = load(path)
    train = np.flatnonzero(data.split == "train")
    rng = np.random.default_rng(0)
    rows = {"random": [], "inverted": []}
    for b in range(40):
        classes = rng.choice(np.unique(data.codes[train]), 16, replace=False)
        batch = np.concatenate(
            [rng.choice(train[data.codes[train] == c], 4, replace=False) for c in classes]
        )
        far = pairwise_distances(data.vectors[batch])
        for i in range(64):
            same = np.flatnonzero(
                (data.codes[batch] == data.codes[batch[i]]) & (np.arange(64) != i)
            )
            other = np.flatnonzero(data.codes[batch] != data.codes[batch[i]])
            rows["random"].append((batch[i], batch[rng.choice(same)], batch[rng.choice(other)], b))
            near, away = same[far[i, same].argmin()], other[far[i, other].argmax()]
            rows["inverted"].append((batch[i], batch[near], batch[away], b))
    found = {
        name: mining_audit(Geometry(data), Inputs(triplets=Triplets.of(data, *np.array(t).T)))
        for name, t in rows.items()
    }
    assert found["random"].verdict is Verdict.OK
    assert "random mining" in found["random"].explanation
    assert found["inverted"].verdict is Verdict.ALARM
    assert "wrong way round" in found["inverted"].explanation
    assert f"of {len(train):,} rows" in found["random"].estimates["rows_as_anchor"].about
