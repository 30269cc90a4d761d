"""Generated sets whose truth is known: one flaw each, and healthy ones of different shape."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from embedding_second_opinion import catalogue
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.inputs.controls import Control
from embedding_second_opinion.inputs.generated import Split, unit
from embedding_second_opinion.inputs.inputs import Inputs

from . import (
    planted_audit,
    planted_census,
    planted_claims,
    planted_curves,
    planted_growth,
    planted_hubs,
    planted_labels,
    planted_metrics,
    planted_remedies,
    planted_use,
)

Reals = NDArray[np.float64]
Made = tuple[Reals, NDArray[np.int64]]
# Sets about one room each, in files of their own.
PARTS = (
    planted_use,
    planted_audit,
    planted_census,
    planted_claims,
    planted_curves,
    planted_growth,
    planted_hubs,
    planted_labels,
    planted_metrics,
    planted_remedies,
)


def _own() -> dict[str, ModuleType]:
    """The sets that lie in a diagnostic's own folder (``planted.py``), by its code."""
    folders = [m.name for m in pkgutil.iter_modules(catalogue.__path__) if m.ispkg]
    names = {code: f"{catalogue.__name__}.{code}.planted" for code in folders}
    return {
        code: importlib.import_module(name)
        for code, name in names.items()
        if importlib.util.find_spec(name) is not None
    }


OWN = _own()
Grouped = tuple[Reals, NDArray[np.int64], NDArray[np.int64]]


def planted(flaw: str, seed: int = 0) -> EmbeddingSet:
    """A set with this one flaw (a key of FLAWS), or a healthy one (a key of HEALTHY).

    The same seed gives the same set. Raises KeyError for an unknown name.
    """
    made = _made(flaw, seed)
    return EmbeddingSet.from_arrays(
        made.vectors, made.labels, split=made.split, groups=made.groups, name=f"planted:{flaw}"
    )


def planted_inputs(flaw: str, seed: int = 0, inputs: Inputs | None = None) -> Inputs:
    """What belongs to the set besides its embeddings, added to ``inputs``."""
    made, inputs = _made(flaw, seed), inputs or Inputs()
    names = ("triplets", "log", "margin", "claim", "expected_classes")
    brought = {name: getattr(made, name) for name in names}
    update = {name: value for name, value in brought.items() if value is not None}
    if made.raw is not None:
        raw = EmbeddingSet.from_arrays(made.raw, made.labels, name=f"planted:{flaw}, raw")
        update["controls"] = (Control("raw", raw),)
    return inputs.model_copy(update=update)


def _made(flaw: str, seed: int) -> Split:
    made = {**HEALTHY, **FLAWS}[flaw](np.random.default_rng(seed))
    return (
        made
        if isinstance(made, Split)
        else Split(*made[:2], groups=made[2] if len(made) > 2 else None)
    )


def _classes(
    rng: np.random.Generator, classes: int, rows: int, d: int, noise: float
) -> tuple[Reals, Reals, NDArray[np.int64]]:
    """Centres (classes, d), vectors (classes * rows, d) about them, and labels.

    Centres are standard normal, so two of them are about sqrt(2 d) apart; ``noise`` is the
    standard deviation of a row about its centre in each dimension.
    """
    centres = rng.standard_normal((classes, d))
    labels = np.repeat(np.arange(classes), rows)
    return centres, centres[labels] + noise * rng.standard_normal((len(labels), d)), labels


def _healthy(rng: np.random.Generator) -> Made:
    """60 classes of 20 on the unit sphere, as a well-trained network leaves them."""
    _, vectors, labels = _classes(rng, 60, 20, 32, 0.75)
    return unit(vectors), labels


def _healthy_many_classes(rng: np.random.Generator) -> Made:
    """600 classes of 5."""
    _, vectors, labels = _classes(rng, 600, 5, 48, 0.75)
    return unit(vectors), labels


def _healthy_few_samples(rng: np.random.Generator) -> Made:
    """300 classes of 2 to 4."""
    _, vectors, labels = _classes(rng, 300, 4, 48, 0.68)
    drop = rng.random(len(labels)) < 0.25
    drop[np.unique(labels, return_index=True)[1]] = False
    drop[np.unique(labels, return_index=True)[1] + 1] = False
    return unit(vectors[~drop]), labels[~drop]


def _healthy_several_modes(rng: np.random.Generator) -> Made:
    """40 classes of three separate modes each: low triplet accuracy, and rightly no alarm."""
    _, vectors, modes = _classes(rng, 120, 10, 32, 0.7)
    return vectors, modes % 40


def _healthy_unnormalised(rng: np.random.Generator) -> Made:
    """200 classes of 8 with an offset and scales that differ tenfold between dimensions."""
    _, vectors, labels = _classes(rng, 200, 8, 48, 0.56)
    return 40 + vectors * np.geomspace(0.5, 5, 48), labels


def _look_alikes(rng: np.random.Generator) -> Made:
    """150 classes of 12 of which 20 have a twin: 40 classes that are hard to tell apart.

    A triplet seldom meets the twin, one negative in 149; a nearest-neighbour search always does.
    """
    centres, vectors, labels = _classes(rng, 150, 12, 32, 0.65)
    shift = 0.25 * rng.standard_normal((20, 32))
    for i in range(20):
        vectors[labels == 130 + i] += centres[i] + shift[i] - centres[130 + i]
    return unit(vectors), labels


def _crowded(rng: np.random.Generator) -> Made:
    """300 classes of 8 in 10 dimensions: each pair is far apart, all together are not."""
    _, vectors, labels = _classes(rng, 300, 8, 10, 0.45)
    return vectors, labels


def _healthy_neural_collapse(rng: np.random.Generator) -> Made:
    """150 classes of 6 at the corners of a simplex in 384 dimensions: rank 149, and nothing wrong."""
    corners = np.eye(150) - 1 / 150
    basis, _ = np.linalg.qr(rng.standard_normal((384, 150)))
    labels = np.repeat(np.arange(150), 6)
    vectors = (corners @ basis.T)[labels]
    return unit(vectors + 0.004 * rng.standard_normal(vectors.shape)), labels


def _healthy_cone(rng: np.random.Generator) -> Made:
    """160 classes of 8 that share one large direction: mean cosine .97, and nothing wrong."""
    _, vectors, labels = _classes(rng, 160, 8, 48, 0.6)
    return unit(vectors + 40 * unit(rng.standard_normal((1, 48)))), labels


def _healthy_long_tail(rng: np.random.Generator) -> Made:
    """160 classes of 150 down to 4, all equally well embedded."""
    sizes = _long_tail(160, 150, 4)
    centres = rng.standard_normal((160, 40))
    labels = np.repeat(np.arange(160), sizes)
    return unit(centres[labels] + 0.6 * rng.standard_normal((len(labels), 40))), labels


def _long_tail(classes: int, most: int, least: int) -> NDArray[np.int64]:
    """Sizes that fall as 1 / rank from ``most`` to ``least``."""
    return np.maximum(least, np.round(most / np.arange(1, classes + 1))).astype(np.int64)


def _collapsed(rng: np.random.Generator) -> Made:
    """60 classes of 20 within half a percent of one point, their order almost lost in noise."""
    _, vectors, labels = _classes(rng, 60, 20, 32, 2.5)
    return unit(unit(rng.standard_normal((1, 32))) + 3e-4 * vectors), labels


def _binarised(rng: np.random.Generator) -> Made:
    """160 classes of 8, stored as 16 signs: rows of different classes at exactly the same distance."""
    _, vectors, labels = _classes(rng, 160, 8, 16, 0.35)
    return np.sign(vectors), labels


def _flattened(rng: np.random.Generator) -> Made:
    """60 classes of 20 in 32 dimensions, of which training has left three."""
    _, vectors, labels = _classes(rng, 60, 20, 32, 0.3)
    return vectors * np.where(np.arange(32) < 3, 1.0, 0.01), labels


def _starved_tail(rng: np.random.Generator) -> Made:
    """100 classes of 150 down to 5: the small ones are embedded worse, not only enrolled less."""
    sizes = _long_tail(100, 150, 5)
    centres = rng.standard_normal((100, 40))
    labels = np.repeat(np.arange(100), sizes)
    noise = np.where(sizes < 10, 1.2, 0.6)[labels]
    vectors = centres[labels] + noise[:, None] * rng.standard_normal((len(labels), 40))
    return unit(vectors), labels


def _minority_collapse(rng: np.random.Generator) -> Made:
    """30 classes of 60 well apart, and 60 of 5 whose centres have run into one another."""
    sizes = np.repeat([60, 5], [30, 60])
    centres = rng.standard_normal((90, 32))
    centres[30:] = centres[30] + 0.5 * (centres[30:] - centres[30])
    labels = np.repeat(np.arange(90), sizes)
    return centres[labels] + 0.5 * rng.standard_normal((len(labels), 32)), labels


def _one_group(rng: np.random.Generator) -> Grouped:
    """100 classes of 20 recorded in five sessions, the last of which is noisy."""
    _, vectors, labels = _classes(rng, 100, 20, 40, 0.55)
    groups = np.tile(np.arange(5), 400)
    vectors[groups == 4] += 1.5 * rng.standard_normal((400, 40))
    return unit(vectors), labels, groups


def _unmappable(rng: np.random.Generator) -> Made:
    """60 classes of 20: 5 sharp rows and 15 blurred ones. A blurred row's nearest is of its class, its
    other neighbours are the sharp rows of all classes; maps pull it home and show 60 tidy clusters.
    """
    centres = rng.standard_normal((60, 64))
    labels = np.repeat(np.arange(60), 20)
    noise = np.where(np.arange(1200) % 4 == 0, 0.3, 1.5)[:, None]
    return centres[labels] + noise * rng.standard_normal((1200, 64)), labels


HEALTHY: dict[str, Callable[[np.random.Generator], Made | Split]] = {
    "healthy": _healthy,
    "healthy_many_classes": _healthy_many_classes,
    "healthy_few_samples": _healthy_few_samples,
    "healthy_several_modes": _healthy_several_modes,
    "healthy_unnormalised": _healthy_unnormalised,
    "healthy_neural_collapse": _healthy_neural_collapse,
    "healthy_cone": _healthy_cone,
    "healthy_long_tail": _healthy_long_tail,
    **{name: make for part in (*PARTS, *OWN.values()) for name, make in part.HEALTHY.items()},
}
FLAWS: dict[str, Callable[[np.random.Generator], Made | Grouped | Split]] = {
    "look_alikes": _look_alikes,
    "crowded": _crowded,
    "collapsed": _collapsed,
    "binarised": _binarised,
    "flattened": _flattened,
    "starved_tail": _starved_tail,
    "minority_collapse": _minority_collapse,
    "one_group": _one_group,
    "unmappable": _unmappable,
    **{name: make for part in (*PARTS, *OWN.values()) for name, make in part.FLAWS.items()},
}
# The diagnostic that names each flaw; the gap that all of them cause is measured by the first one.
NAMED_BY = {
    "look_alikes": "cluster_proximity",
    "crowded": "cluster_proximity",
    "collapsed": "collapse",
    "binarised": "collapse",
    "flattened": "collapse",
    "starved_tail": "class_imbalance",
    "minority_collapse": "class_imbalance",
    "one_group": "class_imbalance",
    "unmappable": "projections",
    **{name: code for part in PARTS for name, code in part.NAMED_BY.items()},
    **{name: code for code, part in OWN.items() for name in part.FLAWS},
}
# Sets whose vectors are like others', and whose flaw is in what comes with them: which diagnostics read it.
_READERS = {
    planted_audit: ("triplet_census", "mining_audit", "training_curves"),
    planted_curves: ("triplet_census", "mining_audit", "training_curves"),
    planted_claims: ("triplet_versus_closed_set", "claim_audit"),
    planted_remedies: ("triplet_versus_closed_set", "remedies"),
}
JUDGED_BY = {
    name: codes for part, codes in _READERS.items() for name in (*part.FLAWS, *part.HEALTHY)
}
