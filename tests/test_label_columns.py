"""load: a column of labels, folds or ids is never a dimension, and a healthy set loads as it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file

from diagnostics.load import load

Refusal = Callable[..., str]
Numbers = NDArray[np.generic]
SEEDS = pytest.mark.parametrize("seed", [0, 1, 2])
TABLES = pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet"])


def noise(seed: int, n: int = 120, d: int = 6, k: int = 10) -> tuple[Numbers, Numbers]:
    """Vectors that know nothing of their labels, every label at least once."""
    rng = np.random.default_rng(seed)
    codes = np.concatenate([np.arange(k), rng.integers(0, k, size=n - k)])
    return rng.normal(size=(n, d)).astype(np.float32), rng.permutation(codes)


def text(codes: Numbers) -> list[str]:
    return [f"name{code}" for code in codes]


def named(x_: Numbers, labels: object, *columns: str, **more: object) -> pd.DataFrame:
    columns = columns or tuple(f"e{i}" for i in range(x_.shape[1]))
    return pd.DataFrame(x_, columns=list(columns)).assign(label=labels, **more)


def write(table: pd.DataFrame, folder: Path, suffix: str = "csv") -> Path:
    path = folder / f"a.{suffix}"
    if suffix == "parquet":
        table.to_parquet(path, index=False)
    else:
        table.to_csv(path, index=False, sep="\t" if suffix == "tsv" else ",")
    return path


def write_matrix(x: Numbers, labels: list[str], folder: Path, suffix: str) -> Path:
    path = folder / f"a.{suffix}"
    if suffix == "npz":
        np.savez(path, embeddings=x, labels=np.array(labels))
    elif suffix == "npy":
        np.save(path, x)
    elif suffix == "pt":
        torch.save({"embeddings": torch.tensor(x), "labels": labels}, path)
    elif suffix == "safetensors":
        save_file({"embeddings": np.ascontiguousarray(x)}, path)
    else:
        pq.write_table(pa.table({"embeddings": x.tolist(), "label": labels}), path)
    return path


ARRAYS = pytest.mark.parametrize("suffix", ["npz", "pt", "parquet", "npy", "safetensors"])


def given(folder: Path, labels: list[str], suffix: str) -> dict[str, str]:
    """The labels in a file of their own, for the formats that hold the vectors alone."""
    if suffix not in ("npy", "safetensors"):
        return {}
    (folder / "y.txt").write_text("\n".join(labels))
    return {"labels": str(folder / "y.txt")}


@TABLES
@pytest.mark.parametrize(("exact", "other"), [("label", "Label"), ("label", "LABEL"), ("y", "Y")])
@pytest.mark.parametrize("first", [True, False])
def test_an_exact_name_wins_and_the_other_is_no_dimension(
    exact: str, other: str, first: bool, suffix: str, tmp_path: Path
) -> None:
    x, codes = noise(0)
    pair = {exact: text(codes), other: codes} if first else {other: codes, exact: text(codes)}
    table = pd.DataFrame(x, columns=[f"e{i}" for i in range(6)]).assign(**pair)
    data = load(write(table, tmp_path, suffix))
    np.testing.assert_array_equal(data.vectors, x)
    assert data.classes[0] == "name0"
    assert f"labels from column '{exact}'" in data.notes[0]
    assert data.notes[1].endswith(f"not used: {other}.")


@pytest.mark.parametrize(("exact", "other"), [("split", "Split"), ("group", "Group")])
def test_split_and_groups_by_their_exact_name(exact: str, other: str, tmp_path: Path) -> None:
    x, codes = noise(1)
    parts = {other: codes % 3, exact: ["train", "test"] * 60}
    data = load(write(named(x, text(codes), **parts), tmp_path))
    assert data.d == 6
    assert f"from column '{exact}'" in data.notes[0]
    assert data.notes[1].endswith(f"not used: {other}.")


def test_the_labels_are_never_a_coordinate(tmp_path: Path) -> None:
    table = pd.DataFrame({"x": [0.5, 1.5, 2.5, 3.5], "z": [1.5, 0, 2, 1], "y": [1, 2, 1, 2]})
    data = load(write(table, tmp_path))
    assert data.d == 2
    assert data.classes == ("1", "2")


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


@TABLES
@pytest.mark.parametrize("dims", ["e{}", "{}", "dim_{}", "PC{}", "emb[{}]", "1x{}"])
@pytest.mark.parametrize(
    "extra", [("fold",), ("age",), ("price", "fold"), ("fold", "age", "price"), ("e_norm",), ("x",)]
)
def test_a_name_apart_from_the_run_is_refused(
    refusal: Refusal, extra: tuple[str, ...], dims: str, suffix: str, tmp_path: Path
) -> None:
    x, codes = noise(2)
    rng = np.random.default_rng(0)
    values = {
        "fold": rng.integers(0, 5, size=120),
        "age": rng.integers(18, 90, size=120),
        "price": rng.uniform(1, 9, size=120).round(2),
        "e_norm": np.linalg.norm(x, axis=1),
        "x": rng.normal(size=120),
    }
    more = {name: values[name] for name in extra}
    names = tuple(dims.format(i) for i in range(6))
    path = write(named(x, text(codes), *names, **more), tmp_path, suffix)
    said = refusal(path)
    assert ", ".join(f"'{name}'" for name in extra) in said
    assert "--key PREFIX" in said
    prefix = dims.split("{")[0]
    if prefix and not extra[0].startswith(prefix):
        assert f"here --key '{prefix}'" in said or dims == "1x{}"
        np.testing.assert_array_equal(load(path, key=prefix).vectors, x)


@pytest.mark.parametrize(
    "name",
    [
        *("fold", "cv_fold", "Fold", "is_train", "group_id", "userId", "person_id", "index"),
        *("row", "cluster", "Unnamed: 0", "subclass", "label_enc", "split id"),
    ],
)
def test_a_telling_name_of_whole_numbers_is_refused_without_a_run(
    refusal: Refusal, name: str, tmp_path: Path
) -> None:
    x, codes = noise(3)
    names = ("alcohol", "ash", "hue", "proline", "flavanoids", "magnesium")
    whole = np.random.default_rng(0).integers(0, 2, size=120)
    path = write(named(x, text(codes), *names, **{name: whole}), tmp_path)
    assert f"column '{name}' of {path}" in refusal(path)
    assert load(write(named(x, text(codes), *names, **{name: whole + 0.5}), tmp_path)).d == 7


@SEEDS
@pytest.mark.parametrize("name", ["row", "position", "n"])
def test_row_numbers_are_refused_as_decimals_and_in_any_order(
    refusal: Refusal, name: str, seed: int, tmp_path: Path
) -> None:
    x, codes = noise(seed)
    numbers = np.arange(120.0)
    names = ("a", "b", "c", "d", "e", "f")
    path = write(named(x, text(codes), *names, **{name: numbers}), tmp_path)
    assert f"column '{name}' of {path} counts the rows (0 to 119)" in refusal(path)
    shuffled = np.random.default_rng(seed).permutation(numbers)
    path = write(named(x, text(codes), *names, **{name: shuffled}), tmp_path)
    assert f"column '{name}' of {path} has 120 different whole numbers" in refusal(path)


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


@TABLES
@pytest.mark.parametrize(
    "columns",
    [
        ("alcohol", "malic_acid", "ash", "od280/od315_of_diluted_wines", "hue", "proline"),
        ("a", "b", "c", "d", "e", "f"),
        ("x", "y", "z", "u", "v", "w"),
        ("0", "1", "2", "3", "4", "5"),
        ("img_0", "img_1", "img_2", "txt_0", "txt_1", "txt_2"),
        ("r0c0", "r0c1", "r1c0", "r1c1", "r2c0", "r2c1"),
        ("width1", "width2", "refractive_index", "fold_change", "amino_group_count", "valid"),
    ],
)
def test_names_of_their_own_are_dimensions(
    columns: tuple[str, ...], suffix: str, tmp_path: Path
) -> None:
    x, codes = noise(4)
    data = load(write(named(x, text(codes), *columns), tmp_path, suffix))
    np.testing.assert_array_equal(data.vectors, x)
    assert len(data.notes) == 1


@pytest.mark.parametrize("columns", [("x", "y"), ("X", "Y"), ("lat", "lon")])
def test_two_coordinates_are_dimensions(columns: tuple[str, str], tmp_path: Path) -> None:
    x, codes = noise(5, d=2)
    data = load(write(named(x, text(codes), *columns), tmp_path))
    np.testing.assert_array_equal(data.vectors, x)
