"""The page of findings at hand, without a notebook: what ``result.report`` in Python writes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from embedding_second_opinion.findings.finding import Finding
from embedding_second_opinion.story.summary import Summary

from .collect import Collected
from .outcome import Outcome
from .render import render
from .whole_folder import OUTCOME, PAGE, check_out, write_whole


def write_page(out: str | Path, summary: Summary, findings: Sequence[Finding]) -> Path:
    """Write ``out``/report.html and findings.json, whole or not at all, and give the page's path.

    out: a new folder, or one that a report made; anything else is refused with an InputError, and
    left as it is.
    """
    folder = check_out(out)
    shown = tuple(findings)
    collected = Collected(summary, shown, parameters=summary.parameters)
    text = Outcome.of(summary, shown).text()
    write_whole(folder, {PAGE: render(collected, summary, notebook=None), OUTCOME: text})
    return folder / PAGE
