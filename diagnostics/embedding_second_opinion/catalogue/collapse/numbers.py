"""Which numbers describe how an embedding fills its space? One jackknife loop for all that need one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Reals
from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.threads import one_blas_thread
from embedding_second_opinion.stats.intervals import no_interval

from . import concentration, neural_collapse, spectra
from .class_groups import ClassGroups
from .concentration import Measured
from .gaussian_classes import Outcome, Surrogate
from .moments import BLOCK, Moments, of_all, without_groups

# In the order in which they are told: words for a person, and what the value is a number of.
LABELS: Mapping[str, tuple[str, str]] = {
    "effective_rank": ("Effective rank (RankMe, centred)", "dimensions"),
    "participation_ratio": ("Participation ratio", "dimensions"),
    "mean_cosine": ("Mean cosine", "cosine"),
    "tie_mass": ("Pairs that tie", "share"),
    "mean_cosine_centred": ("Mean cosine, centred", "cosine"),
    "spread": ("Spread over length", "ratio"),
    "stable_rank": ("Stable rank", "dimensions"),
    "numerical_rank": ("Numerical rank", "dimensions"),
    "spectrum_exponent": ("Spectrum exponent (alpha-ReQ)", "exponent"),
    "intrinsic_dimension": ("Intrinsic dimension (TwoNN)", "dimensions"),
    "nc1_within_over_between": ("NC1: width of a class over distance of the means", "ratio"),
    "nc2_equinorm": ("NC2: unevenness of the means' lengths", "ratio"),
    "nc2_equiangular": ("NC2: unevenness of the means' angles", "cosine"),
    "nc3_self_duality": ("NC3: class means against least-squares weights", "distance"),
    "nc4_nearest_mean_disagreement": ("NC4: nearest mean against nearest row", "share"),
}


@dataclass(frozen=True)
class Numbers:
    """What ``numbers`` found.

    variances: (d,) of the centred rows along their principal components, largest first.
    groups: how the classes were left out. outcome: of the Gaussian surrogate on all classes, None
    where it cannot be drawn; without: the same without each group.
    """

    estimates: Mapping[str, Estimate]
    variances: Reals
    rows: int
    classes: int
    groups: ClassGroups
    surrogate: Surrogate
    outcome: Outcome | None
    without: tuple[Outcome | None, ...]

    @property
    def dimensions(self) -> int:
        """d, of the vectors."""
        return len(self.variances)


def numbers(space: Geometry) -> Numbers:
    """All of them. Needs vectors."""
    # Dozens of small decompositions: threads would cost more than they bring, and change last bits.
    with one_blas_thread():
        return _numbers(space)


def _numbers(space: Geometry) -> Numbers:
    full, frame = of_all(space)
    groups = ClassGroups.deal(space.class_stats)
    surrogate = Surrogate(space, full)
    about = _about(space, full)
    variances = full.variances()
    values = spectra.numbers(variances, full.classes) | _collapse(space, full)
    left: list[dict[str, float]] = []
    outcomes = []
    for moments in without_groups(space, full, frame, groups):
        some = spectra.numbers(moments.variances(), moments.classes)
        left.append(some | (_collapse(space, moments) if len(variances) <= BLOCK else {}))
        outcomes.append(surrogate.outcome(moments))
    stats = space.class_stats
    within = space.within if space.within is not None and len(space.within.anchors) else space.ranks
    found: dict[str, Measured | None] = {
        "mean_cosine": concentration.mean_cosine(space),
        "mean_cosine_centred": concentration.mean_cosine(space, centred=True),
        "spread": concentration.spread(stats),
        "tie_mass": concentration.tie_mass(within),
        "nc2_equinorm": neural_collapse.equinorm(stats),
        "nc2_equiangular": neural_collapse.equiangular(stats),
        "nc4_nearest_mean_disagreement": neural_collapse.nearest_mean_disagreement(space),
    }
    of = {
        "tie_mass": f"{len(within.anchors):,} rows with a positive and a negative, of {about}",
        "nc4_nearest_mean_disagreement": f"queries among {about}",
    }
    for name, value in values.items():
        without = np.array([some.get(name, np.nan) for some in left])
        interval = groups.interval(value, without, positive=True)
        if len(variances) > BLOCK and name.startswith("nc"):
            interval = no_interval(f"not made beyond {BLOCK} dimensions, where it would take long")
        found[name] = value, interval
    dimension = concentration.intrinsic_dimension(space, groups)
    if dimension is not None:
        found["intrinsic_dimension"] = dimension[:2]
        used = f"nearest two neighbours of {about}; {dimension[2]:,} with a copy left out"
        of["intrinsic_dimension"] = used
    estimates = {}
    for name, (_, quantity) in LABELS.items():
        if (measured := found.get(name)) is not None:
            estimates[name] = measured[1].estimate(measured[0], of.get(name, about), quantity)
    return Numbers(
        estimates=estimates,
        variances=variances,
        rows=full.rows,
        classes=full.classes,
        groups=groups,
        surrogate=surrogate,
        outcome=surrogate.outcome(full),
        without=tuple(outcomes),
    )


def _collapse(space: Geometry, moments: Moments) -> dict[str, float]:
    """NC1 and NC3, where they exist; on all classes from the matrices as they are."""
    stats = space.class_stats
    if len(stats.mean) <= BLOCK:
        within, centres = moments.within.block, moments.centres.block
    else:
        means = stats.means[stats.counts > 0]
        offset = means - means.mean(axis=0)
        within, centres = stats.within, offset.T @ offset
    within, between = within / moments.rows, centres / moments.classes
    found = {
        "nc1_within_over_between": neural_collapse.within_over_between(
            within, between, moments.classes, moments.floor
        ),
        "nc3_self_duality": neural_collapse.self_duality(within, between, moments.floor),
    }
    return {name: value for name, value in found.items() if value is not None}


def _about(space: Geometry, full: Moments) -> str:
    evaluation = space.evaluation
    return f"{full.rows:,} {evaluation.called}rows of {full.classes:,} classes"
