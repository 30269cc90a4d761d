"""load: a column that is called as no dimension is none, and any other name may be one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from embedding_second_opinion.data.load import load
from tests.labelled_files import SEEDS, TABLES, named, noise, text, write

Refusal = Callable[..., str]


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
