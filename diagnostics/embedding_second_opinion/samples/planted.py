"""Generated sets whose truth is known: one flaw each, and healthy ones of different shape."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from types import ModuleType

import numpy as np

from embedding_second_opinion import catalogue
from embedding_second_opinion.data.arrays import Ints
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.inputs.controls import Control
from embedding_second_opinion.inputs.generated import Maker, Split, around, by_name, clouds, unit
from embedding_second_opinion.inputs.inputs import Inputs

from . import (
    planted_audit,
    planted_causes,
    planted_claims,
    planted_curves,
    planted_remedies,
    planted_use,
)

# Sets about one room each, in files of their own.
PARTS = (
    planted_use,
    planted_audit,
    planted_causes,
    planted_claims,
    planted_curves,
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
    return {**HEALTHY, **FLAWS}[flaw](np.random.default_rng(seed))


def _healthy(rng: np.random.Generator) -> Split:
    """60 classes of 20 on the unit sphere, as a well-trained network leaves them."""
    vectors, labels = clouds(rng, 60, 20, 32, 0.75)
    return Split(unit(vectors), labels)


def _healthy_many_classes(rng: np.random.Generator) -> Split:
    """600 classes of 5."""
    vectors, labels = clouds(rng, 600, 5, 48, 0.75)
    return Split(unit(vectors), labels)


def _healthy_few_samples(rng: np.random.Generator) -> Split:
    """300 classes of 2 to 4."""
    vectors, labels = clouds(rng, 300, 4, 48, 0.68)
    kept = (rng.random(len(labels)) >= 0.25) | (np.arange(len(labels)) % 4 < 2)
    return Split(unit(vectors[kept]), labels[kept])


def _healthy_several_modes(rng: np.random.Generator) -> Split:
    """40 classes of three separate modes each: low triplet accuracy, and rightly no alarm."""
    vectors, modes = clouds(rng, 120, 10, 32, 0.7)
    return Split(vectors, modes % 40)


def _healthy_unnormalised(rng: np.random.Generator) -> Split:
    """200 classes of 8 with an offset and scales that differ tenfold between dimensions."""
    vectors, labels = clouds(rng, 200, 8, 48, 0.56)
    return Split(40 + vectors * np.geomspace(0.5, 5, 48), labels)


def _look_alikes(rng: np.random.Generator) -> Split:
    """150 classes of 12 of which 20 have a twin: 40 classes that are hard to tell apart.

    A triplet seldom meets the twin, one negative in 149; a nearest-neighbour search always does.
    """
    centres, labels = rng.standard_normal((150, 32)), np.repeat(np.arange(150), 12)
    vectors = around(rng, centres, labels, 0.65)
    shift = 0.25 * rng.standard_normal((20, 32))
    for i in range(20):
        vectors[labels == 130 + i] += centres[i] + shift[i] - centres[130 + i]
    return Split(unit(vectors), labels)


def _crowded(rng: np.random.Generator) -> Split:
    """300 classes of 8 in 10 dimensions: each pair is far apart, all together are not."""
    return Split(*clouds(rng, 300, 8, 10, 0.45))


def _healthy_neural_collapse(rng: np.random.Generator) -> Split:
    """150 classes of 6 at the corners of a simplex in 384 dimensions: rank 149, and nothing wrong."""
    basis, _ = np.linalg.qr(rng.standard_normal((384, 150)))
    labels = np.repeat(np.arange(150), 6)
    return Split(unit(around(rng, (np.eye(150) - 1 / 150) @ basis.T, labels, 0.004)), labels)


def _healthy_cone(rng: np.random.Generator) -> Split:
    """160 classes of 8 that share one large direction: mean cosine .97, and nothing wrong."""
    vectors, labels = clouds(rng, 160, 8, 48, 0.6)
    return Split(unit(vectors + 40 * unit(rng.standard_normal((1, 48)))), labels)


def _healthy_long_tail(rng: np.random.Generator) -> Split:
    """160 classes of 150 down to 4, all equally well embedded."""
    vectors, labels = clouds(rng, 160, _long_tail(160, 150, 4), 40, 0.6)
    return Split(unit(vectors), labels)


def _long_tail(classes: int, most: int, least: int) -> Ints:
    """Sizes that fall as 1 / rank from ``most`` to ``least``."""
    return np.maximum(least, np.round(most / np.arange(1, classes + 1))).astype(np.int64)


def _collapsed(rng: np.random.Generator) -> Split:
    """60 classes of 20 within half a percent of one point, their order almost lost in noise."""
    vectors, labels = clouds(rng, 60, 20, 32, 2.5)
    return Split(unit(unit(rng.standard_normal((1, 32))) + 3e-4 * vectors), labels)


def _binarised(rng: np.random.Generator) -> Split:
    """160 classes of 8, stored as 16 signs: rows of different classes at exactly the same distance."""
    vectors, labels = clouds(rng, 160, 8, 16, 0.35)
    return Split(np.sign(vectors), labels)


def _flattened(rng: np.random.Generator) -> Split:
    """60 classes of 20 in 32 dimensions, of which training has left three."""
    vectors, labels = clouds(rng, 60, 20, 32, 0.3)
    return Split(vectors * np.where(np.arange(32) < 3, 1.0, 0.01), labels)


def _starved_tail(rng: np.random.Generator) -> Split:
    """100 classes of 150 down to 5: the small ones are embedded worse, not only enrolled less."""
    sizes = _long_tail(100, 150, 5)
    labels = np.repeat(np.arange(100), sizes)
    noise = np.where(sizes < 10, 1.2, 0.6)[labels]
    return Split(unit(around(rng, rng.standard_normal((100, 40)), labels, noise[:, None])), labels)


def _minority_collapse(rng: np.random.Generator) -> Split:
    """30 classes of 60 well apart, and 60 of 5 whose centres have run into one another."""
    centres = rng.standard_normal((90, 32))
    centres[30:] = centres[30] + 0.5 * (centres[30:] - centres[30])
    labels = np.repeat(np.arange(90), np.repeat([60, 5], [30, 60]))
    return Split(around(rng, centres, labels, 0.5), labels)


def _one_group(rng: np.random.Generator) -> Split:
    """100 classes of 20 recorded in five sessions, the last of which is noisy."""
    vectors, labels = clouds(rng, 100, 20, 40, 0.55)
    groups = np.tile(np.arange(5), 400)
    vectors[groups == 4] += 1.5 * rng.standard_normal((400, 40))
    return Split(unit(vectors), labels, groups=groups)


def _unmappable(rng: np.random.Generator) -> Split:
    """60 classes of 20: 5 sharp rows and 15 blurred ones. A blurred row's nearest is of its class, its
    other neighbours are the sharp rows of all classes; maps pull it home and show 60 tidy clusters.
    """
    labels = np.repeat(np.arange(60), 20)
    noise = np.where(np.arange(1200) % 4 == 0, 0.3, 1.5)[:, None]
    return Split(around(rng, rng.standard_normal((60, 64)), labels, noise), labels)


HEALTHY: dict[str, Maker] = {
    **by_name(
        _healthy,
        _healthy_many_classes,
        _healthy_few_samples,
        _healthy_several_modes,
        _healthy_unnormalised,
        _healthy_neural_collapse,
        _healthy_cone,
        _healthy_long_tail,
    ),
    **{name: make for part in (*PARTS, *OWN.values()) for name, make in part.HEALTHY.items()},
}
_NAMES: dict[str, tuple[Maker, ...]] = {
    "cluster_proximity": (_look_alikes, _crowded),
    "collapse": (_collapsed, _binarised, _flattened),
    "class_imbalance": (_starved_tail, _minority_collapse, _one_group),
    "projections": (_unmappable,),
}
FLAWS: dict[str, Maker] = {
    **by_name(*(make for makers in _NAMES.values() for make in makers)),
    **{name: make for part in (*PARTS, *OWN.values()) for name, make in part.FLAWS.items()},
}
# The diagnostic that names each flaw; the gap that all of them cause is measured by the first one.
NAMED_BY = {
    **{name: code for code, makers in _NAMES.items() for name in by_name(*makers)},
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
