"""Every number about a training log, each with its interval and the words for what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.training_log import TrainingLog
from embedding_second_opinion.stats.intervals import Interval, no_interval

from .patterns import Pattern, find_patterns
from .settling import Settled, idle_interval, idle_share, settled
from .training_run import Run, as_run
from .which_loss import WhichLoss, which_loss


@dataclass(frozen=True, eq=False)
class Curves:
    """loss, progress: where each settled. recomputed: the loss that fits, or why none was sought."""

    run: Run
    loss: Settled
    progress: Settled
    harm: Estimate
    interval: Interval
    estimates: Mapping[str, Estimate]
    patterns: tuple[Pattern, ...]
    recomputed: WhichLoss | str


def measure_log(space: Geometry, log: TrainingLog, margin: float | None) -> Curves | None:
    """None where the log lacks a loss, or anything that the loss should better."""
    run = as_run(log, margin)
    if run is None:
        return None
    falling, rising = run.bins(run.loss), run.bins(run.progress)
    loss = settled(falling.x, -falling.y, None)
    progress = settled(rising.x, rising.y, run.missing)
    interval = idle_interval(falling, rising, run.missing, space.rng("training_curves: draws"))
    about = (
        f"{number(len(log.step), 'logged step')} of {log.name}: {run.called(run.loss)} and "
        f"{run.called(run.progress)}"
    )
    harm = interval.estimate(idle_share(loss, progress), about)
    read = no_interval("read from the fitted curves; that of the idle share has both", "step")
    estimates = {"idle_share": harm}
    for name, role, at in (("loss", run.loss, loss.at), ("progress", run.progress, progress.at)):
        about = f"share of the run, {run.called(role)}"
        estimates[f"{name}_settled_after"] = read.estimate(at, about)
    last = no_interval("median of the last third of the log", "step")
    for role in ("accuracy", "val_accuracy", "active_share"):
        if run.has(role):
            about = f"the log, {run.called(role)}"
            estimates[f"logged_{role}"] = last.estimate(run.end(role), about)
    recomputed: WhichLoss | str = "it needs the margin (--margin)"
    if margin is not None and margin > 0:
        recomputed = which_loss(space, log, margin)
    if not isinstance(recomputed, str):
        seen = recomputed.observed
        mean = no_interval("mean of the last logged steps", "step")
        estimates["logged_loss"] = mean.estimate(seen.loss, recomputed.about, "loss")
        nearest = min(recomputed.candidates, key=lambda c: c.off)
        exact = no_interval("mean over anchors of all their triplets or pairs", "query")
        estimates["recomputed_loss"] = exact.estimate(
            nearest.loss, f"{nearest.name}; {recomputed.about}", "loss"
        )
    patterns = find_patterns(run, loss, progress)
    return Curves(run, loss, progress, harm, interval, estimates, patterns, recomputed)
