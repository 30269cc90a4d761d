"""Which pictures show what a run learned, and what its loss was?"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.data.arrays import Reals
from embedding_second_opinion.findings.charts import Curve, Level, Mark, Role, Series, Table

from .numbers import Curves
from .training_run import WORDS, Run

POINTS = 120
SHARES = ("active_share", "satisfaction")
NAMES = {**WORDS, "active_share": "active triplets", "satisfaction": "margin satisfied"}


def curve_charts(found: Curves) -> tuple[Curve, ...]:
    """Accuracies, losses and shares of triplets over the steps, each kind on its own axis."""
    run = found.run
    accuracies, losses, shares = (
        [role for role in roles if run.has(role)]
        for roles in (("val_accuracy", "accuracy"), ("loss", "val_loss"), SHARES)
    )
    charts = []
    if accuracies:
        charts.append(_chart(found, accuracies, _title(found), "accuracy", share=True))
    title = "The logged loss" if len(losses) == 1 else "The logged losses"
    charts.append(_chart(found, losses, title if charts else _title(found), "loss", share=False))
    if shares:
        end = 100 * run.end(shares[0])
        title = f"{NAMES[shares[0]].capitalize()}: {end:.1f} % in the last third"
        charts.append(_chart(found, shares, title, "share of triplets", share=True))
    return tuple(charts)


def _chart(found: Curves, roles: list[str], title: str, label: str, *, share: bool) -> Curve:
    run = found.run
    kinds: tuple[Role, ...] = ("main", "second")
    marks, alt = [], _alt(run, roles, percent=share)
    for role, where in ((run.progress, found.progress), (run.loss, found.loss)):
        if role in roles and where.moved:
            steps, values = run.known(role)
            at = float(run.log.step[0] + where.at * (run.log.step[-1] - run.log.step[0]))
            y = float(values[int(np.argmin(np.abs(steps - at)))])
            marks.append(Mark(name="settled:", x=at, y=y))
            alt += f" The {NAMES[role]} settled at step {at:,.0f}."
    near = run.margin is not None and run.loss in roles and _near(run, run.margin)
    return Curve(
        title=title,
        alt=alt,
        x_label="step",
        y_label=label,
        series=tuple(
            Series.of(NAMES[role], *_thinned(*run.known(role)), kind)
            for role, kind in zip(roles, kinds, strict=False)
        ),
        levels=(Level(name="margin", y=run.margin),) if near else (),
        marks=tuple(marks),
        y_share=share,
    )


def pattern_table(found: Curves) -> tuple[Table, ...]:
    """Every reading of the log with its evidence."""
    if not found.patterns:
        return ()
    rows = [{"reading": p.title, "evidence": p.seen} for p in found.patterns]
    alt = "; ".join(p.title for p in found.patterns) + "."
    return (Table.of("What else the log shows", alt, rows, words=("reading", "evidence")),)


def loss_table(found: Curves) -> tuple[Table, ...]:
    """The log's last loss beside each usual loss of these vectors."""
    which = found.recomputed
    if isinstance(which, str):
        return ()
    seen = which.observed
    lines = [("the log", seen.loss, seen.active, "")] + [
        (c.name, c.loss, c.active, "yes" if c.off <= 1 else "no")
        for c in sorted(which.candidates, key=lambda c: c.off)
    ]
    rows = [
        {
            "loss": name,
            "value": f"{loss:.4g}",
            "active triplets": "" if active is None else f"{100 * active:.1f} %",
            "fits the log": fits,
        }
        for name, loss, active, fits in lines
    ]
    alt = "; ".join(f"{row['loss']}: {row['value']}" for row in rows) + f". {which.about}."
    title = "Which loss is it? Each recomputed from the vectors"
    return (Table.of(title, alt, rows, words=("loss", "fits the log")),)


def _thinned(steps: Reals, values: Reals) -> tuple[Reals, Reals]:
    """At most ``POINTS`` medians of neighbouring steps."""
    parts = np.array_split(np.arange(len(steps)), min(POINTS, len(steps)))
    x = np.array([np.median(steps[part]) for part in parts])
    return x, np.array([np.median(values[part]) for part in parts])


def _title(found: Curves) -> str:
    what = WORDS[found.run.progress]
    if not found.progress.moved:
        return f"The {what} hardly {found.run.better}"
    share = 100 * found.harm.value
    if share < 0.5:
        return f"The {what} improved for as long as the loss fell"
    return f"For {share:.0f} % of the run the loss fell in vain"


def _alt(run: Run, roles: list[str], percent: bool) -> str:
    texts = []
    for role in roles:
        values = run.known(role)[1]
        first, last = float(values[0]), float(values[-1])
        change = (
            f"{100 * first:.1f} to {100 * last:.1f} %" if percent else f"{first:.4g} to {last:.4g}"
        )
        texts.append(f"{NAMES[role]} from {change}")
    return f"Over steps {run.log.step[0]:,.0f} to {run.log.step[-1]:,.0f}: {'; '.join(texts)}."


def _near(run: Run, margin: float) -> bool:
    """Whether the margin is on the scale of the loss, and worth a line."""
    values = run.known(run.loss)[1]
    return 0.5 * float(values.min()) <= margin <= 1.5 * float(values.max())
