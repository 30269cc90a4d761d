"""The committed notebooks are thin, executed from top to bottom, and hold nothing of one machine."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from papermill import inspect_notebook

from embedding_second_opinion.catalogue import registry
from embedding_second_opinion.findings.finding import FINDING_MIME, Finding, Verdict
from embedding_second_opinion.request import Request
from embedding_second_opinion.story.summary import SUMMARY_MIME, Summary
from embedding_second_opinion_reports import parameters
from embedding_second_opinion_reports.notebook_file import Cell, Notebook
from tests.execute_notebooks import wanted

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))
BY_NAME = {path.stem: nbformat.read(path, as_version=4) for path in NOTEBOOKS}


@pytest.fixture(params=BY_NAME, name="notebook")
def every_notebook(request):
    return BY_NAME[request.param]


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_every_diagnostic_has_its_notebook():
    assert {"overview", *registry.codes()} <= set(BY_NAME)


def test_executed_in_order_without_errors_or_widgets(notebook):
    cells = code_cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    assert not [output for output in outputs if output.get("name") == "stderr"]
    assert not [
        o for o in outputs if "application/vnd.jupyter.widget-view+json" in o.get("data", {})
    ]
    assert any(outputs)


def test_kernel_and_stable_ids(notebook):
    assert notebook.metadata.kernelspec.name == "python3"
    assert [cell.id for cell in notebook.cells] == [
        f"cell-{i:02d}" for i in range(len(notebook.cells))
    ]
    assert not [cell for cell in notebook.cells if "execution" in cell.metadata]


def test_nothing_of_one_machine(notebook):
    text = json.dumps(notebook)
    assert not re.search(r"(/home/|/root/|/tmp/|/Users/|[A-Z]:\\\\\\\\)", text)
    assert str(ROOT) not in text


def test_thin(notebook):
    for cell in code_cells(notebook):
        tree = ast.parse(cell.source)
        for node in ast.walk(tree):
            assert not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda)
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert {name.split(".")[0] for name in names} == (
                {"embedding_second_opinion"} if names else set()
            )
        assert len(cell.source.splitlines()) <= 36  # one hands on every parameter, a line each


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_parameters_can_be_told_from_outside(path):
    found = inspect_notebook(path)
    # Nobody claims a number for two models at once.
    own = {"other"} if path.stem == "compare" else {"claimed"}
    assert {"data", "labels", "metric", "seed", *own} <= set(found)
    sample = "sample:pair:old" if path.stem == "compare" else "sample:glyphs"
    assert found["data"]["default"] == f'"{sample}"'
    assert all(p["default"] for p in found.values())


def test_the_command_line_and_the_notebook_have_the_same_defaults():
    (cell,) = [c for c in BY_NAME["overview"].cells if "parameters" in c.metadata.get("tags", [])]
    found = Notebook(cells=[Cell(cell_type="code", source=cell.source, metadata=cell.metadata)])
    assert found.parameters() == parameters.DEFAULTS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_the_cell_of_parameters_is_written_from_the_record(path):
    """``make cells`` writes it."""
    (cell,) = [c for c in BY_NAME[path.stem].cells if "parameters" in c.metadata.get("tags", [])]
    assert cell.source == wanted(path)
    found = inspect_notebook(path)
    assert {name: p["inferred_type_name"] for name, p in found.items()} == {
        each.name: each.annotation for each in Request.options() if each.name in found
    }
    assert all(p["help"] for p in found.values())


def test_the_cells_after_the_parameters_are_the_same_few_lines(notebook):
    check, opening = code_cells(notebook)[1:3]
    assert check.source.splitlines()[-1] == "request = Request.of(globals())"
    assert "request.open(" in opening.source
    assert len(opening.source.splitlines()) <= 6


def test_what_is_shown_is_what_is_collected():
    outputs = [o for cell in code_cells(BY_NAME["overview"]) for o in cell.outputs]
    findings = [o.data[FINDING_MIME] for o in outputs if FINDING_MIME in o.get("data", {})]
    (made,) = [o.data[SUMMARY_MIME] for o in outputs if SUMMARY_MIME in o.get("data", {})]
    assert [Finding.model_validate(f).code for f in findings] == list(registry.codes())
    assert Summary.model_validate(made).subject.name == "glyphs"
    places = [
        i
        for i, o in enumerate(outputs)
        if FINDING_MIME in o.get("data", {}) and o.data[FINDING_MIME]["charts"]
    ]
    lacking = [f for f in findings if f["verdict"] == Verdict.NOT_APPLICABLE]
    assert len(places) == len(findings) - len(lacking)  # without its input there is nothing to draw
    assert all("image/svg+xml" in outputs[i + 1].data for i in places)


def test_figures_are_drawings_and_a_clone_stays_small(notebook):
    outputs = [o.get("data", {}) for cell in code_cells(notebook) for o in cell.outputs]
    assert not [data for data in outputs if "image/png" in data]
    drawings = [data["image/svg+xml"] for data in outputs if "image/svg+xml" in data]
    assert all(len(text) < 400_000 for text in drawings)


def test_all_notebooks_together_are_small():
    assert sum(path.stat().st_size for path in NOTEBOOKS) < 8_000_000


def test_papermill_alone_beside_packages_named_as_the_folders_of_this_project(tmp_path):
    for name in ("diagnostics", "reports"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError('shadowed')\n")
    rows = ["label,a,b,c"]
    # Near its class's own corner, and no column a code of the classes: such a one is refused.
    rows += [
        f"c{i % 12},{i % 12 % 4 + 0.01 * (7 * i % 13)},{i % 12 // 4 + 0.01 * (5 * i % 11)},{0.1 * (i // 12)}"
        for i in range(60)
    ]
    (tmp_path / "mine.csv").write_text("\n".join(rows))
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONSAFEPATH", "PYTHONPATH")}
    papermill = Path(sys.executable).with_name("papermill")
    assert papermill.exists() or shutil.which("papermill")
    done = subprocess.run(
        [
            papermill if papermill.exists() else "papermill",
            ROOT / "notebooks" / "overview.ipynb",
            "out.ipynb",
            *("-p", "data", "mine.csv", "-p", "map_points", "0"),
        ],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    outputs = [
        o
        for cell in code_cells(nbformat.read(tmp_path / "out.ipynb", as_version=4))
        for o in cell.outputs
    ]
    (made,) = [o.data[SUMMARY_MIME] for o in outputs if SUMMARY_MIME in o.get("data", {})]
    assert (made["subject"]["n"], made["subject"]["d"], made["subject"]["classes"]) == (60, 3, 12)
