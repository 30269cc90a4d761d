"""What is wrong with the triplets by their labels alone?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Ints
from embedding_second_opinion.inputs.triplets import Triplets

from .units import Mask


@dataclass(frozen=True, eq=False)
class Facts:
    """Per triplet, (t,): own: the positive is the anchor. wrong_p: the positive is of another class.

    wrong_n: the negative is of the anchor's class. repeated: the same triplet stands earlier in the
    file. wrong: any but the last. expected_own: chance to draw the anchor from all rows of its class, in the
    batch and in the set. expected_n: share of the anchor's class in its batch (or the set).
    """

    own: Mask
    wrong_p: Mask
    wrong_n: Mask
    repeated: Mask
    expected_own: tuple[float, float]
    expected_n: float

    @property
    def wrong(self) -> Mask:
        """(t,) whether the triplet cannot teach what it should."""
        return self.own | self.wrong_p | self.wrong_n


def facts(triplets: Triplets, codes: Ints) -> Facts:
    """By the labels; codes: (n,) class of every row."""
    a, p, n = triplets.anchor, triplets.positive, triplets.negative
    count, rows = len(a), len(codes)
    seen = np.unique(np.stack([a, p, n], axis=1), axis=0, return_index=True)[1]
    repeated = np.ones(count, dtype=np.bool_)
    repeated[seen] = False
    sizes = np.bincount(codes)
    in_set = sizes[codes[a]]
    if triplets.batch is None:
        in_batch, batch_size = in_set, np.full(count, rows)
    else:
        batch = np.unique(triplets.batch, return_inverse=True)[1].reshape(-1)
        members = np.unique(np.concatenate([batch * rows + r for r in (a, p, n)]))
        member_batch, member = np.divmod(members, rows)
        classes = len(sizes)
        keys, amounts = np.unique(member_batch * classes + codes[member], return_counts=True)
        in_batch = amounts[np.searchsorted(keys, batch * classes + codes[a])]
        batch_size = np.bincount(member_batch)[batch]
    return Facts(
        own=a == p,
        wrong_p=codes[a] != codes[p],
        wrong_n=codes[a] == codes[n],
        repeated=repeated,
        expected_own=(float((1 / in_batch).mean()), float((1 / in_set).mean())),
        expected_n=float((in_batch / batch_size).mean()),
    )
