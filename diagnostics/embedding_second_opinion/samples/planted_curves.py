"""Generated sets with training logs: one flaw each, or healthy; and logs of losses not meant so."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from scipy.signal import lfilter

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.inputs.generated import Split, by_name, clouds, unit
from embedding_second_opinion.inputs.training_log import TrainingLog

# Of differences to positives and to negatives, and a margin: the loss, the active and the right share.
Loss = Callable[[Reals, Reals, float], tuple[float, float, float]]
LOGGED = 60  # steps
RUN = np.linspace(0, 1, LOGGED)  # of each step
MARGIN = 0.2  # of triplets; pairs have a margin of 1


def _healthy_log(rng: np.random.Generator) -> Split:
    """An ordinary run: loss and accuracies settle together, the validation a little lower."""
    curves = {
        "loss": (0.015 + 0.17 * np.exp(-RUN / 0.2)) * _noisy(rng, 0.08),
        "accuracy": 0.97 - 0.35 * np.exp(-RUN / 0.22) + 0.006 * _noise(rng),
        "val_accuracy": 0.90 - 0.32 * np.exp(-RUN / 0.22) + 0.01 * _noise(rng),
        "lr": 1e-3 * (1 + np.cos(np.pi * RUN)) / 2,
    }
    return _with_log(rng, curves)


def _healthy_log_slow(rng: np.random.Generator) -> Split:
    """A run that still improves when it ends; validated at each fourth step only."""
    checked = np.where(np.arange(LOGGED) % 4 == 3, 0.0, np.nan)
    curves = {
        "loss": (0.19 - 0.11 * RUN) * _noisy(rng, 0.06),
        "val_accuracy": 0.58 + 0.27 * RUN**0.7 + 0.012 * _noise(rng) + checked,
        "grad_norm": 0.8 * _noisy(rng, 0.2),
    }
    return _with_log(rng, curves)


def _healthy_log_active(rng: np.random.Generator) -> Split:
    """The logged loss is the mean over active triplets: it stays where it is while training improves."""
    active = (0.08 + 0.6 * np.exp(-RUN / 0.25)) * _noisy(rng, 0.05)
    curves = {
        "loss": 0.145 * _noisy(rng, 0.04),
        "active_share": active,
        "val_accuracy": 0.94 - 0.36 * np.exp(-RUN / 0.25) + 0.008 * _noise(rng),
    }
    return _with_log(rng, curves)


def _stalled(rng: np.random.Generator) -> Split:
    """The loss falls to a seventh, and so do the active triplets; the accuracy stays where it began."""
    fall = np.exp(-RUN / 0.3)
    curves = {
        "loss": (0.02 + 0.15 * fall) * _noisy(rng, 0.08),
        "active_share": (0.12 + 0.6 * fall) * _noisy(rng, 0.06),
        "val_accuracy": 0.63 - 0.05 * np.exp(-RUN / 0.02) + 0.012 * _noise(rng),
    }
    return _with_log(rng, curves)


def _at_margin(rng: np.random.Generator) -> Split:
    """All vectors in one place: the loss stays at the margin, and the accuracy at chance."""
    curves = {
        "loss": MARGIN + 0.02 * np.exp(-RUN / 0.02) + 0.002 * _noise(rng),
        "val_accuracy": 0.51 + 0.012 * _noise(rng),
    }
    return _with_log(rng, curves, MARGIN)


def _overfit_log(rng: np.random.Generator) -> Split:
    """Training gets ever better, validation does not after a seventh of the run, and falls a little."""
    curves = {
        "loss": (0.004 + 0.19 * np.exp(-RUN / 0.28)) * _noisy(rng, 0.08),
        "val_loss": 0.07 + 0.11 * np.exp(-RUN / 0.07) + 0.05 * RUN + 0.004 * _noise(rng),
        "accuracy": 0.995 - 0.40 * np.exp(-RUN / 0.25) + 0.003 * _noise(rng),
        "val_accuracy": 0.76 - 0.2 * np.exp(-RUN / 0.06) - 0.04 * RUN + 0.01 * _noise(rng),
    }
    return _with_log(rng, curves)


def logged_loss(kind: str, seed: int) -> Split:
    """Vectors of 40 classes of 20 that were drawn together step by step, and the log of one loss meanwhile.

    Every logged value is the loss of random triplets or pairs of that moment. kind: a key of ``LOSSES``.
    """
    rng = np.random.default_rng(seed)
    classes, size, d = 40, 20, int(rng.integers(12, 49))
    labels = np.repeat(np.arange(classes), size)
    centres = rng.standard_normal((classes, d))
    own = rng.standard_normal((classes * size, d))
    contrastive = kind.startswith("contrastive")
    # Noise of a class about its centre when training ends; pairs within a margin of 1 are drawn closer
    # together.
    end = rng.uniform(0.8, 1.1) - 0.25 * contrastive
    rows: list[tuple[float, float, float]] = []
    vectors = np.zeros((0, 0))
    for t in RUN:
        vectors = unit(centres[labels] + (end + (2.5 - end) * np.exp(-t / 0.15)) * own)
        anchor, positive, negative = _triplets(rng, classes, size, 1500)
        one, two = (vectors[anchor] - vectors[other] for other in (positive, negative))
        rows.append(LOSSES[kind](one, two, 1.0 if contrastive else MARGIN))
    loss, active, right = np.array(rows).T
    curves = {"loss": loss}
    called = {"loss": "contrastive_loss" if contrastive else "triplet_loss"}
    if not contrastive:
        curves |= {"active_share": active, "accuracy": right}
        called |= {"active_share": "active_share", "accuracy": "train_triplet_acc"}
    log = TrainingLog(np.arange(1.0, LOGGED + 1), curves, called, f"planted:{kind}")
    return Split(vectors, labels, log=log, margin=1.0 if contrastive else MARGIN)


def _triplet(squared: bool = False, over_active: bool = False) -> Loss:
    def loss(one: Reals, two: Reals, margin: float) -> tuple[float, float, float]:
        near, far = (np.linalg.norm(x, axis=1) for x in (one, two))
        if squared:
            near, far = near**2, far**2
        hinge = np.maximum(0, margin + near - far)
        active = float((hinge > 0).mean())
        value = float(hinge.sum() / max(1, (hinge > 0).sum()) if over_active else hinge.mean())
        return value, active, float((near < far).mean())

    return loss


def _contrastive(single: bool = False) -> Loss:
    def loss(one: Reals, two: Reals, margin: float) -> tuple[float, float, float]:
        near, far = (np.abs(x) if single else np.linalg.norm(x, axis=1) for x in (one, two))
        value = (near**2).mean() / 2 + (np.maximum(0, margin - far) ** 2).mean() / 2
        return float(value), 0.0, 0.0

    return loss


def _triplets(
    rng: np.random.Generator, classes: int, size: int, count: int
) -> tuple[Ints, Ints, Ints]:
    """Row numbers of random triplets, classes one after the other."""
    first = rng.integers(0, classes, count)
    other = (first + rng.integers(1, classes, count)) % classes
    a = rng.integers(0, size, count)
    p = (a + rng.integers(1, size, count)) % size
    return first * size + a, first * size + p, other * size + rng.integers(0, size, count)


def _with_log(
    rng: np.random.Generator, curves: Mapping[str, Reals], margin: float | None = None
) -> Split:
    """160 classes of 8, well told apart, and this log."""
    vectors, labels = clouds(rng, 160, 8, 48, 0.56)
    kept = {
        role: np.clip(values, 0, 1) if role.endswith(("accuracy", "share")) else values
        for role, values in curves.items()
    }
    log = TrainingLog(
        np.linspace(50, 50 * LOGGED, LOGGED), kept, {r: r for r in kept}, "planted log"
    )
    return Split(unit(vectors), labels, log=log, margin=margin)


def _noise(rng: np.random.Generator) -> Reals:
    """Standard deviation 1, a third of which a step keeps of the one before."""
    keep = 1 / 3
    noise = lfilter([np.sqrt(1 - keep**2)], [1, -keep], rng.standard_normal(LOGGED + 20))
    return np.asarray(noise[20:])


def _noisy(rng: np.random.Generator, spread: float) -> Reals:
    return np.asarray(np.exp(spread * _noise(rng)))


# What a log may hold: the loss as meant, and two slips that circulate ("..._squared", "..._single").
LOSSES: dict[str, Loss] = {
    "triplet": _triplet(),
    "triplet_over_active": _triplet(over_active=True),
    "triplet_squared": _triplet(squared=True),
    "contrastive": _contrastive(),
    "contrastive_single": _contrastive(single=True),
}
HEALTHY = by_name(_healthy_log, _healthy_log_slow, _healthy_log_active)
FLAWS = by_name(_stalled, _at_margin, _overfit_log)
NAMED_BY = dict.fromkeys(FLAWS, "training_curves")
