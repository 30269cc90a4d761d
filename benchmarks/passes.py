"""What do the passes cost beside the floor, and beside what a user would stitch together?

The floor is one blocked float32 matrix product of all rows with all rows, nothing else; every
figure is a ratio to it, measured in the same run. Peers run with the settings their
documentation recommends for speed: scikit-learn's brute-force search, pytorch-metric-learning's
AccuracyCalculator with its exact search, a torch sort of every row for the triplets.
"""

from __future__ import annotations

import argparse
import gc
import os
import threading
import time
from collections.abc import Callable

import numpy as np
import psutil
import torch
from numpy.typing import NDArray
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from pytorch_metric_learning.utils.inference import CustomKNN
from sklearn.metrics import silhouette_score
from sklearn.neighbors import NearestNeighbors

from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.geometry.geometry import NEIGHBORS, Geometry

Floats = NDArray[np.float32]
MIB = 2**20


def main() -> None:
    """Print a table of seconds, ratios to the floor and peak memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 50_000])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    compile_kernels()
    print(
        f"{os.cpu_count()} cores; seconds are the best of {options.repeat}, memory above the data"
    )
    print(
        f"{'rows x 128':>10} {'classes':>8}  {'what':46} {'seconds':>8} {'x floor':>8} {'MiB':>7}"
    )
    for rows in options.rows:
        compare(rows, rows // 20, options.repeat, with_peers=not options.no_peers)
        compare(rows, 10, options.repeat, with_peers=False)


def compare(rows: int, classes: int, repeat: int, with_peers: bool) -> None:
    """One table of a size: the floor, this project, and what a user would stitch together."""
    vectors, labels = clusters(rows, classes)
    floor = report(rows, classes, "floor: blocked product", lambda: product(vectors), None, repeat)
    what = f"kNN(k={NEIGHBORS}) + ranks (this project)"
    ours = report(rows, classes, what, lambda: passes(vectors, labels), floor, repeat)
    if not with_peers:
        return
    total = 0.0
    for name, peer in peers(vectors, labels).items():
        total += report(rows, classes, name, peer, floor, 1)
    print(f"{'':21}stitched peers / this project: {total / ours:.1f}", flush=True)


def clusters(rows: int, classes: int) -> tuple[Floats, NDArray[np.int64]]:
    """Gaussian classes that overlap as a trained network's do (1-NN about .9 to 1, triplets .99)."""
    rng = np.random.default_rng(0)
    labels = np.arange(rows) % classes
    noise = 1.6 if classes > 10 else 2.0
    vectors = rng.standard_normal((classes, 128))[labels] + noise * rng.standard_normal((rows, 128))
    return vectors.astype(np.float32), labels


def compile_kernels() -> None:
    """Both precisions, so that no figure holds a compilation."""
    for classes in (100, 2):
        passes(*clusters(1200, classes))


def product(vectors: Floats) -> None:
    """The floor: what any exact method must at least do."""
    block = np.empty((1024, len(vectors)), dtype=np.float32)
    for start in range(0, len(vectors), 1024):
        rows = vectors[start : start + 1024]
        np.matmul(rows, vectors.T, out=block[: len(rows)])


def passes(vectors: Floats, labels: NDArray[np.int64]) -> None:
    """Exact neighbours and ranks of every row, in one sweep."""
    space = Geometry(arrange(EmbeddingSet.from_arrays(vectors, labels)))
    space.neighbors(NEIGHBORS)
    assert len(space.ranks.anchors) == len(labels)


def peers(vectors: Floats, labels: NDArray[np.int64]) -> dict[str, Callable[[], None]]:
    """What a user would stitch together for the same numbers."""
    tensor, codes = torch.from_numpy(vectors), torch.from_numpy(labels)

    def metric_learning() -> None:
        search = CustomKNN(LpDistance(normalize_embeddings=False), batch_size=1024)
        AccuracyCalculator(k=NEIGHBORS, knn_func=search, exclude=("NMI", "AMI")).get_accuracy(
            tensor, codes
        )

    def neighbors() -> None:
        search = NearestNeighbors(n_neighbors=NEIGHBORS, algorithm="brute", n_jobs=-1)
        search.fit(vectors).kneighbors()

    def triplets() -> None:
        right, pairs = 0, 0
        for start in range(0, len(tensor), 512):
            distances = torch.cdist(tensor[start : start + 512], tensor)
            order = distances.argsort(dim=1)
            same = codes[order] == codes[start : start + 512, None]
            same[:, 0] = False  # the row itself
            other = codes[order] != codes[start : start + 512, None]
            right += int(((other.sum(1, keepdim=True) - other.cumsum(1)) * same).sum())
            pairs += int((same.sum(1) * other.sum(1)).sum())
        assert 0 < right < pairs

    def silhouette() -> None:
        silhouette_score(vectors, labels)

    return {
        "pytorch-metric-learning, all metrics": metric_learning,
        "scikit-learn brute kNN": neighbors,
        "torch sort per row, all triplets": triplets,
        "scikit-learn silhouette": silhouette,
    }


def report(
    rows: int, classes: int, what: str, work: Callable[[], None], floor: float | None, repeat: int
) -> float:
    """Time ``work``, print its row, give the seconds."""
    seconds, memory = min((measured(work) for _ in range(repeat)), key=lambda pair: pair[0])
    ratio = "1.0" if floor is None else f"{seconds / floor:.1f}"
    print(
        f"{rows:10,} {classes:8,}  {what:46} {seconds:8.2f} {ratio:>8} {memory / MIB:7.0f}",
        flush=True,
    )
    return seconds


def measured(work: Callable[[], None]) -> tuple[float, int]:
    """Seconds, and the most memory held above that at the start (sampled)."""
    gc.collect()
    process = psutil.Process()
    before, peak, done = process.memory_info().rss, [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.01):
            peak[0] = max(peak[0], process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    done.set()
    watcher.join()
    return seconds, max(peak[0] - before, 0)


if __name__ == "__main__":
    main()
