"""How much of a map is true, in numbers? Every estimate about the maps, each with its interval."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from embedding_second_opinion.data.arrays import Bools, Ints, Reals
from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.stats.gains import means_without
from embedding_second_opinion.stats.intervals import Interval, difference_interval, share_interval

from .made import Drawn, Kind, Maps

NAMES: dict[Kind, str] = {
    "tsne": "t-SNE",
    "umap": "UMAP",
    "pca": "PCA",
    "random": "Random projection",
}
MAPS: tuple[Kind, ...] = ("tsne", "umap")
MEASURES = {
    "trustworthiness": "share",
    "continuity": "share",
    "preservation": "ratio",
    "correlation": "correlation",
}
ESTIMATES = {"preservation": "neighbour_preservation", "correlation": "rank_correlation"}


@dataclass(frozen=True, eq=False)
class Company:
    """Whom each point stands among: its r nearest, r = min(rows of its class in the map - 1, k).

    size: (n,) r. own: (n,) how many of the r in the space are of its class.
    seen: (seeds, n) the same in each picture.
    """

    size: Ints
    own: Ints
    seen: Ints

    @property
    def misplaced(self) -> Reals:
        """(n,) share of the pictures whose own share differs by more than half from the space's."""
        return np.asarray((2 * np.abs(self.seen - self.own) > self.size).mean(axis=0))

    @property
    def flattered(self) -> Reals:
        """(n,) share of the pictures that show it more among its own, by more than half."""
        return np.asarray((2 * (self.seen - self.own) > self.size).mean(axis=0))


def company(maps: Maps, kind: Kind) -> Company:
    """The company in the space and in the pictures of one kind."""
    codes = maps.drawn.codes
    _, dense = np.unique(codes, return_inverse=True)
    size = np.minimum(np.bincount(dense)[dense] - 1, maps.k)
    near = np.arange(maps.k)[None, :] < size[:, None]

    def own(neighbors: Ints) -> Ints:
        return np.asarray(((codes[neighbors] == codes[:, None]) & near).sum(axis=1))

    pictures = maps.maps[kind].faithful
    return Company(size, own(maps.near), np.stack([own(f.neighbors) for f in pictures]))


def estimate_maps(
    space: Geometry, maps: Maps, sides: dict[Kind, Company]
) -> tuple[dict[str, Estimate], dict[Kind, tuple[float, Interval]]]:
    """Every number by its name, and the share that each map misplaces with its interval."""
    drawn, everyone = maps.drawn, np.ones(len(maps.drawn.codes), dtype=bool)
    found: dict[str, Estimate] = {}
    harms: dict[Kind, tuple[float, Interval]] = {}

    def measured(
        name: str, kind: Kind, values: Reals, among: Bools = everyone, of: str = "share"
    ) -> tuple[float, Interval]:
        value, interval = _mean(values, drawn.codes, among, of == "share")
        about = _about(space, drawn, among, len(maps.maps[kind].places))
        found[f"{name}_{kind}"] = interval.estimate(value, about, of)
        return value, interval

    for name, quantity in MEASURES.items():
        for kind, picture in maps.maps.items():
            measured(ESTIMATES.get(name, name), kind, picture.mean(name), of=quantity)
    for kind in MAPS:
        measured("seed_agreement", kind, maps.maps[kind].agreement())
    for kind, side in sides.items():
        harms[kind] = measured("misplaced", kind, side.misplaced, side.size > 0)
        measured("flattered", kind, side.flattered, side.size > 0)
    return found, harms


def _mean(values: Reals, codes: Ints, taking_part: Bools, share: bool) -> tuple[float, Interval]:
    """The mean over the rows that take part, with its class jackknife."""
    values = values[taking_part]
    value, without = float(values.mean()), means_without(values, codes[taking_part])
    if share:
        # Rounding must not lift a sum above all or below nothing.
        interval = share_interval(value, without.clip(0, 1), len(without))
    else:
        interval = difference_interval(value, without, len(without), paired=False)
    if interval.low is None:
        return value, interval
    method = f"{interval.method}, as anchors only: the maps are not drawn anew"
    return value, replace(interval, method=method)


def smaller(one: Interval, two: Interval) -> Interval:
    """For the smaller of two harms: its truth is above a bound only where both are."""
    if one.low is None or two.low is None or one.high is None or two.high is None:
        return one if one.low is None else two
    above = None
    if one.above is not None and two.above is not None:
        first, second = one.above, two.above

        def above(x: float) -> float:
            return max(first(x), second(x))

    low, high = min(one.low, two.low), min(one.high, two.high)
    named = one if one.high <= two.high else two
    method = f"the smaller bounds of both maps: {named.method}"
    return Interval(low, high, method, one.unit, named.unresolved, above)


def _about(space: Geometry, drawn: Drawn, taking_part: Bools, pictures: int) -> str:
    n, rows = len(drawn.codes), int(taking_part.sum())
    whole = "" if n == drawn.of_rows else f" (drawn by class from {drawn.of_rows:,})"
    some = "" if drawn.classes == drawn.of_classes else f" of {drawn.of_classes:,}"
    note = f"; {n - rows:,} alone in their class left out" if rows < n else ""
    seeds = f"; mean of {pictures} maps" if pictures > 1 else ""
    return (
        f"{n:,} {space.evaluation.called}rows{whole} of {drawn.classes:,}{some} classes, each against the "
        f"other {n - 1:,}{note}{seeds}"
    )
