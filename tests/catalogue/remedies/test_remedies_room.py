"""Gains are those of scikit-learn's own fits and searches, and the interval that of deleted classes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler

from embedding_second_opinion.catalogue.remedies.held_out import deal
from embedding_second_opinion.catalogue.remedies.numbers import chosen_by, measure_remedies
from embedding_second_opinion.catalogue.remedies.tried import tried
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.remedy.kinds import BY_KEY, REMEDIES, too_much
from embedding_second_opinion.samples.planted import planted
from embedding_second_opinion.stats.gains import gain_interval

NEAREST = KNeighborsClassifier(n_neighbors=1, algorithm="brute")
SKLEARN = {
    "cosine": make_pipeline(Normalizer(), NEAREST),
    "centred_cosine": make_pipeline(StandardScaler(with_std=False), Normalizer(), NEAREST),
    "scaled": make_pipeline(StandardScaler(), NEAREST),
    "lda": make_pipeline(LinearDiscriminantAnalysis(), NEAREST),
    "centroid": NearestCentroid(),
    "vote": KNeighborsClassifier(n_neighbors=5, weights="distance"),
    "linear": make_pipeline(StandardScaler(), LogisticRegression(max_iter=300)),
}


@pytest.mark.parametrize("name", ["healthy_split", "needs_mean"])
def test_gains_are_those_of_scikit_learn(name):
    space = Geometry(planted(name, 2))
    vectors, codes = space.evaluation.data.vectors.astype(np.float64), space.evaluation.codes
    roles = deal(space).deals[0]
    found = tried(space, roles, REMEDIES)
    assert np.array_equal(np.sort(np.concatenate([roles.choose, roles.test])), found.rows)
    assert np.array_equal(np.isin(found.rows, roles.test), found.measures)
    plain = NEAREST.fit(vectors[roles.fit], codes[roles.fit]).predict(vectors[found.rows])
    assert np.array_equal(found.before, plain == codes[found.rows])
    assert set(found.gains) == set(BY_KEY)
    for key, model in SKLEARN.items():
        told = model.fit(vectors[roles.fit], codes[roles.fit]).predict(vectors[found.rows])
        gained = (told == codes[found.rows]).astype(float) - found.before
        assert np.array_equal(found.gains[key], gained), key


def test_the_harm_is_the_gain_of_what_other_rows_chose():
    space = Geometry(planted("needs_mean", 3))
    found = measure_remedies(space)
    assert found is not None
    each = [tried(space, roles, REMEDIES) for roles in deal(space).deals]
    gained = np.concatenate([d.gains[chosen_by([d], REMEDIES).key][d.measures] for d in each])
    assert found.harm.value == pytest.approx(gained.mean(), abs=1e-7)
    # Choosing looks at no row that measures: with these turned about it chooses the same.
    for deal_ in each:
        before = chosen_by([deal_], REMEDIES)
        for values in deal_.gains.values():
            values[deal_.measures] = -values[deal_.measures]
        assert chosen_by([deal_], REMEDIES) is before


def test_the_interval_deletes_classes():
    rng = np.random.default_rng(0)
    codes, values = rng.integers(0, 15, 300), rng.integers(-1, 2, 300).astype(float)
    left = [values[codes != c].mean() for c in range(15)]
    error = np.sqrt(14 / 15 * ((np.array(left) - np.mean(left)) ** 2).sum())
    found = gain_interval(values, codes)
    assert found.high - values.mean() == pytest.approx(t.ppf(0.975, 14) * error)
    assert found.low - values.mean() == pytest.approx(-t.ppf(0.975, 14) * error)


def test_where_nothing_changes_there_is_a_bound():
    found = gain_interval(np.zeros(90), np.repeat(np.arange(30), 3))
    assert found.unresolved
    assert found.high == pytest.approx(1 - 0.05 ** (1 / 30))
    assert found.low == -found.high
    assert gain_interval(np.zeros(18), np.repeat(np.arange(9), 2)).low is None


def test_of_equals_the_cheapest_is_chosen():
    found = tried(
        Geometry(planted("healthy_few_samples", 1)),
        deal(Geometry(planted("healthy_few_samples", 1))).deals[0],
        REMEDIES,
    )
    same = np.zeros(len(found.rows))
    found.gains.update(dict.fromkeys(found.gains, same))
    assert chosen_by([found], REMEDIES).key == "cosine"


def test_what_cannot_be_fitted_is_left_out_with_its_reason():
    rng = np.random.default_rng(1)
    labels = np.concatenate([np.arange(20), np.arange(20)])
    split = np.repeat(["train", "test"], 20)
    vectors = rng.standard_normal((20, 4))[labels] + 0.1 * rng.standard_normal((40, 4))
    space = Geometry(
        arrange(
            EmbeddingSet.from_arrays(vectors, labels, split=split),
            gallery_split="train",
            query_split="test",
        )
    )
    found = measure_remedies(space)
    assert "whitening within classes" in found.left_out
    assert "two rows" in found.left_out["whitening within classes"]
    assert "cosine" in {remedy.key for remedy in found.compared}


def test_what_would_take_minutes_is_left_out_with_its_reason():
    reasons = {key: too_much(BY_KEY[key], 30_000, 128, 2_500) for key in BY_KEY}
    assert {key for key, reason in reasons.items() if reason} == {
        "linear",
        "uncontradicted",
        "edited",
        "csls",
    }
    assert "30,000 enrolled rows" in reasons["csls"]
    assert not any(too_much(remedy, 3_760, 32, 470) for remedy in REMEDIES)
