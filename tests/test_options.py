"""Every option stands once: what is added to the record is everywhere that an option is needed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer
from papermill.translators import PythonTranslator
from typer.testing import CliRunner

from embedding_second_opinion.data.embeddings import InputError
from embedding_second_opinion.inputs.option import option
from embedding_second_opinion.request import Request
from embedding_second_opinion_reports import parameters
from embedding_second_opinion_reports.bundled import notebook_path
from embedding_second_opinion_reports.command_options import takes
from tests.execute_notebooks import wanted

ROOT = Path(__file__).resolve().parent.parent
CELL = 'data: str = "sample:glyphs"  # where\nseed: int = 0\nskip: list[str] = []\nclaimed = None'


@dataclass(frozen=True, kw_only=True)
class More(Request):
    """The record with one option more."""

    half_life: int | None = option(
        None, "after how many days a row counts half", "N", unit="days", least=1
    )


def notebook(*cells: str, **values: object) -> dict[str, object]:
    """The names of a kernel that has run these cells."""
    names: dict[str, object] = {"data": "sample:glyphs", "seed": 0, "skip": [], "claimed": None}
    return {"In": ["", *cells], "Out": {}, **names, **values}


def test_an_added_option_is_on_the_command_line_in_the_notebook_in_python_and_in_the_outcome() -> (
    None
):
    asked: dict[str, object] = {}
    app = typer.Typer(rich_markup_mode=None)

    @app.command()
    @takes("report", More)
    def report(given: dict[str, object]) -> None:
        asked.update(given)

    text = " ".join(CliRunner().invoke(app, ["--help"]).output.split())
    assert "--half-life N" in text
    assert "After how many days a row counts half (days, 1 or more)." in text
    assert CliRunner().invoke(app, ["--half-life", "30", "x.npz"]).exit_code == 0
    request = More(**asked)  # type: ignore[arg-type]
    assert request.half_life == 30
    assert request.parameters()["half_life"] == 30  # what findings.json has

    line = (
        "half_life = None  # type: int|None after how many days a row counts half (days, 1 or more)"
    )
    assert line in parameters.cell(record=More).splitlines()
    assert line in wanted(notebook_path("overview"), More).splitlines()
    assert More.of(notebook(CELL + "\nhalf_life = None", half_life=7)).half_life == 7
    assert parameters.checked({"half_life": 7}, {"half_life": None}, More) == {"half_life": 7}

    with pytest.raises(InputError, match="half_life must be a whole number from 1 up; it is 0"):
        More(half_life=0)
    repeat = parameters.report_command(request.parameters(), More)
    assert repeat == "embedding-second-opinion report x.npz --half-life=30 --out=report"
    again = parameters.papermill_command(request.parameters(), "overview.ipynb", More)
    assert again.endswith("-r data x.npz -p half_life 30")


def test_what_the_overview_tells_is_everything_that_was_asked() -> None:
    assert list(Request().parameters()) == [o.name for o in Request.options("report")]
    assert Request(expected_classes=5000).parameters()["expected_classes"] == 5000


def test_papermill_names_the_type_of_every_parameter() -> None:
    found = PythonTranslator.inspect({"source": parameters.cell()})
    assert [p.name for p in found] == [o.name for o in Request.options("report")]
    assert [p.inferred_type_name for p in found] == [
        o.annotation for o in Request.options("report")
    ]
    assert all(p.help for p in found)


def test_help_texts_are_read_by_papermill_too() -> None:
    for each in Request.options():
        assert "=" not in each.about  # Papermill takes a line with two for none
        assert each.help[0].islower()


@pytest.mark.parametrize("claimed", ["99%", "99 %", "99", 99, 99.0, 0.99, "0.99"])
def test_a_claim_means_the_same_everywhere(claimed: object) -> None:
    assert Request.of(notebook(CELL, claimed=claimed)).claimed == 0.99
    assert Request.from_parameters({"claimed": claimed}).claimed == 0.99
    assert parameters.checked({"claimed": claimed}, {"claimed": None}) == {"claimed": 0.99}


def test_a_text_where_a_list_is_wanted_is_one_item() -> None:
    assert Request.of(notebook(CELL, skip="projections")).skip == ("projections",)


@pytest.mark.parametrize(
    ("cells", "values", "words"),
    [
        ((CELL, '# Parameters\ndta = "x"\n'), {"dta": "x"}, "'dta'. Did you mean data?"),
        # An option, but not of this notebook.
        (
            (CELL, "# Parameters\nmargin = 1\n"),
            {"margin": 1},
            "'margin'. There are data, claimed, skip, seed",
        ),
    ],
)
def test_a_name_that_is_no_parameter_is_refused(
    cells: tuple[str, ...], values: dict[str, object], words: str
) -> None:
    with pytest.raises(InputError) as caught:
        Request.of(notebook(*cells, **values))
    assert f"there is no parameter {words}" in str(caught.value)


def test_what_a_user_adds_to_an_open_notebook_is_no_parameter() -> None:
    cells = ("import numpy as np\nmine = 3", CELL, "space = request.open()", "x = 1", "%time y = 2")
    cells = (
        *cells,
        CELL + "\nweight = 3",
        "# Parameters\nweight = 4",
    )  # of a notebook of one's own
    values: dict[str, object] = {
        "mine": 3,
        "weight": 4,
        "x": 1,
        "y": 2,
        "space": object(),
        "margin": [1],
    }
    assert Request.of(notebook(*cells, **values)) == Request()


def test_an_injected_name_counts_until_the_next_run_of_the_cell() -> None:
    assert Request.of(notebook(CELL, "# Parameters\nseed = 3\n", seed=3)).seed == 3


def test_errors_name_the_parameter_in_python_and_the_option_on_the_command_line() -> None:
    with pytest.raises(InputError) as caught:
        Request(gallery="g.npz", data="d.npz", gallery_split="train")
    assert str(caught.value).startswith(
        "gallery names a file of all enrolled rows, and gallery_split is"
    )
    assert caught.value.text.startswith(
        "--gallery names a file of all enrolled rows, and --gallery-split"
    )
    with pytest.raises(InputError) as caught:
        Request(strangers=("nobody",)).open()
    assert "--" not in str(caught.value)


def test_papermill_stops_at_a_name_that_is_no_parameter(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "papermill", notebook_path("hubness"), tmp_path / "out.ipynb"),
            *("-p", "dta", "mine.npz", "--no-progress-bar", "-k", "python3"),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=tmp_path,
    )
    assert done.returncode != 0
    assert "there is no parameter 'dta'. Did you mean data?" in done.stderr
    cells = json.loads((tmp_path / "out.ipynb").read_text("utf-8"))["cells"]
    assert not [c for c in cells if "hubness" in "".join(c["source"]) and c.get("outputs")]
