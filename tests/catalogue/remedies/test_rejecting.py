"""What a threshold gains, against plain distances and thresholds tried one by one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import t

import embedding_second_opinion as so
from embedding_second_opinion.catalogue.remedies.check import remedies
from embedding_second_opinion.catalogue.remedies.held_out import deal
from embedding_second_opinion.catalogue.remedies.rejecting import _halves, rejecting
from embedding_second_opinion.data.embeddings import EmbeddingSet, InputError
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples.planted import planted

RATE = 0.2


def made(seed=0, strangers=12, classes=24):
    """Classes of 10 rows in few dimensions, half enrolled; some classes are not enrolled at all."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes + strangers), 10)
    rows = rng.standard_normal((classes + strangers, 4))[labels]
    rows = rows + 0.25 * rng.standard_normal(rows.shape)
    split = np.where(np.arange(len(labels)) % 2 == 0, "train", "test")
    names = [str(classes + i) for i in range(strangers)]
    data = EmbeddingSet.from_arrays(rows, labels, split=split)
    return Geometry(arrange(data, strangers=names), seed=seed)


def best(right, known, strange):
    """The threshold among rightly answered queries with the fewest wrong outcomes, tried one by one."""
    tried = [-np.inf, *np.unique(right)]
    cost = [
        (1 - RATE) * (1 - (right <= x).sum() / known) + RATE * (strange <= x).mean() for x in tried
    ]
    return tried[int(np.argmin(np.round(cost, 12)))]


def looked_up(space, roles):
    """Row numbers, distances to the nearest row of the own class and of another, by brute force."""
    vectors, codes = space.evaluation.data.vectors.astype(np.float64), space.evaluation.codes
    asked = np.sort(np.concatenate([roles.choose, roles.test]))
    far = cdist(vectors[asked], vectors[roles.fit])
    same = codes[asked][:, None] == codes[roles.fit][None]
    own, other = (np.where(side, far, np.inf).min(axis=1) for side in (same, ~same))
    return asked, own, other


def test_rehearsed_gain_is_that_of_thresholds_tried_one_by_one():
    space = made(strangers=0)
    deals = deal(space).deals
    values, codes = [], []
    for roles in deals:
        asked, own, other = looked_up(space, roles)
        measures, right = np.isin(asked, roles.test), own < other
        near = np.minimum(own, other)
        x = best(near[~measures & right], (~measures).sum(), other[~measures])
        lost = right & (near > x)
        values.append((RATE * (other > x) - (1 - RATE) * lost)[measures])
        codes.append(space.evaluation.codes[asked][measures])
    found = rejecting(space, deals, RATE)
    value, own = np.concatenate(values), np.concatenate(codes)
    assert found.rehearsed
    assert found.gain.value == pytest.approx(value.mean(), abs=1e-6)
    assert found.gain.value > 0
    left = np.array([value[own != c].mean() for c in range(24)])
    reach = t.ppf(0.975, 23) * np.sqrt(23 / 24 * ((left - left.mean()) ** 2).sum())
    assert found.gain.high - found.gain.value == pytest.approx(reach, rel=1e-4)


def test_gain_against_true_strangers_is_counted_on_those_that_did_not_calibrate():
    space = made(seed=1)
    deals, codes = deal(space).deals, space.evaluation.codes
    vectors = space.evaluation.data.vectors.astype(np.float64)
    strangers = space.evaluation.strangers
    found = rejecting(space, deals, RATE)
    assert not found.rehearsed
    # The draw alone is taken over: whole classes, half of them each.
    half = _halves(space) == 1
    first = {int(c): set(half[codes[strangers] == c].tolist()) for c in np.unique(codes[strangers])}
    assert sorted(map(len, first.values())) == [1] * 12
    assert sum(side == {True} for side in first.values()) == 6
    lost, out = [], {}
    for i, roles in enumerate(deals):
        asked, own, other = looked_up(space, roles)
        far = cdist(vectors[strangers], vectors[roles.fit]).min(axis=1)
        measures, right = np.isin(asked, roles.test), own < other
        near, side = np.minimum(own, other), half == bool(i % 2)
        x = best(near[~measures & right], (~measures).sum(), far[~side])
        lost.append(
            dict(zip(asked[measures].tolist(), (right & (near > x))[measures], strict=True))
        )
        out.update(dict(zip(strangers[side].tolist(), (far > x)[side].tolist(), strict=True)))
    assert len(deals) == 2
    assert sum(map(len, lost)) == len(lost[0] | lost[1]) > 0
    assert len(out) == len(strangers)
    assert found.lost == pytest.approx(np.mean(list((lost[0] | lost[1]).values())), abs=1e-12)
    assert found.kept_out == pytest.approx(np.mean(list(out.values())), abs=1e-12)
    assert 0 < found.lost < found.kept_out < 1
    assert found.gain.value == pytest.approx(
        RATE * found.kept_out - (1 - RATE) * found.lost, abs=1e-7
    )
    assert found.gain.low <= found.gain.value <= found.gain.high


def test_rows_that_measure_do_not_move_the_threshold():
    space = made(seed=2)
    deals = deal(space).deals[:1]
    before = rejecting(space, deals, RATE)
    data = space.evaluation.data
    vectors = np.array(data.vectors)
    vectors[deals[0].test] += 50  # with a threshold of theirs everyone would be turned away
    moved = EmbeddingSet.from_arrays(vectors, np.array(data.classes)[data.codes], split=data.split)
    names = [str(24 + i) for i in range(12)]
    after = rejecting(Geometry(arrange(moved, strangers=names), seed=2), deals, RATE)
    assert after.kept_out == before.kept_out < 1


def test_order_of_rows_and_names_of_classes_change_nothing():
    space = made(seed=3)
    data = space.evaluation.data
    order = np.random.default_rng(0).permutation(data.n)
    names = np.array([f"n{(7 * c) % 36:02d}" for c in data.codes])
    other = EmbeddingSet.from_arrays(data.vectors[order], names[order], split=data.split[order])
    strangers = sorted(set(names[space.evaluation.strangers].tolist()))
    again = Geometry(arrange(other, strangers=strangers), seed=3)
    one, two = (rejecting(s, deal(s).deals, RATE) for s in (space, again))
    assert one.gain.value == pytest.approx(two.gain.value, abs=1e-7)
    assert one.gain.low == pytest.approx(two.gain.low, abs=1e-6)


@pytest.mark.parametrize("strangers", [1, 6])
def test_strangers_of_few_classes_are_counted_row_by_row(strangers):
    space = made(strangers=strangers)
    deals = deal(space).deals
    found = rejecting(space, deals, RATE)
    n = len(space.evaluation.strangers)
    assert f"{n} stranger" in found.gain.about
    assert f"Wilson over {n} queries" in found.gain.method
    assert found.kept_out * n == pytest.approx(round(found.kept_out * n))
    assert found.gain.low < found.gain.value < found.gain.high


def test_copies_of_a_stranger_calibrate_or_measure_but_not_both():
    space = made(strangers=1)
    data, strangers = space.evaluation.data, space.evaluation.strangers
    vectors = np.array(data.vectors)
    vectors[strangers] = vectors[strangers[np.arange(len(strangers)) // 3]]
    names = np.array(data.classes)[data.codes]
    again = EmbeddingSet.from_arrays(vectors, names, split=data.split)
    for seed in range(10):
        half = _halves(Geometry(arrange(again, strangers=["24"]), seed=seed))
        assert set(half) == {0, 1}
        copies = [set(half[i : i + 3]) for i in range(0, len(half), 3)]
        assert all(len(sides) == 1 for sides in copies)


def test_few_known_classes_have_no_interval():
    few = made(classes=6)
    found = rejecting(few, deal(few).deals, RATE)
    assert found.gain.low is None
    assert "too few" in found.gain.method


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_the_fitted_one_turns_away_what_its_threshold_says(metric, tmp_path):
    space = Geometry(made(seed=4).evaluation, metric=metric)
    data, codes = space.evaluation.data, space.evaluation.codes
    model = so.fit_remedy(space, "rejecting", stranger_rate=RATE)
    so.save_remedy(model, tmp_path / "far.skops")
    again = so.load_remedy(tmp_path / "far.skops")
    a, s = space.evaluation.queries, space.evaluation.strangers
    told = model.predict(data.vectors.astype(np.float64))
    assert np.array_equal(told, again.predict(data.vectors.astype(np.float64)))
    near = space.neighbors(1)
    far = space.strangers.distances[:, 0]
    right = codes[near.rows[:, 0]] == codes[a]
    x = best(near.distances[right, 0], len(a), far)
    names = np.array(space.evaluation.classes)
    assert np.array_equal(
        told[a], np.where(near.distances[:, 0] > x, "unknown", names[codes[near.rows[:, 0]]])
    )
    assert (told[s] == "unknown").mean() == pytest.approx((far > x).mean())


def test_bad_rates_are_refused():
    with pytest.raises(InputError, match="a share from 0 to 1; it is 2"):
        so.fit_remedy(made(), "rejecting", stranger_rate=2)
    with pytest.raises(ValueError, match="from 0 to 1"):
        remedies(made(), stranger_rate=-0.1)


def test_a_threshold_that_helps_is_offered_where_nothing_else_does():
    found = remedies(Geometry(planted("healthy_strangers", 1), seed=1))
    assert "'rejecting'" in found.remedy
    assert found.estimates["gain_rejecting"].low > 0
    table = next(c for c in found.charts if c.title == "What each remedy costs")
    assert table.rows[-1][0] == "turning away whoever is far"
