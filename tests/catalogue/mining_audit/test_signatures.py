"""Bugs are named by what the benchmark shows; a few of its seeds, and miners that others wrote."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from benchmarks.signatures import MININGS, NAMED, NAMED_ALIKE, trial
from pytorch_metric_learning import distances, miners

from embedding_second_opinion.catalogue.mining_audit.numbers import audit
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.generated import directions
from embedding_second_opinion.inputs.triplets import Triplets
from embedding_second_opinion.samples.planted_audit import BUGS, CORRECT, plain, shuffled


@pytest.mark.parametrize("miner", BUGS)
def test_a_bug_is_named_after_itself(miner):
    for seed in range(3):
        bugs, _, _ = trial("as mined", miner, seed)
        assert " + ".join(bugs) == NAMED[miner], seed


@pytest.mark.parametrize("case", ["as mined", "changed labels", "small batches"])
@pytest.mark.parametrize("miner", CORRECT)
def test_right_code_is_not_accused(miner, case):
    for seed in range(2):
        bugs, mining, verdict = trial(case, miner, seed)
        assert bugs == (), seed
        if case == "as mined":
            assert verdict != "alarm"
            if miner in ("random", "hardest_negative", "batch_hard"):
                wanted = MININGS.get(miner, miner)
                assert wanted in NAMED_ALIKE.get(mining, {mining})


def by_library(miner, noise=1.0, batches=14):
    """Triplets that a miner of an independent library draws, in shuffled batches of 16 classes of 4."""
    rng = np.random.default_rng(0)
    torch.manual_seed(0)
    vectors, labels = directions(rng, 60, 20, 32, noise)
    found = []
    for b in range(batches):
        rows = shuffled(rng, labels, 64, 4)
        drawn = miner(torch.tensor(vectors[rows]), torch.tensor(labels[rows]))
        if len(drawn) == 4:  # pairs: one negative to each positive of an anchor
            a, p, other, n = (part.numpy() for part in drawn)
            first = dict(zip(other.tolist(), n.tolist(), strict=True))
            a, p, n = np.array(
                [(x, y, first[x]) for x, y in zip(a, p, strict=True) if x in first]
            ).T
        else:
            a, p, n = (part.numpy() for part in drawn)
        found.append(np.stack([rows[a], rows[p], rows[n], np.full(len(a), b)]))
    columns = np.concatenate(found, axis=1)
    data = EmbeddingSet.from_arrays(vectors, labels)
    return audit(Geometry(data), Triplets.of(data, *columns), None)


L2 = distances.LpDistance(normalize_embeddings=False)
EASY = {"allowed_pos_range": None, "allowed_neg_range": None, "distance": L2}


@pytest.mark.parametrize(
    ("miner", "bugs", "mining"),
    [
        (miners.BatchHardMiner(distance=L2), (), "batch_hard"),
        (miners.BatchEasyHardMiner("easy", "hard", **EASY), (), "easy_positive"),
        (miners.BatchEasyHardMiner("hard", "semihard", **EASY), (), None),
        (miners.BatchEasyHardMiner("all", "easy", **EASY), ("farthest_negative",), None),
        (miners.BatchEasyHardMiner("easy", "easy", **EASY), ("inverted",), None),
        (miners.TripletMarginMiner(0.1, "semihard", distance=L2), (), "semi_hard"),
        (miners.TripletMarginMiner(0.1, "hard", distance=L2), (), None),
        (miners.DistanceWeightedMiner(), (), None),
    ],
    ids=["batch-hard", "easy-positive", "hard-semi-hard", "easy-negative", "both-easy", "semi-hard", "hard",
         "weighted"],
)  # fmt: skip
def test_miners_of_an_independent_library(miner, bugs, mining):
    seen = by_library(miner)
    assert tuple(bug.name for bug in seen.bugs) == bugs
    assert mining is None or seen.mining[0] == mining
    assert not seen.facts.wrong.any()


def listed(change, labels_of=None, batches=30):
    """Random triplets, changed; labels_of: labels in the audit, where they differ."""
    rng = np.random.default_rng(3)
    vectors, labels = directions(rng, 40, 12, 16, 1.0)
    rows = [plain(rng, labels, 64, 0) for _ in range(batches)]
    triplets = []
    for b, batch in enumerate(rows):
        for a in batch:
            same = batch[(labels[batch] == labels[a]) & (batch != a)]
            if len(same):
                other = batch[labels[batch] != labels[a]]
                triplets.append((a, rng.choice(same), rng.choice(other), b))
    a, p, n, b = change(rng, np.array(triplets).T, rows)
    data = EmbeddingSet.from_arrays(
        vectors, labels if labels_of is None else labels_of(rng, labels)
    )
    return audit(Geometry(data), Triplets.of(data, a, p, n, b), None)


def test_other_faults_are_told_apart():
    def named(*args):
        return [bug.name for bug in listed(*args).bugs]

    assert named(lambda rng, t, rows: t) == []
    assert named(lambda rng, t, rows: t[[0, 2, 1, 3]]) == ["swapped"]
    assert named(lambda rng, t, rows: t, lambda rng, labels: rng.permutation(labels)) == [
        "other_rows"
    ]
    assert named(_blind_negatives) == ["unfiltered_negative"]
    assert named(lambda rng, t, rows: t[[0, 0, 2, 3]]) == ["always_own_positive"]


def _blind_negatives(rng, t, rows):
    t = t.copy()
    t[2] = [rng.choice(rows[b]) for b in t[3]]
    return t


def test_a_wrong_index_is_foretold_one_by_one():
    """Replayed here from the file itself: the k-th of the anchor's class becomes the k-th of the batch."""
    rng = np.random.default_rng(0)
    vectors, labels = directions(rng, 30, 10, 16, 1.0)
    rows = rng.permutation(300)[:48]
    a = p = n = np.zeros(0, dtype=int)
    for i, row in enumerate(rows):
        same = [j for j in range(48) if labels[rows[j]] == labels[row]]
        other = [j for j in range(48) if labels[rows[j]] != labels[row]]
        far = [np.linalg.norm(vectors[row] - vectors[rows[j]]) for j in other]
        a, p, n = (
            np.append(a, row),
            np.append(p, rows[same.index(i)]),
            np.append(n, rows[int(np.argmax(far))]),
        )
    data = EmbeddingSet.from_arrays(vectors, labels)
    seen = audit(Geometry(data), Triplets.of(data, a, p, n, np.zeros(48)), None).replay
    assert (seen.positive, seen.positive_of) == (1, "itself")
    assert (seen.negative, seen.negative_of) == (1, "farthest")
    assert seen.place_p < -0.3
