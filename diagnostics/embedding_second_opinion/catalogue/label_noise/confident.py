"""Which labels does confident learning doubt? Counted where another class is confident of the row.

Northcutt, Jiang & Chuang, JAIR 2021. A class is confident of a row where its probability there is at
least the mean of what it gets in its own rows. Probabilities are shares of the votes of the k nearest,
the row itself left out; they are kept as they are, a few per row, never as rows by classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Bools, Ints, Reals

SLACK = 1e-6  # rounding of a mean of shares


@dataclass(frozen=True, eq=False)
class Shares:
    """Votes of the k nearest of q rows, for (m,) pairs of a row and a class that got one.

    row: position, ascending; a row's classes stand in the order of their nearest row.
    """

    row: Ints
    code: Ints
    share: Reals


@dataclass(frozen=True, eq=False)
class Confident:
    """guess: (q,) class that is confident of the row, -1 where none is; doubted: it is not the label.

    share: of labels that are wrong, by the joint counts, each class weighted by its rows.
    """

    guess: Ints
    doubted: Bools
    share: float


def shares(codes: Ints, distances: Reals, k: int) -> Shares:
    """From (q, w) neighbours, nearest first, -1 where there is none; ties with the k-th vote too."""
    reach = distances[:, min(k, codes.shape[1]) - 1]
    reach = np.where(np.isnan(reach), np.inf, reach)
    votes = (codes >= 0) & (np.nan_to_num(distances, nan=np.inf) <= reach[:, None])
    row, at = np.nonzero(votes)
    code = codes[row, at]
    pair = row * (int(codes.max()) + 1) + code
    _, first, counts = np.unique(pair, return_index=True, return_counts=True)
    order = np.argsort(first)
    first, counts = first[order], counts[order]
    part = counts / votes.sum(axis=1)[row[first]]
    return Shares(row[first], code[first], part)


def confident(found: Shares, own: Ints, classes: int) -> Confident:
    """Confident joint of (q,) labels, calibrated so that each class has as many rows as it has."""
    rows = np.bincount(own, minlength=classes)
    mine = found.code == own[found.row]
    sums = np.bincount(found.code[mine], weights=found.share[mine], minlength=classes)
    # A class without labelled rows is confident of nothing.
    threshold = np.where(rows > 0, sums / np.maximum(rows, 1), np.inf)
    sure = found.share >= np.maximum(threshold, 2 * SLACK)[found.code] - SLACK
    confidents = np.bincount(found.row[sure], minlength=len(own))
    guess = np.full(len(own), -1, dtype=np.int64)
    # Written backwards, so that of several the first stands: the one with the nearest row.
    guess[found.row[sure][::-1]] = found.code[sure][::-1]
    largest = np.zeros(len(own))
    np.maximum.at(largest, found.row, found.share)
    top = found.share >= largest[found.row]
    several = top & (confidents[found.row] > 1)
    guess[found.row[several][::-1]] = found.code[several][::-1]
    counted, right = guess >= 0, guess == own
    # Every class counts as confident of one row of its own at least.
    agreed = np.maximum(np.bincount(own[right], minlength=classes), 1)
    doubted = np.bincount(own[counted & ~right], minlength=classes)
    share = float((rows * doubted / (agreed + doubted)).sum() / len(own))
    return Confident(guess, counted & ~right, share)
