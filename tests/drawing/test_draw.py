"""Do figures read well in both modes, say the same each time, and keep a user's words words?"""

from __future__ import annotations

import base64
import io
import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from PIL import Image

from embedding_second_opinion.drawing import draw
from embedding_second_opinion.drawing.lettering import COLOURS, clean, number, short, spread, wrap
from embedding_second_opinion.findings.charts import (
    AnyChart,
    Bar,
    Bars,
    Curve,
    Example,
    Examples,
    Level,
    Sample,
    Series,
    Table,
    Thumbnail,
)

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = ("<script>alert(1)</script>", "$x^2$", "x" * 300, "שלום", "a\x00b\x1b[0m", '"&amp;')
CSS = Path(__file__).parents[2] / "reports/embedding_second_opinion_reports/templates/page.css"


def curve(names: tuple[str, ...] = ("all enrolled", "one enrolled"), scale: str = "log") -> Curve:
    x = (1.0, 10.0, 100.0, 3652.0)
    series = tuple(
        Series(
            name=n, x=x, y=(0.99, 0.9, 0.7, 0.5), low=(0.9, 0.8, 0.6, 0.4), high=(1, 1, 0.8, 0.6)
        )
        for n in names
    )
    return Curve.model_validate(
        {
            "title": "Accuracy",
            "alt": "It falls.",
            "x_label": "candidates",
            "y_label": "right",
            "x_scale": scale,
            "series": series,
            "levels": (Level(name="claimed", y=0.99), Level(name="triplet", y=0.985)),
        }
    )


def bars(names: tuple[str, ...] = ("claimed", "real")) -> Bars:
    found = tuple(Bar(label=n, value=0.5, low=0.4, high=0.6, role="second") for n in names)
    return Bars(title="Bars", alt="Two bars.", value_label="share", bars=found)


def examples() -> Examples:
    image = Thumbnail.of(np.arange(64, dtype=np.uint8).reshape(8, 8))
    wrong = Sample(row=2, label="B", distance=0.1, match=False, image=image)
    query = Sample(row=1, label="A", image=image)
    return Examples(
        title="Ex", alt="One.", examples=(Example(query=query, answers=(wrong, query)),)
    )


def texts(svg: str) -> list[str]:
    return ["".join(each.itertext()) for each in ElementTree.fromstring(svg).iter("text")]


@pytest.mark.parametrize(
    "chart", [curve(), curve(scale="linear"), bars()], ids=["log", "lin", "bars"]
)
@pytest.mark.parametrize("width", ["wide", "narrow"])
def test_the_same_chart_gives_the_same_svg(chart: Curve | Bars, width: draw.Width) -> None:
    first = draw.svg(chart, "a", width)
    with matplotlib.rc_context({"font.size": 30, "lines.linewidth": 9, "svg.fonttype": "path"}):
        assert draw.svg(chart, "a", width) == first
    assert "Date" not in first
    assert "matplotlib.org" not in first


def test_two_pictures_on_a_page_share_no_id_and_refer_only_to_their_own() -> None:
    one, two = draw.svg(curve(), "one"), draw.svg(curve(), "two")
    ids = [set(re.findall(r' id="([^"]+)"', each)) for each in (one, two)]
    assert ids[0]
    assert not ids[0] & ids[1]
    for own, svg in zip(ids, (one, two), strict=True):
        referred = re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', svg)
        assert referred
        assert {a or b for a, b in referred} <= own


def test_every_colour_is_a_variable_that_the_page_defines_for_light_and_dark() -> None:
    svg = draw.svg(curve(), "a") + draw.svg(bars(), "b")
    assert not re.findall(r"#[0-9a-fA-F]{6}\b", svg)
    used = set(re.findall(r"var\(--([a-z-]+)\)", svg))
    assert {"ink", "muted", "grid", "series-main", "series-second"} <= used
    light, media, toggled = palettes()
    assert media == toggled  # the system's dark and the button's dark are one
    for palette in (light, media):
        for name in COLOURS:
            least = 1.2 if name == "grid" else 4.5
            assert contrast(palette[name], palette["page"]) >= least, (name, palette[name])
            assert contrast(palette[name], palette["surface"]) >= least, (name, palette[name])


def test_no_style_of_a_picture_reaches_the_page_around_it() -> None:
    svg = draw.svg(curve(), "a")
    assert "<style" not in svg
    assert "<?xml" not in svg
    assert "font-family" not in svg
    assert svg.startswith("<svg")
    assert 'aria-hidden="true"' in svg


@pytest.mark.parametrize("width", ["wide", "narrow"])
def test_names_are_text_and_nothing_else(width: draw.Width) -> None:
    for chart in (curve(HOSTILE), bars(HOSTILE)):
        svg = draw.svg(chart, "a", width)
        assert "<script" not in svg
        tags = {each.tag for each in ElementTree.fromstring(svg).iter()}
        assert tags <= {"svg", "g", "path", "text", "defs", "clipPath", "rect", "use"}
        words = " ".join(texts(svg))
        assert "$x^2$" in words  # no mathematics is typeset from a name
        assert "שלום" in words
        assert "\x00" not in words


def test_values_and_intervals_are_written_beside_the_bars_and_at_line_ends() -> None:
    assert "50.0 % [40.0, 60.0]" in texts(draw.svg(bars(), "a"))
    assert {"50.0 %", "99.0 %", "98.5 %"} <= set(texts(draw.svg(curve(), "a")))


def test_log_ticks_are_written_as_numbers_and_include_the_end() -> None:
    words = texts(draw.svg(curve(), "a"))
    assert {"1", "10", "100", "1,000", "3,652"} <= set(words)
    assert not any("10^" in word or "mathdefault" in word for word in words)


@pytest.mark.parametrize("width", ["wide", "narrow"])
def test_labels_at_line_ends_never_overlap_or_leave_the_picture(width: draw.Width) -> None:
    svg = ElementTree.fromstring(
        draw.svg(curve(tuple(f"name {i} " * 6 for i in range(9))), "a", width)
    )
    _, _, wide, tall = (float(v) for v in svg.attrib["viewBox"].split())
    edge = wide - {"wide": 190, "narrow": 112}[width]
    found = [(float(t.attrib["y"]), t) for t in svg.iter("text") if float(t.attrib["x"]) > edge]
    heights = sorted(y for y, _ in found)
    assert len(heights) >= 9 * 3 + 2 * 2
    assert min(np.diff(heights)) > 12
    assert heights[0] > 0
    assert heights[-1] < tall


def test_the_size_on_the_page_keeps_text_readable_on_a_phone() -> None:
    svg = draw.svg(curve(), "a", "narrow")
    assert 'viewBox="0 0 360 ' in svg
    sizes = [float(size) for size in re.findall(r"font-size: ([\d.]+)px", svg)]
    assert min(sizes) * 328 / 360 >= 10.5  # px, on a screen of 360 with margins of 16


def test_png_is_one_picture_of_all_charts_and_the_same_each_time() -> None:
    table = Table(title="T", alt="T", columns=("a",), rows=(("1",),))
    charts = (curve(HOSTILE), bars(HOSTILE), examples(), table)
    first = draw.png(charts)
    assert draw.png(charts) == first
    with Image.open(io.BytesIO(first)) as image:
        assert image.format == "PNG"
        assert image.width > 600
        alone = Image.open(io.BytesIO(draw.png(charts[:1])))
        assert image.height > alone.height
    assert draw.figure(table) is None
    assert draw.png((table,)).startswith(b"\x89PNG")


def sheet(*charts: AnyChart) -> ElementTree.Element:
    return ElementTree.fromstring(draw.sheet(charts, "x", "<script>alert(1)</script>"))


def test_a_notebook_s_picture_holds_all_charts_one_below_the_other_the_same_each_time() -> None:
    table = Table(title="T", alt="T", columns=("a",), rows=(("1",),))
    charts = (curve(), bars(), table, examples())
    first = draw.sheet(charts, "x", "Title")
    with matplotlib.rc_context({"font.size": 30, "svg.fonttype": "path", "savefig.dpi": 300}):
        assert draw.sheet(charts, "x", "Title") == first
    assert not re.search("Date|matplotlib|<metadata|<style", first)
    root = sheet(*charts)
    parts = [each for each in root if each.tag == f"{SVG}svg"]
    assert len(parts) == 3
    places = [(float(p.attrib["y"]), float(p.attrib["height"])) for p in parts]
    assert all(y + tall == pytest.approx(z) for (y, tall), (z, _) in pairwise(places))
    _, _, wide, tall = map(float, root.attrib["viewBox"].split())
    assert sum(places[-1]) < tall
    shown = [float(root.attrib[name]) for name in ("width", "height")]
    assert shown[0] / shown[1] == pytest.approx(wide / tall, rel=0.01)
    # As in the words around it, which JupyterLab sets in 14 pixels: it does not shrink an SVG.
    assert 12 <= 14 * shown[0] / wide <= 14
    assert shown[0] <= 668  # what a cell has in a window of 1,100 pixels
    assert root.findtext(f"{SVG}desc") == "Accuracy: It falls. Bars: Two bars. Ex: One."
    assert draw.sheet((table,), "x", "Title") == ""


def test_a_notebook_s_picture_stands_alone_on_white_and_refers_only_to_itself() -> None:
    text = draw.sheet((curve(), bars(), examples()), "my check", "Title")
    assert "var(--" not in text
    assert COLOURS["ink"] in text
    ids = set(re.findall(r' id="([^"]+)"', text))
    assert ids
    assert all(each.startswith("my-check-") for each in ids)
    assert {a or b for a, b in re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', text)} == ids
    assert not re.search(r'href="(?!#|data:image/png;base64,)', text)
    assert not re.search(r"url\((?!#)", text)
    rect = ElementTree.fromstring(text).find(f"{SVG}rect")
    assert rect is not None
    assert rect.attrib["fill"] == "white"


def test_names_in_a_notebook_s_picture_are_text_and_nothing_else() -> None:
    found = (curve(HOSTILE), bars(HOSTILE))
    text = draw.sheet(found, '"><script>', "<script>alert(1)</script>")
    assert "<script" not in text
    root = ElementTree.fromstring(text)
    tags = {each.tag.removeprefix(SVG) for each in root.iter()}
    assert tags <= {"svg", "g", "path", "text", "defs", "clipPath", "rect", "use", "title", "desc"}
    assert root.findtext(f"{SVG}title") == "<script>alert(1)</script>"
    assert "$x^2$" in " ".join("".join(each.itertext()) for each in root.iter(f"{SVG}text"))


def test_samples_in_a_notebook_s_picture_are_their_own_pixels() -> None:
    found = list(sheet(examples()).iter(f"{SVG}image"))
    assert len(found) == 3
    for each in found:
        content = base64.b64decode(each.attrib["href"].partition(",")[2])
        with Image.open(io.BytesIO(content)) as image:
            grey = np.asarray(image.convert("L"))
        expected = np.arange(64).reshape(8, 8)
        assert (grey == expected).all() or (grey == expected[::-1]).all()


def test_nothing_of_pyplot_or_of_global_settings_is_touched() -> None:
    before = dict(matplotlib.rcParams)
    draw.png((curve(), bars()))
    draw.svg(curve(), "a")
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize(
    ("series", "levels"),
    [((), ()), ((Series(name="empty", x=(), y=()),), ()), ((), (Level(name="only", y=0.5),))],
)
def test_empty_charts_are_drawn_empty(
    series: tuple[Series, ...], levels: tuple[Level, ...]
) -> None:
    empty = Curve(title="", alt="", x_label="x", y_label="y", series=series, levels=levels)
    assert draw.svg(empty, "a").startswith("<svg")
    assert draw.svg(Bars(title="", alt="", value_label="v", bars=()), "a").startswith("<svg")


def test_samples_without_images_have_words_and_no_empty_frames() -> None:
    framed = draw.figure(examples())
    bare = Example(
        query=Sample(row=1, label="A"),
        answers=(Sample(row=2, label="B", distance=0.1, match=False),),
    )
    plain = draw.figure(Examples(title="Ex", alt="One.", examples=(bare,)))
    assert framed is not None
    assert plain is not None
    assert plain.get_figheight() < framed.get_figheight() / 2
    assert [t.get_text() for t in plain.texts] == ["A", "query", "B", "wrong, 0.1"]
    assert not plain.axes[0].images
    assert [bool(p.get_fill()) for p in plain.axes[0].patches] == [True, True]
    assert [bool(p.get_fill()) for p in framed.axes[0].patches] == [False] * 3


def test_differences_are_written_in_points_and_shares_in_percent() -> None:
    bars = (Bar(label="a", value=-0.0325, low=-0.041, high=-0.00004),)
    for points, words in ((True, "-3.2 [-4.1, 0.0]"), (False, "-3.2 % [-4.1, 0.0]")):
        low = Bars(title="", alt="", value_label="v", points=points, bars=bars)
        found = texts(draw.svg(low, "a"))
        assert words in found
        assert any(word.endswith("0 %") for word in found) != points


def test_spread_moves_no_label_without_need_and_lets_none_overlap() -> None:
    assert spread([10, 50, 90], [10, 10, 10], 0, 100) == [10, 50, 90]
    places = spread([50, 50, 50, 99], [20, 20, 20, 20], 0, 100)
    gaps = np.diff(sorted(places))
    assert min(gaps) >= 20
    assert min(places) >= 10
    assert max(places) <= 90


def test_words_are_cut_and_cleaned() -> None:
    assert short("x" * 300, 10) == "x" * 9 + "…"
    assert clean("a\x00b\nc") == "a b c"
    assert len(wrap("x" * 300, 100, 10, 3)) == 3
    assert (
        max(map(len, wrap("漢" * 50, 100, 10, 3))) * 10 <= 100
    )  # wide letters are as wide as high
    assert wrap("", 100, 10, 3) == [""]
    assert (number(0.989, True), number(1234.5, False)) == ("98.9 %", "1,234")


def palettes() -> list[dict[str, str]]:
    """The page's colours: light, dark by the system, dark by the button."""
    blocks = re.findall(r":root[^{]*\{([^}]*color-scheme[^}]*)\}", CSS.read_text("utf-8"))
    assert len(blocks) == 3
    return [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block)) for block in blocks]


def contrast(one: str, two: str) -> float:
    """WCAG 2 contrast ratio of two colours."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(two)))
    return (light + 0.05) / (dark + 0.05)
