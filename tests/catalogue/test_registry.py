"""Promises that every diagnostic keeps, stated once."""

from __future__ import annotations

import importlib
import inspect
import itertools
import re

import numpy as np
import pydantic
import pytest

from embedding_second_opinion.catalogue import registry
from embedding_second_opinion.data.embeddings import EmbeddingSet, InputError
from embedding_second_opinion.findings.finding import Finding, Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples.planted import (
    FLAWS,
    HEALTHY,
    JUDGED_BY,
    NAMED_BY,
    planted,
    planted_inputs,
)
from embedding_second_opinion.story.summary import summarise
from tests.verdicts import PAIRS, found, inputs, judged, space

# The map that does no justice takes half a minute; one of fewer points is made anew as well.
OWN = {code: name for name, code in reversed(NAMED_BY.items())} | {
    registry.first(): "look_alikes",
    "projections": "look_alikes",
}


@pytest.mark.parametrize(("name", "code"), PAIRS)
def test_every_check_survives_every_planted_set(name, code):
    first = found(name, code)
    assert first.code == code
    assert first.verdict in set(Verdict) - {Verdict.ERROR}
    assert Finding.model_validate_json(first.model_dump_json()) == first
    assert first.explanation.endswith(".")
    for chart in first.charts:
        assert chart.alt
        assert chart.title
    for name, estimate in first.estimates.items():
        assert estimate.about, name
        assert estimate.method, name


@pytest.mark.parametrize("flaw", FLAWS)
def test_every_flaw_alarms_by_its_own_diagnostic(flaw):
    finding = found(flaw, NAMED_BY[flaw])
    assert finding.harm.low > finding.tolerance
    # Of two the harm is surely above the tolerance, and not at 1 in 1,000: a watch, by the frame's rule.
    seldom = flaw in ("starved_tail", "minority_collapse")
    assert finding.verdict is (Verdict.WATCH if seldom else Verdict.ALARM)


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_set_alarms_nowhere(name):
    verdicts = {code: found(name, code).verdict for each, code in PAIRS if each == name}
    assert verdicts
    assert Verdict.ALARM not in verdicts.values(), verdicts


@pytest.mark.parametrize("code", registry.codes())
def test_a_second_run_says_the_same(code):
    """By each diagnostic on its own flaw, and from the vectors on."""
    name = OWN[code]
    again = judged(Geometry(planted(name)), code, planted_inputs(name, inputs=inputs(name)))
    assert again.model_dump_json() == found(name, code).model_dump_json()


@pytest.mark.parametrize("code", registry.codes())
def test_the_file_the_function_and_the_folder_agree(code):
    module = importlib.import_module(f"embedding_second_opinion.catalogue.{code}")
    assert module.__doc__.splitlines()[0].endswith("?"), "the first line asks the question"
    parameters = inspect.signature(registry.check(code)).parameters
    assert list(parameters)[:2] == ["space", "inputs"]
    assert parameters["tolerance"].kind is inspect.Parameter.KEYWORD_ONLY
    assert "tolerance" in registry.check(code).__doc__


def test_findings_are_frozen():
    finding = found("healthy", registry.first())
    with pytest.raises(pydantic.ValidationError):
        finding.verdict = Verdict.OK


def test_a_check_that_breaks_becomes_a_finding(monkeypatch):
    def broken(space, inputs):
        raise ZeroDivisionError("by nought")

    monkeypatch.setattr(registry, "check", lambda code: broken)
    every = list(registry.run(Geometry(planted("healthy"))))
    assert len(every) == len(registry.codes())
    for finding in every:
        assert finding.verdict is Verdict.ERROR
        assert "ZeroDivisionError: by nought" in finding.explanation


def test_row_order_and_class_names_change_nothing():
    data = planted("look_alikes")
    given = inputs("look_alikes")
    order = np.random.default_rng(0).permutation(data.n)
    names = np.array([f"name {(7 * int(c)) % 151:03d}" for c in data.classes])
    other = Geometry(EmbeddingSet.from_arrays(data.vectors[order], names[data.codes[order]]))
    for code in registry.codes():
        first, second = found("look_alikes", code), judged(other, code, given)
        for name, estimate in first.estimates.items():
            assert second.estimates[name].value == pytest.approx(estimate.value, abs=1e-7), name
            assert second.estimates[name].low == pytest.approx(estimate.low, abs=1e-6), name


def test_every_flaw_is_named_by_a_diagnostic():
    assert set(NAMED_BY) == set(FLAWS)
    assert set(NAMED_BY.values()) == set(registry.codes()) - {registry.first()}
    assert set(JUDGED_BY) <= {*FLAWS, *HEALTHY}
    assert all(NAMED_BY[name] in codes for name, codes in JUDGED_BY.items() if name in NAMED_BY)


def test_what_happens_in_use_comes_first_and_diagnostics_can_be_chosen():
    known = registry.codes()
    assert known[0] == registry.first()
    kinds = [registry.kind(code) for code in known]
    groups = [kind for kind, _ in itertools.groupby(kinds)]
    assert groups == ["in use", "in training", "cause", "remedy", "cause"]  # maps draw, last
    assert [registry.kind(c) for c in ("retrieval", "mining_audit", "collapse")] == [
        "in use",
        "in training",
        "cause",
    ]
    assert registry.chosen() == known
    assert registry.chosen(only=["collapse", registry.first()]) == (registry.first(), "collapse")
    assert registry.chosen(skip=["collapse"]) == tuple(c for c in known if c != "collapse")
    with pytest.raises(
        InputError, match=r"--only names 'colapse', which is no diagnostic\. Did you"
    ):
        registry.chosen(only=["colapse"])
    with pytest.raises(InputError, match=r"--skip names 'zzz'.* There are triplet_versus"):
        registry.chosen(skip=["zzz"])
    with pytest.raises(InputError, match="leave no diagnostic"):
        registry.chosen(only=["collapse"], skip=["collapse"])
    among = list(registry.run(Geometry(planted("healthy")), among=["class_imbalance"]))
    assert [finding.code for finding in among] == ["class_imbalance"]


@pytest.mark.parametrize(
    "name", ["healthy_many_classes", "healthy_control", "healthy_split", "healthy_strangers"]
)
def test_a_set_with_only_good_news_can_be_trusted(name):
    """With and without splits, strangers and controls."""
    findings = [found(name, code) for code in registry.codes() if code != "projections"]
    findings.append(judged(space(name), "projections"))
    made = summarise(space(name), findings)
    assert re.match(
        r"The closed-set accuracy, [\d.]+ % \[.*\], can be trusted\. Of \d+ ", made.trust
    )
    lacking = [f.title for f in findings if f.verdict is Verdict.NOT_APPLICABLE]
    assert all(title in made.trust.partition("Not tested")[2] for title in lacking)
    assert {f.verdict for f in findings} == {Verdict.OK, Verdict.NOT_APPLICABLE}


def test_a_gap_that_may_be_more_than_the_tolerance_is_told_beside_the_trust():
    findings = [found("healthy", code) for code in (registry.first(), "collapse")]
    assert findings[0].verdict is Verdict.WATCH
    assert findings[0].harm.value < findings[0].tolerance < findings[0].harm.high
    trust = summarise(space("healthy"), findings).trust
    assert "can be trusted as far as this set can tell" in trust
    assert f"its gap of {findings[0].harm.text()} may be more than the tolerance" in trust
    # A gap above it is no good news.
    harm = findings[0].harm.model_copy(update={"value": 0.03, "high": 0.05})
    worse = findings[0].model_copy(update={"harm": harm})
    assert summarise(space("healthy"), [worse, *findings[1:]]).trust == ""
