"""Which metrics are audited? Right ones of libraries and our own, and wrong ones as they circulate."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from pytorch_metric_learning.utils.inference import CustomKNN
from scipy.spatial.distance import cdist
from scipy.stats import mode
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from torchmetrics.retrieval import RetrievalHitRate, RetrievalPrecision, RetrievalRPrecision

from embedding_second_opinion.samples import metrics


@dataclass(frozen=True)
class Case:
    """A metric as a user would pass it. bug: what is wrong with it; "" for nothing."""

    name: str
    function: Callable[..., object]
    options: dict[str, object]
    bug: str = ""


# Right ones, of libraries.


def knn_vote(vectors, labels):
    """A vote of the five nearest in scikit-learn's graph, ties to the smallest class."""
    graph = NearestNeighbors(n_neighbors=5, algorithm="brute").fit(vectors)
    voters = np.sort(labels[graph.kneighbors()[1]], axis=1)
    return (mode(voters, axis=1).mode == labels).mean()


def knn_graph(vectors, labels, k=1):
    """scikit-learn's graph, which leaves each row out by its index."""
    graph = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(vectors)
    return (labels[graph.kneighbors()[1]] == labels[:, None]).any(axis=1).mean()


def knn_from_distances(distances, labels, k):
    """scikit-learn on a matrix of distances."""
    graph = NearestNeighbors(n_neighbors=k, metric="precomputed").fit(distances)
    return (labels[graph.kneighbors()[1]] == labels[:, None]).any(axis=1).mean()


def knn_score(queries, query_labels, gallery, gallery_labels):
    """scikit-learn, queries against a gallery."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # one row a class is what is asked for here
        return KNeighborsClassifier(1).fit(gallery, gallery_labels).score(queries, query_labels)


def of_torchmetrics(metric):
    """A retrieval metric of torchmetrics over all other rows."""

    def value(vectors, labels):
        others = ~torch.eye(len(labels), dtype=torch.bool)
        queries = torch.arange(len(labels))[:, None].expand(-1, len(labels))
        # Above 0: some of its metrics take a score below for "not found".
        distances = torch.cdist(vectors, vectors, compute_mode="donot_use_mm_for_euclid_dist")
        scores = 1 / (1 + distances)
        same = labels[:, None] == labels[None]
        metric.reset()  # or it keeps, and counts again, what it was given before
        metric.update(scores[others], same[others], indexes=queries[others])
        return metric.compute()

    return value


def of_metric_learning(name):
    """A number of AccuracyCalculator, each row against all others."""
    calculator = AccuracyCalculator(
        include=(name,), knn_func=CustomKNN(LpDistance(normalize_embeddings=False))
    )
    return lambda vectors, labels: calculator.get_accuracy(vectors, labels)[name]


def of_metric_learning_apart(queries, query_labels, gallery, gallery_labels):
    """AccuracyCalculator, queries against a gallery."""
    calculator = AccuracyCalculator(
        include=("precision_at_1",), knn_func=CustomKNN(LpDistance(normalize_embeddings=False))
    )
    return calculator.get_accuracy(queries, query_labels, gallery, gallery_labels)["precision_at_1"]


def triplets_ties_half(vectors, labels):
    """All triplets, a tie half right, as an area under a curve has it."""
    distances, values = cdist(vectors, vectors), []
    for row, own in enumerate(labels):
        same = labels == own
        negatives = distances[row, ~same]
        same[row] = False
        if same.any():
            values.append((np.sign(negatives - distances[row, same][:, None]).mean() + 1) / 2)
    return np.mean(values)


# Wrong ones, beside those of embedding_second_opinion.samples.metrics.


def share_with_itself(distances, labels, k):
    """The row is among its neighbours and among its positives."""
    top = np.argsort(distances, axis=1, kind="stable")[:, :k]
    same = labels[:, None] == labels[None]
    return (np.take_along_axis(same, top, axis=1).sum(axis=1) / same.sum(axis=1)).mean()


def hits_without_first_place(vectors, labels):
    """Five nearest of a sorted list that begins with the row, which is no hit."""
    distances = torch.cdist(vectors, vectors)
    top = distances.topk(5, largest=False).indices
    rows = torch.arange(len(labels))[:, None]
    return ((labels[top] == labels[:, None]) & (top != rows)).any(dim=1).float().mean()


def triplets_with_anchor(vectors, labels):
    """All positives of the class, the anchor at distance 0 among them."""
    distances, shares = cdist(vectors, vectors), []
    for row, own in enumerate(labels):
        same = labels == own
        shares.append((distances[row, same][:, None] < distances[row, ~same]).mean())
    return np.mean(shares)


def triplets_with_ties(vectors, labels):
    """<= for <."""
    distances, shares = cdist(vectors, vectors), []
    for row, own in enumerate(labels):
        same = labels == own
        negatives = distances[row, ~same]
        same[row] = False
        if same.any():
            shares.append((distances[row, same][:, None] <= negatives).mean())
    return np.mean(shares)


def without_distance_zero(vectors, labels):
    """Whatever is at distance 0 is the row itself."""
    distances = cdist(vectors, vectors)
    distances[distances == 0] = np.inf
    return (labels[distances.argmin(axis=1)] == labels).mean()


def farthest_first(vectors, labels):
    """Distances taken for similarities."""
    distances = cdist(vectors, vectors)
    np.fill_diagonal(distances, -np.inf)
    return (labels[distances.argmax(axis=1)] == labels).mean()


def of_rows_outside(vectors, labels):
    """The arguments are not used; the arrays of an earlier cell are."""
    rng = np.random.default_rng(len(labels))
    outside = np.repeat(np.arange(20), 5)
    rows = rng.standard_normal((20, 8))[outside] + 0.5 * rng.standard_normal((100, 8))
    return knn_graph(rows, outside)


def within_batches(vectors, labels):
    """Each batch of 64 looked up in itself, and the mean over batches."""
    parts = [slice(i, i + 64) for i in range(0, len(labels), 64)]
    return np.mean(
        [knn_graph(vectors[part], labels[part]) for part in parts if len(labels[part]) > 1]
    )


def within_margin(vectors, labels, margin=0.2):
    """Share of triplets with a margin, called triplet accuracy."""
    distances, shares = cdist(vectors, vectors), []
    for row, own in enumerate(labels):
        same = labels == own
        negatives = distances[row, ~same]
        same[row] = False
        if same.any():
            shares.append((distances[row, same][:, None] + margin < negatives).mean())
    return np.mean(shares)


def drops_the_first(queries, query_labels, gallery, gallery_labels):
    """The second nearest of the gallery, as if the first were the query."""
    second = np.argsort(cdist(queries, gallery), axis=1)[:, 1]
    return (gallery_labels[second] == query_labels).mean()


def lone_rows_right(vectors, labels):
    """A row without a positive has lost nothing."""
    lost = metrics.hit_rate(1)(vectors, labels)
    alone = np.isin(labels, np.unique(labels)[np.unique(labels, return_counts=True)[1] == 1])
    return lost + alone.mean()


RECALL: dict[str, object] = {"kind": "recall"}
RECALL_5: dict[str, object] = {"kind": "recall", "k": 5}
TRIPLET: dict[str, object] = {"kind": "triplet"}
TORCH: dict[str, object] = {"arrays": "torch"}
DISTANCES: dict[str, object] = {"takes": "distances"}
GALLERY: dict[str, object] = {"takes": "gallery"}

CASES = (
    Case("recall@1", metrics.hit_rate(1), RECALL),
    Case("recall@5", metrics.hit_rate(5), RECALL_5),
    Case("nearest, strict", metrics.nearest_strict, RECALL),
    Case("triplet accuracy, exact", metrics.triplet_accuracy, TRIPLET),
    Case("triplet accuracy, ties half", triplets_ties_half, TRIPLET),
    Case("triplet accuracy, 2,000 sampled", metrics.sampled_triplet_accuracy, TRIPLET),
    Case("scikit-learn, graph", knn_graph, RECALL),
    Case("scikit-learn, distances, k = 5", knn_from_distances, RECALL_5 | DISTANCES),
    Case("scikit-learn, gallery", knn_score, RECALL | GALLERY),
    Case("scikit-learn, vote of 5", knn_vote, {"kind": "other", "k": 5}),
    Case(
        "torchmetrics, hit rate, k = 1", of_torchmetrics(RetrievalHitRate(top_k=1)), RECALL | TORCH
    ),
    Case(
        "torchmetrics, hit rate, k = 5",
        of_torchmetrics(RetrievalHitRate(top_k=5)),
        RECALL_5 | TORCH,
    ),
    Case(
        "torchmetrics, precision, k = 5",
        of_torchmetrics(RetrievalPrecision(top_k=5)),
        {"kind": "precision", "k": 5} | TORCH,
    ),
    Case(
        "torchmetrics, R-precision",
        of_torchmetrics(RetrievalRPrecision()),
        {"kind": "r_precision"} | TORCH,
    ),
    Case(
        "pytorch-metric-learning, precision@1", of_metric_learning("precision_at_1"), RECALL | TORCH
    ),
    Case(
        "pytorch-metric-learning, R-precision",
        of_metric_learning("r_precision"),
        {"kind": "r_precision"} | TORCH,
    ),
    Case(
        "pytorch-metric-learning, MAP@R",
        of_metric_learning("mean_average_precision_at_r"),
        {"kind": "map_at_r"} | TORCH,
    ),
    Case("pytorch-metric-learning, gallery", of_metric_learning_apart, RECALL | GALLERY | TORCH),
    Case("itself a hit, k = 1", metrics.hit_rate_with_itself(1), RECALL, "self_counted_as_hit"),
    Case("itself a hit, k = 5", metrics.hit_rate_with_itself(5), RECALL_5, "self_counted_as_hit"),
    Case(
        "itself a hit, share of 5", share_with_itself, RECALL_5 | DISTANCES, "self_counted_as_hit"
    ),
    Case(
        "itself in a place, k = 1",
        metrics.recall_without_first_place,
        RECALL | DISTANCES,
        "self_takes_a_place",
    ),
    Case(
        "itself in a place, k = 5",
        metrics.recall_without_first_place,
        RECALL_5 | DISTANCES,
        "self_takes_a_place",
    ),
    Case(
        "itself in a place, torch", hits_without_first_place, RECALL_5 | TORCH, "self_takes_a_place"
    ),
    Case(
        "anchor its own positive, sampled",
        metrics.sampled_triplet_accuracy_with_itself,
        TRIPLET,
        "anchor_as_own_positive",
    ),
    Case("anchor its own positive, exact", triplets_with_anchor, TRIPLET, "anchor_as_own_positive"),
    Case("ties right, nearest", metrics.nearest_with_ties, RECALL, "ties_counted_right"),
    Case("ties right, triplets", triplets_with_ties, TRIPLET, "ties_counted_right"),
    Case(
        "first place is itself",
        metrics.recall_without_first_neighbour(1),
        RECALL,
        "self_removed_by_position",
    ),
    Case("distance 0 is itself", without_distance_zero, RECALL, "self_removed_by_distance"),
    Case("farthest first", farthest_first, RECALL, "wrong_way_round"),
    Case("recall@5 called recall@1", metrics.hit_rate(5), RECALL, "more_than_k"),
    Case("rows from outside", of_rows_outside, RECALL, "blind_to_vectors"),
    Case("within batches", within_batches, RECALL, "rows_not_all_compared"),
    Case("lone rows right", lone_rows_right, RECALL, "lone_rows_counted_right"),
    Case("nearest of the gallery dropped", drops_the_first, RECALL | GALLERY, "nearest_dropped"),
    Case("margin called triplet accuracy", within_margin, TRIPLET, "depends_on_scale"),
)
BY_NAME = {case.name: case for case in CASES}
