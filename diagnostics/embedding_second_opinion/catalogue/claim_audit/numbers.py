"""What does the claim exceed, by how much, and what gives it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Believed, Inputs
from embedding_second_opinion.stats.intervals import Interval, no_interval

from . import strict as exact
from .claimed import SLACK, USUAL, Reading, noise
from .conventions import DRAWN, Answer, Convention, answer
from .elsewhere import logged_conventions, other_rows, searches_elsewhere, triplets_elsewhere
from .pair_conventions import pair_conventions
from .searches import search_conventions, smaller_gallery
from .strict import Strict
from .triplet_conventions import margin_conventions, triplet_conventions
from .words import called

NOTE = no_interval("a convention on these very rows, not an estimate")


@dataclass(frozen=True, eq=False)
class Audit:
    """What ``audit`` found.

    strict: the exact number of the same metric; itself: the same as a convention. tried: all others that
    give another number, the nearest to the claim first. same: words of those that give the strict one.
    weak: a gallery so small that the claim is right there; shown, and no evidence.
    skipped: other rows that had no pass, in words.
    """

    claim: Believed
    reading: Reading
    strict: Strict
    itself: Convention
    tried: tuple[Convention, ...]
    same: tuple[str, ...]
    weak: Convention | None
    answer: Answer
    estimates: Mapping[str, Estimate]
    harm: Estimate
    interval: Interval
    skipped: tuple[str, ...]


def audit(space: Geometry, inputs: Inputs, claim: Believed) -> Audit:
    """Every convention of the claimed metric; of triplets and searches alike where it is of neither."""
    reading = Reading.of(claim.value)
    skipped: tuple[str, ...] = ()
    weak: Convention | None = None
    if claim.metric == "pair":
        strict, itself, others = pair_conventions(space, inputs.pairs)
    else:
        elsewhere = other_rows(space)
        skipped = elsewhere.skipped
        triplets = [*triplet_conventions(space), *triplets_elsewhere(elsewhere)]
        if inputs.margin is not None:
            triplets += margin_conventions(space, inputs.margin)
        searches = [*search_conventions(space), *searches_elsewhere(elsewhere)]
        if claim.metric != "triplet":
            weak = smaller_gallery(space.ranks, reading, exact.searched(space))
        stricts = {"triplet": exact.triplet(space), "closed-set": exact.closed_set(space)}
        both = {
            m: called(s.name, s.value, s.about, drawn=m == "triplet") for m, s in stricts.items()
        }
        metric: str = claim.metric
        if metric == "other":
            metric = min(both, key=lambda m: abs(both[m].value - claim.value))
        strict, itself = stricts[metric], both[metric]
        others = triplets if metric == "triplet" else searches
        if claim.metric == "other":
            told = [c for c in (*triplets, *searches) if "told_as" not in c.code]
            others = [c for m, c in both.items() if m != metric]
            others += {c.code: c for c in told}.values()
        others += logged_conventions(inputs.log)
    others = sorted(others, key=lambda c: (abs(c.value - claim.value), c.code))
    tried = tuple(c for c in others if _differs(c, itself))
    found = answer(reading, itself, tried)
    customary = found.match == "sampled" and found.drawn == DRAWN[0]
    if claim.metric == "other":
        # What it exceeds the nearest strict number by, without an interval.
        value = claim.value - strict.value
        interval = no_interval("it is not known what the claim is a share of")
    elif found.match == "exact" or customary:
        around = noise(strict.value, found.drawn, USUAL) if customary else 0.0
        value, interval = exact.reproduced(reading, strict, around)
    else:
        value, interval = exact.beyond(reading, strict)
    harm = interval.estimate(value, strict.about, "accuracy points")
    estimates = {
        strict.name: strict.interval.estimate(strict.value, strict.about),
        "claimed_beyond_exact": harm,
        **{c.code: NOTE.estimate(c.value, c.about) for c in tried},
    }
    return Audit(
        claim=claim,
        reading=reading,
        strict=strict,
        itself=itself,
        tried=tried,
        same=tuple(c.gives for c in others if not _differs(c, itself)),
        weak=weak,
        answer=found,
        estimates=estimates,
        harm=harm,
        interval=interval,
        skipped=skipped,
    )


def _differs(one: Convention, other: Convention) -> bool:
    """Numbers that agree to the last bits are one number, whatever they are called."""
    return any(abs(bound - other.value) > SLACK for bound in one.range)
