"""What do the user's own pairs hold? Their distances, counted like all pairs, by their own protocol."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.metric import prepared
from embedding_second_opinion.geometry.passes.pair_histograms import BINS, distances_between
from embedding_second_opinion.inputs.pairs import Pairs

from .counts import HALVES, NO_OTHERS, OTHER_HALF, PairCounts, base_rate, halves

CLASS_BINS = 1024


def pair_distances(space: Geometry, pairs: Pairs) -> Reals:
    """(p,) distance of each pair, in float64. The geometry must have vectors."""
    vectors = prepared(space.evaluation, space.metric)
    assert vectors is not None
    return distances_between(vectors[pairs.first], vectors[pairs.second], space.metric == "cosine")


def pairs_of_file(space: Geometry, pairs: Pairs) -> PairCounts:
    """The pairs of a file: each fold judged by the threshold of the others, or halves of the classes.

    Every different distance has a bin of its own, up to 65,536 of them.
    """
    distances = pair_distances(space, pairs)
    edges = _edges(distances)
    # Coarse bins merge a power of two of fine ones: as many fine ones as that takes.
    shift = max(0, (len(edges) - 2) // CLASS_BINS).bit_length()
    room = -(-(len(edges) - 1) >> shift) << shift
    edges = np.append(edges, np.full(room + 1 - len(edges), edges[-1]))
    bins = np.searchsorted(edges[1:], distances, side="left")
    codes = space.evaluation.codes
    one, two = codes[pairs.first], codes[pairs.second]
    part, judged, fit, words = _protocol(space, pairs, one, two)
    held = [pairs.same[part == p] for p in judged]
    proper = all(same.any() and not same.all() for same in held)  # pairs of both kinds
    if not proper:
        part, judged, words = np.zeros(len(one), dtype=np.int64), (0,), NO_OTHERS
        fit = np.ones((1, 1), dtype=np.int64)
    parts = fit.shape[1]

    ids, places = np.unique(np.concatenate([one, two]), return_inverse=True)
    first, second = places[: len(one)], places[len(one) :]
    other = np.flatnonzero(first != second)  # a pair inside one class is taken away once
    rows, columns = np.append(first, second[other]), np.append(np.arange(len(one)), other)
    marks = np.ones(len(rows), dtype=np.int64)
    touched = csr_matrix((marks, (rows, columns)), shape=(len(ids), len(one)))
    width = room >> shift

    def taken(start: int, stop: int) -> tuple[Ints, Ints]:
        found = touched[start:stop].tocoo()
        cell = (found.row * parts + part[found.col]) * width + (bins[found.col] >> shift)
        size = (stop - start) * parts * width
        kinds = pairs.same[found.col]
        genuine, impostor = (
            np.bincount(cell[chosen], minlength=size).reshape(stop - start, parts, width)
            for chosen in (kinds, ~kinds)
        )
        return genuine.astype(np.int64), impostor.astype(np.int64)

    def counted(kinds: Ints) -> Ints:
        flat = part[kinds] * room + bins[kinds]
        return np.bincount(flat, minlength=parts * room).reshape(parts, room).astype(np.int64)

    same = int(pairs.same.sum())
    name = "" if pairs.name == "pairs" else f" of {pairs.name}"
    return PairCounts(
        genuine=counted(np.flatnonzero(pairs.same)),
        impostor=counted(np.flatnonzero(~pairs.same)),
        edges=edges,
        judged=judged,
        fitted_on=fit,
        counted=tuple(range(parts)),
        elsewhere=proper,
        fit_words=words,
        about=(
            f"{same:,} genuine and {number(len(one) - same, 'impostor pair')}{name}, of "
            f"{number(len(ids), 'class')}"
        ),
        base=base_rate(space, ids),
        class_ids=ids,
        units=len(ids),
        shift=shift,
        taken=taken,
    )


def _protocol(
    space: Geometry, pairs: Pairs, one: Ints, two: Ints
) -> tuple[Ints, tuple[int, ...], Ints, str]:
    """Part of each pair, the parts judged, what each is fitted on, and the words for that."""
    if pairs.fold is not None:
        folds = int(pairs.fold.max()) + 1
        fit = 1 - np.eye(folds, dtype=np.int64)
        return pairs.fold, tuple(range(folds)), fit, f"the other folds ({folds} in all)"
    sizes = np.bincount(np.concatenate([one, two]), minlength=len(space.evaluation.classes))
    half = halves(space, sizes.astype(np.int64))
    part = np.where(half[one] == half[two], half[one], 2)
    return part, (0, 1), HALVES, OTHER_HALF


def _edges(distances: Reals) -> Reals:
    """0 and every distance there is, or BINS of them that have as many others between them."""
    levels = np.unique(distances)
    if len(levels) > BINS:
        levels = levels[np.arange(1, BINS + 1) * len(levels) // BINS - 1]
    return np.append(0.0, levels)
