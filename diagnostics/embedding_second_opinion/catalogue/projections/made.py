"""Which rows go into a map, what do t-SNE and UMAP make of them, and how much of it is true?

Everything is fed in an order that comes from the vectors alone, so that neither the order of the rows
nor the names of the classes change a picture. Both methods get the same exact neighbours. They run on
one thread each (two at a time), so that any number of cores gives the same bits.
Sources: van der Maaten & Hinton, JMLR 2008 (t-SNE); McInnes, Healy & Melville 2018 (UMAP); Kobak & Berens,
Nature Communications 2019, and Kobak & Linderman, Nature Biotechnology 2021 (PCA start).
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from embedding_second_opinion.data.arrays import Floats, Ints, Reals
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.sweep import PATIENCE

from .kernel_faithfulness import Faithfulness, compare, nearest, widest_k

Kind = Literal["tsne", "umap", "pca", "random"]

NEAR = 12  # neighbours that a reader of a map takes in at a glance
FEWEST = 10  # rows; fewer need no map
PERPLEXITY = 30
UMAP_NEAR = 15  # with the row itself, as UMAP counts
JITTER = 0.1  # of the start's standard deviation: what differs between seeds
EXPECTED = (  # warnings
    "precomputed_knn|Graph is not fully connected|A few of your vertices were disconnected|n_jobs value|"
    "n_neighbors is larger|Tensorflow not installed|IProgress not found"
)
PER_CLASS = 3  # rows a class at least, or else classes are drawn


@dataclass(frozen=True, eq=False)
class Drawn:
    """The rows of the maps. positions: (n,) among the queries, in the order that the maps are fed.

    points: (n, d) vectors as the metric sees them. codes: (n,) classes of the evaluation.
    of_rows, of_classes: how many there were to draw from.
    """

    positions: Ints
    points: Floats
    codes: Ints
    of_rows: int
    of_classes: int

    @property
    def classes(self) -> int:
        """Classes drawn."""
        return len(np.unique(self.codes))


@dataclass(frozen=True, eq=False)
class Map:
    """The pictures of one kind, one a seed: places (n, 2), and what they keep of the space."""

    places: tuple[Reals, ...]
    faithful: tuple[Faithfulness, ...]

    def mean(self, name: str) -> Reals:
        """(n,) a number of ``Faithfulness`` per row, mean over seeds."""
        return np.asarray(np.mean([getattr(f, name) for f in self.faithful], axis=0))

    def agreement(self) -> Reals:
        """(n,) share of the nearest in the picture that two seeds have in common, mean over pairs."""
        shared = []
        for one, two in combinations(self.faithful, 2):
            same = one.neighbors[:, :, None] == two.neighbors[:, None, :]
            shared.append(same.any(axis=2).mean(axis=1))
        return np.asarray(np.mean(shared, axis=0))


@dataclass(frozen=True, eq=False)
class Maps:
    """All maps of one sample. near: (n, k) places of the nearest in the space; k neighbours count."""

    drawn: Drawn
    k: int
    near: Ints
    maps: dict[Kind, Map]


def draw(space: Geometry, most: int) -> Drawn:
    """At most ``most`` of the queries: two of each class first, the rest in proportion to its size.

    Where that is fewer than three a class, classes are drawn too, those of a single row last.
    """
    vectors, codes = space.points, space.codes
    order, sizes, class_codes = _canonical(vectors, codes)
    take = sizes
    if len(codes) > most:
        rng = space.rng("maps: rows")
        take = _allot(sizes, most, rng)
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        kept = [
            start + np.sort(rng.permutation(size)[:count])
            for start, size, count in zip(starts, sizes, take, strict=True)
        ]
        order = order[np.concatenate(kept)]
    return Drawn(order, vectors[order], codes[order], len(codes), len(class_codes))


def make_maps(space: Geometry, drawn: Drawn, seeds: int) -> Maps:
    """t-SNE and UMAP of the sample, ``seeds`` of each, with PCA and a random projection beside them."""
    n = len(drawn.points)
    perplexity = min(PERPLEXITY, (n - 1) / 3)
    k, wide = widest_k(n, NEAR), min(n - 1, max(int(3 * perplexity + 1), UMAP_NEAR))
    near, distances = nearest(drawn.points, wide)
    # Both methods look at ratios of distances only; ones about 1 keep within float32.
    scale = float(distances.mean())
    distances = distances / scale if scale > 0 else distances
    # Both libraries count the row itself as its first neighbour.
    graph = (np.hstack([np.arange(n)[:, None], near]), np.hstack([np.zeros((n, 1)), distances]))
    with threadpool_limits(1, user_api="blas"):
        flat = _two_dimensions(drawn.points)
        lines = space.rng("maps: projection").standard_normal((drawn.points.shape[1], 2))
        shadow = (drawn.points - drawn.points.mean(axis=0, dtype=np.float64)) @ lines
    # The principal components with the first one's spread made 1.
    spread = float(flat[:, 0].std()) or 1.0
    starts = [
        flat / spread + JITTER * space.rng(f"maps: start {seed}").standard_normal((n, 2))
        for seed in range(seeds)
    ]
    seed_of = int(space.rng("maps: seed").integers(2**31))
    made: dict[Kind, list[Reals]] = {"tsne": [], "umap": [], "pca": [flat], "random": [shadow]}
    bar = tqdm(total=2 * seeds, desc="maps", delay=PATIENCE, leave=False)
    with bar, _quiet(), ThreadPoolExecutor(2) as pool:
        # t-SNE lets go of the interpreter; UMAP's threads are not safe beside themselves, so it stays here.
        running = [pool.submit(_tsne, *graph, perplexity, s, seed_of) for s in starts]
        for start in starts:
            made["umap"].append(_umap(drawn.points, *graph, start, seed_of))
            bar.update()
        for future in running:
            made["tsne"].append(future.result())
            bar.update()
    compared = iter(compare(drawn.points, [p for places in made.values() for p in places], k))
    maps = {
        kind: Map(tuple(places), tuple(next(compared) for _ in places))
        for kind, places in made.items()
    }
    return Maps(drawn, k, near[:, :k], maps)


def _canonical(vectors: Floats, codes: Ints) -> tuple[Ints, Ints, Ints]:
    """Rows by class and, in a class, by their bytes; classes by size and by what they hold.

    Returns positions in that order, the classes' sizes and their codes.
    """
    solid = np.ascontiguousarray(vectors)
    whole = solid.view(np.dtype((np.void, solid.itemsize * solid.shape[1])))[:, 0]
    by_bytes = np.argsort(whole, kind="stable")
    class_codes, inverse = np.unique(codes, return_inverse=True)
    grouped = by_bytes[np.argsort(inverse[by_bytes], kind="stable")]
    sizes = np.bincount(inverse)
    groups = np.split(grouped, np.cumsum(sizes)[:-1])
    digests = [hashlib.sha256(solid[rows].tobytes()).digest() for rows in groups]
    ranked = sorted(range(len(groups)), key=lambda c: (sizes[c], digests[c]))
    return np.concatenate([groups[c] for c in ranked]), sizes[ranked], class_codes[ranked]


def _allot(sizes: Ints, most: int, rng: np.random.Generator) -> Ints:
    """Rows to take of each class; in sum ``most``."""
    room = max(1, most // PER_CLASS)
    kept = np.arange(len(sizes))
    if len(sizes) > room:
        shuffled = rng.permutation(len(sizes))
        kept = shuffled[np.argsort(sizes[shuffled] < 2, kind="stable")][:room]
    take = np.zeros_like(sizes)
    take[kept] = np.minimum(sizes[kept], 2)
    left, spare = sizes - take, most - int(take.sum())
    left[take == 0] = 0
    if left.sum() <= spare:
        return np.asarray(take + left)
    quota = spare * left / left.sum()
    take += np.floor(quota).astype(np.int64)
    short = most - int(take.sum())
    # Largest remainder, the later (larger) class first where two are alike.
    take[np.lexsort((np.arange(len(sizes)), quota % 1))[::-1][:short]] += 1
    return take


def _two_dimensions(points: Floats) -> Reals:
    """(n, 2) the first two principal components; zeros where there are fewer."""
    d = points.shape[1]
    places = np.zeros((len(points), 2))
    # arpack: a full decomposition of thousands of dimensions takes minutes.
    solver = "covariance_eigh" if d <= 512 else "arpack"
    points = points.astype(np.float64)
    extent = float(np.abs(points - points.mean(axis=0)).max())
    if extent > 0:
        found = PCA(min(2, d), svd_solver=solver, random_state=0).fit_transform(points / extent)
        places[:, : found.shape[1]] = found
    return places


def _tsne(near: Ints, distances: Reals, perplexity: float, start: Reals, seed: int) -> Reals:
    n, k = near.shape
    graph = csr_matrix((distances.ravel(), near.ravel(), np.arange(0, n * k + 1, k)), shape=(n, n))
    # In this thread: the limit of another does not reach it.
    with threadpool_limits(1, user_api="openmp"):
        model = TSNE(
            perplexity=perplexity,
            metric="precomputed",
            init=(1e-4 * start).astype(np.float32),
            random_state=seed,
            n_jobs=1,
        )
        return np.asarray(model.fit_transform(graph), dtype=np.float64)


def _umap(points: Floats, near: Ints, distances: Reals, start: Reals, seed: int) -> Reals:
    from umap import UMAP  # half a minute of compilation, only for those who look at maps

    k = min(UMAP_NEAR, len(near))
    model = UMAP(
        n_neighbors=k,
        precomputed_knn=(near[:, :k], distances[:, :k].astype(np.float32), None),
        init=start.astype(np.float32),
        random_state=seed,
        n_jobs=1,
    )
    return np.asarray(model.fit_transform(np.asarray(points, dtype=np.float32)), dtype=np.float64)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what the two libraries say about choices that are made here on purpose."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=f".*({EXPECTED})")
        yield
