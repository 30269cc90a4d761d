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
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "notebooks/"))]


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

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    command = tmp_path / "env" / "bin" / "embedding-second-opinion"
    cache = {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
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

    done = run(command, "report", "sample:digits", "--out", "page", cwd=elsewhere, **cache)
    assert done.returncode == 0, done.stderr
    assert "page/report.html" in done.stdout
    found = json.loads((elsewhere / "page" / "findings.json").read_text())
    estimates = found["findings"][0]["estimates"]
    assert estimates["triplet_accuracy"]["value"] == pytest.approx(0.8786, abs=5e-5)

    copied = run(command, "notebook", "overview", cwd=elsewhere)
    assert copied.returncode == 0, copied.stderr
    assert (elsewhere / "overview.ipynb").is_file()
    assert "report" in run(command, "--help", cwd=elsewhere).stdout
