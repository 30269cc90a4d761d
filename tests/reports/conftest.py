"""What most tests of the reports package start from."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from reports.collect import Collected
from reports.parameters import DEFAULTS
from tests.reports.stories import (
    SHOW,
    a_finding,
    a_summary,
    cell,
    more_findings,
    parameters_cell,
    write_notebook,
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"no browser; CI needs one of {', '.join(names)}")
        pytest.skip("no Chromium on this machine; CI has one")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=found, args=flags)
        yield started
        started.close()


@pytest.fixture
def collected() -> Collected:
    """One alarm and one finding of each quieter verdict."""
    findings = (a_finding(), *more_findings())
    return Collected(a_summary(), findings, parameters={**DEFAULTS, "claimed": 0.99})


@pytest.fixture
def overview(tmp_path: Path) -> Path:
    """A notebook like the overview: parameters, a finding, a summary, a cell of the user's."""
    return write_notebook(
        tmp_path / "overview.ipynb",
        [
            cell("# Overview", kind="markdown"),
            cell(parameters_cell(), tags=("parameters",)),
            cell(SHOW),
            cell("## My note\n\nMind the **fonts**.", kind="markdown", tags=("report",)),
            cell("summary"),
        ],
    )
