"""How hard are the listed positives and negatives, among those that their batch offered?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.stats.intervals import Interval

from .kernel_listed_triplets import FARTHEST, NEAREST
from .members import Members
from .units import Mask, Units

TELLING = 0.5  # a choice that chance makes half of the time tells nothing


@dataclass(frozen=True, eq=False)
class Choice:
    """Something that a miner may always choose, and how often chance would: over some of the triplets.

    where: numbers among the ranked triplets, those where chance alone makes it at most half of the time.
    """

    where: Ints
    hits: Mask
    chance: Reals

    @property
    def share(self) -> float:
        """How often it was chosen; 0 where it cannot be told."""
        return float(self.hits.mean()) if len(self.hits) else 0.0

    @property
    def excess(self) -> float:
        """0 for chance, 1 for always, below 0 for less than chance; 0 where it cannot be told."""
        if not len(self.hits):
            return 0.0
        return float((self.hits.mean() - self.chance.mean()) / (1 - self.chance.mean()))

    def only(self, mask: Mask) -> Choice:
        """The same where the mask, over all ranked triplets, holds."""
        kept = mask[self.where]
        return Choice(self.where[kept], self.hits[kept], self.chance[kept])

    def interval(self, units: Units) -> tuple[float, Interval]:
        """``excess``, 0 where it is below, with its interval; units: of the ranked triplets."""
        if not len(self.hits):
            return 0.0, Interval(0.0, 1.0, "no triplet of which it can be told", "anchor")
        return units.among(self.where).excess(self.hits, self.chance)


@dataclass(frozen=True, eq=False)
class Hardness:
    """Per ranked triplet, (t,), unless said otherwise.

    right: of the labels it should have. percentile_p, percentile_n: 0 for the hardest (the farthest
    positive, the nearest negative), 1 for the easiest, 0.5 on average where drawn at random; NaN where
    there was no choice or the label is wrong. farther: the negative is farther than the positive.
    crossed: some negative was at most as far as the positive. expected_farther: chance of ``farther`` for a
    negative drawn at random. easy: positive in the nearer half, negative in the farthest tenth, and
    farther. far: the negative alone. near: the positive alone.
    """

    right: Mask
    percentile_p: Reals
    percentile_n: Reals
    farther: Mask
    crossed: Mask
    expected_farther: Reals
    easy: Choice
    far: Choice
    near: Choice
    nearest_p: Choice
    farthest_p: Choice
    nearest_n: Choice
    farthest_n: Choice
    first_beyond: Choice
    classes_of_two: bool  # most anchors had one positive to choose from


def hardness(members: Members, wrong: Mask) -> Hardness:
    """From the counts of the pass; wrong: (t,) of the ranked triplets, see ``facts``."""
    s, owner = members.standing, members.owner
    m_p, m_n = s.positives[owner], s.negatives[owner]
    right = ~wrong & (m_p > 0) & (m_n > 0)
    farther = s.farther.astype(bool)
    last_p = s.nearer_p + s.tied_p + 1 == m_p
    last_n = s.nearer_n + s.tied_n + 1 == m_n
    with np.errstate(divide="ignore"):
        one_p, one_n = 1 / m_p, 1 / m_n
    half = np.maximum(1, (NEAREST * m_p).astype(np.int64))
    tenth = np.maximum(1, (FARTHEST * m_n).astype(np.int64))
    near = s.nearer_p + s.tied_p < half
    # Ties lose, so that in a collapsed space nothing is the farthest; a negative that beats the
    # positive is not easy, however far: semi-hard mining takes the farthest where none is beyond.
    far = (s.nearer_n >= m_n - tenth) & farther
    beyond = np.where(farther, s.nearer_n == s.inside, last_n & (s.inside == m_n))

    def choice(hits: Mask, chance: Reals) -> Choice:
        where = np.flatnonzero(right & (chance <= TELLING))
        return Choice(where, hits[where], chance[where])

    # The most that any honest draw gives: by row, by class, or among those beyond the positive.
    chance_n = np.maximum(s.chance[owner], tenth / np.maximum(m_n - s.inside, tenth))
    chance_p = half * one_p
    several = m_p > 1
    return Hardness(
        right=right,
        percentile_p=1 - _percentile(s.nearer_p, s.tied_p, m_p, right),
        percentile_n=_percentile(s.nearer_n, s.tied_n, m_n, right),
        farther=farther,
        crossed=s.inside > 0,
        expected_farther=1 - s.inside / np.maximum(m_n, 1),
        easy=choice(near & far, chance_p * chance_n),
        far=choice(far, chance_n),
        near=choice(near, chance_p),
        nearest_p=choice(s.nearer_p == 0, one_p),
        farthest_p=choice(last_p, one_p),
        nearest_n=choice(s.nearer_n == 0, one_n),
        farthest_n=choice(last_n, one_n),
        first_beyond=choice(beyond, one_n),
        classes_of_two=bool(several[right].mean() < TELLING) if right.any() else False,
    )


def _percentile(nearer: Ints, tied: Ints, of: Ints, right: Mask) -> Reals:
    """Rank from 0 for the nearest to 1 for the farthest; ties count half."""
    found = np.full(len(of), np.nan)
    np.divide(nearer + tied / 2, of - 1, out=found, where=right & (of > 1))
    return found
