"""What is an option, and which values may it have? What the record in ``request.py`` is made of."""

from __future__ import annotations

import dataclasses
import math
import typing
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from pydantic import JsonValue

from embedding_second_opinion.data.faults import InputError

Kind = Literal["text", "texts", "flag", "whole", "real", "share"]

_KINDS: dict[object, Kind] = {
    str: "text",
    tuple[str, ...]: "texts",
    bool: "flag",
    int: "whole",
    int | None: "whole",
    float | None: "real",
}


@dataclass(frozen=True)
class Option:
    """One thing that can be asked.

    help: what it is, without capital and period. metavar: what stands for its value in the command's help.
    unit: what a number counts. least: the smallest whole number. among: all words that it may be.
    commands: those that take it; the first is ``report``.
    """

    name: str
    kind: Kind
    default: Any
    optional: bool
    help: str
    metavar: str = ""
    unit: str = ""
    least: int | None = None
    among: tuple[str, ...] = ()
    commands: tuple[str, ...] = ("report",)

    @property
    def flag(self) -> str:
        """As the command has it."""
        return "--" + self.name.replace("_", "-")

    @property
    def annotation(self) -> str:
        """Its type, as a parameter of a notebook."""
        words = {"text": "str", "texts": "list[str]", "flag": "bool", "whole": "int"}
        plain = {**words, "real": "float", "share": "float|str"}[self.kind]
        return f"{plain}|None" if self.optional else plain

    @property
    def about(self) -> str:
        """Its help, with the words that it may be, its unit and its limit."""
        words = [word for word in self.among if word]
        named = f": {', '.join(words[:-1])} or {words[-1]}" if words else ""
        return self.help + named + self.limits

    @property
    def limits(self) -> str:
        """The unit and the smallest number, to stand behind the help."""
        limits = [self.unit] if self.unit and self.kind != "share" else []
        limits += [f"{self.least} or more"] if self.least is not None else []
        return f" ({', '.join(limits)})" if limits else ""

    def read(self, value: object) -> Any:
        """The value in its own type. Raises InputError, with the option as the command has it.

        A text is a list of one; 0.99, 99 and "99%" are one share; None is what was not given.
        """
        if value is None and self.default in (None, "", ()):
            return self.default
        if self.kind == "text":
            return self._text(value)
        if self.kind == "texts":
            return _texts(self.flag, value)
        if self.kind == "flag":
            _refuse_type(self.flag, value, bool, "True or False")
            return value
        if self.kind == "whole":
            return self._whole(value)
        return _share(self.flag, value) if self.kind == "share" else _positive(self.flag, value)

    def json(self, value: Any) -> JsonValue:
        """The value as JSON and a notebook's cell have it."""
        return list(value) if self.kind == "texts" else cast(JsonValue, value)

    def _text(self, value: object) -> str:
        _refuse_type(self.flag, value, str, "text")
        text = str(value)
        _refuse_unwritable(text)
        if self.among and text not in self.among:
            words = ", ".join(word for word in self.among if word)
            raise InputError(f"{self.flag} must be one of {words}; it is {text!r}.")
        return text

    def _whole(self, value: object) -> int:
        least = self.least or 0
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise InputError(
                f"{self.flag} must be a whole number from {least} up; it is {value!r}."
            )
        return value


def options_of(record: type) -> tuple[Option, ...]:
    """The options that are the fields of this record, in its order."""
    types = typing.get_type_hints(record)
    return tuple(
        Option(
            name=field.name,
            kind="share" if field.metadata.get("unit") == "share" else _KINDS[types[field.name]],
            default=field.default,
            optional=type(None) in typing.get_args(types[field.name]),
            **field.metadata,
        )
        for field in dataclasses.fields(record)
    )


def option(default: Any, help: str, metavar: str = "", **more: Any) -> Any:
    """A field of the record: see ``Option``."""
    return dataclasses.field(default=default, metadata={"help": help, "metavar": metavar, **more})


def _texts(flag: str, value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [value]
    _refuse_type(flag, value, (list, tuple), "text or a list of texts")
    items = cast(Sequence[object], value)
    for place, item in enumerate(items):
        _refuse_type(f"{flag}[{place}]", item, str, "text")
        _refuse_unwritable(str(item))
    return tuple(str(item) for item in items if item)


def _share(flag: str, value: object) -> float | None:
    """0.99, 99, "99%" and "99" are the same share; "" is none."""
    text = str(value).strip()
    if not text:
        return None
    number = math.nan
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            number = float(text.removesuffix("%"))
        except ValueError:
            number = math.nan
    percent = text.endswith("%")
    if not percent and 1 < number < 2:
        raise InputError(
            f"{flag} {text} is more than all as a share; write {text}% if you mean it."
        )
    share = number / 100 if percent or number > 1 else number
    if not 0 <= share <= 1:
        raise InputError(
            f"{flag} must be a share such as 0.99, 99% or 99; {value!r} is none from 0 to 100 %."
        )
    return float(f"{share:.12g}")  # 99.1 / 100 is 0.991, not 0.9909999999999999


def _positive(flag: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"{flag} must be a number such as 0.2; it is {value!r}.")
    if not 0 < value < math.inf:
        raise InputError(f"{flag} must be above 0; it is {value}.")
    return float(value)


def _refuse_type(flag: str, value: object, wanted: type | tuple[type, ...], words: str) -> None:
    """Papermill passes on whatever its command line reads: 5 as a number, true as a boolean."""
    if not isinstance(value, wanted):
        raise InputError(
            f"{flag} must be {words}; it is {str(value)[:40]!r} of type {type(value).__name__}. "
            "In Python put text in quotes; for Papermill use -r NAME VALUE."
        )


def _refuse_unwritable(text: str) -> None:
    """Every parameter is written into the notebook and the page, which are UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        shown = text.encode("utf-8", "backslashreplace").decode()
        raise InputError(f"{shown[:200]} cannot be written as UTF-8. Rename it.") from None
