"""How much of the accuracy do queries owe to copies of themselves in the gallery?

Each leaked query is looked up again without the rows that are copies of it; all others keep their answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from embedding_second_opinion.data.arrays import Bools, Ints, Reals
from embedding_second_opinion.geometry.geometry import NEIGHBORS, Geometry, Neighbors
from embedding_second_opinion.stats.intervals import Interval, no_interval, share_interval

from .doubt import doubtful
from .null import Null, null
from .with_and_without import Pair, delete_one, none_seen, open_ended, saved

MOST_COPIES = 200  # of one query that are looked past
TIED = 0.02  # share of comparisons that are ties, from where equal vectors prove nothing
STEPS = 0.2  # share of neighbours as far as the one before though another row: distances have few values
LOOKED_AT = 10  # neighbours
DOUBT = "of which copies and rows of a tight class cannot be told apart"


@dataclass(frozen=True, eq=False)
class Copies:
    """leaked: positions (among the queries) that have a copy in the gallery; copy: its row number, and
    distance, of each. share: of all anchors, with its interval. foreign: leaked queries whose nearest copy
    is of another class. left_out: leaked queries with no other positive than copies.
    coarse: why equal vectors are no sign of copies here, or ""; then nothing is taken away.
    pair: accuracy with and without copies, None where nothing was.
    """

    null: Null
    leaked: Ints
    copy: Ints
    distance: Reals
    share: float
    share_interval: Interval
    foreign: int
    left_out: int
    doubtful: float
    coarse: str
    pair: Pair | None


def find_copies(space: Geometry) -> Copies:
    """Which queries have copies, and the accuracy without these. Needs vectors and anchors."""
    ranks = space.ranks
    a = ranks.anchors
    limits = null(space)
    near = _wide_enough(space, limits.threshold)
    has = near.distances[a, 0] <= limits.threshold
    leaked = a[has]
    codes = ranks.codes[a]
    copy = near.rows[leaked, 0]
    mine = space.evaluation.codes[space.evaluation.queries[leaked]]
    coarse, share = _coarse(space), float(has.mean())
    units = len(np.unique(codes))
    spread = share_interval(share, delete_one(has, codes, ranks.classes), units)
    if not len(leaked):
        spread = none_seen(_chances(space, len(a)), units, "no query has a copy in the gallery")
    pair, left_out, doubts = None, 0, 0.0
    if not coarse:
        pair, left_out = _without(space, near, limits.threshold, leaked)
        doubts = len(doubtful(space, near, limits.threshold)) / len(a)
    if pair is not None:
        pair = replace(pair, interval=open_ended(pair.interval, doubts, DOUBT))
    return Copies(
        null=limits,
        leaked=leaked,
        copy=copy,
        distance=near.distances[leaked, 0],
        share=share,
        share_interval=spread,
        foreign=int(np.count_nonzero(space.evaluation.codes[copy] != mine)),
        left_out=left_out,
        doubtful=doubts,
        coarse=coarse,
        pair=pair,
    )


def _coarse(space: Geometry) -> str:
    """In coarsely rounded or collapsed vectors rows coincide though nobody copied them."""
    ranks, data = space.ranks, space.evaluation.data
    a = ranks.anchors
    tied = float((ranks.tied[a] / (ranks.positives[a] * ranks.negatives[a])).mean())
    if tied > TIED:
        return f"{100 * tied:.0f} % of all comparisons are ties"
    near = space.neighbors(LOOKED_AT)
    one, two = near.rows[a, :-1], near.rows[a, 1:]
    same = (near.distances[a, :-1] == near.distances[a, 1:]) & (near.distances[a, 1:] > 0)
    if data is None or same.mean() <= STEPS:
        return ""
    # Two copies of one row are as far from everyone else: these do not count.
    differ = (data.vectors[one[same]] != data.vectors[two[same]]).any(axis=1)
    steps = float(differ.sum() / same.size)
    return f"{100 * steps:.0f} % of neighbours are as far as another" if steps > STEPS else ""


def _wide_enough(space: Geometry, threshold: float) -> Neighbors:
    """Neighbours until, for every query, one of them is no copy; at most ``MOST_COPIES``."""
    k = NEIGHBORS
    near = space.neighbors(k)
    while k < MOST_COPIES and near.rows.shape[1] == k:
        if not (near.distances[space.ranks.anchors, -1] <= threshold).any():
            break
        k *= 2
        near = space.neighbors(k)
    return near


def _without(
    space: Geometry, near: Neighbors, threshold: float, leaked: Ints
) -> tuple[Pair | None, int]:
    """Both accuracies over the anchors that keep a positive and a negative, and how many do not."""
    ranks, codes = space.ranks, space.evaluation.codes
    right, sole = ranks.right.copy(), ranks.sole.copy()
    judged = np.zeros(len(right), dtype=np.bool_)
    judged[ranks.anchors] = True
    for q in leaked.tolist():
        known = near.rows[q] >= 0
        classes, far = codes[near.rows[q][known]], near.distances[q][known]
        copies = far <= threshold
        own = classes == ranks.class_ids[ranks.codes[q]]
        if (
            (copies[-1] and len(far) < len(space.evaluation.enrolled) - 1)
            or (own & copies).sum() >= ranks.positives[q]
            or (~own & copies).sum() >= ranks.negatives[q]
        ):
            judged[q] = False
            continue
        right[q], rival = _answer(classes[~copies], far[~copies], own[~copies])
        sole[q] = -1 if rival < 0 else int(np.searchsorted(ranks.class_ids, rival))
    rows = np.flatnonzero(judged)
    left_out = len(ranks.anchors) - len(rows)
    if not len(rows):
        return None, left_out
    c, k = ranks.codes[rows], ranks.classes
    before, after = ranks.right[rows], right[rows]
    without = (
        delete_one(before, c, k, saved(ranks.sole[rows], k)),
        delete_one(after, c, k, saved(sole[rows], k)),
    )
    pair = Pair.of(before, after, without, c)
    if (before != after).any():
        return pair, left_out
    seen = "taking the copies away changes no answer" if len(leaked) else "no query has a copy"
    return replace(pair, interval=none_seen(_chances(space, len(rows)), pair.units, seen)), left_out


def _chances(space: Geometry, queries: int) -> int:
    """Independent chances to see a copy: in one set a pair of copies shows at both."""
    return queries // 2 if space.evaluation.leave_one_out else queries


def _answer(classes: Ints, far: Reals, own: Bools) -> tuple[float, int]:
    """1 where the nearest row left is of the query's class, and the class that alone beats it, or -1.

    A tie is an error. Where no positive is in the list, a single class that fills it is not known to be
    the only one: it saves nothing.
    """
    if not own.any():
        return 0.0, -1
    rivals = np.unique(classes[~own & (far <= far[own].min())])
    return float(not len(rivals)), int(rivals[0]) if len(rivals) == 1 else -1


def unknown(copies: Copies) -> Interval:
    """Why copies cannot be judged."""
    if copies.coarse:
        return no_interval(f"{copies.coarse}, so equal vectors are no sign of copies")
    return no_interval("no query has a positive that is no copy of it")
