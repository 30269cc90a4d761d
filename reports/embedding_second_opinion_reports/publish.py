"""The whole job: execute, collect, render, and put three files where the user wants them.

They are written into a sibling folder that is renamed when it is whole, so that a broken run
leaves what was there before.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue

from embedding_second_opinion.data.faults import InputError
from embedding_second_opinion.findings.finding import Verdict

from .bundled import notebook_path
from .notebook_file import Notebook
from .run import RunError, execute
from .whole_folder import FILES, NOTEBOOK, OUTCOME, PAGE, check_out, write_whole

if TYPE_CHECKING:
    from .outcome import Outcome

# What makes the page loads all diagnostics: it is imported when the run is done, not held beside it.

__all__ = ["FILES", "Published", "check_out", "clean", "publish"]


@dataclass(frozen=True)
class Published:
    """What was written. ``broken``: what could not run, in sentences; the page lists it too."""

    folder: Path
    outcome: Outcome
    broken: tuple[str, ...]

    @property
    def page(self) -> Path:
        """The page to open."""
        return self.folder / PAGE


def publish(
    out: str | Path,
    parameters: Mapping[str, JsonValue],
    *,
    notebook: Path | None = None,
    timeout: float | None = None,
    progress: bool = True,
) -> Published:
    """Write ``out``/report.html, report.ipynb and findings.json from one run of a notebook.

    out: a new folder, or one that an earlier run made; anything else is refused.
    notebook: the overview where None.

    Raises InputError for what the user can mend; RunError, which names the log, for the rest.
    In both cases ``out`` is as it was.
    """
    folder = check_out(out)
    source = notebook or notebook_path("overview")
    work = Path(tempfile.mkdtemp(prefix="second-opinion-"))
    try:
        executed = execute(source, parameters, work, timeout=timeout, progress=progress)
        return _write(folder, executed, source.name)
    except InputError:
        raise
    except Exception as error:  # where it is interrupted nobody will read the log
        kept = Path(tempfile.mkdtemp(prefix="second-opinion-")) / "log.txt"
        log = work / kept.name
        kept.write_bytes(log.read_bytes() if log.exists() else b"")
        reason = str(error) if isinstance(error, RunError) else f"{type(error).__name__}: {error}"
        raise RunError(f"{reason}. The log is {kept}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _write(folder: Path, executed: Path, source: str) -> Published:
    from .collect import collect
    from .outcome import Outcome
    from .render import render

    collected = collect(Notebook.read(executed))
    if collected.summary is None:
        raise RunError(f"{source} shows no summary, so there is nothing to publish")
    outcome = Outcome.of(collected.summary, collected.findings)
    page = render(collected, collected.summary, notebook=source)
    write_whole(folder, {PAGE: page, NOTEBOOK: clean(executed), OUTCOME: outcome.text()})
    broken = [f.title for f in collected.findings if f.verdict is Verdict.ERROR]
    broken += [f"cell {f.cell}: {f.error}: {f.message}" for f in collected.failures]
    return Published(folder, outcome, tuple(broken))


def clean(executed: Path) -> str:
    """The notebook without times, paths and random ids: the same run gives the same bytes."""
    notebook: dict[str, JsonValue] = json.loads(executed.read_text("utf-8"))
    metadata = notebook["metadata"]
    assert isinstance(metadata, dict)
    assert isinstance(notebook["cells"], list)
    for key in ("papermill", "widgets"):
        metadata.pop(key, None)
    for cell in notebook["cells"]:
        assert isinstance(cell, dict)
        assert isinstance(cell["metadata"], dict)
        for key in ("papermill", "execution", "ExecuteTime"):
            cell["metadata"].pop(key, None)
        tags = cell["metadata"].get("tags")
        if tags == []:
            del cell["metadata"]["tags"]
        if isinstance(tags, list) and "injected-parameters" in tags:
            cell["id"] = "injected-parameters"
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
