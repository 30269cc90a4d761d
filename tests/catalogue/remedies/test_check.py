"""The planted remedy is found and alarms; healthy sets stay quiet; the words fit."""

from __future__ import annotations

import numpy as np
import pytest

from embedding_second_opinion.catalogue.remedies.check import remedies
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.findings.charts import Bars, Table
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.remedy.kinds import BY_KEY, REJECTING
from embedding_second_opinion.samples.planted import planted
from embedding_second_opinion.samples.planted_remedies import BEST
from tests.planting import HEALTHY
from tests.verdicts import found as said


@pytest.mark.parametrize("seed", range(1, 3))
@pytest.mark.parametrize("flaw", BEST)
def test_the_planted_remedy_is_found(flaw, seed):
    found = remedies(Geometry(planted(flaw, seed), seed=seed))
    assert found.verdict is Verdict.ALARM
    assert BY_KEY[BEST[flaw]].name in found.explanation
    assert f"'{BEST[flaw]}'" in found.remedy
    assert found.p_value < 0.025


@pytest.mark.parametrize("shape", HEALTHY)
def test_healthy_sets_stay_quiet(shape):
    for seed in (0, 1) if shape == "healthy" else (0,):
        assert said(shape, "remedies", seed).verdict in (Verdict.OK, Verdict.UNSURE)


def test_other_flaws_that_no_fix_mends_are_none():
    assert said("look_alikes", "remedies").verdict is not Verdict.ALARM


def test_charts_and_caveats_say_what_was_tried():
    found = remedies(Geometry(planted("needs_cosine", 1)))
    bars = next(c for c in found.charts if isinstance(c, Bars))
    table = next(c for c in found.charts if isinstance(c, Table))
    assert (
        [b.label for b in bars.bars]
        == [r.name for r in BY_KEY.values()]
        == [r[0] for r in table.rows[:-1]]
    )
    assert sum(int(row[2].split()[0]) for row in table.rows[:-1]) == 5
    assert table.rows[-1][0] == REJECTING.name
    assert all(row[3] for row in table.rows)
    assert "no split" in found.harm.about


def test_inputs_that_lack_something_are_not_applicable():
    distances = Geometry.from_distances(np.ones((4, 4)) - np.eye(4), [0, 0, 1, 1])
    assert "vectors" in remedies(distances).explanation
    pairs = EmbeddingSet.from_arrays(
        np.random.default_rng(0).standard_normal((6, 3)), [0, 0, 1, 1, 2, 2]
    )
    found = remedies(Geometry(pairs))
    assert found.verdict in (Verdict.NOT_APPLICABLE, Verdict.UNSURE)


def test_a_set_of_copies_says_that_copies_are_the_reason():
    data = planted("healthy_few_samples", 1)
    names = np.array(data.classes)[data.codes]
    twice = EmbeddingSet.from_arrays(np.vstack([data.vectors] * 2), np.concatenate([names] * 2))
    found = remedies(Geometry(twice))
    assert found.verdict is Verdict.NOT_APPLICABLE
    assert "that would measure equal one that a remedy is fitted" in found.explanation


def test_copies_are_not_blamed_where_other_rows_are_left_to_measure_by():
    rng = np.random.default_rng(0)
    labels = np.concatenate([np.tile(np.arange(10), 2), [0, 0]])
    split = np.repeat(["train", "test"], [20, 2])
    rows = rng.standard_normal((10, 4))[labels] + 0.1 * rng.standard_normal((22, 4))
    rows[20] = rows[0]  # so that the other query has none to choose by
    data = EmbeddingSet.from_arrays(rows, labels, split=split)
    found = remedies(Geometry(arrange(data)))
    assert found.verdict is Verdict.NOT_APPLICABLE
    assert "more rows a class" in found.explanation
    assert "copies" not in found.explanation


def test_the_order_of_rows_and_the_names_of_classes_change_nothing():
    data = planted("needs_mean", 4)
    order = np.random.default_rng(1).permutation(data.n)
    names = np.array([f"n{(7 * int(c)) % 80:02d}" for c in data.classes])
    other = EmbeddingSet.from_arrays(data.vectors[order], names[data.codes[order]])
    one, two = remedies(Geometry(data)), remedies(Geometry(other))
    assert one.harm.value == pytest.approx(two.harm.value, abs=1e-7)
    assert one.harm.low == pytest.approx(two.harm.low, abs=1e-6)
