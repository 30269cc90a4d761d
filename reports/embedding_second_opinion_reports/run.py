"""How is the notebook executed? Papermill in a process of its own, which can always be ended.

Papermill's metadata cannot be trusted after a timeout, an interrupt or a dead kernel (it then says
that every cell was completed), so the status here is our own: the exit status of the process, and
what the cells show.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import yaml
from pydantic import JsonValue
from tqdm import tqdm

from embedding_second_opinion.data.faults import InputError

from .notebook_file import Cell, Notebook
from .parameters import checked

_CELL = re.compile(r"Executing Cell (\d+)")


class RunError(Exception):
    """The run itself broke: not the user's data, not one diagnostic."""


@contextlib.contextmanager
def logged() -> Iterator[None]:
    """Turn whatever breaks in the block, the user's input apart, into a RunError with a log."""
    try:
        yield
    except (InputError, RunError):
        raise
    except Exception as error:
        with tempfile.NamedTemporaryFile(
            "w", prefix="second-opinion-", suffix=".txt", delete=False, encoding="utf-8"
        ) as log:
            traceback.print_exc(file=log)
        raise RunError(f"{type(error).__name__}: {error}. The log is {log.name}") from error


def execute(
    notebook: Path,
    parameters: Mapping[str, JsonValue],
    work: Path,
    *,
    timeout: float | None = None,
    progress: bool = True,
) -> Path:
    """Execute a notebook in the caller's working directory; returns where the result lies.

    parameters: checked by name and type against the cell tagged ``parameters``.
    work: an existing empty folder for the result, the log (``log.txt``) and the kernel's files.
    timeout: seconds for the whole run; None waits for ever.

    Raises InputError where the notebook raised one, RunError where the run broke.
    """
    source = Notebook.read(notebook)
    parameters = checked(parameters, source.parameters())
    given, partial = work / "parameters.yaml", work / "executed.partial.ipynb"
    # Papermill's reader takes JSON's 1e-05 for text, and JSON's two halves of an emoji for two.
    given.write_text(yaml.safe_dump(parameters), encoding="utf-8")
    command = [sys.executable, "-P", "-m", "papermill", _literal(notebook), _literal(partial)]
    command += ["-k", "python3", "-l", "python", "-f", str(given), "--cwd", str(Path.cwd())]
    command += ["--log-output", "--no-progress-bar"]
    log = work / "log.txt"
    with tqdm(
        total=len(source.cells) + 1,
        unit="cell",
        desc="running",
        disable=not progress,
        file=sys.stderr,
        bar_format="{desc}: {bar:30} {n_fmt}/{total_fmt} cells, {elapsed}",
        ascii=True,
    ) as bar:
        status = _watch(command, _environment(work), log, bar, timeout)
    if status is None:
        raise RunError(f"the notebook was not done after {timeout:g} seconds")
    if status != 0:
        _explain(partial, log)
    result = work / "executed.ipynb"
    return partial.replace(result)


def _watch(
    command: list[str],
    environment: dict[str, str],
    log: Path,
    bar: tqdm[None],
    timeout: float | None,
) -> int | None:
    """Run the command, log what it says, move the bar; None where the time was up."""
    late = threading.Event()
    with _children(command, environment) as process, log.open("w", encoding="utf-8") as diary:

        def end() -> None:
            late.set()
            _end(process)

        clock = None
        if timeout is not None:
            # Infinity, or more than the system's clock can wait for: as long as it can.
            clock = threading.Timer(min(threading.TIMEOUT_MAX, timeout), end)
            clock.start()
        try:
            assert process.stdout is not None
            for line in process.stdout:
                diary.write(line)
                if found := _CELL.search(line):
                    bar.update(int(found[1]) - bar.n)
            status = process.wait()
        finally:
            if clock is not None:
                clock.cancel()
        if status == 0:
            bar.update((bar.total or bar.n) - bar.n)
    return None if late.is_set() else status


@contextlib.contextmanager
def _children(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The process, in a session of its own; nothing of it is left, however the block ends."""
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    try:
        yield process
    finally:
        _end(process)
        if process.stdout is not None:
            process.stdout.close()
        process.wait()


def _end(process: subprocess.Popen[str]) -> None:
    """Kill the process and all below it. The kernel is in another session than its parent."""
    if process.poll() is not None:
        return
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _environment(work: Path) -> dict[str, str]:
    """The user's environment (threads too), less what would change the result from outside."""
    # Both would run or find what the user has for notebooks of their own.
    inherited = {k: v for k, v in os.environ.items() if k not in ("PYTHONSTARTUP", "JUPYTER_PATH")}
    # The kernel's connection file is a temporary file, left behind by a kernel that is killed.
    return (
        inherited
        | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(work))
        | {
            "PYTHONSAFEPATH": "1",  # a folder named `diagnostics` where the user stands is not ours
            "PYTHONUNBUFFERED": "1",
            "PYTHONIOENCODING": "utf-8",
            "TQDM_DISABLE": "1",  # bars inside cells would be published
            "JUPYTER_PREFER_ENV_PATH": "1",
            "JUPYTER_RUNTIME_DIR": str(work / "runtime"),
            "IPYTHONDIR": str(work / "ipython"),  # no start-up files of the user
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }
    )


def _explain(partial: Path, log: Path) -> None:
    """Raise what the notebook raised, or else what the log ends with."""
    cells: tuple[Cell, ...] = ()
    with contextlib.suppress(OSError, ValueError):
        read = Notebook.read(partial).cells
        # Papermill puts cells of its own above the one that failed; the user counts without them.
        cells = tuple(c for c in read if not c.tagged("papermill-error-cell-tag"))
    for number, cell in enumerate(cells, start=1):
        for output in cell.outputs:
            if output.output_type == "error" and output.ename == "InputError":
                raise InputError(output.evalue)
            if output.output_type == "error":
                raise RunError(f"cell {number} raised {output.ename}: {output.evalue}")
    lines = [line.strip() for line in log.read_text("utf-8").splitlines() if line.strip()]
    raise RunError(lines[-1] if lines else "the kernel gave no answer")


def _literal(path: Path) -> str:
    """Papermill formats paths with the parameters: braces are doubled to stay braces."""
    return str(path).replace("{", "{{").replace("}", "}}")
