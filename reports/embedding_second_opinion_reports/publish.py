"""The whole job: execute, collect, render, and put three files where the user wants them.

They are written into a sibling folder that is renamed when it is whole, so that a broken run
leaves what was there before.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue

from embedding_second_opinion.data.faults import InputError
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion_reports.bundled import notebook_path
from embedding_second_opinion_reports.notebook_file import Notebook
from embedding_second_opinion_reports.run import RunError, execute

if TYPE_CHECKING:
    from embedding_second_opinion_reports.outcome import Outcome

# What makes the page loads all diagnostics: it is imported when the run is done, not held beside it.

PAGE, NOTEBOOK, OUTCOME = "report.html", "report.ipynb", "findings.json"
FILES = {PAGE, NOTEBOOK, OUTCOME}
_LONGEST_NAME = 200  # bytes


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
        published = _write(folder, executed, source.name)
    except InputError:
        shutil.rmtree(work, ignore_errors=True)
        raise
    except Exception as error:
        log = work / "log.txt"
        for path in work.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            elif path != log:
                path.unlink(missing_ok=True)
        reason = str(error) if isinstance(error, RunError) else f"{type(error).__name__}: {error}"
        raise RunError(f"{reason}. The log is {log}") from error
    except BaseException:  # interrupted: nobody will read the log
        shutil.rmtree(work, ignore_errors=True)
        raise
    shutil.rmtree(work, ignore_errors=True)
    return published


def check_out(out: str | Path) -> Path:
    """The folder's real place. Refuses one that this command did not make, and one it cannot."""
    if not str(out).strip():
        raise InputError("--out is empty. Name a folder.")
    try:
        folder = Path(out).resolve()
        known = folder.exists() or folder.is_symlink()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a null byte, too long
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(
            f"{str(out)[:200]!r} cannot be made ({reason}). Name another folder with --out."
        ) from None
    if known:
        if not _ours(folder):
            raise InputError(
                f"{out} exists and was not made by this command, so it is not replaced. "
                "Name another folder with --out, or remove it."
            )
        return folder
    # The sibling folder that is renamed has a longer name, and systems end at 255 bytes.
    long = [part for part in folder.parts if len(os.fsencode(part)) > _LONGEST_NAME]
    if long and not Path(*folder.parts[: folder.parts.index(long[-1]) + 1]).exists():
        raise InputError(
            f"--out must have names of at most {_LONGEST_NAME} bytes; that of {long[-1][:40]!r} "
            f"has {len(os.fsencode(long[-1]))}. Name another folder."
        )
    parent = next(place for place in folder.parents if place.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise InputError(f"{out} cannot be made: {parent} is not a folder one may write to.")
    return folder


def _ours(folder: Path) -> bool:
    """Only our three files, and a findings.json that we wrote."""
    if not folder.is_dir():
        return False
    from embedding_second_opinion_reports.outcome import made_by_us

    return {path.name for path in folder.iterdir()} <= FILES and made_by_us(folder / OUTCOME)


def _write(folder: Path, executed: Path, source: str) -> Published:
    from embedding_second_opinion_reports.collect import collect
    from embedding_second_opinion_reports.outcome import Outcome
    from embedding_second_opinion_reports.render import render

    collected = collect(Notebook.read(executed))
    if collected.summary is None:
        raise RunError(f"{source} shows no summary, so there is nothing to publish")
    outcome = Outcome.of(collected.summary, collected.findings)
    page = render(collected, collected.summary, notebook=source)
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.partial-", dir=folder.parent))
    try:
        partial.chmod(0o777 & ~_umask())  # mkdtemp's folders are for nobody else
        (partial / PAGE).write_text(page, encoding="utf-8", newline="\n")
        (partial / NOTEBOOK).write_text(clean(executed), encoding="utf-8", newline="\n")
        (partial / OUTCOME).write_text(outcome.text(), encoding="utf-8", newline="\n")
        _replace(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    broken = [f.title for f in collected.findings if f.verdict is Verdict.ERROR]
    broken += [f"cell {f.cell}: {f.error}: {f.message}" for f in collected.failures]
    return Published(folder, outcome, tuple(broken))


def _replace(partial: Path, folder: Path) -> None:
    """Put the new folder in the old one's place; the old one comes back where that fails."""
    if not folder.exists():
        partial.rename(folder)
        return
    if not _ours(folder):  # looked at again: the run has taken a while
        raise InputError(f"{folder} was changed while the report was made, so it is not replaced.")
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.old-", dir=folder.parent))
    folder.rename(aside / folder.name)
    try:
        partial.rename(folder)
    except OSError:
        (aside / folder.name).rename(folder)
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


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


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
