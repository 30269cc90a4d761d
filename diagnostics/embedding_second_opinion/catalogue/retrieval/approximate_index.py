"""What does an approximate index answer? A graph that is walked, instead of a look at every row.

Source: Dong, Moses & Li, WWW 2011 (nearest-neighbour descent), as pynndescent makes it. One thread and a
seed, and rows in the order of their bytes, so that neither threads nor the order of rows matter.
"""

from __future__ import annotations

import warnings

import numpy as np

from embedding_second_opinion.geometry.passes.ranks import Ints, Reals
from embedding_second_opinion.geometry.passes.source import Floats

FEWEST_ROWS = 100  # of a gallery; an index of fewer is no use to anyone
ROWS = 1024  # queries whose answers are measured at once


def approximate_neighbors(
    queries: Floats, gallery: Floats, self_at: Ints, k: int, rng: np.random.Generator
) -> tuple[Ints, Reals]:
    """The k rows of the gallery that the index calls nearest to each query, nearest first.

    queries (q, d), gallery (g, d): g at least FEWEST_ROWS. self_at: (q,) the query's own place in the
    gallery, -1 where it is not enrolled; it is dropped by index. Returns (q, k) places, -1 where the
    index gives fewer, and exact euclidean distances, NaN where there is no row.
    """
    # Compiles for half a minute: only for those who ask for it.
    from pynndescent import NNDescent

    order = _by_bytes(gallery)
    own = np.where(self_at >= 0, np.argsort(order)[self_at], -1)
    centre = gallery.mean(axis=0, dtype=np.float64)
    extent = max(float(np.abs(x - centre).max()) for x in (queries, gallery))
    scale = 1 / extent if extent > 0 else 1.0  # squares of very large numbers leave float32

    def fed(rows: Floats) -> Floats:
        return np.ascontiguousarray((rows - centre) * scale, dtype=np.float32)

    with warnings.catch_warnings():
        # The library's own words about small or tied sets; its recall is measured, not promised.
        warnings.simplefilter("ignore")
        seed = int(rng.integers(2**31))
        index = NNDescent(fed(gallery[order]), random_state=seed, n_jobs=1)
        index.prepare()
        answers = np.asarray(index.query(fed(queries), k=k + 1)[0], dtype=np.int64)
    others = (answers >= 0) & (answers != own[:, None])
    # Others first, in their order; the query itself is gone, or else the one answer too many.
    ahead = np.argsort(~others, axis=1, kind="stable")[:, :k]
    kept = np.take_along_axis(np.where(others, answers, -1), ahead, axis=1)
    rows = np.where(kept >= 0, order[kept], -1)
    return _sorted(rows, _distances(queries, gallery, rows))


def _by_bytes(rows: Floats) -> Ints:
    solid = np.ascontiguousarray(rows)
    whole = solid.view(np.dtype((np.void, solid.itemsize * solid.shape[1])))[:, 0]
    return np.argsort(whole, kind="stable")


def _distances(queries: Floats, gallery: Floats, rows: Ints) -> Reals:
    """(q, k) euclidean distances by direct differences in float64; NaN for row -1."""
    found = np.full(rows.shape, np.nan)
    for start in range(0, len(rows), ROWS):
        part = slice(start, start + ROWS)
        steps = gallery[rows[part]].astype(np.float64) - queries[part, None, :]
        found[part] = np.sqrt(np.einsum("ijk,ijk->ij", steps, steps))
    found[rows < 0] = np.nan
    return found


def _sorted(rows: Ints, distances: Reals) -> tuple[Ints, Reals]:
    order = np.argsort(distances, axis=1, kind="stable")  # NaN last
    return np.take_along_axis(rows, order, axis=1), np.take_along_axis(distances, order, axis=1)
