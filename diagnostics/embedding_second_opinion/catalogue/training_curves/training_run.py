"""What does a log hold that can be judged: a loss to lower, and something that should get better?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import kendalltau

from embedding_second_opinion.data.arrays import Bools, Reals
from embedding_second_opinion.inputs.training_log import TrainingLog

from .settling import Binned, binned

LOSSES = ("loss", "val_loss")
# What should get better, the surest first: what was held out before what was trained on.
PROGRESS = ("val_accuracy", "val_loss", "accuracy")
WORDS = {
    "loss": "training loss",
    "val_loss": "validation loss",
    "accuracy": "training accuracy",
    "val_accuracy": "validation accuracy",
}
SURE = 0.01  # of a trend by chance
TREND_BINS = 20


@dataclass(frozen=True, eq=False)
class Run:
    """A log with the two curves that are judged; share: (t,) of the run at each step, 0 to 1."""

    log: TrainingLog
    share: Reals
    loss: str
    progress: str
    margin: float | None = None

    def has(self, *roles: str) -> bool:
        """Whether all of these were logged."""
        return all(role in self.log.curves for role in roles)

    def known(self, role: str) -> tuple[Reals, Reals]:
        """(k,) steps and values where this curve was logged."""
        values = self.log.curves[role]
        known = np.isfinite(values)
        return self.log.step[known], values[known]

    def called(self, role: str) -> str:
        """A curve by its meaning and by the user's name for it."""
        name = self.log.called.get(role, role)
        words = WORDS.get(role, "")
        return f"{words} ('{name}')" if words else f"'{name}'"

    def bins(self, role: str) -> Binned:
        """The curve in bins of the run; of a validation loss the negative, for which up is good."""
        values = self.log.curves[role]
        return binned(self.share, -values if role == "val_loss" == self.progress else values)

    @property
    def missing(self) -> float:
        """What lies between 0 and the best that the progress can be."""
        return 0.0 if self.progress == "val_loss" else 1.0

    @property
    def better(self) -> str:
        """What the progress does when it gets better, in the past tense."""
        return "fell" if self.progress == "val_loss" else "rose"

    def end(self, role: str) -> float:
        """Median of the last third of what was logged."""
        values = self.known(role)[1]
        return float(np.median(values[-max(1, len(values) // 3) :]))

    def direction(self, role: str) -> int:
        """1 or -1 where the curve surely went up or down over the last two thirds, else 0 (Mann 1945)."""
        values = self.known(role)[1]
        late = values[len(values) // 3 :]
        # Medians of neighbours: steps next to each other are not independent, and the test takes them to be.
        parts = np.array_split(late, min(TREND_BINS, max(1, len(late) // 2)))
        level = np.array([np.median(part) for part in parts])
        if len(level) < 5 or np.ptp(level) == 0:
            return 0
        trend = kendalltau(np.arange(len(level)), level)
        return int(np.sign(trend.statistic)) if trend.pvalue < SURE else 0

    def since(self, role: str, good: Bools) -> float:
        """The first step from which on ``good`` (one flag a logged value) holds for nine of ten values."""
        steps = self.known(role)[0]
        held = np.cumsum(good[::-1])[::-1] / np.arange(len(good), 0, -1)
        return float(steps[int(np.argmax((held >= 0.9) & good))])


def as_run(log: TrainingLog, margin: float | None) -> Run | None:
    """None where no loss and nothing that it should better was logged."""
    loss = next((role for role in LOSSES if role in log.curves), None)
    progress = next((r for r in PROGRESS if r in log.curves and r != loss), None)
    if loss is None or progress is None:
        return None
    width = log.step[-1] - log.step[0]
    share = (log.step - log.step[0]) / width if width > 0 else np.zeros(len(log.step))
    return Run(log, np.asarray(share), loss, progress, margin)
