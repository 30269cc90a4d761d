"""The mixture against distributions whose integrals are known, and against a solver of its own."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import betaln
from scipy.stats import betabinom, hypergeom, norm

from embedding_second_opinion.catalogue.gallery_growth import extrapolated
from embedding_second_opinion.catalogue.gallery_growth.extrapolated import MIDDLES, WIDTH, fitted

CLASSES = 200
GRID = np.array([2, 3, 5, 10, 20, 50, 100, 150, 200])
AHEAD = np.array([200, 400, 1000])


def beta_curve(a, b, identities):
    """E (1 - U)^(G - 1) where U is Beta(a, b): B(a, b + G - 1) / B(a, b)."""
    return np.exp(betaln(a, b + np.asarray(identities) - 1) - betaln(a, b))


@pytest.mark.parametrize(("a", "b"), [(0.1, 5), (0.3, 40), (0.5, 500), (1.0, 60)])
def test_a_curve_without_noise_is_continued_as_its_integral_goes_on(a, b):
    found = fitted(GRID, beta_curve(a, b, GRID)).accuracy(AHEAD)
    assert found == pytest.approx(beta_curve(a, b, AHEAD), abs=0.025)


def test_drawn_queries_are_continued_within_their_noise():
    """Counts drawn by scipy, their curve by its hypergeometric distribution: none of it is ours."""
    a, b = 0.3, 30
    counts = betabinom(CLASSES - 1, a, b).rvs(20_000, random_state=np.random.default_rng(1))
    curve = np.array([hypergeom.pmf(0, CLASSES - 1, counts, g - 1).mean() for g in GRID])
    assert fitted(GRID, curve).accuracy(AHEAD) == pytest.approx(beta_curve(a, b, AHEAD), abs=0.03)


def test_a_part_is_the_integral_over_its_normal():
    """By sampling the probit scale densely with scipy."""
    z = norm.ppf((np.arange(200_000) + 0.5) / 200_000)
    for j in (8, 20, 30):
        for g in (2, 50, 1000):
            exact = (norm.sf(MIDDLES[j] + WIDTH * z) ** (g - 1)).mean()
            part = extrapolated._parts((g,))[0, j]
            assert part == pytest.approx(exact, abs=2e-3)


def test_no_other_mixture_is_nearer_to_the_curve():
    """SLSQP, from another start, over the same parts: no better by more than its own tolerance."""
    rng = np.random.default_rng(2)
    curve = np.minimum(1, beta_curve(0.4, 30, GRID) + 0.003 * rng.standard_normal(len(GRID)))
    curve = np.minimum.accumulate(curve)
    table, weight = extrapolated._parts(tuple(GRID.tolist())), 1 / (1 - curve)

    def misfit(weights):
        return float((((table @ weights - curve) * weight) ** 2).sum())

    parts = len(MIDDLES)
    other = minimize(
        misfit,
        np.full(parts, 1 / parts),
        method="SLSQP",
        bounds=[(0, 1)] * parts,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        options={"maxiter": 500},
    )
    ours = fitted(GRID, curve).weights
    assert ours.min() >= 0
    assert ours.sum() == pytest.approx(1)
    assert misfit(ours) <= other.fun + 1e-6


def test_the_curve_never_rises_and_begins_at_one():
    found = fitted(GRID, beta_curve(0.3, 20, GRID)).accuracy(np.arange(1, 3000, 7))
    assert found[0] == pytest.approx(1, abs=1e-12)
    assert (np.diff(found) <= 1e-12).all()
    assert (fitted(GRID, np.ones(len(GRID))).accuracy(AHEAD) > 1 - 1e-6).all()
