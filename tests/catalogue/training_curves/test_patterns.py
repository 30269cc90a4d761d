"""Each story that a log can tell is told where it was planted, and not in an ordinary log."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import kendalltau

from embedding_second_opinion.catalogue.training_curves.patterns import find_patterns
from embedding_second_opinion.catalogue.training_curves.settling import settled
from embedding_second_opinion.catalogue.training_curves.training_run import as_run
from embedding_second_opinion.inputs.training_log import TrainingLog
from embedding_second_opinion.samples.planted_curves import HEALTHY

N = 100
T = np.linspace(0, 1, N)


def ordinary(seed=0):
    rng = np.random.default_rng(seed)
    return {
        "loss": (0.02 + 0.2 * np.exp(-T / 0.2)) * np.exp(0.06 * rng.standard_normal(N)),
        "accuracy": 0.93 - 0.35 * np.exp(-T / 0.2) + 0.005 * rng.standard_normal(N),
        "val_accuracy": 0.88 - 0.35 * np.exp(-T / 0.2) + 0.01 * rng.standard_normal(N),
        "grad_norm": np.exp(0.2 * rng.standard_normal(N)),
        "embedding_norm": 8 + 0.1 * rng.standard_normal(N),
    }


def patterns(curves, margin=None):
    log = TrainingLog(np.arange(1.0, N + 1), curves, {r: r for r in curves})
    run = as_run(log, margin)
    falling, rising = run.bins(run.loss), run.bins(run.progress)
    loss = settled(falling.x, -falling.y, None)
    found = find_patterns(run, loss, settled(rising.x, rising.y, run.missing))
    return {p.name: p.seen for p in found}


def test_an_ordinary_log_tells_nothing():
    assert [patterns(ordinary(seed), 0.2) for seed in range(20)] == [{}] * 20
    for make in HEALTHY.values():
        for seed in range(10):
            curves = make(np.random.default_rng(seed)).log.curves
            log = TrainingLog(np.arange(1.0, len(curves["loss"]) + 1), curves)
            run = as_run(log, None)
            found = find_patterns(
                run,
                settled(run.bins("loss").x, -run.bins("loss").y, None),
                settled(run.bins(run.progress).x, run.bins(run.progress).y, run.missing),
            )
            assert {p.name for p in found} <= {"over_active", "over_all"}


@pytest.mark.parametrize(("level", "margin"), [(0.2, 0.2), (np.log(2), None)])
def test_collapse_is_told_by_the_level_of_the_loss(level, margin):
    for seed in range(10):
        rng = np.random.default_rng(seed)
        curves = {
            "loss": level * (1 + 0.1 * np.exp(-T / 0.05) + 0.01 * rng.standard_normal(N)),
            "val_accuracy": 0.5 + 0.01 * rng.standard_normal(N),
        }
        assert "at_level" in patterns(curves, margin)
        assert "at_level" not in patterns(curves | {"loss": 1.1 * curves["loss"]}, margin)
        # The mean over hard triplets lies there too, while the model learns.
        learns = curves | {"val_accuracy": ordinary()["val_accuracy"]}
        assert "at_level" not in patterns(learns, margin)


def test_training_and_validation_part():
    flat = 0.7 - 0.2 * np.exp(-T / 0.05) + 0.01 * np.random.default_rng(0).standard_normal(N)
    found = patterns(ordinary() | {"val_accuracy": flat, "accuracy": 0.6 + 0.35 * T})
    assert "parting" in found
    assert "no_gain" not in patterns(ordinary())
    only_losses = {
        "loss": ordinary()["loss"],
        "val_loss": 0.1 + 0.1 * np.abs(T - 0.3),
        "accuracy": ordinary()["accuracy"],
    }
    assert "rises" in patterns(only_losses)["parting"]


def test_what_the_loss_is_the_mean_of_as_the_identity_has_it():
    rng = np.random.default_rng(0)
    active = 0.05 + 0.6 * np.exp(-T / 0.3)
    over_active = 0.15 * np.exp(0.05 * rng.standard_normal(N))
    told = patterns(ordinary() | {"loss": over_active, "active_share": active})
    assert "of the active triplets only" in told["over_active"]
    told = patterns(ordinary() | {"loss": active * over_active, "active_share": active})
    assert "of all triplets" in told["over_all"]
    x, y = np.log(active), np.log(active * over_active)
    slopes = [(y[j] - y[i]) / (x[j] - x[i]) for i, j in itertools.combinations(range(N), 2)]
    assert f"{np.median(slopes):.2f} % [" in told["over_all"]  # Theil-Sen, by its definition
    still = ordinary() | {"active_share": 0.3 + 0.01 * rng.standard_normal(N)}
    assert not {"over_all", "over_active"} & set(patterns(still))


def test_few_active_triplets_and_a_margin_that_alone_is_gained():
    flat = 0.62 + 0.01 * np.random.default_rng(0).standard_normal(N)
    active = 0.02 + 0.5 * np.exp(-T / 0.2)
    told = patterns(ordinary() | {"active_share": active, "val_accuracy": flat})
    assert "below 5 % from step" in told["few_active"]
    since = int(told["few_active"].split("from step ")[1].split()[0])
    assert since == np.argmax(active < 0.05) + 1
    assert "came to satisfy the margin" in told["margin_only"]
    gains = patterns(ordinary() | {"active_share": active})
    assert "margin_only" not in gains
    satisfied = patterns(ordinary() | {"satisfaction": 1 - active, "val_accuracy": flat})
    assert "margin_only" in satisfied


def test_growing_norms_spikes_and_jumps():
    rng = np.random.default_rng(0)
    flat = 0.8 - 0.3 * np.exp(-T / 0.05) + 0.01 * rng.standard_normal(N)
    grows = {"embedding_norm": 5 + 10 * T, "val_accuracy": flat}
    assert "norms" in patterns(ordinary() | grows)
    assert "norms" not in patterns(ordinary() | {"embedding_norm": 5 + 10 * T})
    spiky = ordinary()["grad_norm"].copy()
    spiky[[30, 60]] *= 40
    assert "leaps 2 times" in patterns(ordinary() | {"grad_norm": spiky})["spikes"]
    jumped = ordinary()["loss"].copy()
    jumped[50:] *= 3
    assert "at step 51 " in patterns(ordinary() | {"loss": jumped})["jump"]
    better = ordinary()["val_accuracy"] - 0.2 * (T < 0.5)
    assert "jump" not in patterns(ordinary() | {"loss": jumped, "val_accuracy": better})


def test_nothing_left_to_learn():
    told = patterns(ordinary() | {"accuracy": 0.999 - 0.4 * np.exp(-T / 0.1)})
    assert "at least 99 % from step" in told["saturated"]


def test_the_trend_is_kendalls():
    run = as_run(TrainingLog(np.arange(1.0, N + 1), ordinary()), None)
    late = ordinary()["loss"][N // 3 :]
    level = [np.median(p) for p in np.array_split(late, 20)]
    tau = kendalltau(np.arange(20), level)
    assert run.direction("loss") == (np.sign(tau.statistic) if tau.pvalue < 0.01 else 0)
    noise = np.random.default_rng(0).standard_normal((400, N))
    runs = [
        as_run(TrainingLog(np.arange(1.0, N + 1), {"loss": x, "accuracy": T}), None) for x in noise
    ]
    assert np.mean([r.direction("loss") != 0 for r in runs]) < 0.03
