"""How unevenly do rows occur among the neighbours of others, with and without each class?

N_k of a row: of how many queries it is among the k nearest. Its skewness (S_N10; Radovanović et al., JMLR
2010), its Robin Hood index (share of all places that would have to change hands to make it even; Feldbauer
& Flexer, KAIS 2019) and the share of rows that are nobody's neighbour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.geometry.geometry import NEIGHBORS, Geometry

from .kernel_occurrences import Moves, moves

K = 10  # as published, for k-occurrences and for CSLS alike


@dataclass(frozen=True)
class Evenness:
    """skewness: 0 where all rows occur alike. robin_hood, anti_hubs: shares in [0, 1]."""

    skewness: float
    robin_hood: float
    anti_hubs: float


@dataclass(frozen=True, eq=False)
class Occurrences:
    """counts: (g,) N_10 of every enrolled row; near: (q, 10) places of the neighbours, -1 for none.

    own: (q,) classes among those enrolled. values, and without: (K, 3), the numbers of
    Evenness in their order. mismatched: share of neighbours that are of another class than the query.
    unknown: share of the votes of a delete-one count that lie beyond the lists, at most.
    """

    counts: Ints
    near: Ints
    own: Ints
    values: Evenness
    without: Reals
    mismatched: float
    mismatched_without: Reals
    unknown: float


def occurrences(space: Geometry) -> Occurrences:
    """Count the neighbours of all queries; needs at least one."""
    evaluation, ranks = space.evaluation, space.ranks
    enrolled = evaluation.enrolled
    place = np.full(len(evaluation.codes), -1, dtype=np.int64)
    place[enrolled] = np.arange(len(enrolled))
    rows = space.neighbors(NEIGHBORS).rows
    near = np.where(rows >= 0, place[np.maximum(rows, 0)], -1)
    class_of = np.searchsorted(ranks.class_ids, evaluation.codes[enrolled])
    own, classes = ranks.codes, ranks.classes
    short = near[:, :K]
    counts = np.bincount(short[short >= 0], minlength=len(enrolled))
    found = moves(near, class_of, own, K, classes)
    wrong = class_of[np.maximum(short, 0)] != own[:, None]
    places = int((short >= 0).sum())
    left = np.where(found.votes > 0, found.votes, np.nan)
    return Occurrences(
        counts=counts,
        near=short,
        own=own,
        values=evenness(counts),
        without=_without(counts, class_of, found, classes),
        mismatched=float((wrong & (short >= 0)).sum() / max(places, 1)),
        mismatched_without=np.asarray(found.mismatched / left),
        unknown=found.unknown / max(places, 1),
    )


def evenness(counts: Ints) -> Evenness:
    """The three numbers of (g,) counts."""
    return Evenness(*_from_histogram(np.bincount(counts)))


def _without(counts: Ints, class_of: Ints, found: Moves, classes: int) -> Reals:
    """(K, 3) the three numbers without each class, from what its absence changes."""
    width = int(counts.max(initial=0) + max(found.change.max(initial=0), 0)) + 1
    every = np.bincount(counts, minlength=width)
    order = np.argsort(class_of, kind="stable")
    ends = np.concatenate([[0], np.cumsum(np.bincount(class_of, minlength=classes))])
    starts = np.searchsorted(found.deleted, np.arange(classes + 1))
    without = np.full((classes, 3), np.nan)
    for c in range(classes):
        moved = slice(starts[c], starts[c + 1])
        old = counts[found.row[moved]]
        left = every - np.bincount(counts[order[ends[c] : ends[c + 1]]], minlength=width)
        left += np.bincount(old + found.change[moved], minlength=width)
        left -= np.bincount(old, minlength=width)
        if found.votes[c] > 0:
            without[c] = _from_histogram(left)
    return without


def _from_histogram(rows: Ints) -> tuple[float, float, float]:
    """rows[v]: how many rows occur v times."""
    occurs, n = np.arange(len(rows)), rows.sum()
    mean = float(rows @ occurs) / n
    away = occurs - mean
    second, third = float(rows @ away**2) / n, float(rows @ away**3) / n
    skewness = third / second**1.5 if second > 0 else 0.0
    total = mean * n
    hood = float(rows @ np.abs(away)) / (2 * total) if total > 0 else 0.0
    return skewness, hood, float(rows[0] / n)
