"""Which well-known bug draws such triplets, and if none, which mining do they look like?

A bug is named only where it leaves a trace that right code cannot: wrong labels, or choices that no
miner makes. Right code is named by what it nearly always chooses, far beyond chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Reals
from embedding_second_opinion.findings.wording import percent

from .facts import Facts
from .hardness import Hardness
from .replay import Replay

MOSTLY = 0.5  # of the triplets show the trace; chance shows it in one of a batch
NEARLY_ALL = 0.9
ALWAYS = 0.8  # excess over chance that names a miner: vectors may be older than the triplets
FEW = 0.05  # below, wrong labels are more likely odd labels than wrong code
LEANING = 1e-3  # of the rank test
# Of the batch: the k-th of a class, of at most half of the batch, is in its first half.
FRONT = -0.2
FEWEST = 20  # triplets from which two minings can be told apart


REMEDIES = {
    "swapped": "Exchange the two columns of the file, or, where the loss was fed so, the two arguments.",
    "list_index": "Map the place in the list back to the whole (candidates[k], not k), the anchor left out.",
    "other_rows": "See whether the file counts rows of another order, or places within the batch or a list.",
    "negative_list_index": "Map the place in the list back to the whole: negatives[k], not k.",
    "unfiltered_negative": "Draw negatives from rows of other classes only.",
    "always_own_positive": "Set the anchor's own distance to infinity before the argmin.",
    "own_positive": "Leave the anchor out by its index before drawing a positive.",
    "inverted": "Exchange argmin and argmax (or the sign of a similarity), for both.",
    "farthest_negative": "Exchange argmin and argmax (or the sign) for the negatives.",
}
MINED = {
    "batch_hard": "batch-hard mining: the farthest positive and the nearest negative",
    "easy_positive": "easy-positive mining: the nearest positive and the nearest negative",
    "semi_hard": "semi-hard mining: a negative that is farther than the positive, and nearer than most",
    "hardest_of_pairs": "hardest-negative or batch-hard mining, the same where there is one positive",
    "hardest_negative": "hardest-negative mining: any positive and the nearest negative",
    "hardest_or_semi_hard": "hardest-negative or semi-hard mining, the same where none is nearer",
    "random": "random mining: positives and negatives are as hard as drawn ones",
}


@dataclass(frozen=True)
class Signature:
    """A bug. says: what the triplets show, as a clause."""

    name: str
    says: str

    @property
    def remedy(self) -> str:
        """Sentences for the code."""
        return REMEDIES[self.name]


def bugs(facts: Facts, hard: Hardness, replay: Replay, batched: bool) -> tuple[Signature, ...]:
    """The bugs that these triplets show, each with its trace."""
    wrong_p, wrong_n = float(facts.wrong_p.mean()), float(facts.wrong_n.mean())
    if wrong_p >= NEARLY_ALL and wrong_n >= NEARLY_ALL:
        text = (
            f"positives and negatives are swapped: {percent(wrong_p)} of the positives are of another class "
            f"and {percent(wrong_n)} of the negatives of the anchor's"
        )
        return (Signature("swapped", text),)
    where = "batch" if batched else "set"
    by_list = wrong_p >= FEW and replay.positive >= MOSTLY
    leaning = wrong_p >= MOSTLY and replay.p_positive < LEANING and replay.place_p < FRONT
    if by_list or leaning:
        text = (
            "the positive is a place in the list of the anchor's class, used as a place in the whole "
            f"{where}: only {percent(1 - wrong_p)} of the positives are of the anchor's class, and "
            f"{_list_proof(replay, by_list)}"
        )
        return (Signature("list_index", text),)
    if wrong_p >= MOSTLY:
        text = f"the row numbers do not fit: {percent(wrong_p)} of positives are of another class"
        return (Signature("other_rows", text),)
    found = (*_negatives(facts, replay, where), *_own(facts, hard, batched), *_easy(facts, hard))
    return tuple(Signature(name, says) for name, says in found)


def _list_proof(replay: Replay, by_list: bool) -> str:
    text = f"they stand nearer the front than chance (p {_small(replay.p_positive)})"
    if by_list:
        what = f"the place of the {replay.positive_of} one"
        if replay.positive_of == "itself":
            what = "the anchor's own place, by an argmin that does not leave the anchor out,"
        text = f"{what} foretells {percent(replay.positive)} of them"
    if replay.negative >= MOSTLY:
        foretold = percent(replay.negative)
        text += f"; the place of the {replay.negative_of} negative foretells {foretold} of the negatives"
    return text


def _negatives(facts: Facts, replay: Replay, where: str) -> Iterator[tuple[str, str]]:
    wrong_n, by_chance = float(facts.wrong_n.mean()), facts.expected_n
    if wrong_n == 0:
        return
    share = f"{percent(wrong_n)} are of the anchor's class, which is {percent(by_chance)} of the {where}"
    foretold = replay.negative >= MOSTLY
    if foretold or (wrong_n >= by_chance / 2 and replay.p_negative < LEANING):
        proof = (
            f"the place of the {replay.negative_of} one foretells {percent(replay.negative)} of them"
            if foretold
            else f"they stand nearer the front than chance (p {_small(replay.p_negative)})"
        )
        yield (
            "negative_list_index",
            f"the negative is a place in the list of negatives, used as a place in the whole {where}: "
            f"{share}, and {proof}",
        )
    # Labels that were changed since would make positives wrong too.
    elif by_chance / 2 <= wrong_n < MOSTLY and facts.wrong_p.mean() <= wrong_n / 4:
        yield "unfiltered_negative", f"negatives are drawn without a look at the label: {share}"


def _own(facts: Facts, hard: Hardness, batched: bool) -> Iterator[tuple[str, str]]:
    own = float(facts.own.mean())
    if np.count_nonzero(facts.own) < 3:
        return
    expected = min(facts.expected_own, key=lambda e: abs(np.log(own / e)))
    low, high = min(facts.expected_own) / 2, 2 * max(facts.expected_own) if batched else 1.0
    if own >= NEARLY_ALL and own - expected > FEW:
        turned = ", and the negative the farthest" if hard.far.excess >= MOSTLY else ""
        yield "always_own_positive", f"{percent(own)} of the anchors are their own positive{turned}"
    elif low <= own <= high:
        such = f", where such a draw gives {percent(expected)}" if batched else ""
        yield (
            "own_positive",
            f"the positive is drawn from all rows of the class, the anchor among them: {percent(own)} of the "
            f"anchors are their own positive{such}",
        )


def _easy(facts: Facts, hard: Hardness) -> Iterator[tuple[str, str]]:
    if hard.far.excess < MOSTLY:
        return
    far = f"{percent(hard.far.share)} of the negatives in the farthest tenth of those offered"
    if hard.near.excess >= MOSTLY:
        near = f"{percent(hard.near.share)} of the positives are in the nearer half"
        yield "inverted", f"hard mining the wrong way round: {near} and {far}"
    elif hard.classes_of_two and not len(hard.near.hits):
        yield (
            "inverted",
            f"hard mining the wrong way round: {far} (of positives there was one each)",
        )
    elif facts.own.mean() < NEARLY_ALL:
        yield "farthest_negative", f"the easiest negatives are taken: {far}"


def mining(hard: Hardness) -> tuple[str, str]:
    """Name and words of the mining that right triplets look like; "unclear" where none fits."""
    if np.count_nonzero(hard.right) < FEWEST:
        return "unclear", "too few right triplets to tell which mining this is"
    name = _mining(hard)
    return name, MINED.get(name, "they look like no mining that is known here")


def _mining(hard: Hardness) -> str:
    nearest = hard.nearest_n.excess >= ALWAYS
    if nearest and hard.farthest_p.excess >= ALWAYS:
        return "batch_hard"
    if nearest and hard.nearest_p.excess >= ALWAYS:
        return "easy_positive"
    crossed_n, crossed_s = hard.nearest_n.only(hard.crossed), hard.first_beyond.only(hard.crossed)
    if len(crossed_n.hits) >= FEWEST:
        if crossed_s.excess >= ALWAYS:
            return "semi_hard"
        if crossed_n.excess >= ALWAYS:
            return "hardest_of_pairs" if hard.classes_of_two else "hardest_negative"
    elif nearest:
        return "hardest_or_semi_hard"
    expected, seen = hard.expected_farther[hard.right], hard.farther[hard.right]
    # As many crossed triplets as chance would bring, and next to none is there.
    by_chance, crossed = (1 - expected).sum(), (1 - seen).sum()
    means = _mean(hard.percentile_p), _mean(hard.percentile_n)
    if by_chance >= FEWEST and crossed <= (1 - ALWAYS) * by_chance and means[1] < 0.5 - FEW:
        return "semi_hard"
    return "random" if all(abs(mean - 0.5) <= FEW for mean in means) else "unclear"


def _mean(percentiles: Reals) -> float:
    """A half where there is none."""
    known = percentiles[np.isfinite(percentiles)]
    return float(known.mean()) if len(known) else 0.5


def _small(p: float) -> str:
    return "below 0.001" if p < 1e-3 else f"{p:.3f}"
