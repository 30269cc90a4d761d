"""Does the page work in a real browser: offline, accessible, on a phone, by keyboard, on paper?"""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from embedding_second_opinion_reports.collect import Addition, Collected
from embedding_second_opinion_reports.parameters import DEFAULTS
from embedding_second_opinion_reports.render import render
from tests.reports.browsing import SCHEMES, Scheme, opened
from tests.reports.stories import (
    HOSTILE,
    HOSTILE_NAMES,
    a_finding,
    a_map_finding,
    a_summary,
    more_findings,
)

ADDITIONS = (
    Addition("markdown", "# A note\n\n[a link](https://example.org) and **bold**.", 4, ""),
    Addition("html", "<table><tr><td>" + "wide" * 99 + "</td></tr></table>", 5, "triplet_accuracy"),
)


def written(path: Path, names: tuple[str, ...]) -> Path:
    finding = a_finding(names)
    collected = Collected(
        a_summary(finding),
        (finding, *more_findings(), a_map_finding(names)),
        ADDITIONS,
        (),
        {**DEFAULTS, "claimed": 0.99},
    )
    assert collected.summary is not None
    text = render(collected, collected.summary, notebook="overview.ipynb")
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("page") / "report.html", ("А", "Α", "l", "I"))


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("page") / "hostile.html", HOSTILE_NAMES)


def test_it_opens_offline_without_request_or_complaint_and_is_small(
    browser: Browser, page: Path
) -> None:
    seen = opened(browser, page)
    assert seen.page.locator("h1").inner_text() == a_summary().headline
    assert seen.requests == []
    assert seen.complaints == []
    assert seen.dialogs == []
    assert page.stat().st_size < 3_000_000


def test_the_main_figure_begins_on_the_first_screen(browser: Browser, page: Path) -> None:
    box = opened(browser, page).page.locator("#main-figure svg").first.bounding_box()
    assert box is not None
    assert box["y"] < 900
    assert box["height"] > 200


# Every two of width, colours and what is unfolded meet once; that all three make a fault no two make is rare.
@pytest.mark.parametrize(
    ("width", "unfolded", "scheme"),
    [(1200, False, "light"), (1200, True, "dark"), (360, False, "dark"), (360, True, "light")],
)
def test_axe_finds_nothing(
    browser: Browser, page: Path, hostile: Path, scheme: Scheme, unfolded: bool, width: int
) -> None:
    for path in (page, hostile):
        seen = opened(browser, path, width, scheme)
        if unfolded:
            seen.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        results = Axe().run(seen.page)
        assert results.violations_count == 0, results.generate_report()
        assert results.response["passes"]


@pytest.mark.parametrize("width", [320, 360, 1200])
def test_nothing_overflows_sideways(
    browser: Browser, page: Path, hostile: Path, width: int
) -> None:
    for path in (page, hostile):
        seen = opened(browser, path, width)
        seen.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        size = seen.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert size[0] <= size[1]


def test_figures_are_drawn_for_the_width(browser: Browser, page: Path) -> None:
    for width, shown, hidden in ((1200, ".wide", ".narrow"), (360, ".narrow", ".wide")):
        figure = opened(browser, page, width).page.locator("#main-figure")
        assert figure.locator(shown).is_visible()
        assert figure.locator(hidden).is_hidden()
        size = figure.locator(f"{shown} text").first.evaluate(
            "e => e.getBoundingClientRect().height"
        )
        assert size > 11  # px, as it stands on the screen


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_colours_change_by_keyboard(browser: Browser, page: Path, scheme: Scheme) -> None:
    seen = opened(browser, page, scheme=scheme)
    paint = "getComputedStyle(document.body).backgroundColor"
    line = "getComputedStyle(document.querySelector('#main-figure [style*=series-context]')).stroke"
    before = seen.page.evaluate(f"[{paint}, {line}]")
    button = seen.page.get_by_role("button", name=f"Use {'light' if scheme == 'dark' else 'dark'}")
    button.focus()
    seen.page.keyboard.press("Enter")
    after = seen.page.evaluate(f"[{paint}, {line}]")
    assert before[0] != after[0]
    assert before[1] != after[1]
    seen.page.keyboard.press("Space")
    assert seen.page.evaluate(f"[{paint}, {line}]") == before
    assert seen.complaints == []


def test_the_first_tab_skips_to_the_report(browser: Browser, page: Path) -> None:
    seen = opened(browser, page)
    seen.page.keyboard.press("Tab")
    focused = seen.page.locator(":focus")
    assert focused.inner_text() == "Skip to the report"
    box = focused.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    seen.page.keyboard.press("Enter")
    assert seen.page.evaluate("document.activeElement.id") == "main"


def test_folds_open_by_keyboard_and_links_into_them_unfold(browser: Browser, page: Path) -> None:
    seen = opened(browser, page)
    summary = seen.page.locator("#main-figure summary")
    summary.focus()
    seen.page.keyboard.press("Enter")
    assert seen.page.locator("#main-figure table").is_visible()
    folded = seen.page.locator(".folded > li").first
    assert folded.get_by_text("This one is ok.").is_hidden()
    seen.page.evaluate("id => { location.hash = id }", folded.get_attribute("id"))
    folded.get_by_text("This one is ok.").wait_for(state="visible")


def test_paper_has_the_folded_evidence_and_light_colours(browser: Browser, page: Path) -> None:
    seen = opened(browser, page, scheme="dark")
    seen.page.emulate_media(media="print", color_scheme="dark")
    assert seen.page.locator("#main-figure table").is_visible()
    assert seen.page.locator(".map canvas").is_visible()
    assert seen.page.locator(".map-search").is_hidden()
    assert seen.page.locator("nav").is_hidden()
    assert seen.page.locator("#theme").is_hidden()
    ink = seen.page.evaluate("getComputedStyle(document.body).color")
    assert ink == "rgb(27, 31, 36)"
    assert seen.page.pdf(format="A4").startswith(b"%PDF")


def test_hostile_names_do_nothing_and_are_read(browser: Browser, hostile: Path) -> None:
    seen = opened(browser, hostile)
    seen.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    seen.page.mouse.wheel(0, 20_000)
    assert seen.dialogs == []
    assert seen.complaints == []
    assert seen.requests == []
    assert seen.page.locator("script:not([type])").count() == 4  # ours
    assert seen.page.locator("script[type]").count() == 1  # the data of the map
    assert seen.page.locator("img[src=x]").count() == 0
    assert HOSTILE in seen.page.locator("body").inner_text()
    table = seen.page.locator("figure.table").inner_text()
    assert "x" * 300 in table
    assert "אבג שלום عربى" in table


def test_a_script_that_is_not_ours_may_not_run(
    browser: Browser, page: Path, tmp_path: Path
) -> None:
    text = page.read_text("utf-8").replace(
        "</main>", f"</main>{HOSTILE}<img src=x onerror=alert(2)>"
    )
    attacked = tmp_path / "attacked.html"
    attacked.write_text(text, encoding="utf-8")
    seen = opened(browser, attacked)
    assert seen.dialogs == []
    assert any("Content Security Policy" in words for words in seen.complaints)
