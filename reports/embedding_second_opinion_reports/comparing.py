"""The command ``embedding-second-opinion compare``: two models on the same samples."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from embedding_second_opinion.data.faults import InputError
from embedding_second_opinion.request import Request

from .command_options import Asked, takes
from .terminal import say, stop, terminable

BAD_INPUT, INCOMPLETE, BROKEN = 2, 3, 4

COMPARE = """Compare two models on the same samples: may the second replace the first?

Both files hold the same rows in the same order. Writes a page, the executed notebook and findings.json.

    embedding-second-opinion compare old.npz new.npz --out compare

Exit codes as for report; 2 where rows, labels or roles do not match.
"""


@takes("compare")
def compare(
    asked: Asked,
    data: Annotated[
        str, typer.Argument(metavar="A", help="The first model's file, or sample:NAME.")
    ],
    other: Annotated[
        str, typer.Argument(metavar="B", help="The second model's, of the same rows.")
    ],
    out: Annotated[
        str, typer.Option(metavar="DIR", help="The folder to write; replaced if a report made it.")
    ] = "compare",
    timeout: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="End the run after this; 0: never.")
    ] = 0,
) -> None:
    """See COMPARE."""
    from .bundled import notebook_path
    from .publish import check_out, publish
    from .run import RunError, logged

    try:
        with logged(), terminable():
            request = Request(data=data, other=other, **asked)
            check_out(out)
            look(request)
            made = publish(
                out,
                request.parameters(),
                notebook=notebook_path("compare"),
                timeout=timeout or None,
            )
    except InputError as error:
        stop(error.text, BAD_INPUT)
    except RunError as error:
        stop(f"the run broke: {error}; {out} is as it was.", BROKEN)
    say(made.outcome.headline)
    say(f"The page: {Path(out) / made.page.name}")
    if made.broken:
        stop(f"some parts could not run: {'; '.join(made.broken)}.", INCOMPLETE)


def look(request: Request) -> None:
    """Whether both can be judged, and on the same rows, before anything slow is started."""
    from embedding_second_opinion.story.comparison.matched import check_matched

    sides = [request.evaluation(), request.second().evaluation()]
    check_matched(*sides)
    for note in sides[0].notes:
        say(note, err=True)
    say(f"Comparing on {sides[0].about().rstrip('.')}.", err=True)
