"""Does the page say everything once, in order, and let no user's word become part of it?"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from pydantic import JsonValue

from embedding_second_opinion.findings.finding import Estimate, Finding, Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Believed, Inputs
from embedding_second_opinion.samples.planted import planted
from embedding_second_opinion.story.attribution.attribute import attribute
from embedding_second_opinion.story.attribution.explained import explained
from embedding_second_opinion.story.summary import Cause, Summary
from embedding_second_opinion_reports.collect import Addition, Collected, Failure
from embedding_second_opinion_reports.parameters import DEFAULTS
from embedding_second_opinion_reports.render import render
from tests.reports.stories import ABOUT, HOSTILE, HOSTILE_NAMES, a_finding, a_summary, more_findings

VOID = {"meta", "link", "img", "br", "hr", "wbr", "rect", "circle", "input"}


class Page(HTMLParser):
    """Elements with their attributes, the text outside script and style, balanced tags."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self._open):
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def made(collected: Collected, summary: Summary | None = None) -> str:
    summary = summary or collected.summary
    assert summary is not None
    return render(collected, summary, notebook="overview.ipynb")


def test_the_same_input_gives_the_same_page(collected: Collected) -> None:
    assert made(collected) == made(collected)


def test_the_first_words_are_the_headline_and_there_is_one_h1(collected: Collected) -> None:
    text = made(collected)
    page = Page(text)
    assert len(page.all("h1")) == 1
    heading = re.search(r"<h1[^>]*>(.*?)</h1>", text, re.S)
    assert heading
    assert Page(heading[1]).text == a_summary().headline
    before = page.text.index(a_summary().headline)
    assert before < page.text.index("Triplet accuracy against closed-set accuracy")
    assert page.all("html") == [{"lang": "en"}]
    for landmark in ("header", "nav", "main", "footer"):
        assert len(page.all(landmark)) == 1


def test_every_id_is_there_once_and_every_reference_is_met(collected: Collected) -> None:
    text = made(collected)
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    page = Page(text)
    links = [a["href"] for a in page.all("a")]
    assert links
    assert all(link[1:] in ids for link in links if link.startswith("#"))
    assert all(s["aria-labelledby"] in ids for s in page.all("section"))
    assert set(re.findall(r"url\(#([^)]+)\)", text)) <= set(ids)


def test_nothing_comes_from_a_network_and_only_our_script_may_run(collected: Collected) -> None:
    text = made(collected)
    page = Page(text)
    scripts = re.findall(r"<script>(.*?)</script>", text, re.S)
    assert len(scripts) == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    policy = next(m["content"] for m in page.all("meta") if m.get("http-equiv"))
    assert policy == (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'"
    )
    for tag, attributes in page.elements:
        assert not any(name.startswith("on") for name in attributes), (tag, attributes)
        assert attributes.get("src", "data:").startswith("data:")
        if tag != "a":
            assert attributes.get("href", "#").startswith(("#", "data:"))
    assert "http" not in re.sub(r"http-equiv", "", text)


def test_the_numbers_at_a_glance_have_values_intervals_and_what_they_are_about(
    collected: Collected,
) -> None:
    page = Page(made(collected))
    for words in (
        "Claimed triplet accuracy 99.0 %",
        "Triplet accuracy 99.1 % 95 % interval: 98.7 to 99.4 %",
        "Closed-set accuracy 49.6 % 95 % interval: 46.0 to 53.1 %",
        "Closed-set, mean over classes 48.9 % 95 % interval: 45.0 to 52.6 %",
        f"Measured on {ABOUT}.",
    ):
        assert words in page.text, words


def test_numbers_about_different_things_say_so_each(collected: Collected) -> None:
    finding = a_finding()
    estimates = dict(finding.estimates)
    estimates["triplet_accuracy"] = Estimate(value=0.991, about="within the test split")
    changed = finding.model_copy(update={"estimates": estimates})
    text = Page(made(replace(collected, findings=(changed,)))).text
    assert "Is the right one nearer than a wrong one? within the test split" in (
        text.replace("?within", "? within")
    )
    assert f"a wrong one? {ABOUT}" not in text


def test_findings_stand_by_loudness_and_quiet_ones_are_folded(collected: Collected) -> None:
    page = Page(made(replace(collected, findings=(*more_findings(), a_finding()))))
    order = [
        page.text.index(title)
        for title in (
            "Findings, alarms first",
            "Does a right order of triplets mean a right class?",
            "A check that says watch",
            "A check that says unsure",
            "Checks that passed",
            "A check that says ok",
            "Checks that could not run, and why",
            "A check that says not-applicable",
            "How to reproduce",
        )
    ]
    assert order == sorted(order)


def test_harm_is_shown_against_what_is_tolerated(collected: Collected) -> None:
    assert "Harm 49.5 points [46.0, 53.0]; tolerated: 2.0 points" in Page(made(collected)).text


def test_every_word_of_a_finding_is_on_the_page(collected: Collected) -> None:
    text, finding = Page(made(collected)).text, a_finding()
    wanted = [finding.explanation, finding.meaning, finding.ignore_when, finding.remedy]
    wanted += [finding.source, *finding.caveats, *(chart.title for chart in finding.charts)]
    wanted += [*finding.estimates, "class jackknife", *a_summary().notes, "f" * 64]
    for words in wanted:
        assert words in text, words


def test_figures_have_words_and_their_data(collected: Collected) -> None:
    page = Page(made(collected))
    labels = [d["aria-label"] for d in page.all("div") if d.get("role") == "img"]
    drawn = [c for c in a_finding().charts if c.kind in ("curve", "bars")]
    assert sorted(labels) == sorted(chart.alt for chart in drawn)
    assert "99.1 % [98.7, 99.4]" in page.text
    assert all(image.get("alt") for image in page.all("img"))
    for region in (d for d in page.all("div") if d.get("role") == "region"):
        assert region["aria-label"]
        assert region["tabindex"] == "0"


def test_examples_tell_right_from_wrong_in_words(collected: Collected) -> None:
    page = Page(made(collected))
    assert "✗ wrong row 0 · distance 0.1" in page.text
    assert "✓ right row 99 · distance 0.7" in page.text
    alts = [image["alt"] for image in page.all("img")]
    assert alts[0] == "query: class А, row 7"
    assert alts[1:] == [f"wrong: class {n}, row {i}" for i, n in enumerate(("А", "Α", "l", "I"))]
    assert all(i["src"].startswith("data:image/png;base64,iVBOR") for i in page.all("img"))


def test_hostile_names_are_text_wherever_they_stand() -> None:
    finding = a_finding(HOSTILE_NAMES).model_copy(
        update={"title": HOSTILE, "explanation": HOSTILE, "caveats": HOSTILE_NAMES, "code": HOSTILE}
    )
    subject = a_summary().subject.model_copy(update={"name": HOSTILE, "about": HOSTILE})
    summary = a_summary(finding).model_copy(
        update={"headline": HOSTILE, "subject": subject, "notes": HOSTILE_NAMES}
    )
    parameters: dict[str, JsonValue] = {
        **DEFAULTS,
        "data": HOSTILE,
        "query_split": list(HOSTILE_NAMES[:6]),
    }
    failures = (Failure(3, HOSTILE, HOSTILE),)
    text = made(Collected(summary, (finding,), (), failures, parameters), summary)
    page = Page(text)
    assert len(page.all("script")) == 1
    assert text.count("<script") == 1
    assert not [i for i in page.all("img") if not i["src"].startswith("data:image/png;base64,")]
    assert HOSTILE in page.text
    assert "{{ 7 * 7 }}" in page.text
    assert "x" * 300 in page.text


@pytest.mark.parametrize(
    ("kind", "content", "kept", "gone"),
    [
        (
            "markdown",
            f"# T\n\n**b** {HOSTILE}",
            ["<strong>b</strong>", "<h3>T</h3>"],
            ["<script>a"],
        ),
        ("markdown", "[x](javascript:alert(1)) ![y](http://e.com/y.png)", ["x"], ["href", "e.com"]),
        ("markdown", "|a|b|\n|-|-|\n|1|2|", ["<table>", "<td>1</td>"], []),
        (
            "html",
            "<h1>T</h1><script>alert(1)</script><p onclick='x()'>ok</p>",
            ["<h3>T</h3>", "ok"],
            ["alert", "onclick"],
        ),
        (
            "html",
            "<style>*{display:none}</style><p style='position:fixed'>ok",
            ["ok"],
            ["display:none", "position"],
        ),
        (
            "html",
            "<iframe src='http://e.com'></iframe><svg onload=alert(1)>ok",
            ["ok"],
            ["iframe", "onload", "e.com"],
        ),
        (
            "html",
            "<img src='x.png'><img src='data:image/svg+xml;base64,AA'>",
            [],
            ["x.png", "svg+xml"],
        ),
        ("text", HOSTILE, ["&lt;script&gt;alert"], ["<script>a"]),
        ("png", "aGVsbG8=", ["could not be read"], ["aGVsbG8="]),
        ("png", '"><script>alert(1)</script>', ["could not be read"], ["<script>a"]),
    ],
)
def test_additions_are_cleaned(kind: str, content: str, kept: list[str], gone: list[str]) -> None:
    addition = Addition(kind, content, 4, "")  # type: ignore[arg-type]
    text = made(Collected(a_summary(), (a_finding(),), (addition,)))
    start = text.index('<div class="addition')
    shown = text[start : text.index("</section>", start)]
    for words in kept:
        assert words in shown
    for words in gone:
        assert words not in shown


def test_additions_stand_where_the_user_put_them(collected: Collected) -> None:
    additions = (
        Addition("markdown", "before all", 1, ""),
        Addition("markdown", "after the first", 4, a_finding().code),
    )
    text = Page(made(replace(collected, additions=additions))).text
    assert text.index("after the first") < text.index("A check that says watch")
    assert text.index("Added in the notebook before all") > text.index("A check that says unsure")


def test_commands_to_reproduce_are_safe_to_paste(collected: Collected) -> None:
    parameters: dict[str, JsonValue] = {
        **DEFAULTS,
        "data": "my set.npz",
        "strangers": ["a b", "$(rm x)"],
        "claimed": 0.99,
    }
    text = Page(made(replace(collected, parameters=parameters))).text
    assert (
        "embedding-second-opinion report 'my set.npz' '--strangers=a b' '--strangers=$(rm x)' "
        "--claimed=0.99 --out=report"
    ) in text
    assert "-k python3 -l python -r data 'my set.npz' -y" in text


def test_a_page_without_findings_still_stands() -> None:
    text = Page(made(Collected(a_summary(), ()))).text
    assert a_summary().headline in text
    assert "Findings, alarms first" not in text


def test_failures_are_listed_with_the_checks_that_could_not_run(collected: Collected) -> None:
    broken = Finding(
        code="b", title="Broken one", question="?", verdict=Verdict.ERROR, explanation="It raised."
    )
    failures = (Failure(5, "KeyError", "'x'"),)
    text = Page(made(replace(collected, findings=(broken,), failures=failures))).text
    for words in (
        "! Could not run",
        "Broken one",
        "It raised.",
        "Cell 5 of the notebook KeyError: 'x'",
    ):
        assert words in text


def test_what_a_user_meets_and_good_news_stand_near_the_top(collected: Collected) -> None:
    met = Cause(
        code="open_set",
        title="Open set",
        verdict=Verdict.OK,
        sentence="Few strangers are accepted.",
    )
    seen = met.model_copy(update={"code": "triplet_census", "sentence": "Few triplets teach."})
    lacking = met.model_copy(update={"title": "Lacking", "verdict": Verdict.NOT_APPLICABLE})
    summary = a_summary().model_copy(
        update={
            "in_use": (met, lacking),
            "in_training": (seen,),
            "trust": "The number can be trusted.",
        }
    )
    page = render(collected, summary, notebook="overview.ipynb")
    place = [
        page.index(words)
        for words in (
            "The number can be trusted.",
            "What else a user meets",
            met.sentence,
            "What training saw",
            seen.sentence,
            'id="causes"',
        )
    ]
    assert place == sorted(place)
    assert "Lacking" not in page


def test_the_waterfall_stands_on_the_first_screen_and_its_orders_are_folded(
    collected: Collected,
) -> None:
    way = attribute(Geometry(planted("look_alikes", 1)), (), Inputs(claim=Believed(value=0.99)))
    assert way is not None
    way = explained(way, (), {})
    helps = Cause(
        code="remedies", title="Remedies", verdict=Verdict.ALARM, sentence="Cosine helps."
    )
    summary = a_summary().model_copy(update={"attribution": way, "remedies": (helps,)})
    page = render(collected, summary, notebook="overview.ipynb")
    place = [
        page.index(words)
        for words in (
            'id="headline"',
            "From the number believed to the accuracy in use",
            "No diagnostic explains this loss.",
            "The same changes in every order",
            'id="causes"',
            "What helps",
            "Cosine helps.",
        )
    ]
    assert place == sorted(place)
    for step in way.steps:
        assert step.name in page
    for each in way.missing:
        assert each.needs in page
    assert render(collected, a_summary(), notebook="x").count("From the number believed") == 0
