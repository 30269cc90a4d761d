"""Which rows are given a wrong label on purpose, and which classes leave together? Drawn once, by key.

Neither the order of the rows nor the names of the classes decide who is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Keys
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.row_keys import class_keys, row_keys

PURPOSE = "label noise: "
FLIPS = 2000  # rows flipped one at a time: the share found is known to a point
RATES = (0.02, 0.05, 0.10)  # of all rows, flipped together
GROUPS = 100  # of classes that are deleted in turn; up to so many classes each is deleted alone


@dataclass(frozen=True, eq=False)
class Flips:
    """rows: (m,) positions among the anchors; labels: the wrong class that each is given.

    The first of them are those flipped at every rate, so that a higher rate holds the lower ones.
    """

    rows: Ints
    labels: Ints


def draw_flips(space: Geometry) -> Flips:
    """Wrong labels for some anchors: each that of a random enrolled row of another class."""
    ranks, evaluation = space.ranks, space.evaluation
    anchors = ranks.anchors
    wanted = max(FLIPS, int(np.ceil(max(RATES) * len(anchors))))
    rows = np.argsort(keys_of(space, enrolled=False)[anchors], kind="stable")[:wanted]
    own = ranks.codes[anchors[rows]]
    order = np.argsort(keys_of(space, enrolled=True), kind="stable")
    pool = np.searchsorted(ranks.class_ids, evaluation.codes[evaluation.enrolled][order])
    rng = space.rng(PURPOSE + "wrong labels")
    labels = pool[rng.integers(0, len(pool), len(rows))]
    while (same := labels == own).any():
        labels[same] = pool[rng.integers(0, len(pool), int(same.sum()))]
    return Flips(rows, labels)


def class_groups(space: Geometry) -> tuple[Ints, int]:
    """Group of every class of the evaluation, and how many groups; a class that is not enrolled: 0."""
    evaluation = space.evaluation
    codes = evaluation.codes[evaluation.enrolled]
    keys = class_keys(keys_of(space, enrolled=True), codes, len(evaluation.classes))
    present = np.unique(codes)
    groups = min(len(present), GROUPS)
    group_of = np.zeros(len(evaluation.classes), dtype=np.int64)
    group_of[present[np.argsort(keys[present], kind="stable")]] = np.arange(len(present)) % groups
    return group_of, groups


def keys_of(space: Geometry, *, enrolled: bool) -> Keys:
    """A random key for every query or enrolled row; from its vector where there is one."""
    rng = space.rng(PURPOSE + "keys of rows")
    if space.has_vectors:
        return row_keys(space.enrolled_points if enrolled else space.points, rng)
    rows = space.evaluation.enrolled if enrolled else space.evaluation.queries
    keys: Keys = rng.integers(0, 2**64, len(space.evaluation.codes), dtype=np.uint64)
    return keys[rows]
