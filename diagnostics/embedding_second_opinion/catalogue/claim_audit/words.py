"""What does it mean that a convention gives the claim, and what is to be done about it?"""

from __future__ import annotations

from .conventions import Convention, Kind

MEANS: dict[str, str] = {
    "self_match": "A query that stays in the gallery is its own nearest row, at distance 0: the number "
    "is 100 % under any labels and any model.",
    "self_dropped_from_positives": "The query's own row comes first and is called wrong: the number is 0 % "
    "under any labels and any model.",
    "triplets_own_positive": "In a class of n rows every n-th positive drawn is the anchor itself, at "
    "distance 0, and right for nothing; rows alone in their class are always right.",
    "triplets_ties_right": "Rows that cannot be told apart count as told apart: an embedding that "
    "collapsed to one point would be at 100 %.",
    "closed_set_ties_right": "Rows that cannot be told apart count as told apart: an embedding that "
    "collapsed to one point would be at 100 %.",
    "pairs_as_they_come": "Nearly all pairs are impostors: whoever calls every pair different is right "
    "about these, and recognises nobody.",
    "pairs_called_different": "Nearly all pairs are impostors: whoever calls every pair different is "
    "right about these, and recognises nobody.",
}
OF_KIND: dict[Kind, str] = {
    "variant": "The same rows were counted, or set up, otherwise: a number in its own right, under "
    "another name.",
    "fault": "The claim tells about the code that counted it, and not about the model alone.",
    "other rows": "The claim is about other rows than those judged here, such as the ones that the model "
    "was fitted to.",
    "other number": "The claim answers another question, which is easier or harder to be right about.",
}
MENDED: dict[str, str] = {
    "self_match": "Take each query out of the gallery by its row number (not by distance 0), or look up "
    "rows that are not enrolled.",
    "self_dropped_from_positives": "Take each query out of its own answers, by its row number.",
    "recall_at_5_self_first": "Take each query out of its own answers, by its row number.",
    "recall_at_10_self_first": "Take each query out of its own answers, by its row number.",
    "votes_with_own_row": "Take each query out of its own answers, by its row number.",
    "triplets_own_positive": "Leave the anchor out of its positives by its row number, and drop rows "
    "that are alone in their class.",
    "triplets_ties_right": "Ask for d_ap < d_an, and report how many tie.",
    "closed_set_ties_right": "Call a tie an error, and report how many tie.",
    "pairs_as_they_come": "Judge as many genuine as impostor pairs, or give the rates of both kinds.",
    "pairs_called_different": "Judge as many genuine as impostor pairs, or give the rates of both kinds.",
    "pairs_own_threshold": "Fit the threshold on other pairs than it judges.",
    "triplets_margin_missed": "Put the margin on the side of the positive: d_ap + margin < d_an.",
    "triplets_margin_missed_squared": "Put the margin on the side of the positive: d_ap + margin < d_an.",
}


def meaning_of(given: Convention) -> str:
    """What the claim tells, if this is what gives it."""
    return MEANS.get(given.code, OF_KIND[given.kind])


def remedy_of(given: Convention) -> str:
    """What to change before the next claim; empty where only the name of the number is wrong."""
    if given.kind == "other rows":
        return "Do not claim for new samples what was counted on others."
    return MENDED.get(given.code, "")
