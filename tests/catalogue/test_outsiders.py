"""Diagnostics of other packages: found by their entry point, run and told like the built-in ones."""

from __future__ import annotations

import importlib
import logging
import sys

import pytest

from embedding_second_opinion.catalogue import registry
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs
from embedding_second_opinion.samples.planted import planted
from embedding_second_opinion.story.summary import summarise

MODULE = '''
from embedding_second_opinion.findings.check import Answer, Check
from embedding_second_opinion.findings.finding import Estimate

CHECK = Check(
    code="{code}", title="Evenness", question="Are classes even?", kind="in use", needs="labels",
    because="a tenth is what a user notices",
)


@CHECK
def evenness(space, inputs=None, *, tolerance=0.1):
    """Count."""
    return Answer(harm=Estimate(value=0.3, low=0.2, high=0.4), explanation="They are not.")
'''


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package on the path that registers what it is told to."""

    def install(**entries):
        info = tmp_path / "uneven-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: uneven\nVersion: 1.0\n")
        lines = [f"{name} = {value}" for name, value in entries.items()]
        (info / "entry_points.txt").write_text("\n".join([f"[{registry.GROUP}]", *lines]))
        for code in ("evenness", "hubness"):
            (tmp_path / f"uneven_{code}.py").write_text(MODULE.format(code=code))
        monkeypatch.syspath_prepend(tmp_path)
        importlib.invalidate_caches()

    yield install
    for code in ("evenness", "hubness"):
        sys.modules.pop(f"uneven_{code}", None)


def test_it_stands_behind_the_built_in_ones_of_its_kind_and_is_told(package):
    before = registry.codes()
    package(evenness="uneven_evenness:evenness")
    codes = registry.codes()
    at = codes.index("evenness")
    assert tuple(code for code in codes if code != "evenness") == before
    assert [registry.kind(codes[i]) for i in (at - 1, at, at + 1)] == [
        "in use",
        "in use",
        "in training",
    ]
    assert ("evenness", "Are classes even?", "labels") in list(registry.described())
    assert registry.chosen(only=["evenness"]) == ("evenness",)
    space = Geometry(planted("healthy"))
    findings = list(registry.run(space, among=["collapse", "evenness"]))
    assert [f.verdict for f in findings if f.code == "evenness"] == [Verdict.ALARM]
    made = summarise(space, findings)
    assert [each.code for each in made.in_use] == ["evenness"]


def test_it_changes_no_other_verdict(package):
    space = Geometry(planted("look_alikes"))
    alone = registry.run_one("cluster_proximity", space, Inputs())
    package(evenness="uneven_evenness:evenness")
    beside = list(registry.run(space, among=["cluster_proximity", "evenness"]))
    assert beside[0] == alone
    assert summarise(space, beside).verdicts["cluster_proximity"] is alone.verdict


@pytest.mark.parametrize("value", ["no_such_module:evenness", "uneven_hubness:evenness"])
def test_a_broken_one_is_an_error_finding(package, value, caplog):
    package(evenness=value)
    caplog.set_level(logging.CRITICAL)
    found = registry.run_one("evenness", Geometry(planted("healthy")), Inputs())
    assert found.verdict is Verdict.ERROR
    assert "no_such_module" in found.explanation or "calls itself hubness" in found.explanation


def test_a_code_that_is_taken_is_refused_in_one_sentence(package):
    before = registry.codes()
    package(hubness="uneven_hubness:evenness")
    assert registry.codes() == before
    assert registry.declared()["hubness"].title == "Hubness"
    sentence = (
        "The diagnostic hubness of uneven_hubness:evenness was refused: there is one of that code."
    )
    assert registry.refused() == (sentence,)
    space = Geometry(planted("healthy"))
    assert sentence in summarise(space, []).notes
