"""How may several values of one option be written? ``--strangers a b`` as well as repeated."""

from __future__ import annotations

from collections.abc import Sequence

from embedding_second_opinion.request import Request

_OPTIONS = Request.options()
SEVERAL = {each.flag for each in _OPTIONS if each.kind == "texts"}
# They take no value.
FLAGS = {each.flag for each in _OPTIONS if each.kind == "flag"} | {"--help", "--version"}


def spelled_out(arguments: Sequence[str]) -> list[str]:
    """Repeat an option of SEVERAL before each further value that follows it.

    ``report x.npz --strangers a b`` becomes ``report x.npz --strangers a --strangers b``. A bare
    word is a further value only once DATA is given; before that, it is DATA.
    """
    found: list[str] = []
    words = 0  # bare words so far: the command, then DATA
    option, values = "", 0  # the option of SEVERAL we are in, and how many values it has
    expects_value = False
    for place, argument in enumerate(arguments):
        if argument == "--":
            return [*found, *arguments[place:]]
        if argument.startswith("--") or (argument.startswith("-") and len(argument) == 2):
            name = argument.partition("=")[0]
            option, values = (name, int("=" in argument)) if name in SEVERAL else ("", 0)
            expects_value = "=" not in argument and name not in FLAGS
        elif option:
            if values and words < 2:
                option = ""
                words += 1
            else:
                if values:
                    found.append(option)
                values += 1
            expects_value = False
        elif expects_value:
            expects_value = False
        else:
            words += 1
        found.append(argument)
    return found
