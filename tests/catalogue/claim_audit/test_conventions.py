"""How a claim is read, and which convention is named."""

from __future__ import annotations

import numpy as np
import pytest

from embedding_second_opinion.catalogue.claim_audit.claimed import Reading, chance, noise
from embedding_second_opinion.catalogue.claim_audit.conventions import Convention, answer
from embedding_second_opinion.catalogue.claim_audit.elsewhere import logged_conventions
from embedding_second_opinion.inputs.training_log import TrainingLog


def at(value, code="other", drawn=False, **more):
    return Convention(code, code, value, "these rows", "variant", drawn=drawn, **more)


@pytest.mark.parametrize(
    ("told", "low", "high"),
    [(0.99, 0.985, 0.995), (0.994, 0.9935, 0.9945), (0.9, 0.895, 0.905), (1.0, 0.9995, 1.0),
     (0.0, 0.0, 0.0005), (0.98577, 0.985765, 0.985775), (1 - 0.427, 0.5725, 0.5735)],
)  # fmt: skip
def test_a_claim_is_every_number_that_rounds_to_it(told, low, high):
    reading = Reading.of(told)
    for inside in np.linspace(low, high, 7):
        assert reading.holds(inside, inside)
    for outside in (low - 2e-5, high + 2e-5):
        assert not 0 <= outside <= 1 or not reading.holds(outside, outside)
    assert reading.holds(low - 0.1, low)
    assert float(reading.words.removesuffix(" %")) / 100 == pytest.approx(told)


@pytest.mark.parametrize("share", [0.6, 0.9, 0.986])
def test_noise_is_what_samples_do(share):
    drawn = np.random.default_rng(0).binomial(10_000, share, 40_000) / 10_000
    assert np.mean(np.abs(drawn - share) <= noise(share, 10_000)) == pytest.approx(0.99, abs=2e-3)
    reading = Reading.of(round(share + 0.002, 3))
    told = np.mean(np.abs(drawn - reading.value) <= reading.half)
    assert chance(reading, share, 10_000) == pytest.approx(told, abs=0.015)


def test_the_strict_number_comes_first():
    reading = Reading.of(0.99)
    assert answer(reading, at(0.9861, "strict"), [at(0.99), at(0.991)]).match == "exact"
    close = answer(Reading.of(0.987), at(0.986, "strict", drawn=True), [at(0.987)])
    assert (close.match, close.drawn) == ("sampled", 10_000)
    # Two and a half standard errors off, and another number to the last of four digits.
    far = answer(Reading.of(0.9889), at(0.986, "strict", drawn=True), [at(0.9889, "pooled")])
    assert (far.match, far.given_by[0].code) == ("named", "pooled")


def test_one_is_named_and_several_are_several():
    strict, reading = at(0.80, "strict"), Reading.of(0.951)
    one = answer(reading, strict, [at(0.9512, "one"), at(0.97, "two")])
    assert (one.match, [c.code for c in one.given_by]) == ("named", ["one"])
    both = answer(reading, strict, [at(0.9514, "far"), at(0.9508, "near")])
    assert (both.match, [c.code for c in both.given_by]) == ("several", ["near", "far"])
    family = [at(0.9514, "last", family="log"), at(0.9508, "best", family="log")]
    assert answer(reading, strict, family).match == "named"
    assert answer(reading, strict, [at(0.96, "one")]).match == "none"
    assert not answer(reading, strict, [at(0.96, "one")]).includes(strict)


def test_samples_of_other_conventions_and_small_samples():
    strict, reading = at(0.80, "strict", drawn=True), Reading.of(0.953)
    sampled = answer(reading, strict, [at(0.951, "one", drawn=True), at(0.951, "fixed")])
    assert (sampled.match, sampled.given_by[0].code, sampled.drawn) == ("named", "one", 10_000)
    small = answer(Reading.of(0.99), at(0.98, "strict", drawn=True), [])
    assert (small.match, small.drawn) == ("sampled", 1_000)
    two = answer(Reading.of(0.984), at(0.98, "strict", drawn=True), [at(0.984, "one")])
    assert (two.match, {c.code for c in two.given_by}) == ("several", {"one", "strict"})


def test_what_may_give_any_number_proves_nothing():
    strict, reading = at(0.80, "strict"), Reading.of(0.95)
    wide = at(0.93, "votes", low=0.90, high=0.96)
    narrow = at(0.948, "votes", low=0.944, high=0.949)
    assert answer(reading, strict, [wide]).match == "none"
    assert answer(reading, strict, [narrow]).match == "named"


def test_the_log_tells_its_last_and_its_best_row():
    log = TrainingLog(
        step=np.arange(4.0),
        curves={
            "loss": np.array([0.9, 0.5, 0.4, 0.3]),
            "accuracy": np.array([0.9, 0.97, np.nan, 0.96]),
            "validation": np.array([0.8, 0.9, 0.91, 0.905]),
            "accuracy in percent": np.array([80.0, 90.0, 91.0, 90.5]),
        },
        called={"validation": "val_acc"},
        name="log.csv",
    )
    found = {c.code: c.value for c in logged_conventions(log)}
    assert found == {
        "log_accuracy_last": 0.96,
        "log_accuracy_best": 0.97,
        "log_validation_last": 0.905,
        "log_validation_best": 0.91,
    }
    assert logged_conventions(None) == []
