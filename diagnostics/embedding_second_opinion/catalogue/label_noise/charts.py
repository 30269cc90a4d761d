"""Which pictures show wrong labels: what flipped labels would give, and the suspects."""

from __future__ import annotations

from embedding_second_opinion.findings.charts import Curve, Examples, Series, Table
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.examples import example

from .numbers import Noise
from .rates import LEAST_FOUND
from .side import Side

ROWS_SHOWN = 20
PICTURES_SHOWN = 8


def answer_curve(noise: Noise) -> tuple[Curve, ...]:
    """By how much the estimate rises when labels are flipped on purpose, beside what it should."""
    lines: list[Series] = []
    for side in noise.sides:
        if side.found < LEAST_FOUND:
            continue
        name = "estimated" if len(noise.sides) == 1 else f"{side.space.evaluation.query_name} rows"
        x = [0.0, *(100 * share for share, _ in side.answers)]
        # A label that was wrong before cannot be made wrong.
        y = [0.0, *(100 * (answer - side.rate) / (1 - side.rate) for _, answer in side.answers)]
        lines.append(Series.of(name, x, y, "main" if side is noise.sides[0] else "second"))
    if not lines:
        return ()
    words = "; ".join(f"{line.name}: {line.y[-1]:.1f} % of {line.x[-1]:.1f} %" for line in lines)
    lines.append(Series.of("all of them", lines[0].x, lines[0].x, "context"))
    return (
        Curve(
            title="Of labels flipped on purpose the estimate sees so many",
            alt=f"Share of rows by which the estimate rises, of the share flipped. {words}.",
            x_label="labels flipped on purpose, besides those that are wrong (% of rows)",
            y_label="rise of the estimate (% of rows)",
            series=tuple(lines),
            y_share=False,
        ),
    )


def suspects_table(noise: Noise) -> tuple[Table, ...]:
    """The suspects, the surest of each side first."""
    rows = []
    for side in noise.sides:
        # Half of the room for either, and what the other leaves.
        count, sides = len(side.suspects.query), len(noise.sides)
        room = max(ROWS_SHOWN // sides, ROWS_SHOWN - (noise.suspects - count))
        rows += [_line(side, at, sides > 1) for at in range(min(room, count))]
    if not rows:
        return ()
    alt = f"{len(rows)} of {number(noise.suspects, 'suspect')}, the surest first."
    words = ("part", "label", "looks like", "confident learning doubts it")
    return (Table.of("Rows whose label looks wrong", alt, rows, words),)


def suspects_examples(noise: Noise) -> tuple[Examples, ...]:
    """The surest suspects as pictures with their neighbours, where there are pictures."""
    shown = []
    for side in noise.sides:
        data = side.space.evaluation.data
        if data is None or data.images is None:
            return ()
        for at in range(min(PICTURES_SHOWN // len(noise.sides), len(side.suspects.query))):
            row, label, rival = names(side, at)
            note = f"row {row:,} is labelled {label} and looks like {rival}"
            shown.append(example(side.space, int(side.suspects.query[at]), note))
    if not shown:
        return ()
    title = "The surest suspects, each with its nearest rows"
    alt = f"{number(len(shown), 'row')} whose label looks wrong."
    return (Examples(title=title, alt=alt, examples=tuple(shown)),)


def names(side: Side, at: int) -> tuple[int, str, str]:
    """Row number of a suspect, the class of its label, and the class that it looks like."""
    ranks, evaluation = side.space.ranks, side.space.evaluation
    row = int(evaluation.queries[side.suspects.query[at]])
    rival = int(ranks.class_ids[side.suspects.rival[at]])
    return row, evaluation.classes[evaluation.codes[row]], evaluation.classes[rival]


def _line(side: Side, at: int, with_part: bool) -> dict[str, str]:
    seen = side.suspects
    row, label, rival = names(side, at)
    return {
        "row": f"{row:,}",
        **({"part": side.space.evaluation.query_name} if with_part else {}),
        "label": label,
        "looks like": rival,
        "of its nearest": f"{seen.votes[at]} of {seen.voters[at]}",
        "classes nearer than its own": f"{100 * seen.nearer[at]:.0f} %",
        "confident learning doubts it": "yes" if seen.agreed[at] else "no",
    }
