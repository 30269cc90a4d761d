"""What came of it? The answer in one sentence, every finding by its code, tables, JSON and the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import JsonValue

from embedding_second_opinion.catalogue import registry
from embedding_second_opinion.data.embeddings import InputError
from embedding_second_opinion.data.python_terms import in_python_terms
from embedding_second_opinion.findings.finding import Finding, Verdict
from embedding_second_opinion.findings.inert import inert_html
from embedding_second_opinion.findings.wording import number, one_line
from embedding_second_opinion.geometry.geometry import Geometry

from .published import Outcome
from .summary import Summary

if TYPE_CHECKING:
    import pandas as pd

PUBLISHERS = "embedding_second_opinion.publishers"  # the group of entry points
LOUD = (Verdict.ALARM, Verdict.WATCH, Verdict.ERROR)


@dataclass(frozen=True, eq=False, repr=False)
class Result(Mapping[str, Finding]):
    """The second opinion on one set: a mapping from the code of a diagnostic to its finding.

    Made by ``so.diagnose``; frozen.

    Parameters
    ----------
    summary : Summary
        The first screen of the page: headline, causes in their order, the way from the number that was
        believed to the accuracy in use, and every verdict.
    findings : tuple of Finding
        One for each diagnostic that was run, in the order of the catalogue.
    space : Geometry
        What was judged, for further questions: ``so.checks.hubness(result.space)``.

    Examples
    --------
    >>> import embedding_second_opinion as so
    >>> result = so.diagnose("sample:planted:look_alikes", only=["cluster_proximity", "hubness"])
    >>> result["hubness"].verdict.value
    'ok'
    >>> sorted(result)
    ['cluster_proximity', 'hubness']
    >>> result.to_frame()[["code", "verdict"]].values.tolist()
    [['cluster_proximity', 'alarm'], ['hubness', 'ok']]
    """

    summary: Summary
    findings: tuple[Finding, ...]
    space: Geometry

    @property
    def verdicts(self) -> dict[str, str]:
        """The verdict of each diagnostic by its code, as on the page: corrected for their number."""
        return {f.code: self._verdict(f).value for f in self.findings}

    def __getitem__(self, code: str) -> Finding:
        for finding in self.findings:
            if finding.code == code:
                return finding
        near = get_close_matches(str(code), list(self), n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(self)}."
        raise KeyError(f"no finding is called {code!r}; {hint}")

    def __iter__(self) -> Iterator[str]:
        return (finding.code for finding in self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def __repr__(self) -> str:
        return one_line(f"{self.summary.headline} {self._counts()}", longest=600)

    def to_frame(self, rows: Literal["findings", "estimates"] = "findings") -> pd.DataFrame:
        """The findings, or every number of theirs, as a table.

        Parameters
        ----------
        rows : {"findings", "estimates"}
            One row a finding, loudest first: code, title, kind, verdict, harm with its bounds (low,
            high) and what it is a number of (quantity), tolerance in the same unit, p_value,
            explanation and remedy. Or one row a number: code, name, value, low, high, level, unit,
            quantity, about, method.

        Returns
        -------
        pandas.DataFrame
            Shares are from 0 to 1; NaN where a finding has no such number.

        Raises
        ------
        InputError
            For any other ``rows``.
        """
        import pandas as pd

        if rows == "findings":
            listed = [self._row(f) for f in self._loudest_first()]
            return pd.DataFrame(listed, columns=[*_OF_FINDING])
        if rows == "estimates":
            numbers = [(f.code, name, e) for f in self.findings for name, e in f.estimates.items()]
            told = [(c, n, *(getattr(e, each) for each in _OF_ESTIMATE)) for c, n, e in numbers]
            return pd.DataFrame(told, columns=["code", "name", *_OF_ESTIMATE])
        raise InputError(f"rows must be 'findings' or 'estimates'; it is {rows!r}.")

    def to_dict(self) -> dict[str, JsonValue]:
        """The same as ``findings.json`` of a report, as dictionaries and lists; never NaN."""
        return Outcome.of(self.summary, self.findings).plain()

    def to_json(self) -> str:
        """The text of ``findings.json`` of a report; the same for the same result."""
        return Outcome.of(self.summary, self.findings).text()

    def report(self, out: str | Path = "report") -> Path:
        """Write the page and ``findings.json`` of these findings, whole or not at all.

        Parameters
        ----------
        out : str or Path
            A new folder, or one that a report made before: it is replaced.

        Returns
        -------
        Path
            Of ``report.html`` in it: one file, which works offline.

        Raises
        ------
        InputError
            For a folder that no report made, or that cannot be written; it is left as it is.
        """
        with in_python_terms():
            return Path(_page_writer()(out, self.summary, self.findings))

    def markdown(self) -> str:
        """The answer in words; names from the data are text in it."""
        return self.summary.markdown()

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def _repr_html_(self) -> str:
        loud = [f for f in self._loudest_first() if self._verdict(f) in LOUD]
        rows = "".join(
            f"<tr><td>{self._verdict(f).value}</td><td><code>{inert_html(f.code)}</code></td>"
            f'<td style="text-align:left">{inert_html(f.explanation)}</td></tr>'
            for f in loud
        )
        subject = f"{self.summary.subject.name}: {self.summary.subject.about}."
        return (
            f"<p><strong>{inert_html(self.summary.headline)}</strong></p>"
            f"<p>{inert_html(subject)} {inert_html(self._counts())}</p>"
            + (f"<table><tbody>{rows}</tbody></table>" if rows else "")
        )

    def _verdict(self, finding: Finding) -> Verdict:
        return self.summary.verdicts.get(finding.code, finding.verdict)

    def _counts(self) -> str:
        """As in "2 diagnostics: 1 alarm, 1 unsure"."""
        counted = Counter(self._verdict(f) for f in self.findings)
        told = ", ".join(f"{counted[v]} {v.value}" for v in Verdict if counted[v])
        return f"{number(len(self.findings), 'diagnostic')}: {told}."

    def _loudest_first(self) -> list[Finding]:
        return sorted(self.findings, key=lambda f: list(Verdict).index(self._verdict(f)))

    def _row(self, finding: Finding) -> dict[str, object]:
        row = {name: getattr(finding, name, None) for name in _OF_FINDING}
        row |= {name: getattr(finding.harm, name, None) for name in ("low", "high", "quantity")}
        row["harm"] = finding.harm.value if finding.harm else None
        kind, verdict = registry.kind(finding.code), self._verdict(finding).value
        return row | {"kind": kind, "verdict": verdict}


_OF_FINDING = (
    "code", "title", "kind", "verdict", "harm", "low", "high", "quantity", "tolerance", "p_value",
    "explanation", "remedy",
)  # fmt: skip
_OF_ESTIMATE = ("value", "low", "high", "level", "unit", "quantity", "about", "method")


def _page_writer() -> Callable[..., Any]:
    """The publisher is named by its entry point, not imported: the library knows no HTML page."""
    found = metadata.entry_points(group=PUBLISHERS, name="page")
    if not found:
        raise InputError(
            "the part that writes pages is not installed; pip install embedding-second-opinion."
        )
    writer: Callable[..., Any] = next(iter(found)).load()
    return writer
