"""What is a convention called, what does it mean that it gives the claim, and what is to be done about it?"""

from __future__ import annotations

from .conventions import Convention, Kind

# By its name among the estimates: for a chart, the subject of "... gives the claim", and its kind.
CALLED: dict[str, tuple[str, str, Kind]] = {
    "triplet_accuracy": ("Triplets, exact", "the exact triplet accuracy", "variant"),
    "triplets_ties_half": ("Triplets, ties counted half", "counting a tie half", "variant"),
    "triplets_ties_right": (
        "Triplets, ties right",
        "counting a tie as right (d_ap <= d_an)",
        "fault",
    ),
    "triplets_pooled": (
        "All triplets pooled",
        "pooling all triplets (large classes rule)",
        "variant",
    ),
    "triplets_class_mean": ("Triplets, mean over classes", "the mean over classes", "variant"),
    "triplets_own_positive": (
        "Anchor drawn as its own positive",
        "drawing the anchor as its own positive too",
        "fault",
    ),
    "closed_set_told_as_triplets": (
        "1-NN accuracy told as triplets",
        "the 1-NN accuracy told as a triplet accuracy",
        "other number",
    ),
    "triplets_against_gallery": (
        "Triplets against the gallery",
        "drawing positives and negatives from the gallery",
        "variant",
    ),
    "triplets_margin_kept": (
        "Margin kept",
        "counting the triplets that keep the margin",
        "other number",
    ),
    "triplets_margin_missed": (
        "Margin on the wrong side",
        "letting a triplet pass that is wrong by less than the margin",
        "fault",
    ),
    "triplets_margin_kept_squared": (
        "Margin kept, squared distances",
        "counting the triplets that keep the margin in the squared distance",
        "other number",
    ),
    "triplets_margin_missed_squared": (
        "Margin on the wrong side, squared distances",
        "letting a triplet pass that is wrong by less than the margin in the squared distance",
        "fault",
    ),
    "closed_set_accuracy": ("1-NN, exact", "the exact closed-set accuracy", "variant"),
    "closed_set_ties_half": ("1-NN, ties at random", "breaking ties at random", "variant"),
    "closed_set_ties_right": ("1-NN, ties counted as right", "counting a tie as right", "fault"),
    "closed_set_class_mean": (
        "1-NN, mean over classes",
        "the mean over classes (macro)",
        "variant",
    ),
    "self_dropped_from_positives": (
        "Own row in the answers, called wrong",
        "leaving the query's own row among the answers but not among its matches",
        "fault",
    ),
    "self_match": (
        "Own row counted as a hit",
        "leaving the query's own row in the gallery (as scoring rows that are enrolled does)",
        "fault",
    ),
    "votes_of_five": ("Vote of 5", "a vote of the 5 nearest", "other number"),
    "votes_with_own_row": (
        "Vote of 5, own row one of them",
        "a vote of the 5 nearest with the query's own row as one of them",
        "fault",
    ),
    "closed_set_within_queries": (
        "1-NN of the queries among themselves",
        "looking the queries up among themselves",
        "other rows",
    ),
    "pair_accuracy": ("Balanced pairs, exact", "the exact accuracy of balanced pairs", "variant"),
    "pairs_auc": (
        "AUC told as accuracy",
        "the area under the ROC told as an accuracy",
        "other number",
    ),
    "pairs_as_they_come": (
        "All pairs as they come",
        "counting all pairs as they come (most are impostors)",
        "fault",
    ),
    "pairs_called_different": (
        "Every pair called different",
        "calling every pair different",
        "fault",
    ),
    "pairs_own_threshold": (
        "Threshold fitted on the judged pairs",
        "fitting the threshold on the pairs that it judges",
        "fault",
    ),
}
_TIES = "Rows that cannot be told apart count as told apart: one point would be at 100 %."
_IMPOSTORS = (
    "Nearly all pairs are impostors: whoever calls every pair different is right about these."
)
MEANS: dict[str, str] = {
    "self_match": "A query that stays in the gallery is its own nearest row: the number is 100 % under any "
    "labels and any model.",
    "self_dropped_from_positives": "The query's own row comes first and is called wrong: the number is 0 % "
    "under any labels and any model.",
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
_OWN_ROW = "Take each query out of its own answers, by its row number."
_BALANCE = "Judge as many genuine as impostor pairs, or give the rates of both kinds."
_SIDE = "Put the margin on the side of the positive: d_ap + margin < d_an."
MENDED: dict[str, str] = {
    "self_match": "Take each query out of the gallery by its row number (not by distance 0), or look up "
    "rows that are not enrolled.",
    "self_dropped_from_positives": _OWN_ROW,
    "recall_at_5_self_first": _OWN_ROW,
    "recall_at_10_self_first": _OWN_ROW,
    "votes_with_own_row": _OWN_ROW,
    "triplets_own_positive": "Leave the anchor out of its positives by its row number, and drop rows "
    "that are alone in their class.",
    "triplets_ties_right": "Ask for d_ap < d_an, and report how many tie.",
    "closed_set_ties_right": "Call a tie an error, and report how many tie.",
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
    ends: tuple[float, float] | None = None,
    *,
    drawn: bool = False,
) -> Convention:
    """A convention of ``CALLED`` with what it gives here; ends: where a correct program may land."""
    low, high = ends or (None, None)
    family = "ties" if "_ties_" in code else ""
    return Convention(
        code, *CALLED[code][:2], value, about, CALLED[code][2], low, high, family, drawn
    )


def meaning_of(given: Convention) -> str:
    """What the claim tells, if this is what gives it."""
    return MEANS.get(given.code, OF_KIND[given.kind])


def remedy_of(given: Convention) -> str:
    """What to change before the next claim; empty where only the name of the number is wrong."""
    if given.kind == "other rows":
        return "Do not claim for new samples what was counted on others."
    return MENDED.get(given.code, "")
