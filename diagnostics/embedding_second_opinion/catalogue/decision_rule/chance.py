"""Which labels mean nothing? The same ones, dealt anew to the rows that they are the labels of."""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Keys
from embedding_second_opinion.geometry.passes.row_keys import class_keys


def permuted(codes: Ints, keys: Keys, classes: int, rng: np.random.Generator) -> Ints:
    """(r,) the same classes with the same number of rows each, dealt to the rows at random.

    codes, keys: (r,). Rows and classes are taken in the order of their keys, so that neither the order
    they came in nor the names of the classes decide who gets what.
    """
    sizes = np.bincount(codes, minlength=classes)
    ranked = np.lexsort((class_keys(keys, codes, classes), sizes))
    dealt = np.empty_like(codes)
    places = np.argsort(keys, kind="stable")[rng.permutation(len(codes))]
    dealt[places] = np.repeat(ranked, sizes[ranked])
    return dealt
