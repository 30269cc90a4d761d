"""Which well-known bug draws such triplets, and if none, which mining do they look like?

A bug is named only where it leaves a trace that right code cannot: wrong labels, or choices that no
miner makes. Right code is named by what it nearly always chooses, far beyond chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.findings.wording import percent

from .facts import Facts
from .hardness import Hardness
from .replay import Replay

MOSTLY = 0.5  # of the triplets show the trace; chance shows it in one of a batch
NEARLY_ALL = 0.9
ALWAYS = (
    0.8  # excess over chance from which a miner is named: vectors may be older than the triplets
)
FEW = 0.05  # below, wrong labels are more likely odd labels than wrong code
LEANING = 1e-3  # of the rank test
FRONT = (
    -0.2
)  # of the batch: the k-th of a class, of at most half of the batch, is in its first half
FEWEST = 20  # triplets from which two minings can be told apart


@dataclass(frozen=True)
class Signature:
    """A bug. says: what the triplets show, as a clause. remedy: sentences for the code."""

    name: str
    says: str
    remedy: str


def bugs(facts: Facts, hard: Hardness, replay: Replay, batched: bool) -> tuple[Signature, ...]:
    """The bugs that these triplets show, each with its trace."""
    wrong_p, wrong_n = float(facts.wrong_p.mean()), float(facts.wrong_n.mean())
    if wrong_p >= NEARLY_ALL and wrong_n >= NEARLY_ALL:
        return (
            Signature(
                "swapped",
                f"positives and negatives are swapped: {percent(wrong_p)} of the positives are of "
                f"another class and {percent(wrong_n)} of the negatives of the anchor's",
                "Exchange the two columns of the file, or, where the loss was fed so, the two arguments.",
            ),
        )
    by_list = wrong_p >= FEW and replay.positive >= MOSTLY
    leaning = wrong_p >= MOSTLY and replay.p_positive < LEANING and replay.place_p < FRONT
    if by_list or leaning:
        return (_list_index(facts, replay, by_list, batched),)
    if wrong_p >= MOSTLY:
        return (
            Signature(
                "other_rows",
                f"the row numbers do not fit these labels: {percent(wrong_p)} of the positives are of "
                "another class",
                "See whether the file counts rows of another order (shuffled, filtered, one split only), or "
                "places within the batch, or whether a place in a list was used as one in the batch"
                + ("." if batched else "; with a column batch this could be told."),
            ),
        )
    return (*_negatives(facts, replay, batched), *_own(facts, hard, batched), *_easy(facts, hard))


def _list_index(facts: Facts, replay: Replay, by_list: bool, batched: bool) -> Signature:
    where = "batch" if batched else "set"
    right = 1 - float(facts.wrong_p.mean())
    text = (
        f"the positive is a place in the list of rows of the anchor's class, used as a place in the whole "
        f"{where}: only {percent(right)} of the positives are of the anchor's class"
    )
    if by_list:
        what = (
            "the anchor's own place in its class, as an argmin that does not leave the anchor out gives it,"
            if replay.positive_of == "itself"
            else f"the place of the {replay.positive_of} one"
        )
        text += f", and {what} foretells {percent(replay.positive)} of them"
    else:
        text += f", and they stand nearer the front than chance (p {_small(replay.p_positive)})"
    if replay.negative >= MOSTLY:
        text += (
            f"; the place of the {replay.negative_of} negative foretells {percent(replay.negative)} of the "
            "negatives"
        )
    return Signature(
        "list_index",
        text,
        f"Map the place in the list back to the {where} (candidates[k], not k), or mask the distances "
        "of rows "
        "that do not qualify; leave the anchor out; take the farthest positive and the nearest negative.",
    )


def _negatives(facts: Facts, replay: Replay, batched: bool) -> list[Signature]:
    wrong_n, where = float(facts.wrong_n.mean()), "batch" if batched else "set"
    by_chance = facts.expected_n
    if wrong_n == 0:
        return []
    share = (
        f"{percent(wrong_n)} of the negatives are of the anchor's class, which holds "
        f"{percent(by_chance)} of the {where}"
    )
    foretold = replay.negative >= MOSTLY
    leaning = wrong_n >= by_chance / 2 and replay.p_negative < LEANING
    if foretold or leaning:
        proof = (
            f"the place of the {replay.negative_of} one foretells {percent(replay.negative)} of them"
            if foretold
            else f"they stand nearer the front than chance (p {_small(replay.p_negative)})"
        )
        return [
            Signature(
                "negative_list_index",
                f"the negative is a place in the list of negatives, used as a place in the whole {where}: "
                f"{share}, and {proof}",
                f"Map the place in the list back to the {where} (negatives[k], not k), or mask the "
                "distances of "
                "the anchor's class before the argmin.",
            )
        ]
    # Labels that were changed since would make positives wrong too.
    if by_chance / 2 <= wrong_n < MOSTLY and facts.wrong_p.mean() <= wrong_n / 4:
        return [
            Signature(
                "unfiltered_negative",
                f"negatives are drawn without a look at the label: {share}",
                "Draw negatives from rows of other classes only.",
            )
        ]
    return []


def _own(facts: Facts, hard: Hardness, batched: bool) -> list[Signature]:
    own = float(facts.own.mean())
    if np.count_nonzero(facts.own) < 3:
        return []
    expected = min(facts.expected_own, key=lambda e: abs(np.log(own / e)))
    if own >= NEARLY_ALL and own - expected > FEW:
        turned = ", and the negative the farthest" if hard.far.excess >= MOSTLY else ""
        return [
            Signature(
                "always_own_positive",
                f"{percent(own)} of the anchors are their own positive{turned}",
                "Leave the anchor out of the candidates (set its own distance to infinity before the "
                "argmin).",
            )
        ]
    low, high = min(facts.expected_own) / 2, 2 * max(facts.expected_own) if batched else 1.0
    if not low <= own <= high:
        return []
    such = f", where such a draw gives {percent(expected)}" if batched else ""
    return [
        Signature(
            "own_positive",
            f"the positive is drawn from all rows of the class, the anchor among them: {percent(own)} of "
            "the anchors are "
            f"their own positive{such}",
            "Leave the anchor out by its index before drawing a positive.",
        )
    ]


def _easy(facts: Facts, hard: Hardness) -> list[Signature]:
    if hard.far.excess < MOSTLY:
        return []
    nearest = hard.near.excess >= MOSTLY
    if nearest or (hard.classes_of_two and not len(hard.near.hits)):
        text = (
            f"hard mining the wrong way round: {percent(hard.near.share)} of the positives are in the "
            "nearer half of "
            f"those that the batch offered and {percent(hard.far.share)} of the negatives in the "
            "farthest tenth"
            if nearest
            else f"hard mining the wrong way round: {percent(hard.far.share)} of the negatives are in the "
            "farthest "
            "tenth of those that the batch offered (of positives there was one each)"
        )
        return [
            Signature(
                "inverted",
                text,
                "Exchange argmin and argmax (or the sign of a similarity): the farthest positive and "
                "the nearest "
                "negative are the hard ones.",
            )
        ]
    if facts.own.mean() >= NEARLY_ALL:
        return []
    return [
        Signature(
            "farthest_negative",
            f"the easiest negatives are taken: {percent(hard.far.share)} are in the farthest tenth of "
            "those offered",
            "Exchange argmin and argmax (or the sign of a similarity) for the negatives.",
        )
    ]


def mining(hard: Hardness) -> tuple[str, str]:
    """Name and words of the mining that right triplets look like; "unclear" where none fits."""
    if np.count_nonzero(hard.right) < FEWEST:
        return "unclear", "too few right triplets to tell which mining this is"
    nearest = hard.nearest_n.excess >= ALWAYS
    if nearest and hard.farthest_p.excess >= ALWAYS:
        return "batch_hard", "batch-hard mining: the farthest positive and the nearest negative"
    if nearest and hard.nearest_p.excess >= ALWAYS:
        return (
            "easy_positive",
            "easy-positive mining: the nearest positive and the nearest negative",
        )
    crossed_n, crossed_s = hard.nearest_n.only(hard.crossed), hard.first_beyond.only(hard.crossed)
    if len(crossed_n.hits) >= FEWEST:
        if crossed_s.excess >= ALWAYS:
            return (
                "semi_hard",
                "semi-hard mining: the nearest negative that is farther than the positive",
            )
        if crossed_n.excess >= ALWAYS:
            if hard.classes_of_two:
                return (
                    "hardest_of_pairs",
                    "hardest-negative or batch-hard mining, which are the same here: of positives "
                    "there was one each",
                )
            return (
                "hardest_negative",
                "hardest-negative mining: any positive and the nearest negative",
            )
    elif nearest:
        return (
            "hardest_or_semi_hard",
            "hardest-negative or semi-hard mining, which are the same here: no negative is nearer "
            "than a positive",
        )
    expected, seen = hard.expected_farther[hard.right], hard.farther[hard.right]
    # As many crossed triplets as chance would bring, and next to none is there.
    by_chance, crossed = (1 - expected).sum(), (1 - seen).sum()
    means = means_of(hard)
    nearer = means[1] < 0.5 - FEW
    if by_chance >= FEWEST and crossed <= (1 - ALWAYS) * by_chance and nearer:
        return (
            "semi_hard",
            "semi-hard mining: a negative that is farther than the positive, and nearer than most",
        )
    if all(abs(m - 0.5) <= FEW for m in means):
        return "random", "random mining: positives and negatives are as hard as drawn ones"
    if nearer:
        return (
            "unclear",
            "no mining that is known here: negatives are harder than drawn ones (percentile "
            f"{means[1]:.2f}), "
            "but not the hardest, as from older vectors or a larger pool",
        )
    return "unclear", "no mining that is known here"


def means_of(hard: Hardness) -> tuple[float, float]:
    """Mean percentiles of positives and negatives; a half where there is none."""
    found = [0.5, 0.5]
    for i, values in enumerate((hard.percentile_p, hard.percentile_n)):
        known = values[np.isfinite(values)]
        found[i] = float(known.mean()) if len(known) else 0.5
    return found[0], found[1]


def _small(p: float) -> str:
    return "below 0.001" if p < 1e-3 else f"{p:.3f}"
