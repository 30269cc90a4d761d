"""Which pairs are counted, and what is left of them without one class?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.pair_histograms import PairHistograms
from embedding_second_opinion.geometry.passes.row_keys import class_keys, row_keys

SNAKE = np.array([0, 1, 1, 0])  # so that neither half gets the larger class of every two
CELLS = 2**21  # numbers in one block of delete-one counts
HALVES = np.array(
    [[0, 1, 0], [1, 0, 0]]
)  # each half fitted on the other; pairs across both on neither
OTHER_HALF, NO_OTHERS = "the other half of the classes", "the same pairs, for want of others"

Block = tuple[int, int, Ints, Ints]


@dataclass(frozen=True, eq=False)
class PairCounts:
    """Pairs by distance, in parts, with what each class takes away.

    genuine, impostor: (P, F) counts in each of P parts and F fine bins between ``edges`` (F + 1,).
    judged: (J,) parts whose pairs a threshold is tried on. fitted_on: (J, P) 1 where part j's
    threshold is fitted on part p. counted: parts that AUC and the like are about.
    elsewhere: whether those thresholds are fitted on other pairs than they judge.
    fit_words: where the threshold comes from, for a sentence. about: which pairs.
    base: share of genuine pairs among all pairs of the set, and (K,) without each class.
    class_ids: (K,) codes; units: classes that hold genuine pairs, or are touched by a pair of a file.
    shift: F bins become F >> shift coarse ones. taken: what classes [start, stop) take away, in these:
    (stop - start, P, B) genuine and impostor pairs.
    """

    genuine: Ints
    impostor: Ints
    edges: Reals
    judged: tuple[int, ...]
    fitted_on: Ints
    counted: tuple[int, ...]
    elsewhere: bool
    fit_words: str
    about: str
    base: tuple[float, Reals]
    class_ids: Ints
    units: int
    shift: int
    taken: Callable[[int, int], tuple[Ints, Ints]]

    def coarse(self) -> tuple[Ints, Ints]:
        """(P, B) genuine and impostor counts in coarse bins."""
        return coarsened(self.genuine, self.shift), coarsened(self.impostor, self.shift)

    def without(self) -> Iterator[Block]:
        """start, stop, and (stop - start, P, B) genuine and impostor pairs left without each class."""
        genuine, impostor = self.coarse()
        step = max(1, CELLS // genuine.size)
        for start in range(0, len(self.class_ids), step):
            stop = min(start + step, len(self.class_ids))
            one, two = self.taken(start, stop)
            yield start, stop, genuine - one, impostor - two


def coarsened(counts: Ints, shift: int) -> Ints:
    """(..., F) counts in F >> shift bins."""
    return np.asarray(counts.reshape(*counts.shape[:-1], -1, 1 << shift).sum(axis=-1))


def has_pairs(space: Geometry) -> bool:
    """Whether there are genuine and impostor pairs among the queries, and their distances are known."""
    if not len(space.evaluation.queries) or not (
        space.has_vectors or space.evaluation.leave_one_out
    ):
        return False
    rows = np.bincount(space.codes)
    return int(rows.max()) > 1 and int(np.count_nonzero(rows)) > 1


def base_rate(space: Geometry, class_ids: Ints) -> tuple[float, Reals]:
    """Share of genuine pairs among all pairs of the queries, and (K,) without each of these classes.

    Of all rows, where no two queries make a pair.
    """
    codes = space.codes if has_pairs(space) else space.evaluation.codes
    rows = np.bincount(codes, minlength=len(space.evaluation.classes)).astype(np.float64)
    genuine, n = (rows * (rows - 1)).sum(), rows.sum()
    mine = rows[class_ids]
    left = (n - mine) * (n - mine - 1)
    share = np.divide(genuine - mine * (mine - 1), left, out=np.zeros(len(mine)), where=left > 0)
    return float(genuine / (n * (n - 1))), share


def pairs_of_queries(space: Geometry) -> PairCounts:
    """All pairs among the queries; thresholds from the pairs of the gallery, or of the other half of classes.

    Needs two classes of queries, one of them with two rows.
    """
    evaluation, k = space.evaluation, len(space.evaluation.classes)
    rows = np.bincount(space.codes, minlength=k).astype(np.int64)
    enrolled = evaluation.gallery
    if enrolled is not None and np.bincount(evaluation.codes[enrolled]).max() > 1:
        both = space.pair_histograms((evaluation.queries, enrolled), np.zeros(k, dtype=np.int64))
        return _from_gallery(space, *both)
    (found,) = space.pair_histograms((evaluation.queries,), halves(space, rows))
    return _from_halves(space, found)


def halves(space: Geometry, sizes: Ints) -> Ints:
    """(K,) half, 0 or 1, of every class of the evaluation: at random, but alike in sizes.

    sizes: (K,) what is to be shared out, such as rows. The draw depends on what the classes hold,
    not on their names, nor on the order of the rows.
    """
    evaluation = space.evaluation
    if evaluation.data is not None:
        held, codes = evaluation.data.vectors, evaluation.codes
    else:
        ranks = space.ranks
        near = (ranks.nearest_positive_distance, ranks.nearest_negative_distance)
        held, codes = np.nan_to_num(np.column_stack(near), nan=-1.0), space.codes
    classes = len(evaluation.classes)
    keys = class_keys(row_keys(held, space.rng("halves of the classes")), codes, classes)
    order = np.lexsort((keys, -sizes))
    half = np.zeros(classes, dtype=np.int64)
    half[order] = SNAKE[np.arange(classes) % 4]
    return half


def _from_halves(space: Geometry, found: PairHistograms) -> PairCounts:
    proper = all(bool(kind[:2].any(axis=1).all()) for kind in (found.genuine, found.impostor))

    def taken(start: int, stop: int) -> tuple[Ints, Ints]:
        at = np.arange(stop - start)
        genuine = np.zeros((stop - start, 3, found.class_genuine.shape[1]), dtype=np.int64)
        impostor = np.zeros_like(genuine)
        genuine[at, found.part[start:stop]] = found.class_genuine[start:stop]
        impostor[at, found.part[start:stop]] = found.class_within[start:stop]
        impostor[:, 2] = found.class_across[start:stop]
        return genuine, impostor

    return PairCounts(
        genuine=found.genuine,
        impostor=found.impostor,
        edges=found.scale.edges,
        judged=(0, 1) if proper else (0, 1, 2),
        fitted_on=HALVES if proper else np.ones((3, 3), dtype=np.int64),
        counted=(0, 1, 2),
        elsewhere=proper,
        fit_words=OTHER_HALF if proper else NO_OTHERS,
        about=_about(space, found),
        base=base_rate(space, found.classes),
        class_ids=found.classes,
        units=int(np.count_nonzero(found.class_genuine.any(axis=1))),
        shift=_shift(found),
        taken=taken,
    )


def _from_gallery(space: Geometry, found: PairHistograms, enrolled: PairHistograms) -> PairCounts:
    ids = np.union1d(found.classes, enrolled.classes)
    shift = max(_shift(found), _shift(enrolled))
    tables = []
    for part in (found, enrolled):
        place = np.searchsorted(part.classes, ids)
        place[~np.isin(ids, part.classes)] = -1
        more = shift - _shift(part)
        kinds = (coarsened(kind, more) for kind in (part.class_genuine, part.class_within))
        tables.append((place, *kinds))

    def taken(start: int, stop: int) -> tuple[Ints, Ints]:
        shape = (stop - start, 2, tables[0][1].shape[1])
        genuine, impostor = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        for p, (place, same, different) in enumerate(tables):
            at = place[start:stop]
            has = at >= 0
            genuine[has, p], impostor[has, p] = same[at[has]], different[at[has]]
        return genuine, impostor

    return PairCounts(
        genuine=np.stack([found.genuine[0], enrolled.genuine[0]]),
        impostor=np.stack([found.impostor[0], enrolled.impostor[0]]),
        edges=found.scale.edges,
        judged=(0,),
        fitted_on=np.array([[0, 1]]),
        counted=(0,),
        elsewhere=True,
        fit_words=f"the pairs of the gallery ({space.evaluation.gallery_name})",
        about=_about(space, found),
        base=base_rate(space, ids),
        class_ids=ids,
        units=int(np.count_nonzero(found.class_genuine.any(axis=1))),
        shift=shift,
        taken=taken,
    )


def _shift(found: PairHistograms) -> int:
    bins, wide = found.genuine.shape[1], found.class_genuine.shape[1]
    return int(bins // wide).bit_length() - 1


def _about(space: Geometry, found: PairHistograms) -> str:
    return (
        f"all {int(found.genuine.sum()):,} genuine and "
        f"{number(int(found.impostor.sum()), 'impostor pair')} of {len(space.codes):,} "
        f"{space.evaluation.called}rows of {number(len(found.classes), 'class')}"
    )
