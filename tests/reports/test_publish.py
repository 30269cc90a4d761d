"""Do three whole files stand at the end, or what stood there before?"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from pathlib import Path

import jsonschema
import pytest

from embedding_second_opinion.data.embeddings import InputError
from embedding_second_opinion.findings.finding import Finding, Verdict
from embedding_second_opinion_reports import whole_folder as module
from embedding_second_opinion_reports.outcome import (
    SCHEMA,
    Outcome,
    PublishedFinding,
    made_by_us,
    schema,
)
from embedding_second_opinion_reports.publish import FILES, check_out, publish
from embedding_second_opinion_reports.run import RunError
from tests.reports.stories import (
    SHOW,
    a_finding,
    a_summary,
    cell,
    more_findings,
    parameters_cell,
    write_notebook,
)

ROOT = Path(__file__).parents[2]
THIS_TREE = os.pathsep.join(str(ROOT / each) for each in ("", "diagnostics", "reports"))


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", THIS_TREE)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report, made once; tests copy it."""
    folder = tmp_path_factory.mktemp("made")
    cells = [cell(parameters_cell(), tags=("parameters",)), cell(SHOW), cell("summary")]
    notebook = write_notebook(folder / "overview.ipynb", cells)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", THIS_TREE)
        patch.chdir(folder)
        publish("report", {"claimed": 0.99}, notebook=notebook, progress=False)
    return folder / "report"


def broken_notebook(folder: Path, source: str) -> Path:
    cells = [cell(parameters_cell(), tags=("parameters",)), cell(source)]
    return write_notebook(folder / "broken.ipynb", cells)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_same_input_gives_the_same_three_files(overview: Path, tmp_path: Path) -> None:
    other = publish("other", {"seed": 3}, notebook=overview, progress=False)
    before = contents(other.folder)
    assert set(before) == FILES
    shutil.copytree(other.folder, tmp_path / "deep/er/out")
    again = publish("deep/er/out", {"seed": 3}, notebook=overview, progress=False)
    assert again.page == tmp_path / "deep/er/out/report.html"
    assert again.broken == ()
    assert contents(again.folder) == before  # replaced by the same bytes, wherever it stands
    assert [path.name for path in (tmp_path / "deep/er").iterdir()] == ["out"]  # nothing beside it


def test_nothing_in_the_files_tells_when_or_where(made: Path) -> None:
    for name, content in contents(made).items():
        text = content.decode("utf-8")
        for place in (made.parent, Path.home(), tempfile.gettempdir()):
            assert f"{place}/" not in text, name
        assert not re.search(r"\d\d:\d\d:\d\d", text), name
    notebook = json.loads((made / "report.ipynb").read_text("utf-8"))
    assert "papermill" not in notebook["metadata"]
    assert all("papermill" not in each["metadata"] for each in notebook["cells"])
    assert [c["execution_count"] for c in notebook["cells"]] == [1, 2, 3, 4]


def test_the_committed_schema_is_the_models(made: Path) -> None:
    assert SCHEMA.read_text("utf-8") == schema()


def test_findings_json_keeps_its_shape_and_its_schema(made: Path) -> None:
    text = (made / "findings.json").read_text("utf-8")
    data = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in findings.json"))
    jsonschema.validate(data, json.loads(schema()))
    assert data["schema_version"] == 1
    assert data["claimed"] == {"value": 0.99, "metric": "triplet", "split": "query"}
    assert set(data["subject"]) >= {"name", "n", "d", "classes", "fingerprint"}
    (finding,) = data["findings"]
    assert set(finding) >= {"code", "title", "verdict", "explanation", "estimates"}
    assert set(finding["estimates"]["closed_set_accuracy"]) >= {
        "value",
        "low",
        "high",
        "level",
        "unit",
    }
    assert finding["estimates"]["closed_set_accuracy"]["value"] == 0.496
    assert "charts" not in finding
    assert "pixels" not in text
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data | {"schema_version": 2}, json.loads(schema()))


def test_every_field_of_a_finding_but_its_pictures_is_published() -> None:
    assert set(PublishedFinding.model_fields) == set(Finding.model_fields) - {"charts"}


def test_not_a_number_in_a_parameter_is_null() -> None:
    summary = a_summary().model_copy(
        update={"parameters": {"x": [float("nan"), {"y": float("inf")}]}}
    )
    data = json.loads(Outcome.of(summary, (a_finding(), *more_findings())).text())
    assert data["parameters"] == {"x": [None, {"y": None}]}
    jsonschema.validate(data, json.loads(schema()))


@pytest.mark.parametrize("what", ["file", "empty", "foreign", "more", "newer"])
def test_what_this_command_did_not_make_is_not_replaced(
    made: Path, tmp_path: Path, what: str
) -> None:
    out = tmp_path / "out"
    if what == "file":
        out.write_text("mine")
    elif what in ("empty", "foreign"):
        out.mkdir()
        if what == "foreign":
            (out / "findings.json").write_text('{"schema_version": 1}')
    else:
        shutil.copytree(made, out)
        if what == "more":
            (out / "thesis.tex").write_text("mine")
        else:
            text = (out / "findings.json").read_text("utf-8")
            (out / "findings.json").write_text(text.replace('version": 1', 'version": 2'), "utf-8")
    with pytest.raises(InputError, match="out exists and was not made by this command"):
        check_out("out")


def test_a_place_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be made"):
        check_out("file/out")
    with pytest.raises(InputError, match="--out is empty"):
        check_out("")
    (tmp_path / "loop").symlink_to("loop")
    for name in ("loop", "loop/out", "nul\0"):
        with pytest.raises(InputError, match=r"cannot be made|not made by"):
            check_out(name)
    for name in ("é" * 101, f"{'x' * 201}/out", "x" * 300, f"{'x' * 300}/out"):
        with pytest.raises(InputError, match=r"names of at most 200 bytes|cannot be made"):
            check_out(name)
    assert check_out("x" * 200) == tmp_path / ("x" * 200)


@pytest.mark.parametrize(
    ("source", "error", "words"),
    [
        ("1 / 0", RunError, r"cell 2 raised ZeroDivisionError.*The log is (\S+)$"),
        ("1", RunError, r"shows no summary.*The log is (\S+)$"),
        (
            "from embedding_second_opinion.data.embeddings import InputError; raise InputError('bad.')",
            InputError,
            "bad.",
        ),
    ],
)
def test_a_run_that_breaks_leaves_what_was_there(
    made: Path, tmp_path: Path, source: str, error: type[Exception], words: str
) -> None:
    out = tmp_path / "out"
    shutil.copytree(made, out)
    before = contents(out)
    notebook = broken_notebook(tmp_path, source)
    with pytest.raises(error) as caught:
        publish("out", {}, notebook=notebook, progress=False)
    found = re.search(words, str(caught.value))
    assert found
    assert contents(out) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.ipynb", "out"]
    if error is RunError:
        log = Path(found[1])
        assert [path.name for path in log.parent.iterdir()] == ["log.txt"]
        assert "Executing Cell" in log.read_text("utf-8")
        shutil.rmtree(log.parent)


def test_a_failed_move_puts_the_old_report_back(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, partial = tmp_path / "out", tmp_path / ".out.partial"
    shutil.copytree(made, out)
    partial.mkdir()
    before, rename = contents(out), Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self == partial:
            raise OSError("disk full")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OSError, match="disk full"):
        module.replace(partial, out)
    assert contents(out) == before


def test_a_folder_that_changed_meanwhile_is_not_replaced(made: Path, tmp_path: Path) -> None:
    out, partial = tmp_path / "out", tmp_path / "partial"
    shutil.copytree(made, out)
    (out / "notes.txt").write_text("mine")
    partial.mkdir()
    with pytest.raises(InputError, match="changed while"):
        module.replace(partial, out)
    assert (out / "notes.txt").read_text() == "mine"


def test_a_check_that_could_not_run_is_named(tmp_path: Path) -> None:
    wrong = a_finding().model_copy(update={"verdict": Verdict.ERROR, "title": "Broken check"})
    source = SHOW.replace(repr(a_finding().model_dump_json()), repr(wrong.model_dump_json()))
    cells = [cell(parameters_cell(), tags=("parameters",)), cell(source), cell("summary")]
    notebook = write_notebook(tmp_path / "overview.ipynb", cells)
    published = publish("out", {}, notebook=notebook, progress=False)
    assert published.broken == ("Broken check",)
    assert made_by_us(tmp_path / "out" / "findings.json")
