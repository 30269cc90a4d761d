"""Does the command say what it does, refuse in one sentence, and exit as it promises?"""

from __future__ import annotations

import gc
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from pydantic import JsonValue
from typer.testing import CliRunner, Result

from embedding_second_opinion.data.embeddings import EmbeddingSet, InputError
from embedding_second_opinion.request import Request
from embedding_second_opinion_reports import publish as publishing
from embedding_second_opinion_reports.bundled import notebook_names
from embedding_second_opinion_reports.cli import app
from embedding_second_opinion_reports.outcome import Outcome
from embedding_second_opinion_reports.parameters import DEFAULTS
from embedding_second_opinion_reports.publish import Published
from embedding_second_opinion_reports.run import RunError
from tests.reports.stories import a_finding, a_summary

Asked = dict[str, Mapping[str, JsonValue]]


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def one_sentence(result: Result) -> str:
    lines = result.stderr.strip().splitlines()
    assert lines[-1].startswith("embedding-second-opinion: ")
    assert "Traceback" not in result.output
    return lines[-1]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Asked:
    """What ``publish`` is called with; it runs nothing here."""
    calls: Asked = {}

    def pretend(
        out: str, parameters: Mapping[str, JsonValue], *, timeout: float | None = None
    ) -> Published:
        calls[out] = parameters
        return Published(tmp_path / out, Outcome.of(a_summary(), (a_finding(),)), ())

    monkeypatch.setattr(publishing, "publish", pretend)
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    split = np.repeat(["train", "test"], 20)
    labels = np.tile(np.repeat(["a", "b", "c", "d"], 5), 2)
    np.savez("set.npz", embeddings=rng.normal(size=(40, 4)), labels=labels, split=split)
    return calls


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("", None),
        ("0.99", 0.99),
        ("99%", 0.99),
        ("99 %", 0.99),
        ("99", 0.99),
        ("99.1", 0.991),
        ("1", 1.0),
        ("0", 0.0),
        ("100", 1.0),
        ("1%", 0.01),
        ("0.5%", 0.005),
        (None, None),
        (0.99, 0.99),
        (99, 0.99),
        (1, 1.0),
    ],
)
def test_a_claim_may_be_a_share_or_percent(text: Any, share: float | None) -> None:
    assert Request(claimed=text).claimed == share


@pytest.mark.parametrize("text", ["101", "-1", "nan", "inf", "high", "0,99", "150%", "%"])
def test_any_other_claim_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(InputError, match=r"^claimed must be a share such as 0\.99, 99% or 99"):
        Request(claimed=cast(Any, text))
    result = call("report", "--claimed", text)
    assert result.exit_code == 2
    assert "--claimed" in one_sentence(result)


def test_a_claim_between_one_and_two_is_refused_without_its_sign() -> None:
    with pytest.raises(InputError, match=r"write 1\.5% if you mean it"):
        Request(claimed=1.5)
    assert Request(claimed=cast(Any, "1.5%")).claimed == 0.015


def test_options_reach_the_notebook_by_name_and_type(asked: Asked) -> None:
    result = call(
        "report",
        "set.npz",
        "--split",
        "split",
        "--gallery-split",
        "train",
        "--query-split",
        "test",
        "--strangers",
        "b",
        "--claimed",
        "99%",
        "--claimed-metric",
        "other",
        "--metric",
        "cosine",
        "--seed",
        "3",
        "--map-points",
        "10",
        "--out",
        "there",
    )
    assert result.exit_code == 0, result.output
    wanted = {
        "data": "set.npz",
        "split": "split",
        "gallery_split": "train",
        "query_split": ["test"],
        "strangers": ["b"],
        "claimed": 0.99,
        "claimed_metric": "other",
        "metric": "cosine",
        "seed": 3,
        "map_points": 10,
    }
    assert asked == {"there": {**DEFAULTS, **wanted}}
    assert a_summary().headline in result.stdout
    assert "there/report.html" in result.stdout
    assert "Judging " in result.stderr  # what was chosen at the door is printed


def test_diagnostics_are_chosen_and_files_named(asked: Asked) -> None:
    np.savez("pairs.npz", first=[0, 1, 5], second=[1, 5, 6])
    np.savez("controls.npz", raw=np.ones((40, 2, 2)))
    np.savez("triplets.npz", anchor=[0, 1], positive=[1, 0], negative=[20, 21])
    Path("log.csv").write_text("step,loss\n1,0.5\n2,0.4\n3,0.3\n", encoding="utf-8")
    result = call(
        "report", "set.npz", "--only", "collapse", "--only", "projections", "--skip", "projections",
        "--pairs", "pairs.npz", "--controls", "controls.npz", "--approximate",
        "--triplets", "triplets.npz", "--log", "log.csv", "--margin", "0.2", "--expected-classes", "5000",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    wanted = {
        "data": "set.npz",
        "only": ["collapse", "projections"],
        "skip": ["projections"],
        "pairs": "pairs.npz",
        "controls": "controls.npz",
        "triplets": "triplets.npz",
        "log": "log.csv",
        "margin": 0.2,
        "expected_classes": 5000,
        "approximate": True,
    }
    assert asked == {"report": {**DEFAULTS, **wanted}}
    assert "pairs.npz: 3 pairs, 2 of them of one class." in result.stderr


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--only", "colapse", "Did you mean collapse?"),
        ("--skip", "maps", "which is no diagnostic"),
        ("--pairs", "set.npz", "no key called first"),
        ("--controls", "pairs.csv", "there is no file"),
        ("--triplets", "set.npz", "no key called anchor"),
        ("--log", "log.csv", "there is no file"),
        ("--margin", "0", "--margin must be above 0"),
        ("--expected-classes", "1", "--expected-classes must be a whole number from 2 up"),
    ],
)
def test_files_and_codes_that_are_not_there_are_refused(
    asked: Asked, option: str, value: str, sentence: str
) -> None:
    result = call("report", "set.npz", option, value)
    assert result.exit_code == 2
    assert sentence in one_sentence(result)
    assert asked == {}


def test_without_options_everything_is_the_notebooks_default(asked: Asked) -> None:
    assert call("report", "set.npz").exit_code == 0
    assert asked == {"report": {**DEFAULTS, "data": "set.npz"}}


@pytest.mark.parametrize(
    "arguments",
    [("nowhere.npz",), ("set.npz", "--split", "fold"), ("set.npz", "--strangers", "nobody"), ("",)],
)
def test_bad_input_is_refused_before_anything_runs(
    asked: Asked, arguments: tuple[str, ...]
) -> None:
    result = call("report", *arguments)
    assert result.exit_code == 2
    assert one_sentence(result)
    assert asked == {}


def test_no_data_is_held_while_the_notebook_runs(
    asked: Asked, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    held: list[str] = []

    def pretend(*_: object, **__: object) -> Published:
        sets = [each for each in gc.get_objects() if isinstance(each, EmbeddingSet)]
        held.extend(each.name for each in sets if each.name == "set.npz")
        return Published(tmp_path, Outcome.of(a_summary(), ()), ())

    monkeypatch.setattr(publishing, "publish", pretend)
    assert call("report", "set.npz", "--metric", "cosine").exit_code == 0
    assert held == []


def test_zero_vectors_under_cosine_are_refused_at_the_door(asked: Asked) -> None:
    np.savez("zero.npz", embeddings=np.zeros((4, 2)), labels=["a", "a", "b", "b"])
    assert call("report", "zero.npz", "--metric", "cosine").exit_code == 2
    assert asked == {}


def test_a_folder_that_is_not_ours_is_refused_first(asked: Asked, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    result = call("report", "nowhere.npz", "--out", "mine")
    assert result.exit_code == 2
    assert "not made by this command" in one_sentence(result)


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (InputError("no labels."), 2, "embedding-second-opinion: no labels."),
        (
            RunError("it died. The log is /x/log.txt"),
            4,
            "The log is /x/log.txt; report is as it was.",
        ),
    ],
)
def test_what_breaks_on_the_way_has_its_status(
    asked: Asked, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, words: str
) -> None:
    def fail(*_: object, **__: object) -> Published:
        raise error

    monkeypatch.setattr(publishing, "publish", fail)
    result = call("report", "set.npz")
    assert result.exit_code == status
    assert words in one_sentence(result)


def test_a_fault_of_ours_at_the_door_is_no_traceback(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(*_: object, **__: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("embedding_second_opinion.request.Request.evaluation", fault)
    result = call("report", "set.npz")
    assert result.exit_code == 4
    found = re.search(r"ZeroDivisionError: ours\. The log is (\S+);", one_sentence(result))
    assert found
    log = Path(found[1])
    assert "Traceback" in log.read_text("utf-8")
    log.unlink()


def test_a_report_with_checks_that_could_not_run_exits_3(
    asked: Asked, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = Published(tmp_path, Outcome.of(a_summary(), ()), ("Hubness",))
    monkeypatch.setattr(publishing, "publish", lambda *_, **__: made)
    result = call("report", "set.npz")
    assert result.exit_code == 3
    assert "could not run: Hubness." in one_sentence(result)
    assert "report.html" in result.stdout  # the report exists all the same


def test_help_is_read_by_somebody_new() -> None:
    first, second = call("--help"), call("report", "--help")
    assert first.exit_code == second.exit_code == 0
    assert (
        "embedding-second-opinion report embeddings.npz --claimed 99% --out report" in first.output
    )
    for words in ("DATA is an .npz", "Exit status:", "sample:glyphs", "--gallery-split VALUE"):
        assert words in second.output


def test_every_parameter_of_the_notebook_has_its_option() -> None:
    text = call("report", "--help").output
    for name in set(DEFAULTS) - {"data"}:
        assert f"--{name.replace('_', '-')}" in text


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys; from typer.testing import CliRunner\n"
        "from embedding_second_opinion_reports.cli import app\n"
        "assert CliRunner().invoke(app, ['report', '--help']).exit_code == 0\n"
        "print(sorted({'numpy', 'pandas', 'papermill', 'matplotlib', 'torch'} & set(sys.modules)))"
    )
    root = str(Path(__file__).parents[2])
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_version_is_printed() -> None:
    assert call("--version").output.startswith("embedding-second-opinion ")


def test_a_notebook_is_copied_once_and_never_over_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "notebooks"
    (folder / "studies").mkdir(parents=True)
    (folder / "overview.ipynb").write_text("{}")
    (folder / "studies" / "faces.ipynb").write_text("{}")
    monkeypatch.setattr("embedding_second_opinion_reports.bundled._PLACES", (folder,))
    monkeypatch.chdir(tmp_path)
    assert notebook_names() == ["overview", "studies/faces"]
    assert call("notebook").output.split() == ["overview", "studies/faces"]
    assert call("notebook", "overview").exit_code == 0
    assert (tmp_path / "overview.ipynb").read_text() == "{}"
    again = call("notebook", "overview")
    assert again.exit_code == 2
    assert "exists" in one_sentence(again)
    assert call("notebook", "studies/faces.ipynb", "--out", "mine.ipynb").exit_code == 0
    unknown = call("notebook", "../../etc/passwd")
    assert unknown.exit_code == 2
    assert "overview, studies/faces" in one_sentence(unknown)
