"""load: what was written comes back from every format, and every bad file is one sentence."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import save_file as save_torch

from embedding_second_opinion.data.embeddings import EmbeddingSet, InputError
from embedding_second_opinion.data.load import load

RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 3)).astype(np.float32)
Y = np.array(["cat", "dog", "01"] * 4)
S = np.array(["train"] * 6 + ["test"] * 6)
G = np.arange(12) // 2
PICTURES = RNG.integers(0, 256, size=(12, 4, 5), dtype=np.uint8)

Writer = Callable[[Path], Path]
Refusal = Callable[..., str]


def names(data: EmbeddingSet) -> list[str]:
    return [data.classes[code] for code in data.codes]


def frame() -> pd.DataFrame:
    table = pd.DataFrame(X, columns=["e0", "e1", "e2"])
    return table.assign(label=Y, split=S, group=G)


def write_npz(folder: Path) -> Path:
    np.savez(folder / "a.npz", embeddings=X, labels=Y, split=S, groups=G, images=PICTURES)
    return folder / "a.npz"


def write_npz_compressed(folder: Path) -> Path:
    np.savez_compressed(folder / "a.npz", X=np.asfortranarray(X), y=Y, split=S, group=G)
    return folder / "a.npz"


def write_csv(folder: Path) -> Path:
    frame().to_csv(folder / "a.csv", index=False)
    return folder / "a.csv"


def write_tsv(folder: Path) -> Path:
    frame().to_csv(folder / "a.TSV", index=False, sep="\t", encoding="utf-8-sig")
    return folder / "a.TSV"


def write_parquet_columns(folder: Path) -> Path:
    frame().set_index(np.arange(5, 17)).to_parquet(folder / "a.parquet")
    return folder / "a.parquet"


def write_parquet_list(folder: Path) -> Path:
    table = frame()[["label", "split", "group"]].assign(embeddings=list(X), id=range(12))
    table.astype({"label": "category"}).to_parquet(folder / "a.parquet")
    return folder / "a.parquet"


def write_parquet_fixed(folder: Path) -> Path:
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(X.reshape(-1)), 3)
    pq.write_table(
        pa.table({"v": vectors, "labels": Y, "split": S, "groups": G}), folder / "a.parquet"
    )
    return folder / "a.parquet"


def write_pt(folder: Path) -> Path:
    content = {"features": torch.tensor(X), "targets": Y.tolist(), "split": S.tolist()}
    torch.save({**content, "groups": torch.tensor(G), "epoch": 3}, folder / "a.pt")
    return folder / "a.pt"


@pytest.mark.parametrize(
    "write",
    [
        write_npz,
        write_npz_compressed,
        write_csv,
        write_tsv,
        write_parquet_columns,
        write_parquet_list,
        write_parquet_fixed,
        write_pt,
    ],
)
def test_what_was_written_comes_back(write: Writer, tmp_path: Path) -> None:
    data = load(write(tmp_path))
    np.testing.assert_array_equal(data.vectors, X)
    assert names(data) == Y.tolist()
    np.testing.assert_array_equal(data.split, S.tolist())
    np.testing.assert_array_equal(data.groups, [str(g) for g in G])
    assert re.search(r"\(12 x 3\), labels from .* \(3 classes\), split from .*", data.notes[0])


def test_images_come_along(tmp_path: Path) -> None:
    np.testing.assert_array_equal(load(write_npz(tmp_path)).images, PICTURES)
    data = load(write_npz(tmp_path), key="images", flatten=True)
    np.testing.assert_array_equal(data.vectors, PICTURES.reshape(12, -1))
    np.testing.assert_array_equal(data.images, PICTURES)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_safetensors(dtype: torch.dtype, tmp_path: Path) -> None:
    tensor = torch.tensor(X).to(dtype)
    save_torch({"embeddings": tensor, "labels": torch.tensor(G)}, tmp_path / "a.safetensors")
    data = load(tmp_path / "a.safetensors")
    np.testing.assert_array_equal(data.vectors, tensor.float().numpy())
    assert names(data) == [str(g) for g in G]


def test_one_tensor_or_array_with_a_file_of_labels(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    torch.save(torch.tensor(X), tmp_path / "x.pth")
    np.save(tmp_path / "y.npy", Y)
    (tmp_path / "y.txt").write_text("\r\n".join(Y) + "\n")
    pd.DataFrame({"any": Y}).to_csv(tmp_path / "one.csv", index=False)
    frame()[["split", "label", "group"]].to_csv(tmp_path / "meta.tsv", index=False, sep="\t")
    np.savez(tmp_path / "y.npz", target=Y, other=G)
    pd.DataFrame({"label": Y}).to_parquet(tmp_path / "y.parquet")
    for vectors in ("x.npy", "x.pth"):
        for labels in ("y.npy", "y.txt", "one.csv", "meta.tsv", "y.npz", "y.parquet"):
            data = load(tmp_path / vectors, labels=str(tmp_path / labels))
            np.testing.assert_array_equal(data.vectors, X)
            assert names(data) == Y.tolist()
            assert labels in data.notes[0]
    data = load(tmp_path / "x.npy", labels=str(tmp_path / "meta.tsv"))
    np.testing.assert_array_equal(data.split, S.tolist())


def test_a_key_wins_over_a_file_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez(tmp_path / "a.npz", **{"emb": X, "y.txt": G, "labels": Y})  # type: ignore[arg-type]
    (tmp_path / "y.txt").write_text("\n".join(Y))
    monkeypatch.chdir(tmp_path)
    data = load("a.npz", labels="y.txt")
    assert names(data) == [str(g) for g in G]
    assert any("not the file of the same name" in note for note in data.notes)
    assert any("not used: labels" in note for note in data.notes)


def test_names_choose_what_convention_would_not(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", embeddings=X, other=2 * X, labels=Y, person=G, fold=S)
    data = load(tmp_path / "a.npz", key="other", labels="person", split="fold", groups="labels")
    np.testing.assert_array_equal(data.vectors, 2 * X)
    assert names(data) == [str(g) for g in G]
    np.testing.assert_array_equal(data.split, S.tolist())
    np.testing.assert_array_equal(data.groups, Y.tolist())


def test_columns_by_prefix_leave_all_others_alone(tmp_path: Path) -> None:
    frame().assign(file="a.jpg", size=3).to_csv(tmp_path / "a.csv", index=False)
    data = load(tmp_path / "a.csv", key="e")
    np.testing.assert_array_equal(data.vectors, X)


def test_a_second_label_column_is_never_a_dimension(tmp_path: Path) -> None:
    frame().assign(target=G).to_csv(tmp_path / "a.csv", index=False)
    data = load(tmp_path / "a.csv")
    assert data.d == 3
    assert data.notes[1] == "a.csv: not used: target."
    pd.DataFrame({"x": X[:, 0], "y": X[:, 1], "label": Y}).to_csv(tmp_path / "p.csv", index=False)
    np.testing.assert_array_equal(load(tmp_path / "p.csv").vectors, X[:, :2])


def test_names_that_look_like_missing_values_are_names(tmp_path: Path) -> None:
    countries = ["NA", "None", "null"] * 4
    frame().assign(label=countries).to_csv(tmp_path / "a.csv", index=False)
    assert names(load(tmp_path / "a.csv")) == countries


def test_invalid_rows_are_dropped_on_request(refusal: Refusal, tmp_path: Path) -> None:
    bad = frame()
    bad.loc[2, "e1"] = np.nan
    bad.to_csv(tmp_path / "a.csv", index=False)
    assert "1 of 12 rows are not (first: row 2)" in refusal(tmp_path / "a.csv")
    assert load(tmp_path / "a.csv", on_invalid="drop").n == 11
    text = (tmp_path / "a.csv").read_text().replace(",,", ",inf,")
    (tmp_path / "a.csv").write_text(text)
    assert "1 of 12 rows are not (first: row 2)" in refusal(tmp_path / "a.csv")


@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
@pytest.mark.parametrize(
    "write", [write_npz, write_npz_compressed, write_parquet_list, write_parquet_columns, write_pt]
)
def test_a_truncated_file_is_one_sentence(
    refusal: Refusal, write: Writer, share: float, tmp_path: Path
) -> None:
    path = write(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    assert "cut short" in refusal(path)


@pytest.mark.parametrize(
    "write",
    [write_npz, write_npz_compressed, write_parquet_list, write_parquet_fixed, write_csv, write_pt],
)
def test_a_damaged_file_is_a_set_or_one_sentence(write: Writer, tmp_path: Path) -> None:
    path = write(tmp_path)
    content = path.read_bytes()
    rng = np.random.default_rng(1)
    for _ in range(60):
        damaged = bytearray(content)
        for place in rng.integers(0, len(content), size=3):
            damaged[place] = rng.integers(0, 256)
        path.write_bytes(damaged)
        with contextlib.suppress(InputError):  # any other exception fails the test
            load(path)


def test_generic_names_are_told_apart_by_their_folder(tmp_path: Path) -> None:
    (tmp_path / "faces").mkdir()
    write_npz(tmp_path / "faces").rename(tmp_path / "faces" / "data.npz")
    assert load(tmp_path / "faces" / "data.npz").name == "faces/data.npz"
    assert load(write_csv(tmp_path)).name == "a.csv"


@pytest.mark.parametrize(
    ("name", "shape", "classes"),
    [
        ("omniglot_triplet", (4840, 64), 242),
        ("clinc150_minilm", (23700, 384), 151),
        ("leaf99", (990, 192), 99),
        ("lfw_dlib", (13232, 128), 5748),
        ("pbmc68k_pca", (700, 50), 10),
    ],
)
def test_real_sets(name: str, shape: tuple[int, int], classes: int, shared_data: Path) -> None:
    data = load(shared_data / name / "data.npz")
    assert data.vectors.shape == shape
    assert len(data.classes) == classes
    with np.load(shared_data / name / "data.npz") as arrays:
        np.testing.assert_array_equal(data.vectors, arrays["embeddings"].astype(np.float32))
        assert names(data) == arrays["labels"].tolist()


def test_distances_are_no_embeddings(refusal: Refusal, shared_data: Path) -> None:
    assert "has no labels" in refusal(shared_data / "omniglot_oneshot_published" / "data.npz")
