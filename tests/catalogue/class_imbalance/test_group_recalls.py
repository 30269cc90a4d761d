"""A group that is behind is found, equal groups are not, and deletions are real deletions."""

from __future__ import annotations

import numpy as np
import pytest

from embedding_second_opinion.catalogue.class_imbalance.group_recalls import group_recalls
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples.planted import planted


def grouped(data, groups, **more):
    return EmbeddingSet.from_arrays(data.vectors, data.codes, groups=groups, **more)


def crossing(seed, classes=14, rows=9, groups=3):
    """Classes seen in every group, the last of which is noisier."""
    rng = np.random.default_rng(seed)
    labels, group = np.repeat(np.arange(classes), rows), rng.integers(0, groups, classes * rows)
    vectors = rng.standard_normal((classes, 5))[labels]
    noise = np.where(group == groups - 1, 1.2, 0.6)[:, None]
    return vectors + noise * rng.standard_normal(vectors.shape), labels, group


def by_hand(vectors, labels, group, g, within):
    """Recall of a group, and the recall it would have without a difference, by the definition."""
    ranks = Geometry(EmbeddingSet.from_arrays(vectors, labels)).ranks
    asked = ranks.positives > 0
    right = ranks.right == 1
    mine = asked & (group == g)
    if not within:
        return right[mine].mean(), right[asked].mean()
    fair = [right[asked & (labels == c)].mean() for c in labels[mine]]
    return right[mine].mean(), np.mean(fair)


@pytest.mark.parametrize("within", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_recall_and_interval_against_the_definition_and_real_deletion(seed, within):
    vectors, labels, group = crossing(seed)
    if not within:
        # Whole classes in a group; 42 classes, so that three groups have ten each.
        vectors, labels, _ = crossing(seed, classes=42, rows=5)
        group = (labels * 7 + seed) % 3
    found = group_recalls(Geometry(EmbeddingSet.from_arrays(vectors, labels, groups=group)))
    assert found.within is within
    assert len(found.judged) == 3
    for g in found.groups:
        at = int(g.name)
        recall, fair = by_hand(vectors, labels, group, at, within)
        assert g.recall == pytest.approx(recall, abs=1e-12)
        assert g.fair == pytest.approx(fair, abs=1e-12)
        assert g.harm[0] == pytest.approx(g.fair - g.allowed - g.recall, abs=1e-12)
        without = []
        for c in np.unique(labels):
            rest = labels != c
            without.append(
                np.subtract(*by_hand(vectors[rest], labels[rest], group[rest], at, within)[::-1])
            )
        k = len(without)
        error = np.sqrt((k - 1) / k * ((without - np.mean(without)) ** 2).sum())
        from scipy.stats import t

        reach = t.ppf(0.975, g.classes - 1) * error
        assert g.harm[1].low == pytest.approx(g.harm[0] - reach, abs=1e-9)
        assert g.harm[1].high == pytest.approx(g.harm[0] + reach, abs=1e-9)
        assert g.interval.low < g.recall < g.interval.high
        # The p-value and the interval tell the same.
        assert g.harm[1].above(g.harm[1].low) == pytest.approx(0.025, abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_the_worst_of_equal_groups_is_what_permutation_shows(seed):
    data = planted("look_alikes", seed)
    group = np.arange(data.n) % 4
    space = Geometry(grouped(data, group))
    found = group_recalls(space)
    rng, lowest = np.random.default_rng(seed), []
    right = space.ranks.right
    for _ in range(400):
        other = group.copy()
        for c in range(len(data.classes)):
            other[data.codes == c] = rng.permutation(other[data.codes == c])
        lowest.append(min(right[other == g].mean() for g in range(4)))
    assert found.worst.expected == pytest.approx(np.mean(lowest), abs=0.004)
    assert found.p_value > 0.01


def test_equal_groups_are_last_by_chance_as_often_as_they_should():
    p_values, lows = [], []
    for seed in range(40):
        data = planted("look_alikes", seed)
        group = np.random.default_rng(seed).integers(0, 5, data.n)
        found = group_recalls(Geometry(grouped(data, group)))
        p_values.append(found.p_value)
        lows.append(max(g.harm[1].low for g in found.judged))
    assert np.mean(np.array(p_values) < 0.1) <= 0.25
    assert 0.3 < np.mean(p_values) < 0.7
    assert np.mean(np.array(lows) > 0) <= 0.1


def test_a_group_with_the_hard_classes_is_not_to_blame():
    data = planted("look_alikes")
    hard = np.isin(data.codes, [*range(20), *range(130, 150)])
    rng = np.random.default_rng(0)
    group = np.where(rng.random(data.n) < np.where(hard, 0.8, 0.2), "hard", "easy")
    found = group_recalls(Geometry(grouped(data, group)))
    by_name = {g.name: g for g in found.groups}
    assert by_name["hard"].recall < by_name["easy"].recall - 0.1
    assert abs(by_name["hard"].harm[0]) < 0.03
    assert found.p_value > 0.05


def test_small_groups_are_shown_and_not_judged():
    data = planted("healthy")
    group = np.where(np.arange(data.n) < 15, "a few", np.where(data.codes < 30, "one", "two"))
    found = group_recalls(Geometry(grouped(data, group)))
    few = next(g for g in found.groups if g.name == "a few")
    assert (few.queries, few.harm, few.expected) == (15, None, None)
    assert {g.name for g in found.judged} == {"one", "two"}
    alone = group_recalls(Geometry(grouped(data, data.codes)))
    assert not alone.judged
    assert alone.worst is None
    assert alone.p_value is None


def test_classes_in_one_group_are_left_out_where_others_cross():
    data = planted("healthy")
    group = np.where(data.codes < 20, 0, np.arange(data.n) % 2)
    found = group_recalls(Geometry(grouped(data, group)))
    assert found.within
    assert found.left_out == 400
    assert sum(g.queries for g in found.groups) == 800


def test_one_group_or_none_is_no_question():
    data = planted("healthy")
    assert group_recalls(Geometry(data)) is None
    assert group_recalls(Geometry(grouped(data, np.zeros(data.n, dtype=int)))) is None
    distances = np.abs(np.subtract.outer(np.arange(8.0), np.arange(8.0)))
    assert group_recalls(Geometry.from_distances(distances, np.arange(8) % 2)) is None


def test_only_the_groups_of_the_queries_count():
    data = planted("one_group")
    split = np.where(np.arange(data.n) % 20 < 10, "train", "test")
    groups = np.where(split == "train", "enrolled only", data.groups)
    found = group_recalls(Geometry(arrange(grouped(data, groups, split=split))))
    assert [g.name for g in found.groups] == ["0", "1", "2", "3", "4"]
    assert found.worst.name == "4"


def test_everything_right_is_a_bound():
    labels = np.arange(480) % 40
    vectors = 10 * np.eye(40)[labels] + 0.01 * np.random.default_rng(0).random((480, 40))
    found = group_recalls(
        Geometry(EmbeddingSet.from_arrays(vectors, labels, groups=np.arange(480) // 240))
    )
    for g in found.judged:
        assert g.harm[0] == 0
        assert g.harm[1].high == pytest.approx(1 - 0.05 ** (1 / 40), abs=1e-6)
        assert g.harm[1].unresolved


def test_renaming_and_reordering_change_nothing():
    data = planted("one_group")
    order = np.random.default_rng(1).permutation(data.n)
    names = np.array([f"n{(37 * int(c)) % 101:03d}" for c in data.classes])
    other = EmbeddingSet.from_arrays(
        data.vectors[order], names[data.codes[order]], groups=data.groups[order]
    )
    one, two = (group_recalls(Geometry(d)) for d in (data, other))
    for g, h in zip(one.groups, two.groups, strict=True):
        assert (g.name, g.queries, g.classes) == (h.name, h.queries, h.classes)
        assert (g.recall, g.fair, g.allowed) == pytest.approx(
            (h.recall, h.fair, h.allowed), abs=1e-12
        )
        assert g.harm[1].low == pytest.approx(h.harm[1].low, abs=1e-9)
    assert one.p_value == two.p_value
