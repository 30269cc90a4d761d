"""How do the options of a request become those of a command?"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import wraps
from typing import Annotated, Any, cast

import typer

from embedding_second_opinion.inputs.option import Option
from embedding_second_opinion.request import Request

Asked = Mapping[str, Any]  # the options' values by their names, for ``Request(**asked)``
# Of every command that publishes.
Out = Annotated[
    str, typer.Option(metavar="DIR", help="The folder to write; replaced if a report made it.")
]
Timeout = Annotated[
    float, typer.Option(metavar="SECONDS", min=0, help="When to end the run; 0 for never.")
]


def takes(
    command: str, record: type[Request] = Request
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command an option for each that ``command`` takes; it gets them together, as ``asked``.

    What the function declares itself, arguments and options of its own, stays as it is there.
    """

    def add(function: Callable[..., None]) -> Callable[..., None]:
        _, *declared = inspect.signature(function, eval_str=True).parameters.values()
        own = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in declared]
        names = {parameter.name for parameter in own}
        options = {o.name: o for o in record.options(command) if o.name not in names | {"other"}}
        listed = [_parameter(each) for each in options.values()]

        @wraps(function)
        def called(**values: Any) -> None:
            asked = {name: _plain(values.pop(name)) for name in options}
            function(asked, **values)

        ordered = sorted((*own, *listed), key=lambda each: _place(each.name, options))
        called.__signature__ = inspect.Signature(ordered)  # type: ignore[attr-defined]
        called.__annotations__ = {each.name: each.annotation for each in ordered}
        return called

    return add


def _place(name: str, options: Mapping[str, Option]) -> int:
    """Arguments, then what the command itself takes, then the options; the end of the run last."""
    return 2 if name == "timeout" else int(name in options and name != "data")


def _parameter(each: Option) -> inspect.Parameter:
    kind, default = _types(each)
    words = each.help + each.limits
    help = words[0].upper() + words[1:].removesuffix(".") + "."
    help += " May be repeated." if each.kind == "texts" else ""
    about: dict[str, Any] = {"metavar": each.metavar or None, "help": help}
    stated = (
        typer.Argument(**about)
        if each.name == "data"
        else typer.Option(*([each.flag] if each.kind == "flag" else []), **about)
    )
    return inspect.Parameter(
        each.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[kind, stated],
    )


def _types(each: Option) -> tuple[Any, Any]:
    """The type and the default that typer shows and reads; what it does not know, the record reads."""
    if each.among:
        words = [word for word in each.among if word]
        choice = cast(Any, StrEnum)(each.name, {word.replace("-", "_"): word for word in words})
        return (choice, choice(each.default)) if each.default else (choice | None, None)
    if each.kind == "texts":
        return list[str] | None, None
    if each.kind == "share":
        return str, ""
    plain = {"text": str, "flag": bool, "whole": int, "real": float}[each.kind]
    return (cast(Any, plain | None) if each.optional else plain), each.default


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, StrEnum) else value
