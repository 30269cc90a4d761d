"""Runs that learned nothing alarm, ordinary runs do not, and short logs cannot tell."""

from __future__ import annotations

import numpy as np
import pytest

from embedding_second_opinion.catalogue.training_curves.check import training_curves
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.load import load
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.findings.charts import Curve, Table
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs
from embedding_second_opinion.inputs.training_log import TrainingLog, read_log
from embedding_second_opinion.samples.planted import FLAWS, NAMED_BY, planted, planted_inputs
from embedding_second_opinion.samples.planted_curves import HEALTHY, logged_loss
from tests.verdicts import found as said

MINE = [flaw for flaw in FLAWS if NAMED_BY.get(flaw) == "training_curves"]


def judge(name, seed=0):
    return training_curves(Geometry(planted(name, seed)), planted_inputs(name, seed))


def of(curves, margin=None, **names):
    n = len(next(iter(curves.values())))
    log = TrainingLog(
        np.arange(1.0, n + 1), curves, {r: names.get(r, r) for r in curves}, "mine.csv"
    )
    rng = np.random.default_rng(0)
    data = EmbeddingSet.from_arrays(rng.standard_normal((60, 4)), np.repeat(np.arange(20), 3))
    return training_curves(Geometry(data), Inputs(log=log, margin=margin))


@pytest.mark.parametrize("flaw", MINE)
def test_the_planted_flaw_alarms(flaw):
    found = [said(flaw, "training_curves", seed) for seed in range(3)]
    assert all(f.verdict.loud and f.harm.low > f.tolerance for f in found)
    assert [f.verdict for f in found].count(Verdict.ALARM) >= 2
    word = {
        "stalled": "satisfy the margin",
        "at_margin": "collapse",
        "overfit_log": "validation part",
    }[flaw]
    assert all(word in f.explanation for f in found)
    assert len(MINE) == 3


@pytest.mark.parametrize("shape", HEALTHY)
def test_healthy_runs_do_not_alarm(shape):
    verdicts = [said(shape, "training_curves", seed).verdict for seed in range(3)]
    assert Verdict.ALARM not in verdicts
    assert verdicts.count(Verdict.OK) == 3


def test_without_a_log_it_says_what_it_needs():
    found = training_curves(Geometry(planted("healthy")))
    assert found.verdict is Verdict.NOT_APPLICABLE
    assert "--log FILE" in found.explanation
    found = of({"loss": np.linspace(1, 0.1, 30)}, loss="my_loss")
    assert found.verdict is Verdict.NOT_APPLICABLE
    assert "mine.csv has only 'my_loss'" in found.explanation


@pytest.mark.parametrize("steps", [1, 3, 9])
def test_a_short_log_cannot_tell(steps):
    found = of({"loss": np.linspace(1, 0.1, steps), "val_accuracy": np.full(steps, 0.6)})
    assert found.verdict is Verdict.UNSURE
    assert found.p_value is None
    assert "too short to tell" in found.explanation
    assert "at least ten values" in found.remedy


def test_curves_with_gaps_and_few_values_of_one():
    t = np.linspace(0, 1, 400)
    rng = np.random.default_rng(0)
    accuracy = np.full(400, np.nan)
    accuracy[9::10] = (0.9 - 0.3 * np.exp(-t / 0.2) + 0.005 * rng.standard_normal(400))[9::10]
    loss = (0.05 + np.exp(-t / 0.2)) * np.exp(0.3 * rng.standard_normal(400))
    assert of({"loss": loss, "val_accuracy": accuracy}).verdict is Verdict.OK
    few = np.where(np.arange(400) % 80 == 79, accuracy, np.nan)
    assert of({"loss": loss, "val_accuracy": few}).verdict is Verdict.UNSURE


def test_a_validation_loss_stands_in_for_an_accuracy():
    t = np.linspace(0, 1, 60)
    rng = np.random.default_rng(0)
    loss = (0.02 + 0.3 * np.exp(-t / 0.3)) * np.exp(0.05 * rng.standard_normal(60))
    held_out = 0.2 + 0.2 * np.exp(-t / 0.04) + 0.1 * t + 0.005 * rng.standard_normal(60)
    found = of({"loss": loss, "val_loss": held_out, "accuracy": 0.99 - 0.4 * np.exp(-t / 0.3)})
    assert found.verdict is Verdict.ALARM
    assert "validation loss ('val_loss') fell for the first" in found.explanation
    alone = of({"loss": loss, "accuracy": 0.99 - 0.4 * np.exp(-t / 0.25)})
    assert alone.verdict is Verdict.OK
    assert any("judged by the training itself" in c for c in alone.caveats)


def test_a_mean_over_active_triplets_that_stalls_is_no_harm():
    found = judge("healthy_log_active")
    assert found.verdict is Verdict.OK
    assert "mean over the triplets still active, and need not fall" in found.meaning


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("triplet_squared", "triplet loss on squared distances and no other"),
        ("contrastive_single", "contrastive loss on single coordinates and no other"),
    ],
)
def test_slips_in_the_loss_are_named(kind, words):
    made = logged_loss(kind, 0)
    curves = dict(made.log.curves) | {"val_accuracy": 0.9 - 0.3 * np.exp(-np.linspace(0, 4, 60))}
    log = TrainingLog(made.log.step, curves, {**made.log.called, "val_accuracy": "val_accuracy"})
    space = Geometry(EmbeddingSet.from_arrays(made.vectors, made.labels))
    found = training_curves(space, Inputs(log=log, margin=made.margin))
    assert words in found.explanation
    tables = [c for c in found.charts if isinstance(c, Table)]
    assert any("Which loss is it" in c.title for c in tables)


def test_the_charts_hold_the_numbers():
    found = judge("overfit_log")
    curves = [c for c in found.charts if isinstance(c, Curve)]
    assert [c.y_label for c in curves] == ["accuracy", "loss"]
    assert f"{100 * found.harm.value:.0f} % of the run" in curves[0].title
    assert "settled at step" in curves[0].alt
    assert all(len(s.x) == len(s.y) <= 120 for c in curves for s in c.series)


def test_a_real_log(shared_data):
    """Random triplets on handwriting: it learned, and few triplets are left to teach it more."""
    folder = shared_data / "omniglot_triplet"
    space = Geometry(arrange(load(str(folder / "data.npz"))))
    log = read_log(str(folder / "training_log.csv"))
    found = training_curves(space, Inputs(log=log, margin=0.2))
    assert found.verdict is Verdict.OK
    assert "few triplets still teach" in found.explanation
    assert found.estimates["logged_active_share"].value == pytest.approx(0.023, abs=1e-3)
    # The log's loss is 15 % of its active share; on distances it would be 11 %, on their squares 14 %.
    assert "squared distances and no other" in found.explanation
