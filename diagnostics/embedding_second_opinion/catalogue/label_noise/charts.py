"""Which pictures show wrong labels: the shares, what flipped labels would give, and the suspects."""

from __future__ import annotations

from embedding_second_opinion.findings.charts import (
    Bar,
    Bars,
    Curve,
    Example,
    Examples,
    Series,
    Table,
)
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.examples import example

from .numbers import Noise
from .rates import LEAST_FOUND
from .side import Side

ROWS_SHOWN = 20
PICTURES_SHOWN = 8

SHARES = (
    ("neighbours_disagree", "Most neighbours are of one other class", "context"),
    ("confident_joint_off_diagonal", "Confident learning, as it counts", "context"),
    ("label_noise_rate", "Wrong labels, calibrated", "main"),
    ("wrong_among_queries", "Among the queries alone", "second"),
    ("wrong_among_enrolled", "Among the enrolled alone", "second"),
)


def shares_chart(noise: Noise) -> Bars:
    """The calibrated share beside the two that take overlap for wrong labels."""
    bars = []
    for name, label, role in SHARES:
        if name in noise.estimates:
            e = noise.estimates[name]
            bars.append(
                Bar.model_validate(
                    {"label": label, "value": e.value, "low": e.low, "high": e.high, "role": role}
                )
            )
    rate = noise.estimates["label_noise_rate"]
    return Bars(
        title=f"{100 * rate.value:.1f} % of the labels look wrong, overlap of classes taken out",
        alt="; ".join(f"{bar.label} {100 * bar.value:.1f} %" for bar in bars) + ".",
        value_label="share of rows"
        + (", with 95 % interval" if any(bar.low is not None for bar in bars) else ""),
        bars=tuple(bars),
    )


def answer_curve(noise: Noise) -> tuple[Curve, ...]:
    """By how much the estimate rises when labels are flipped on purpose, beside what it should."""
    lines, words = [], []
    for side, role in zip(noise.sides, ("main", "second"), strict=False):
        if side.found < LEAST_FOUND:
            continue
        name = "estimated" if len(noise.sides) == 1 else f"{side.space.evaluation.query_name} rows"
        x = [0.0, *(100 * share for share, _ in side.answers)]
        # A label that was wrong before cannot be made wrong.
        y = [0.0, *(100 * (answer - side.rate) / (1 - side.rate) for _, answer in side.answers)]
        lines.append(Series.model_validate({"name": name, "x": x, "y": y, "role": role}))
        seen = ", ".join(f"{b:.1f} % of {a:.1f} %" for a, b in zip(x, y, strict=True) if a)
        words.append(f"{name}: {seen}")
    if not lines:
        return ()
    lines.append(Series(name="all of them", x=lines[0].x, y=lines[0].x, role="context"))
    return (
        Curve(
            title="Of labels flipped on purpose the estimate sees so many",
            alt=f"Share of rows by which the estimate rises, of the share flipped. {'; '.join(words)}.",
            x_label="labels flipped on purpose, besides those that are wrong (% of rows)",
            y_label="rise of the estimate (% of rows)",
            series=tuple(lines),
            y_share=False,
        ),
    )


def suspects_table(noise: Noise) -> tuple[Table, ...]:
    """The suspects, the surest of each side first."""
    rows: list[tuple[str, ...]] = []
    counts = [len(side.suspects.query) for side in noise.sides]
    for side, count in zip(noise.sides, counts, strict=True):
        # Half of the room for either, and what the other leaves.
        room = max(ROWS_SHOWN // len(counts), ROWS_SHOWN - (sum(counts) - count))
        part = side.space.evaluation.query_name
        rows += [_line(side, at, part) for at in range(min(room, count))]
    if not rows:
        return ()
    columns = [
        "row",
        "part",
        "label",
        "looks like",
        "of its nearest",
        "classes nearer than its own",
    ]
    columns.append("confident learning doubts it")
    if len(noise.sides) == 1:
        del columns[1]
        rows = [(row[0], *row[2:]) for row in rows]
    shown = (
        "all are listed" if len(rows) == noise.suspects else f"the {len(rows)} surest are listed"
    )
    return (
        Table(
            title="Rows whose label looks wrong",
            alt=(
                f"{number(noise.suspects, 'suspect')}; {shown}, first row {rows[0][0]}, labelled "
                f"{rows[0][-5]}, which looks like {rows[0][-4]}."
            ),
            columns=tuple(columns),
            rows=tuple(rows),
            numeric=tuple(name in ("row", *columns[-3:-1]) for name in columns),
        ),
    )


def suspects_examples(noise: Noise) -> tuple[Examples, ...]:
    """The surest suspects as pictures with their neighbours, where there are pictures."""
    shown: list[Example] = []
    for side in noise.sides:
        data = side.space.evaluation.data
        if data is None or data.images is None:
            return ()
        for at in range(min(PICTURES_SHOWN // len(noise.sides), len(side.suspects.query))):
            row, label, rival = _line(side, at, "")[0], *_line(side, at, "")[2:4]
            note = f"row {row} is labelled {label} and looks like {rival}"
            shown.append(example(side.space, int(side.suspects.query[at]), note))
    if not shown:
        return ()
    return (
        Examples(
            title="The surest suspects, each with its nearest rows",
            alt=f"{number(len(shown), 'row')} whose label looks wrong, each with its nearest enrolled rows.",
            examples=tuple(shown),
        ),
    )


def names(side: Side, at: int) -> tuple[int, str, str]:
    """Row number of a suspect, the class of its label, and the class that it looks like."""
    ranks, evaluation = side.space.ranks, side.space.evaluation
    row = int(evaluation.queries[side.suspects.query[at]])
    rival = int(ranks.class_ids[side.suspects.rival[at]])
    return row, evaluation.classes[evaluation.codes[row]], evaluation.classes[rival]


def _line(side: Side, at: int, part: str) -> tuple[str, ...]:
    seen = side.suspects
    row, label, rival = names(side, at)
    return (
        f"{row:,}",
        part,
        label,
        rival,
        f"{seen.votes[at]} of {seen.voters[at]}",
        f"{100 * seen.nearer[at]:.0f} %",
        "yes" if seen.agreed[at] else "no",
    )
