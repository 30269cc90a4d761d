"""How does the command speak, and how is it ended? Lines to the terminal, and signals."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import typer

from embedding_second_opinion.data.faults import InputError

if TYPE_CHECKING:
    from .publish import Published

BAD_INPUT, INCOMPLETE, BROKEN = 2, 3, 4  # exit status
COMMAND = "embedding-second-opinion"  # also the distribution's name


def stop(sentence: str, status: int) -> NoReturn:
    """End the command with one sentence and this exit status."""
    say(f"{COMMAND}: {' '.join(sentence.split())}", err=True)
    raise typer.Exit(status)


def publishing(make: Callable[[], Published], out: str, called: str) -> None:
    """Make a page, and say what came of it; what went wrong ends the command."""
    from .run import RunError, logged

    try:
        with logged(), terminable():
            made = make()
    except InputError as error:
        stop(error.text, BAD_INPUT)
    except RunError as error:
        stop(f"the run broke: {error}; {out} is as it was.", BROKEN)
    say(made.outcome.headline)
    say(f"The {called}: {Path(out) / made.page.name}")
    if made.broken:
        stop(f"some diagnostics could not run: {'; '.join(made.broken)}.", INCOMPLETE)


def say(line: str, err: bool = False) -> None:
    """To the terminal, where names from the user's files must not move the cursor."""
    from embedding_second_opinion.findings.wording import visible

    try:
        typer.echo(visible(line), err=err)
    except OSError:  # a full disk, a closed pipe: the report does not depend on who listens
        with contextlib.suppress(OSError):  # or what is buffered fails once more at exit
            stream = sys.stderr if err else sys.stdout
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM and SIGHUP end the kernel too: they become exceptions, and every block cleans up."""

    def leave(number: int, frame: FrameType | None) -> NoReturn:
        sys.exit(128 + number)

    numbers = [signal.SIGTERM]
    # Windows has no SIGHUP; nohup ignores it, and means it.
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, leave) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
