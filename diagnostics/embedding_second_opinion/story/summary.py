"""What is the answer in one sentence, and which findings carry it?"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib import metadata

from pydantic import JsonValue

from embedding_second_opinion.catalogue import registry
from embedding_second_opinion.data.roles import Evaluation
from embedding_second_opinion.findings.check import Kind
from embedding_second_opinion.findings.finding import Finding, Verdict, show
from embedding_second_opinion.findings.inert import inert, inert_plain
from embedding_second_opinion.findings.record import Number, Record
from embedding_second_opinion.findings.wording import number, one_line
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Believed, Inputs

from .attribution.attribute import attribute
from .attribution.cells import by_class
from .attribution.explained import explained
from .attribution.stages import Attribution

SUMMARY_MIME = "application/vnd.second-opinion.summary+json"
LIBRARIES = ("numpy", "scipy", "numba", "scikit-learn", "torch", "umap-learn")


class Subject(Record):
    """What was judged: rows, dimensions, classes, a fingerprint of the content, and in which roles."""

    name: str
    n: int
    d: int
    classes: int
    fingerprint: str
    about: str

    @classmethod
    def of(cls, evaluation: Evaluation, name: str = "") -> Subject:
        """What was arranged; name: where it is not the set's own."""
        data = evaluation.data
        return cls(
            name=name or evaluation.name,
            n=len(evaluation.codes),
            d=data.d if data is not None else 0,
            classes=len(evaluation.classes),
            fingerprint=data.fingerprint if data is not None else "",
            about=evaluation.about(),
        )


class Cause(Record):
    """A finding that may explain the gap. loudness: lower bound of the harm over its tolerance."""

    code: str
    title: str
    verdict: Verdict
    sentence: str
    loudness: Number | None = None

    @classmethod
    def of(cls, f: Finding) -> Cause:
        """The finding, shortened to a line."""
        loudness = _loudness(f)
        return cls(
            code=f.code, title=f.title, verdict=f.verdict, sentence=f.explanation, loudness=loudness
        )


class PerClass(Record):
    """Sums by class, which a later paired comparison of two reports needs; as many as ``classes``.

    anchors: queries of each class that were ranked. closed: those of them whose nearest row is right.
    triplets: their summed shares of triplets in the right order, against the gallery.
    """

    classes: tuple[str, ...]
    anchors: tuple[int, ...]
    closed: tuple[Number, ...]
    triplets: tuple[Number, ...]


class Summary(Record):
    """The page's first screen. ``verdicts`` are those of the findings."""

    headline: str
    subject: Subject
    claimed: Believed | None = None
    in_use: tuple[Cause, ...] = ()  # what a user meets besides the headline
    in_training: tuple[Cause, ...] = ()  # what training saw
    causes: tuple[Cause, ...] = ()
    remedies: tuple[Cause, ...] = ()  # what helps
    attribution: Attribution | None = None  # from the number believed to the accuracy in use
    per_class: PerClass | None = None
    trust: str = ""  # whether the number can be trusted, where nothing loud speaks against it
    verdicts: Mapping[str, Verdict] = {}
    notes: tuple[str, ...] = ()
    parameters: Mapping[str, JsonValue] = {}
    versions: Mapping[str, str] = {}
    metric: str = "euclidean"
    seed: int = 0

    def __repr__(self) -> str:
        return one_line(f"Summary({self.subject.name}) {self.headline}")

    def markdown(self) -> str:
        """The summary in words, for a notebook or a terminal."""
        about = f"{self.subject.name}: {self.subject.about}."
        lines = [f"## {inert(self.headline)}", "", inert(about), ""]
        lines += [inert(self.trust), ""] if self.trust else []
        kinds = (
            ("In use", self.in_use),
            ("In training", self.in_training),
            ("Causes", self.causes),
            ("What helps", self.remedies),
        )
        if self.attribution is not None:
            lines += [self.attribution.markdown(), ""]
        for title, listed in kinds:
            lines += ["", f"**{title}**", ""] if listed else []
            lines += [
                f"- **{each.verdict}** · {inert(f'{each.title}: {each.sentence}')}"
                for each in listed
            ]
        return "\n".join(lines).rstrip()

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> dict[str, object]:
        """Markdown and the vendor JSON in one output (IPython's display protocol)."""
        return {
            "text/markdown": self.markdown(),
            "text/plain": inert_plain(self.headline),
            SUMMARY_MIME: self.model_dump(mode="json"),
        }

    def _ipython_display_(self) -> None:
        """The same, and the waterfall below it."""
        charts = () if self.attribution is None else (self.attribution.chart(),)
        show(self._repr_mimebundle_(), charts, "summary", self.headline)


def summarise(
    space: Geometry,
    findings: Sequence[Finding],
    inputs: Inputs | None = None,
    parameters: Mapping[str, JsonValue] | None = None,
) -> Summary:
    """Rank the findings and choose the headline."""
    evaluation = space.evaluation
    first = next((f for f in findings if f.code == registry.first()), None)
    ranked = sorted(findings, key=_loudest_first)

    def listed(kind: Kind) -> tuple[Cause, ...]:
        of = [f for f in ranked if f is not first and registry.kind(f.code) == kind]
        return tuple(map(Cause.of, of))

    way = attribute(space, findings, inputs) if first is not None else None
    notes = (*evaluation.notes, *(inputs.notes if inputs else ()), *registry.refused())
    return Summary(
        headline=_headline(findings, first),
        subject=Subject.of(evaluation),
        claimed=inputs.claim if inputs else None,
        in_use=listed("in use"),
        in_training=listed("in training"),
        causes=listed("cause"),
        remedies=listed("remedy"),
        per_class=_per_class(space) if way is not None else None,
        attribution=way and explained(way, ranked, registry.explains(), registry.parts()),
        trust=_trust(findings, first),
        verdicts={f.code: f.verdict for f in findings},
        notes=tuple(dict.fromkeys(notes)),
        parameters=parameters or {},
        versions=versions(),
        metric=space.metric,
        seed=space.seed,
    )


def _per_class(space: Geometry) -> PerClass:
    ranks = space.ranks
    anchors, closed = by_class(ranks, every=True, against_all=True)
    _, triplets = by_class(ranks, every=False, against_all=False)
    names = [space.evaluation.classes[i] for i in ranks.class_ids.tolist()]
    return PerClass.model_validate(
        {"classes": names, "anchors": anchors.tolist(), "closed": closed, "triplets": triplets},
        strict=False,
    )


def versions() -> dict[str, str]:
    """Versions of what the numbers depend on."""
    found = {name: metadata.version(name).split("+")[0] for name in LIBRARIES}
    return {"python": ".".join(platform.python_version_tuple()[:2]), **found}


def _trust(findings: Sequence[Finding], first: Finding | None) -> str:
    """Good news is news: said only where the gap was judged and is none, and nothing alarms.

    It names the number and what was not tested: a promise must not be wider than the measurement.
    A gap that is within the tolerance, though its upper bound is not, is told beside it.
    """
    # That a fix could gain something does not make the number less true.
    findings = [f for f in findings if registry.kind(f.code) != "remedy"]
    unable = (Verdict.NOT_APPLICABLE, Verdict.ERROR)
    judged = [f.verdict for f in findings if f.verdict not in unable]
    unsure = judged.count(Verdict.UNSURE)
    if first is None or any(f.verdict.loud for f in findings if f is not first):
        return ""
    small = first.verdict is Verdict.WATCH and _within(first)
    if first.verdict is not Verdict.OK and not small:
        return ""
    closed = first.estimates.get("closed_set_accuracy")
    subject = "The number" if closed is None else f"The closed-set accuracy, {closed.text()},"
    limit = " as far as this set can tell" if unsure or small else ""
    checked = [f"Of {number(len(judged), 'diagnostic')} that could be run, none speaks against it"]
    if small and first.harm:
        checked.append(f"its gap of {first.harm.text()} may be more than the tolerance")
    if unsure:
        checked.append(f"{unsure} cannot tell")
    text = f"{subject} can be trusted{limit}. {'; '.join(checked)}."
    lacking = "; ".join(f.title for f in findings if f.verdict is Verdict.NOT_APPLICABLE)
    return f"{text} Not tested, for want of input: {lacking}." if lacking else text


def _within(finding: Finding) -> bool:
    """Whether the harm itself, if not its upper bound, is within the tolerance."""
    harm, tolerance = finding.harm, finding.tolerance
    return harm is not None and tolerance is not None and harm.value <= tolerance


def _headline(findings: Sequence[Finding], first: Finding | None) -> str:
    """The gap, as its diagnostic says it; where the accuracy is not what it seems, that and nothing else."""
    for finding in findings:
        if finding.invalidates:
            return finding.headline or finding.explanation
    if first is not None:
        return first.headline or first.explanation
    if findings:  # the first diagnostic was not asked for
        return min(findings, key=_loudest_first).explanation
    return "No diagnostic could say what the accuracy measures."


def _loudest_first(finding: Finding) -> tuple[int, float, str]:
    return list(Verdict).index(finding.verdict), -(_loudness(finding) or 0.0), finding.code


def _loudness(finding: Finding) -> float | None:
    if finding.harm is None or finding.harm.low is None or not finding.tolerance:
        return None
    return finding.harm.low / finding.tolerance
