"""Imports point down, read from the source itself."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Each floor may import from floors above it in this list, and from its own.
FLOORS: list[set[str]] = [
    {"record", "names", "inert"},
    {"embeddings", "charts"},
    {
        "finding",
        "sources",
        "archives",
        "tables",
        "dimension_names",
        "label_columns",
        "selection",
        "inputs",
        "pairs",
        "controls",
        "listed_rows",
        "triplets",
        "training_log",
        "remedy",
    },
    {"load", "evaluation", "drawing"},
    {"passes"},
    {"given_distances", "metric"},
    {"geometry"},
    {"surface", "resample"},
    {"deletions", "gains", "rejection"},
    {"measured", "evidence", "attribution"},
    {"measures"},
    {"checks"},
    {"catalog", "draw"},
    {"summary", "samples", "training", "live", "comparison"},
    {"door"},
    {"__init__"},
]
FILES = sorted((ROOT / "diagnostics").rglob("*.py"))
REPORTS = sorted((ROOT / "reports").rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Every module a file imports, at the top or inside a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def room(module: str) -> str:
    """diagnostics.passes.ranks -> passes"""
    return module.split(".")[1]


def floor_of(name: str) -> int:
    found = [i for i, floor in enumerate(FLOORS) if name in floor]
    assert found, f"{name} has no floor; give it one in tests/test_floors.py"
    return found[0]


def own_room(path: Path) -> str:
    return path.relative_to(ROOT / "diagnostics").with_suffix("").parts[0]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_imports_only_from_floors_below(path):
    mine = floor_of(own_room(path))
    known = {name for floor in FLOORS for name in floor}
    for module in imported(path):
        if module.startswith("diagnostics.") and room(module) in known:
            assert floor_of(room(module)) <= mine, f"{path.name} imports {module} from above"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_library_knows_nothing_of_the_page(path):
    roots = {module.split(".")[0] for module in imported(path)}
    assert not roots & {"reports", "papermill", "nbformat", "nbconvert", "jinja2"}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_only_draw_and_the_fonts_know_matplotlib(path):
    if "matplotlib" in {module.split(".")[0] for module in imported(path)}:
        assert own_room(path) in ("draw", "drawing", "training")


def test_checks_do_not_import_each_other():
    for path in (ROOT / "diagnostics" / "checks").glob("*.py"):
        assert not {m for m in imported(path) if m.startswith("diagnostics.checks")}, path


def test_the_rooms_of_measures_do_not_import_each_other():
    """What two diagnostics share moves down a floor: below ``measures``, as for checks."""
    for path in (ROOT / "diagnostics" / "measures").rglob("*.py"):
        own = path.relative_to(ROOT / "diagnostics" / "measures").parts[0]
        others = {m for m in imported(path) if m.startswith("diagnostics.measures.")}
        assert not {m for m in others if m.split(".")[2] != own}, path


@pytest.mark.parametrize("path", REPORTS, ids=lambda p: p.name)
def test_reports_compute_no_statistics(path):
    roots = {module.split(".")[0] for module in imported(path)}
    assert not roots & {"scipy", "sklearn", "torch", "numba"}
    below = {m for m in imported(path) if m.startswith("diagnostics.")}
    assert not {
        m for m in below if room(m) in {"passes", "surface", "resample", "deletions", "measures"}
    }


def test_no_file_is_longer_than_a_question():
    for path in FILES + REPORTS:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 300, path
