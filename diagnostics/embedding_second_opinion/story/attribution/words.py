"""What is each change called, and what would one that cannot be made need?"""

from __future__ import annotations

from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Believed
from embedding_second_opinion.stats.rejection import STRANGER_RATE

from .cells import Cells
from .stages import Missing

NAMES = {
    "B": "measured exactly",
    "G": "against the gallery",
    "P": "all positives enrolled",
    "N": "all negatives compete",
    "W": "every class counts alike",
    "S": "rows held out",
    "C": "unseen classes",
    "O": f"{100 * STRANGER_RATE:.0f} % are strangers",
}


def missing(space: Geometry, found: Cells, claim: Believed | None) -> tuple[Missing, ...]:
    """The changes that are not made, each with what it would need, in the order of the waterfall."""
    all_rows = "the claim is about all enrolled rows already"
    strangers = len(space.evaluation.strangers)
    needs = {
        "B": f"a claim about {claim.words} is none about triplets or about a search"
        if claim
        else "no number was claimed (--claimed)",
        "G": _gallery_needs(space, claim),
        "P": all_rows,
        "N": all_rows,
        "S": _split_needs(space, claim),
        "C": "rows of unseen classes have another gallery: see the generalisation gap",
        "O": "open_set did not run" if strangers else "nobody is named a stranger (--strangers)",
    }
    return tuple(
        Missing(letter=letter, name=NAMES[letter], needs=text)
        for letter, text in needs.items()
        if letter not in found.letters
    )


def _gallery_needs(space: Geometry, claim: Believed | None) -> str:
    if claim is not None and claim.metric == "closed-set":
        return "the claim is about a gallery already"
    if space.evaluation.leave_one_out:
        return "queries and gallery are the same rows (--gallery-split, --query-split)"
    return "the queries have no triplets of their own, or only distances to the gallery are given"


def _split_needs(space: Geometry, claim: Believed | None) -> str:
    if space.evaluation.leave_one_out:
        return "all rows are of one part (--gallery-split, --query-split)"
    if claim is None or claim.split != "gallery":
        return "no claim is said to be about the gallery's own rows (--claimed-split gallery)"
    return "the gallery's rows have no triplets of their own"
