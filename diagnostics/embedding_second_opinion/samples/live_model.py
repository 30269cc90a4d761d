"""What does a model look like that still runs? A small network, untrained, and loaders of a bundled set."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from embedding_second_opinion.data.embeddings import EmbeddingSet

HIDDEN, DIMENSIONS = 64, 32
BATCH = 512


class UntrainedNetwork(nn.Module):
    """(b, inputs) numbers to (b, 32): two layers whose weights are -1, 0 or 1 over 256, and dropout.

    Pixels are whole numbers, so that every sum is exact, on any machine and in any order.
    """

    def __init__(self, inputs: int, seed: int = 0) -> None:
        super().__init__()
        rng = np.random.default_rng(seed)
        self.layers = nn.Sequential(
            nn.Linear(inputs, HIDDEN, bias=False),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(HIDDEN, DIMENSIONS, bias=False),
        )
        with torch.no_grad():
            for layer in self.layers:
                if isinstance(layer, nn.Linear):
                    weights = rng.integers(-1, 2, layer.weight.shape).astype(np.float32) / 256
                    layer.weight.copy_(torch.from_numpy(weights))

    def forward(self, x: Tensor) -> Tensor:
        vectors: Tensor = self.layers(x.flatten(1))
        return vectors


class Rows(Dataset[tuple[Tensor, str]]):
    """Pictures of a set as whole numbers, 0 to 255, or its vectors where it has none, with class names."""

    def __init__(
        self, data: EmbeddingSet, rows: np.ndarray[tuple[int], np.dtype[np.int64]]
    ) -> None:
        self.data, self.rows = data, rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: int) -> tuple[Tensor, str]:
        row = self.rows[place]
        x = self.data.vectors[row] if self.data.images is None else self.data.images[row]
        return torch.from_numpy(x.astype(np.float32)), self.data.classes[self.data.codes[row]]


def loaders(data: EmbeddingSet) -> dict[str, DataLoader[tuple[Tensor, str]]]:
    """A loader for each value of the split, in the order of the rows; one called "all" without a split."""
    split = np.full(data.n, "all") if data.split is None else data.split
    first = dict.fromkeys(split.tolist())
    return {
        value: DataLoader(Rows(data, np.flatnonzero(split == value)), batch_size=BATCH)
        for value in first
    }


def inputs(data: EmbeddingSet) -> int:
    """Numbers that one row of ``loaders`` has."""
    return data.d if data.images is None else int(np.prod(data.images.shape[1:]))
