"""What do lengths tell of the class, what of the answer, and what is lost where nobody reads them?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from embedding_second_opinion.data.arrays import Bools, Floats, Ints, Reals
from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.rank_results import Beaten, Ranks
from embedding_second_opinion.stats import jackknife, surface
from embedding_second_opinion.stats.gains import gain_interval
from embedding_second_opinion.stats.intervals import Interval, difference_interval, share_interval

PARTS = 5  # of the queries in order of length; the first is called short
PERMUTATIONS = 999
# Relative: float16 rounds an entry, and so a length, by at most 2^-11 up or down.
SAME_LENGTH = 1e-3
BLOCK = 4096


@dataclass(frozen=True, eq=False)
class Norms:
    """lengths, right: (a,) of the anchors. by_part: accuracy of each fifth, the shortest first.

    chance: that permuted classes share as much of the variance; None where there is nothing to share.
    under_cosine: whether the harm is what euclidean distance gains, or what lengths would have shown.
    """

    lengths: Reals
    right: Bools
    by_part: tuple[Estimate, ...]
    estimates: Mapping[str, Estimate]
    chance: float | None
    harm: Estimate
    interval: Interval
    under_cosine: bool
    queries: int


def log_lengths(vectors: Floats) -> Reals:
    """(n,) natural logarithms of the lengths, -inf for zero; no square leaves the range of float64."""
    found = np.empty(len(vectors))
    for start in range(0, len(vectors), BLOCK):
        rows = vectors[start : start + BLOCK].astype(np.float64)
        peaks = np.abs(rows).max(axis=1)
        peaks[peaks == 0] = 1
        rows /= peaks[:, None]
        with np.errstate(divide="ignore"):
            found[start : start + BLOCK] = np.log(np.linalg.norm(rows, axis=1)) + np.log(peaks)
    return found


def one_length(logs: Reals) -> bool:
    """Whether all lengths are equal but for rounding."""
    least, most = float(logs.min()), float(logs.max())
    return least == most or most - least <= SAME_LENGTH


def in_parts(lengths: Reals, parts: int = PARTS) -> Reals:
    """(parts, n) how much of each row lies in each part, the shortest first.

    Parts are equally large; rows of one length that a cut goes through lie on both sides of it alike,
    so that no order of rows breaks a tie.
    """
    _, group, counts = np.unique(lengths, return_inverse=True, return_counts=True)
    stops = np.cumsum(counts)
    cuts = np.linspace(0, len(lengths), parts + 1)
    lower = np.maximum(cuts[:-1, None], stops - counts)
    upper = np.minimum(cuts[1:, None], stops)
    return np.asarray((np.maximum(upper - lower, 0) / counts)[:, group])


def omega_squared(values: Reals, codes: Ints) -> float:
    """Share of the variance of ``values`` that lies between classes; below 0 where less than by chance."""
    counts, sums = _by_class(values, codes)
    between = (sums**2 / counts).sum()
    return float(_omega((values**2).sum(), sums.sum(), between, len(values), len(counts)))


def permuted(values: Reals, codes: Ints, rng: np.random.Generator) -> Reals:
    """(PERMUTATIONS,) ``omega_squared`` of classes of the same sizes dealt at random."""
    ordered = np.sort(values)  # whatever order the rows came in, and whatever classes are called
    sizes = np.sort(np.unique(codes, return_counts=True)[1])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    between = np.empty(PERMUTATIONS)
    for i in range(PERMUTATIONS):
        sums = np.add.reduceat(rng.permutation(ordered), starts)
        between[i] = (sums**2 / sizes).sum()
    n, k = len(values), len(sizes)
    return np.asarray(_omega((ordered**2).sum(), ordered.sum(), between, n, k))


def shorter_wrong(lengths: Reals, right: Bools, codes: Ints) -> tuple[float, Reals]:
    """Chance that a wrong query is shorter than a right one (a tie is half), and that without each class."""
    counts, units = np.bincount(codes), np.unique(codes)
    wrong = ~right
    longer_right, shorter_wrong = _won(lengths[wrong], lengths[right])
    total = longer_right.sum()
    by_class = np.bincount(codes[wrong], weights=longer_right, minlength=len(counts))
    by_class += np.bincount(codes[right], weights=shorter_wrong, minlength=len(counts))
    for c in units.tolist():  # pairs within a class were taken off twice
        own = codes == c
        if wrong[own].any() and right[own].any():
            by_class[c] -= _won(lengths[own & wrong], lengths[own & right])[0].sum()
    bad = np.bincount(codes[wrong], minlength=len(counts))
    good = np.bincount(codes[right], minlength=len(counts))
    pairs = (bad.sum() - bad) * (good.sum() - good)
    without = (total - by_class) / np.where(pairs > 0, pairs, np.nan)
    return float(total / (bad.sum() * good.sum())), np.asarray(without[units])


def accuracy_within(ranks: Ranks, weights: Reals) -> tuple[float, Reals]:
    """1-NN accuracy of anchors that count by ``weights`` (a,), and without each class."""
    a, k = ranks.anchors, ranks.classes
    right = ranks.right[a] * weights
    alone = ranks.sole[a] >= 0
    saved = np.bincount(ranks.sole[a][alone], weights=weights[alone], minlength=k)
    left = weights.sum() - np.bincount(ranks.codes[a], weights=weights, minlength=k)
    kept = right.sum() - np.bincount(ranks.codes[a], weights=right, minlength=k) + saved
    without = np.clip(kept / np.where(left > 1e-9, left, np.nan), 0, 1)
    return float(right.sum() / weights.sum()), np.asarray(without)


def short_loss(ranks: Ranks, short: Reals) -> tuple[float, Interval]:
    """Accuracy points that short queries lose beyond the error rate of the others; short: (a,) weights."""
    a = ranks.anchors
    share = float(short.mean())
    quick, quick_without = accuracy_within(ranks, short)
    rest, rest_without = accuracy_within(ranks, 1 - short)
    # The same as a mean over queries, for the bound where next to no class has an error.
    values = (1 - ranks.right[a]) * (short - (1 - short) * share / (1 - share))
    without = share * (rest_without - quick_without)
    return share * (rest - quick), gain_interval(values, ranks.codes[a], without)


def euclidean_gain(used: Ranks, other: Beaten) -> tuple[float, Interval]:
    """Accuracy points that ``other`` has more on the same queries; a tie under the one in use is none."""
    a, codes, k = used.anchors, used.codes[used.anchors], used.classes
    counted = (used.z[a] == 0) | (used.z_lenient[a] > 0)
    values = np.where(counted, other.right[a] - used.right[a], 0.0)
    total = values.sum() - np.bincount(codes, weights=values, minlength=k)
    for ranks, sign in ((other, 1.0), (used, -1.0)):
        alone = counted & (ranks.sole[a] >= 0)
        total += sign * np.bincount(ranks.sole[a][alone], minlength=k)
    left = len(a) - np.bincount(codes, minlength=k)
    without = total / np.where(left > 0, left, np.nan)
    return float(values.mean()), gain_interval(values, codes, np.asarray(without))


def measure_norms(space: Geometry, logs: Reals) -> Norms:
    """One more pass under cosine. logs: (a,) log lengths of the anchors."""
    ranks = space.ranks
    a = ranks.anchors
    codes, right = ranks.codes[a], ranks.right[a] > 0
    units, weights = len(np.unique(codes)), in_parts(logs)
    about = f"{number(len(a), 'query')} of {number(units, 'class')}, 1-NN"
    names = ("shortest", "second", "third", "fourth", "longest")
    by_part = tuple(
        _share(ranks, each, units, f"the {name} fifth of {about}")
        for each, name in zip(weights, names, strict=True)
    )
    estimates = {
        "closed_set_accuracy": _closed_set(ranks, units, about),
        "short_accuracy": by_part[0],
        "rest_accuracy": _share(ranks, 1 - weights[0], units, f"the longer four fifths of {about}"),
    }
    if right.any() and not right.all():
        value, without = shorter_wrong(logs, right, codes)
        pairs = (
            f"{np.count_nonzero(~right):,} wrong and {np.count_nonzero(right):,} right of {about}; a half "
            "where lengths tell nothing"
        )
        bounds = share_interval(value, without, units)
        estimates["wrong_is_shorter"] = bounds.estimate(value, pairs)
    chance = _class_share(space, logs, codes, about, estimates)
    value, interval = short_loss(ranks, weights[0])
    beyond = f"the shortest fifth of {about}, beyond the error rate of the others"
    harm = interval.estimate(value, beyond, "accuracy points")
    estimates["lost_on_short"] = harm
    under_cosine = space.metric == "cosine"
    if under_cosine:
        other = Geometry(space.evaluation, metric="euclidean", seed=space.seed, listed=0).beaten
        estimates["euclidean_accuracy"] = _closed_set(other, units, f"{about}, euclidean distance")
        value, interval = euclidean_gain(ranks, other)
        against = f"{about}, euclidean distance against cosine"
        harm = interval.estimate(value, against, "accuracy points")
        estimates["euclidean_gain"] = harm
    return Norms(
        lengths=np.exp(logs),
        right=right,
        by_part=by_part,
        estimates=estimates,
        chance=chance,
        harm=harm,
        interval=interval,
        under_cosine=under_cosine,
        queries=len(a),
    )


def _class_share(
    space: Geometry, logs: Reals, codes: Ints, about: str, estimates: dict[str, Estimate]
) -> float | None:
    """Adds what classes share of the variance of log length, measured and by chance; gives the p-value."""
    known = np.isfinite(logs)  # a vector of length zero has no logarithm
    values, codes = logs[known], codes[known]
    if len(np.unique(codes)) < 2 or len(np.unique(codes)) >= len(codes) or not np.ptp(values) > 0:
        return None
    values = values - values.mean()
    value, null = omega_squared(values, codes), permuted(values, codes, space.rng("norms: classes"))
    units = len(np.unique(codes))
    words = f"of the variance of log length between classes (omega squared); {about}"
    interval = difference_interval(value, _omega_without(values, codes), units)
    estimates["class_share"] = interval.estimate(value, words)
    low, high = (float(np.quantile(null, q)) for q in (0.025, 0.975))
    estimates["class_share_by_chance"] = Estimate(
        value=float(null.mean()),
        low=low,
        high=high,
        about=f"the share {words}, classes dealt at random",
        method=f"central 95 % of {PERMUTATIONS} permutations of the classes, sizes kept",
        context=True,
    )
    return float((1 + np.count_nonzero(null >= value - 1e-12)) / (1 + PERMUTATIONS))


def _omega_without(values: Reals, codes: Ints) -> Reals:
    counts, sums = _by_class(values, codes)
    squares = np.bincount(np.unique(codes, return_inverse=True)[1], weights=values**2)
    between = sums**2 / counts
    rows = len(values) - counts
    squares, sums, between = (each.sum() - each for each in (squares, sums, between))
    with np.errstate(divide="ignore", invalid="ignore"):
        return _omega(squares, sums, between, rows, len(counts) - 1)


def _omega(squares: Reals, total: Reals, between: Reals, n: Ints | int, k: int) -> Reals:
    """From sums of squares, the sum, and the sum over classes of (class sum)^2 / size."""
    whole = squares - total**2 / n
    explained = between - total**2 / n
    noise = (whole - explained) / (n - k)
    return np.asarray((explained - (k - 1) * noise) / (whole + noise))


def _by_class(values: Reals, codes: Ints) -> tuple[Ints, Reals]:
    own = np.unique(codes, return_inverse=True)[1]
    return np.bincount(own).astype(np.int64), np.bincount(own, weights=values).astype(np.float64)


def _won(wrong: Reals, right: Reals) -> tuple[Reals, Reals]:
    """(w,) right ones longer than each wrong one; (r,) wrong ones shorter than each right one; ties half."""
    both = rankdata(np.concatenate([wrong, right]))
    at_most = both[: len(wrong)] - rankdata(wrong)  # right ones that are shorter, a tie half
    shorter = both[len(wrong) :] - rankdata(right)
    return np.asarray(len(right) - at_most), np.asarray(shorter)


def _closed_set(ranks: Beaten, units: int, about: str) -> Estimate:
    value, pairs = surface.closed_set_accuracy(ranks), jackknife.closed_set_pairs(ranks)
    interval = share_interval(value, jackknife.closed_set_without(ranks), units, pairs=pairs)
    return interval.estimate(value, about)


def _share(ranks: Ranks, weights: Reals, units: int, about: str) -> Estimate:
    value, without = accuracy_within(ranks, weights)
    return share_interval(value, without, units).estimate(value, about)
