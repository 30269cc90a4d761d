"""What does findings.json hold? The published record, and how it is written."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import JsonValue

from embedding_second_opinion.findings.claim import Claim
from embedding_second_opinion.findings.finding import Estimate, Finding, Verdict
from embedding_second_opinion.findings.record import Number, Record
from embedding_second_opinion.inputs.inputs import Believed

from .attribution.stages import Attribution
from .summary import Cause, PerClass, Subject, Summary


class PublishedFinding(Record):
    """A finding without its pictures, which are on the page."""

    code: str
    title: str
    question: str
    verdict: Verdict
    explanation: str
    estimates: Mapping[str, Estimate]
    harm: Estimate | None
    tolerance: Number | None
    p_value: Number | None
    headline: str
    meaning: str
    ignore_when: str
    remedy: str
    caveats: tuple[str, ...]
    source: str
    parameters: Mapping[str, JsonValue]
    fingerprint: str
    claims: tuple[Claim, ...] = ()


class Outcome(Record):
    """findings.json: everything the report says in numbers and sentences."""

    schema_version: Literal[1] = 1
    generator: Literal["second-opinion"] = "second-opinion"
    headline: str
    subject: Subject
    claimed: Believed | None
    metric: str
    seed: int
    in_use: tuple[Cause, ...] = ()
    in_training: tuple[Cause, ...] = ()
    causes: tuple[Cause, ...]
    remedies: tuple[Cause, ...] = ()
    attribution: Attribution | None = None
    per_class: PerClass | None = None
    trust: str = ""
    verdicts: Mapping[str, Verdict]
    findings: tuple[PublishedFinding, ...]
    notes: tuple[str, ...]
    parameters: Mapping[str, JsonValue]
    versions: Mapping[str, str]

    @classmethod
    def of(cls, summary: Summary, findings: tuple[Finding, ...]) -> Outcome:
        """The summary and the findings it is over, as they are published."""
        shared = {n: getattr(summary, n) for n in Summary.model_fields}
        for name in ("verdicts", "parameters", "versions"):
            shared[name] = _sorted(shared[name])
        return cls(findings=tuple(_published(finding) for finding in findings), **shared)

    def text(self) -> str:
        """The bytes of findings.json: the same for the same outcome, and free of NaN."""
        return json.dumps(self.plain(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def plain(self) -> dict[str, JsonValue]:
        """The same as nested dictionaries and lists."""
        data: dict[str, JsonValue] = self.model_dump(mode="json")
        return {key: _finite(each) for key, each in data.items()}


def _published(finding: Finding) -> PublishedFinding:
    told = {n: getattr(finding, n) for n in PublishedFinding.model_fields}
    for name in ("estimates", "parameters"):
        told[name] = _sorted(told[name])
    return PublishedFinding(**told)


def _sorted(value: Any) -> Any:
    """By name, as a notebook's file has them: a finding reads the same whichever way it came."""
    if isinstance(value, Mapping):
        return {key: _sorted(each) for key, each in sorted(value.items())}
    return [_sorted(each) for each in value] if isinstance(value, list) else value


def _finite(value: JsonValue) -> JsonValue:
    """Parameters may hold any JSON that Python writes, so also NaN: null, as JSON has it."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    return [_finite(each) for each in value] if isinstance(value, list) else value
