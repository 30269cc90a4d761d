"""Which diagnostics are there? The folders of ``catalogue``, and what other packages register.

Nothing lists them by hand: each folder declares a ``CHECK``, and what the story needs to know of a diagnostic
is a field of it. Another package registers its own by an entry point of the group ``GROUP``: its name is the
code, its object the function that a ``Check`` decorates.
"""

from __future__ import annotations

import difflib
import importlib
import logging
import pkgutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from importlib import metadata
from typing import NoReturn, Protocol, cast

from embedding_second_opinion import catalogue
from embedding_second_opinion.data.embeddings import InputError
from embedding_second_opinion.findings.check import Check as Declared
from embedding_second_opinion.findings.check import Kind
from embedding_second_opinion.findings.finding import Finding, Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs

log = logging.getLogger(__name__)

GROUP = "embedding_second_opinion.diagnostics"


class Check(Protocol):
    """A diagnostic: a function named like its folder, from a Geometry to a Finding."""

    def __call__(self, space: Geometry, inputs: Inputs) -> Finding:
        """Judge ``space``."""
        ...


@cache
def _built_in() -> Mapping[str, Declared]:
    names = [module.name for module in pkgutil.iter_modules(catalogue.__path__) if module.ispkg]
    found = [importlib.import_module(f"{catalogue.__name__}.{name}").CHECK for name in names]
    return {each.code: each for each in found}


@cache
def _outside(path: tuple[str, ...]) -> tuple[Mapping[str, tuple[Declared, Check]], tuple[str, ...]]:
    """What other packages on this path register, and a sentence on each that is refused."""
    found: dict[str, tuple[Declared, Check]] = {}
    refused = []
    for entry in sorted(metadata.entry_points(group=GROUP), key=lambda e: (e.name, e.value)):
        if entry.name in _built_in() or entry.name in found:
            refused.append(
                f"The diagnostic {entry.name} of {entry.value} was refused: there is one of that code."
            )
            continue
        try:
            function = entry.load()
            if function.check.code != entry.name:
                raise ValueError(
                    f"it is registered as {entry.name} and calls itself {function.check.code}"
                )
            found[entry.name] = function.check, function
        except Exception as error:
            found[entry.name] = _broken(entry.name), partial(_raise, error)
    return found, tuple(refused)


def _broken(code: str) -> Declared:
    return Declared(
        code=code, title=code.replace("_", " ").capitalize(), question="",
        kind="cause", needs="to be mended: it could not be imported", because="",
    )  # fmt: skip


def _raise(error: Exception, space: Geometry, inputs: Inputs) -> NoReturn:
    raise error


def refused() -> tuple[str, ...]:
    """A sentence on each diagnostic of another package whose code is taken."""
    return _outside(tuple(sys.path))[1]


def declared() -> Mapping[str, Declared]:
    """Code to declaration, in order: in use, in training, causes by name, remedies, maps.

    Those of other packages stand behind the built-in ones of their kind.
    """
    others = {code: each for code, (each, _) in _outside(tuple(sys.path))[0].items()}
    every = {**_built_in(), **others}

    def place(code: str) -> tuple[int, bool, int, str]:
        return every[code].order // 10, code in others, every[code].order, code

    return {code: every[code] for code in sorted(every, key=place)}


def codes() -> tuple[str, ...]:
    """The codes of all, in that order."""
    return tuple(declared())


def first() -> str:
    """The code of the diagnostic that states the gap which the others explain."""
    return next(code for code, each in declared().items() if each.states_gap)


def kind(code: str) -> Kind:
    """Effects, what training saw, and causes do not compete with each other."""
    known = declared().get(code)
    return "cause" if known is None else known.kind


def explains() -> dict[str, tuple[str, ...]]:
    """Letter of a switch of the attribution to the diagnostics that can explain its loss."""
    every = declared()
    letters = sorted({letter for each in every.values() for letter in each.explains})
    return {x: tuple(code for code, each in every.items() if x in each.explains) for x in letters}


def parts() -> dict[tuple[str, str], str]:
    """By letter and code the estimate that concerns this loss, where it is not the harm."""
    return {(x, code): name for code, each in declared().items() for x, name in each.parts.items()}


def chosen(only: Sequence[str] = (), skip: Sequence[str] = ()) -> tuple[str, ...]:
    """The codes that are run: all, or ``only`` these, less those to ``skip``.

    Raises InputError for a code that does not exist, or where none is left.
    """
    known = codes()
    for option, named in (("--only", only), ("--skip", skip)):
        for code in named:
            if code not in known:
                near = difflib.get_close_matches(code, known, n=1)
                raise InputError(
                    f"{option} names {code!r}, which is no diagnostic."
                    + (f" Did you mean {near[0]}?" if near else f" There are {', '.join(known)}.")
                )
    left = tuple(c for c in known if (not only or c in only) and c not in skip)
    if not left:
        raise InputError("--only and --skip leave no diagnostic to run. Skip fewer.")
    return left


def check(code: str) -> Check:
    """The diagnostic of this code."""
    others = _outside(tuple(sys.path))[0]
    if code in others:
        return others[code][1]
    return cast(Check, getattr(importlib.import_module(f"{catalogue.__name__}.{code}.check"), code))


def described() -> Iterator[tuple[str, str, str]]:
    """Code, question and what it needs, of every diagnostic."""
    for code, each in declared().items():
        yield code, each.question, each.needs


def question(code: str) -> str:
    """What the diagnostic of this code answers."""
    return declared()[code].question


def run(
    space: Geometry, inputs: Inputs | None = None, among: Sequence[str] | None = None
) -> Iterator[Finding]:
    """The findings of all diagnostics, or of these, one by one; one that breaks becomes a finding
    that says so.
    """
    for code in codes() if among is None else among:
        yield run_one(code, space, inputs or Inputs())


def run_one(code: str, space: Geometry, inputs: Inputs) -> Finding:
    """One diagnostic. The only place where a check's own failure is caught: it must not stop a report."""
    try:
        return check(code)(space, inputs)
    except Exception as error:
        log.exception("diagnostic %s broke", code)
        known = declared().get(code) or _broken(code)
        return Finding(
            code=code,
            title=known.title,
            question=known.question,
            verdict=Verdict.ERROR,
            explanation=f"This diagnostic broke: {type(error).__name__}: {error}",
            meaning="A fault of this tool, not of your data; the other diagnostics are not affected.",
        )
