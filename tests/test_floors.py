"""Imports point down from room to room, read from the source itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = ROOT / "diagnostics" / "embedding_second_opinion"
PUBLISHER = ROOT / "reports" / "embedding_second_opinion_reports"
NAME = LIBRARY.name

# Each room may import from the rooms before it in this list, and from itself.
ROOMS = [
    "findings",
    "data",
    "inputs",
    "geometry",
    "stats",
    "drawing",
    "remedy",
    "catalogue",
    "checks",
    "story",
    "training",
    "samples",
    "model_audit",
    "request",
    "subject",
    "api",
    "__init__",  # the public face: it names things of all rooms, and imports them when they are asked for
    "__main__",
]
FILES = sorted(LIBRARY.rglob("*.py"))
REPORTS = sorted(PUBLISHER.rglob("*.py"))


@cache
def imported(path: Path) -> set[str]:
    """Every module a file imports, at the top or inside a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = ".".join(filter(None, (beside(path) if node.level else "", node.module)))
            names |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return names


def beside(path: Path) -> str:
    """The package a file lies in, which its `from .` means."""
    return ".".join(path.relative_to(ROOT).parts[1:-1])


def own(path: Path) -> tuple[str, ...]:
    """catalogue/hubness/check.py -> ("catalogue", "hubness", "check")"""
    return path.relative_to(LIBRARY).with_suffix("").parts


def of_ours(path: Path) -> Iterator[tuple[str, ...]]:
    """The modules of the library that a file imports, each as its rooms and name."""
    for module in imported(path):
        parts = tuple(module.split("."))
        if parts[0] == NAME and len(parts) > 1 and parts[1] in ROOMS:
            yield parts[1:]


def diagnostic(parts: tuple[str, ...]) -> str | None:
    """Whose folder this module is in, where it is in one."""
    inside = (
        parts[0] == "catalogue" and len(parts) > 1 and (LIBRARY / "catalogue" / parts[1]).is_dir()
    )
    return parts[1] if inside else None


def test_every_file_has_a_room():
    assert {own(path)[0] for path in FILES} == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_imports_point_down(room):
    for path in FILES:
        if own(path)[0] == room:
            above = [m for m in of_ours(path) if ROOMS.index(m[0]) > ROOMS.index(room)]
            assert not above, f"{path.relative_to(ROOT)} imports from above"


def test_nobody_enters_the_folder_of_a_diagnostic():
    """What two diagnostics share moves down a room; only the public face names one from outside."""
    for path in [p for p in FILES if own(p)[0] != "__init__"]:
        for module in of_ours(path):
            owner = diagnostic(module)
            assert owner in (None, diagnostic(own(path))), f"{path.relative_to(ROOT)}: {module}"


def test_the_library_knows_nothing_of_the_page():
    for path in FILES:
        roots = {module.split(".")[0] for module in imported(path)}
        assert not roots & {PUBLISHER.name, "papermill", "nbformat", "nbconvert", "jinja2"}, path


def test_only_drawing_and_the_fonts_know_matplotlib():
    for path in FILES:
        if "matplotlib" in {module.split(".")[0] for module in imported(path)}:
            assert own(path)[0] in ("drawing", "training"), path


def test_reports_compute_no_statistics():
    for path in REPORTS:
        roots = {module.split(".")[0] for module in imported(path)}
        assert not roots & {"scipy", "sklearn", "torch", "numba"}, path
        for module in of_ours(path):
            assert module[0] != "stats", path
            assert module[:2] != ("geometry", "passes"), path
            assert diagnostic(module) is None, path


def test_no_name_stands_twice():
    """A file's name tells which one is meant; only the parts that every diagnostic has recur."""
    allowed = {"__init__", "check", "charts", "numbers", "planted", "words"}
    seen: dict[str, Path] = {}
    for path in FILES + REPORTS:
        if path.stem not in allowed:
            assert path.stem not in seen, f"{path} and {seen[path.stem]}"
            seen[path.stem] = path
