"""What would the usual ways of mining draw from this space: how much of it teaches, how much is hard?

Sources: Schroff et al., CVPR 2015 (semi-hard); Hermans et al., arXiv 1703.07737 (batch-hard); Wu et al., ICCV
2017 (why the hardest negatives of all are noisy).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Ints
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.row_keys import class_keys, row_keys

from .kernel_batches import Mined, mine
from .kernel_margin_counts import MarginCounts
from .sides import Side

BATCHES = 200
CLASSES_DRAWN, ROWS_DRAWN = 32, 4  # P x S: 128 rows, as many as a small card holds


@dataclass(frozen=True)
class Miner:
    """active: share of its triplets that violate the margin; hard: that are in the wrong order; loss: mean.

    how: what it draws, in words. simulated: from batches, else exact over all rows.
    """

    name: str
    active: float
    hard: float
    loss: float
    how: str
    simulated: bool = False


@dataclass(frozen=True)
class Mining:
    """miners: random first. batch: words for a batch, empty where none can be drawn."""

    miners: tuple[Miner, ...]
    batch: str

    def of(self, name: str) -> Miner | None:
        """The miner of this name, where it could be tried."""
        return next((m for m in self.miners if m.name == name), None)


def try_miners(space: Geometry, side: Side, counts: MarginCounts, margin: float) -> Mining:
    """Random and hardest-negative exactly; semi-hard and batch-hard in seeded batches of these rows."""
    ranks, a = side.ranks, side.ranks.anchors
    positives, pairs = ranks.positives[a], ranks.positives[a] * ranks.negatives[a]
    random = Miner(
        "random",
        float((counts.active[a, counts.at] / pairs).mean()),
        float((ranks.lost[a] / pairs).mean()),
        float((counts.loss[a] / pairs).mean()),
        "every triplet alike",
    )
    hardest = Miner(
        "hardest negative",
        float((counts.hardest[a] / positives).mean()),
        float((counts.hardest_hard[a] / positives).mean()),
        float((counts.hardest_loss[a] / positives).mean()),
        "a random positive, the nearest negative of all rows",
    )
    batches, words = _batches(space, side) if side.alone else ([], "")
    if not batches:
        return Mining((random, hardest), "")
    codes = space.evaluation.codes
    mined = [mine(space.source(rows, rows, precise=False), codes[rows], margin) for rows in batches]
    return Mining((random, *_in_batches(mined), hardest), words)


def _in_batches(mined: list[Mined]) -> tuple[Miner, Miner]:
    sums = Mined(*(sum(values) for values in zip(*mined, strict=True)))
    return (
        Miner(
            "semi-hard",
            sums.semi_hard / sums.pairs,
            0.0,
            sums.semi_hard_loss / sums.pairs,
            "each positive of the batch, a negative that is farther, but within the margin",
            simulated=True,
        ),
        Miner(
            "batch-hard",
            sums.active / sums.anchors,
            sums.hard / sums.anchors,
            sums.loss / sums.anchors,
            "the farthest positive and the nearest negative of the batch",
            simulated=True,
        ),
    )


def _batches(space: Geometry, side: Side) -> tuple[list[Ints], str]:
    """Row numbers of each batch: some classes with a pair of rows, some rows of each."""
    classes = _canonical(space, side.queries)
    if len(classes) < 2:
        return [], ""
    drawn = min(CLASSES_DRAWN, len(classes))
    rng = space.rng("triplet_census: batches")
    batches = [
        np.concatenate(
            [
                rng.permutation(classes[c])[:ROWS_DRAWN]
                for c in rng.choice(len(classes), drawn, replace=False).tolist()
            ]
        )
        for _ in range(BATCHES)
    ]
    most = max(len(rows) for rows in classes)
    rows_words = f"{ROWS_DRAWN} rows" if most >= ROWS_DRAWN else f"at most {most} rows"
    return batches, f"{drawn} classes x {rows_words}"


def _canonical(space: Geometry, rows: Ints) -> list[Ints]:
    """The rows of each class that has two or more, in an order that is theirs, not the file's."""
    codes = np.unique(space.evaluation.codes[rows], return_inverse=True)[1]
    if not space.has_vectors:
        keys = np.arange(len(rows), dtype=np.uint64)
        of_class = np.arange(int(codes.max()) + 1, dtype=np.uint64)
    else:
        keys = row_keys(space.points, space.rng("triplet_census: keys"))
        of_class = class_keys(keys, codes, int(codes.max()) + 1)
    order = np.lexsort((keys, codes))
    parts = np.split(rows[order], np.cumsum(np.bincount(codes))[:-1])
    return [parts[c] for c in np.argsort(of_class, kind="stable").tolist() if len(parts[c]) > 1]
