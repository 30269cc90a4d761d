"""Every number about wrong labels, each with its interval and the words for what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.embeddings import InputError
from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.stats.intervals import Interval, largest, no_interval

from .flips import class_groups
from .rates import found_share, over_rows, precision, rate_interval
from .side import Side, examine

RAW = "a share of these rows, overlap of classes included: context, not judged"
COUNT = "a count of these rows"


@dataclass(frozen=True, eq=False)
class Noise:
    """sides: the queries, and the gallery where it is another set. harm: of the side that is worse."""

    sides: tuple[Side, ...]
    estimates: Mapping[str, Estimate]
    harm: Estimate
    interval: Interval

    @property
    def found(self) -> float:
        """Share of labels flipped on purpose that are found."""
        return self.estimates["flips_found"].value

    @property
    def suspects(self) -> int:
        """Rows that are suspect, of all sides."""
        return sum(len(side.suspects.query) for side in self.sides)


def measure_noise(space: Geometry) -> Noise:
    """Needs anchors. Two extra passes where the gallery is a set of its own."""
    group_of, groups = class_groups(space)
    sides = [examine(space, group_of, groups)]
    gallery = _gallery(space)
    if gallery is not None:
        sides.append(examine(gallery, group_of, groups))
    rate, interval = rate_interval(sides, _classes(sides), group_of)
    about = _about(sides)
    estimates = {"label_noise_rate": interval.estimate(rate, about)}
    parts = [(rate, interval)]
    if len(sides) > 1:
        parts = [rate_interval([side], _classes([side]), group_of) for side in sides]
        names = ("wrong_among_queries", "wrong_among_enrolled")
        for name, side, (value, bounds) in zip(names, sides, parts, strict=True):
            estimates[name] = bounds.estimate(value, _about([side]))
    value, worst = largest(parts)
    flips = sum(int(side.counts.flips[-1]) for side in sides)
    flipped = no_interval(f"{number(flips, 'label')} flipped on purpose, one at a time")
    estimates["flips_found"] = flipped.estimate(found_share(sides), about)
    sure = precision(sides, _classes(sides))
    if sure is not None:
        listed = sum(len(side.suspects.query) for side in sides)
        estimates["suspects_precision"] = sure[1].estimate(sure[0], number(listed, "suspect"))
    estimates |= _context(sides, about)
    harm = worst.estimate(value, about if len(sides) == 1 else f"the worse of two: {about}")
    return Noise(tuple(sides), estimates, harm, worst)


def _gallery(space: Geometry) -> Geometry | None:
    """The enrolled rows among themselves; None where that is no other set, or nothing can be looked up."""
    evaluation = space.evaluation
    if evaluation.leave_one_out or evaluation.data is None:
        return None
    try:
        gallery = space.among(evaluation.enrolled, evaluation.gallery_name)
    except InputError:  # one row in every class
        return None
    return gallery if len(gallery.ranks.anchors) else None


def _context(sides: list[Side], about: str) -> dict[str, Estimate]:
    raw, queries = no_interval(RAW), len(sides[0].space.ranks.anchors)
    disagree = over_rows(sides, lambda side: side.disagree)
    joint = over_rows(sides, lambda side: side.confident.share)
    lost = no_interval(COUNT).estimate(_lost(sides) / queries, number(queries, "query"))
    return {
        "neighbours_disagree": raw.estimate(disagree, about),
        "confident_joint_off_diagonal": raw.estimate(joint, about),
        "queries_lost_to_suspects": lost,
    }


def _lost(sides: list[Side]) -> int:
    """Queries answered wrongly whose nearest wrong row is an enrolled suspect."""
    space, enrolled = sides[0].space, sides[-1]
    if enrolled.space is space and not space.evaluation.leave_one_out:
        return 0
    ranks = space.ranks
    suspects = enrolled.space.evaluation.queries[enrolled.suspects.query]
    lost = ranks.anchors[ranks.z[ranks.anchors] > 0]
    lost = lost[~np.isin(lost, sides[0].suspects.query)]  # these are lost by their own label
    return int(np.isin(ranks.nearest_negative[lost], suspects).sum())


def _classes(sides: list[Side]) -> int:
    every = [side.space.ranks for side in sides]
    held = [ranks.class_ids[np.unique(ranks.codes[ranks.anchors])] for ranks in every]
    return len(np.unique(np.concatenate(held)))


def _about(sides: list[Side]) -> str:
    parts = []
    for side in sides:
        evaluation = side.space.evaluation
        where = "the others" if evaluation.leave_one_out else f"{evaluation.gallery_name} rows"
        parts.append(f"{side.rows:,} {evaluation.called}rows among {where}")
    return f"{' and '.join(parts)}, {number(_classes(sides), 'class')}, {sides[0].k} votes"
