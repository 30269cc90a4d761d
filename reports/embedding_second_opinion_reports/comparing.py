"""The command ``embedding-second-opinion compare``: two models on the same samples."""

from __future__ import annotations

from typing import Annotated

import typer

from embedding_second_opinion.request import Request

from .command_options import Asked, Out, Timeout, takes
from .terminal import publishing, say

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
    out: Out = "compare",
    timeout: Timeout = 0,
) -> None:
    """See COMPARE."""
    from .bundled import notebook_path
    from .publish import Published, check_out, publish

    def make() -> Published:
        request = Request(data=data, other=other, **asked)
        check_out(out)
        look(request)
        notebook = notebook_path("compare")
        return publish(out, request.parameters(), notebook=notebook, timeout=timeout or None)

    publishing(make, out, "page")


def look(request: Request) -> None:
    """Whether both can be judged, and on the same rows, before anything slow is started."""
    from embedding_second_opinion.story.comparison.matched import check_matched

    sides = [request.evaluation(), request.second().evaluation()]
    check_matched(*sides)
    for note in sides[0].notes:
        say(note, err=True)
    say(f"Comparing on {sides[0].about().rstrip('.')}.", err=True)
