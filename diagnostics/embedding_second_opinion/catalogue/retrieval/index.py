"""What does an approximate index miss, and what does that cost?

Exact search takes time in proportion to the gallery. Where it holds many millions of rows, an index is
asked instead, and it may overlook the nearest. Its answers are counted here beside the exact ones.

The index is a graph that is walked (nearest-neighbour descent: Dong, Moses & Li, WWW 2011), as pynndescent
makes it. One thread and a seed, and rows in the order of their bytes, so that neither threads nor the order
of rows matter.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from embedding_second_opinion.data.arrays import Floats, Ints, Reals
from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.metric import prepared
from embedding_second_opinion.geometry.passes.shortened import gains
from embedding_second_opinion.stats.answers_without import Without, deleted, near_classes
from embedding_second_opinion.stats.intervals import Interval, difference_interval, share_interval
from embedding_second_opinion.stats.ranked_answers import PAGE, per_query
from embedding_second_opinion.stats.surface import anchor_counts

from .numbers import about_queries

FEWEST_ROWS = 100  # of a gallery; an index of fewer is no use to anyone
ROWS = 1024  # queries whose answers are measured at once


@dataclass(frozen=True)
class Index:
    """Estimates of the index, or why there are none."""

    estimates: Mapping[str, Estimate]
    why_not: str = ""

    @property
    def cost(self) -> Estimate:
        """Points of precision@1 that the index loses; only where there are estimates."""
        return self.estimates["index_cost"]


def measure_index(space: Geometry, without: Without) -> Index:
    """Look every anchor up by the index too."""
    ranks = space.ranks
    if not space.has_vectors:
        return Index({}, "An approximate index needs vectors; these are distances only.")
    if len(space.evaluation.enrolled) < FEWEST_ROWS:
        return Index({}, f"No index was made: it takes at least {FEWEST_ROWS} enrolled rows.")
    a = ranks.anchors
    rows, distances = _looked_up(space)
    near = near_classes(space, rows)
    own = near == ranks.codes[a][:, None]
    first = _first_match(own, near >= 0, distances)
    right = (first == 1).astype(np.float64)
    nobody = np.zeros(len(a), dtype=np.bool_)
    gained = gains(
        ranks.codes[a], ranks.positives[a], first, near, distances, nobody, ranks.classes, 1
    )
    recall = _recall(space, distances)
    units = int(np.count_nonzero(anchor_counts(ranks)))
    exact = per_query(ranks)["precision_at_1"]
    right_without = deleted(ranks, right, gained.first[:, 0])
    shares = {
        f"index_recall_at_{PAGE}": (
            recall,
            deleted(ranks, recall, np.zeros(ranks.classes)),
            f"share of the {PAGE} nearest that the index finds",
        ),
        "precision_at_1_approximate": (
            right,
            right_without,
            "the first answer of the index is a match",
        ),
    }
    cost = float(exact.mean() - right.mean())
    exact_without = without.numbers["precision_at_1"]
    paired = _paired(cost, exact_without - right_without, units, bool((exact == right).all()))
    about = about_queries(space)
    estimates = {}
    for name, (values, left, what) in shares.items():
        value = float(values.mean())
        interval = share_interval(value, left, units)
        estimates[name] = interval.estimate(value, f"{what}; {about}")
    words = f"precision_at_1 less that of the index, paired; {about}"
    estimates["index_cost"] = paired.estimate(cost, words, "accuracy points")
    return Index(estimates)


def _paired(cost: float, without: Reals, units: int, same: bool) -> Interval:
    if not same:
        return difference_interval(cost, without, units)
    # No class differs: how large a share may, either way?
    bound = share_interval(0.0, np.zeros(len(without)), units)
    return bound if bound.high is None else replace(bound, low=-bound.high)


def _looked_up(space: Geometry) -> tuple[Ints, Reals]:
    """(a, PAGE) row numbers of the index's answers to the anchors, and their distances."""
    evaluation, anchors = space.evaluation, space.ranks.anchors
    vectors = prepared(evaluation, space.metric)
    assert vectors is not None
    queries, enrolled = evaluation.queries[anchors], evaluation.enrolled
    place_of = np.full(len(evaluation.codes), -1)
    place_of[enrolled] = np.arange(len(enrolled))
    places, distances = approximate_neighbors(
        vectors[queries], vectors[enrolled], place_of[queries], PAGE, space.rng("index")
    )
    if space.metric == "cosine":
        distances = distances**2 / 2
    return np.where(places >= 0, enrolled[places], -1), distances


def _first_match(own: np.ndarray, known: np.ndarray, distances: Reals) -> Ints:
    """(a,) place of the first match among the answers, behind all that ties with it; else far off."""
    nearest = np.where(own, distances, np.inf).min(axis=1)
    before = (known & ~own & (distances <= nearest[:, None])).sum(axis=1)
    return np.asarray(np.where(np.isfinite(nearest), before + 1, 2 * own.shape[1]))


def _recall(space: Geometry, distances: Reals) -> Reals:
    """(a,) share of the nearest that the index gives; a row as near as the last of them is as good."""
    nearest = space.neighbors(PAGE).distances[space.ranks.anchors]
    there = np.isfinite(nearest).sum(axis=1)
    edge = np.where(np.isfinite(nearest), nearest, -np.inf).max(axis=1)
    good = distances <= edge[:, None] * (1 + 1e-9)  # two ways to sum the same squares
    return np.asarray(np.minimum(good.sum(axis=1), there) / there)


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
    distances = _distances(queries, gallery, rows)
    nearest = np.argsort(distances, axis=1, kind="stable")  # NaN last
    return np.take_along_axis(rows, nearest, axis=1), np.take_along_axis(distances, nearest, axis=1)


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
