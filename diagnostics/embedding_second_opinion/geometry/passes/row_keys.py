"""How are rows drawn at random, whatever order they came in and whatever their class is called?

Each row gets a random key that depends on what it holds and on the draw, not on where it stands. The
rows of a class with the smallest keys are a random sample of it; identical rows have one key, and it
does not matter which of them is taken.
"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.data.arrays import Floats, Ints, Keys, Rows

BLOCK = 4096


def row_keys(vectors: Floats, rng: np.random.Generator) -> Keys:
    """(n,) keys of (n, d) vectors, uniform over 64 bits: multilinear hashing, mixed (splitmix64)."""
    n, d = vectors.shape
    words = vectors.itemsize // 4 * d
    factors = rng.integers(0, 2**64, words, dtype=np.uint64) | np.uint64(1)
    keys = np.zeros(n, dtype=np.uint64)
    for start in range(0, n, BLOCK):
        # + 0: minus zero and zero are one number of two patterns.
        rows = np.ascontiguousarray(vectors[start : start + BLOCK] + vectors.dtype.type(0))
        keys[start : start + BLOCK] = (rows.view(np.uint32) * factors).sum(axis=1, dtype=np.uint64)
    return _mixed(keys + rng.integers(0, 2**64, dtype=np.uint64))


def class_keys(keys: Keys, codes: Ints, classes: int) -> Keys:
    """(classes,) one key for each class, from the keys of its rows in any order."""
    sums = np.zeros(classes, dtype=np.uint64)
    np.add.at(sums, codes, keys)
    return _mixed(sums)


def drawn(keys: Keys, codes: Ints, take: Ints) -> Rows:
    """Positions, ascending, of ``take[c]`` random rows of each class c; all where it has fewer."""
    order = np.lexsort((keys, codes))
    sizes = np.bincount(codes, minlength=len(take))
    starts = np.cumsum(sizes) - sizes
    within = np.arange(len(codes)) - starts[codes[order]]
    return np.sort(order[within < take[codes[order]]]).astype(np.int64)


def _mixed(keys: Keys) -> Keys:
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        keys = (keys ^ (keys >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray(keys ^ (keys >> np.uint64(31)))
