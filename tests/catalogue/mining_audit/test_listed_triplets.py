"""The pass: where listed rows stand in their batch, against counts made one by one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import rankdata

from embedding_second_opinion.catalogue.mining_audit import members as members_module
from embedding_second_opinion.catalogue.mining_audit.hardness import hardness
from embedding_second_opinion.catalogue.mining_audit.members import gather
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.triplets import Triplets


def made(seed=0, batches=6, ties=False):
    """Triplets with right labels out of uneven batches; ties: vectors on a coarse grid."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 7, 80)
    vectors = rng.standard_normal((80, 3))
    vectors = np.round(vectors) if ties else vectors
    listed = []
    for b in range(batches):
        rows = rng.choice(80, rng.integers(12, 40), replace=False)
        for a in rows:
            same = rows[(labels[rows] == labels[a]) & (rows != a)]
            other = rows[labels[rows] != labels[a]]
            if len(same) and len(other):
                listed.append((a, rng.choice(same), rng.choice(other), b))
                listed.append((a, rng.choice(same), rng.choice(other), b))
    data = EmbeddingSet.from_arrays(vectors, labels)
    return data, Triplets.of(data, *np.array(listed).T)


@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize("ties", [True, False])
def test_ranks_against_scipy(ties, batched):
    data, t = made(ties=ties)
    t = t if batched else Triplets.of(data, t.anchor, t.positive, t.negative)
    found = gather(Geometry(data), t)
    s, owner = found.standing, found.owner
    hard = hardness(found, np.zeros(len(owner), dtype=bool))
    x = data.vectors.astype(np.float64)
    assert sorted(found.chosen.tolist()) == list(range(len(t.anchor)))
    for i, k in enumerate(found.chosen.tolist()):
        a, p, n = int(t.anchor[k]), int(t.positive[k]), int(t.negative[k])
        pool = np.arange(data.n)
        if batched:
            inside = t.batch == t.batch[k]
            pool = np.unique([t.anchor[inside], t.positive[inside], t.negative[inside]])
        same = pool[(data.codes[pool] == data.codes[a]) & (pool != a)]
        other = pool[data.codes[pool] != data.codes[a]]
        near_p, near_n = (cdist(x[[a]], x[rows], "sqeuclidean")[0] for rows in (same, other))
        d_p, d_n = near_p[same == p][0], near_n[other == n][0]
        assert s.positives[owner[i]] == len(same)
        assert s.negatives[owner[i]] == len(other)
        assert s.nearer_p[i] == rankdata(near_p, "min")[same == p][0] - 1
        assert s.nearer_n[i] == rankdata(near_n, "min")[other == n][0] - 1
        assert s.tied_n[i] == (near_n == d_n).sum() - 1
        assert s.inside[i] == (near_n <= d_p).sum()
        assert bool(s.farther[i]) == (d_n > d_p)
        assert near_n[other == s.near_n[owner[i]]][0] == near_n.min()
        assert near_n[other == s.far_n[owner[i]]][0] == near_n.max()
        assert near_p[same == s.near_p[owner[i]]][0] == near_p.min()
        assert near_p[same == s.far_p[owner[i]]][0] == near_p.max()
        if len(other) > 1:
            middle = rankdata(near_n, "average")[other == n][0]
            assert hard.percentile_n[i] == pytest.approx((middle - 1) / (len(other) - 1))
        if len(same) > 1:
            middle = rankdata(near_p, "average")[same == p][0]
            assert hard.percentile_p[i] == pytest.approx(1 - (middle - 1) / (len(same) - 1))


def test_the_chance_of_an_easy_negative_is_that_of_drawing_all():
    data, t = made()
    found = gather(Geometry(data), t)
    x = data.vectors.astype(np.float64)
    for i in range(0, len(found.offer.anchors), 7):
        a, b = found.offer.anchors[i], found.offer.batch[i]
        pool = found.offer.rows[found.offer.start[b] : found.offer.start[b + 1]]
        other = pool[data.codes[pool] != data.codes[a]]
        far = cdist(x[[a]], x[other])[0]
        easy = far >= np.sort(far)[-max(1, len(other) // 10)]
        by_class = [easy[data.codes[other] == c].mean() for c in np.unique(data.codes[other])]
        assert found.standing.chance[i] == pytest.approx(max(easy.mean(), np.mean(by_class)))


def test_drawn_choices_are_easy_as_often_as_chance_says():
    """Row by row from the batch: hits and chance agree, so that the excess is about nothing."""
    rates = []
    for seed in range(8):
        data, t = made(seed, batches=40)
        found = gather(Geometry(data), t)
        hard = hardness(found, np.zeros(len(found.owner), dtype=bool))
        rates.append(hard.easy.hits.mean() - hard.easy.chance.mean())
        assert abs(np.nanmean(hard.percentile_n) - 0.5) < 0.03
        assert abs(np.nanmean(hard.percentile_p) - 0.5) < 0.03
    # The chance is the larger of several honest ways to draw, so it is seldom exceeded.
    assert -0.15 < np.mean(rates) < 0


def test_beyond_the_budget_anchors_are_drawn(monkeypatch):
    data, t = made(batches=30)
    whole = gather(Geometry(data), t)
    monkeypatch.setattr(members_module, "MOST_DISTANCES", 3_000)
    some = gather(Geometry(data), t)
    assert 20 < len(some.chosen) < len(whole.chosen) / 2
    place = {k: i for i, k in enumerate(whole.chosen.tolist())}
    for name in ("nearer_p", "nearer_n", "inside", "farther"):
        every = getattr(whole.standing, name)
        assert getattr(some.standing, name).tolist() == [
            every[place[k]] for k in some.chosen.tolist()
        ]
    assert (gather(Geometry(data), t).chosen == some.chosen).all()


def test_only_rows_of_the_splits_that_are_named_could_be_drawn():
    data, t = made()
    split = np.where(np.isin(np.arange(80), [t.anchor, t.positive, t.negative]), "train", "test")
    split[:5] = "train"
    other = EmbeddingSet.from_arrays(data.vectors, data.codes, split=split)
    listed = Triplets.of(other, t.anchor, t.positive, t.negative)
    found = gather(Geometry(data), listed)
    assert len(found.offer.rows) == 80  # of a set without splits, all
    with_split = members_module.pool_of(Geometry(other), np.unique(t.anchor))
    assert (other.split[with_split] == "train").all()
