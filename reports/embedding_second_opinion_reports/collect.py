"""What did the executed notebook say? Its summary, findings and the user's own cells.

There is no side channel: what was executed and shown is what is published.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import JsonValue, ValidationError

from embedding_second_opinion.findings.finding import FINDING_MIME, Finding
from embedding_second_opinion.story.summary import SUMMARY_MIME, Summary

from .notebook_file import Cell, Notebook, Output

REPORT_TAG = "report"


@dataclass(frozen=True)
class Addition:
    """Something a user tagged ``report``.

    content: Markdown, HTML or plain text as it stands in the notebook, or a PNG in base64.
    after: code of the last finding shown before it, "" where there is none: its place.
    """

    kind: Literal["markdown", "html", "png", "text"]
    content: str
    cell: int
    after: str


@dataclass(frozen=True)
class Failure:
    """A cell that broke, or showed a record that cannot be read. Cells are counted from 1."""

    cell: int
    error: str
    message: str


@dataclass(frozen=True)
class Collected:
    """Everything the page is made of."""

    summary: Summary | None
    findings: tuple[Finding, ...]
    additions: tuple[Addition, ...] = ()
    failures: tuple[Failure, ...] = ()
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)


def collect(notebook: Notebook) -> Collected:
    """Read the records out of an executed notebook, in the order of its cells.

    A finding shown twice is taken once, as last shown. The last summary is the summary.
    """
    summary: Summary | None = None
    findings: dict[str, Finding] = {}
    additions: list[Addition] = []
    failures: list[Failure] = []
    place = ""
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type == "markdown" and cell.tagged(REPORT_TAG):
            additions.append(Addition("markdown", cell.source, number, place))
        below = False  # right below a record stands its own picture, which is no addition
        for output in cell.outputs:
            picture, below = below and "image/svg+xml" in output.data, _is_record(output)
            try:
                if FINDING_MIME in output.data:
                    finding = Finding.model_validate(output.data[FINDING_MIME], strict=False)
                    findings[finding.code] = finding
                    place = finding.code
                elif SUMMARY_MIME in output.data:
                    summary = Summary.model_validate(output.data[SUMMARY_MIME], strict=False)
                elif output.output_type == "error":
                    failures.append(Failure(number, output.ename, output.evalue))
                elif cell.tagged(REPORT_TAG) and not picture:
                    additions += [Addition(*each, number, place) for each in _shown(output)]
            except ValidationError as error:
                failures.append(Failure(number, "unreadable record", _first_line(error)))
    failures += [
        Failure(number, "not run", "the cell was never executed")
        for number, cell in enumerate(notebook.cells, start=1)
        if _skipped(cell)
    ]
    return Collected(
        summary, tuple(findings.values()), tuple(additions), tuple(failures), notebook.parameters()
    )


def _shown(output: Output) -> Iterator[tuple[Literal["markdown", "html", "png", "text"], str]]:
    """The richest form of an output that can stand on the page without its scripts."""
    if png := output.shown("image/png"):
        yield "png", png
    elif html := output.shown("text/html"):
        yield "html", html
    elif markdown := output.shown("text/markdown"):
        yield "markdown", markdown
    elif text := output.text or output.shown("text/plain"):
        yield "text", text


def _is_record(output: Output) -> bool:
    return FINDING_MIME in output.data or SUMMARY_MIME in output.data


def _skipped(cell: Cell) -> bool:
    return cell.cell_type == "code" and bool(cell.source.strip()) and cell.execution_count is None


def _first_line(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "record"
    return f"{where}: {first['msg']}"
