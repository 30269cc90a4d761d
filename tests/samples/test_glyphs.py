"""The bundled characters are whole, keep their promises and show what the network saw."""

from __future__ import annotations

from importlib import resources

import numpy as np
import pytest

from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.samples.glyphs import glyphs
from embedding_second_opinion.training.glyph_images import FAMILIES, character, characters, label
from embedding_second_opinion.training.make_glyphs import GlyphRun, write
from embedding_second_opinion.training.triplet_network import (
    embed,
    random_triplets,
    train,
    validation_triplet_accuracy,
)
from tests.samples.oracles import assert_kept, promises, triplet_accuracy

FILE = resources.files("embedding_second_opinion.samples") / "glyphs.npz"


@pytest.fixture(scope="module")
def bundled() -> EmbeddingSet:
    return glyphs()


@pytest.fixture(scope="module")
def labels(bundled):
    return np.array(bundled.classes)[bundled.codes]


def part(bundled, name):
    return bundled.split == name


def test_shape(bundled):
    assert (bundled.n, bundled.d) == (9408, 32)
    assert bundled.images.shape == (9408, 24, 24)
    assert len(bundled.classes) == 588
    assert dict(zip(*np.unique(bundled.split, return_counts=True), strict=True)) == {
        "train": 3760,
        "test": 3760,
        "unknown": 1888,
    }
    np.testing.assert_allclose(np.linalg.norm(bundled.vectors, axis=1), 1, atol=2e-3)


def test_file_is_small_and_plain():
    with resources.as_file(FILE) as path:
        assert path.stat().st_size < 700_000
        with np.load(path, allow_pickle=False) as arrays:
            assert arrays["embeddings"].dtype == np.float16
            assert {arrays[name].dtype.kind for name in ("labels", "split", "groups")} == {"U"}


def test_every_character_stands_once_in_each_face_of_its_part(bundled, labels):
    assert len(set(zip(labels, bundled.groups, strict=True))) == bundled.n
    for name, faces in (("train", 8), ("test", 8), ("unknown", 16)):
        assert len(set(bundled.groups[part(bundled, name)])) == faces


def test_faces_of_train_and_test_are_disjoint(bundled):
    train_faces = set(bundled.groups[part(bundled, "train")])
    test_faces = set(bundled.groups[part(bundled, "test")])
    assert not train_faces & test_faces
    assert set(bundled.groups[part(bundled, "unknown")]) == train_faces | test_faces
    assert train_faces | test_faces == {face for family in FAMILIES for face in family}
    for family in FAMILIES:
        assert len(train_faces & set(family)) == 2


def test_no_unknown_character_was_trained_on(bundled, labels):
    known = set(labels[part(bundled, "train")])
    assert known == set(labels[part(bundled, "test")])
    assert not known & set(labels[part(bundled, "unknown")])


def test_look_alikes_are_kept_and_told_apart(bundled):
    assert {"A U+0041", "Α U+0391", "А U+0410"} <= set(bundled.classes)


def test_labels_lead_back_to_the_character():
    for found in characters():
        assert character(label(found)) == found
    assert character(label("\U0001d400")) == "\U0001d400"


def test_pictures_are_ink_on_white(bundled):
    assert np.median(bundled.images) > 230
    assert (bundled.images.reshape(bundled.n, -1).min(axis=1) < 190).all()


def test_pictures_are_those_that_were_embedded(bundled, labels):
    # Same character, another face: their pictures are nearer than those of other characters, and
    # would not be if the pictures stood in another order than the rows.
    rows = np.flatnonzero(part(bundled, "test"))[::40]
    others = np.flatnonzero(part(bundled, "train"))
    ink = bundled.images.reshape(bundled.n, -1).astype(np.float32)
    distances = np.linalg.norm(ink[rows][:, None] - ink[others][None], axis=2)
    same = labels[rows][:, None] == labels[others][None]
    assert np.mean(distances[same]) < 0.8 * np.mean(distances[~same])


def test_pictures_are_the_same_every_time(bundled):
    np.testing.assert_array_equal(bundled.images, glyphs().images)


def test_promises(bundled, labels):
    assert_kept(promises(bundled.vectors, labels, bundled.split))


def test_claimed_number_is_near_the_exact_one(bundled, labels):
    rows = part(bundled, "test")
    with resources.as_file(FILE) as path, np.load(path, allow_pickle=False) as arrays:
        claimed = float(arrays["validation_triplet_accuracy"])
    # Four standard errors of 20,000 draws at .99, and what float16 rounds away.
    assert claimed == pytest.approx(
        triplet_accuracy(bundled.vectors[rows], labels[rows]), abs=0.003
    )


def test_random_triplets_are_triplets_and_even():
    classes = np.array([2, 0, 1, 1, 0, 2, 1, 0, 0])
    anchor, positive, negative = random_triplets(classes, 90_000, np.random.default_rng(0))
    assert (anchor != positive).all()
    assert (classes[anchor] == classes[positive]).all()
    assert (classes[anchor] != classes[negative]).all()
    for drawn, of in ((anchor, slice(None)), (positive, anchor == 1), (negative, anchor == 1)):
        counts = np.bincount(drawn[of])
        counts = counts[counts > 0]
        assert counts.max() < 1.1 * counts.min()
    assert set(positive[anchor == 1]) == {4, 7, 8}
    assert set(negative[anchor == 1]) == {0, 2, 3, 5, 6}


def test_validation_counts_ties_as_wrong():
    classes = np.repeat([0, 1], 5)
    same = np.ones((10, 2), dtype=np.float32)
    assert validation_triplet_accuracy(same, classes, np.random.default_rng(0)) == 0.0
    apart = np.eye(2, dtype=np.float32)[classes]
    assert validation_triplet_accuracy(apart, classes, np.random.default_rng(0)) == 1.0


def test_training_learns_and_repeats():
    rng = np.random.default_rng(0)
    classes = np.repeat(np.arange(4), 30)
    images = rng.integers(120, 256, (120, 24, 24)).astype(np.uint8)
    for row, of in zip(images, classes, strict=True):
        row[:, 4 * of : 4 * of + 4] = 60
    calls: list[int] = []
    networks = [
        train(
            images,
            classes,
            np.random.default_rng(7),
            iterations=15,
            on_iteration=lambda: calls.append(1),
        )
        for _ in range(2)
    ]
    first, second = (embed(network, images) for network in networks)
    assert len(calls) == 30
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(np.linalg.norm(first, axis=1), 1, atol=1e-5)
    assert triplet_accuracy(first, classes) > 0.95


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "glyphs.npz"
    path.write_bytes(b"old")

    def broken(file, **arrays):
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez_compressed", broken)
    text = np.array(["A U+0041"])
    tiny = GlyphRun(np.ones((1, 2), dtype=np.float16), text, text, text, 1.0, 0)
    with pytest.raises(OSError, match="disk full"):
        write(tiny, path)
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["glyphs.npz"]
