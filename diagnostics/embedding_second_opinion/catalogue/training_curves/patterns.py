"""Which well-known stories does the log tell, and by which values at which steps?

None of them is judged: each is a reading of the log, with its evidence. Levels: a collapsed embedding has
the margin for its triplet loss (Schroff et al., CVPR 2015), or ln 2 with a soft margin (Hermans, Beyer &
Leibe, arXiv 2017, who also show that the active share tells more than the loss).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import median_filter
from scipy.stats import theilslopes

from embedding_second_opinion.data.arrays import Reals

from .settling import Settled, idle_share
from .training_run import Run

FEW = 0.05  # of the triplets: of a batch of a hundred, five still teach
AT_LEVEL = 0.03  # of the margin: mini-batches waver so much about a loss that does not move
FULL = 0.99
GAP = 0.05
LONG = 0.25  # of the run, that a loss falls in vain before it is worth a word
GROWN = 1.2  # times
SPIKE, SPIKE_SPREADS = 5.0, 8.0  # times its neighbours, and so many spreads above them
JUMP, JUMP_SPREADS, BESIDE = 1.5, 6.0, 5  # times; spreads; steps on either side
VARIED = 2.0  # times, by which the active share must change to tell what was averaged


@dataclass(frozen=True)
class Pattern:
    """name: a key for words of the check. title: as it is called. seen: the evidence, one sentence."""

    name: str
    title: str
    seen: str


def find_patterns(run: Run, loss: Settled, progress: Settled) -> tuple[Pattern, ...]:
    """All that are seen, in this order."""
    over_all, over_active = _mean_of_what(run)
    mean_of = "what the loss is the mean of"
    seen = (
        ("at_level", "collapse: the loss stays at the margin", _at_level(run, progress)),
        ("no_gain", "the loss falls, nothing is learned", _no_gain(run, loss, progress)),
        ("parting", "training and validation part", _parting(run)),
        (
            "margin_only",
            "more triplets satisfy the margin, no more are right",
            _margin_only(run, loss, progress),
        ),
        ("few_active", "few triplets still teach", _few_active(run)),
        ("over_all", mean_of, over_all),
        ("over_active", mean_of, over_active),
        ("saturated", "nothing left to learn", _saturated(run)),
        ("norms", "vectors grow, and are told apart no better", _norms(run)),
        ("spikes", "unstable training", _spikes(run)),
        ("jump", "the loss jumps, the accuracy does not", _jump(run)),
    )
    return tuple(Pattern(name, title, evidence) for name, title, evidence in seen if evidence)


def _at_level(run: Run, progress: Settled) -> str:
    levels = [("ln 2", float(np.log(2)), "of a soft margin")]
    if run.margin:
        levels.insert(0, ("the margin", run.margin, f"{run.margin:g}"))
    shown = run.bins(run.progress).y
    began = shown[-max(3, len(shown) // 5) :].mean() - progress.gain
    # Learned: the mean over hard triplets lies there too.
    if progress.gain > 0.5 * abs(run.missing - began):
        return ""
    values = run.known(run.loss)[1]
    late = values[len(values) // 2 :]
    flat = np.ptp(np.quantile(late, [0.1, 0.9]))
    for name, level, what in levels:
        if abs(float(np.median(late)) / level - 1) <= AT_LEVEL and flat < 4 * AT_LEVEL * level:
            since = run.since(run.loss, np.abs(values / level - 1) <= 2 * AT_LEVEL)
            return (
                f"{run.called(run.loss)} is {np.median(late):.4g} over the second half, which is {name} "
                f"({what}), from step {since:,.0f} on: the loss where all vectors are in one place"
            )
    return ""


def _no_gain(run: Run, loss: Settled, progress: Settled) -> str:
    if not loss.moved or idle_share(loss, progress) < LONG:
        return ""
    first, last = _ends(run, run.loss, progress.at)
    before, after = _ends(run, run.progress, progress.at)
    return (
        f"{_from(run, progress)}{run.called(run.loss)} went from {first:.3g} to {last:.3g}, "
        f"{run.called(run.progress)} from {before:.3g} to {after:.3g}"
    )


def _parting(run: Run) -> str:
    if run.has("accuracy", "val_accuracy"):
        gap = run.end("accuracy") - run.end("val_accuracy")
        if run.direction("accuracy") > 0 and run.direction("val_accuracy") <= 0 and gap >= GAP:
            return (
                f"over the last two thirds {run.called('accuracy')} rises and "
                f"{run.called('val_accuracy')} does not; in the last third they are {100 * gap:.1f} "
                "points apart"
            )
    if run.has("loss", "val_loss") and run.direction("loss") < 0 < run.direction("val_loss"):
        return f"over the last two thirds {run.called('loss')} falls and {run.called('val_loss')} rises"
    return ""


def _margin_only(run: Run, loss: Settled, progress: Settled) -> str:
    role = "satisfaction" if run.has("satisfaction") else "active_share"
    if not run.has(role) or progress.at > 1 - LONG:
        return ""
    first, last = _ends(run, role, progress.at)
    gained = last - first if role == "satisfaction" else first - last
    if gained < GAP or idle_share(loss, progress) < LONG:
        return ""
    return (
        f"{_from(run, progress)}{100 * gained:.1f} points more of the triplets came to satisfy the "
        f"margin, and {run.called(run.progress)} did not rise"
    )


def _few_active(run: Run) -> str:
    if not run.has("active_share") or run.end("active_share") >= FEW:
        return ""
    values = run.known("active_share")[1]
    since = run.since("active_share", values < FEW)
    return (
        f"{100 * run.end('active_share'):.1f} % of the triplets have a loss above 0 in the last third; below "
        f"{100 * FEW:.0f} % from step {since:,.0f} on"
    )


def _mean_of_what(run: Run) -> tuple[str, str]:
    """Mean over all = active share x mean over the active: in logarithms a slope of 1, or of 0."""
    if run.loss != "loss" or not run.has("active_share"):
        return "", ""
    value, active = run.log.curves["loss"], run.log.curves["active_share"]
    both = np.isfinite(value) & np.isfinite(active) & (value > 0) & (active > 0)
    if both.sum() < 10 or np.ptp(np.log(active[both])) < np.log(VARIED):
        return "", ""
    x, y = np.log(active[both]), np.log(value[both])
    # Slopes of all pairs of steps.
    some = np.linspace(0, len(x) - 1, min(len(x), 400)).astype(np.int64)
    slope, _, low, high = theilslopes(y[some], x[some])
    words = (
        f"where the active share changes by 1 %, the loss changes by {slope:.2f} % [{low:.2f}, {high:.2f}]: "
        f"{run.called('loss')} is the mean of"
    )
    return (
        f"{words} all triplets: it falls as triplets stop counting" if low > 0.5 else "",
        f"{words} the active triplets only: it may stay or rise while training improves"
        if high < 0.5
        else "",
    )


def _saturated(run: Run) -> str:
    if not run.has("accuracy") or run.end("accuracy") < FULL:
        return ""
    since = run.since("accuracy", run.known("accuracy")[1] >= FULL)
    return (
        f"{run.called('accuracy')} is {100 * run.end('accuracy'):.1f} % in the last third, at least "
        f"{100 * FULL:.0f} % from step {since:,.0f} on"
    )


def _norms(run: Run) -> str:
    if not run.has("embedding_norm"):
        return ""
    values = run.known("embedding_norm")[1]
    start, end = float(np.median(values[: max(1, len(values) // 3)])), run.end("embedding_norm")
    better = run.direction(run.progress) * (-1 if run.progress == "val_loss" else 1)
    if end < GROWN * start or run.direction("embedding_norm") <= 0 or better > 0:
        return ""
    return (
        f"{run.called('embedding_norm')} grew from {start:.3g} (first third) to {end:.3g} (last), while "
        f"{run.called(run.progress)} did not get better over the last two thirds"
    )


def _spikes(run: Run) -> str:
    for role in ("grad_norm", "loss"):
        if not run.has(role):
            continue
        steps, values = run.known(role)
        if len(values) < 20 or (values <= 0).any():
            continue
        beyond = np.log(values) - median_filter(np.log(values), size=9, mode="nearest")
        spread = max(_spread(beyond), 1e-9)
        high = (beyond > np.log(SPIKE)) & (beyond > SPIKE_SPREADS * spread)
        if high.any():
            worst = int(np.argmax(np.where(high, beyond, -np.inf)))
            times = "time" if high.sum() == 1 else "times"
            return (
                f"{run.called(role)} leaps {int(high.sum())} {times} to more than {SPIKE:.0f} times the "
                f"steps beside it, most at step {steps[worst]:,.0f}: {values[worst]:.3g}, "
                f"{np.exp(beyond[worst]):.0f} times"
            )
    return ""


def _jump(run: Run) -> str:
    """The loss goes up at once and stays there: something was changed, the mining or the margin."""
    steps, values = run.known(run.loss)
    if len(values) < 4 * BESIDE or (values <= 0).any():
        return ""
    sides = np.lib.stride_tricks.sliding_window_view(np.log(values), BESIDE)
    level = np.median(sides, axis=1)
    risen = level[BESIDE:] - level[:-BESIDE]  # after less before each place
    spread = max(_spread(np.diff(np.log(values))), 1e-9)
    place = int(np.argmax(risen))
    if risen[place] < np.log(JUMP) or risen[place] < JUMP_SPREADS * spread:
        return ""
    at = steps[place + BESIDE]
    marks, accuracy = run.known(run.progress)
    before, after = accuracy[marks < at][-BESIDE:], accuracy[marks >= at][:BESIDE]
    if not len(before) or not len(after):
        return ""
    change = float(np.median(after) - np.median(before))
    if abs(change) > max(GAP, 3 * _spread(np.diff(accuracy))):
        return ""
    return (
        f"at step {at:,.0f} {run.called(run.loss)} goes from {np.exp(level[place]):.3g} to "
        f"{np.exp(level[place + BESIDE]):.3g} and stays there, {run.called(run.progress)} changes by "
        f"{change:+.3g}"
    )


def _ends(run: Run, role: str, start: float) -> tuple[float, float]:
    """Medians of the first and the last tenth, at least three values, from this share of the run on."""
    values = run.log.curves[role][run.share >= start]
    values = values[np.isfinite(values)]
    few = max(3, len(values) // 10)
    return float(np.median(values[:few])), float(np.median(values[-few:]))


def _from(run: Run, progress: Settled) -> str:
    if progress.at == 0:
        return "over the whole run "
    return f"from step {run.log.step[int(np.argmax(run.share >= progress.at))]:,.0f} on "


def _spread(values: Reals) -> float:
    """Standard deviation as the median absolute deviation tells it."""
    return float(1.4826 * np.median(np.abs(values - np.median(values))))
