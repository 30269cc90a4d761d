"""Generated sets about claimed numbers: one flaw each, or healthy.

Every claim is counted by code of its own, as people write it, over the set's own rows.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy.spatial.distance import cdist

from embedding_second_opinion.data.arrays import Ints, Names, Reals
from embedding_second_opinion.inputs.generated import Split, by_name, clouds, directions
from embedding_second_opinion.inputs.inputs import Believed

TOLD = 3  # digits


def _modes(
    rng: np.random.Generator, classes: int, modes: int, rows: int, d: int
) -> tuple[Reals, Ints]:
    """Classes of several separate modes with ``rows`` each: found at once, and low in triplets."""
    vectors, mode = clouds(rng, classes * modes, rows, d, 0.6)
    return vectors, mode % classes


def _told(value: float, metric: Literal["triplet", "closed-set"] = "triplet") -> Believed:
    """As a person tells it."""
    return Believed(value=round(value, TOLD), metric=metric)


def _triplets_right(
    distances: Reals, labels: Ints, ties: bool = False, itself: bool = False
) -> float:
    """Mean over anchors of the share of triplets in the right order.

    ties: they count as right. itself: the anchor is one of its positives.
    """
    shares = []
    for anchor in range(len(labels)):
        same = labels == labels[anchor]
        negatives = distances[anchor, ~same]
        same[anchor] = itself
        if same.any():
            positives = distances[anchor, same][:, None]
            shares.append(np.mean(positives <= negatives if ties else positives < negatives))
    return float(np.mean(shares))


def every_triplet(vectors: Reals, labels: Ints) -> float:
    """As it is meant."""
    return _triplets_right(cdist(vectors, vectors), labels)


def ties_right(vectors: Reals, labels: Ints) -> float:
    """The same with ``<=``. Distances as whole numbers would give them: no rounding splits a tie."""
    return _triplets_right(np.round(cdist(vectors, vectors, "sqeuclidean")), labels, ties=True)


def anchor_among_positives(vectors: Reals, labels: Ints) -> float:
    """Positives by ``labels == labels[anchor]`` and no more: the anchor is one of them."""
    distances = cdist(vectors, vectors)
    np.fill_diagonal(distances, 0)
    return _triplets_right(distances, labels, itself=True)


def first_answer(queries: Reals, labels: Ints, gallery: Reals, enrolled: Ints) -> float:
    """1-NN of queries that were never taken out of the gallery."""
    return float(np.mean(enrolled[cdist(queries, gallery).argmin(axis=1)] == labels))


def others_first(vectors: Reals, labels: Ints) -> float:
    """1-NN with each row taken out in turn."""
    distances = cdist(vectors, vectors)
    np.fill_diagonal(distances, np.inf)
    return float(np.mean(labels[distances.argmin(axis=1)] == labels))


def drawn_triplets(rng: np.random.Generator, vectors: Reals, labels: Ints, draws: int) -> float:
    """Triplets drawn at random, as a validation loop does."""
    right = 0
    for anchor in rng.integers(0, len(labels), draws):
        positives = np.flatnonzero(labels == labels[anchor])
        positive = rng.choice(positives[positives != anchor])
        negative = rng.choice(np.flatnonzero(labels != labels[anchor]))
        one, two = (np.linalg.norm(vectors[anchor] - vectors[r]) for r in (positive, negative))
        right += bool(one < two)
    return right / draws


def _self_match_claim(rng: np.random.Generator) -> Split:
    """300 classes of 6, of which some 93 rows in 100 are recognised; here each was its own neighbour."""
    vectors, labels = directions(rng, 300, 6, 40, 0.92)
    value = first_answer(vectors, labels, vectors, labels)
    return Split(vectors, labels, claim=_told(value, "closed-set"))


def _train_split_claim(rng: np.random.Generator) -> Split:
    """90 classes of one mode and 90 of three: all are in train, which the claim is of, the latter in test."""
    easy = rng.standard_normal((90, 32))
    one = np.repeat(np.arange(90), 10)
    more, many = _modes(rng, 90, 3, 6, 32)
    vectors = np.concatenate([easy[one] + 0.6 * rng.standard_normal((900, 32)), more])
    labels = np.concatenate([one, 90 + many])
    # Of the six rows of a mode, four are trained on.
    split: Names = np.where(np.arange(len(labels)) < 900, "train", "test").astype(np.str_)
    split[900:] = np.where(np.arange(len(more)) % 6 < 4, "train", "test")
    train = split == "train"
    value = every_triplet(vectors[train], labels[train])
    return Split(vectors, labels, split, claim=_told(value))


def _own_positive_claim(rng: np.random.Generator) -> Split:
    """220 classes of two modes with two rows each: every fourth positive drawn is the anchor itself."""
    vectors, labels = _modes(rng, 220, 2, 2, 32)
    return Split(vectors, labels, claim=_told(anchor_among_positives(vectors, labels)))


def _lenient_ties_claim(rng: np.random.Generator) -> Split:
    """120 classes of three modes with five rows each, stored as 32 signs; ``<=`` is what was counted."""
    signs = np.sign(rng.standard_normal((360, 32)))
    mode = np.repeat(np.arange(360), 5)
    flipped = rng.random((len(mode), 32)) < 0.05
    vectors, labels = np.where(flipped, -signs[mode], signs[mode]), (mode % 120).astype(np.int64)
    return Split(vectors, labels, claim=_told(ties_right(vectors, labels)))


def _healthy_claim(rng: np.random.Generator) -> Split:
    """160 classes of 8, and an honest claim: 10,000 triplets were drawn."""
    vectors, labels = directions(rng, 160, 8, 40, 0.85)
    return Split(vectors, labels, claim=_told(drawn_triplets(rng, vectors, labels, 10_000)))


def _healthy_claim_search(rng: np.random.Generator) -> Split:
    """300 classes of 6, most rows recognised, and an honest claim: each row was left out in turn."""
    vectors, labels = directions(rng, 300, 6, 40, 0.8)
    return Split(vectors, labels, claim=_told(others_first(vectors, labels), "closed-set"))


HEALTHY = by_name(_healthy_claim, _healthy_claim_search)
FLAWS = by_name(_self_match_claim, _train_split_claim, _own_positive_claim, _lenient_ties_claim)
NAMED_BY = dict.fromkeys(FLAWS, "claim_audit")
