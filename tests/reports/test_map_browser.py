"""Does the map answer to mouse, finger and keyboard, say what it shows, and print in light colours?"""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, FloatRect, Page

from embedding_second_opinion.findings.charts import Points
from embedding_second_opinion_reports.collect import Collected
from embedding_second_opinion_reports.parameters import DEFAULTS
from embedding_second_opinion_reports.render import render
from tests.reports.browsing import Opened, Scheme, opened
from tests.reports.stories import HOSTILE, HOSTILE_NAMES, a_map, a_map_finding, a_summary

MARGIN = 0.94  # of the canvas that the whole map fills
GREY = "getComputedStyle(document.documentElement).getPropertyValue('--map-quiet')"


def written(path: Path, names: tuple[str, ...] = (), n: int = 2000, classes: int = 40) -> Path:
    collected = Collected(a_summary(), (a_map_finding(names, n, classes),), parameters=DEFAULTS)
    assert collected.summary is not None
    text = render(collected, collected.summary, notebook="overview.ipynb")
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def mapped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("map") / "map.html", HOSTILE_NAMES)


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("map") / "few.html", n=300, classes=5)


def settled(page: Page) -> None:
    """Two frames later: what was asked for is drawn."""
    page.evaluate(
        "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


def pixels(page: Page) -> np.ndarray:
    settled(page)
    with Image.open(io.BytesIO(page.locator("canvas").screenshot())) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def count(page: Page, colour: str) -> int:
    """How many pixels of the map have this colour."""
    wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return int((pixels(page) == wanted).all(axis=2).sum())


def box_of(page: Page) -> FloatRect:
    page.locator("canvas").scroll_into_view_if_needed()
    box = page.locator("canvas").bounding_box()
    assert box is not None
    return box


def where(chart: Points, box: FloatRect, panel: int = 0) -> np.ndarray:
    """Where each point stands on the screen, while the whole map is shown."""
    places = chart.panels[panel].places.array().reshape(-1, 2) / 65535 - 0.5
    side = MARGIN * (box["width"] - 2)  # a border of one pixel
    return np.array([box["x"], box["y"]]) + box["width"] / 2 + places * [side, -side]


def clean(seen: Opened) -> None:
    assert seen.complaints == []
    assert seen.requests == []
    assert seen.dialogs == []


def test_the_pointer_tells_which_point_is_under_it(browser: Browser, mapped: Path) -> None:
    seen, chart = opened(browser, mapped), a_map(2000, HOSTILE_NAMES)
    spots, tip = where(chart, box_of(seen.page)), seen.page.locator(".map-tip")
    assert tip.is_hidden()
    codes, rows = chart.codes.array(), chart.rows.array()
    for i in (*range(7), 500, 1999):  # the first seven have hostile names
        seen.page.mouse.move(*spots[i])
        near = np.hypot(*(spots - spots[i]).T)
        possible = np.flatnonzero(near < 1)  # of dots on one pixel, any
        words = tip.inner_text().split("\n")
        told = int(re.sub(r"\D", "", words[1]))
        j = next(j for j in possible if rows[j] == told)
        assert words[0] == chart.classes[codes[j]]
        other = bool(chart.wrong.array()[j])
        assert words[2] == f"nearest enrolled row: {'✗ another' if other else 'its own'} class"
        share = 100 * int(chart.panels[0].distortion.array()[j]) / 255
        assert abs(float(words[3].split(" %")[0]) - share) <= 0.51
    seen.page.mouse.move(5, 5)
    assert tip.is_hidden()
    assert seen.page.locator(".map-tip img, .map-tip script").count() == 0
    clean(seen)


def test_another_map_brings_its_own_facts_and_its_own_places(browser: Browser, few: Path) -> None:
    seen, chart = opened(browser, few), a_map(300, classes=5)
    page, facts = seen.page, seen.page.locator(".map-facts")
    assert page.locator(".map-name").inner_text() == "t-SNE"
    assert facts.inner_text().split() == ["trustworthiness", "90.1", "%", "continuity", "95.0", "%"]
    before = pixels(page)
    button = page.get_by_role("button", name="UMAP")
    button.focus()
    page.keyboard.press("Enter")
    assert button.get_attribute("aria-pressed") == "true"
    assert page.get_by_role("button", name="t-SNE").get_attribute("aria-pressed") == "false"
    assert page.locator(".map-name").inner_text() == "UMAP"
    assert facts.inner_text().split() == ["trustworthiness", "91.1", "%", "continuity", "95.0", "%"]
    assert page.locator(".map-said").inner_text().startswith("UMAP: trustworthiness 91.1 %")
    distorted = int((chart.panels[1].distortion.array() >= 128).sum())
    assert page.locator(".map-bent").inner_text() == str(distorted)
    assert (pixels(page) != before).any()
    spots = where(chart, box_of(page), panel=1)
    page.mouse.move(*spots[7])
    near = np.flatnonzero(np.hypot(*(spots - spots[7]).T) < 1)
    assert page.locator(".map-tip").inner_text().split("\n")[1] in {f"row {10 * i:,}" for i in near}
    clean(seen)


def test_the_keyboard_goes_from_point_to_point_enlarges_and_returns(
    browser: Browser, few: Path
) -> None:
    seen, chart = opened(browser, few), a_map(300, classes=5)
    page, canvas = seen.page, seen.page.locator("canvas")
    spots, said = where(chart, box_of(page)), page.locator(".map-said")
    whole = pixels(page)
    canvas.focus()
    page.keyboard.press("ArrowRight")
    words = said.inner_text()
    row = int(re.search(r"row ([\d,]+)", words)[1].replace(",", "")) // 10  # type: ignore[index]
    box = box_of(page)
    middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    assert row == np.argmin(np.hypot(*(spots - middle).T))
    assert chart.classes[chart.codes.array()[row]] in words
    page.keyboard.press("ArrowLeft")
    left = int(re.search(r"row ([\d,]+)", said.inner_text())[1].replace(",", "")) // 10  # type: ignore[index]
    assert spots[left, 0] < spots[row, 0]
    assert page.locator(".map-tip").is_visible()

    for key, zoom in (("+", "1.50"), ("=", "2.25"), ("-", "1.50")):
        page.keyboard.press(key)
        assert page.locator(".map").get_attribute("data-zoom") == zoom
    assert said.inner_text() == "Enlarged 1.5 times"
    nearer = pixels(page)
    assert (nearer != whole).any()
    page.keyboard.press("Shift+ArrowRight")
    assert (pixels(page) != nearer).any()
    page.keyboard.press("0")
    page.keyboard.press("Escape")
    assert page.locator(".map-tip").is_hidden()
    assert page.locator(".map").get_attribute("data-zoom") == "1.00"
    canvas.evaluate("canvas => canvas.blur()")
    assert (pixels(page) == whole).all()
    clean(seen)


def test_enter_finds_the_class_of_the_point(browser: Browser, few: Path) -> None:
    page = opened(browser, few).page
    page.locator("canvas").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    name = page.locator(".map-tip strong").inner_text()
    assert page.locator(".map-search").input_value() == name
    assert page.locator(".map-found").inner_text().startswith(f"{name}: 60 points")
    page.keyboard.press("Tab")
    assert page.locator(".map-tip").is_hidden()


@pytest.mark.parametrize(
    ("sought", "answer"),
    [
        ("class 17", "class 17: 50 points, 17 nearest to another class."),
        ("CLASS 1", "10 classes with these letters: 500 points, 34 nearest to another class."),
        (HOSTILE, f"{HOSTILE}: 50 points, 0 nearest to another class."),
        ("nobody", "No class drawn here has these letters; the map shows 40 classes."),
        ("", ""),
    ],
)
def test_a_search_is_answered_in_words_and_in_the_picture(
    browser: Browser, mapped: Path, sought: str, answer: str
) -> None:
    seen, chart = opened(browser, mapped), a_map(2000, HOSTILE_NAMES)
    page = seen.page
    grey = page.evaluate(GREY).strip()
    assert count(page, grey) == 0
    page.get_by_label("Find a class").fill(sought)
    assert page.locator(".map-found").inner_text() == answer
    assert (count(page, grey) > 500) == bool(sought)
    if sought:
        lower = [name.lower() for name in chart.classes]
        exact = sought.lower() in lower
        fits = [name == sought.lower() if exact else sought.lower() in name for name in lower]
        chosen = np.array(fits)[chart.codes.array()]
        lost = int(chart.wrong.array()[chosen].sum())
        if chosen.any():
            assert f"{chosen.sum():,} points, {lost:,} nearest" in answer
        assert page.locator("datalist option").count() == min(
            50, sum(sought.lower() in name for name in lower)
        )
    clean(seen)


def test_a_class_in_the_legend_is_found_by_a_click_and_left_by_another(
    browser: Browser, few: Path
) -> None:
    page = opened(browser, few).page
    grey = page.evaluate(GREY).strip()
    button = page.get_by_role("button", name="class 3")
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    assert page.locator(".map-found").inner_text().startswith("class 3: 60 points")
    assert count(page, grey) > 100
    button.click()
    assert page.locator(".map-search").input_value() == ""
    assert count(page, grey) == 0


def test_marks_come_and_go(browser: Browser, mapped: Path) -> None:
    page = opened(browser, mapped).page
    with_hollow = pixels(page)
    assert page.locator(".map-crossed").inner_text() == str(int(a_map().wrong.array().sum()))
    page.get_by_label(re.compile("Cross where")).check()
    crossed = pixels(page)
    assert (crossed != with_hollow).any()
    page.get_by_label(re.compile("Cross where")).uncheck()
    assert (pixels(page) == with_hollow).all()
    page.get_by_label(re.compile("Hollow where")).uncheck()
    assert (pixels(page) != with_hollow).any()


def test_the_wheel_scrolls_the_page_until_the_map_is_chosen(browser: Browser, few: Path) -> None:
    page = opened(browser, few).page
    home = page.locator(".map")

    def middle() -> tuple[float, float]:
        box = box_of(page)
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    page.mouse.move(*middle())
    before = page.evaluate("scrollY")
    page.mouse.wheel(0, -120)
    page.wait_for_function("before => scrollY <= before - 120", arg=before)
    assert home.get_attribute("data-zoom") == "1.00"
    page.mouse.click(*middle())
    page.mouse.wheel(0, -400)
    page.wait_for_function("document.querySelector('.map').dataset.zoom > 2")
    near = pixels(page)
    x, y = middle()
    scrolled = page.evaluate("scrollY")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 20, steps=3)
    page.mouse.up()
    assert page.evaluate("scrollY") == scrolled
    assert (pixels(page) != near).any()


def test_two_fingers_enlarge_and_a_tap_tells(browser: Browser, few: Path) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True)
    page = context.new_page()
    page.goto(few.as_uri())
    box = box_of(page)
    spot = where(a_map(300, classes=5), box)[3]
    page.touchscreen.tap(*spot)
    assert "row" in page.locator(".map-tip").inner_text()
    wire = context.new_cdp_session(page)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for kind, apart in (("touchStart", 40), ("touchMove", 60), ("touchMove", 80)):
        fingers = [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}]
        wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})
    wire.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert float(page.locator(".map").get_attribute("data-zoom") or 0) == pytest.approx(2, abs=0.1)
    size = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert size[0] <= size[1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_colours_of_the_dots_follow_the_theme(
    browser: Browser, few: Path, scheme: Scheme
) -> None:
    seen = opened(browser, few, scheme=scheme)
    page, colour = seen.page, GREY.replace("map-quiet", "class-0")
    first = page.evaluate(colour).strip()
    assert count(page, first) > 50
    page.locator("#theme").click()
    second = page.evaluate(colour).strip()
    assert second != first
    assert count(page, second) > 50
    assert count(page, first) == 0
    clean(seen)


def test_paper_has_light_colours_and_the_screen_keeps_its_own(browser: Browser, few: Path) -> None:
    page = opened(browser, few, scheme="dark").page
    light, dark = "#0c60a8", page.evaluate(GREY.replace("map-quiet", "class-0")).strip()
    count_of = """([r, g, b]) => {
      const c = document.querySelector("canvas"); let found = 0;
      const all = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
      for (let i = 0; i < all.length; i += 4) {
        found += all[i] === r && all[i + 1] === g && all[i + 2] === b;
      }
      return found;
    }"""

    def shown(colour: str) -> int:  # in the canvas itself: no screenshot is taken in between
        wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
        return int(page.evaluate(count_of, wanted))

    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert shown(light) > 50
    assert shown(dark) == 0
    assert page.evaluate("document.documentElement.dataset.theme") is None
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert shown(dark) > 50
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_dense_screens_get_as_many_pixels(browser: Browser, few: Path) -> None:
    context = browser.new_context(device_scale_factor=3)
    page = context.new_page()
    page.goto(few.as_uri())
    width, shown = page.evaluate(
        "(c => [c.width, c.clientWidth])(document.querySelector('canvas'))"
    )
    assert width == 3 * shown


def test_without_script_the_still_picture_is_there(browser: Browser, mapped: Path) -> None:
    page = opened(browser, mapped, script=False).page
    assert page.locator("figure.points img").is_visible()
    assert page.locator("canvas").is_hidden()
    wide = page.locator("figure.points img").evaluate("image => image.naturalWidth")
    assert wide == 1080


def test_twenty_thousand_points_are_drawn_on_a_small_page(browser: Browser, tmp_path: Path) -> None:
    path = written(tmp_path / "large.html", n=20_000, classes=459)
    assert path.stat().st_size < 3_000_000
    seen = opened(browser, path)
    assert len(np.unique(pixels(seen.page).reshape(-1, 3), axis=0)) > 50
    seen.page.locator("canvas").focus()
    seen.page.keyboard.press("ArrowRight")
    assert "row" in seen.page.locator(".map-said").inner_text()
    clean(seen)
