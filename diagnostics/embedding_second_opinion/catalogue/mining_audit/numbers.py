"""Every number about the triplets, each with its interval and the words for what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.metric import prepared
from embedding_second_opinion.geometry.passes.pair_histograms import distances_between
from embedding_second_opinion.geometry.passes.ranks import Ints, Reals
from embedding_second_opinion.inputs.triplets import Triplets
from embedding_second_opinion.stats.intervals import Interval, largest, no_interval

from .facts import Facts, Reach, facts, reach
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
    reach: Reach
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
    about = _about(triplets, units)
    estimates = {
        name: units.share(hits)
        for name, hits in (
            ("wrong_triplets", seen.wrong),
            ("positive_is_anchor", seen.own),
            ("positive_of_other_class", seen.wrong_p),
            ("negative_of_own_class", seen.wrong_n),
        )
    }
    found = {name: interval.estimate(value, about) for name, (value, interval) in estimates.items()}
    part = _ranked_about(members, hard.easy, triplets)
    easy = hard.easy.interval(ranked)
    found["mined_to_be_easy"] = easy[1].estimate(easy[0], part)
    found |= _hardness(members, hard, ranked, triplets)
    if margin is not None:
        value, interval = units.share(positive - negative + margin > 0)
        found["active_triplets"] = interval.estimate(value, f"{about}; margin {margin:.3g}")
    covered = reach(space, triplets, _pool(space, triplets))
    found |= _coverage(seen, covered, again, about)
    parts = {"wrong": estimates["wrong_triplets"], "easy": easy}
    value, interval = largest(list(parts.values()))
    if interval.low is not None:  # below chance is no harm
        interval = replace(interval, low=max(0.0, interval.low))
    worst = max(parts, key=lambda name: _loud(parts[name]))
    return Audit(
        triplets, seen, covered, members, hard, again, named, mining(hard), positive, negative,
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


def _coverage(facts: Facts, reach: Reach, replay: Replay, about: str) -> dict[str, Estimate]:
    none = no_interval(COUNT)
    of = f"of {number(reach.rows)} and {number(reach.classes, 'class')} that could be drawn"
    shares = (
        ("repeated_triplets", float(facts.repeated.mean()), about),
        ("rows_as_anchor", reach.anchor_rows / reach.rows, of),
        ("classes_as_anchor", reach.anchor_classes / reach.classes, of),
        ("rows_as_negative", reach.negative_rows / reach.rows, of),
        ("classes_as_negative", reach.negative_classes / reach.classes, of),
    )
    found = {name: none.estimate(value, text) for name, value, text in shares}
    leaning = (
        ("positive_place", replay.place_p, replay.p_positive),
        ("negative_place", replay.place_n, replay.p_negative),
    )
    for name, value, p in leaning:
        text = (
            f"by {replay.order}; 0 where the order does not matter, -0.5 at the front; one-sided rank test "
            f"p {p:.3g}"
        )
        found[name] = no_interval("the rank test says how sure").estimate(value, text, "place")
    return found


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


def _pool(space: Geometry, triplets: Triplets) -> Ints:
    listed = (triplets.anchor, triplets.positive, triplets.negative)
    return pool_of(space, np.unique(np.concatenate(listed)))


def _about(triplets: Triplets, units: Units) -> str:
    text = number(len(triplets.anchor), "triplet")
    if triplets.batch is not None:
        batches = len(np.unique(triplets.batch))
        text += f" of {batches:,} {'batch' if batches == 1 else 'batches'}"
    return text


def _ranked_about(members: Members, choice: Choice, triplets: Triplets) -> str:
    among = "their batch" if members.batched else "all rows that could be drawn"
    text = f"{number(len(choice.where), 'triplet')} with a choice, among {among}"
    if len(choice.chance):
        text += f"; chance {100 * float(choice.chance.mean()):.1f} %"
    return text
