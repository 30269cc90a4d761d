"""The wheel as users meet it: built, installed non-editable, used from another folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONSAFEPATH")}
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    made = run(
        sys.executable, "-m", "pip", "wheel", ROOT, "--no-deps", "--no-build-isolation", "-q", "-w", folder,
        cwd=folder,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    (path,) = folder.glob("embedding_second_opinion-*.whl")
    return path


def test_the_wheel_holds_all_that_is_read_at_run_time(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert "embedding_second_opinion/samples/glyphs.npz" in names
    templates = {
        p.relative_to(ROOT / "reports").as_posix()
        for p in (ROOT / "reports/embedding_second_opinion_reports/templates").iterdir()
    }
    assert {t for t in templates if "__pycache__" not in t} <= names
    notebooks = {
        f"embedding_second_opinion_reports/_notebooks/{p.name}"
        for p in (ROOT / "notebooks").glob("*.ipynb")
    }
    assert notebooks <= names
    assert "embedding_second_opinion_reports/findings.schema.json" in names
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "embedding_second_opinion",
        "embedding_second_opinion_reports",
    }
    assert wheel.stat().st_size < 3_000_000


def test_notebooks_in_the_wheel_have_not_been_run(wheel):
    with zipfile.ZipFile(wheel) as archive:
        texts = [archive.read(n) for n in archive.namelist() if n.endswith(".ipynb")]
    assert len(texts) == len(list((ROOT / "notebooks").rglob("*.ipynb")))
    for notebook in map(json.loads, texts):
        cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        assert cells
        assert {cell["execution_count"] for cell in cells} == {None}
        assert not [cell for cell in cells if cell["outputs"]]


@pytest.mark.slow
def test_a_report_from_another_folder(wheel, tmp_path):
    # The libraries are taken from this environment, the project only from the wheel: a path in
    # a .pth file is not searched for further .pth files, so an editable install does not leak in.
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    asked = run(
        python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path
    )
    packages = Path(asked.stdout.strip())
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    installed = run(
        python, "-m", "pip", "install", "--no-deps", "--no-index", "-q", wheel, cwd=tmp_path
    )
    assert installed.returncode == 0, installed.stderr

    # What other projects and the user call by the names of our folders must break nothing.
    foreign = "raise RuntimeError('another package of this name was imported')\n"
    elsewhere, lent = tmp_path / "elsewhere", tmp_path / "lent"
    for folder in (packages, elsewhere, lent):
        for name in ("diagnostics", "reports", "second_opinion"):
            (folder / name).mkdir(parents=True)
            (folder / name / "__init__.py").write_text(foreign)
    short = tmp_path / "env" / "bin" / "second-opinion"
    short.write_text("#!/bin/sh\nexit 99\n")  # another project's command, installed later
    short.chmod(0o755)
    command = tmp_path / "env" / "bin" / "embedding-second-opinion"
    cache = {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": str(lent)}
    where = run(
        python, "-c", "import embedding_second_opinion as so; print(so.__file__)", cwd=elsewhere
    )
    assert where.stdout.startswith(str(packages))
    for folder in [
        packages / "embedding_second_opinion",
        packages / "embedding_second_opinion_reports",
    ]:
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)

    # Without maps: in an empty cache their libraries alone compile for three minutes.
    asked = ["report", "sample:digits", "--map-points", "0", "--out", "page"]
    done = run(command, *asked, cwd=elsewhere, **cache)
    assert done.returncode == 0, done.stderr
    assert "page/report.html" in done.stdout
    found = json.loads((elsewhere / "page" / "findings.json").read_text())
    estimates = found["findings"][0]["estimates"]
    assert estimates["triplet_accuracy"]["value"] == pytest.approx(0.8786, abs=5e-5)

    module = [python, "-m", "embedding_second_opinion"]
    asked = [
        "report",
        "sample:digits",
        "--only",
        "retrieval",
        "--map-points",
        "0",
        "--out",
        "again",
    ]
    again = run(*module, *asked, cwd=elsewhere, **cache)
    assert again.returncode == 0, again.stderr
    assert (elsewhere / "again" / "report.html").is_file()

    copied = run(command, "notebook", "overview", cwd=elsewhere)
    assert copied.returncode == 0, copied.stderr
    assert (elsewhere / "overview.ipynb").is_file()
    assert "report" in run(command, "--help", cwd=elsewhere).stdout
