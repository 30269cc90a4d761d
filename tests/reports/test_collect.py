"""Is what the notebook showed what is collected, in its place, with what broke?"""

from __future__ import annotations

from embedding_second_opinion.findings.finding import FINDING_MIME
from embedding_second_opinion.story.summary import SUMMARY_MIME
from embedding_second_opinion_reports.collect import Addition, Failure, collect
from embedding_second_opinion_reports.notebook_file import Notebook
from tests.reports.stories import a_finding, a_summary, cell, displayed, executed


def notebook(*cells: dict[str, object]) -> Notebook:
    return Notebook.model_validate({"cells": list(cells)})


def ran(source: str, *outputs: dict[str, object], tags: tuple[str, ...] = ()) -> dict[str, object]:
    return cell(source, tags=tags) | {"execution_count": 1, "outputs": list(outputs)}


def shown(data: dict[str, object]) -> dict[str, object]:
    return {"output_type": "display_data", "data": data}


def test_records_come_back_as_they_went_in() -> None:
    found = collect(executed(displayed(a_finding()), displayed(a_summary())))
    assert found.findings == (a_finding(),)
    assert found.summary == a_summary()
    assert found.failures == ()
    assert found.additions == ()


def test_a_finding_shown_twice_is_taken_once_as_last_shown() -> None:
    later = a_finding().model_copy(update={"title": "later"})
    other = a_finding().model_copy(update={"code": "other"})
    found = collect(executed(displayed(a_finding()), displayed(other), displayed(later)))
    assert [f.title for f in found.findings] == ["later", other.title]


def test_additions_are_collected_where_they_stand() -> None:
    found = collect(
        notebook(
            cell("before", kind="markdown", tags=("report",)),
            cell("not tagged", kind="markdown"),
            ran("show()", displayed(a_finding())),
            cell("after", kind="markdown", tags=("report",)),
            ran(
                "mine()",
                {"output_type": "display_data", "data": {"image/png": "QQ==", "text/plain": "Fig"}},
                {"output_type": "display_data", "data": {"text/html": ["<b>", "x</b>"]}},
                {"output_type": "stream", "text": ["printed\n", "twice\n"]},
                tags=("report",),
            ),
            ran("untagged()", {"output_type": "stream", "text": "unseen"}),
        )
    )
    code = a_finding().code
    assert found.additions == (
        Addition("markdown", "before", 1, ""),
        Addition("markdown", "after", 4, code),
        Addition("png", "QQ==", 5, code),
        Addition("html", "<b>x</b>", 5, code),
        Addition("text", "printed\ntwice\n", 5, code),
    )


def test_the_picture_below_a_finding_is_no_addition() -> None:
    figure = {"image/svg+xml": "<svg/>", "text/plain": "Figure"}
    drawn: dict[str, object] = {"output_type": "display_data", "data": figure}
    found = collect(notebook(ran("show()", displayed(a_finding()), drawn, tags=("report",))))
    assert found.additions == ()
    # One of the user's own is there in words, as its scripts are not to be trusted.
    alone = collect(notebook(ran("plot()", drawn, tags=("report",))))
    assert alone.additions == (Addition("text", "Figure", 1, ""),)


def test_errors_cells_that_never_ran_and_unreadable_records_are_failures() -> None:
    bad = shown({FINDING_MIME: {"code": "x", "verdict": "fine"}})
    worse = shown({SUMMARY_MIME: "no record"})
    error: dict[str, object] = {"output_type": "error", "ename": "ZeroDivisionError"}
    error["evalue"] = "by zero"
    found = collect(notebook(ran("a", bad, worse), ran("b", error), cell("c"), cell("")))
    assert found.summary is None
    assert found.findings == ()
    assert [(f.cell, f.error) for f in found.failures] == [
        (1, "unreadable record"),
        (1, "unreadable record"),
        (2, "ZeroDivisionError"),
        (3, "not run"),  # the empty cell 4 is no failure
    ]
    assert found.failures[2] == Failure(2, "ZeroDivisionError", "by zero")


def test_parameters_are_the_defaults_overridden_by_what_was_injected() -> None:
    found = collect(
        notebook(
            ran(
                "data = 'sample:glyphs'\nseed: int = 0\nnames = []\nx = f(1)", tags=("parameters",)
            ),
            ran("# Parameters\nseed = 7\nnames = ['a', \"b'\"]", tags=("injected-parameters",)),
            ran("seed = 8"),
        )
    )
    assert found.parameters == {"data": "sample:glyphs", "seed": 7, "names": ["a", "b'"]}
