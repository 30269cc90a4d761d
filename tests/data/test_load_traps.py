"""load: files that once crashed the door, or came through it as something they are not."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from embedding_second_opinion.data.load import load

X = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
Y = list("aabbcc")

Refusal = Callable[..., str]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([[[1.0], [2.0]]] * 6, "list<element: list<element: double>>"),
        ([[True, False]] * 6, "list<element: bool>"),
        ([["1", "2"]] * 6, "list<element: string>"),
    ],
)
def test_parquet_lists_of_no_numbers(
    refusal: Refusal, tmp_path: Path, values: list[object], kind: str
) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"embeddings": values, "label": Y}), path)
    assert f"column 'embeddings' of {path} must hold numbers" in refusal(path)
    assert f"Arrow type {kind}" in refusal(path)
    pq.write_table(pa.table({"embeddings": X.tolist(), "label": values}), path)
    assert f"column 'label' of {path} must hold numbers" in refusal(path)


def test_a_nested_tensor(refusal: Refusal, tmp_path: Path) -> None:
    nested = torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])
    torch.save({"embeddings": nested, "labels": [1, 2]}, tmp_path / "a.pt")
    text = refusal(tmp_path / "a.pt")
    assert "'embeddings' of" in text
    assert "is a nested tensor" in text


def test_a_header_of_a_gigabyte_is_refused_before_it_is_read(
    refusal: Refusal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    class Watched(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            asked.append(size or 0)
            return super().read(size)

    header = b"\x93NUMPY\x02\x00" + (2**30).to_bytes(4, "little") + b"{"
    path = tmp_path / "a.npy"
    path.write_bytes(header)
    (tmp_path / "y.txt").write_text("a\n")
    real = Path.open

    def opened(self: Path, mode: str = "r", *rest: object, **more: object) -> object:
        return Watched(header) if self == path else real(self, mode, *rest, **more)  # type: ignore

    monkeypatch.setattr(Path, "open", opened)
    assert "a header of 1,073,741,824 bytes" in refusal(path, labels=str(tmp_path / "y.txt"))
    assert max(asked) < 2**20


def test_an_id_is_no_dimension_unless_chosen(refusal: Refusal, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    table = pd.DataFrame(X, columns=["e0", "e1", "e2"]).assign(
        e_id=[7, 3, 9, 12, 5, 4], e_count=[1, 1, 2, 2, 3, 3], label=Y
    )
    table.to_csv(path, index=False)
    text = refusal(path)
    assert f"column 'e_id' of {path} has 6 different whole numbers" in text
    assert "--key" in text
    assert load(path, key="e").d == 5
    # "e_count" is no member of the run "e0" to "e2", and here it is one number for each label.
    table.drop(columns="e_id").to_csv(path, index=False)
    assert "column 'e_count' of" in refusal(path)
    assert load(path, key="e").d == 4


def test_a_key_that_is_the_labels(refusal: Refusal, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("e,label\n1,a\n2,b\n")
    text = refusal(tmp_path / "a.csv", key="label")
    assert "no embeddings in column 'label': it is taken for the labels" in text
    assert "has no column" not in text


@pytest.mark.parametrize("content", [b"\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_a_csv_of_no_text(refusal: Refusal, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    assert "is empty: its first line has no text" in refusal(tmp_path / "a.csv")


def test_bad_parquet_columns(refusal: Refusal, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"embeddings": [[1.0, 2], [3], [4, 5]], "label": list("aab")}), path)
    assert "lists of one length; 1 of 3 rows" in refusal(path)
    pq.write_table(pa.table({"embeddings": [[1.0, 2], None], "label": list("ab")}), path)
    assert "first: row 1" in refusal(path)
    pq.write_table(pa.table({"embeddings": [[1.0, None], [3, 4]], "label": list("ab")}), path)
    assert "must be finite; 1 of 2 rows" in refusal(path)
    pq.write_table(pa.table({"e": [1.0, 2], "tags": [["a"], ["b"]], "label": list("ab")}), path)
    assert "column 'tags'" in refusal(path)
    pq.write_table(
        pa.table({"e": [1.0, 2], "day": pa.array([1, 2], pa.date32()), "y": [1, 2]}), path
    )
    assert "column 'day'" in refusal(path)
    pq.write_table(pa.table([pa.array([1.0]), pa.array([2.0])], names=["e", "e"]), path)
    assert "1 column names twice (first: 'e')" in refusal(path)
    pq.write_table(pa.table({"e": pa.array([], pa.float32())}), path)
    assert "without rows" in refusal(path)
