"""How many (positive, negative) pairs of every anchor violate a margin, or each of several? One blocked pass.

With margins it is the census of all triplets that mining is about (Schroff et al., CVPR 2015): nothing is
drawn, and memory holds a block of scores, never anchors x positives or classes x classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from embedding_second_opinion.data.arrays import Bools, Floats, Ints, Reals
from embedding_second_opinion.geometry.passes.placed import Placed
from embedding_second_opinion.geometry.passes.rank_results import Ranks
from embedding_second_opinion.geometry.passes.ranks import LARGE_CLASS, RankPlan
from embedding_second_opinion.geometry.passes.source import Source, VectorSource
from embedding_second_opinion.geometry.passes.sweep import sweep

from .kernel_active_block import active_block
from .kernel_margin_block import margin_block


@dataclass(frozen=True, eq=False)
class Asked:
    """What is counted. margins: (T,) ascending, none below 0; at: the user's own; few: see MarginCounts.

    squared: a pair violates where d(a, n)^2 <= d(a, p)^2 + m; what is said of losses does not hold then.
    """

    margins: Reals
    at: int
    few: int
    squared: bool = False


@dataclass(frozen=True, eq=False)
class Known:
    """What the rank pass of the same queries and gallery found, (q,): see ``Ranks``."""

    nearest: Reals
    z: Ints
    sole: Ints

    @classmethod
    def of(cls, ranks: Ranks, positions: Ints) -> Known:
        """For some of its queries."""
        return cls(
            ranks.nearest_negative_distance[positions], ranks.z[positions], ranks.sole[positions]
        )


@dataclass(frozen=True, eq=False)
class MarginCounts:
    """Arrays are per query, in the order given. A pair violates a margin where d(a, n) <= d(a, p) + m.

    margins: (T,) ascending. at: which of them is the user's own; what follows is about that one only,
    but for ``active``.
    active: (q, T) pairs that violate. loss: (q,) sum over all pairs of max(0, d(a, p) + m - d(a, n)).
    hardest, hardest_hard, hardest_loss: (q,) the same with each query's nearest negative alone: positives
    that it violates, those that it is nearer than or as near as, and the sum of losses.
    spent: (q,) whether the query is wrong (z > 0) and fewer than 1 in ``few`` of its pairs violate.
    to_class: (K,) sum over the anchors of other classes of the share of pairs that violate with a
    negative of this class, out of the pairs left once it is deleted. spent_without: (K,) queries
    of other classes that are spent once the class is deleted.
    """

    margins: Reals
    at: int
    few: int
    active: Ints
    loss: Reals
    hardest: Reals
    hardest_hard: Reals
    hardest_loss: Reals
    spent: Bools
    to_class: Reals
    spent_without: Reals


@dataclass(frozen=True, eq=False)
class _Block:
    active: Ints
    loss: Reals
    hardest: Reals
    to_class: Reals
    spent: Bools
    spent_without: Reals


def margin_counts(placed: Placed, source: Source, known: Known, asked: Asked) -> MarginCounts:
    """One pass over all pairs of queries and gallery.

    source: of ``placed``, queries and gallery in its order. known: per query in the order given.
    """
    order, plan = placed.order, placed.plan
    known = Known(known.nearest[order], known.z[order], known.sole[order])
    parts: list[_Block] = []
    to_class, without = np.zeros(plan.classes), np.zeros(plan.classes)
    for _, block in sweep(
        partial(_one_block, plan, known, asked, source),
        list(plan.spans()),
        "margins of all triplets",
    ):
        parts.append(block)
        to_class += block.to_class
        without += block.spent_without
    back = np.argsort(order)
    hardest = np.concatenate([b.hardest for b in parts])[back]
    found = MarginCounts(
        margins=asked.margins,
        at=asked.at,
        few=asked.few,
        active=np.concatenate([b.active for b in parts])[back],
        loss=np.concatenate([b.loss for b in parts])[back],
        hardest=hardest[:, 0],
        hardest_hard=hardest[:, 1],
        hardest_loss=hardest[:, 2],
        spent=np.concatenate([b.spent for b in parts])[back],
        to_class=to_class,
        spent_without=without,
    )
    for value in vars(found).values():
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
    return found


def active_counts(placed: Placed, source: Source, margins: Reals, squared: Bools) -> Ints:
    """(q, T) pairs that violate each margin, per query in the order given; one pass.

    squared: (T,) margins of squared distances, see ``Asked``. The others are as in ``margin_counts``.
    """
    work = partial(_active_alone, placed.plan, margins, squared, source)
    spans = list(placed.plan.spans())
    parts = [part for _, part in sweep(work, spans, "triplets at several margins")]
    return np.asarray(np.concatenate(parts)[np.argsort(placed.order)])


def _one_block(
    plan: RankPlan, known: Known, asked: Asked, source: Source, start: int, stop: int
) -> _Block:
    scores, slack, offset, scale, cosine = _scores(plan, source, start, stop)
    n, part, at = stop - start, slice(start, stop), asked.at
    block = _Block(
        active=np.zeros((n, len(asked.margins)), dtype=np.int64),
        loss=np.zeros(n),
        hardest=np.zeros((n, 3)),
        to_class=np.zeros(plan.classes),
        spent=np.zeros(n, dtype=np.bool_),
        spent_without=np.zeros(plan.classes),
    )
    if len(asked.margins) > 1:
        active_block(
            scores, slack, offset, scale, cosine, source.recheck, source.queries[part], source.gallery,
            plan.query_codes[part], plan.self_at[part], plan.class_start, asked.margins,
            np.full(len(asked.margins), asked.squared), block.active,
        )  # fmt: skip
    own = np.zeros(n, dtype=np.int64)
    margin_block(
        scores, slack, offset, scale, cosine, source.recheck, source.queries[part], source.gallery,
        plan.query_codes[part], plan.self_at[part], plan.class_start, float(asked.margins[at]), asked.squared,
        known.nearest[part], known.z[part], known.sole[part], asked.few, own, block.loss,
        block.hardest, block.to_class, block.spent, block.spent_without,
    )  # fmt: skip
    block.active[:, at] = own
    return block


def _active_alone(
    plan: RankPlan, margins: Reals, squared: Bools, source: Source, start: int, stop: int
) -> Ints:
    scores, slack, offset, scale, cosine = _scores(plan, source, start, stop)
    part, active = slice(start, stop), np.zeros((stop - start, len(margins)), dtype=np.int64)
    active_block(
        scores, slack, offset, scale, cosine, source.recheck, source.queries[part], source.gallery,
        plan.query_codes[part], plan.self_at[part], plan.class_start, margins, squared, active,
    )  # fmt: skip
    return active


def _scores(
    plan: RankPlan, source: Source, start: int, stop: int
) -> tuple[Floats, Reals, Reals, float, bool]:
    """Scores and slack of a block; own and scale as in ``margin_block``; whether the metric is cosine."""
    code = plan.query_codes[start]  # a large class shares its block with no other
    large = bool(plan.class_start[code + 1] - plan.class_start[code] > LARGE_CLASS)
    scores, slack = source.scores(start, stop, precise=large)
    if isinstance(source, VectorSource):
        return scores, slack, source.own[start:stop], source.scale, source.cosine
    return scores, slack, np.zeros(stop - start), 0.0, False
