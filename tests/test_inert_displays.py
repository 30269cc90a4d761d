"""Whatever the library shows of a set with hostile names, the names are text."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from embedding_second_opinion.catalogue import registry
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.request import Request
from embedding_second_opinion.story.comparison.compare import compare, summarise_comparison
from embedding_second_opinion.story.comparison.paired import changed_rows
from embedding_second_opinion.story.summary import summarise
from tests import hostile
from tests.findings.test_inert import READERS, Reader

ADDRESS = "http://127.0.0.1:9"
OURS = {"h2", "h3", "p", "strong", "code", "ul", "li", "br", "span"} | {
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The evaluation and the inputs, as the overview opens them."""
    path = hostile.write(tmp_path_factory.mktemp("hostile"), ADDRESS, rows=8)
    told = hostile.parameters(path, ADDRESS)
    request = Request(**told)
    evaluation = request.evaluation()
    return evaluation, request.inputs(evaluation)


@pytest.fixture(scope="module")
def displays(told):
    """All bundles of a full run, and of a comparison."""
    evaluation, inputs = told
    space = Geometry(evaluation)
    findings = list(registry.run(space, inputs, registry.codes()))
    other = Geometry(evaluation, metric="cosine")
    compared = compare(space, other, others=())
    bundles = {f.code: f._repr_mimebundle_() for f in (*findings, compared)}
    bundles["summary"] = summarise(space, findings, inputs)._repr_mimebundle_()
    bundles["comparison summary"] = summarise_comparison(space, other, compared)._repr_mimebundle_()
    bundles["evaluation"] = {"text/markdown": evaluation._repr_markdown_()}
    bundles["changed rows"] = {"text/html": changed_rows(space, other)._repr_html_()}
    return bundles


def read(html: str) -> Reader:
    found = Reader()
    found.feed(html)
    found.close()
    return found


@pytest.mark.parametrize("reader", READERS)
def test_words_hold_no_element_but_ours_and_no_tex(displays, reader):
    told = 0
    for name, bundle in displays.items():
        if "text/markdown" not in bundle:
            continue
        html = READERS[reader].render(bundle["text/markdown"])
        found = read(html.replace("<br />", "").replace(' style="text-align:left"', ""))
        assert set(found.tags) <= OURS, (name, set(found.tags) - OURS)
        for piece in found.pieces:
            assert piece in ("$", "\\") or not {"$", "\\"} & set(piece), (name, piece)
        assert not re.search(r"(https?|ftp)://|www\.", bundle["text/markdown"]), name
        told += hostile.RUNS in "".join(found.pieces)
    assert told >= 5  # the names are there to be read


def test_a_table_of_changed_rows_is_text(displays):
    html = displays["changed rows"]["text/html"]
    assert "<img" not in html
    assert "<script" not in html
    assert "mathjax_ignore" in html


def test_the_table_of_changed_rows_is_a_plain_frame_once_worked_with(told):
    space, other = Geometry(told[0]), Geometry(told[0], metric="cosine")
    table = changed_rows(space, other)
    assert isinstance(table, pd.DataFrame)
    assert type(table.head(1)) is pd.DataFrame
    assert len(table)
