"""Names of classes, groups, splits and files do nothing in JupyterLab, trusted or not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests import hostile
from tests.jupyter.lab import ROOT, Opened, recorder, running

# Those that name classes, groups and splits in their words; the others take longer and add none.
ONLY = ["triplet_versus_closed_set", "class_imbalance", "claim_audit", "cluster_proximity"]
# Elements and addresses that no sentence of ours makes, within what the cells put out. Figures are pictures
# of their own (data:image/svg+xml in an img, where nothing runs and nothing is fetched).
MADE = """() => [...document.querySelectorAll('.jp-OutputArea-output')].flatMap(o =>
    [...o.querySelectorAll(
        'img:not([src^="data:image/svg+xml"]), script, iframe, a, svg, del, mjx-container')]
).map(e => e.outerHTML.slice(0, 200)).filter(html => !html.includes('jp-InternalAnchorLink'))"""


@pytest.fixture(scope="module")
def site():
    with recorder() as (address, asked):
        yield address, asked


@pytest.fixture(scope="module")
def folder(tmp_path_factory, site):
    """The overview about a set with hostile names, not yet run; and run elsewhere, never trusted."""
    folder = tmp_path_factory.mktemp("notebooks")
    path = hostile.write(folder, site[0])
    made = nbformat.read(ROOT / "notebooks" / "overview.ipynb", as_version=4)
    told = {**hostile.parameters(path.name, site[0]), "only": ONLY}
    for cell in made.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if "parameters" in cell.metadata.get("tags", ()):
            cell.source += "".join(f"\n{name} = {value!r}" for name, value in told.items())
    nbformat.write(made, folder / "overview.ipynb")
    program = "import sys, tests.execute_notebooks as e; e.execute(e.Path(sys.argv[1]))"
    executed = folder / "executed.ipynb"
    nbformat.write(made, executed)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TQDM_DISABLE": "1"}
    # In a process of its own: a browser is driven in this one, and two loops cannot run in one.
    command = [sys.executable, "-c", program, str(executed)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=300)
    return folder


@pytest.fixture(scope="module")
def lab(folder, browser, tmp_path_factory):
    with running(folder, browser, tmp_path_factory.mktemp("lab") / "own") as lab:
        yield lab


def check(seen: Opened, asked: list[str], picture: Path) -> None:
    """The names were shown, and did nothing."""
    assert seen.errors == []
    shown = [o for o in seen.outputs if "text/markdown" in o.get("data", {})]
    assert len(shown) == len(ONLY) + 2  # and the evaluation, and the summary
    assert seen.page.evaluate("window.pwned === undefined")
    assert seen.page.evaluate(MADE) == []
    assert seen.dialogs == []
    assert seen.strayed == []
    assert asked == []
    named = seen.page.locator(".jp-OutputArea-output", has_text=hostile.RUNS)
    assert named.count() >= 4
    named.first.screenshot(path=picture)


def test_names_do_nothing_where_the_notebook_is_run(lab, site, tmp_path):
    with lab.opened("overview.ipynb") as seen:
        seen.run_all()
        assert seen.trusted
        check(seen, site[1], tmp_path / "run.png")


def test_names_do_nothing_where_it_was_run_by_others(lab, site, tmp_path):
    with lab.opened("executed.ipynb") as seen:
        assert not seen.trusted
        check(seen, site[1], tmp_path / "opened.png")
