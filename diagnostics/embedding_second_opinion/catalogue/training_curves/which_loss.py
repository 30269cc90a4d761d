"""Which loss did the log hold? Each usual one, recomputed from the vectors, beside the log's last values.

Two of them are slips that circulate: squared distances against a margin that is meant for distances
(identical triplet accuracy, another loss; Schroff et al., CVPR 2015, square on purpose), and the
contrastive loss of Hadsell, Chopra & LeCun (CVPR 2006) on the vector of differences, coordinate by
coordinate, instead of on its length.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.source import VectorSource
from embedding_second_opinion.inputs.training_log import TrainingLog

from .kernel_losses import KINDS, losses
from .log_end import Observed, observed

ANCHORS = 4096  # a mean over more is surer than any log
COORDINATES = 1_500_000_000  # coordinates of pairs that are worth a second or two
CLOSE = 0.15  # of a loss in logarithms: weights moved on since the last steps were logged
CLOSE_ACTIVE = 0.5  # and of a share of active triplets, which falls fast at the end
APART = 1.0  # squares, by which a slip must be nearer than any loss as meant, to be named
NEAR = 0.25  # of what is close: a loss on its floor does not move on
LEARNED = 0.7  # of all triplets right: vectors that somebody trained

SQUARED = "triplet loss on squared distances"
COORDINATES_NAME = "contrastive loss on single coordinates"
ALL_PAIRS = "contrastive loss over all pairs"
WORDS = {
    "distance": "triplet loss on distances",
    "squared": SQUARED,
    "cosine": "triplet loss on 1 - cos",
}


@dataclass(frozen=True)
class Candidate:
    """A loss on these vectors. off: how far from the log, 1 being the farthest that is still close.

    Where the log has a loss and a share of active triplets, ``off`` is the root of the mean of both squares;
    ``square`` is their sum, which weighs two measures that tell the same more than one.
    slip: it is one of the two that are mostly meant otherwise.
    """

    name: str
    loss: float
    active: float | None
    off: float
    slip: bool = False
    square: float = 0.0


@dataclass(frozen=True)
class WhichLoss:
    """named: the slip that the log holds, where nothing else fits. fits: all that are close."""

    observed: Observed
    candidates: tuple[Candidate, ...]
    fits: tuple[Candidate, ...]
    named: Candidate | None
    about: str


def which_loss(space: Geometry, log: TrainingLog, margin: float) -> WhichLoss | str:
    """Compare; where that cannot be done, the reason as a clause."""
    seen = observed(log)
    if seen is None:
        return "the log holds no training loss above 0 at its end"
    if not space.has_vectors or space.evaluation.data is None:
        return "there are distances only"
    rows, name = _rows(space)
    codes = space.evaluation.codes[rows]
    sizes = np.bincount(codes)
    if np.count_nonzero(sizes) < 2 or sizes.max() < 2:
        return "no two of these rows are of one class, or all are"
    points = space.among(rows, name).points.astype(np.float64)
    columns = _recomputed(space, points, codes, margin)
    n = len(rows)
    alike = float((sizes * (sizes - 1)).sum()) / (n * (n - 1))
    unit = bool(np.allclose(np.linalg.norm(points, axis=1), 1, atol=1e-3))
    mean = {name: float(np.nanmean(values)) for name, values in columns.items()}
    found = candidates(mean, seen, family(log), unit, alike)
    fits = tuple(sorted((c for c in found if c.off <= 1), key=lambda c: c.off))
    about = f"{name}: {len(rows):,} rows, margin {margin:g}; the mean of the last {seen.steps} logged steps"
    return WhichLoss(seen, found, fits, _named(found, seen, mean), about)


def family(log: TrainingLog) -> str:
    """ "triplet" or "contrastive" where the columns or their presence say so, else "": unknown."""
    names = " ".join(log.called.values()).casefold()
    if "triplet" in names or "active_share" in log.curves or "satisfaction" in log.curves:
        return "triplet"
    return "contrastive" if any(w in names for w in ("contrastive", "siamese", "pair")) else ""


def candidates(
    mean: dict[str, float], seen: Observed, kind: str, unit: bool, alike: float
) -> tuple[Candidate, ...]:
    """All losses that a log of this family may hold.

    mean: of each loss on these vectors. unit: the vectors have length 1. alike: the share of all pairs that
    are of one class.
    """
    found: list[Candidate] = []
    if kind != "contrastive":
        for f in (f for f in KINDS if unit or f != "cosine"):
            loss, active, slip = mean[f"{f}_loss"], mean[f"{f}_active"], f == "squared"
            found.append(_triplet(WORDS[f], loss, active, seen, slip, over_active=False))
            if active > 0:
                name = f"{WORDS[f]}, mean over the active ones"
                found.append(_triplet(name, loss / active, active, seen, slip, over_active=True))
    if kind == "triplet":
        return tuple(found)
    whole = (mean["positive_square"], mean["negative_square"])
    single = (mean["coordinate_positive"], mean["coordinate_negative"])
    plain, inside = (mean["positive"], mean["negative"]), mean["negative_active"]
    unsquared = "contrastive loss on distances not squared"
    for name, loss in {
        # As many pairs of each kind; Hadsell et al. halve each term.
        "contrastive loss": sum(whole) / 2,
        "contrastive loss, halved": sum(whole) / 4,
        ALL_PAIRS: alike * whole[0] + (1 - alike) * whole[1],
        unsquared: sum(plain) / 2,
        f"{unsquared}, both means added, of pairs that are not zero": plain[0]
        + (plain[1] / inside if inside else 0.0),
        COORDINATES_NAME: sum(single) / 2,
    }.items():
        off = _off(seen.loss, loss, seen.error)
        found.append(Candidate(name, loss, None, off, name == COORDINATES_NAME, off**2))
    return tuple(found)


def _triplet(
    name: str, loss: float, active: float, seen: Observed, slip: bool, over_active: bool
) -> Candidate:
    if seen.active is None or active <= 0 or loss <= 0:
        off = [_off(seen.loss, loss, seen.error)]
    else:
        # A mean over the active ones hardly moves while their share still falls: compare these.
        theirs, error = seen.loss, seen.error
        if not over_active:
            theirs = seen.loss / seen.active
            if seen.per_active is not None:
                theirs, error = seen.per_active, seen.per_active_error
        off = [
            _off(theirs, loss if over_active else loss / active, error),
            _off(seen.active, active, seen.active_error, CLOSE_ACTIVE),
        ]
    square = float(np.square(off).sum())
    return Candidate(name, loss, active, float(np.sqrt(square / len(off))), slip, square)


def _off(logged: float, made: float, error: float, close: float = CLOSE) -> float:
    """Distance in logarithms, in units of what is close; the log's noise makes more of it close."""
    if made <= 0:
        return float("inf")
    close = float(np.hypot(close, 2 * error))
    return abs(float(np.log(logged / made))) / close


def _named(
    found: tuple[Candidate, ...], seen: Observed, mean: dict[str, float]
) -> Candidate | None:
    """The slip that fits where no loss as meant does, and the choice of triplets or pairs cannot be why."""
    best = min((c for c in found if c.slip), key=lambda c: c.off)
    nearest = min((c for c in found if not c.slip), key=lambda c: c.off)
    if best.name == COORDINATES_NAME and seen.flat and mean["right"] > LEARNED:
        # These vectors were trained, and the loss did not fall: as meant it would have, so that nearest is
        # enough.
        return best if best.off <= NEAR and best.off < nearest.off else None
    if best.off > 1 or nearest.square - best.square < APART:
        return None
    if best.name == COORDINATES_NAME:
        # Hard pairs, as many of each kind, have more loss than random ones, and nobody chooses easy ones.
        least = min(c.loss for c in found if not c.slip and c.name != ALL_PAIRS)
        most = max(mean["farthest"], mean["nearest_square"])
        mined = least <= seen.loss <= most * (1 + CLOSE)
    elif seen.active is not None:
        mined = False  # the share of active triplets fits too, which mining raises
    elif seen.accuracy is not None and seen.accuracy < 1:
        error = max(1 - mean["right"], 1e-6)
        mined = abs(float(np.log((1 - seen.accuracy) / error))) > CLOSE_ACTIVE
    else:
        mined = mean["distance_hardest"] >= seen.loss  # hard triplets could give as much
    return None if mined else best


def _rows(space: Geometry) -> tuple[Ints, str]:
    """The rows that were trained on: those of the split called train, else those enrolled."""
    evaluation = space.evaluation
    data = evaluation.data
    if data is not None and data.split is not None:
        train = np.flatnonzero(np.asarray(data.split) == "train")
        if len(train):
            return train, "train"
    return evaluation.enrolled, evaluation.gallery_name


def _recomputed(space: Geometry, points: Reals, codes: Ints, margin: float) -> dict[str, Reals]:
    order = np.argsort(codes, kind="stable")
    points, codes = points[order], codes[order]
    sizes = np.unique(codes, return_counts=True)[1]
    start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    able = np.flatnonzero(np.repeat(sizes, sizes) > 1)
    # In random order, so that the first of them are a sample too.
    own = space.rng("training_curves: anchors").permutation(able)[:ANCHORS]
    some = max(32, COORDINATES // (len(points) * points.shape[1]))
    source = VectorSource.of(points[own], points, precise=False)
    return losses(source, own, start, margin, some)
