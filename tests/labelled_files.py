"""Vectors that know nothing of their labels, and the files that hold both."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file

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
