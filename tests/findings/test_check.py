"""The frame: a declaration and a measuring function make a diagnostic, whoever wrote them."""

from __future__ import annotations

import inspect
from dataclasses import dataclass

import numpy as np
import pytest

from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.findings.check import Answer, Check, NotApplicable
from embedding_second_opinion.findings.finding import LOOKS, TAIL, Estimate, Finding, Verdict
from embedding_second_opinion.geometry.geometry import Geometry

DECLARED = Check(
    code="evenness",
    title="Evenness",
    question="Are classes looked up equally often?",
    kind="cause",
    needs="labels",
    because="a tenth is what a user notices",
    source="Nobody, 2026.",
)
HARM = Estimate(value=0.3, low=0.2, high=0.4)


@dataclass(frozen=True)
class Sure:
    p: float
    unresolved: bool = False

    def above(self, x: float) -> float:
        return self.p


def space(labels=(0, 0, 1, 1), **roles):
    vectors = np.arange(2.0 * len(labels)).reshape(-1, 2)
    return Geometry(arrange(EmbeddingSet.from_arrays(vectors, list(labels)), **roles))


def made(answer, declared=DECLARED):
    @declared
    def evenness(space, inputs=None, *, tolerance=0.1, power=2):
        """Count.

        And judge.
        """
        return answer

    return evenness


def test_the_frame_judges_and_says_what_was_run():
    found = made(
        Answer(
            harm=HARM,
            interval=Sure(1e-6),
            explanation="So it is.",
            meaning=lambda verdict: f"It is {verdict}.",
            parameters={"seed": 3},
        )
    )(space(), power=3)
    assert isinstance(found, Finding)
    assert (found.code, found.source, found.verdict) == ("evenness", "Nobody, 2026.", Verdict.ALARM)
    assert (found.tolerance, found.p_value, found.meaning) == (0.1, 1e-6, "It is alarm.")
    assert found.parameters == {"tolerance": 0.1, "power": 3, "metric": "euclidean", "seed": 3}
    assert found.fingerprint == space().evaluation.data.fingerprint


@pytest.mark.parametrize(
    ("interval", "verdict", "p_value"),
    [
        (None, Verdict.ALARM, None),
        (Sure(0.9, unresolved=True), Verdict.ALARM, None),  # a bound at a limit has no p-value
        (Sure(TAIL / LOOKS), Verdict.ALARM, TAIL / LOOKS),
        (Sure(2 * TAIL / LOOKS), Verdict.WATCH, 2 * TAIL / LOOKS),
    ],
)
def test_one_rule_for_the_p_value(interval, verdict, p_value):
    found = made(Answer(harm=HARM, interval=interval, explanation="So."))(space())
    assert found.verdict is verdict
    assert found.p_value == pytest.approx(p_value)


def test_what_was_not_judged_is_unsure_and_what_lacks_its_input_not_applicable():
    unjudged = made(Answer(harm=None, explanation="So."))(space())
    assert (unjudged.verdict, unjudged.tolerance) == (Verdict.UNSURE, None)
    lacking = made(NotApplicable("Needs more."))(space())
    assert (lacking.verdict, lacking.explanation) == (Verdict.NOT_APPLICABLE, "Needs more.")
    assert not lacking.parameters
    beside = made(NotApplicable("Needs more.", estimates={"share": HARM}))(space())
    assert beside.fingerprint
    assert set(beside.estimates) == {"share"}


def test_a_diagnostic_keeps_its_signature_and_its_docstring():
    found = made(NotApplicable("Needs more."))
    parameters = inspect.signature(found).parameters
    assert list(parameters) == ["space", "inputs", "tolerance", "power"]
    assert found.__doc__ == (
        "Count.\n\nAnd judge.\n\ntolerance: 0.1 by default; a tenth is what a user notices."
    )
    assert found.check is DECLARED


def test_what_most_need_is_asked_for_in_one_place():
    declared = Check(
        code="evenness", title="E", question="E?", kind="cause", needs="", because="so",
        vectors="distances say nothing", answers=True,
    )  # fmt: skip
    check = made(Answer(harm=HARM, explanation="So."), declared)
    assert check(space()).verdict is Verdict.ALARM
    rows, split = np.eye(6), ["a", "a", "a", "a", "b", "b"]
    apart = EmbeddingSet.from_arrays(rows, [0, 0, 1, 1, 2, 2], split=split)
    roles = arrange(apart, gallery_split="a", query_split="b")
    assert "share no class" in check(Geometry(roles)).explanation
    distances = Geometry.from_distances(1 - np.eye(4), ["a", "a", "b", "b"])
    assert check(distances).explanation == "Needs the vectors: distances say nothing."
