"""Where do the words go, how large, in which colour? Labels wrapped, and spread apart."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# The light palette (>= 4.5:1 on white). In the SVG each colour becomes the variable of that name,
# so no two may be equal. Blue and vermilion stay apart under all common colour blindness.
COLOURS = {
    "ink": "#1b1f24",
    "muted": "#5a6470",
    "grid": "#d9dde2",
    "series-main": "#0b5fa5",
    "series-second": "#a8480b",
    "series-context": "#66707b",
}


@dataclass(frozen=True)
class Layout:
    """Sizes in points, which are the SVG's user units: text keeps its size on a phone."""

    width: int
    font: float
    left: int  # room for tick labels (curve) or bar labels (bars; 0 puts them above the bars)
    right: int  # room for the labels at line ends, or for the values beside the bars


def number(value: float, share: bool) -> str:
    """A value as written beside its mark: "98.9 %", or three digits."""
    if share:
        return f"{100 * value:.1f} %"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def amount(value: float, low: float | None, high: float | None, points: bool) -> str:
    """A share in percent, or a difference of shares in points, with its interval; z: no minus zero."""
    text = f"{100 * value:z.1f}{'' if points else ' %'}"
    return text if low is None or high is None else f"{text} [{100 * low:z.1f}, {100 * high:z.1f}]"


def spread(
    centres: Sequence[float], heights: Sequence[float], floor: float, ceiling: float
) -> list[float]:
    """Centres moved so that no two labels of these heights overlap, from floor to ceiling."""
    order = sorted(range(len(centres)), key=lambda i: (centres[i], -i))
    places, edge = list(centres), floor
    for i in order:
        places[i] = max(places[i], edge + heights[i] / 2)
        edge = places[i] + heights[i] / 2
    edge = ceiling
    for i in reversed(order):
        places[i] = min(places[i], edge - heights[i] / 2)
        edge = places[i] - heights[i] / 2
    return places


def wrap(text: str, room: float, font: float, lines: int) -> list[str]:
    """At most ``lines`` lines that fit into ``room`` at the size ``font`` (same unit)."""
    text = clean(text)
    wide = any(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    letters = max(4, int(room / ((1.05 if wide else 0.6) * font)))
    return textwrap.wrap(text, letters, max_lines=lines, placeholder=" …") or [""]


def short(text: str, letters: int) -> str:
    """At most ``letters`` letters; what was cut is marked by an ellipsis."""
    text = clean(text)
    return text if len(text) <= letters else text[: letters - 1] + "…"


def clean(text: str) -> str:
    """Without control characters: XML cannot hold them, and line breaks upset the layout."""
    return "".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in text)


def end_label(name: str, value: str, layout: Layout) -> list[str]:
    """The lines of a label: a name, and its value on a line of its own, so that it stays whole."""
    lines = wrap(name, layout.right - 20, layout.font, 3)
    return lines if value in name else [*lines, value]


def room_below(words: str, layout: Layout) -> float:
    """What an axis' tick labels and its name take, in points."""
    return (1.9 + 1.3 * len(wrap(words, layout.width - layout.right, layout.font, 2))) * layout.font


def name_axis(axes: Axes, words: str, layout: Layout) -> None:
    """The axis' name, ending where the axis ends: the room left of it is free for long names."""
    lines = wrap(words, layout.width - layout.right, layout.font, 2)
    axes.set_xlabel("\n".join(lines), loc="right", **letters(layout.font, "muted"))


def letters(size: float, colour: str) -> dict[str, Any]:
    """How words are set. parse_math off: a class named "$x$" is text."""
    return {"fontsize": size, "color": COLOURS[colour], "parse_math": False}


def write(drawn: Figure, x: float, y: float, words: str, size: float, colour: str) -> None:
    """A line of words at figure coordinates."""
    drawn.text(x, y, words, va="center", **letters(size, colour))


def blank(width: float, height: float) -> Figure:
    """An empty figure of this many points."""
    drawn = Figure(figsize=(width / 72, height / 72), dpi=72, facecolor="white")
    FigureCanvasAgg(drawn)
    return drawn


def canvas(
    layout: Layout, height: float, left: float, bottom: float, top: float
) -> tuple[Figure, Axes]:
    """A figure with one pair of axes, the given points left free on each side."""
    drawn = blank(layout.width, height)
    wide = (layout.width - left - layout.right) / layout.width
    box = (left / layout.width, bottom / height, wide, (height - bottom - top) / height)
    return drawn, drawn.add_axes(box)


def dress(axes: Axes, layout: Layout) -> None:
    """Axes without a frame, in quiet colours."""
    axes.set_facecolor("none")
    axes.spines[["left", "top", "right"]].set_visible(False)
    axes.spines["bottom"].set_color(COLOURS["muted"])
    axes.tick_params(colors=COLOURS["muted"], labelsize=layout.font - 1, length=0, pad=6)
    axes.set_axisbelow(True)
