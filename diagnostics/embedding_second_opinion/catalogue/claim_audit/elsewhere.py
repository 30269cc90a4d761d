"""What would the same number be on other rows: those trained on, those left out, all, or those of the log?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Rows
from embedding_second_opinion.data.embeddings import InputError
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.rank_results import Ranks
from embedding_second_opinion.inputs.training_log import TrainingLog
from embedding_second_opinion.stats import surface

from .conventions import Convention

PAIRS = 50_000**2  # in all passes together: about what the evaluation itself takes at that size
MOST_GROUPS = 6
WHOLE = "all rows of the set"
WORDS = ("accuracy", "acc")  # in the name of a curve


@dataclass(frozen=True, eq=False)
class Elsewhere:
    """Other rows of the set, each looked up in the others of its group.

    looked: what the rows are called ("train rows"), and their rank pass. skipped: what was not tried, in
    clauses with the reason.
    """

    looked: tuple[tuple[str, Ranks], ...]
    skipped: tuple[str, ...]


def other_rows(space: Geometry) -> Elsewhere:
    """A pass among the rows of the gallery, of each other split, and of the whole set.

    Groups without two rows of one class beside another class are no place for either number.
    """
    looked: list[tuple[str, Ranks]] = []
    skipped: list[str] = []
    left = PAIRS
    for name, rows in _groups(space):
        sizes = np.bincount(space.evaluation.codes[rows])
        if sizes.max() < 2 or np.count_nonzero(sizes) < 2:
            continue
        if len(rows) ** 2 > left:
            skipped.append(f"{name} among themselves ({len(rows):,}), which would take long")
        elif len(looked) == MOST_GROUPS:
            skipped.append(f"{name} ({len(rows):,}), as there are more than {MOST_GROUPS} groups")
        else:
            try:
                ranks = space.among(rows, name).ranks
            except InputError as error:  # such as rows of length zero under cosine
                skipped.append(f"{name} among themselves: {str(error).rstrip('.')}")
                continue
            left -= len(rows) ** 2
            if len(ranks.anchors):
                looked.append((name, ranks))
    return Elsewhere(tuple(looked), tuple(skipped))


def triplets_elsewhere(found: Elsewhere) -> list[Convention]:
    """Triplet accuracy of each group."""
    return _told(found, "triplets", "triplet accuracy", surface.triplet_accuracy)


def searches_elsewhere(found: Elsewhere) -> list[Convention]:
    """1-NN accuracy of each group."""
    return _told(found, "closed_set", "1-NN accuracy", surface.closed_set_accuracy)


def _told(
    found: Elsewhere, code: str, words: str, accuracy: Callable[[Ranks], float]
) -> list[Convention]:
    return [
        Convention(
            code=f"{code}_{_code(name)}",
            gives=f"the {words} of {name if name == WHOLE else f'the {name}'} among themselves",
            value=accuracy(ranks),
            about=_about(name, ranks),
            kind="other rows",
            drawn=code == "triplets",
        )
        for name, ranks in found.looked
    ]


def _groups(space: Geometry) -> list[tuple[str, Rows]]:
    evaluation, data = space.evaluation, space.evaluation.data
    if data is None:
        return []
    found: list[tuple[str, Rows]] = []
    if evaluation.gallery is not None:
        found.append((f"{evaluation.gallery_name} rows", evaluation.gallery))
    if data.split is not None:
        for value in np.unique(data.split).tolist():
            found.append((f"{value} rows", np.flatnonzero(data.split == value)))
    found.append((WHOLE, np.arange(data.n)))
    # The queries among themselves are no other rows; a group met twice is one.
    seen = {evaluation.queries.tobytes()}
    kept = []
    for name, rows in found:
        if rows.tobytes() not in seen:
            seen.add(rows.tobytes())
            kept.append((name, rows))
    return kept


def _code(name: str) -> str:
    if name == WHOLE:
        return "of_all_rows"
    return "of_" + "".join(c if c.isalnum() else "_" for c in name.removesuffix(" rows")).lower()


def _about(name: str, ranks: Ranks) -> str:
    rows = WHOLE.removeprefix("all ") if name == WHOLE else name
    classes = number(ranks.classes, "class")
    return f"{len(ranks.anchors):,} {rows}, each against the others, of {classes}"


def logged_conventions(log: TrainingLog | None) -> list[Convention]:
    """The last and the largest value of each curve of accuracies, where all its values are shares."""
    found: list[Convention] = []
    if log is None:
        return found
    for role, curve in log.curves.items():
        name = log.called.get(role, role)
        seen = curve[np.isfinite(curve)]
        told = any(word in text.lower() for word in WORDS for text in (role, name))
        if not told or not len(seen) or seen.min() < 0 or seen.max() > 1:
            continue
        for when, value in (("last", float(seen[-1])), ("best", float(seen.max()))):
            code = "".join(c if c.isalnum() else "_" for c in f"log_{role}_{when}")
            found.append(
                Convention(
                    code=code.lower(),
                    gives=f"the {when} row of '{name[:40]}' in the training log",
                    value=value,
                    about=f"'{name[:40]}' of {log.name}, {len(seen):,} rows",
                    kind="other rows",
                    family=f"log {role}",
                )
            )
    return found
