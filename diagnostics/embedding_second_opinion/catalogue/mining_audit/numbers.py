"""Every number about the triplets, each with its interval and the words for what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.findings.wording import number, percent
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.metric import prepared
from embedding_second_opinion.geometry.passes.pair_histograms import distances_between
from embedding_second_opinion.inputs.triplets import Triplets
from embedding_second_opinion.stats.intervals import Interval, largest, no_interval

from .facts import Facts, facts
from .hardness import Choice, Hardness, hardness
from .members import Members, gather, pool_of
from .replay import Replay, replay
from .signatures import Signature, bugs, mining
from .units import Units, units_of

CHUNK = 65_536  # triplets whose vectors are held at once
COUNT = "a count of this file"


@dataclass(frozen=True, eq=False)
class Audit:
    """positive, negative: (t,) distances from the anchor. worst: the part that the harm comes from.

    bugs: those named, loudest evidence first. mining: name and words of what the rest looks like.
    """

    triplets: Triplets
    facts: Facts
    members: Members
    hardness: Hardness
    replay: Replay
    bugs: tuple[Signature, ...]
    mining: tuple[str, str]
    positive: Reals
    negative: Reals
    estimates: Mapping[str, Estimate]
    harm: Estimate
    interval: Interval
    worst: str


def audit(space: Geometry, triplets: Triplets, margin: float | None) -> Audit:
    """All there is to say about these triplets. The geometry must have vectors."""
    codes = space.evaluation.codes
    units = units_of(triplets, codes)
    seen = facts(triplets, codes)
    members = gather(space, triplets)
    hard = hardness(members, seen.wrong[members.chosen])
    if members.batched and 2 * len(hard.easy.where) < np.count_nonzero(hard.right):
        members = gather(space, replace(triplets, batch=None))
        hard = hardness(members, seen.wrong[members.chosen])
    ranked = units.among(members.chosen)
    again = replay(members, ranked)
    named = bugs(seen, hard, again, members.batched)
    positive, negative = _distances(space, triplets)
    about = number(len(triplets.anchor), "triplet")
    if triplets.batch is not None:
        about += f" of {number(len(np.unique(triplets.batch)), 'batch')}"
    wrong = units.share(seen.wrong)
    found = {"wrong_triplets": wrong[1].estimate(wrong[0], about)}
    for name, hits in (
        ("positive_is_anchor", seen.own),
        ("positive_of_other_class", seen.wrong_p),
        ("negative_of_own_class", seen.wrong_n),
    ):
        value, interval = units.share(hits)
        found[name] = interval.estimate(value, about)
    part = _ranked_about(members, hard.easy, triplets)
    easy = hard.easy.interval(ranked)
    found["mined_to_be_easy"] = easy[1].estimate(easy[0], part)
    found |= _hardness(members, hard, ranked, triplets)
    if margin is not None:
        value, interval = units.share(positive - negative + margin > 0)
        found["active_triplets"] = interval.estimate(value, f"{about}; margin {margin:.3g}")
    found |= {
        "repeated_triplets": no_interval(COUNT).estimate(float(seen.repeated.mean()), about),
        **_coverage(space, triplets),
        **_places(again),
    }
    parts = {"wrong": wrong, "easy": easy}
    value, interval = largest(list(parts.values()))
    if interval.low is not None:  # below chance is no harm
        interval = replace(interval, low=max(0.0, interval.low))
    worst = max(parts, key=lambda name: _loud(parts[name]))
    return Audit(
        triplets, seen, members, hard, again, named, mining(hard), positive, negative,
        found, interval.estimate(value, about if worst == "wrong" else part), interval, worst,
    )  # fmt: skip


def _loud(part: tuple[float, Interval]) -> tuple[float, float]:
    value, interval = part
    return value, -1.0 if interval.high is None else interval.high


def _hardness(
    members: Members, hard: Hardness, ranked: Units, triplets: Triplets
) -> dict[str, Estimate]:
    """Mean percentiles, and how often the extremes were chosen."""
    found = {}
    for name, values in (
        ("positive_percentile", hard.percentile_p),
        ("negative_percentile", hard.percentile_n),
    ):
        where = np.flatnonzero(np.isfinite(values))
        if len(where):
            value, interval = ranked.among(where).share(values[where])
            text = f"{number(len(where), 'triplet')}; 0 the hardest, 1 the easiest, 0.5 if drawn"
            found[name] = interval.estimate(value, text, "percentile")
    for name, choice in (
        ("positive_farthest", hard.farthest_p),
        ("positive_nearest", hard.nearest_p),
        ("negative_nearest", hard.nearest_n),
        ("negative_farthest", hard.farthest_n),
    ):
        if len(choice.where):
            value, interval = ranked.among(choice.where).share(choice.hits)
            found[name] = interval.estimate(value, _ranked_about(members, choice, triplets))
    return found


def _coverage(space: Geometry, triplets: Triplets) -> dict[str, Estimate]:
    """Which of the rows and classes that could be drawn ever are."""
    codes = space.evaluation.codes
    listed = (triplets.anchor, triplets.positive, triplets.negative)
    pool = pool_of(space, np.unique(np.concatenate(listed)))
    classes = len(np.unique(codes[pool]))
    about = f"of {number(len(pool))} and {number(classes, 'class')} that could be drawn"
    found = {}
    for role, rows in (("anchor", triplets.anchor), ("negative", triplets.negative)):
        drawn = np.unique(rows)
        shares = (len(drawn) / len(pool), len(np.unique(codes[drawn])) / classes)
        for what, share in zip(("rows", "classes"), shares, strict=True):
            found[f"{what}_as_{role}"] = no_interval(COUNT).estimate(share, about)
    return found


def _places(replay: Replay) -> dict[str, Estimate]:
    """Whether choices lean to the front of the batch."""
    about = f"by {replay.order}; 0 where the order does not matter, -0.5 at the front"
    rank_test = no_interval("the rank test says how sure")
    return {
        name: rank_test.estimate(value, f"{about}; one-sided rank test p {p:.3g}", "place")
        for name, value, p in (
            ("positive_place", replay.place_p, replay.p_positive),
            ("negative_place", replay.place_n, replay.p_negative),
        )
    }


def _distances(space: Geometry, triplets: Triplets) -> tuple[Reals, Reals]:
    """(t,) distance of each anchor to its positive and to its negative."""
    vectors = prepared(space.evaluation, space.metric)
    assert vectors is not None
    cosine = space.metric == "cosine"

    def of(rows: Ints) -> Reals:
        parts = [
            distances_between(vectors[triplets.anchor[s]], vectors[rows[s]], cosine)
            for s in (slice(i, i + CHUNK) for i in range(0, len(rows), CHUNK))
        ]
        return np.concatenate(parts)

    return of(triplets.positive), of(triplets.negative)


def _ranked_about(members: Members, choice: Choice, triplets: Triplets) -> str:
    among = "their batch" if members.batched else "all rows that could be drawn"
    text = f"{number(len(choice.where), 'triplet')} with a choice, among {among}"
    if len(choice.chance):
        text += f"; chance {percent(float(choice.chance.mean()))}"
    return text
