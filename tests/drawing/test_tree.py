"""Is the tree the one that scipy draws, with its words as text and its marked height in place?"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from scipy.cluster.hierarchy import dendrogram, linkage

from embedding_second_opinion.drawing import draw
from embedding_second_opinion.drawing.lettering import COLOURS
from embedding_second_opinion.findings.charts import Level, Merge, Tree
from tests.drawing.test_draw import HOSTILE, texts


def linked(n: int, seed: int = 0) -> tuple[np.ndarray, list[int]]:
    """A linkage of random points, and the order in which scipy draws its leaves."""
    joints = linkage(np.random.default_rng(seed).normal(size=(n, 3)), "average")
    return joints, dendrogram(joints, no_plot=True)["leaves"]


def tree(n: int = 9, seed: int = 0, names: tuple[str, ...] = (), mark: float | None = 1.5) -> Tree:
    joints, order = linked(n, seed)
    place = {leaf: i for i, leaf in enumerate(order)} | {i: i for i in range(n, 2 * n)}
    merges = [Merge(first=place[int(a)], second=place[int(b)], height=h) for a, b, h, _ in joints]
    return Tree(
        title="Near and far",
        alt="A tree.",
        leaves=(*names, *(f"class {i}" for i in range(len(names), n))),
        merges=tuple(merges),
        height_label="separation",
        mark=None if mark is None else Level(name="told apart", y=mark),
    )


@pytest.mark.parametrize(("n", "seed"), [(2, 0), (9, 1), (30, 2)])
def test_the_brackets_are_those_of_scipy(n: int, seed: int) -> None:
    drawn = draw.figure(tree(n, seed, mark=None))
    assert drawn is not None
    axes = drawn.axes[0]
    room = axes.get_ylim()[1] / n  # every name has one line, so that all rooms are alike
    found = sorted(
        (tuple(line.get_xdata()), tuple(n - np.asarray(line.get_ydata()) / room))
        for line in axes.lines
    )
    oracle = dendrogram(linked(n, seed)[0], no_plot=True)  # leaves at 5, 15, 25, ...
    wanted = sorted(
        (tuple(d), tuple(np.array(i) / 10))
        for d, i in zip(oracle["dcoord"], oracle["icoord"], strict=True)
    )
    assert len(found) == n - 1
    for (x, y), (d, i) in zip(found, wanted, strict=True):
        forwards = np.allclose(x, d, rtol=1e-7) and np.allclose(y, i)
        backwards = np.allclose(x, d[::-1], rtol=1e-7) and np.allclose(y, i[::-1])
        assert forwards or backwards


def test_joints_below_the_mark_stand_out_by_colour_and_by_weight() -> None:
    chart = tree(12, 3, mark=1.5)
    drawn = draw.figure(chart)
    assert drawn is not None
    brackets, dashed = drawn.axes[0].lines[:-1], drawn.axes[0].lines[-1]
    below = [line for line in brackets if line.get_color() == COLOURS["series-second"]]
    assert len(below) == sum(merge.height < 1.5 for merge in chart.merges) > 0
    assert len(below) < len(brackets)
    lightest = min(line.get_linewidth() for line in below)
    assert lightest > max(line.get_linewidth() for line in brackets if line not in below)
    assert list(dashed.get_xdata()) == [1.5, 1.5]


@pytest.mark.parametrize("width", ["wide", "narrow"])
def test_words_stay_words_and_leaves_stand_in_their_order(width: draw.Width) -> None:
    svg = draw.svg(tree(12, names=HOSTILE), "a", width)
    assert "<script" not in svg
    assert svg == draw.svg(tree(12, names=HOSTILE), "a", width)
    words = texts(svg)
    assert {"$x^2$", "שלום", "separation", "told apart (1.5)"} <= set(words)
    root = ElementTree.fromstring(svg)
    heights = {"".join(t.itertext()): float(t.attrib["y"]) for t in root.iter("text")}
    assert [heights[f"class {i}"] for i in range(6, 12)] == sorted(
        heights[f"class {i}"] for i in range(6, 12)
    )
    _, _, wide, tall = (float(v) for v in root.attrib["viewBox"].split())
    assert all(0 < y < tall for y in heights.values())
    # No name is wider than what is left of the tree: 0.6 of the font's height a letter.
    room = {"wide": 210, "narrow": 128}[width]
    leaves = [t for t in root.iter("text") if "text-anchor: end" in t.attrib.get("style", "")]
    names = [t for t in leaves if float(t.attrib["x"]) < room]
    assert len(names) >= 12
    assert max(0.6 * 14 * len("".join(t.itertext())) for t in names) <= room
    assert wide == {"wide": 720, "narrow": 360}[width]


def test_a_long_name_ends_its_line_at_a_joint_and_keeps_its_last_letters() -> None:
    words = texts(draw.svg(tree(3, names=("Angelic/character_06",)), "a", "narrow"))
    assert {"Angelic/", "character_06"} <= set(words)


@pytest.mark.parametrize(
    "chart",
    [
        Tree(title="", alt="", leaves=(), merges=(), height_label="h"),
        Tree(title="", alt="", leaves=("only",), merges=(), height_label="h"),
        tree(2).model_copy(update={"merges": (Merge(first=0, second=1, height=0.0),)}),
        tree(2).model_copy(update={"merges": (Merge(first=0, second=1, height=-2.0),)}),
        tree(3, mark=0.0),
    ],
    ids=["empty", "one", "zero", "negative", "mark-at-zero"],
)
@pytest.mark.parametrize("width", ["wide", "narrow"])
def test_small_and_odd_trees_are_drawn(chart: Tree, width: draw.Width, tmp_path: Path) -> None:
    assert draw.svg(chart, "a", width).startswith("<svg")
    assert draw.png((chart,)).startswith(b"\x89PNG")
