"""What is to be drawn? Chart specifications: data and words only, drawn by ``draw``."""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal, Protocol

from pydantic import Field

from .record import Number, Record
from .wording import percent

if TYPE_CHECKING:  # the command's help needs findings, and must not wait for NumPy
    import numpy as np
    from numpy.typing import NDArray

Role = Literal["main", "second", "context"]


class Measured(Protocol):
    """An estimate, or anything else with a value and the interval it has or lacks."""

    @property
    def value(self) -> float: ...
    @property
    def low(self) -> float | None: ...
    @property
    def high(self) -> float | None: ...


class Chart(Record):
    """What every chart has. ``alt`` says in words what the picture shows, numbers included."""

    title: str
    alt: str


class Series(Record):
    """One labelled line. ``low`` and ``high`` are its interval, as long as ``x``, or empty."""

    name: str
    x: tuple[Number, ...]
    y: tuple[Number, ...]
    low: tuple[Number, ...] = ()
    high: tuple[Number, ...] = ()
    role: Role = "main"

    @classmethod
    def of(
        cls,
        name: str,
        x: Iterable[float],
        y: Iterable[float],
        role: Role = "main",
        band: tuple[Iterable[float], Iterable[float]] = ((), ()),
    ) -> Series:
        """A line of arrays; band: its lower and upper bounds."""
        low, high = band
        return cls(name=name, x=tuple(x), y=tuple(y), low=tuple(low), high=tuple(high), role=role)

    @classmethod
    def along(
        cls, name: str, x: Iterable[float], found: Sequence[Measured], role: Role = "main"
    ) -> Series:
        """A line of estimates, with their intervals where every one has its own."""
        bounds = [(e.low, e.high) for e in found if e.low is not None and e.high is not None]
        low, high = zip(*bounds, strict=True) if len(bounds) == len(found) > 0 else ((), ())
        return cls.of(name, x, (e.value for e in found), role, (low, high))


class Level(Record):
    """A horizontal reference line with its name."""

    name: str
    y: Number


class Mark(Record):
    """A point of a curve that has a name of its own."""

    name: str
    x: Number
    y: Number
    role: Role = "main"


class Curve(Chart):
    """Lines over a common axis, labelled at their ends; marks are named at the foot of the axis."""

    kind: Literal["curve"] = "curve"
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    levels: tuple[Level, ...] = ()
    marks: tuple[Mark, ...] = ()
    x_scale: Literal["linear", "log"] = "linear"
    y_share: bool = True  # the axis is a share from 0 to 1, shown in percent


class Bar(Record):
    """One labelled value with its interval, where there is one."""

    label: str
    value: Number
    low: Number | None = None
    high: Number | None = None
    role: Role = "main"

    @classmethod
    def of(cls, label: str, found: Measured, role: Role = "main") -> Bar:
        """An estimate as a bar."""
        return cls(label=label, value=found.value, low=found.low, high=found.high, role=role)


class Bars(Chart):
    """Horizontal bars, longest words left, value and interval written beside each."""

    kind: Literal["bars"] = "bars"
    value_label: str
    bars: tuple[Bar, ...]
    points: bool = False  # differences of shares, shown in points; else shares, shown in percent

    @classmethod
    def of(cls, title: str, value_label: str, bars: Sequence[Bar], rest: str = "") -> Bars:
        """Shares as bars, their words read off them; rest: what is not drawn, told at the end."""
        bounded = any(bar.low is not None for bar in bars)
        return cls(
            title=title,
            alt="; ".join(f"{bar.label}: {percent(bar.value)}" for bar in bars) + f"{rest}.",
            value_label=value_label + (", with 95 % interval" if bounded else ""),
            bars=tuple(bars),
        )


class Stage(Record):
    """One row of a waterfall: a change from ``before`` to ``after``, or a total that stands on its own.

    low, high: bounds of the change (after less before), None where there are none.
    """

    label: str
    before: Number
    after: Number
    low: Number | None = None
    high: Number | None = None
    total: bool = False


class Waterfall(Chart):
    """Shares that lead from one to another: totals as bars, the changes between them as hanging bars."""

    kind: Literal["waterfall"] = "waterfall"
    value_label: str
    stages: tuple[Stage, ...]


class Thumbnail(Record):
    """Raw pixels, base64: the bytes do not depend on an image codec's version."""

    width: int
    height: int
    channels: Literal[1, 3]
    pixels: str

    @classmethod
    def of(cls, image: NDArray[np.uint8], largest: int = 48) -> Thumbnail:
        """A (h, w) or (h, w, 3) uint8 image, thinned by whole steps to at most ``largest`` pixels."""
        import numpy as np

        step = max(1, -(-max(image.shape[:2]) // largest))
        small = np.ascontiguousarray(image[::step, ::step])
        return cls(
            width=small.shape[1],
            height=small.shape[0],
            channels=3 if small.ndim == 3 else 1,
            pixels=base64.b64encode(small.tobytes()).decode("ascii"),
        )

    def array(self) -> NDArray[np.uint8]:
        """The (h, w) or (h, w, 3) uint8 image again."""
        import numpy as np

        flat = np.frombuffer(base64.b64decode(self.pixels), dtype=np.uint8)
        shape = (self.height, self.width) + ((3,) if self.channels == 3 else ())
        return flat.reshape(shape)


class Sample(Record):
    """One row of the user's data, as a person would point at it."""

    row: int
    label: str
    distance: Number | None = None  # to the query, in the unit of the metric
    match: bool | None = None  # of the query's class?
    image: Thumbnail | None = None


class Example(Record):
    """A query and what the gallery answered, nearest first."""

    query: Sample
    answers: tuple[Sample, ...]
    note: str = ""


class Examples(Chart):
    """Single samples worth looking at; thumbnails where images were given."""

    kind: Literal["examples"] = "examples"
    examples: tuple[Example, ...]


class Table(Chart):
    """Rows for reading; every cell is text already formatted by the check."""

    kind: Literal["table"] = "table"
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...] = ()  # per column: align right

    @classmethod
    def of(
        cls, title: str, alt: str, rows: Sequence[Mapping[str, str]], words: Collection[str] = ()
    ) -> Table:
        """One row or more, each column's cell by its name; words: the columns that are no numbers."""
        return cls(
            title=title,
            alt=alt,
            columns=tuple(rows[0]),
            rows=tuple(tuple(row.values()) for row in rows),
            numeric=tuple(column not in words for column in rows[0]),
        )


class Merge(Record):
    """Two branches that meet: leaves are numbered from 0, merges on from there, in order."""

    first: int
    second: int
    height: Number


class Tree(Chart):
    """Who is near whom: leaves in the order drawn, joined at the height of their separation.

    mark: a height with a name of its own, such as the separation from which pairs are told apart.
    """

    kind: Literal["tree"] = "tree"
    leaves: tuple[str, ...]
    merges: tuple[Merge, ...]
    height_label: str
    mark: Level | None = None


class Packed(Record):
    """A flat array of small whole numbers, little-endian, base64: thousands of points stay small."""

    kind: Literal["uint8", "uint16", "uint32"]
    data: str

    @classmethod
    def of(cls, values: NDArray[np.integer], kind: Literal["uint8", "uint16", "uint32"]) -> Packed:
        """Values that fit ``kind``; a larger array is laid out row by row."""
        import numpy as np

        little = np.ascontiguousarray(values).astype(np.dtype(kind).newbyteorder("<"))
        return cls(kind=kind, data=base64.b64encode(little.tobytes()).decode("ascii"))

    def array(self) -> NDArray[np.integer]:
        """The flat array again."""
        import numpy as np

        kind = np.dtype(self.kind).newbyteorder("<")
        return np.frombuffer(base64.b64decode(self.data), dtype=kind)


class Panel(Record):
    """One picture of the points, with its faithfulness.

    places: (n, 2) uint16, x then y (y upwards), both axes on one scale that fills 0 to 65535.
    distortion: (n,) uint8: share (255 is all) of a point's neighbours in the picture that are no
    neighbours of it in the space.
    facts: name and value, as they stand beside the picture: ("trustworthiness", "97.1 %").
    """

    name: str
    places: Packed
    distortion: Packed
    facts: tuple[tuple[str, str], ...]


class Points(Chart):
    """The same points in several pictures. ``codes`` index ``classes``; all per point.

    rows: row numbers in the user's data. wrong: 1 where the nearest enrolled row is of another class.
    """

    kind: Literal["points"] = "points"
    panels: tuple[Panel, ...]
    classes: tuple[str, ...]
    codes: Packed
    rows: Packed
    wrong: Packed


AnyChart = Annotated[
    Curve | Bars | Waterfall | Examples | Table | Tree | Points, Field(discriminator="kind")
]
