"""How far from the gallery are those who are enrolled, and those who are not?

For a class jackknife each row also needs its distance once the enrolled class nearest to it is deleted.
It comes from the nearest fifty rows, and is a lower bound where these are all of one class.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals, Rows
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import NEIGHBORS, Geometry, Neighbors

FEWEST_ROWS = 20  # fewer have no 95 % quantile


@dataclass(frozen=True, eq=False)
class Near:
    """Rows and the enrolled class nearest to each, by number of the evaluation; all (n,).

    distance: to the nearest enrolled row. own, nearest: class of the row, and of the nearest row.
    beyond: the distance once ``nearest`` is deleted; bounded: rows for which it is a lower bound.
    """

    rows: Rows
    distance: Reals
    own: Ints
    nearest: Ints
    beyond: Reals
    bounded: int

    @property
    def classes(self) -> int:
        """Classes that the rows are of."""
        return len(np.unique(self.own))


@dataclass(frozen=True, eq=False)
class Sides:
    """Known queries against strangers.

    known: queries that have a positive enrolled, and their nearest row of any class. right: (n,) whether it
    is of their class. sole: (n,) the class that alone stands before it, or -1.
    positive: (n,) distance to the nearest row of their class.
    strange: those who are not enrolled. rehearsal: they are the known ones, their class taken out.
    fitted: the rows that set the threshold. fitted_on: their words.
    """

    known: Near
    right: Ints
    sole: Ints
    positive: Reals
    strange: Near
    rehearsal: bool
    fitted: Near
    fitted_on: str

    @property
    def few(self) -> str:
        """Why the threshold is none, where too few rows set it."""
        n = len(self.fitted.rows)
        if n >= FEWEST_ROWS:
            return ""
        return f"a 95 % quantile takes {FEWEST_ROWS} rows, and {number(n)} set the threshold"


def sides(space: Geometry) -> Sides:
    """True strangers where there are any, else each class in turn."""
    ranks = space.ranks
    a = ranks.anchors
    true = space.has_vectors and len(space.evaluation.strangers) > 0
    listed = space.neighbors(NEIGHBORS)
    rows = space.evaluation.queries[a]
    known = _near(space, rows, Neighbors(listed.rows[a], listed.distances[a]))
    sole = ranks.sole[a]
    fitted, fitted_on = _fitted(space, known)
    return Sides(
        known=known,
        right=np.asarray(ranks.z[a] == 0, dtype=np.int64),
        sole=np.where(sole >= 0, ranks.class_ids[sole], -1),
        positive=ranks.nearest_positive_distance[a],
        strange=_near(space, space.evaluation.strangers, space.strangers)
        if true
        else _taken_out(space),
        rehearsal=not true,
        fitted=fitted,
        fitted_on=fitted_on,
    )


def rehearsed(space: Geometry, seen: Sides) -> Sides:
    """The same with the known queries as strangers, each with its own class taken out."""
    return replace(seen, strange=_taken_out(space), rehearsal=True)


def _taken_out(space: Geometry) -> Near:
    """What is nearest to each known query once its own class is taken out."""
    ranks, codes = space.ranks, space.evaluation.codes
    a = ranks.anchors
    listed = space.neighbors(NEIGHBORS)
    own, nearest = space.codes[a], codes[ranks.nearest_negative[a]]
    distance = ranks.nearest_negative_distance[a]
    beyond, bounded = _beyond(
        codes, Neighbors(listed.rows[a], listed.distances[a]), distance, (own, nearest)
    )
    return Near(space.evaluation.queries[a], distance, own, nearest, beyond, bounded)


def _fitted(space: Geometry, known: Near) -> tuple[Near, str]:
    """The rows that set the threshold, and their words: those of a validation split, or the queries."""
    apart = space.evaluation.validation() if space.has_vectors else {}
    for name, rows in apart.items():
        if len(rows) >= FEWEST_ROWS:
            return _near(space, rows, space.nearest_enrolled(rows)), f"the split '{name}'"
    return known, "the queries"


def _near(space: Geometry, rows: Rows, listed: Neighbors) -> Near:
    codes = space.evaluation.codes
    nearest, distance = codes[listed.rows[:, 0]], listed.distances[:, 0]
    beyond, bounded = _beyond(codes, listed, distance, (nearest,))
    return Near(rows, distance, codes[rows], nearest, beyond, bounded)


def _beyond(
    codes: Ints, listed: Neighbors, distance: Reals, gone: tuple[Ints, ...]
) -> tuple[Reals, int]:
    """(n,) distance to the nearest row listed of none of the classes ``gone``, (n,) each."""
    there = listed.rows >= 0
    found = there.copy()
    for classes in gone:
        found &= codes[listed.rows] != classes[:, None]
    at, hit = found.argmax(axis=1), found.any(axis=1)
    value = listed.distances[np.arange(len(at)), at]
    # Nothing else is listed: it is farther than the last one listed, or not there at all.
    last = np.where(there, listed.distances, -np.inf).max(axis=1, initial=-np.inf)
    lower = np.where(there.all(axis=1), np.maximum(last, distance), np.inf)
    return np.where(hit, value, lower), int(np.count_nonzero(~hit & np.isfinite(lower)))
