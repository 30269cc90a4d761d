"""What can be set, and how is a run written down as a command that repeats it?"""

from __future__ import annotations

import json
import shlex
from collections.abc import Collection, Iterator, Mapping

from pydantic import JsonValue

from embedding_second_opinion.data.faults import InputError
from embedding_second_opinion.inputs.option import Option
from embedding_second_opinion.request import Request

from .terminal import COMMAND

DEFAULTS: Mapping[str, JsonValue] = Request().parameters()


def checked(
    given: Mapping[str, JsonValue], known: Mapping[str, JsonValue], record: type[Request] = Request
) -> dict[str, JsonValue]:
    """What is given, as the notebook takes it; known: its parameters with their defaults.

    Papermill only warns of unknown names and never looks at types; names are injected as code. A parameter
    of a user's own notebook that is no option must be like its default.
    """
    options = {each.name: each for each in record.options()}
    found: dict[str, JsonValue] = {}
    for name, value in given.items():
        if name not in known:
            names = ", ".join(sorted(known))
            raise InputError(f"the notebook has no parameter {name!r}; it has {names}.")
        if name in options:
            found[name] = options[name].json(options[name].read(value))
        elif _fits(value, known[name]):
            found[name] = value
        else:
            raise InputError(
                f"the parameter {name} must be like {json.dumps(known[name])}; "
                f"{json.dumps(value)} is of another type."
            )
    return found


def cell(
    names: Collection[str] | None = None,
    defaults: Mapping[str, JsonValue] | None = None,
    record: type[Request] = Request,
) -> str:
    """The source of a notebook's cell of parameters, typed as ``papermill --help-notebook`` reads it.

    names: the options that the notebook takes, all of a report where None. defaults: where it has its own.
    """
    lines = []
    for each in record.options("report" if names is None else ""):
        if names is None or each.name in names:
            value = _literal((defaults or {}).get(each.name, each.json(each.default)))
            # Papermill's annotations know no "|"; in a comment it stands.
            before, after = (
                ("", f"type: {each.annotation} ") if each.optional else (f": {each.annotation}", "")
            )
            lines.append(f"{each.name}{before} = {value}  # {after}{each.about}")
    return "\n".join(lines)


def _literal(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def report_command(parameters: Mapping[str, JsonValue], record: type[Request] = Request) -> str:
    """The shell line that makes this report again."""
    command = _command(parameters)
    given = [str(parameters.get("data", record().data))]
    given += [str(parameters["other"])] if command == "compare" else []
    options: list[str] = []
    for each, value in _chosen(parameters, record):
        if isinstance(value, list):
            options += [f"{each.flag}={one}" for one in value]
        elif each.name not in ("data", "other"):
            options.append(each.flag if value is True else f"{each.flag}={value}")
    options.append(f"--out={command}")
    words = (
        [*options, "--", *given]
        if any(each.startswith("-") for each in given)
        else [*given, *options]
    )
    return shlex.join([COMMAND, command, *words])


def papermill_command(
    parameters: Mapping[str, JsonValue], notebook: str, record: type[Request] = Request
) -> str:
    """The shell line that runs the notebook alone. Strings go raw: Papermill would read numbers."""
    words = ["papermill", notebook, "out.ipynb", "-k", "python3", "-l", "python"]
    for each, value in _chosen(parameters, record):
        if isinstance(value, str):
            words += ["-r", each.name, value]
        elif isinstance(value, list):
            words += ["-y", json.dumps({each.name: value})]
        else:
            words += ["-p", each.name, str(value)]
    return shlex.join(words)


def _command(parameters: Mapping[str, JsonValue]) -> str:
    return "compare" if parameters.get("other") else "report"


def _chosen(
    parameters: Mapping[str, JsonValue], record: type[Request]
) -> Iterator[tuple[Option, JsonValue]]:
    """The options that differ from the defaults, in the order of the record; DATA always."""
    values = {"data": record().data, **parameters}
    for each in record.options(_command(parameters)):
        value = values.get(each.name, each.json(each.default))
        if each.name == "data" or value != each.json(each.default):
            yield each, value


def _fits(value: JsonValue, default: JsonValue) -> bool:
    if default is None or isinstance(default, float):  # an optional number
        return value is None or (isinstance(value, int | float) and not isinstance(value, bool))
    if isinstance(default, list):
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    return type(value) is type(default)
