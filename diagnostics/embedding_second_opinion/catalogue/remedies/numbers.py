"""What does the remedy chosen on other rows gain on rows that nobody chose by?

Of many remedies the best is in part the luckiest, so that the rows which choose are not those that
measure. Among remedies that the choosing rows cannot tell apart (within one standard error of the best,
Breiman, Friedman, Olshen & Stone, Classification and Regression Trees, 1984), or by less than a user would
pay for, the cheapest is taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.remedy.kinds import BY_KEY, REJECTING, REMEDIES, Remedy
from embedding_second_opinion.stats.gains import gain_interval, means_without
from embedding_second_opinion.stats.intervals import Interval
from embedding_second_opinion.stats.rejection import STRANGER_RATE

from .held_out import Dealt, deal
from .rejecting import Rejected, rejecting, share_over_classes
from .tried import Tried, as_it_is, tried

WORTH = 0.01  # a point more is not worth the next dearer remedy: half of what is tolerated


@dataclass(frozen=True, eq=False)
class Remedies:
    """What ``measure_remedies`` found. chosen: the remedy that all choosing rows choose; times: in how many
    deals each was.

    rejected: what a threshold against strangers gains, where it can be said; it does not compete.
    compared: those that could be tried in every deal, cheapest first. left_out: name and reason.
    """

    dealt: Dealt
    estimates: Mapping[str, Estimate]
    harm: Estimate
    interval: Interval
    chosen: Remedy
    times: Mapping[str, int]
    compared: tuple[Remedy, ...]
    left_out: Mapping[str, str]
    rejected: Rejected | None

    def gain(self, remedy: Remedy) -> Estimate:
        """Of one remedy on all rows that measure, whether or not it was chosen."""
        return self.estimates[f"gain_{remedy.key}"]


def measure_remedies(
    space: Geometry, remedies: Sequence[Remedy] = REMEDIES, stranger_rate: float = STRANGER_RATE
) -> Remedies | None:
    """Try all, choose, measure; None where no row that measures can be recognised.

    stranger_rate: share of strangers among those who come, for what a threshold gains.
    """
    dealt = deal(space)
    codes = space.evaluation.codes
    for roles in dealt.deals:
        enrolled = np.unique(codes[roles.fit])
        sides = (roles.choose, roles.test)
        if len(enrolled) < 2 or any(not np.isin(codes[side], enrolled).any() for side in sides):
            return None
    lookups = [as_it_is(space, roles) for roles in dealt.deals]
    found = [
        tried(space, roles, remedies, lookup)
        for roles, lookup in zip(dealt.deals, lookups, strict=True)
    ]
    left_out = {BY_KEY[key].name: reason for each in found for key, reason in each.left_out.items()}
    compared = tuple(r for r in remedies if all(r.key in each.gains for each in found))
    if not compared or any(not each.measures.any() or each.measures.all() for each in found):
        return None
    picks = [chosen_by([each], compared) for each in found]
    measured = np.concatenate([each.codes[each.measures] for each in found])
    before = np.concatenate([each.before[each.measures] for each in found])
    gained = np.concatenate(
        [each.gains[pick.key][each.measures] for each, pick in zip(found, picks, strict=True)]
    )
    about = f"{number(len(measured), 'row')} of {number(len(np.unique(measured)), 'class')}; {dealt.how}"
    interval = gain_interval(gained, measured)
    estimates = {}
    for name, right in (("as_it_is", before), ("with_remedy", before + gained)):
        share = share_over_classes(right, measured)
        estimates[f"accuracy_{name}"] = share.estimate(float(right.mean()), about)
    estimates["remedy_gain"] = interval.estimate(float(gained.mean()), about, "accuracy points")
    for remedy in compared:
        values = np.concatenate([each.gains[remedy.key][each.measures] for each in found])
        estimates[f"gain_{remedy.key}"] = gain_interval(values, measured).estimate(
            float(values.mean()), f"{remedy.name}: {about}", "accuracy points"
        )
    rejected = rejecting(space, dealt.deals, stranger_rate, lookups)
    if rejected is not None:
        estimates[f"gain_{REJECTING.key}"] = rejected.gain
    return Remedies(
        rejected=rejected,
        dealt=dealt,
        estimates=estimates,
        harm=estimates["remedy_gain"],
        interval=interval,
        # Which one to take is asked of all rows that choose; what choosing gains, of one deal at a time.
        chosen=chosen_by(found, compared),
        times=Counter(pick.key for pick in picks),
        compared=compared,
        left_out=left_out,
    )


def chosen_by(found: Sequence[Tried], compared: Sequence[Remedy]) -> Remedy:
    """The cheapest that the choosing rows of these deals cannot tell from the best; listed by cost."""
    codes = np.concatenate([each.codes[~each.measures] for each in found])
    gains = {
        remedy.key: np.concatenate([each.gains[remedy.key][~each.measures] for each in found])
        for remedy in compared
    }
    best = max(compared, key=lambda remedy: float(gains[remedy.key].mean()))
    for remedy in compared:
        behind = gains[best.key] - gains[remedy.key]
        if float(behind.mean()) <= max(WORTH, _error(behind, codes)):
            return remedy
    return best


def _error(values: Reals, codes: Ints) -> float:
    """Standard error of the mean, over classes; 0 for one."""
    without = means_without(values, codes)
    k = len(without)
    return 0.0 if k < 2 else float(np.sqrt((k - 1) / k * ((without - without.mean()) ** 2).sum()))
