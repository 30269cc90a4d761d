"""One query, or three: numbers, plain words, and nothing that is claimed from them."""

from __future__ import annotations

import re

import numpy as np
import pytest

from embedding_second_opinion.catalogue.decision_rule.check import decision_rule
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.geometry.geometry import Geometry


def judge(data):
    return decision_rule(Geometry(data))


def few(seed, queries):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(12), 8)
    vectors = rng.standard_normal((12, 4))[labels] + 0.5 * rng.standard_normal((96, 4))
    split = np.full(96, "train", dtype=object)
    split[queries] = "test"
    return EmbeddingSet.from_arrays(vectors, labels, split=split.astype(str))


def test_three_queries_say_nothing_about_information():
    seen = []
    for seed in range(8):
        found = judge(few(seed, [0, 10, 20]))
        names = ("closed_set", "knn", "centroid", "probe")
        each = [found.estimates[f"{n}_accuracy"] for n in names]
        low = max(e.high for e in each) < 0.8
        assert ("the information itself is missing" in found.meaning) <= low
        assert found.verdict is Verdict.UNSURE
        seen.append(max(e.value for e in each) < 0.8)
        assert all(
            -1 <= e.low <= e.high <= 1 for e in found.estimates.values() if e.low is not None
        )
    assert any(seen)


def test_one_query_gives_numbers_and_no_verdict():
    gained = []
    for seed in (0, 1, 2, 16, 17, 19):
        found = judge(few(seed, [0]))
        assert found.verdict is Verdict.UNSURE
        gained.append(found.harm.value)
        assert found.harm.low <= -0.9 + 1e-9 or found.harm.value <= 0
        words = [found.explanation, found.meaning, *(e.about for e in found.estimates.values())]
        words += [c.alt for c in found.charts]
        for text in words:
            assert not re.search(r"\b1 (queries|classes)\b", text), text
    assert max(gained) == 1


@pytest.mark.parametrize("queries", [2, 5])
def test_all_queries_gaining_alike_is_no_certainty(queries):
    for seed in range(12):
        found = judge(few(seed, list(range(0, 8 * queries, 8))))
        for name in ("knn_gain", "centroid_gain", "probe_gain"):
            e = found.estimates[name]
            assert e.high - e.low > 0.2, (seed, name)
