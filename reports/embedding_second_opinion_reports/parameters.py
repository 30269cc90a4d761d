"""What can be set, and how is a run written down as a command that repeats it?"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from embedding_second_opinion.data.embeddings import InputError
from embedding_second_opinion_reports.terminal import COMMAND

# The cell tagged `parameters` in notebooks/overview.ipynb has these names and these defaults.
DEFAULTS: Mapping[str, JsonValue] = {
    "data": "sample:glyphs",
    "labels": "",
    "key": "",
    "split": "",
    "groups": "",
    "gallery": "",
    "gallery_split": "",
    "query_split": [],
    "strangers": [],
    "claimed": None,
    "claimed_metric": "triplet",
    "claimed_split": "query",
    "pairs": "",
    "controls": "",
    "triplets": "",
    "log": "",
    "margin": None,
    "expected_classes": None,
    "only": [],
    "skip": [],
    "approximate": False,
    "metric": "euclidean",
    "seed": 0,
    "map_points": 2000,
    "map_seeds": 2,
    "flatten": False,
    "drop_invalid": False,
}


def check(given: Mapping[str, JsonValue], known: Mapping[str, JsonValue]) -> None:
    """Refuse what the notebook does not know by name, or knows as another type.

    Papermill only warns of unknown names and never looks at types; names are injected as code.
    """
    for name, value in given.items():
        if name not in known:
            names = ", ".join(sorted(known))
            raise InputError(f"the notebook has no parameter {name!r}; it has {names}.")
        default = known[name]
        if not _fits(value, default):
            raise InputError(
                f"the parameter {name} must be like {json.dumps(default)}; "
                f"{json.dumps(value)} is of another type."
            )


def report_command(parameters: Mapping[str, JsonValue]) -> str:
    """The shell line that makes this report again."""
    data = str(parameters.get("data", DEFAULTS["data"]))
    options: list[str] = []
    for name, value in _chosen(parameters):
        flag = "--" + name.replace("_", "-")
        if isinstance(value, list):
            options += [f"{flag}={each}" for each in value]
        elif value is True:
            options.append(flag)
        else:
            options.append(f"{flag}={value}")
    command, given = "report", [data]
    if "other" in parameters:  # two models
        command, given = "compare", [data, str(parameters["other"])]
        if parameters.get("other_metric"):
            options.append(f"--other-metric={parameters['other_metric']}")
    options.append(f"--out={command}")
    words = (
        [*options, "--", *given]
        if any(each.startswith("-") for each in given)
        else [*given, *options]
    )
    return shlex.join([COMMAND, command, *words])


def papermill_command(parameters: Mapping[str, JsonValue], notebook: str) -> str:
    """The shell line that runs the notebook alone. Strings go raw: Papermill would read numbers."""
    words = ["papermill", notebook, "out.ipynb", "-k", "python3", "-l", "python"]
    chosen = [("data", parameters.get("data", DEFAULTS["data"])), *_chosen(parameters)]
    chosen += [(n, parameters[n]) for n in ("other", "other_metric") if parameters.get(n)]
    for name, value in chosen:
        if isinstance(value, str):
            words += ["-r", name, value]
        elif isinstance(value, list):
            words += ["-y", json.dumps({name: value})]
        else:
            words += ["-p", name, str(value)]
    return shlex.join(words)


def _chosen(parameters: Mapping[str, JsonValue]) -> Sequence[tuple[str, JsonValue]]:
    """What differs from the defaults, DATA aside, in the order of the defaults."""
    return [
        (name, parameters[name])
        for name in DEFAULTS
        if name != "data" and name in parameters and parameters[name] != DEFAULTS[name]
    ]


def _fits(value: JsonValue, default: JsonValue) -> bool:
    if default is None or isinstance(default, float):  # an optional number
        return value is None or (isinstance(value, int | float) and not isinstance(value, bool))
    if isinstance(default, list):
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    return type(value) is type(default)
