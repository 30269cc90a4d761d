"""How does the report read? Summary, findings and additions -> one self-contained HTML page."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from pydantic import JsonValue

from embedding_second_opinion.catalogue import registry
from embedding_second_opinion.findings.charts import Points
from embedding_second_opinion.findings.finding import Estimate, Finding, Verdict
from embedding_second_opinion.story.attribution.stages import Step
from embedding_second_opinion.story.summary import Summary

from .collect import Collected
from .parameters import papermill_command, report_command
from .pictures import Picture, interval, picture
from .point_map import PointMap, point_map
from .sanitize import on_page

COMPARISON = "comparison"  # the code of the finding that a comparison's page is about
TEMPLATES = Path(__file__).with_name("templates")
# In this order: each uses those before it.
MAP_SCRIPTS = ("map_data.js", "map_picture.js", "map.js")

# Word and sign of each verdict: never colour alone.
BADGES = {
    Verdict.ALARM: ("Alarm", "▲"),
    Verdict.WATCH: ("Watch", "◆"),
    Verdict.UNSURE: ("Unsure", "?"),
    Verdict.ERROR: ("Could not run", "!"),
    Verdict.NOT_APPLICABLE: ("Not applicable", "–"),
    Verdict.OK: ("OK", "✓"),
}
LOUD = (Verdict.ALARM, Verdict.WATCH, Verdict.UNSURE)
UNABLE = (Verdict.ERROR, Verdict.NOT_APPLICABLE)
# The numbers at a glance: name of the estimate, title, the question it answers, and its colour,
# which is that of the same number in the charts.
GLANCE = (
    ("triplet_accuracy", "Triplet accuracy", "Is the right one nearer than a wrong one?", "second"),
    ("closed_set_accuracy", "Closed-set accuracy", "Is the nearest of all the right one?", "main"),
    ("closed_set_accuracy_macro", "Closed-set, mean over classes", "All classes alike.", ""),
    ("strangers_accepted_at_95", "Strangers accepted", "Where 95 % of the known are let in.", ""),
)


@dataclass(frozen=True)
class Number:
    """One number at a glance."""

    title: str
    question: str
    value: str
    interval: str
    about: str
    line: Markup
    role: str


@dataclass(frozen=True)
class Section:
    """A finding as the template sees it."""

    finding: Finding
    anchor: str
    harm: str
    harm_line: Markup
    pictures: tuple[Picture, ...]
    maps: tuple[PointMap, ...]
    additions: tuple[Markup, ...]


def render(collected: Collected, summary: Summary, *, notebook: str | None) -> str:
    """The page. It makes no request, ever, and the same input gives the same bytes.

    notebook: its file name, for the command that repeats the run; None where there is none, since
    the findings were made from Python. The page says nothing of the
    folder it lies in, so that it is the same to the byte wherever it is written.
    """
    lead = _main_curve(collected.findings)
    sections = [
        _section(finding, number, summary, collected, lead[0] if lead else None)
        for number, finding in enumerate(collected.findings, start=1)
    ]
    order = list(Verdict)
    # Loudest first; what happens in use and in training comes before the causes of its verdict.
    listed = (*summary.in_use, *summary.in_training, *summary.causes, *summary.remedies)
    rank = {each.code: i for i, each in enumerate(listed)}
    sections.sort(key=lambda s: (order.index(s.finding.verdict), rank.get(s.finding.code, -1)))
    names = ["page.js", *(MAP_SCRIPTS if any(section.maps for section in sections) else [])]
    scripts = [(TEMPLATES / name).read_text("utf-8") for name in names]
    numbers = _numbers(summary, collected.findings)
    shared, numbers = _said_once(numbers)
    known = {finding.code for finding in collected.findings}
    # A comparison is what its page is about, whatever it says.
    loud = [s for s in sections if s.finding.verdict in LOUD or s.finding.code == COMPARISON]
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            summary=summary,
            scripts=[Markup(script) for script in scripts],
            style=Markup((TEMPLATES / "page.css").read_text("utf-8")),
            script_hashes=[_sha256(script) for script in scripts],
            numbers=numbers,
            measured=f"Measured on {shared or _bare(summary.subject.about)}.",
            causes=[cause for cause in summary.causes if cause.verdict in LOUD],
            in_use=[each for each in summary.in_use if each.verdict not in UNABLE],
            in_training=[each for each in summary.in_training if each.verdict not in UNABLE],
            helps=[each for each in summary.remedies if each.verdict not in UNABLE],
            differs=summary.verdicts.get(registry.first(), Verdict.OK).loud,
            lead=lead[1] if lead else None,
            way=_way(summary),
            lead_anchor=next((s.anchor for s in sections if lead and s.finding is lead[0]), ""),
            badges=BADGES,
            compared=COMPARISON in known,
            anchors={section.finding.code: section.anchor for section in sections},
            loud=loud,
            mapped=[section for section in sections if section.maps],
            passed=[s for s in sections if s.finding.verdict is Verdict.OK and s not in loud],
            unable=[s for s in sections if s.finding.verdict in UNABLE],
            failures=collected.failures,
            additions=[on_page(each, 3) for each in collected.additions if each.after not in known],
            report_command=report_command(collected.parameters) if notebook else "",
            papermill_command=papermill_command(collected.parameters, notebook) if notebook else "",
            notebook=notebook,
            parameters=_texts(collected.parameters or summary.parameters),
        )
    )


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["unbroken"] = _unbroken
    environment.filters["breakable"] = _breakable
    return environment


def _sha256(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")


def _main_curve(findings: Sequence[Finding]) -> tuple[Finding, Picture] | None:
    """The first curve of the first finding that has one: it stands on the first screen."""
    for finding in findings:
        for chart in finding.charts:
            if chart.kind == "curve":
                return finding, picture(chart, "lead")
    return None


def _way(summary: Summary) -> tuple[Picture, Picture, tuple[Step, ...]] | None:
    """The waterfall, the same in all orders, and the steps that have something to say."""
    found = summary.attribution
    if found is None or not found.steps:
        return None
    said = tuple(step for step in found.steps if step.because)
    return picture(found.chart(), "way"), picture(found.table(), "orders"), said


def _section(
    finding: Finding, number: int, summary: Summary, collected: Collected, lead: Finding | None
) -> Section:
    charts = list(finding.charts)
    if finding is lead:  # its first curve is at the top of the page already
        charts.remove(next(chart for chart in charts if chart.kind == "curve"))
    harm, line = "", Markup()
    if finding.harm is not None and finding.tolerance is not None:
        tolerated = Estimate(value=finding.tolerance, quantity=finding.harm.quantity).text()
        harm = f"{finding.harm.text()}; tolerated: {tolerated}"
        line = interval(finding.harm, mark=finding.tolerance)
    return Section(
        finding=finding,
        anchor=f"finding-{number}",
        harm=harm,
        harm_line=line,
        pictures=tuple(
            picture(chart, f"f{number}c{i}")
            for i, chart in enumerate(charts)
            if not isinstance(chart, Points)
        ),
        maps=tuple(
            point_map(chart, f"f{number}map{i}")
            for i, chart in enumerate(charts)
            if isinstance(chart, Points) and chart.panels
        ),
        additions=tuple(on_page(a, 4) for a in collected.additions if a.after == finding.code),
    )


def _numbers(summary: Summary, findings: Sequence[Finding]) -> list[Number]:
    estimates: dict[str, Estimate] = {}
    for finding in reversed(findings):
        estimates.update(finding.estimates)
    numbers: list[Number] = []
    if summary.claimed is not None:
        claimed = Estimate(value=summary.claimed.value)
        title = f"Claimed {summary.claimed.metric} accuracy"
        numbers.append(_number(title, "What the log said.", claimed, "", "context"))
    for name, title, question, role in GLANCE:
        if name in estimates:
            # Who the strangers are stands in their own sentence below.
            about = "" if name == "strangers_accepted_at_95" else estimates[name].about
            numbers.append(_number(title, question, estimates[name], about, role))
    return numbers


def _said_once(numbers: list[Number]) -> tuple[str, list[Number]]:
    """What all measured numbers are about, where it is the same: said below them, not in each."""
    abouts = {number.about for number in numbers if number.about}
    if len(abouts) != 1:
        return "", numbers
    return _bare(abouts.pop()), [replace(number, about="") for number in numbers]


def _number(title: str, question: str, estimate: Estimate, about: str, role: str) -> Number:
    head, _, bounds = estimate.text().partition(" [")
    words = ""
    if bounds:
        low, high = bounds.removesuffix("]").split(", ")
        words = f"{100 * estimate.level:.4g} % interval: {low} to {high} %"
    return Number(title, question, head, words, about, interval(estimate), role)


def _bare(sentence: str) -> str:
    return sentence.strip().rstrip(".")


def _unbroken(text: str) -> Markup:
    """No line ends between a number and its unit."""
    parts = re.split(r"(\d[\d.,]* (?:%|points))", text)
    return Markup().join(
        Markup('<span class="unbroken">{}</span>').format(part) if i % 2 else part
        for i, part in enumerate(parts)
    )


def _breakable(text: str) -> Markup:
    """Lines may end after the signs that names are built with: Latin/character_06."""
    return Markup("<wbr>").join(re.split(r"(?<=[/_.-])(?=[^\W\d])", text))


def _texts(values: Mapping[str, JsonValue]) -> list[tuple[str, str]]:
    def text(value: JsonValue) -> str:
        if value is None or value == "" or value == []:
            return "not given"
        return ", ".join(map(str, value)) if isinstance(value, list) else str(value)

    return [(name, text(value)) for name, value in values.items()]
