"""Which diagnostics are there? The folder ``checks`` is the registry; nothing lists them by hand."""

from __future__ import annotations

import importlib
import logging
import pkgutil
from collections.abc import Iterator, Sequence
from typing import Protocol, cast

from diagnostics import checks
from diagnostics.finding import Finding, Verdict
from diagnostics.geometry import Geometry
from diagnostics.inputs import Inputs

log = logging.getLogger(__name__)

FIRST = "triplet_versus_closed_set"  # states the gap that the others explain


class Check(Protocol):
    """A diagnostic: a function named like its file, from a Geometry to a Finding."""

    def __call__(self, space: Geometry, inputs: Inputs) -> Finding:
        """Judge ``space``."""
        ...


def codes() -> tuple[str, ...]:
    """The codes of all diagnostics: the one that states the gap, then alphabetically."""
    names = {module.name for module in pkgutil.iter_modules(checks.__path__)}
    return tuple(sorted(names, key=lambda name: (name != FIRST, name)))


def check(code: str) -> Check:
    """The diagnostic of this code."""
    return cast(Check, getattr(importlib.import_module(f"{checks.__name__}.{code}"), code))


def run(
    space: Geometry, inputs: Inputs | None = None, *, skip: Sequence[str] = ()
) -> Iterator[Finding]:
    """Every diagnostic's finding, one by one; one that breaks becomes a finding that says so.

    skip: codes that are left out, for a notebook that shows them in a cell of their own.
    """
    for code in codes():
        if code not in skip:
            yield run_one(code, space, inputs or Inputs())


def run_one(code: str, space: Geometry, inputs: Inputs) -> Finding:
    """One diagnostic. The only place where a check's own failure is caught: it must not stop a report."""
    try:
        return check(code)(space, inputs)
    except Exception as error:
        log.exception("diagnostic %s broke", code)
        return Finding(
            code=code,
            title=code.replace("_", " ").capitalize(),
            question="",
            verdict=Verdict.ERROR,
            explanation=f"This diagnostic broke: {type(error).__name__}: {error}",
            meaning="A fault of this tool, not of your data; the other diagnostics are not affected.",
        )
