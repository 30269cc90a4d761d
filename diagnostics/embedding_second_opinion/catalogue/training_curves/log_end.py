"""What does the log end with, and how sure are its last values?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedding_second_opinion.data.arrays import Reals
from embedding_second_opinion.inputs.training_log import TrainingLog

FLAT = 0.15  # of its level, by which a loss of single coordinates of unit vectors can hardly fall


@dataclass(frozen=True)
class Observed:
    """The log's last values: of the loss, and of shares where they were logged.

    per_active: mean loss of an active triplet, over the last third: it hardly moves while both fall. error,
    per_active_error, active_error: standard errors of the logarithms.
    """

    loss: float
    error: float
    per_active: float | None
    per_active_error: float
    active: float | None
    active_error: float
    accuracy: float | None
    flat: bool
    steps: int


def observed(log: TrainingLog) -> Observed | None:
    """The end of the log; None without a loss above 0 there."""
    values = _logged(log, "loss")
    last = max(5, len(values) // 10)
    tail = values[-last:]
    if len(tail) < 3 or tail.mean() <= 0:
        return None
    accuracy = _logged(log, "accuracy")[-last:]
    ends = [float(np.median(part)) for part in np.array_split(values, 3)]
    active, active_error = _active(log, last)
    per_active, per_active_error = _per_active(log)
    return Observed(
        float(tail.mean()),
        float(np.std(tail, ddof=1) / np.sqrt(len(tail)) / tail.mean()),
        per_active,
        per_active_error,
        active,
        active_error,
        float(accuracy.mean()) if len(accuracy) else None,
        max(ends) - min(ends) <= FLAT * max(ends),
        len(tail),
    )


def _active(log: TrainingLog, last: int) -> tuple[float | None, float]:
    """The share of active triplets at the end, None where none is known or active; and its error."""
    values = _logged(log, "active_share")
    tail = (values if len(values) else 1 - _logged(log, "satisfaction"))[-last:]
    if not len(tail) or tail.mean() <= 0:
        return None, 0.0
    spread = np.std(tail, ddof=1) / tail.mean() if len(tail) > 1 else 0.0
    return float(tail.mean()), float(spread / np.sqrt(len(tail)))


def _logged(log: TrainingLog, role: str) -> Reals:
    values = log.curves.get(role, np.zeros(0))
    return values[np.isfinite(values)]


def _per_active(log: TrainingLog) -> tuple[float | None, float]:
    """Loss of an active triplet over the last third, where the loss is a mean over all; and its error."""
    if not {"loss", "active_share"} <= log.curves.keys():
        return None, 0.0
    loss, active = log.curves["loss"], log.curves["active_share"]
    both = np.isfinite(loss) & np.isfinite(active) & (loss > 0) & (active > 0)
    loss, active = (values[both][-max(5, both.sum() // 3) :] for values in (loss, active))
    if len(loss) < 3:
        return None, 0.0
    spread = np.std(np.log(loss) - np.log(active), ddof=1)
    return float(loss.sum() / active.sum()), float(spread / np.sqrt(len(loss)))
