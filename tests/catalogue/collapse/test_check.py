"""Planted collapses alarm, healthy sets and other flaws do not, and the costs are what they say."""

from __future__ import annotations

import numpy as np
import pytest

from embedding_second_opinion.catalogue.collapse import costs as collapse_costs
from embedding_second_opinion.catalogue.collapse.check import collapse
from embedding_second_opinion.catalogue.collapse.costs import costs
from embedding_second_opinion.catalogue.collapse.numbers import numbers
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.findings.charts import Curve, Table
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples import sample
from embedding_second_opinion.samples.planted import NAMED_BY, planted
from embedding_second_opinion.stats import surface
from embedding_second_opinion.stats.intervals import TAIL
from tests.planting import FLAWS, HEALTHY
from tests.verdicts import found

OURS = [flaw for flaw in FLAWS if NAMED_BY[flaw] == "collapse"]
KINDS = {"collapsed": "one point", "binarised": "ties", "flattened": "few dimensions"}


def of(name, seed=0):
    return found(name, "collapse", seed)


def judge(vectors, labels, **columns):
    return collapse(Geometry(EmbeddingSet.from_arrays(vectors, labels, **columns)))


@pytest.mark.parametrize("flaw", OURS)
def test_the_planted_collapse_alarms_and_its_kind_is_named(flaw):
    for seed in range(2):
        each = of(flaw, seed)
        assert each.verdict is Verdict.ALARM, seed
        assert each.explanation.startswith(f"Collapse to {KINDS[flaw]} costs"), seed


@pytest.mark.parametrize("shape", HEALTHY)
def test_healthy_sets_stay_quiet(shape):
    """Cannot tell may come once in three: the simulation's own misfit widens the interval."""
    every = [of(shape, seed) for seed in ((0, 1) if shape == "healthy" else (0,))]
    if every[0].verdict is Verdict.UNSURE:
        every += [of(shape, seed) for seed in (1, 2)]
    verdicts = [each.verdict for each in every]
    assert set(verdicts) <= {Verdict.OK, Verdict.UNSURE}
    assert verdicts.count(Verdict.UNSURE) <= 1
    assert max(each.harm.value for each in every) < 0.005


@pytest.mark.parametrize("flaw", [flaw for flaw in FLAWS if NAMED_BY[flaw] != "collapse"])
def test_other_flaws_are_not_called_collapse(flaw):
    found = of(flaw)
    assert found.verdict in (Verdict.OK, Verdict.UNSURE)
    assert "collapse explains little" in found.explanation


def test_full_neural_collapse_of_ten_classes_is_no_harm():
    """Rank 9 in 64 dimensions and nothing wrong."""
    rng = np.random.default_rng(0)
    basis, _ = np.linalg.qr(rng.standard_normal((64, 10)))
    labels = np.arange(400) % 10
    vectors = ((np.eye(10) - 0.1) @ basis.T)[labels] + 1e-3 * rng.standard_normal((400, 64))
    found = judge(vectors, labels)
    assert found.verdict is not Verdict.ALARM
    assert found.harm.value == 0
    assert found.estimates["participation_ratio"].value == pytest.approx(9, rel=0.02)


def test_the_costs_and_their_largest():
    space = Geometry(planted("binarised"))
    found = collapse(space)
    lenient = surface.closed_set_accuracy(space.ranks, "lenient")
    strict = surface.closed_set_accuracy(space.ranks)
    e = found.estimates
    assert e["cost_of_ties"].value == pytest.approx(lenient - strict, abs=1e-7)
    assert e["closed_set_loss"].value == pytest.approx(1 - strict, abs=1e-7)
    assert found.harm.value == e["cost_of_ties"].value
    point = of("collapsed").estimates
    assert point["cost_of_one_point"].value == point["closed_set_loss"].value
    assert point["spread"].high < collapse_costs.POINT
    flat = of("flattened").estimates
    cost = flat["surrogate_accuracy_reference"].value - flat["surrogate_accuracy"].value
    assert flat["cost_of_few_dimensions"].value == pytest.approx(
        min(cost, flat["closed_set_loss"].value), abs=1e-7
    )
    for part in ("ties", "one_point", "few_dimensions"):
        for e in (point, flat):
            assert e[f"cost_of_{part}"].value <= e["closed_set_loss"].value + 1e-9


def test_every_dimension_count_between_flat_and_full_is_ordered():
    """The more dimensions training has left, the less it costs."""
    found = []
    for left in (2, 6, 32):
        rng = np.random.default_rng(3)
        labels = np.repeat(np.arange(60), 10)
        x = rng.standard_normal((60, 32))[labels] + 0.3 * rng.standard_normal((600, 32))
        space = Geometry(
            EmbeddingSet.from_arrays(x * np.where(np.arange(32) < left, 1, 0.01), labels)
        )
        found.append(costs(space, numbers(space))[2].value)
    assert found == sorted(found, reverse=True)
    assert found[0] > 0.5
    assert found[-1] == 0


@pytest.mark.parametrize("name", [*KINDS, "crowded"])
def test_verdict_and_p_value_agree(name):
    found = of(name)
    assert found.p_value is not None
    assert (found.harm.low > found.tolerance) == (found.p_value < TAIL)
    # Where everything is lost, only a bound by the rule of three stands, and there is no p-value.
    assert judge(np.ones((60, 3)), np.arange(60) % 12).p_value is None


def test_a_small_triplet_network_has_lost_dimensions():
    found = collapse(Geometry(sample("glyphs")))
    assert found.estimates["spectrum_exponent"].value > 1.5
    assert found.estimates["cost_of_few_dimensions"].value > 0.02


def test_row_order_and_class_names_change_nothing():
    for name in ("flattened", "binarised"):
        data = planted(name)
        order = np.random.default_rng(0).permutation(data.n)
        names = np.array([f"name {(7 * int(c)) % 167:03d}" for c in data.classes])
        first = of(name)
        second = judge(data.vectors[order], names[data.codes[order]])
        assert second.verdict is first.verdict
        for key, estimate in first.estimates.items():
            other = second.estimates[key]
            assert other.value == pytest.approx(estimate.value, abs=1e-7), (name, key)
            assert other.low == pytest.approx(estimate.low, abs=1e-6), (name, key)


def test_with_a_gallery_split():
    data = planted("binarised")
    split = np.where(np.random.default_rng(0).random(data.n) < 0.6, "train", "test")
    found = judge(data.vectors, data.codes, split=split)
    assert found.verdict is Verdict.ALARM
    assert "test rows" in found.estimates["effective_rank"].about
    first = np.isin(np.arange(data.n), np.unique(data.codes, return_index=True)[1])
    single = judge(data.vectors, data.codes, split=np.where(first, "test", "train"))
    # One query a class: no class has a width, which is said; the ties are still seen.
    assert "width of a class cannot be seen" in single.estimates["cost_of_few_dimensions"].method
    assert single.verdict is Verdict.ALARM


def test_cosine_sees_directions_only():
    data = planted("flattened")
    lengths = np.random.default_rng(0).uniform(0.5, 2, (data.n, 1))
    plain, scaled = (
        collapse(Geometry(EmbeddingSet.from_arrays(v, data.codes), metric="cosine"))
        for v in (data.vectors, data.vectors * lengths)
    )
    for name in ("effective_rank", "spread", "mean_cosine", "intrinsic_dimension"):
        assert scaled.estimates[name].value == pytest.approx(plain.estimates[name].value, rel=1e-4)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_nothing_breaks_it(metric):
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 12
    awkward = {
        "one dimension": (rng.standard_normal((60, 1)), labels),
        "constant": (np.ones((60, 3)), labels),
        "two classes": (rng.standard_normal((20, 4)), np.arange(20) % 2),
        "two classes of few": (rng.standard_normal((4, 3)), np.arange(4) % 2),
        "singletons": (rng.standard_normal((40, 4)), np.r_[np.arange(30), np.arange(10)]),
        "all but one single": (rng.standard_normal((31, 4)), np.r_[np.arange(30), 0]),
        "copies": (np.repeat(rng.standard_normal((15, 3)), 4, axis=0), labels),
        "each class one point": (rng.standard_normal((12, 5))[labels], labels),
        "one dimension of three": (np.outer(rng.standard_normal(60), [1, 2, 3]), labels),
        "huge": (1e30 * rng.standard_normal((60, 3)), labels),
        "tiny": (1e-30 * rng.standard_normal((60, 3)), labels),
        "many dimensions": (rng.standard_normal((60, 270)), labels),
    }
    if metric == "euclidean":
        awkward["zero"] = (np.zeros((60, 3)), labels)
    else:
        awkward = {name: awkward[name] for name in ("one dimension", "constant", "copies")}
    for name, (vectors, classes) in awkward.items():
        space = Geometry(EmbeddingSet.from_arrays(vectors, classes), metric=metric)
        found = collapse(space)
        assert found.verdict is not Verdict.NOT_APPLICABLE, name
        assert all(e.about and e.method for e in found.estimates.values()), name
        if name in ("constant", "zero"):
            assert found.verdict is Verdict.ALARM, name
            assert found.harm.value == 1, name
            assert found.explanation.startswith("Collapse to one point costs"), name
            assert found.estimates["effective_rank"].value == 0, name
        if name.startswith("two"):
            assert found.verdict is Verdict.UNSURE, name


def test_what_it_needs_is_said():
    distances = np.random.default_rng(0).random((6, 6))
    found = collapse(Geometry.from_distances(distances, np.arange(6) % 3))
    assert found.verdict is Verdict.NOT_APPLICABLE
    assert found.explanation.startswith("Needs the vectors")
    data = planted("healthy")
    split = np.where(data.codes < 30, "train", "test")
    other = collapse(
        Geometry(arrange(EmbeddingSet.from_arrays(data.vectors, data.codes, split=split)))
    )
    assert other.verdict is Verdict.NOT_APPLICABLE
    assert "share no class" in other.explanation


def test_charts_tell_what_they_show():
    found = of("flattened")
    spectrum, table = found.charts
    assert isinstance(spectrum, Curve)
    assert isinstance(table, Table)
    assert spectrum.title == "3 of 32 components hold 90 % of the variance"
    own, reference, gaussian = spectrum.series
    assert own.y[own.x.index(3)] > 0.99
    assert own.y[0] == pytest.approx(1 / found.estimates["stable_rank"].value)
    assert gaussian.y[2] < reference.y[2] < own.y[2]
    assert all(line.x[-1] == 16 for line in spectrum.series)
    shown = {row[0]: row[1] for row in table.rows}
    assert shown["Effective rank (RankMe, centred)"] == found.estimates["effective_rank"].text()
