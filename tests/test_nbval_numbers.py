"""Is a notebook red where a number, a verdict or a word has changed, and only there?"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest

from embedding_second_opinion.findings.finding import FINDING_MIME
from tests.execute_notebooks import execute

ROOT = Path(__file__).resolve().parent.parent
CONFTEST = ROOT / "notebooks" / "conftest.py"


@pytest.fixture(scope="module")
def differences() -> Callable[..., list[str]]:
    spec = importlib.util.spec_from_file_location("notebooks_conftest", CONFTEST)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Callable[..., list[str]] = module.differences
    return found


def shown(**forms: Any) -> dict[str, Any]:
    names = {"md": "text/markdown", "plain": "text/plain", "html": "text/html", "json": "a/b+json"}
    names |= {"png": "image/png", "svg": "image/svg+xml"}
    return {"output_type": "display_data", "data": {names[k]: v for k, v in forms.items()}}


def stream(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (0.0025726248, 0.0025726241),  # as seen on another processor
        (0.98, 0.980009),
        (0.0, 9e-8),
        (3, 3),
        (3, 3.00001),
        (None, None),
        ([1.0, 2.0], [1.0, 2.00001]),
        ("a" * 64, "b" * 64),
        ("56.4 %", "56.5 %"),
        ("no 9.99 [9.98, 10.0].", "no 10.0 [9.97, 10.1]."),
        ("38 % of them", "39 % of them"),
        ("-0.1 points", "0.0 points"),
        ("1,234.5 of 12", "1,234.6 of 12"),
        ("| `a` | 56.4 % [50.0, 60.1] |", "| `a` | 56.4 % [50.1, 60.0] |"),
    ],
)
def test_what_rounding_moves_is_the_same(differences, old, new):
    assert not differences([shown(json={"x": old})], [shown(json={"x": new})])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (0.5, 0.50001),
        (0.0, 2e-7),
        (0.5, -0.5),
        (3, 4),
        (100_000_000, 100_000_001),  # counts
        (True, 1),
        (None, 0.0),
        (0.5, "0.5"),
        ([1.0], [1.0, 2.0]),
        ({"a": 1.0}, {"b": 1.0}),
        ("a" * 64, "a" * 63),
        ("alarm", "watch"),
        ("56.4 %", "56.6 %"),
        ("56.4 %", "56.4 points"),
        ("56.4 %", "56.4"),
        ("12 rows", "13 rows"),
        ("1,234 rows", "1,235 rows"),
        ("class_12 at 0.5", "class_13 at 0.5"),
        ("c 1-2", "c 1-3"),
        ("2.13.0", "2.13.1"),
        ("0.5 is low", "0.5 is high"),
        ("0.5 is", "0.5"),
        ("is", "0.5"),
        ("-3.2 points", "3.2 points"),
        ("0.5 is 7", "0.5 is 8"),
        ("AB+5/12=", "AB+6/12="),  # base64
    ],
)
def test_what_has_changed_is_told_with_its_path(differences, old, new):
    told = differences([shown(json={"x": old})], [shown(json={"x": new})])
    assert told
    assert all(line.startswith("output 1, a/b+json.x") for line in told)


def test_pictures_are_there_or_not(differences):
    one, other = shown(svg="<svg/>", plain="Figure"), shown(svg="<svg>2</svg>", plain="Figure")
    assert not differences([one], [other])
    assert not differences([shown(png="QQ==")], [shown(png="Qg==")])
    assert not differences([shown(html="<div><svg>1</svg>")], [shown(html="<div><svg>2</svg>")])
    assert differences([one], [shown(png="QQ==", plain="Figure")])
    assert differences([one], [shown(plain="Figure")])
    assert differences([one], [])
    assert differences([one], [one, one])
    assert differences([shown(html="<td>0.25</td>")], [shown(html="<td>0.35</td>")])


def test_streams_may_come_in_pieces_but_not_say_something_else(differences):
    one, two = stream("a 0.51\n"), stream("b\n")
    assert not differences([one, shown(plain="x"), two], [stream("a 0.52\nb\n"), shown(plain="x")])
    assert differences([one], [two])
    assert differences([one], [one, stream("careful", "stderr")])


def test_the_message_has_the_code_the_estimate_both_values_and_the_tolerance(differences):
    old: dict[str, Any] = {"code": "hubness", "estimates": {"lost": {"value": 0.5}}}
    old["charts"] = [{"title": "Who", "bars": [{"label": "most", "value": 0.25}]}]
    new = json.loads(json.dumps(old))
    new["estimates"]["lost"]["value"] = 0.501
    new["charts"][0]["bars"][0]["value"] = 0.26
    one, other = differences([shown(json=old)], [shown(json=new)])
    assert one == (
        "output 1, a/b+json, hubness.estimates.lost.value: 0.5 stored, 0.501 now; they differ by "
        "0.001, more than 5e-06 (1e-05 of the value, at least 1e-07)"
    )
    assert ".charts[0 'Who'].bars[0 'most'].value: 0.25 stored, 0.26 now" in other


# From here on as a user runs it.

SOURCES = (
    "from embedding_second_opinion.catalogue.cluster_proximity.check import cluster_proximity\n"
    "from embedding_second_opinion.request import open_evaluation\n"
    "from embedding_second_opinion.geometry.geometry import Geometry",
    'finding = cluster_proximity(Geometry(open_evaluation("set.npz")))\nfinding',
    "finding",
    "finding",
    "print(finding.verdict, finding.harm.text(2))",
)


def vectors(noise: float) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    labels = np.repeat(np.arange(24), 8)
    x = rng.normal(size=(24, 10))[labels] + 0.8 * rng.normal(size=(192, 10))
    return {"x": x * (1 + noise * rng.uniform(-1, 1, x.shape)), "y": labels}


@pytest.fixture(scope="module")
def executed(tmp_path_factory) -> Path:
    """A folder with a set, a notebook executed with it, and the comparison."""
    folder = tmp_path_factory.mktemp("notebooks")
    np.savez(folder / "set.npz", **vectors(0))
    cells = [nbformat.v4.new_code_cell(source) for source in SOURCES]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "x.ipynb")
    execute(folder / "x.ipynb")
    shutil.copy(CONFTEST, folder)
    return folder


def run(folder: Path) -> tuple[int, str]:
    """``pytest --nbval`` on the folder; exit code and what was said."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "--color=no", "-q"),
            *("-p", "no:cacheprovider", "--rootdir", folder, folder),
        ],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TQDM_DISABLE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_last_digits_of_the_vectors_leave_it_green(executed, tmp_path):
    copy = shutil.copytree(executed, tmp_path / "copy")
    noisy = vectors(1e-7)
    assert (noisy["x"].astype(np.float32) != vectors(0)["x"].astype(np.float32)).any()
    np.savez(copy / "set.npz", **noisy)
    code, said = run(copy)
    assert code == 0, said
    assert f"{len(SOURCES)} passed" in said


def test_a_number_a_verdict_and_a_word_that_changed_are_red_and_named(executed, tmp_path):
    copy = shutil.copytree(executed, tmp_path / "copy")
    notebook = nbformat.read(copy / "x.ipynb", as_version=4)
    one, two, three = (
        o.data for c in notebook.cells for o in c.outputs if FINDING_MIME in o.get("data", {})
    )
    name = next(iter(one[FINDING_MIME]["estimates"]))
    one[FINDING_MIME]["estimates"][name]["value"] += 1e-3
    two[FINDING_MIME]["verdict"] = "no verdict"
    three["text/markdown"] = three["text/markdown"].replace("What it means", "What it meant")
    nbformat.write(notebook, copy / "x.ipynb")
    code, said = run(copy)
    assert code == 1, said
    assert f"3 failed, {len(SOURCES) - 3} passed" in said
    assert f"{FINDING_MIME}, cluster_proximity.estimates.{name}.value: " in said
    assert "they differ by 0.001, more than" in said
    assert "cluster_proximity.verdict: 'no verdict' stored" in said
    assert "What it meant" in said
