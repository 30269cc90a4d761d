"""The command ``embedding-second-opinion``: a report from embeddings, and the notebooks to explore them."""

from __future__ import annotations

import os
import shutil
import sys
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from embedding_second_opinion_reports.choices import ClaimedMetric, ClaimedSplit, Metric
from embedding_second_opinion_reports.claimed_share import claimed_share
from embedding_second_opinion_reports.comparing import COMPARE, compare
from embedding_second_opinion_reports.help_texts import ABOUT, REPORT
from embedding_second_opinion_reports.several import spelled_out
from embedding_second_opinion_reports.terminal import COMMAND, say, stop, terminable

# What is slow to import (numpy, Papermill) is imported where it is used: help comes at once.

DONE, BAD_INPUT, INCOMPLETE, BROKEN = 0, 2, 3, 4

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
def report(
    data: Annotated[
        str, typer.Argument(metavar="[DATA]", help="A file, or sample:NAME.")
    ] = "sample:glyphs",
    out: Annotated[
        str, typer.Option(metavar="DIR", help="The folder to write; replaced if a report made it.")
    ] = "report",
    labels: Annotated[
        str, typer.Option(metavar="NAME", help="Key, column or file of the labels.")
    ] = "",
    key: Annotated[str, typer.Option(metavar="NAME", help="Key or column of the embeddings.")] = "",
    split: Annotated[
        str, typer.Option(metavar="NAME", help="Key or column of the split (train, test).")
    ] = "",
    groups: Annotated[
        str, typer.Option(metavar="NAME", help="Key or column of the groups (session, font).")
    ] = "",
    gallery: Annotated[
        str, typer.Option(metavar="FILE", help="Another file, whose rows are the gallery.")
    ] = "",
    gallery_split: Annotated[
        str, typer.Option(metavar="VALUE", help="The split value that is the gallery.")
    ] = "",
    query_split: Annotated[
        list[str] | None,
        typer.Option(metavar="VALUE", help="A split value that is looked up. May be repeated."),
    ] = None,
    strangers: Annotated[
        list[str] | None,
        typer.Option(
            metavar="VALUE", help="A label or split value that the gallery lacks. May be repeated."
        ),
    ] = None,
    claimed: Annotated[
        str, typer.Option(metavar="SHARE", help="The accuracy you believed: 0.99, 99% or 99.")
    ] = "",
    claimed_metric: Annotated[
        ClaimedMetric, typer.Option(help="What it was an accuracy of.")
    ] = ClaimedMetric.TRIPLET,
    claimed_split: Annotated[
        ClaimedSplit,
        typer.Option(help="Whose rows it was measured on: the queries', or the gallery's own."),
    ] = ClaimedSplit.QUERY,
    pairs: Annotated[
        str,
        typer.Option(metavar="FILE", help="Pairs of rows to verify: first, second, same, fold."),
    ] = "",
    controls: Annotated[
        str,
        typer.Option(metavar="FILE", help="Other vectors of the same rows: raw, untrained, ..."),
    ] = "",
    triplets: Annotated[
        str,
        typer.Option(
            metavar="FILE", help="Triplets trained on: anchor, positive, negative, batch."
        ),
    ] = "",
    log: Annotated[
        str, typer.Option(metavar="FILE", help="The training log, a .csv of one row a step.")
    ] = "",
    margin: Annotated[
        float | None, typer.Option(metavar="NUMBER", help="The margin of the loss.")
    ] = None,
    expected_classes: Annotated[
        int | None, typer.Option(metavar="N", help="Classes that the gallery will hold in use.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="CODE", help="Run this diagnostic only, such as open_set."),
    ] = None,
    skip: Annotated[
        list[str] | None,
        typer.Option(metavar="CODE", help="Leave out this diagnostic. May be repeated."),
    ] = None,
    approximate: Annotated[
        bool,
        typer.Option("--approximate", help="Look up by an approximate index too."),
    ] = False,
    metric: Annotated[Metric, typer.Option(help="The distance.")] = Metric.EUCLIDEAN,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Of everything random.")] = 0,
    map_points: Annotated[
        int, typer.Option(metavar="N", min=0, help="Rows drawn in the maps; 0 draws none.")
    ] = 2000,
    map_seeds: Annotated[
        int, typer.Option(metavar="N", min=2, help="Maps of each kind, to see whether they agree.")
    ] = 2,
    flatten: Annotated[
        bool, typer.Option("--flatten", help="Lay arrays of more than two dimensions out flat.")
    ] = False,
    drop_invalid: Annotated[
        bool, typer.Option("--drop-invalid", help="Leave out rows with NaN or infinity.")
    ] = False,
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, help="When to end the run; 0 for never.")
    ] = 0,
) -> None:
    """Write a report; the help text is REPORT."""
    from embedding_second_opinion.catalogue.registry import chosen
    from embedding_second_opinion.data.embeddings import InputError
    from embedding_second_opinion.inputs.inputs import read_inputs
    from embedding_second_opinion.request import open_evaluation
    from embedding_second_opinion_reports.publish import check_out, publish
    from embedding_second_opinion_reports.run import RunError, logged

    try:
        with logged(), terminable():
            share = claimed_share(claimed)
            check_out(out)
            chosen(only or [], skip or [])
            # The same door that the notebook opens, before anything slow is started.
            evaluation = open_evaluation(
                data,
                labels=labels,
                key=key,
                split=split,
                groups=groups,
                gallery=gallery,
                gallery_split=gallery_split,
                query_split=query_split or [],
                strangers=strangers or [],
                flatten=flatten,
                drop_invalid=drop_invalid,
            )
            if metric is Metric.COSINE:  # refuses zero vectors
                from embedding_second_opinion.geometry.geometry import Geometry

                Geometry(evaluation, metric="cosine", seed=seed)
            inputs = read_inputs(
                data=evaluation.data,
                pairs=pairs,
                controls=controls,
                triplets=triplets,
                log=log,
                margin=margin,
                expected_classes=expected_classes,
                gallery=gallery,
                drop_invalid=drop_invalid,
            )
            for note in (*evaluation.notes, *inputs.notes):
                say(note, err=True)
            say(f"Judging {evaluation.about().rstrip('.')}.", err=True)
            made = publish(
                out,
                {
                    "data": data,
                    "labels": labels,
                    "key": key,
                    "split": split,
                    "groups": groups,
                    "gallery": gallery,
                    "gallery_split": gallery_split,
                    "query_split": list(query_split or []),
                    "strangers": list(strangers or []),
                    "claimed": share,
                    "claimed_metric": claimed_metric.value,
                    "claimed_split": claimed_split.value,
                    "pairs": pairs,
                    "controls": controls,
                    "triplets": triplets,
                    "log": log,
                    "margin": margin,
                    "expected_classes": expected_classes,
                    "only": list(only or []),
                    "skip": list(skip or []),
                    "approximate": approximate,
                    "metric": metric.value,
                    "seed": seed,
                    "map_points": map_points,
                    "map_seeds": map_seeds,
                    "flatten": flatten,
                    "drop_invalid": drop_invalid,
                },
                timeout=timeout or None,
            )
    except InputError as error:
        stop(str(error), BAD_INPUT)
    except RunError as error:
        stop(f"the run broke: {error}; {out} is as it was.", BROKEN)
    say(made.outcome.headline)
    say(f"The report: {Path(out) / made.page.name}")
    if made.broken:
        stop(f"some diagnostics could not run: {'; '.join(made.broken)}.", INCOMPLETE)


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
    from embedding_second_opinion.data.embeddings import InputError
    from embedding_second_opinion_reports.bundled import notebook_names, notebook_path

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
        stop(str(error), BAD_INPUT)
    say(f"{target}: open it with jupyter lab {target}")


if __name__ == "__main__":
    main()
