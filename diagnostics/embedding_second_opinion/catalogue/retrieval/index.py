"""What does an approximate index miss, and what does that cost?

Exact search takes time in proportion to the gallery. Where it holds many millions of rows, an index is
asked instead, and it may overlook the nearest. Its answers are counted here beside the exact ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.metric import prepared
from embedding_second_opinion.geometry.passes.ranks import Ints, Reals
from embedding_second_opinion.geometry.passes.shortened import gains
from embedding_second_opinion.stats.answers_without import Without, deleted, near_classes
from embedding_second_opinion.stats.intervals import Interval, difference_interval, share_interval
from embedding_second_opinion.stats.ranked_answers import PAGE, per_query
from embedding_second_opinion.stats.surface import anchor_counts

from .approximate_index import FEWEST_ROWS, approximate_neighbors
from .numbers import about_queries


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
    gained = gains(
        ranks.codes[a],
        ranks.positives[a],
        first,
        near,
        distances,
        np.zeros(len(a), dtype=np.bool_),
        ranks.classes,
        1,
    )
    recall = _recall(space, distances)
    units = int(np.count_nonzero(anchor_counts(ranks)))
    exact = per_query(ranks)["precision_at_1"]
    right_without = deleted(ranks, right, gained.first[:, 0])
    recall_without = deleted(ranks, recall, np.zeros(ranks.classes))
    cost = float(exact.mean() - right.mean())
    exact_without = without.numbers["precision_at_1"]
    paired = _paired(cost, exact_without - right_without, units, bool((exact == right).all()))
    about = about_queries(space)
    return Index(
        {
            f"index_recall_at_{PAGE}": share_interval(
                float(recall.mean()), recall_without, units
            ).estimate(
                float(recall.mean()), f"share of the {PAGE} nearest that the index finds; {about}"
            ),
            "precision_at_1_approximate": share_interval(
                float(right.mean()), right_without, units
            ).estimate(float(right.mean()), f"the first answer of the index is a match; {about}"),
            "index_cost": paired.estimate(
                cost, f"precision_at_1 less that of the index, paired; {about}", "accuracy points"
            ),
        }
    )


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
