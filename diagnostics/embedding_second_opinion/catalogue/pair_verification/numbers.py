"""What does one threshold decide, how sure is that, and what does it cost? Estimates and harm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Believed, Inputs
from embedding_second_opinion.stats import jackknife, surface
from embedding_second_opinion.stats.intervals import (
    FEWEST_CLASSES,
    Interval,
    combined_interval,
    difference_interval,
    largest,
    no_interval,
    share_interval,
)

from .counts import PairCounts, has_pairs, pairs_of_queries
from .figures import FEWEST_ERRORS, LEVELS, Figures, figures
from .pair_file import pairs_of_file

POINTS = "accuracy points"
AT_THRESHOLD = ("pair_accuracy", "pair_recall", "pair_far", "pair_precision_balanced")


@dataclass(frozen=True, eq=False)
class Verification:
    """What ``verify`` found. harm: the largest of the parts (``transfer_loss`` and the like).

    unjudged: why the file's own pairs have no verdict; empty where they have, or there is no file.
    below_half: pairs called the same lie farther apart than the others. turned: because ``same`` says the
    opposite, as the labels have it.
    refused: for each TAR that is not given, how many independent impostor pairs there are.
    """

    counts: PairCounts
    seen: Figures
    estimates: Mapping[str, Estimate]
    harm: Estimate
    interval: Interval
    worst: str
    unjudged: str
    below_half: bool
    turned: bool
    refused: Mapping[str, float]
    claim: Believed | None


def verify(space: Geometry, inputs: Inputs, tolerance: float) -> Verification:
    """All numbers; from the user's pairs where there are some, else from all pairs of the queries.

    tolerance: where the file's own pairs cannot be judged, other parts speak only if they alarm.
    """
    pairs = inputs.pairs
    whole = pairs_of_queries(space) if has_pairs(space) else None
    counts = whole if pairs is None else pairs_of_file(space, pairs)
    assert counts is not None  # see the check: without pairs it is not applicable
    seen = figures(counts)
    estimates, refused = _estimates(counts, seen)
    auc = estimates["verification_auc"]
    suspect = pairs is not None and pairs.turned
    # Without an interval a number below one half may be chance, unless the labels say so too.
    below_half = auc.value < 0.5 and (suspect if auc.high is None else auc.high < 0.5)
    turned = below_half and suspect
    wrong_way = no_interval("pairs called the same lie farther apart, against the labels")
    parts: dict[str, tuple[float, Interval]] = {}
    if counts.elsewhere:
        parts["transfer_loss"] = _transfer(counts, seen)
    elif pairs is not None:
        reason = "the threshold was fitted on the pairs it judges, for want of others"
        parts["transfer_loss"] = 0.0, no_interval(reason)
    if whole is not None:
        every = seen if counts is whole else figures(whole)
        if counts is not whole:
            estimates["verification_auc_all_pairs"] = _share(whole, every, "verification_auc")
        parts["one_threshold_loss"] = _one_for_all(space, whole, every)
    claim = inputs.claim if inputs.claim is not None and inputs.claim.metric == "pair" else None
    if claim is not None:
        value = seen.values["pair_accuracy"]
        interval = _interval(counts, seen, "pair_accuracy").taken_from(claim.value)
        method = interval.method.replace("closed-set accuracy", "pair accuracy")
        parts["claim_loss"] = claim.value - value, replace(interval, method=method)
    if turned:
        for name in parts.keys() - {"one_threshold_loss"}:  # that one goes by the labels
            parts[name] = parts[name][0], wrong_way
    about = dict.fromkeys(parts, _tried(counts))
    if whole is not None:
        about["one_threshold_loss"] = whole.about
    for name, (value, interval) in parts.items():
        estimates[name] = interval.estimate(value, about[name], POINTS)
    # A part that is surely tolerable must not lend its lower bound to another's upper one.
    unknown = any(interval.low is None for _, interval in parts.values())
    among = [
        name
        for name, (_, interval) in parts.items()
        if unknown or interval.high is None or interval.high > tolerance
    ] or list(parts)
    value, interval = largest([parts[name] for name in among])
    # Two parts made in one way say so once.
    interval = replace(interval, method="; ".join(dict.fromkeys(interval.method.split("; "))))
    worst = max(among, key=lambda name: parts[name][0])
    harm_about, unjudged = about[worst], ""
    own = parts["transfer_loss"][1] if pairs is not None else None
    if own is not None and own.low is None:
        unjudged = own.why_none
        if interval.low is None or interval.low <= tolerance:
            interval = own
        if worst != "transfer_loss":
            harm_about += f"; not judged: {about['transfer_loss']}"
    return Verification(
        counts=counts,
        seen=seen,
        estimates=estimates,
        harm=interval.estimate(value, harm_about, POINTS),
        interval=interval,
        worst=worst,
        unjudged=unjudged,
        below_half=below_half,
        turned=turned,
        refused=refused,
        claim=claim,
    )


def _estimates(counts: PairCounts, seen: Figures) -> tuple[dict[str, Estimate], dict[str, float]]:
    found = {
        name: _share(counts, seen, name) for name in ("pair_accuracy", "verification_auc", "eer")
    }
    refused = {}
    for name, level in LEVELS.items():
        if level * seen.effective[name] < FEWEST_ERRORS * (1 - 1e-9):
            refused[name] = seen.effective[name]
        else:
            found[name] = _share(counts, seen, name)
    for name in ("pair_recall", "pair_far", "pair_precision_balanced", "pair_precision"):
        if np.isfinite(seen.values[name]):
            found[name] = _share(counts, seen, name)
    counted = no_interval("counted, not estimated")
    found["genuine_share"] = counted.estimate(seen.values["genuine_share"], "all pairs of the set")
    place = no_interval("a place on the scale, not a rate")
    found["pair_threshold"] = place.estimate(seen.threshold, _tried(counts), "distance")
    return found, refused


def _share(counts: PairCounts, seen: Figures, name: str) -> Estimate:
    about = _tried(counts) if name in (*AT_THRESHOLD, "pair_precision") else counts.about
    return _interval(counts, seen, name).estimate(seen.values[name], about)


def _tried(counts: PairCounts) -> str:
    return f"{counts.about}; threshold fitted on {counts.fit_words}"


def _interval(counts: PairCounts, seen: Figures, name: str) -> Interval:
    return share_interval(seen.values[name], seen.without[name], counts.units)


def _transfer(counts: PairCounts, seen: Figures) -> tuple[float, Interval]:
    """The best threshold of the judged pairs themselves against the one fitted elsewhere."""
    value, sides = seen.values["transfer"], ("own", "pair_accuracy")
    paired = difference_interval(value, seen.without["transfer"], counts.units)
    both = [(seen.values[name], _interval(counts, seen, name)) for name in sides]
    return value, _or_combined(paired, both, counts.units)


def _one_for_all(space: Geometry, whole: PairCounts, every: Figures) -> tuple[float, Interval]:
    """Triplets share their anchor, pairs share a threshold only: what is lost between the two."""
    ranks = space.within
    assert ranks is not None  # there are pairs among the queries
    strict = surface.triplet_accuracy_all_triplets(ranks)
    value = surface.triplet_accuracy_all_triplets(ranks, "random")
    # A tie counts half, as in the AUC; what ties add hardly depends on a class.
    without = np.minimum(jackknife.all_triplets_without(ranks) + (value - strict), 1)
    wide = jackknife.spread_over(ranks, without, value, whole.class_ids)
    auc, auc_without = every.values["verification_auc"], every.without["verification_auc"]
    paired = difference_interval(value - auc, wide - auc_without, whole.units)
    both = [
        (value, share_interval(value, wide, whole.units)),
        (auc, _interval(whole, every, "verification_auc")),
    ]
    return value - auc, _or_combined(paired, both, whole.units)


def _or_combined(paired: Interval, both: list[tuple[float, Interval]], units: int) -> Interval:
    """At a limit no paired spread can be seen: then from both intervals."""
    blind = paired.low is None or any(interval.unresolved for _, interval in both)
    return combined_interval(*both[0], *both[1]) if blind and units >= FEWEST_CLASSES else paired
