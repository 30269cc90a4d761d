"""In which order do queries and gallery stand while they are swept? Sorted by class, both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Rows

from .ranks import ALL, RankPlan, round_numbers


@dataclass(frozen=True, eq=False)
class Placed:
    """A plan, and the way back. order: (q,) the query at each place; class_ids: (K,) classes enrolled."""

    plan: RankPlan
    order: Ints
    class_ids: Ints


def place(
    codes: Ints, classes: int, queries: Rows, gallery: Rows, k: int = 0, *, every: bool = True
) -> Placed:
    """codes: (n,) classes of all rows, ``classes`` in all; queries and gallery: row numbers.

    every: whether all positives are ranked, or the nearest alone.
    """
    class_ids, gallery_codes = np.unique(codes[gallery], return_inverse=True)
    if not np.isin(codes[queries], class_ids).all():
        # Strangers: of one more class, which has no rows.
        class_ids = np.append(class_ids, classes)
        query_codes = np.full(len(queries), len(class_ids) - 1)
    else:
        query_codes = np.searchsorted(class_ids, codes[queries])
    order = np.argsort(query_codes, kind="stable")
    placed = np.argsort(gallery_codes, kind="stable")
    rows = gallery[placed]
    place_of = np.full(len(codes), -1, dtype=np.int64)
    place_of[rows] = np.arange(len(rows))
    sizes = np.bincount(gallery_codes, minlength=len(class_ids))
    plan = RankPlan(
        query_codes=query_codes[order].astype(np.int64),
        self_at=place_of[queries[order]],
        class_start=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        class_of=gallery_codes[placed].astype(np.int64),
        rows=rows,
        grid=np.append(round_numbers(1, max(len(rows) - int(sizes.min()), 1)), ALL)
        if every
        else np.zeros(0, dtype=np.int64),
        id_grid=round_numbers(2, len(class_ids)),
        k=k,
        every=every,
    )
    return Placed(plan, order, class_ids)
