"""load: a dimension that holds the labels is refused or named, and a healthy set loads as it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from embedding_second_opinion.data.load import load
from tests.labelled_files import (
    ARRAYS,
    SEEDS,
    TABLES,
    Numbers,
    given,
    named,
    noise,
    text,
    write,
    write_matrix,
)

Refusal = Callable[..., str]


@TABLES
@SEEDS
@pytest.mark.parametrize("name", ["label_id", "class_index", "target_code", "whatever"])
@pytest.mark.parametrize("run", [True, False])
def test_a_code_of_the_labels_is_refused(
    refusal: Refusal, run: bool, name: str, seed: int, suffix: str, tmp_path: Path
) -> None:
    x, codes = noise(seed)
    code = np.random.default_rng(seed).permutation(10)[codes]  # any numbering
    names = () if run else ("alcohol", "ash", "hue", "proline", "flavanoids", "magnesium")
    path = write(named(x, text(codes), *names, **{name: code}), tmp_path, suffix)
    said = refusal(path)
    assert f"column '{name}' of {path}" in said
    assert "--key PREFIX" in said
    if run:
        np.testing.assert_array_equal(load(path, key="e").vectors, x)


@SEEDS
@pytest.mark.parametrize("scale", [1.0, 0.1, -3.7])
def test_a_code_in_any_unit_is_refused_where_the_columns_were_chosen_too(
    refusal: Refusal, scale: float, seed: int, tmp_path: Path
) -> None:
    x, codes = noise(seed)
    names = ("e_a", "e_b", "e_c", "e_d", "e_e", "e_f")
    path = write(named(x, text(codes), *names, e_code=codes * scale + 0.25), tmp_path)
    for options in ({}, {"key": "e_"}):
        said = refusal(path, **options)
        assert "column 'e_code' of" in said
        assert "one value in each of the 10 classes" in said
        assert "1 of 7 dimensions hold the labels" in said
        assert "another --key" in said or not options


@SEEDS
def test_a_code_of_two_classes_is_refused_or_named(
    refusal: Refusal, seed: int, tmp_path: Path
) -> None:
    x, codes = noise(seed, k=2)
    names = ("a", "b", "c", "d", "e", "f")
    assert "'positive'" in refusal(write(named(x, text(codes), *names, positive=codes), tmp_path))
    data = load(write_matrix(np.c_[x, codes], text(codes), tmp_path, "npz"))
    assert "dimension 6 (from 0) of key 'embeddings'" in data.notes[1]
    assert "one of two values in each of 2 classes" in data.notes[1]


@TABLES
@SEEDS
@pytest.mark.parametrize("kind", ["coarser", "finer", "finer, in order"])
def test_a_coarser_or_finer_label_is_refused(
    refusal: Refusal, kind: str, seed: int, suffix: str, tmp_path: Path
) -> None:
    x, codes = noise(seed, n=400)
    rng = np.random.default_rng(seed)
    code = codes % 4
    if kind != "coarser":
        code = codes * 5 + rng.integers(0, 5, size=400)
        code = code if kind == "finer, in order" else rng.permutation(50)[code]
    names = ("a", "b", "c", "d", "e", "f")
    path = write(named(x, text(codes), *names, kind=code), tmp_path, suffix)
    assert f"column 'kind' of {path} has" in refusal(path)
    assert kind.split(",")[0] in refusal(path)
    path = write(named(x, text(codes), *(f"f_{n}" for n in names), f_kind=code), tmp_path)
    assert any("column 'f_kind'" in note for note in load(path, key="f_").notes)


@ARRAYS
@SEEDS
def test_a_code_in_an_array_is_refused(
    refusal: Refusal, seed: int, suffix: str, tmp_path: Path
) -> None:
    x, codes = noise(seed)
    place = 2 * seed
    for code in (codes, codes * 7 + 3, (codes - 4.5) / 2.87):
        both = np.insert(x, place, code, axis=1)
        path = write_matrix(both, text(codes), tmp_path, suffix)
        said = refusal(path, **given(tmp_path, text(codes), suffix))
        assert f"dimension {place} (from 0) of" in said
        assert "hold the labels" in said


@ARRAYS
@SEEDS
@pytest.mark.parametrize("k", [3, 6, 10])
@pytest.mark.parametrize("least", [0, 1])
def test_labels_one_hot_in_an_array_are_refused(
    refusal: Refusal, least: int, k: int, seed: int, suffix: str, tmp_path: Path
) -> None:
    x, codes = noise(seed, k=k)
    if k == 3 and least:
        return  # two of three classes are two values, which a code of bits may have
    hot = np.eye(k, dtype=np.float32)[codes][:, least:]
    both = np.insert(x, [seed] * hot.shape[1], hot, axis=1)
    path = write_matrix(both, text(codes), tmp_path, suffix)
    said = refusal(path, **given(tmp_path, text(codes), suffix))
    assert f"dimensions {seed}, {seed + 1}" in said
    assert f"{k - least} of {both.shape[1]} dimensions are the {k} classes one-hot" in said


@SEEDS
def test_what_may_be_a_label_in_an_array_is_named(seed: int, tmp_path: Path) -> None:
    x, codes = noise(seed, n=400)
    finer = np.random.default_rng(seed).permutation(50)[codes * 5 + np.arange(400) % 5]
    for column, said in ((codes % 4, "coarser"), (codes % 2, "coarser"), (finer, "finer")):
        data = load(write_matrix(np.c_[column, x], text(codes), tmp_path, "npz"))
        assert data.d == 7
        assert "dimension 0 (from 0) of key 'embeddings'" in data.notes[1]
        assert said in data.notes[1]
        assert len(data.notes) == 2


@SEEDS
@pytest.mark.parametrize("start", [0, 1, 1000])
def test_row_numbers_in_an_array_are_refused(
    refusal: Refusal, start: int, seed: int, tmp_path: Path
) -> None:
    x, codes = noise(seed)
    rows = np.random.default_rng(seed).permutation(120) + start if seed else np.arange(120) + start
    path = write_matrix(np.c_[rows, x], text(codes), tmp_path, "npz")
    said = f"numbers the 120 rows ({start} to {start + 119})"
    assert said in refusal(path)
    assert "dimension 0 (from 0)" in refusal(path)


def healthy(kind: str, seed: int) -> tuple[Numbers, Numbers]:
    rng = np.random.default_rng(seed)
    k = 2 if kind == "two classes" else 10
    x, codes = noise(seed, n=300, d=16, k=k)
    centers = rng.normal(size=(k, 16)).astype(np.float32) * 9
    if kind == "few rows":
        return x[:6], np.array([0, 0, 1, 1, 2, 2])
    if kind == "one row a class":
        return x, np.arange(300)
    if kind == "int8":
        return np.clip((x + centers[codes]) * 8, -128, 127).round(), codes
    if kind == "tight int8":
        return (x * 0.3 + centers[codes]).round(), codes
    if kind == "bits":
        return (x + centers[codes] > 0).astype(np.float32), codes
    if kind == "ReLU":
        return np.maximum(x + centers[codes] / 3 - 2, 0), codes
    if kind == "constant":
        return np.where(np.arange(16) % 3 == 0, 1, x), codes
    if kind == "collapsed":
        return centers[codes], codes
    if kind == "collapsed to one-hot":
        return np.eye(10)[codes], codes
    if kind == "collapsed, with a dead unit":
        return np.where(np.arange(16) < 5, 0, centers[codes]), codes
    if kind == "separated":
        return np.where(np.arange(16) == 3, codes[:, None] * 4 + rng.random((300, 1)), x), codes
    if kind == "separated, rounded":
        return np.where(
            np.arange(16) == 3, codes[:, None] * 4 + rng.random((300, 1)).round(1), x
        ), codes
    if kind == "a whole measurement":
        return np.where(
            np.arange(16) == 3, (codes[:, None] % 5 * 9 + x[:, :1] * 4).round() + 80, x
        ), codes
    if kind == "float16":
        return x.astype(np.float16).astype(np.float32), codes
    if kind == "saturated":
        return np.clip(x * 4 + centers[codes], -1, 1), codes
    return x, codes


KINDS = ["noise", "two classes", "few rows", "one row a class", "int8", "tight int8", "bits"]
KINDS += ["ReLU", "constant", "collapsed", "collapsed to one-hot", "collapsed, with a dead unit"]
KINDS += ["separated", "separated, rounded", "a whole measurement", "float16", "saturated"]


@SEEDS
@pytest.mark.parametrize("kind", KINDS)
def test_a_healthy_set_loads_as_it_is_and_nothing_is_said(
    kind: str, seed: int, tmp_path: Path
) -> None:
    x, codes = healthy(kind, seed)
    wine = tuple(f"{a}_{b}" for a in ("acid", "ash", "hue", "od") for b in ("lo", "hi", "at", "of"))
    wine = wine[: x.shape[1]]
    paths = [write_matrix(x.astype(np.float32), text(codes), tmp_path, "npz")]
    paths.append(write(named(x.astype(np.float32), text(codes), *wine), tmp_path))
    paths.append(write(named(x.astype(np.float32), text(codes)), tmp_path, "parquet"))
    for path in paths:
        data = load(path)
        np.testing.assert_array_equal(data.vectors, x.astype(np.float32))
        assert len(data.notes) == 1


@SEEDS
@pytest.mark.parametrize("kind", ["int8", "bits", "ReLU", "float16"])
def test_a_code_among_dimensions_of_every_kind_is_refused(
    refusal: Refusal, kind: str, seed: int, tmp_path: Path
) -> None:
    x, codes = noise(seed, n=300, d=16)
    kinds = {"int8": (x * 8).round(), "bits": x > 0, "ReLU": np.maximum(x - 2, 0)}
    both = np.c_[kinds.get(kind, x.astype(np.float16)), codes].astype(np.float32)
    path = write_matrix(both, text(codes), tmp_path, "npz")
    assert "dimension 16 (from 0) of" in refusal(path)


@SEEDS
@pytest.mark.parametrize("k", [2, 3, 10])
def test_a_standardised_code_is_refused_or_named(
    refusal: Refusal, k: int, seed: int, tmp_path: Path
) -> None:
    x, codes = noise(seed, k=k)
    both = np.c_[x, codes]
    both = (both - both.mean(axis=0)) / both.std(axis=0)
    path = write_matrix(both.astype(np.float32), text(codes), tmp_path, "npz")
    said = refusal(path) if k > 2 else load(path).notes[1]
    assert "dimension 6 (from 0) of" in said


@SEEDS
def test_more_dimensions_of_the_labels_than_others_are_named(seed: int, tmp_path: Path) -> None:
    x, codes = noise(seed)
    words = np.random.default_rng(seed).normal(size=(10, 20)).astype(np.float32)
    data = load(write_matrix(np.c_[x, words[codes]], text(codes), tmp_path, "npz"))
    assert "20 of 26 dimensions have one value in each class, 6 have not" in data.notes[1]
    assert "first: dimension 6 (from 0)" in data.notes[1]


@SEEDS
def test_two_codes_beside_one_dimension_are_refused(
    refusal: Refusal, seed: int, tmp_path: Path
) -> None:
    x, codes = noise(seed, d=1)
    path = write_matrix(np.c_[x, codes, 9 - codes], text(codes), tmp_path, "npz")
    assert "dimensions 1, 2 (from 0) of" in refusal(path)
    assert "2 of 3 dimensions hold the labels" in refusal(path)
