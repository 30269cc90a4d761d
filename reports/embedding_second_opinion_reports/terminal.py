"""How does the command speak, and how is it ended? Lines to the terminal, and signals."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

import typer

COMMAND = "embedding-second-opinion"  # also the distribution's name


def stop(sentence: str, status: int) -> NoReturn:
    """End the command with one sentence and this exit status."""
    say(f"{COMMAND}: {' '.join(sentence.split())}", err=True)
    raise typer.Exit(status)


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
