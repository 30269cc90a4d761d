"""How are the classes halved, so that a threshold meets classes it was not fitted on?"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.ranks import Ints
from embedding_second_opinion.geometry.passes.row_keys import class_keys, row_keys

SNAKE = np.array([0, 1, 1, 0])  # so that neither half gets the larger class of every two


def halves(space: Geometry, sizes: Ints) -> Ints:
    """(K,) half, 0 or 1, of every class of the evaluation: at random, but alike in sizes.

    sizes: (K,) what is to be shared out, such as rows. The draw depends on what the classes hold,
    not on their names, nor on the order of the rows.
    """
    evaluation = space.evaluation
    if evaluation.data is not None:
        held, codes = evaluation.data.vectors, evaluation.codes
    else:
        ranks = space.ranks
        near = (ranks.nearest_positive_distance, ranks.nearest_negative_distance)
        held, codes = np.nan_to_num(np.column_stack(near), nan=-1.0), space.codes
    classes = len(evaluation.classes)
    keys = class_keys(row_keys(held, space.rng("halves of the classes")), codes, classes)
    order = np.lexsort((keys, -sizes))
    half = np.zeros(classes, dtype=np.int64)
    half[order] = SNAKE[np.arange(classes) % 4]
    return half
