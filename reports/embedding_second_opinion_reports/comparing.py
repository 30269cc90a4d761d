"""The command ``embedding-second-opinion compare``: two models on the same samples."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from embedding_second_opinion_reports.choices import Metric
from embedding_second_opinion_reports.terminal import say, stop, terminable

BAD_INPUT, INCOMPLETE, BROKEN = 2, 3, 4

COMPARE = """Compare two models on the same samples: may the second replace the first?

Both files hold the same rows in the same order. Writes a page, the executed notebook and findings.json.

    embedding-second-opinion compare old.npz new.npz --out compare

Exit codes as for report; 2 where rows, labels or roles do not match.
"""


def compare(
    data: Annotated[
        str, typer.Argument(metavar="A", help="The first model's file, or sample:NAME.")
    ],
    other: Annotated[
        str, typer.Argument(metavar="B", help="The second model's, of the same rows.")
    ],
    out: Annotated[
        str, typer.Option(metavar="DIR", help="The folder to write; replaced if a report made it.")
    ] = "compare",
    labels: Annotated[
        str, typer.Option(metavar="NAME", help="Key, column or file of the labels.")
    ] = "",
    key: Annotated[str, typer.Option(metavar="NAME", help="Key or column of the embeddings.")] = "",
    split: Annotated[
        str, typer.Option(metavar="NAME", help="Key or column of the split (train, test).")
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
    metric: Annotated[Metric, typer.Option(help="The distance of both.")] = Metric.EUCLIDEAN,
    other_metric: Annotated[
        Metric | None, typer.Option(help="The second model's, where it is another.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 0,
    flatten: Annotated[bool, typer.Option("--flatten", help="One row a sample.")] = False,
    timeout: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="End the run after this; 0: never.")
    ] = 0,
) -> None:
    """See COMPARE."""
    from embedding_second_opinion.data.embeddings import InputError
    from embedding_second_opinion.request import open_evaluation
    from embedding_second_opinion.story.comparison.matched import check_matched
    from embedding_second_opinion_reports.bundled import notebook_path
    from embedding_second_opinion_reports.publish import check_out, publish
    from embedding_second_opinion_reports.run import RunError, logged

    try:
        with logged(), terminable():
            check_out(out)
            sides = [
                open_evaluation(
                    each,
                    labels=labels,
                    key=key,
                    split=split,
                    gallery_split=gallery_split,
                    query_split=query_split or [],
                    strangers=strangers or [],
                    flatten=flatten,
                )
                for each in (data, other)
            ]
            check_matched(*sides)
            for note in sides[0].notes:
                say(note, err=True)
            say(f"Comparing on {sides[0].about().rstrip('.')}.", err=True)
            made = publish(
                out,
                {
                    "data": data,
                    "other": other,
                    "labels": labels,
                    "key": key,
                    "split": split,
                    "gallery_split": gallery_split,
                    "query_split": list(query_split or []),
                    "strangers": list(strangers or []),
                    "metric": metric.value,
                    "other_metric": other_metric.value if other_metric else "",
                    "seed": seed,
                    "flatten": flatten,
                },
                notebook=notebook_path("compare"),
                timeout=timeout or None,
            )
    except InputError as error:
        stop(str(error), BAD_INPUT)
    except RunError as error:
        stop(f"the run broke: {error}; {out} is as it was.", BROKEN)
    say(made.outcome.headline)
    say(f"The page: {Path(out) / made.page.name}")
    if made.broken:
        stop(f"some parts could not run: {'; '.join(made.broken)}.", INCOMPLETE)
