"""How do the classes spread, within and between, and how would they without some of them?

Scatter matrices are seen in a frame that bounds the work: up to 256 dimensions as they are, beyond in
the principal directions of all rows, of which the first 256 keep a full matrix and the rest their
diagonal. On all rows that loses nothing of the total scatter, which is diagonal there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Reals
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.classes import ROWS, ClassStats

from .class_groups import ClassGroups

BLOCK = 256  # directions that keep a full matrix
# Half a unit in the last place of float32: what storing a vector may have added to each entry.
ROUNDING = float(np.finfo(np.float32).eps) / 2


@dataclass(frozen=True, eq=False)
class Scatter:
    """A symmetric matrix in the frame. block: (b, b). tail: (d - b,) diagonal of the rest."""

    block: Reals
    tail: Reals

    @property
    def trace(self) -> float:
        """Sum of the diagonal."""
        return float(np.trace(self.block) + self.tail.sum())

    def plus(self, other: Scatter, factor: float = 1.0) -> Scatter:
        """This and ``factor`` times the other."""
        return Scatter(self.block + factor * other.block, self.tail + factor * other.tail)

    def times(self, factor: float) -> Scatter:
        """All entries scaled."""
        return Scatter(factor * self.block, factor * self.tail)

    def eigenvalues(self) -> Reals:
        """(d,) largest first; of the tail its diagonal."""
        return -np.sort(-np.concatenate([np.linalg.eigvalsh(self.block), self.tail]))

    def clipped_root(self, trace: float | None = None) -> Scatter:
        """Symmetric square root of the nearest matrix without negative eigenvalues.

        trace: what the clipped matrix is scaled to have; as clipped where None.
        """
        values, directions = np.linalg.eigh(self.block)
        values, tail = np.maximum(values, 0), np.maximum(self.tail, 0)
        if trace is not None:
            kept = float(values.sum() + tail.sum())
            scale = max(trace, 0.0) / kept if kept > 0 else 0.0
            values, tail = values * scale, tail * scale
        return Scatter((directions * np.sqrt(values)) @ directions.T, np.sqrt(tail))


@dataclass(frozen=True, eq=False)
class Moments:
    """What the numbers of a spectrum are made of.

    rows (N), classes (K) with rows. small: sum of 1 / n_c over the classes.
    within: scatter of rows about their class mean. between: of class means about the mean of all
    rows, weighted by rows. centres: of class means about their own mean, each counting once.
    length: sum of ||x||^2 over the rows.
    """

    rows: int
    classes: int
    small: float
    within: Scatter
    between: Scatter
    centres: Scatter
    length: float

    def variances(self) -> Reals:
        """(d,) variance along each principal component, largest first.

        0 where float32's rounding of the vectors alone could have made it.
        """
        values = self.within.plus(self.between).times(1 / max(self.rows, 1)).eigenvalues()
        return np.where(values > self.floor, values, 0.0)

    @property
    def floor(self) -> float:
        """Variance along a component that rounding may have made."""
        return ROUNDING**2 * self.length / max(self.rows, 1)

    @property
    def noise(self) -> Scatter | None:
        """Pooled covariance within classes; None where no class has two rows."""
        free = self.rows - self.classes
        return self.within.times(1 / free) if free > 0 else None

    def signal_root(self) -> Scatter:
        """Root of the covariance of the true class means.

        The means of few rows scatter more than the true ones, by the noise over n_c: it is taken
        off, and what falls below zero is clipped with the trace kept.
        """
        seen = self.centres.times(1 / max(self.classes - 1, 1))
        if self.noise is None:
            return seen.clipped_root()
        true = seen.plus(self.noise, -self.small / self.classes)
        return true.clipped_root(true.trace)


def of_all(space: Geometry) -> tuple[Moments, Frame]:
    """The moments of all queries, and the frame they are seen in."""
    stats = space.class_stats
    frame = Frame(stats)
    present = stats.counts > 0
    offset = stats.means[present] - stats.means[present].mean(axis=0)
    moments = Moments(
        rows=int(stats.counts.sum()),
        classes=int(present.sum()),
        small=float((1 / stats.counts[present]).sum()),
        within=frame.see(stats.within),
        between=frame.see(stats.between),
        centres=frame.see(offset.T @ offset),
        length=float(stats.mean_square * stats.counts.sum()),
    )
    return moments, frame


def without_groups(
    space: Geometry, full: Moments, frame: Frame, groups: ClassGroups
) -> Iterator[Moments]:
    """The same without each group of classes, in order. One more pass over the rows in all."""
    stats, points, codes = space.class_stats, space.points, space.codes
    offset = frame.turn(stats.means - stats.mean)
    squares = stats.counts * (stats.spread + np.einsum("ij,ij->i", stats.means, stats.means))
    apart = offset[stats.counts > 0].sum(axis=0)  # of the mean of class means, times K
    whole = full.centres.plus(frame.outer(apart), 1 / full.classes)
    for group in range(len(groups.sizes)):
        member = groups.of == group
        counts = stats.counts[member].astype(np.float64)
        places = np.flatnonzero(member[codes])
        within = full.within
        for start in range(0, len(places), ROWS):
            part = places[start : start + ROWS]
            rows = points[part].astype(np.float64) - stats.means[codes[part]]
            within = within.plus(frame.square(frame.turn(rows)), -1.0)
        gone = offset[member]
        left, classes = full.rows - int(counts.sum()), full.classes - int(member.sum())
        # The weighted offsets of all classes add up to nothing: those left to minus the group's.
        moved, kept = counts @ gone, apart - gone.sum(axis=0)
        yield Moments(
            rows=left,
            classes=classes,
            small=full.small - float((1 / counts).sum()),
            within=within,
            between=full.between.plus(frame.square(gone * np.sqrt(counts)[:, None]), -1.0).plus(
                frame.outer(moved), -1 / max(left, 1)
            ),
            centres=whole.plus(frame.square(gone), -1.0).plus(
                frame.outer(kept), -1 / max(classes, 1)
            ),
            length=full.length - float(squares[member].sum()),
        )


class Frame:
    """The directions in which scatter is seen: the given ones, or the principal ones."""

    def __init__(self, stats: ClassStats) -> None:
        d = len(stats.mean)
        self.block = min(d, BLOCK)
        self.turned: Reals | None = None
        if d > BLOCK:
            _, directions = np.linalg.eigh(stats.total)
            directions = directions[:, ::-1]
            # The sign of an eigenvector is anybody's choice; random numbers are drawn along it.
            largest = np.abs(directions).argmax(axis=0)
            self.turned = directions * np.sign(directions[largest, np.arange(d)])

    def turn(self, rows: Reals) -> Reals:
        """(n, d) offsets in the frame."""
        return rows if self.turned is None else np.asarray(rows @ self.turned)

    def see(self, matrix: Reals) -> Scatter:
        """A (d, d) matrix in the frame."""
        if self.turned is None:
            return Scatter(matrix, np.zeros(0))
        half = matrix @ self.turned
        block = self.turned[:, : self.block].T @ half[:, : self.block]
        tail = np.einsum("ij,ij->j", self.turned[:, self.block :], half[:, self.block :])
        return Scatter(block, tail)

    def square(self, turned: Reals) -> Scatter:
        """Scatter of (n, d) offsets that are in the frame already."""
        head, rest = turned[:, : self.block], turned[:, self.block :]
        return Scatter(head.T @ head, np.einsum("ij,ij->j", rest, rest))

    def outer(self, offset: Reals) -> Scatter:
        """Scatter of one offset."""
        return self.square(offset[None, :])
