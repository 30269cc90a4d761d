"""The count of how often intervals hold the truth: against known intervals, and a small part of it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scipy import stats

from embedding_second_opinion.catalogue.triplet_versus_closed_set.measured import measure
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples.planted import planted
from embedding_second_opinion.stats import surface

FILE = Path(__file__).resolve().parents[2] / "benchmarks" / "coverage.py"


def loaded() -> ModuleType:
    """The script under a name that is not the coverage package's."""
    spec = importlib.util.spec_from_file_location("interval_coverage", FILE)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


bench = loaded()


def t_intervals(sets, reach=1.0, seed=0):
    """(sets, numbers, 4): means of ten normal values about .5 with their t intervals, times ``reach``."""
    values = 0.5 + 0.1 * np.random.default_rng(seed).standard_normal((sets, len(bench.NUMBERS), 10))
    mean, error = values.mean(axis=2), stats.sem(values, axis=2)
    half = reach * stats.t.ppf(0.975, 9) * error
    return np.stack([mean, mean - half, mean + half, np.zeros_like(mean)], axis=2)


def test_textbook_intervals_hold_the_truth_as_often_as_they_promise():
    found = list(bench.cells("a", t_intervals(2000)))
    held = sum(cell.held for cell in found)
    assert stats.binomtest(held, 2000 * len(found), 0.95).pvalue > 0.01
    assert all(cell.kept for cell in found)
    # The mean of ten with a standard deviation of .1, and the middle 95 % of it.
    assert found[0].truth == pytest.approx(0.5, abs=0.003)
    assert found[0].error == pytest.approx(0.1 / np.sqrt(10 * 1000), rel=0.05)
    assert found[0].spread == pytest.approx(2 * 1.96 * 0.1 / np.sqrt(10), rel=0.06)


@pytest.mark.parametrize(("reach", "too_often"), [(0.6, False), (2.0, True)])
def test_intervals_too_narrow_or_too_wide_are_outside(reach, too_often):
    for cell in bench.cells("a", t_intervals(2000, reach)):
        assert not cell.kept
        assert (cell.coverage > 0.95) == too_often


def test_bounds_and_refusals_are_counted_apart():
    one = np.array(
        [
            [0.5, 0.4, 0.625, 0],  # touches the mean of the other half
            [0.5, 0.4, 0.55, 0],  # too low
            [0.5, 0.2, 1.0, 1],  # a bound that holds it
            [0.5, np.nan, np.nan, 0],  # refused
            [0.625, 0.55, 0.7, 0],  # too high for .5
            [0.625, 0.4, 0.7, 0],
            [0.625, 0.55, 1.0, 1],  # a bound that is too high
            [0.625, 0.5, 0.7, 0],
        ]
    )
    cell = next(bench.cells("a", np.repeat(one[:, None], len(bench.NUMBERS), axis=1)))
    assert (cell.given, cell.refused, cell.unresolved, cell.bounds_held) == (7, 1, 2, 1)
    assert (cell.held, cell.too_high, cell.too_low) == (4, 2, 1)
    assert cell.width == pytest.approx(0.225)


@pytest.mark.parametrize(
    ("held", "bounds", "kept"),
    [(1000, 501, True), (1000, 500, False), (930, 501, True), (929, 501, False), (990, 0, True)],
)
def test_where_most_are_bounds_they_may_always_hold_the_truth(held, bounds, kept):
    cell = bench.Cell("a", "b", 0.5, 0.01, 1000, 0, 1000 - held, 0, bounds, bounds, 0.1, 0.1)
    assert cell.kept == kept
    text = "\n".join(bench.report([cell], 1000))
    assert ("## Bounds, conservative by design" in text) == (kept and held == 1000)
    assert ("## Outside" in text) == (not kept)


def test_designs_of_uneven_spread_are_told_and_do_not_fail_the_run(monkeypatch, capsys):
    wide = t_intervals(200, 2.0)
    for name, code in (("uneven30x6_98", 0), ("30x6_98", 1)):
        monkeypatch.setattr(sys, "argv", ["coverage.py", "--sets", "200"])
        monkeypatch.setattr(bench, "run", lambda designs, sets, name=name: iter([(name, wide)]))
        with pytest.raises(SystemExit) as ended:
            bench.main()
        assert ended.value.code == code
        assert capsys.readouterr().out.count(f"\n- {name}, ") > 0


def test_the_table_says_what_is_outside_and_the_run_fails(monkeypatch, tmp_path, capsys):
    out = tmp_path / "coverage.md"
    monkeypatch.setattr(sys, "argv", ["coverage.py", "--sets", "2000", "--out", str(out)])
    good, wide = t_intervals(2000), t_intervals(2000, 2.0, seed=1)
    monkeypatch.setattr(bench, "run", lambda designs, sets: iter([("good", good)]))
    with pytest.raises(SystemExit) as ended:
        bench.main()
    assert ended.value.code == 0
    assert "**" not in out.read_text()
    capsys.readouterr()
    monkeypatch.setattr(bench, "run", lambda designs, sets: iter([("good", good), ("wide", wide)]))
    with pytest.raises(SystemExit) as ended:
        bench.main()
    assert ended.value.code == 1
    text = out.read_text()
    n = len(bench.NUMBERS)
    assert f"{n} of {2 * n} cells are inside, {n} outside" in text
    assert text.count("\n- wide, ") == n
    assert "\n- good, " not in text
    assert capsys.readouterr().out == text


def test_the_interval_of_a_coverage_is_the_published_one():
    # Newcombe, Statistics in Medicine 1998, table I: 81 of 263 gives .2553 to .3662.
    cell = bench.Cell("a", "b", 0.5, 0.01, 263, 0, 100, 82, 0, 0, 0.1, 0.1)
    assert bench._share(cell) == "30.8 [25.5, 36.6]"


@pytest.mark.parametrize("name", list(bench.DESIGNS))
def test_the_designs_have_the_accuracy_in_their_name(name):
    design = bench.DESIGNS[name]
    sets = 10 if len(design.sizes) > 100 else 80 if design.spread else 40
    spaces = [Geometry(design.draw(seed)) for seed in range(5000, 5000 + sets)]
    accuracy = np.mean([surface.closed_set_accuracy(space.ranks) for space in spaces])
    target = int(name[-2:]) / 100
    assert accuracy == pytest.approx(target, abs=0.05 if target == 0.8 else 0.01)
    assert sorted(spaces[0].ranks.gallery_sizes.tolist()) == sorted(design.sizes)
    assert len(spaces[0].evaluation.strangers) == 6 * design.strangers


def test_a_set_is_drawn_anew_each_time_and_the_same_again():
    first = bench.trial(("10x6_98", 3))
    np.testing.assert_array_equal(first, bench.trial(("10x6_98", 3)))
    assert not np.array_equal(first, bench.trial(("10x6_98", 4)))
    assert first.shape == (len(bench.NUMBERS), 4)


def test_every_number_of_ten_classes_holds_the_truth():
    """The smallest design: 60 sets have a standard error of .028 about .95."""
    sets = np.array([bench.trial(("10x6_80", seed)) for seed in range(60)])
    for cell in bench.cells("10x6_80", sets):
        assert cell.given >= 55, cell
        assert cell.coverage >= 0.85, cell


def test_the_gap_is_measured_as_a_share_only_where_it_is_next_to_one():
    ordinary = measure(Geometry(bench.DESIGNS["200x6_80"].draw(0)), None).harm
    assert "logit" in ordinary.method
    assert 0 < ordinary.low < ordinary.value < ordinary.high
    assert ordinary.high - ordinary.value > ordinary.value - ordinary.low  # skewed away from 0
    # In classes of several modes queries fare better than triplets: no share is negative.
    better = measure(Geometry(planted("healthy_several_modes", 0)), None).harm
    assert better.value < 0
    assert "paired" in better.method
