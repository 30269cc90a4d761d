"""What all tests share: real sets, and the promises that every refusal keeps."""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from embedding_second_opinion.data.embeddings import InputError
from embedding_second_opinion.data.load import load
from tests import verdicts

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session", autouse=True)
def one_table(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where several workers run, each reads the findings that another has made."""
    if os.environ.get("PYTEST_XDIST_WORKER"):
        verdicts.folder = tmp_path_factory.getbasetemp().parent / "verdicts"
        verdicts.folder.mkdir(exist_ok=True)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real embedding sets; tests that need it skip where it is absent."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the shared data sets are not beside this repository")
    return folder


@pytest.fixture(scope="session")
def refusal() -> Callable[..., str]:
    """Loads a bad file, and gives the sentence that it is refused with."""

    def refuse(path: str | Path, **options: str) -> str:
        with pytest.raises(InputError) as error:
            load(path, **options)  # type: ignore[arg-type]
        text = str(error.value)
        assert "\n" not in text
        assert "Traceback" not in text
        assert text.endswith((".", "?"))
        assert len(text) < 700
        return text

    return refuse


@pytest.fixture
def this_tree_installed(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entry points as pyproject.toml has them, whatever tree the environment was installed from."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))[
        "project"
    ]
    site = tmp_path_factory.mktemp("site")
    info = site / "of_this_tree-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: of-this-tree\nVersion: 1\n")
    lines = [
        line
        for group, points in project["entry-points"].items()
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in points.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(site)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium. One for all: a process can drive it once only."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"no browser; CI needs one of {', '.join(names)}")
        pytest.skip("no Chromium on this machine; CI has one")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=found, args=flags)
        yield started
        started.close()
