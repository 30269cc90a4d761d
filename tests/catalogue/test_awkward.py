"""Sets that no one plans for: every diagnostic answers, in words, without a warning."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable

import numpy as np
import pytest

from embedding_second_opinion.catalogue import registry
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.drawing.draw import png
from embedding_second_opinion.findings.finding import Finding, Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs
from tests.verdicts import judged

Made = tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]

CLASSES = np.repeat(np.arange(20), 6)
HOSTILE = [
    "<script>alert(1)</script>",
    "אבג",
    "x" * 300,
    "$a_b$",
    "{{7*7}}",
    "a|b",
    '"q"',
    "n",
    "m",
    "o",
]


def made(name: str) -> Made:
    rng = np.random.default_rng(0)
    normal = rng.standard_normal
    cases: dict[str, Callable[[], Made]] = {
        "two classes": lambda: (normal((40, 5)), np.repeat([0, 1], 20), {}),
        "three rows": lambda: (normal((3, 2)), np.array([0, 0, 1]), {}),
        "constant": lambda: (np.ones((120, 4)), CLASSES, {}),
        "all zero": lambda: (np.zeros((120, 4)), CLASSES, {}),
        "copies within": lambda: (np.repeat(normal((20, 6)), 6, axis=0), CLASSES, {}),
        "copies across": lambda: (np.tile(normal((6, 6)), (20, 1)), CLASSES, {}),
        "one dimension": lambda: (normal((120, 1)) + 3.0 * CLASSES[:, None], CLASSES, {}),
        "wider than long": lambda: (normal((120, 700)), CLASSES, {}),
        "one class rules": lambda: (
            normal((400, 8)),
            np.where(rng.random(400) < 0.9, 0, rng.integers(1, 15, 400)),
            {},
        ),
        "singletons": lambda: (
            normal((304, 8)),
            np.append(np.arange(300), [300, 300, 301, 301]),
            {},
        ),
        "huge": lambda: (normal((120, 6)) * 1e30, CLASSES, {}),
        "tiny": lambda: (normal((120, 6)) * 1e-30, CLASSES, {}),
        "a group each": lambda: (normal((120, 6)), CLASSES, {"groups": np.arange(120)}),
        "a group a class": lambda: (normal((120, 6)), CLASSES, {"groups": CLASSES}),
        "hostile names": lambda: (normal((60, 6)), np.repeat(HOSTILE, 6), {}),
        "one query class": lambda: (
            normal((60, 6)),
            np.tile(np.arange(6), 10),
            {"split": np.where(np.arange(60) % 6 == 2, "test", "train")},
        ),
        "splits apart": lambda: (
            normal((120, 6)),
            CLASSES,
            {"split": np.where(CLASSES < 10, "test", "train")},
        ),
    }
    return cases[name]()


NAMES = [
    "two classes", "three rows", "constant", "all zero", "copies within", "copies across",
    "one dimension", "wider than long", "one class rules", "singletons", "huge", "tiny",
    "a group each", "a group a class", "hostile names", "one query class", "splits apart",
]  # fmt: skip
# What a picture may break on: no spread, one mark, one class, numbers and words without end.
DRAWN = ("three rows", "constant", "one dimension", "singletons", "huge", "tiny", "hostile names")
# A number that is none, a zero with a sign, or a plural of one.
NONSENSE = re.compile(
    r"\b(nan|inf|None)\b|(?<![\d.])-0\.0(?!\d)|\b1 (classes|pairs|rows|queries)\b"
)


@pytest.fixture(scope="module", params=NAMES, name="space")
def awkward(request):
    vectors, labels, columns = made(request.param)
    drawn = request.param in DRAWN
    return Geometry(arrange(EmbeddingSet.from_arrays(vectors, labels, **columns))), drawn


@pytest.mark.parametrize("code", registry.codes())
def test_an_awkward_set_gets_an_answer_in_words(code, space):
    space, drawn = space
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        finding = judged(space, code, Inputs(map_points=60))
        assert not drawn or png(finding.charts)
    assert finding.verdict in set(Verdict) - {Verdict.ERROR}
    assert Finding.model_validate_json(finding.model_dump_json()) == finding
    words = " ".join([finding.markdown(), *(f"{c.title} {c.alt}" for c in finding.charts)])
    assert not NONSENSE.search(words), NONSENSE.search(words)


@pytest.mark.parametrize("points", [0, 1, 11, 100_000])
def test_any_number_of_map_points(points):
    vectors, labels, _ = made("two classes")
    space = Geometry(EmbeddingSet.from_arrays(vectors, labels))
    verdict = registry.check("projections")(space, Inputs(map_points=points)).verdict
    assert (verdict is Verdict.NOT_APPLICABLE) is (points < 10)
