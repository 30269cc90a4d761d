"""What most tests of the reports package start from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from embedding_second_opinion_reports.collect import Collected
from embedding_second_opinion_reports.parameters import DEFAULTS
from tests.reports.stories import (
    SHOW,
    a_finding,
    a_summary,
    cell,
    more_findings,
    parameters_cell,
    write_notebook,
)


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


@pytest.fixture(autouse=True)
def _pages_closed(request: pytest.FixtureRequest) -> Iterator[None]:
    """An open page draws on, and slows down whatever comes after it."""
    yield
    if "browser" in request.fixturenames:
        for context in request.getfixturevalue("browser").contexts:
            context.close()
