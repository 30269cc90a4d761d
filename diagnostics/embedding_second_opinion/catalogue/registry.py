"""Which diagnostics are there? The folders of ``catalogue`` are the registry; nothing lists them by hand."""

from __future__ import annotations

import difflib
import importlib
import logging
import pkgutil
from collections.abc import Iterator, Sequence
from typing import Literal, Protocol, cast

from embedding_second_opinion import catalogue
from embedding_second_opinion.data.embeddings import InputError
from embedding_second_opinion.findings.finding import Finding, Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs

log = logging.getLogger(__name__)

FIRST = "triplet_versus_closed_set"  # states the gap that the others explain
# What a user meets; the other diagnostics say where it comes from, and are ranked as causes.
IN_USE = (
    FIRST, "retrieval", "pair_verification", "open_set", "decision_rule", "gallery_growth"
)  # fmt: skip
# What training saw of these vectors: it neither meets the user nor stands in the data.
IN_TRAINING = ("triplet_census", "mining_audit", "training_curves")

# Which diagnostics can explain what is lost when a switch of the attribution is turned on. What is lost to
# all negatives may have any cause but the claim's own and the maps, which only draw.
EXPLAINS = {
    "B": ("claim_audit",),
    "G": ("shift",),
    "W": ("class_imbalance",),
    "S": ("generalisation_gap", "leakage"),
    "C": ("generalisation_gap",),
    "O": ("open_set",),
}

# A finding about several comparisons explains a loss by the one that concerns it: that of queries, whose
# classes are enrolled, not that of classes nobody trained on.
PARTS = {("N", "generalisation_gap"): "held_out_gap"}

LEAKAGE = "leakage"  # where it alarms, no number of the evaluation is praised before it is told
REMEDIES = "remedies"  # what helps: neither an effect nor a cause
MAPS = "projections"  # draws what the others measured, and takes longest


Kind = Literal["in use", "in training", "cause", "remedy"]


class Check(Protocol):
    """A diagnostic: a function named like its file, from a Geometry to a Finding."""

    def __call__(self, space: Geometry, inputs: Inputs) -> Finding:
        """Judge ``space``."""
        ...


def codes() -> tuple[str, ...]:
    """The codes of all: what happens in use first, then in training, causes by name, remedies, maps last."""
    names = {module.name for module in pkgutil.iter_modules(catalogue.__path__) if module.ispkg}
    first = [code for code in (*IN_USE, *IN_TRAINING) if code in names]
    causes = sorted(
        names - set(first),
        key=lambda name: (
            (REMEDIES, MAPS).index(name) + 1 if name in (REMEDIES, MAPS) else 0,
            name,
        ),
    )
    return (*first, *causes)


def kind(code: str) -> Kind:
    """Effects, what training saw, and causes do not compete with each other."""
    if code in IN_USE:
        return "in use"
    if code == REMEDIES:
        return "remedy"
    return "in training" if code in IN_TRAINING else "cause"


def explains() -> dict[str, tuple[str, ...]]:
    """Letter of a switch to the diagnostics that can explain its loss."""
    others = {*EXPLAINS["B"], MAPS}
    every = tuple(code for code in codes() if kind(code) == "cause" and code not in others)
    return {**EXPLAINS, "N": every}


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
    return cast(Check, getattr(importlib.import_module(f"{catalogue.__name__}.{code}.check"), code))


def described() -> Iterator[tuple[str, str, str]]:
    """Code, question and what it needs, of every diagnostic."""
    for code in codes():
        module = importlib.import_module(f"{catalogue.__name__}.{code}.check")
        yield code, module.QUESTION, module.NEEDS


def question(code: str) -> str:
    """What the diagnostic of this code answers."""
    return str(importlib.import_module(f"{catalogue.__name__}.{code}.check").QUESTION)


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
        return Finding(
            code=code,
            title=code.replace("_", " ").capitalize(),
            question="",
            verdict=Verdict.ERROR,
            explanation=f"This diagnostic broke: {type(error).__name__}: {error}",
            meaning="A fault of this tool, not of your data; the other diagnostics are not affected.",
        )
