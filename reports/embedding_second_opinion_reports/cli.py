"""The command ``embedding-second-opinion``: a report from embeddings, and the notebooks to explore them."""

from __future__ import annotations

import os
import shutil
import sys
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from embedding_second_opinion.data.faults import InputError
from embedding_second_opinion.request import Request

from .command_options import Asked, Out, Timeout, takes
from .comparing import COMPARE, compare
from .help_texts import ABOUT, REPORT
from .several import spelled_out
from .terminal import BAD_INPUT, COMMAND, publishing, say, stop

# What is slow to import (numpy, Papermill) is imported where it is used: help comes at once.

app = typer.Typer(
    help=ABOUT,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Entry point of ``embedding-second-opinion`` and of its short form."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed by the caller (2>&-)
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115 (until the end)
    app(spelled_out(sys.argv[1:]), prog_name=COMMAND)


def version() -> str:
    """Of the installed distribution; a clone that was not installed has none."""
    try:
        return metadata.version(COMMAND)
    except metadata.PackageNotFoundError:
        return "not installed"


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{COMMAND} {version()}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    show: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    if context.invoked_subcommand is None:  # nothing asked: the help, and no error
        typer.echo(context.get_help())


@app.command(help=REPORT)
@takes("report")
def report(asked: Asked, out: Out = "report", timeout: Timeout = 0) -> None:
    """Write a report; the help text is REPORT."""
    from .publish import Published, check_out, publish

    def make() -> Published:
        request = Request(**asked)
        check_out(out)
        if request.only or request.skip:
            request.codes()
        look(request)
        return publish(out, request.parameters(), timeout=timeout or None)

    publishing(make, out, "report")


def look(request: Request) -> None:
    """The same door that the notebook opens, before anything slow is started.

    The kernel opens it again. To read a file a second time is cheap beside a run; to hold it meanwhile, or to
    learn of a wrong name from a kernel, is not.
    """
    evaluation = request.evaluation()
    inputs = request.inputs(evaluation)
    for note in (*evaluation.notes, *inputs.notes):
        say(note, err=True)
    say(f"Judging {evaluation.about().rstrip('.')}.", err=True)


app.command(help=COMPARE)(compare)


@app.command("list")
def list_diagnostics() -> None:
    """List the diagnostics: code, question and what each needs."""
    from embedding_second_opinion.catalogue.registry import described

    for code, question, needs in described():
        for line in (code, f"    {question}", f"    Needs: {needs}."):
            say(line)


@app.command()
def notebook(
    name: Annotated[str, typer.Argument(help="Its name, such as overview; none lists all.")] = "",
    out: Annotated[
        str, typer.Option(metavar="FILE", help="Where the copy goes; NAME.ipynb here by default.")
    ] = "",
) -> None:
    """Copy a bundled notebook to where you are, to open and change it in JupyterLab."""
    from .bundled import notebook_names, notebook_path

    if not name:
        for known in notebook_names():
            say(known)
        return
    try:
        source = notebook_path(name)
        target = Path(out or source.name)
        if target.is_dir():
            target /= source.name
        if target.exists():
            raise InputError(f"{target} exists, so it is not replaced. Name another with --out.")
        try:
            shutil.copyfile(source, target)
        except OSError as error:
            raise InputError(f"{target} cannot be written: {error.strerror}.") from None
    except InputError as error:
        stop(error.text, BAD_INPUT)
    say(f"{target}: open it with jupyter lab {target}")


if __name__ == "__main__":
    main()
