"""What was found, how sure are we, and what does one do about it? Estimate, Finding, judge()."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pydantic import JsonValue

from . import illustrator
from .charts import AnyChart
from .claim import Claim
from .inert import code, inert, inert_plain
from .record import Number, Record
from .wording import one_line

LEVEL = 0.95  # of every interval
TAIL = (1 - LEVEL) / 2  # one side of it
# Two dozen diagnostics look at one set: each alarms only where its share of TAIL says so, or a flawless
# set would too often see one. About as many as are built in, and a constant: what else is run, or added,
# must not change a verdict. No more, or what 999 permutations show at most, 1 in 1,000, could not alarm.
LOOKS = 25

FINDING_MIME = "application/vnd.second-opinion.finding+json"


class Verdict(StrEnum):
    """The six answers a diagnostic can give, loudest first."""

    ALARM = "alarm"
    WATCH = "watch"
    UNSURE = "unsure"
    ERROR = "error"
    NOT_APPLICABLE = "not-applicable"
    OK = "ok"

    @property
    def loud(self) -> bool:
        """Whether a harm is surely there."""
        return self in (Verdict.ALARM, Verdict.WATCH)


class Estimate(Record):
    """A measured number with its interval.

    low, high: bounds of the interval at ``level``; both None where no interval can be given.
    unit: the statistical unit that the interval resamples or counts ("class", "query").
    quantity: what the value is a number of ("share", "accuracy points", "distance").
    about: which queries were looked up in which gallery, with counts.
    method: how the interval was made, or why there is none. why_none: that reason alone.
    conditional_on: what the interval takes as fixed ("the threshold"). context: told for comparison, with no
    part in the verdict.
    unresolved: the value is at its ceiling or floor; the interval is a bound by the rule of three.
    """

    value: Number
    low: Number | None = None
    high: Number | None = None
    level: Number = 0.95
    unit: str = "class"
    quantity: str = "share"
    about: str = ""
    method: str = ""
    unresolved: bool = False
    why_none: str = ""
    conditional_on: str = ""
    context: bool = False

    def text(self, digits: int = 1) -> str:
        """As a person reads it: "98.9 % [98.1, 99.4]"."""
        sign = {"share": " %", "accuracy points": " points"}.get(self.quantity)

        def number(value: float) -> str:
            # A share has its digits behind the point; a rank of 38.2 or a cosine of 0.0421 has three.
            # Counts in the thousands are read as counts, not as powers of ten.
            plain = f"{value:.3g}" if abs(value) < 999.5 else f"{value:,.0f}"
            plain = f"{value:z.3f}" if "e-" in plain else plain
            return plain if sign is None else f"{100 * value:z.{digits}f}"  # z: no minus zero

        head = f"{number(self.value)}{sign or ''}"
        if self.low is None or self.high is None:
            return head
        return f"{head} [{number(self.low)}, {number(self.high)}]"

    def __repr__(self) -> str:
        return f"Estimate({self.text()}, per {self.unit})"


def judge(harm: Estimate, tolerance: float, p_value: float | None = None) -> Verdict:
    """The one verdict rule: the interval of a harm against the harm a user would tolerate.

    ``harm`` and ``tolerance`` are in the same unit; positive is bad. Without an interval: unsure.
    p_value: of one look among ``LOOKS``; what would alarm alone and is not that sure is to be watched.
    """
    if harm.low is None or harm.high is None:
        return Verdict.UNSURE
    if harm.low > tolerance:
        sure = p_value is None or p_value <= TAIL / LOOKS
        return Verdict.ALARM if sure else Verdict.WATCH
    if harm.high <= tolerance:
        return Verdict.OK
    return Verdict.WATCH if harm.low > 0 else Verdict.UNSURE


class Finding(Record):
    """One diagnostic's answer. It shows itself in a notebook and carries its own JSON.

    Parameters
    ----------
    code, title, question : str
        Which diagnostic, and what it asks.
    verdict : Verdict
        "alarm", "watch", "unsure", "error", "not-applicable" or "ok".
    explanation : str
        One sentence with the numbers.
    estimates : mapping from str to Estimate
        Every number by its name, with its interval (value, low, high, level, unit).
    harm, tolerance : Estimate; float, in the same unit
        What the verdict was judged on; both None where nothing was judged.
    p_value : float
        Chance of a harm this large if the true harm were the tolerance; None where unknown.
    headline, meaning, ignore_when, remedy, caveats, source : str
        What it implies for the user, when it can be disregarded, how to fix it, and where it is from.
    charts : tuple
        Its figures, as data.
    parameters, fingerprint
        What it was run with, and on which vectors.
    claims : tuple of Claim
        What it asserts about the accuracy in use.

    Examples
    --------
    >>> import embedding_second_opinion as so
    >>> so.Finding(code="mine", title="Mine", question="?", verdict="ok", explanation="Nothing is lost.")
    Finding(mine: ok) Nothing is lost.
    """

    code: str
    title: str
    question: str
    verdict: Verdict
    explanation: str
    estimates: Mapping[str, Estimate] = {}
    harm: Estimate | None = None
    tolerance: Number | None = None
    p_value: Number | None = None
    headline: str = ""  # the sentence for the top of the page, from diagnostics that earn one
    meaning: str = ""
    ignore_when: str = ""
    remedy: str = ""
    caveats: tuple[str, ...] = ()
    charts: tuple[AnyChart, ...] = ()
    source: str = ""
    parameters: Mapping[str, JsonValue] = {}
    fingerprint: str = ""
    claims: tuple[Claim, ...] = ()

    def __repr__(self) -> str:
        """One line: what stands in a traceback, a debugger and a log."""
        return one_line(f"Finding({self.code}: {self.verdict}) {self.explanation}")

    @property
    def exceeds(self) -> bool:
        """Whether the harm is above its tolerance by its own interval."""
        low = None if self.harm is None else self.harm.low
        return low is not None and self.tolerance is not None and low > self.tolerance

    @property
    def invalidates(self) -> bool:
        """Whether it says that the accuracy in use is not what it seems."""
        return self.exceeds and any(claim.kind == "invalidates" for claim in self.claims)

    def markdown(self) -> str:
        """The finding in words, for a notebook or a terminal."""
        lines = [f"### {inert(self.title)}", ""]
        lines += [f"**{self.verdict}** · {inert(self.explanation)}", ""]
        if self.estimates:
            lines += ["| number | value [95 % interval] | about |", "|---|---|---|"]
            lines += [
                f"| {code(name)} | {e.text()} | {inert(e.about)} |"
                for name, e in self.estimates.items()
            ]
            lines.append("")
        for word, text in (
            ("What it means", self.meaning),
            ("When to ignore it", self.ignore_when),
            ("How to fix it", self.remedy),
            ("Source", self.source),
        ):
            if text:
                lines += [f"**{word}.** {inert(text)}", ""]
        lines += [f"- {inert(caveat)}" for caveat in self.caveats]
        return "\n".join(lines).rstrip()

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> dict[str, object]:
        """Markdown and the vendor JSON in one output (IPython's display protocol)."""
        return {
            "text/markdown": self.markdown(),
            "text/plain": inert_plain(f"{self.title}: {self.verdict}"),
            FINDING_MIME: self.model_dump(mode="json"),
        }

    def _ipython_display_(self) -> None:
        """The same, and the figures below it."""
        show(self._repr_mimebundle_(), self.charts, self.code, self.title)


def show(bundle: dict[str, object], charts: tuple[AnyChart, ...], name: str, title: str) -> None:
    """Display a record and, as a second output, its figures: a viewer shows one form of each output.

    The figures' own words stand beside them, for viewers that show no SVG until a notebook is trusted.
    """
    from IPython.display import display

    display(bundle, raw=True)
    drawn = illustrator.draw(charts, name, title) if charts and illustrator.draw else ""
    if drawn:
        words = [f"{chart.title}: {chart.alt}" for chart in charts]
        display({"image/svg+xml": drawn, "text/plain": inert_plain("\n".join(words))}, raw=True)
