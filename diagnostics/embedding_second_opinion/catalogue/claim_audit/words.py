"""What is a convention called, what does it mean that it gives the claim, and what is to be done about it?"""

from __future__ import annotations

from .conventions import Convention, Kind

# By kind and by name among the estimates: the subject of "... gives the claim".
CALLED: dict[Kind, dict[str, str]] = {
    "variant": {
        "triplet_accuracy": "the exact triplet accuracy",
        "triplets_ties_half": "counting a tie half",
        "triplets_pooled": "pooling all triplets (large classes rule)",
        "triplets_class_mean": "the mean over classes",
        "triplets_against_gallery": "drawing positives and negatives from the gallery",
        "closed_set_accuracy": "the exact closed-set accuracy",
        "closed_set_ties_half": "breaking ties at random",
        "closed_set_class_mean": "the mean over classes (macro)",
        "pair_accuracy": "the exact accuracy of balanced pairs",
    },
    "fault": {
        "triplets_ties_right": "counting a tie as right (d_ap <= d_an)",
        "triplets_own_positive": "drawing the anchor as its own positive too",
        "triplets_margin_missed": "letting triplets pass that are wrong by less than the margin",
        "triplets_margin_missed_squared": "letting triplets pass that are wrong by less than the "
        "margin in the squared distance",
        "closed_set_ties_right": "counting a tie as right",
        "self_dropped_from_positives": "leaving the query's own row among the answers but not among "
        "its matches",
        "self_match": "leaving the query's own row in the gallery (as scoring enrolled rows does)",
        "votes_with_own_row": "a vote of the 5 nearest with the query's own row as one of them",
        "pairs_as_they_come": "counting all pairs as they come (most are impostors)",
        "pairs_called_different": "calling every pair different",
        "pairs_own_threshold": "fitting the threshold on the pairs that it judges",
    },
    "other rows": {"closed_set_within_queries": "looking the queries up among themselves"},
    "other number": {
        "closed_set_told_as_triplets": "the 1-NN accuracy told as a triplet accuracy",
        "triplets_margin_kept": "counting the triplets that keep the margin",
        "triplets_margin_kept_squared": "counting the triplets that keep the margin in the squared "
        "distance",
        "votes_of_five": "a vote of the 5 nearest",
        "pairs_auc": "the area under the ROC told as an accuracy",
    },
}
_TIES = "Rows that cannot be told apart count as told apart: one point would be at 100 %."
_IMPOSTORS = "Nearly all pairs are impostors: calling every pair different is right about these."
MEANS: dict[str, str] = {
    "self_match": "A query that stays in the gallery is its own nearest row, under any labels and model.",
    "self_dropped_from_positives": "The query's own row comes first and is called wrong, under any "
    "labels and model.",
    "triplets_own_positive": "In a class of n rows every n-th positive drawn is the anchor itself, at "
    "distance 0, and right for nothing.",
    "triplets_ties_right": _TIES,
    "closed_set_ties_right": _TIES,
    "pairs_as_they_come": _IMPOSTORS,
    "pairs_called_different": _IMPOSTORS,
}
OF_KIND: dict[Kind, str] = {
    "variant": "The same rows were counted otherwise: a number in its own right, under another name.",
    "fault": "The claim tells about the code that counted it, and not about the model alone.",
    "other rows": "The claim is about other rows than those judged here.",
    "other number": "The claim answers another question, which is easier or harder to be right about.",
}
_OWN_ROW = "Take each query out of its own answers, by its row number (not by distance 0)."
_TIE = "Call a tie an error, and report how many tie."
_BALANCE = "Judge as many genuine as impostor pairs, or give the rates of both kinds."
_SIDE = "Put the margin on the side of the positive: d_ap + margin < d_an."
MENDED: dict[str, str] = {
    "self_match": _OWN_ROW,
    "self_dropped_from_positives": _OWN_ROW,
    "recall_at_5_self_first": _OWN_ROW,
    "recall_at_10_self_first": _OWN_ROW,
    "votes_with_own_row": _OWN_ROW,
    "triplets_own_positive": "Leave the anchor out of its positives by its row number, and drop rows "
    "that are alone in their class.",
    "triplets_ties_right": _TIE,
    "closed_set_ties_right": _TIE,
    "pairs_as_they_come": _BALANCE,
    "pairs_called_different": _BALANCE,
    "pairs_own_threshold": "Fit the threshold on other pairs than it judges.",
    "triplets_margin_missed": _SIDE,
    "triplets_margin_missed_squared": _SIDE,
}


def called(
    code: str,
    value: float,
    about: str,
    ends: tuple[float, float] | tuple[None, None] = (None, None),
    *,
    drawn: bool = False,
) -> Convention:
    """A convention of ``CALLED`` with what it gives here; ends: where a correct program may land."""
    kind = next(kind for kind, named in CALLED.items() if code in named)
    low, high = ends
    family = "ties" if "_ties_" in code else ""
    return Convention(code, CALLED[kind][code], value, about, kind, low, high, family, drawn)


def meaning_of(given: Convention) -> str:
    """What the claim tells, if this is what gives it."""
    return MEANS.get(given.code, OF_KIND[given.kind])


def remedy_of(given: Convention) -> str:
    """What to change before the next claim; empty where only the name of the number is wrong."""
    if given.kind == "other rows":
        return "Do not claim for new samples what was counted on others."
    return MENDED.get(given.code, "")
