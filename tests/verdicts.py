"""What every diagnostic finds in every planted set: found once in a run, read by all who ask.

A finding is kept in memory and, where several workers run, in a folder they share, so that none is made
twice. It is kept as JSON, and only if it reads back as what it was.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path
from unittest.mock import patch

from embedding_second_opinion.catalogue import registry
from embedding_second_opinion.catalogue.hubness import surrogate
from embedding_second_opinion.findings.finding import Finding
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs
from embedding_second_opinion.samples.planted import (
    FLAWS,
    HEALTHY,
    JUDGED_BY,
    planted,
    planted_inputs,
)

SETS = (*HEALTHY, *FLAWS)
# Some sets' vectors are like another's, and their flaw is in what comes with them: few diagnostics read it.
PAIRS = [(name, code) for name in SETS for code in JUDGED_BY.get(name, registry.codes())]


def read_by(code: str, among: Iterable[str]) -> list[str]:
    """Those of these sets that the table has this diagnostic judge."""
    return [name for name in among if (name, code) in PAIRS]


# A map takes seconds: of shapes that maps may bend, of the set that no map does justice, and of some others.
BENT = ("several_modes", "cone", "long_tail", "many_classes", "split")
MAPPED = {
    **dict.fromkeys(("healthy", *(f"healthy_{shape}" for shape in BENT)), 240),
    "unmappable": 600,
    **dict.fromkeys(("look_alikes", "collapsed", "binarised", "leaked"), 150),
}

folder: Path | None = None  # that the workers share; see conftest


@contextmanager
def few_surrogates() -> Iterator[None]:
    """Hubness draws three clouds: they take most of its time, and no verdict hangs on them."""
    with patch.object(surrogate, "DRAWS", 3):
        yield


def judged(space: Geometry, code: str, given: Inputs | None = None) -> Finding:
    """By one diagnostic. What breaks, breaks the test."""
    with few_surrogates():
        return registry.check(code)(space, given or Inputs(map_points=0))


@lru_cache(maxsize=32)
def space(name: str, seed: int = 0) -> Geometry:
    """Of a planted set; its passes are shared by all that look at it."""
    return Geometry(planted(name, seed))


@cache
def inputs(name: str, seed: int = 0) -> Inputs:
    """What comes with a planted set."""
    return planted_inputs(name, seed, Inputs(map_points=MAPPED.get(name, 0)))


@cache
def found(name: str, code: str, seed: int = 0) -> Finding:
    """By this diagnostic in this planted set."""
    kept = None if folder is None else folder / f"{name}-{code}-{seed}.json"
    if kept is not None and kept.exists():
        return Finding.model_validate_json(kept.read_text(encoding="utf-8"))
    made = judged(space(name, seed), code, inputs(name, seed))
    text = made.model_dump_json()
    assert Finding.model_validate_json(text) == made
    if kept is not None:
        begun = kept.with_suffix(f".{os.getpid()}")
        begun.write_text(text, encoding="utf-8")
        begun.replace(kept)  # at once: nobody reads half a file
    return made
