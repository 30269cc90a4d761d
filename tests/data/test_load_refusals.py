"""load: every bad file is one sentence with what, where, how many and the way out."""

from __future__ import annotations

import io
import os
import pickle
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file as save_numpy
from safetensors.torch import save_file as save_torch

from embedding_second_opinion.data import archives
from embedding_second_opinion.data.load import load

RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 3)).astype(np.float32)
Y = np.array(["cat", "dog", "01"] * 4)
S = np.array(["train"] * 6 + ["test"] * 6)
G = np.arange(12) // 2
PICTURES = RNG.integers(0, 256, size=(12, 4, 5), dtype=np.uint8)

Refusal = Callable[..., str]


def npz(**arrays: NDArray[np.generic]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.npz", b"", ["is empty: 0 bytes"]),
        ("a.npz", b"\x93NUMPY and so on", ["is named .npz but is no zip archive", "np.savez"]),
        ("a.npz", b"PK\x03\x04 and so on", ["is damaged or cut short", "Copy or save it again"]),
        ("a.npy", b"\x80\x04K\x01.", ["is named .npy but holds no NumPy array"]),
        ("a.npy", b"\x93NUMPY\x01\x00\x10", ["is damaged or cut short"]),
        ("a.npy", b"\x93NUMPY\x09\x00\x10\x00", ["is damaged or cut short", "version"]),
        ("a.pkl", pickle.dumps([1]), ["is a pickle", "nothing is ever unpickled", "np.savez"]),
        ("a.pt", pickle.dumps([1]), ["no whole file of torch.save", "ever unpickled"]),
        ("a.safetensors", b"\xff" * 30, ["is damaged or cut short"]),
        ("a.parquet", b"PAR1 and so on", ["is damaged or cut short"]),
        ("a.h5", b"\x89HDF", ["extension '.h5'", ".safetensors", "Save it in one of these"]),
        ("a.txt", b"1 2 3", ["extension '.txt'", "for labels"]),
        ("noname", b"1 2 3", ["extension 'of no format'"]),
        ("a.csv", b"e,label\n1,caf\xe9\n", ["must be UTF-8", "line 2", "0xe9", "encoding='utf-8'"]),
        ("a.csv", "e,label\n1,a\n".encode("utf-16"), ["must be UTF-8 text; line 1", "0xff"]),
        ("a.csv", b"e,e,label\n1,2,a\n", ["1 column names twice (first: 'e')", "Rename"]),
        ("a.csv", b",e,label\n0,2,a\n", ["1 columns without a name", "index=False"]),
        ("a.csv", b"e;label\n1;a\n", ["separated by semicolons; a .csv must have commas"]),
        ("a.tsv", b"e,label\n1,a\n", ["separated by commas; a .tsv must have tabs"]),
        ("a.csv", b"0.5,0.25,1\n0.1,0.2,2\n", ["2 of 3 are numbers (first: 0.5)"]),
        ("a.csv", b"e,label\n", ["column names and no rows"]),
        ("a.csv", b"e,label\n1,a,2\n", ["more fields than the 2 columns"]),
        ("a.csv", b"e,f,label\n1,2,a\n1,2,a,4\n", ["Expected 3 fields in line 3, saw 4"]),
        ("a.csv", b'e,label\n"1,a\n', ["is damaged or cut short"]),
        (
            "a.csv",
            b"e,file,label\n1,u.jpg,a\n2,v.jpg,b\n",
            ["column 'file'", "2 of 2 rows", "'u.jpg'"],
        ),
        ("a.csv", b"e,f,label\n1,2,a\n2,x,b\n", ["column 'f'", "1 of 2 rows", "row 1, 'x'"]),
        (
            "a.csv",
            b"e,id,label\n1,0,a\n2,1,b\n5,2,b\n",
            ["column 'id'", "counts the rows (0 to 2)"],
        ),
        ("a.csv", b"e,label\n1,a\n2,\n", ["labels must not be missing; 1 of 2", "first: row 1"]),
        ("a.csv", b"e,label\n1,1.0\n2,nan\n", ["labels must not be missing; 1 of 2"]),
        ("a.csv", b"e,f\n1,4\n2,4\n", ["has no labels", "'e' (2), 'f' (2)", "--labels"]),
        ("a.csv", b"label\na\nb\n", ["has no embeddings", "'label' (2)", "--key"]),
    ],
)
def test_bad_bytes_are_one_sentence(
    refusal: Refusal, name: str, content: bytes, said: list[str], tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    text = refusal(tmp_path / name)
    assert str(tmp_path / name) in text or text.startswith("labels must")
    for part in said:
        assert part in text


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        (npz(embeddings=X, labels=Y.astype(object)), {}, ["'labels' of", "y.astype(str)"]),
        (npz(embeddings=X.astype(object), labels=Y), {}, ["'embeddings' of", "Python objects"]),
        (npz(embeddings=X), {}, ["has no labels", "'embeddings' (12 x 3)", "--labels"]),
        (npz(embeddings=X[:, 0], labels=Y), {}, ["two dimensions", "these have 1 (shape (12,))"]),
        (npz(embeddings=X[:0], labels=Y[:0]), {}, ["0 rows of 3 dimensions"]),
        (npz(embeddings=X[:, :0], labels=Y), {}, ["12 rows of 0 dimensions"]),
        (npz(embeddings=X * np.inf, labels=Y), {}, ["12 of 12 rows are not (first: row 0)"]),
        (npz(embeddings=X, labels=Y[:9]), {}, ["there are 9 labels for 12 rows"]),
        (npz(embeddings=X, labels=np.where(G == 2, np.nan, G)), {}, ["2 of 12 are (first: row 4)"]),
        (npz(embeddings=PICTURES, labels=Y), {}, ["--flatten", "(12, 4, 5)"]),
        (npz(a=X, b=X, labels=Y), {}, ["2 keys that could be", "'a' (12 x 3), 'b'", "--key"]),
        (npz(vectors=X, features=X, labels=Y), {}, ["2 keys that could be"]),
        (
            npz(feats=X, labels=Y, other=X),
            {"key": "feat"},
            ["no key 'feat'; it has 'feats' (12 x 3)"],
        ),
        (npz(X=X, labels=Y), {"split": "fold"}, ["no key 'fold'", "'labels' (12)", "with --split"]),
        (npz(X=X, person=Y), {"labels": "persn"}, ["no key 'persn'; it has 'person'", "No file"]),
        (npz(X=X, y=Y), {"labels": "none.csv"}, ["there is no file none.csv"]),
        (npz(X=X, y=Y, split=S[:2]), {"split": "split"}, ["there are 2 split for 12 rows"]),
        (npz(X=X, y=Y, split=S[:2]), {}, ["there are 2 split for 12 rows"]),
        (npz(X=X, y=Y, group=G[:5]), {}, ["there are 5 groups for 12 rows"]),
        (npz(X=X, y=np.array(3)), {}, ["one value a row; their shape is ()"]),
        (npz(X=X, y=Y, g=np.zeros(2, [("a", "i4")])), {"groups": "g"}, ["named fields"]),
    ],
)
def test_bad_arrays_are_one_sentence(
    refusal: Refusal, content: bytes, options: dict[str, str], said: list[str], tmp_path: Path
) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    text = refusal(tmp_path / "a.npz", **options)
    for part in said:
        assert part in text


def test_what_is_not_chosen_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(
        npz(embeddings=X, labels=Y, extra=Y.astype(object), split=np.str_("train"))
    )
    data = load(tmp_path / "a.npz")
    assert data.split is None
    assert data.notes[1] == "a.npz: not used: extra, split."


def test_what_is_no_file_is_one_sentence(
    refusal: Refusal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(npz(embeddings=X, labels=Y))
    assert "is a folder. Name the file in it" in refusal(tmp_path)
    assert f"Did you mean {path.name}?" in refusal(tmp_path / "b.npz")
    assert "does not exist either" in refusal(tmp_path / "no" / "b.npz")
    assert "there is no file" in refusal(path / "b.npz")
    assert "cannot be opened" in refusal("a\0.npz")
    assert "cannot be opened" in refusal("a" * 5000 + ".npz")
    (tmp_path / "gone.npz").symlink_to(tmp_path / "nowhere.npz")
    assert "there is no file" in refusal(tmp_path / "gone.npz")
    os.mkfifo(tmp_path / "pipe.npy")
    assert "is no regular file" in refusal(tmp_path / "pipe.npy")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # the tests may run as root, who may read everything
    assert "may not be read by this user" in refusal(path)


def test_truncated_arrays_and_tensors(refusal: Refusal, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", X)
    save_numpy({"embeddings": X, "labels": G}, tmp_path / "a.safetensors")
    np.save(tmp_path / "y.npy", Y)
    for name in ("a.npy", "a.safetensors"):
        content = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(content[:-7])
        assert "cut short" in refusal(tmp_path / name, labels=str(tmp_path / "y.npy"))


def with_header(shape: str, descr: str = "<f4", body: bytes = b"") -> bytes:
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode() + body


def test_a_header_that_is_no_python(refusal: Refusal, tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(with_header("(((((((((", body=b"0" * 64))
    assert "is damaged or cut short" in refusal(tmp_path / "a.npy")


@pytest.mark.parametrize(
    ("header", "promise"),
    [
        (with_header("(1000000000000, 1000)"), "4,000,000,000,000,000 bytes, 0 are there"),
        (with_header("(10000000000,)", "<U0"), "10,000,000,000 bytes"),
        (with_header("(-4, 4)", body=b"0" * 64), "-64 bytes, 64 are there"),
    ],
)
def test_a_header_that_lies_takes_no_memory(
    refusal: Refusal, header: bytes, promise: str, tmp_path: Path
) -> None:
    (tmp_path / "a.npy").write_bytes(header)
    (tmp_path / "y.txt").write_text("a\nb\n")
    assert promise in refusal(tmp_path / "a.npy", labels=str(tmp_path / "y.txt"))
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("embeddings.npy", header)
    assert promise in refusal(tmp_path / "a.npz")


def test_a_file_that_unpacks_to_more_than_memory(
    refusal: Refusal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zeros = np.zeros((200_000, 8), np.float32)
    labels = np.zeros(200_000, np.int8)
    np.savez_compressed(tmp_path / "a.npz", embeddings=zeros, labels=labels)
    lists = pa.FixedSizeListArray.from_arrays(pa.array(zeros.reshape(-1)), 8)
    pq.write_table(pa.table({"embeddings": lists, "labels": labels}), tmp_path / "a.parquet")
    tensors = {"embeddings": torch.tensor(zeros), "labels": torch.tensor(labels)}
    save_torch(tensors, tmp_path / "a.safetensors")
    torch.save(tensors, tmp_path / "a.pt")
    torch.save({**tensors, "embeddings": torch.zeros(1).expand(200_000, 8)}, tmp_path / "b.pt")
    assert (tmp_path / "a.npz").stat().st_size < 20_000
    monkeypatch.setattr(archives, "available_memory", lambda: 8 * 2**20)
    for name in ("a.npz", "a.parquet", "a.safetensors", "a.pt", "b.pt"):
        text = refusal(tmp_path / name)
        assert re.search(
            r"more than half .* of memory that is free\. .* a sample of the rows", text
        )


def test_memory_is_known_on_this_machine() -> None:
    assert 2**26 < archives.available_memory() < 2**50


def test_zip_archives_that_are_no_npz(refusal: Refusal, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("readme.md", "no arrays")
    assert "without any NumPy array" in refusal(tmp_path / "a.npz")
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("embeddings.npy", "no array")
    assert "'embeddings' of" in refusal(tmp_path / "a.npz")

    content = bytearray(npz(embeddings=X, labels=Y))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.find(mark) + place] |= 1
    (tmp_path / "a.npz").write_bytes(content)
    assert "is encrypted with a password" in refusal(tmp_path / "a.npz")


class Trap:
    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, ("sprung",)


def test_nothing_is_ever_unpickled(
    refusal: Refusal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"embeddings": torch.tensor(X), "labels": Trap()}, "a.pt")
    np.savez("a.npz", embeddings=X, labels=np.array([Trap()] * 12))
    np.save("a.npy", np.array([Trap()] * 12))
    Path("a.pkl").write_bytes(pickle.dumps(Trap()))
    torch.save({"embeddings": X, "labels": Y}, "b.pt")
    for name in ("a.pt", "a.npz", "a.npy", "a.pkl", "b.pt"):
        assert "nothing is ever unpickled" in refusal(
            name, labels="labels" if "pt" in name else None
        ) or (name == "a.npy")
    assert not Path("sprung").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([torch.tensor(X), Y.tolist()], "holds a list, no tensor or dict"),
        ({"epoch": 3}, "holds a dict without tensors"),
    ],
)
def test_other_torch_files(refusal: Refusal, content: object, said: str, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "a.pt")
    assert said in refusal(tmp_path / "a.pt")


def test_bad_files_of_labels(refusal: Refusal, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    (tmp_path / "y.csv").write_text("\n".join(Y))
    text = refusal(tmp_path / "x.npy", labels=str(tmp_path / "y.csv"))
    assert re.search(
        "11 labels for 12 rows: its first line, 'cat', .* Put a line 'label' above", text
    )
    (tmp_path / "z.csv").write_text("a,b\n1,2\n")
    assert "2 columns, none of them" in refusal(tmp_path / "x.npy", labels=str(tmp_path / "z.csv"))
    (tmp_path / "y.txt").write_text("\n".join([*Y[:5], "", *Y[6:]]))
    assert "first: row 5" in refusal(tmp_path / "x.npy", labels=str(tmp_path / "y.txt"))
    (tmp_path / "y.txt").write_bytes(b"caf\xe9\n")
    assert "must be UTF-8" in refusal(tmp_path / "x.npy", labels=str(tmp_path / "y.txt"))
    assert "has no labels" in refusal(tmp_path / "x.npy")
