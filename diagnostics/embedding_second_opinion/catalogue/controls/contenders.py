"""The same queries and gallery under other vectors: the user's controls, and a random projection."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Reals
from embedding_second_opinion.data.embeddings import EmbeddingSet, FloatMatrix, InputError
from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.findings.wording import number as counted
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.rank_results import Ranks
from embedding_second_opinion.geometry.passes.threads import one_blas_thread
from embedding_second_opinion.inputs.controls import Control
from embedding_second_opinion.stats import jackknife, surface
from embedding_second_opinion.stats.intervals import Interval, no_interval, share_interval

RAW_INPUT = "the raw input"
MOST = 1024  # dimensions of a projection: a raw input may have a hundred thousand
SAME = 1e-5  # by which unit rows differ that are the same but for rounding
ROWS = 4096
COLUMNS = 2048  # of the input that are projected at once


@dataclass(frozen=True, eq=False)
class Contender:
    """One set of vectors, looked up as the model's are.

    name: what its estimates end in, "" for the model. words: for a sentence. dimensions: of its vectors.
    closed: 1-NN accuracy with its interval and delete-one values.
    """

    name: str
    words: str
    dimensions: int
    ranks: Ranks
    closed: float
    interval: Interval
    without: Reals

    def estimates(self, about: str) -> dict[str, Estimate]:
        """Triplet accuracy against the gallery, 1-NN accuracy and recall@10."""
        a, end = self.ranks.anchors, f"_{self.name}" if self.name else ""
        triplet = surface.triplet_accuracy(self.ranks)
        spread = share_interval(triplet, jackknife.triplet_without(self.ranks), self.units)
        recall = float((self.ranks.found[a, 2] > 0).mean())
        beside = no_interval("shown beside the 1-NN accuracy, which is judged")
        about = f"{self.words}, {counted(self.dimensions, 'dimension')}: {about}"
        return {
            f"triplet_accuracy{end}": spread.estimate(triplet, about),
            f"closed_set_accuracy{end}": self.interval.estimate(self.closed, about),
            f"recall_at_10{end}": beside.estimate(recall, about),
        }

    @property
    def units(self) -> int:
        """Classes that hold anchors."""
        return int(np.count_nonzero(surface.anchor_counts(self.ranks)))


def contender(space: Geometry, name: str, words: str, dimensions: int) -> Contender:
    """The rank pass of ``space``, made here if nobody has made it."""
    ranks = space.ranks
    closed, without = surface.closed_set_accuracy(ranks), jackknife.closed_set_without(ranks)
    units = int(np.count_nonzero(surface.anchor_counts(ranks)))
    interval = share_interval(closed, without, units, pairs=jackknife.closed_set_pairs(ranks))
    return Contender(name, words, dimensions, ranks, closed, interval, without)


def controls(space: Geometry, given: Sequence[Control]) -> tuple[list[Contender], list[str]]:
    """Those that can be looked up, and why the others cannot. One rank pass each."""
    found: list[Contender] = []
    usable, refused = arranged(space, given)
    for control, other in usable:
        name = plain_name(control.name, [c.name for c in found])
        found.append(contender(other, name, control.words, control.data.d))
    return found, refused


def arranged(
    space: Geometry, given: Sequence[Control]
) -> tuple[list[tuple[Control, Geometry]], list[str]]:
    """The controls that can be looked up, and why the others cannot. No pass is made."""
    usable, refused = [], []
    for control in given:
        if _same(control.data, space.evaluation.data):
            refused.append(f"{control.words} was left out: it holds the embedding that is judged.")
            continue
        try:
            usable.append((control, space.rearranged(control.data, listed=0)))
        except InputError as error:
            refused.append(f"{control.words} was left out: {error}")
    return usable, refused


def _same(control: EmbeddingSet, data: EmbeddingSet | None) -> bool:
    """Whether a control is the embedding itself, as it stands or with its rows at another length."""
    if data is None or control.vectors.shape != data.vectors.shape:
        return False
    if np.array_equal(control.vectors, data.vectors):
        return True
    for start in range(0, data.n, ROWS):
        one, two = (
            v[start : start + ROWS].astype(np.float64) for v in (control.vectors, data.vectors)
        )
        lengths = [np.linalg.norm(block, axis=1, keepdims=True) for block in (one, two)]
        one, two = (b / np.where(n > 0, n, 1.0) for b, n in zip((one, two), lengths, strict=True))
        # In one dimension every row has one of two directions.
        if data.d == 1 or np.abs(one - two).max() > SAME:
            return False
    return True


def projected(space: Geometry, given: Sequence[Control]) -> Contender | None:
    """A random projection to half of the dimensions: of the raw input where given, else of the embedding.

    None where neither can be looked up. One rank pass.
    """
    other_than = [c for c in given if not _same(c.data, space.evaluation.data)]
    raw = next((c.data for c in other_than if c.words == RAW_INPUT), None)
    for words, data in ((RAW_INPUT, raw), ("the embedding", space.evaluation.data)):
        if data is None:
            continue
        dimensions = max(1, min(data.d // 2, MOST))
        rng, centred = space.rng("controls: projection"), space.metric != "cosine"
        vectors = project(data.vectors, dimensions, rng, centred=centred)
        names = np.array(data.classes, dtype=np.str_)[data.codes]
        try:
            moved = EmbeddingSet.from_arrays(vectors, names, name=data.name)
            other = space.rearranged(moved, listed=0)
        except InputError:  # a blank row has no direction
            continue
        return contender(other, "random_projection", f"a random projection of {words}", dimensions)
    return None


def project(
    vectors: FloatMatrix, dimensions: int, rng: np.random.Generator, *, centred: bool
) -> FloatMatrix:
    """(n, dimensions) Gaussian projection, which keeps squared distances on average (Johnson &
    Lindenstrauss 1984), on a scale of its own. centred: take out the mean first, for the digits.
    """
    extent = float(np.abs(vectors).max()) or 1.0
    found = np.zeros((len(vectors), dimensions))
    # One thread: the last bit of a product may depend on how many share it.
    with one_blas_thread():
        for start in range(0, vectors.shape[1], COLUMNS):
            block = vectors[:, start : start + COLUMNS].astype(np.float64) / extent
            if centred:
                block -= block.mean(axis=0)
            found += block @ rng.standard_normal((block.shape[1], dimensions))
    return np.asarray(found / np.sqrt(dimensions), dtype=np.float32)


def plain_name(name: str, taken: Sequence[str]) -> str:
    """A name that can end an estimate's: letters, digits and underscores, none twice."""
    plain = re.sub(r"\W+", "_", name.casefold()).strip("_")[:40] or "control"
    reserved = {*taken, "random_projection"}
    every = (plain, *(f"{plain}_{number}" for number in range(2, len(reserved) + 2)))
    return next(name for name in every if name not in reserved)
