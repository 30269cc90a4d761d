"""Does a map stand on the page once, with its data, its policy, and a picture where no script runs?"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from embedding_second_opinion.findings.charts import Packed, Points
from embedding_second_opinion_reports.collect import Collected
from tests.reports.stories import HOSTILE_NAMES, a_finding, a_map, a_map_finding, a_tree
from tests.reports.test_render import Page, made


@pytest.fixture
def mapped(collected: Collected) -> Collected:
    findings = (*collected.findings, a_map_finding(HOSTILE_NAMES))
    return replace(collected, findings=findings)


def map_data(text: str) -> str:
    found = re.search(r'<script type="application/json" id="[^"]+">(.*?)</script>', text, re.S)
    assert found
    return found[1]


def rows_of(text: str, label: str) -> list[list[str]]:
    """The cells of the body of the table in the region of this name."""
    body = (
        text[text.index(f'aria-label="{label}') :].partition("<tbody>")[2].partition("</tbody>")[0]
    )
    return [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in body.split("</tr>") if "<td" in row]


def test_a_map_stands_once_with_its_data_and_nothing_in_them_ends_the_block(
    mapped: Collected,
) -> None:
    text = made(mapped)
    data = map_data(text)
    assert "<" not in data
    chart = a_map(2000, HOSTILE_NAMES)
    found = Points.model_validate(
        json.loads(data) | {"kind": "points", "title": chart.title, "alt": chart.alt}
    )
    assert found == chart
    assert text.count("<canvas") == 1
    assert text.index("The points on a map") < text.index("Checks that passed")
    # A place as the chart's description says: little-endian uint16, x then y.
    raw = base64.b64decode(json.loads(data)["panels"][0]["places"]["data"])
    first = int.from_bytes(raw[:2], "little"), int.from_bytes(raw[2:4], "little")
    assert first == tuple(chart.panels[0].places.array()[:2])


def test_only_the_scripts_of_the_map_come_with_it_and_each_is_named_in_the_policy(
    mapped: Collected, collected: Collected
) -> None:
    text = made(mapped)
    scripts = re.findall(r"<script>(.*?)</script>", text, re.S)
    assert len(scripts) == 4
    policy = next(m["content"] for m in Page(text).all("meta") if m.get("http-equiv"))
    allowed = policy.partition("script-src ")[2].split()
    digests = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts]
    assert allowed == [f"'sha256-{digest}'" for digest in digests]
    assert text.count("<script") == 5
    assert "<canvas" not in made(collected)


def test_ids_and_references_hold_with_a_map(mapped: Collected) -> None:
    text = made(mapped)
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    for tag, attributes in Page(text).elements:
        for name in ("for", "list", "aria-describedby", "aria-labelledby", "data-points"):
            assert set(attributes.get(name, "").split()) <= set(ids), (tag, attributes)
        if tag == "a" and attributes["href"].startswith("#"):
            assert attributes["href"][1:] in ids


def test_without_script_there_is_a_picture_and_a_table_of_how_faithful(mapped: Collected) -> None:
    page = Page(made(mapped))
    still = next(i for i in page.all("img") if i["alt"] == a_map().alt)
    with Image.open(io.BytesIO(base64.b64decode(still["src"].partition(",")[2]))) as image:
        assert image.width > 700
        assert len(np.unique(np.asarray(image.convert("L")))) > 10
    assert rows_of(made(mapped), "How faithful each map is: ") == [
        ["trustworthiness", "90.1 %", "91.1 %", "92.1 %"],
        ["continuity", "95.0 %", "95.0 %", "95.0 %"],
    ]


def test_few_classes_have_a_legend_and_many_a_warning(collected: Collected) -> None:
    few = Page(made(replace(collected, findings=(a_map_finding(classes=10),))))
    many = Page(made(replace(collected, findings=(a_map_finding(classes=11),))))
    assert sum("data-class" in button for button in few.all("button")) == 10
    assert not any("data-class" in button for button in many.all("button"))
    assert "Ten colours serve 11 classes" in many.text
    assert "Ten colours serve" not in few.text


def test_a_map_of_twenty_thousand_points_keeps_the_page_small(collected: Collected) -> None:
    finding = a_map_finding(n=20_000, classes=459)
    assert len(made(replace(collected, findings=(a_finding(), finding))).encode()) < 3_000_000


def test_a_map_without_pictures_or_points_leaves_the_page_standing(collected: Collected) -> None:
    nothing = {name: Packed.of(np.zeros(0, dtype=np.int64), "uint16") for name in ("codes", "rows")}
    bare = a_map().model_copy(update={"panels": (), **nothing, "wrong": nothing["codes"]})
    finding = a_map_finding().model_copy(update={"charts": (bare,)})
    assert "<canvas" not in made(replace(collected, findings=(finding,)))


def test_a_tree_is_drawn_and_told_joint_by_joint(collected: Collected) -> None:
    finding = a_map_finding().model_copy(update={"charts": (a_tree(tuple("abcde")),)})
    text = made(replace(collected, findings=(finding,)))
    assert a_tree().alt in [d.get("aria-label") for d in Page(text).all("div")]
    assert rows_of(text, "Data: Who is hard") == [
        ["a", "b", "0.8"],
        ["a, b", "c", "1.6"],
        ["a, b, c", "d", "2.4"],
        ["a, b and 2 more", "e", "3.2"],
    ]
