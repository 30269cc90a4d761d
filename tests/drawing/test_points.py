"""Does each point stand in its place, in its colour, with its marks, in the picture for notebooks?"""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from PIL import Image

from embedding_second_opinion.drawing import draw
from embedding_second_opinion.drawing.lettering import COLOURS
from embedding_second_opinion.drawing.points import CLASS_COLOURS
from embedding_second_opinion.findings.charts import Packed, Panel, Points
from tests.drawing.test_draw import CSS, HOSTILE, contrast, palettes


def points(n: int = 300, classes: int = 4, panels: int = 1, names: tuple[str, ...] = ()) -> Points:
    rng = np.random.default_rng(n + classes)
    codes = rng.integers(0, classes, n)
    made = [
        Panel(
            name=f"method {i}",
            places=Packed.of(rng.integers(0, 65536, (n, 2)), "uint16"),
            distortion=Packed.of(rng.integers(0, 256, n), "uint8"),
            facts=(("trustworthiness", f"9{i}.1 %"), ("a fact with many words " * 4, "1")),
        )
        for i in range(panels)
    ]
    return Points(
        title="Points",
        alt="Some points.",
        panels=tuple(made),
        classes=(*names, *(f"class {i}" for i in range(len(names), classes))),
        codes=Packed.of(codes, "uint16"),
        rows=Packed.of(np.arange(n), "uint32"),
        wrong=Packed.of(rng.integers(0, 2, n), "uint8"),
    )


def drawn(chart: Points) -> tuple[list[Axes], list[str]]:
    """The panels, and all words of the picture."""
    figure = draw.figure(chart, titled=True)
    assert figure is not None
    panels = [axes for axes in figure.axes if axes.axison]
    words = [text.get_text() for text in figure.texts]
    return panels, words + [text.get_text() for axes in panels for text in axes.texts]


def in_order(places: object) -> list[list[float]]:
    return sorted(np.asarray(places).tolist())


@pytest.mark.parametrize("classes", [4, 30])
def test_every_point_is_in_its_place_hollow_where_distorted_and_crossed_where_wrong(
    classes: int,
) -> None:
    chart = points(classes=classes, panels=2)
    for axes, panel in zip(drawn(chart)[0], chart.panels, strict=True):
        hollow, full, crosses = axes.collections
        places = panel.places.array().reshape(-1, 2) / 65535
        distorted = panel.distortion.array() > 127.5  # more than half of 255
        assert in_order(hollow.get_offsets()) == in_order(places[distorted])
        assert in_order(full.get_offsets()) == in_order(places[~distorted])
        wrong = chart.wrong.array() == 1
        assert in_order(crosses.get_offsets()) == in_order(places[wrong])
        assert hollow.get_facecolor().size == 0
        assert full.get_facecolor().size > 0
        low, high = axes.get_ylim()
        assert low < 0 < 1 < high  # y upwards, nothing cut


def test_few_classes_have_their_own_colours_and_many_are_grey() -> None:
    chart = points(classes=10)
    full = drawn(chart)[0][0].collections[1]
    places = chart.panels[0].places.array().reshape(-1, 2) / 65535
    code = {tuple(place): c for place, c in zip(places, chart.codes.array(), strict=True)}
    for place, colour in zip(full.get_offsets(), full.get_facecolor(), strict=True):
        assert to_hex(colour) == CLASS_COLOURS[code[tuple(place)]]
    grey = drawn(points(classes=11))[0][0].collections[1].get_facecolor()
    assert {to_hex(colour) for colour in grey} == {COLOURS["series-context"]}


def test_up_to_ten_classes_are_named_and_of_many_the_largest_six() -> None:
    axes, words = drawn(points(classes=10))
    assert {f"class {i}" for i in range(10)} <= set(words)
    assert axes[0].get_xticks().size == 0
    chart = points(3000, classes=40)
    sizes = np.bincount(chart.codes.array())
    largest = {f"class {i}" for i in np.argsort(-sizes, kind="stable")[:6]}
    named = {text.get_text() for text in drawn(chart)[0][0].texts}
    assert named
    assert named <= largest


@pytest.mark.parametrize("panels", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("classes", [1, 10, 40])
def test_facts_stand_with_each_panel_and_no_words_leave_the_picture(
    panels: int, classes: int
) -> None:
    chart = points(classes=classes, panels=panels)
    figure = draw.figure(chart, titled=True)
    assert figure is not None
    words = drawn(chart)[1]
    for i in range(panels):
        assert {f"method {i}", f"trustworthiness: 9{i}.1 %"} <= set(words)
    assert f"nearest enrolled row of another class ({chart.wrong.array().sum()})" in words
    assert any("no unit" in line for line in words)
    for text in figure.texts:
        assert 0 <= text.get_position()[1] <= 1
        assert text.get_window_extent().x1 <= 72 * figure.get_figwidth()
    heights = [text.get_position()[1:] + text.get_position()[:1] for text in figure.texts]
    assert len(set(heights)) == len(heights)  # nothing is written over anything else


def test_the_picture_is_the_same_each_time_and_hostile_names_are_drawn() -> None:
    for classes in (6, 30):
        chart = points(classes=classes, panels=3, names=HOSTILE)
        first = draw.png((chart,))
        assert draw.png((chart,)) == first
        with Image.open(io.BytesIO(first)) as image:
            assert image.width == 1080
    assert "$x^2$" in drawn(points(classes=6, names=HOSTILE))[1]


@pytest.mark.parametrize("n", [0, 1, 2])
def test_no_points_and_single_points_are_drawn(n: int) -> None:
    assert draw.png((points(n, 2, 2),)).startswith(b"\x89PNG")


def test_the_page_has_the_same_ten_colours_and_each_can_be_seen_in_light_and_dark() -> None:
    blocks = re.findall(r":root[^{]*\{([^}]*color-scheme[^}]*)\}", CSS.read_text("utf-8"))
    light, media, toggled = (re.findall(r"--class-\d: (#[0-9a-f]{6})", block) for block in blocks)
    assert tuple(light) == CLASS_COLOURS
    assert media == toggled
    assert len(set(media)) == 10
    for palette, surface in ((light, palettes()[0]), (media, palettes()[1])):
        for colour in palette:
            assert contrast(colour, surface["surface"]) >= 3
