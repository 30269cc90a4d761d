"""Can a classifier tell a query from a gallery row of the same class?

A linear discriminant (shrunk towards the sphere, Ledoit & Wolf 2004) is fitted on four fifths of the
classes, on rows less the mean of their class, and scores the rows of the others. The number is the
mean over classes of the chance that a query scores above a gallery row of its own class: .5 where both are
drawn alike. Under the null the two flags can be exchanged within a class; the whole procedure is
repeated under permuted flags. The scatter about the class mean does not know the flags, so it is
inverted once for all of them.
Source: Lopez-Paz & Oquab, ICLR 2017 (classifier two-sample tests).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.covariance import ledoit_wolf_shrinkage

from embedding_second_opinion.data.arrays import Bools, Ints, Reals
from embedding_second_opinion.geometry.passes.row_keys import drawn
from embedding_second_opinion.geometry.passes.threads import one_blas_thread

from .two_sides import Sides

ROWS = 10_000  # of both parts, at most: a thousand classifiers are scored on them
PERMUTATIONS = 999
AT_ONCE = 32  # permutations a block
Flags = Bools


@dataclass(frozen=True, eq=False)
class TwoSample:
    """auc: mean over classes; by_class: (C,) of those sampled; null: (999,) under permuted flags.

    rows: sampled. directions: (F, d) of each fold's classifier, scaled so that rows about
    their class mean have variance 1 along it; zeros where rows do not differ at all.
    """

    auc: float
    by_class: Reals
    null: Reals
    rows: int
    directions: Reals

    @property
    def p_value(self) -> float:
        """Chance of an AUC as high were gallery and queries drawn alike."""
        # Sums in another order differ in the last digits.
        return float((1 + (self.null >= self.auc - 1e-12).sum()) / (1 + len(self.null)))


def two_sample(found: Sides, rng: np.random.Generator) -> TwoSample:
    """The test on at most ``ROWS`` rows, whole classes to a fold."""
    with one_blas_thread():
        return _Test(found).run(rng)


class _Test:
    """The sampled rows in an order that depends on what they hold, by class."""

    def __init__(self, found: Sides) -> None:
        at = _sampled(found)
        # By place, which no two classes share: rows of a class stand together.
        order = np.lexsort((found.keys[at], found.query[at], found.place[found.codes[at]]))
        at = at[order]
        codes = found.codes[at]
        starts = np.flatnonzero(np.append(True, np.diff(codes) != 0))
        self.sizes = np.diff(np.append(starts, len(codes)))
        self.starts = starts
        self.of = np.repeat(np.arange(len(starts)), self.sizes)
        self.flags: Flags = found.query[at]
        self.queries = np.add.reduceat(self.flags.astype(np.int64), starts)
        fold = found.fold[codes]
        self.folds = [np.flatnonzero(fold == f) for f in range(int(found.fold.max()) + 1)]
        vectors = found.vectors[found.rows[at]].astype(np.float64)
        means = np.add.reduceat(vectors, starts, axis=0) / self.sizes[:, None]
        centred = vectors - means[self.of]
        scale = float(np.abs(centred).max()) if len(centred) else 0.0
        self.scale = scale if scale > 0 else 1.0
        self.centred = centred / self.scale

    def run(self, rng: np.random.Generator) -> TwoSample:
        whiteners = self._whiteners()
        directions, scores = self._fitted(self.flags[None], whiteners)
        by_class = self._auc(scores[0], self.flags)
        null = []
        for start in range(0, PERMUTATIONS, AT_ONCE):
            count = min(AT_ONCE, PERMUTATIONS - start)
            flags = np.stack([self._permuted(rng) for _ in range(count)])
            _, scores = self._fitted(flags, whiteners)
            null += [float(self._auc(s, f).mean()) for s, f in zip(scores, flags, strict=True)]
        return TwoSample(
            auc=float(by_class.mean()),
            by_class=by_class,
            null=np.array(null),
            rows=len(self.of),
            directions=self._unit(directions[:, 0]),
        )

    def _whiteners(self) -> list[Reals]:
        """The inverse of the shrunk scatter of the classes outside each fold; (d, d)."""
        x = self.centred
        total, d = x.T @ x, x.shape[1]
        if not np.trace(total) > 0:
            return [np.zeros((d, d)) for _ in self.folds]
        shrinkage = float(ledoit_wolf_shrinkage(x, assume_centered=True))
        out = []
        for held in self.folds:
            scatter = (total - x[held].T @ x[held]) / max(len(x) - len(held), 1)
            mean = float(np.trace(scatter)) / d
            # A fold's complement may be constant; and one direction alone is never shrunk.
            ridge = max(shrinkage, 1e-6) * mean if mean > 0 else 1.0
            out.append(np.linalg.inv((1 - shrinkage) * scatter + ridge * np.eye(d)))
        return out

    def _fitted(self, flags: Flags, whiteners: list[Reals]) -> tuple[Reals, Reals]:
        """(F, B, d) directions and (B, n) scores of every row by the classifier of its fold."""
        asked = self.queries[self.of]
        enrolled = self.sizes[self.of] - asked
        weight = asked * enrolled / self.sizes[self.of]
        signed = np.where(flags, weight / np.maximum(asked, 1), -weight / np.maximum(enrolled, 1))
        sums = [signed[:, held] @ self.centred[held] for held in self.folds]
        total = np.sum(sums, axis=0)
        scores = np.zeros(flags.shape)
        directions = []
        for held, mine, whitener in zip(self.folds, sums, whiteners, strict=True):
            directions.append((total - mine) @ whitener)
            scores[:, held] = directions[-1] @ self.centred[held].T
        return np.array(directions), scores

    def _auc(self, scores: Reals, flags: Flags) -> Reals:
        """(C,) share of pairs of one class with the query higher; a tie counts half."""
        order = np.lexsort((scores, self.of))
        ordered = scores[order]
        new = np.append(True, np.diff(ordered) != 0)
        new[self.starts] = True
        first = np.flatnonzero(new)
        last = np.append(first[1:], len(order)) - 1
        middle = ((first + last) / 2)[np.cumsum(new) - 1] - self.starts[self.of] + 1
        sums = np.add.reduceat(np.where(flags[order], middle, 0.0), self.starts)
        asked, enrolled = self.queries, self.sizes - self.queries
        return np.asarray((sums - asked * (asked + 1) / 2) / (asked * enrolled))

    def _permuted(self, rng: np.random.Generator) -> Flags:
        """Flags dealt anew within each class."""
        flags = np.zeros(len(self.of), dtype=np.bool_)
        place = np.arange(len(self.of)) - self.starts[self.of]
        flags[np.argsort(self.of + rng.random(len(self.of)))] = place < self.queries[self.of]
        return flags

    def _unit(self, directions: Reals) -> Reals:
        out = np.zeros_like(directions)
        for f, held in enumerate(self.folds):
            size = float(np.sqrt(np.mean((self.centred[held] @ directions[f]) ** 2)))
            if size > 0:
                out[f] = directions[f] / size / self.scale
        return out


def _sampled(found: Sides) -> Ints:
    """Positions among the rows: as many of each class and part as fit into ``ROWS``."""
    group = found.codes + found.classes * found.query
    sizes = found.counts.ravel()
    most = int(sizes.max())
    if sizes.sum() > ROWS:
        most, fewest = ROWS, 1
        while most > fewest:  # the largest number that fits
            middle = (most + fewest + 1) // 2
            if np.minimum(sizes, middle).sum() <= ROWS:
                fewest = middle
            else:
                most = middle - 1
    take = np.minimum(sizes, most)
    if take.sum() > ROWS:
        left = np.argsort(found.place)[ROWS // 2 :]
        take[left] = take[left + found.classes] = 0
    return drawn(found.keys, group, take)
