"""Errors at any size of the gallery against every gallery of that size, drawn one by one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from embedding_second_opinion.catalogue.open_set import gallery_size
from embedding_second_opinion.catalogue.open_set.gallery_size import by_size
from embedding_second_opinion.catalogue.open_set.known_and_strange import rehearsed, sides
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples.planted import planted
from tests.brute_force import distances


def made(seed=0):
    """7 classes of 2 enrolled rows and 3 queries, 4 classes of strangers."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(11), 5)
    split = np.tile(["train", "train", "test", "test", "test"], 11)
    keep = (labels < 7) | (split == "test")
    labels, split = labels[keep], split[keep]
    vectors = rng.standard_normal((11, 3))[labels] + 0.6 * rng.standard_normal((len(labels), 3))
    return EmbeddingSet.from_arrays(vectors, labels, split=split)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("rehearsal", [False, True])
def test_fpir_and_dir_over_every_gallery(seed, rehearsal):
    data = made(seed)
    space = Geometry(data)
    seen = rehearsed(space, sides(space)) if rehearsal else sides(space)
    x = float(np.median(seen.strange.distance))
    found = by_size(space, seen, x)
    gallery, queries = space.evaluation.enrolled, space.evaluation.queries
    assert found.sizes[-1] == (6 if rehearsal else 7)
    for size, fpir, dir_ in zip(found.sizes, found.fpir, found.dir, strict=True):
        accepted, named = [], []
        to = distances(data.vectors[seen.strange.rows], data.vectors[gallery])
        for row, own in zip(to, data.codes[seen.strange.rows], strict=True):
            others = [c for c in range(7) if c != own]
            for drawn in itertools.combinations(others, size):
                accepted.append(row[np.isin(data.codes[gallery], drawn)].min() <= x)
        to = distances(data.vectors[queries], data.vectors[gallery])
        for row, own in zip(to, data.codes[queries], strict=True):
            best = [row[data.codes[gallery] == c].min() for c in range(7)]
            others = [c for c in range(7) if c != own]
            for drawn in itertools.combinations(others, size - 1):
                first = all(best[own] < best[c] for c in drawn)
                named.append(first and best[own] <= x)
        assert fpir == pytest.approx(np.mean(accepted), abs=1e-12), size
        assert dir_ == pytest.approx(np.mean(named), abs=1e-12), size
    assert found.fpir[0] < found.fpir[-1]


def test_the_whole_gallery_gives_the_share_accepted():
    space = Geometry(planted("let_in"))
    seen = sides(space)
    x = float(np.quantile(seen.known.distance, 0.95))
    assert by_size(space, seen, x).fpir[-1] == np.mean(seen.strange.distance <= x)


def test_a_sample_of_queries_is_near_all_of_them_and_knows_no_order(monkeypatch):
    data = planted("crowded")
    space = Geometry(data)
    seen = sides(space)
    x = float(np.quantile(seen.known.distance, 0.95))
    monkeypatch.setattr(gallery_size, "MOST", data.n)
    full = by_size(space, seen, x)
    monkeypatch.setattr(gallery_size, "MOST", 300)
    some = by_size(space, seen, x)
    assert len(full.within) == full.of == some.of == data.n
    assert len(some.within) == 300
    assert some.fpir == pytest.approx(full.fpir, abs=0.02)
    order = np.random.default_rng(0).permutation(data.n)
    names = np.array([f"c{(7 * c) % 307}" for c in data.codes])
    other = Geometry(EmbeddingSet.from_arrays(data.vectors[order], names[order]))
    assert by_size(other, sides(other), x).fpir == pytest.approx(some.fpir, abs=1e-12)
