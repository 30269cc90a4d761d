"""``second-opinion compare``: a page of its own, and a sentence for what does not match."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from embedding_second_opinion_reports.cli import app
from tests.reports.test_render import Page

RUN = CliRunner()


@pytest.fixture(scope="module", name="made")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("compared") / "<b>page"
    done = RUN.invoke(app, ["compare", "sample:pair:old", "sample:pair:new", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "new is better" in done.output
    return out


def test_the_page_is_about_the_comparison_and_says_how_to_repeat_it(made: Path) -> None:
    text = Page((made / "report.html").read_text("utf-8")).text
    for words in (
        "new is better",
        "What differs",
        "May the second model replace the first?",
        "Every number of both",
        "The classes that change most",
        "embedding-second-opinion compare sample:pair:old sample:pair:new --out=compare",
    ):
        assert words in text
    assert "Checks that passed" not in text


def test_findings_json_holds_the_differences(made: Path) -> None:
    data = json.loads((made / "findings.json").read_text("utf-8"))
    estimates = data["findings"][0]["estimates"]
    assert estimates["change_of_closed_set_accuracy"]["value"] > 0.05
    assert data["parameters"]["other"] == "sample:pair:new"


def test_names_of_classes_and_files_are_text_on_the_page(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([f"<img src=x onerror=alert({i})>" for i in range(12)], 6)
    centres = rng.standard_normal((12, 3)).repeat(6, axis=0)
    for name, noise in (("<i>a", 0.9), ("b&b", 0.3)):
        np.savez(
            tmp_path / f"{name}.npz",
            embeddings=centres + noise * rng.standard_normal((72, 3)),
            labels=labels,
        )
    done = RUN.invoke(
        app,
        [
            "compare",
            str(tmp_path / "<i>a.npz"),
            str(tmp_path / "b&b.npz"),
            "--out",
            str(tmp_path / "out"),
        ],
    )
    assert done.exit_code == 0, done.output
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "<img src=x" not in page
    assert "<i>a" not in page
    assert "&lt;img src=x onerror=alert(" in page


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sample:pair:old", "sample:digits"], "must be compared on the same rows"),
        (["sample:pair:old", "sample:none"], "there is no sample"),
        (["sample:pair:old", "nowhere.npz"], "nowhere.npz"),
    ],
)
def test_bad_input_ends_with_two_and_one_sentence(
    arguments: list[str], words: str, tmp_path: Path
) -> None:
    done = RUN.invoke(app, ["compare", *arguments, "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert words in done.output
    assert "Traceback" not in done.output
    assert not (tmp_path / "out").exists()


def test_help_says_what_it_does() -> None:
    done = RUN.invoke(app, ["compare", "--help"])
    assert done.exit_code == 0
    assert "may the second replace the first?" in done.output
