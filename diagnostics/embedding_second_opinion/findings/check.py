"""What does a diagnostic declare, and how does what it measured become a finding?

A diagnostic is a declaration and a measuring function::

    CHECK = Check(
        code="evenness",
        title="Evenness",
        question="Are all classes looked up equally often?",
        kind="cause",
        needs="embeddings and labels",
        because="two wrong answers in a hundred are what a user notices",
    )


    @CHECK
    def evenness(space, inputs=None, *, tolerance=0.02):
        if len(space.evaluation.classes) < 2:
            return NotApplicable("Needs two classes; there is one.")
        return Answer(harm=..., interval=..., estimates=..., explanation=..., meaning=...)

The function then gives a ``Finding``. Verdict, p-value, parameters and fingerprint are made here and nowhere
else; words that depend on the verdict are functions of it, and are asked when it stands.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, ParamSpec, Protocol

from pydantic import JsonValue

from .charts import AnyChart
from .claim import Claim
from .finding import Estimate, Finding, Verdict, judge

Kind = Literal["in use", "in training", "cause", "remedy"]
PLACES: Mapping[Kind, int] = {"in use": 10, "in training": 20, "cause": 30, "remedy": 40}

P = ParamSpec("P")
Words = str | Callable[[Verdict], str]


class Bounded(Protocol):
    """What the frame reads of an interval: stats.intervals.Interval, or one of your own."""

    @property
    def above(self) -> Callable[[float], float] | None:
        """p-value against "the truth is at most this"; None where there is none."""

    @property
    def unresolved(self) -> bool:
        """Only a bound at a limit: its p-value would say nothing."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a diagnostic measured, and what it says of it; words may be functions of the verdict.

    harm: positive is bad, in the unit of the tolerance; None where nothing could be judged. interval: that of
    the harm, for the p-value. parameters: what the run depended on beside its own arguments, the
    metric and the tolerance. The rest is as in ``Finding``.
    """

    harm: Estimate | None
    explanation: Words
    interval: Bounded | None = None
    estimates: Mapping[str, Estimate] = field(default_factory=dict)
    headline: Words = ""
    meaning: Words = ""
    ignore_when: str = ""
    remedy: Words = ""
    caveats: Sequence[str] = ()
    charts: Sequence[AnyChart] | Callable[[Verdict], Sequence[AnyChart]] = ()
    claims: Callable[[Verdict], Sequence[Claim]] | None = None
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True)
class NotApplicable:
    """The diagnostic lacks its input: which, in one sentence; and what was measured all the same."""

    explanation: str
    estimates: Mapping[str, Estimate] = field(default_factory=dict)
    meaning: str = ""
    remedy: str = ""
    caveats: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Check:
    """The declaration of a diagnostic, and the decorator that makes its measuring function one.

    code: the name of the function and of its folder. kind: what a user meets ("in use"), what training saw,
    a cause of what is lost, or a remedy. place: where in the order, the kind's own by default.
    needs: its input, for a list. because: why the tolerance of the signature is what it is.
    explains: letters of the steps of the waterfall whose loss it can explain. parts: by letter the estimate
    that concerns this step, where it is not the harm. states_gap: its harm is the gap that others explain.
    vectors: what distances alone do not give, where it needs the vectors. answers: whether it
    needs a query with a positive and a negative in the gallery.
    """

    code: str
    title: str
    question: str
    kind: Kind
    needs: str
    because: str
    source: str = ""
    explains: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)
    place: int = 0
    states_gap: bool = False
    vectors: str = ""
    answers: bool = False

    @property
    def order(self) -> int:
        """Place among all."""
        return self.place or PLACES[self.kind]

    def __call__(self, measure: Callable[P, Answer | NotApplicable]) -> Callable[P, Finding]:
        """The measuring function as a diagnostic, with its signature and its docstring."""
        signature = inspect.signature(measure)

        @functools.wraps(measure)
        def diagnostic(*args: P.args, **kwargs: P.kwargs) -> Finding:
            given = signature.bind(*args, **kwargs)
            given.apply_defaults()
            own = {k: v for k, v in given.arguments.items() if k not in ("space", "inputs")}
            space = given.arguments["space"]
            lacking = self._lacks(space)
            return self.finding(space, lacking or measure(*args, **kwargs), **own)

        default = signature.parameters["tolerance"].default
        text = inspect.cleandoc(measure.__doc__ or self.question)
        diagnostic.__doc__ = f"{text}\n\ntolerance: {default:g} by default; {self.because}."
        diagnostic.__dict__["check"] = self
        diagnostic.__signature__ = signature.replace(return_annotation=Finding)  # type: ignore[attr-defined]
        return diagnostic

    def finding(
        self, space: Any, answer: Answer | NotApplicable, tolerance: float, **own: JsonValue
    ) -> Finding:
        """The one place where a verdict is made of a measurement."""
        data = space.evaluation.data
        shared: dict[str, Any] = {
            "code": self.code,
            "title": self.title,
            "question": self.question,
            "estimates": answer.estimates,
            "caveats": tuple(answer.caveats),
        }
        if isinstance(answer, Answer) or answer.estimates:
            shared["source"] = self.source
            shared["parameters"] = {"tolerance": tolerance, **own, "metric": space.metric}
            shared["fingerprint"] = data.fingerprint if data else ""
        if isinstance(answer, NotApplicable):
            return Finding(
                verdict=Verdict.NOT_APPLICABLE,
                explanation=answer.explanation,
                meaning=answer.meaning,
                remedy=answer.remedy,
                **shared,
            )
        shared["parameters"] |= answer.parameters
        harm, sure = answer.harm, answer.interval
        above = None if sure is None or sure.unresolved else sure.above
        p_value = None if above is None else above(tolerance)
        verdict = Verdict.UNSURE if harm is None else judge(harm, tolerance, p_value)

        def said(words: Words) -> str:
            return words if isinstance(words, str) else words(verdict)

        return Finding(
            verdict=verdict,
            explanation=said(answer.explanation),
            headline=said(answer.headline),
            harm=harm,
            tolerance=None if harm is None else tolerance,
            p_value=p_value,
            meaning=said(answer.meaning),
            ignore_when=answer.ignore_when,
            remedy=said(answer.remedy),
            charts=tuple(answer.charts(verdict) if callable(answer.charts) else answer.charts),
            claims=tuple(answer.claims(verdict)) if answer.claims else (),
            **shared,
        )

    def _lacks(self, space: Any) -> NotApplicable | None:
        """What most diagnostics need, said in one way."""
        roles = space.evaluation
        if self.vectors and not space.has_vectors:
            return NotApplicable(f"Needs the vectors: {self.vectors}.")
        if self.answers and not len(roles.queries):
            return NotApplicable(
                f"The queries ({roles.query_name}) and the gallery ({roles.gallery_name}) share no class, so "
                "no query can be recognised. To judge the queries among themselves, name their split as "
                "the gallery too."
            )
        if self.answers and not len(space.ranks.anchors):
            return NotApplicable(
                "Needs a query with both a positive and a negative in the gallery; there is none."
            )
        return None
