"""Which rows is a remedy fitted on, which choose among remedies, and which measure the one chosen?

No row has two of these roles in one deal, by its number or by its content: a row that is equal to one it
was fitted or chosen on would be recognised by heart.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Keys, Rows
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.row_keys import row_keys

LARGE = 20_000  # rows, of which two folds are enough to measure by: each fit takes seconds
FOLDS = 5  # without a split: one measures, one chooses, three are fitted on
MOST = 5_000  # rows that choose, and as many that measure, over all deals


@dataclass(frozen=True, eq=False)
class Roles:
    """One deal. fit, choose, test: row numbers of the set; dropped: rows equal to one fitted or chosen on.

    Raises ValueError where a row has two roles.
    """

    fit: Rows
    choose: Rows
    test: Rows
    dropped: int = 0

    def __post_init__(self) -> None:
        sides = {"fitted on": self.fit, "chosen on": self.choose, "measured on": self.test}
        for one, two in combinations(sides, 2):
            both = np.intersect1d(sides[one], sides[two])
            if len(both):
                raise ValueError(
                    f"{len(both)} rows are {one} and {two} (first: row {both[0]}); a remedy must not see "
                    "what it is measured on. Keep the two apart."
                )


@dataclass(frozen=True)
class Dealt:
    """All deals, and in words how they were made."""

    deals: tuple[Roles, ...]
    how: str

    @property
    def dropped(self) -> int:
        """Rows left out of measuring because an equal one was fitted or chosen on."""
        return sum(roles.dropped for roles in self.deals)


def deal(space: Geometry) -> Dealt:
    """Validation rows choose where there are some; else halves of the queries in turn; without a gallery
    folds of all rows. Everything is drawn by what rows hold, so that their order does not matter.
    """
    evaluation = space.evaluation
    assert evaluation.data is not None
    keys = row_keys(evaluation.data.vectors, space.rng("remedies: roles"))
    codes = evaluation.codes
    if evaluation.leave_one_out:
        rows = evaluation.enrolled
        fold = _dealt_out(rows, codes, keys, FOLDS)
        turns = FOLDS if len(rows) <= LARGE else 2
        deals = []
        for i in range(turns):
            chooses, measures = fold == (i + 1) % FOLDS, fold == i
            choose, test = (_some(rows[x], keys, MOST // turns) for x in (chooses, measures))
            deals.append(_roles(rows[~chooses & ~measures], choose, test, keys))
        how = (
            f"cross-fitted, since there is no split: of {FOLDS} folds of every class "
            f"{'each in turn measures' if turns == FOLDS else 'two in turn measure'}, another chooses, and "
            "the rest is enrolled and fitted on, two fifths fewer than in use"
        )
        return Dealt(tuple(deals), how)
    queries, fit = evaluation.queries, evaluation.enrolled
    apart = evaluation.validation().values()
    if apart:
        validation = np.sort(np.concatenate([*apart]))
        one = _roles(fit, _some(validation, keys, MOST), _some(queries, keys, MOST), keys)
        how = "fitted on the gallery, chosen on validation rows, measured on the queries"
        return Dealt((one,), how)
    half = _dealt_out(queries, codes, keys, 2)
    first, second = (_some(queries[half == i], keys, MOST // 2) for i in range(2))
    how = "fitted on the gallery, chosen on one half of the queries and measured on the other, both ways"
    both = (_roles(fit, first, second, keys), _roles(fit, second, first, keys))
    return Dealt(both, how)


def _roles(fit: Rows, choose: Rows, test: Rows, keys: Keys) -> Roles:
    """Without the rows that would be known by heart."""
    chosen = choose[~np.isin(keys[choose], keys[fit])]
    fresh = test[~np.isin(keys[test], np.concatenate([keys[fit], keys[chosen]]))]
    return Roles(np.sort(fit), np.sort(chosen), np.sort(fresh), len(test) - len(fresh))


def _dealt_out(rows: Rows, codes: Ints, keys: Keys, parts: int) -> Ints:
    """(r,) part of each row: those of a class in turn, by their keys; each class begins elsewhere."""
    order = np.lexsort((keys[rows], codes[rows]))
    own = codes[rows][order]
    starts = np.searchsorted(own, own, side="left")
    part = np.empty(len(rows), dtype=np.int64)
    # The first key of a class says where it begins, or classes of one row would all be in the first part.
    begin = (keys[rows][order][starts] % np.uint64(parts)).astype(np.int64)
    part[order] = (np.arange(len(rows)) - starts + begin) % parts
    return part


def _some(rows: Rows, keys: Keys, most: int) -> Rows:
    return rows[np.argsort(keys[rows], kind="stable")[:most]]
