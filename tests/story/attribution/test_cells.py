"""Every cell is what comes out when all triplets and searches are written out."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Believed
from embedding_second_opinion.story.attribution.attribute import cells
from embedding_second_opinion.story.attribution.cells import Strangers

STATES = [frozenset(on) for n in range(5) for on in itertools.combinations("GPNW", n)]


def drawn(seed=0, ties=False):
    """Twelve uneven classes in a plane, train and test; coarse, so that distances tie, where asked."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(4, 9, 12)
    labels = np.repeat(np.arange(12), sizes)
    vectors = rng.standard_normal((12, 2))[labels] + 0.7 * rng.standard_normal((len(labels), 2))
    if ties:
        vectors = vectors.round(0)
    split = np.concatenate([np.where(np.arange(n) < n // 2, "train", "test") for n in sizes])
    order = rng.permutation(len(labels))
    return vectors[order].astype(np.float32), labels[order], split[order]


def spaces(vectors, labels, split):
    data = EmbeddingSet.from_arrays(vectors, labels, split=split)
    return Geometry(arrange(data, gallery_split="train", query_split="test"))


def by_hand(queries, own, gallery, theirs, *, alone, every, against_all):
    """For each anchor (class, chance to be right); alone: queries are the gallery."""
    found = []
    for i, q in enumerate(np.asarray(queries, dtype=np.float64)):
        d = np.sqrt(((np.asarray(gallery, dtype=np.float64) - q) ** 2).sum(axis=1))
        kept = np.arange(len(d)) != i if alone else np.ones(len(d), dtype=bool)
        near, far = d[kept & (theirs == own[i])], d[kept & (theirs != own[i])]
        if not len(near) or not len(far):
            continue
        best = [near.min()] if every else near
        rivals = [far.min()] if against_all else far
        found.append((own[i], np.mean([p < n for p, n in itertools.product(best, rivals)])))
    return found


def averaged(found, by_class):
    if not by_class:
        return float(np.mean([value for _, value in found]))
    classes = sorted({c for c, _ in found})
    return float(np.mean([np.mean([v for c, v in found if c == k]) for k in classes]))


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("on", STATES, ids=lambda on: "".join(sorted(on)) or "none")
@pytest.mark.parametrize("trained", [False, True])
def test_every_cell_is_what_writing_it_out_gives(on, trained, ties):
    vectors, labels, split = drawn(3, ties)
    claim = Believed(value=0.9, split="gallery" if trained else "query")
    found = cells(spaces(vectors, labels, split), claim, None)
    assert found.letters == (*("BGPNW"), *(["S"] if trained else []))
    train, test = split == "train", split == "test"
    queries, gallery = (train, train) if trained else (test, train if "G" in on else test)
    hand = by_hand(
        vectors[queries], labels[queries], vectors[gallery], labels[gallery],
        alone=bool((queries == gallery).all()), every="P" in on, against_all="N" in on,
    )  # fmt: skip
    assert found.value(on | {"B"}) == pytest.approx(averaged(hand, "W" in on), abs=1e-12)
    assert found.value(on) == 0.9  # the claim is one number, whatever else is switched on


@pytest.mark.parametrize("on", [frozenset("B"), frozenset("BGP"), frozenset("BGPNW")])
def test_held_out_rows_are_the_queries(on):
    vectors, labels, split = drawn(4)
    space = spaces(vectors, labels, split)
    both = cells(space, Believed(value=0.9, split="gallery"), None).value(on | {"S"})
    assert both == cells(space, Believed(value=0.9), None).value(on)


def test_strangers_come_in_their_share():
    vectors, labels, split = drawn(5)
    space = spaces(vectors, labels, split)
    accepted = Estimate(value=0.3, low=0.2, high=0.5)
    found = cells(space, None, Strangers(0.1, 0.6, accepted))
    train, test = split == "train", split == "test"
    named = []
    for q, own in zip(vectors[test].astype(np.float64), labels[test], strict=True):
        d = np.sqrt(((vectors[train].astype(np.float64) - q) ** 2).sum(axis=1))
        if (labels[train] == own).any():
            named.append((own, float(labels[train][d.argmin()] == own and d.min() <= 0.6)))
    whole = 0.9 * averaged(named, by_class=True) + 0.1 * 0.7
    assert found.value(frozenset("GPNWO")) == pytest.approx(whole, abs=1e-12)


@pytest.mark.parametrize("on", ["", "G", "P", "GP", "PN", "GPN", "GPNW"])
@pytest.mark.parametrize("seed", [6, 7])
def test_without_a_class_is_what_deleting_it_gives(on, seed):
    vectors, labels, split = drawn(seed)
    found = cells(spaces(vectors, labels, split), None, None)
    without = found.without(frozenset(on))
    assert without is not None
    for place, c in enumerate(found.pass_of(frozenset(on)).class_ids):
        left = labels != c
        rest = cells(spaces(vectors[left], labels[left], split[left]), None, None)
        assert without[place] == pytest.approx(rest.value(frozenset(on)), abs=1e-12)


def test_a_claim_about_a_search_starts_at_the_search():
    space = spaces(*drawn(8))
    found = cells(space, Believed(value=0.9, metric="closed-set"), None)
    assert found.letters == ("B", "W")
    assert found.value(frozenset("B")) == float(space.ranks.right[space.ranks.anchors].mean())


@pytest.mark.parametrize("metric", ["pair", "other"])
def test_a_claim_of_another_kind_is_no_cell(metric):
    found = cells(spaces(*drawn(9)), Believed(value=0.9, metric=metric), None)
    assert "B" not in found.letters
