"""A map that is tidier than its space alarms, healthy sets do not, and the words fit the numbers."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.manifold import trustworthiness
from sklearn.metrics import pairwise_distances

from embedding_second_opinion.catalogue.projections.check import projections
from embedding_second_opinion.catalogue.projections.made import draw, make_maps
from embedding_second_opinion.catalogue.projections.numbers import company
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.findings.charts import Curve, Points, Table
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs
from embedding_second_opinion.samples import sample
from embedding_second_opinion.samples.planted import planted
from embedding_second_opinion.stats.intervals import Interval
from tests.planting import HEALTHY
from tests.verdicts import MAPPED
from tests.verdicts import found as said


def judge(data, points=300, **selection):
    return projections(Geometry(arrange(data, **selection)), Inputs(map_points=points))


@pytest.mark.parametrize("seed", range(2))
def test_the_planted_flaw_alarms(seed):
    found = said("unmappable", "projections", seed)
    assert found.verdict is Verdict.ALARM
    assert found.p_value < 0.025
    assert found.estimates["flattered_tsne"].value > 0.4
    assert "tidier than the space" in found.meaning
    assert "Show no map as evidence" in found.remedy


@pytest.mark.parametrize("shape", [shape for shape in HEALTHY if MAPPED.get(shape)])
def test_healthy_sets_stay_quiet(shape):
    found = said(shape, "projections")
    assert found.verdict in (Verdict.OK, Verdict.UNSURE)
    assert found.harm.value < 0.03


@pytest.fixture(scope="module")
def glyphs():
    space = Geometry(arrange(sample("glyphs")))
    return space, projections(space, Inputs(map_points=300))


def test_glyphs_as_measured(glyphs):
    _, found = glyphs
    assert found.verdict is Verdict.OK
    expected = {
        "trustworthiness_tsne": 0.97,
        "trustworthiness_umap": 0.97,
        "trustworthiness_pca": 0.80,
        "misplaced_tsne": 0.02,
    }
    for name, value in expected.items():
        assert found.estimates[name].value == pytest.approx(value, abs=0.03), name
    assert "of 470 classes" in found.estimates["trustworthiness_pca"].about


def test_every_number_against_scikit_learn_and_a_loop(glyphs):
    space, found = glyphs
    maps = make_maps(space, draw(space, 300), 2)
    points, codes = maps.drawn.points, maps.drawn.codes
    for kind, picture in maps.maps.items():
        expected = np.mean([trustworthiness(points, p, n_neighbors=12) for p in picture.places])
        assert found.estimates[f"trustworthiness_{kind}"].value == pytest.approx(expected, abs=1e-7)
        expected = np.mean([trustworthiness(p, points, n_neighbors=12) for p in picture.places])
        assert found.estimates[f"continuity_{kind}"].value == pytest.approx(expected, abs=1e-7)
        wrong, tidy, anchors = [], [], 0
        for places in picture.places:
            sides = [pairwise_distances(side) for side in (points.astype(float), places)]
            for i in range(len(points)):
                r = min(int((codes == codes[i]).sum()) - 1, 12)
                if r == 0:
                    continue
                anchors += 1
                shares = []
                for table in sides:
                    others = [j for j in np.argsort(table[i], kind="stable") if j != i]
                    shares.append(float(np.mean(codes[others[:r]] == codes[i])))
                wrong.append(abs(shares[1] - shares[0]) > 0.5)
                tidy.append(shares[1] - shares[0] > 0.5)
        assert anchors
        assert found.estimates[f"misplaced_{kind}"].value == pytest.approx(np.mean(wrong), abs=1e-7)
        assert found.estimates[f"flattered_{kind}"].value == pytest.approx(np.mean(tidy), abs=1e-7)
    better = min(found.estimates[f"misplaced_{kind}"].value for kind in ("tsne", "umap"))
    assert found.harm.value == better


def test_intervals_leave_out_one_class_after_the_other(glyphs):
    from scipy.special import logit
    from scipy.stats import t

    space, found = glyphs
    maps = make_maps(space, draw(space, 300), 2)
    values, codes = maps.maps["pca"].mean("trustworthiness"), maps.drawn.codes
    classes = np.unique(codes)
    without = logit([values[codes != c].mean() for c in classes])
    k = len(classes)
    error = np.sqrt((k - 1) / k * ((without - without.mean()) ** 2).sum())
    low = logit(values.mean()) - t.ppf(0.975, k - 1) * error
    assert found.estimates["trustworthiness_pca"].low == pytest.approx(1 / (1 + np.exp(-low)))
    assert "anchors only" in found.estimates["trustworthiness_pca"].method


def test_two_mixed_classes_are_mixed_in_an_honest_map():
    """Which of two mixed classes is the very nearest is a toss-up, and no lie of the picture."""
    rng = np.random.default_rng(0)
    labels = np.arange(300) % 20
    centres = np.repeat(rng.standard_normal((10, 16)), 2, axis=0)
    vectors = centres[labels] + 0.3 * rng.standard_normal((300, 16))
    space = Geometry(EmbeddingSet.from_arrays(vectors, labels))
    maps = make_maps(space, draw(space, 300), 2)
    codes = maps.drawn.codes
    nearest = maps.maps["tsne"].faithful[0].neighbors[:, 0]
    swapped = (codes[nearest] == codes) != (codes[maps.near[:, 0]] == codes)
    assert swapped.mean() > 0.2
    assert company(maps, "tsne").misplaced.mean() < 0.02


def test_a_map_that_shows_strangers_as_one_class_is_told_from_the_other_lie():
    near = np.array([[1, 2], [0, 2], [0, 1], [4, 5], [3, 5], [3, 4]])

    class Picture:
        faithful = (type("F", (), {"neighbors": near[::-1]})(),)

    class Told:
        drawn = type("D", (), {"codes": np.array([0, 0, 0, 1, 1, 1])})()
        k, maps = 2, {"tsne": Picture}

    Told.near = near
    lost = company(Told, "tsne")
    assert lost.misplaced.tolist() == [1] * 6
    assert lost.flattered.tolist() == [0] * 6
    Told.near, Picture.faithful[0].neighbors = near[::-1], near
    assert company(Told, "tsne").flattered.tolist() == [1] * 6


def test_rows_in_another_order_and_other_names_give_the_same_numbers():
    data = planted("binarised")  # with ties, the hard case
    order = np.random.default_rng(0).permutation(data.n)
    names = np.array([f"name {(7 * int(c)) % 997:03d}" for c in data.classes])
    other = EmbeddingSet.from_arrays(data.vectors[order], names[data.codes[order]])
    one, two = said("binarised", "projections"), judge(other, MAPPED["binarised"])
    for name, estimate in one.estimates.items():
        assert two.estimates[name].value == pytest.approx(estimate.value, abs=1e-7), name
        assert two.estimates[name].low == pytest.approx(estimate.low, abs=1e-6), name


def test_with_a_split_only_the_queries_are_drawn():
    data = planted("healthy")
    split = np.where(np.arange(data.n) % 2, "train", "test")
    halves = EmbeddingSet.from_arrays(data.vectors, data.codes, split=split)
    found = judge(halves, 240)
    assert "240 test rows (drawn by class from 600)" in found.estimates["misplaced_umap"].about
    points = found.charts[0]
    rows = points.rows.array()
    assert set(split[rows]) == {"test"}
    enrolled = np.flatnonzero(split == "train")
    far = pairwise_distances(data.vectors[rows].astype(float), data.vectors[enrolled])
    wrong = data.codes[enrolled[far.argmin(axis=1)]] != data.codes[rows]
    np.testing.assert_array_equal(points.wrong.array(), wrong)


@pytest.mark.parametrize(
    ("data", "points", "words"),
    [
        (planted("healthy"), 0, "switched off"),
        (planted("healthy"), 9, "at least 10 rows"),
        (EmbeddingSet.from_arrays(np.eye(6), [0, 0, 1, 1, 2, 2]), 2000, "at least 10 rows"),
    ],
)
def test_what_it_needs(data, points, words):
    found = judge(data, points)
    assert found.verdict is Verdict.NOT_APPLICABLE
    assert words in found.explanation


def test_one_query_a_class_has_no_company_to_show():
    data = planted("healthy")
    first = np.isin(np.arange(data.n), np.unique(data.codes, return_index=True)[1])
    split = np.where(first, "test", "train")
    found = judge(EmbeddingSet.from_arrays(data.vectors, data.codes, split=split))
    assert found.verdict is Verdict.NOT_APPLICABLE
    assert "No two rows of one class" in found.explanation


def test_distances_alone_have_no_map():
    far = pairwise_distances(np.random.default_rng(0).standard_normal((30, 3)))
    found = projections(Geometry.from_distances(far, np.arange(30) % 3))
    assert found.verdict is Verdict.NOT_APPLICABLE
    assert "needs the vectors" in found.explanation


@pytest.mark.parametrize(
    ("vectors", "labels"),
    [
        (np.ones((40, 3)), np.arange(40) % 12),
        (np.arange(40.0)[:, None], np.arange(40) % 2),
        (np.random.default_rng(0).standard_normal((30, 4)), np.r_[np.arange(25), [0, 1, 2, 3, 3]]),
    ],
    ids=["constant", "a line of two classes", "mostly alone in their class"],
)
def test_odd_sets_have_a_finding(vectors, labels):
    found = judge(EmbeddingSet.from_arrays(vectors, labels))
    assert found.verdict in set(Verdict) - {Verdict.ERROR, Verdict.NOT_APPLICABLE}
    assert type(found).model_validate_json(found.model_dump_json()) == found
    for name, estimate in found.estimates.items():
        assert estimate.about, name
        assert estimate.method, name


def test_charts_tell_what_they_show():
    data = planted("look_alikes")
    found = judge(data, 450)
    points, curve, table = found.charts
    assert isinstance(points, Points)
    assert isinstance(curve, Curve)
    assert isinstance(table, Table)
    assert [panel.name for panel in points.panels] == ["t-SNE", "UMAP", "PCA"]
    rows, codes = points.rows.array(), points.codes.array()
    np.testing.assert_array_equal(
        np.array(points.classes)[codes], np.array(data.classes)[data.codes[rows]]
    )
    for panel in points.panels:
        places = panel.places.array().reshape(-1, 2).astype(int)
        extent = places.max(axis=0) - places.min(axis=0)
        assert extent.max() == 65535
        assert len(panel.distortion.array()) == len(rows) == 450
        assert dict(panel.facts)["trustworthiness"].endswith(" %")
    # PCA's picture is checked against the space's own two components, drawn to one scale.
    picture = points.panels[2].places.array().reshape(-1, 2).astype(float)
    assert trustworthiness(data.vectors[rows].astype(float), picture, n_neighbors=12) == (
        pytest.approx(found.estimates["trustworthiness_pca"].value, abs=1e-3)
    )
    for line in curve.series:
        assert line.y[-1] < 0.5
        assert line.x[0] == 1
    assert {row[4] for row in table.rows} <= {"apart, though mixed", "mixed, though apart"}
    for row in table.rows:
        far, seen = (
            float(row[at].removesuffix(" %")) for at in (1, 2 if _tsne_is_better(found) else 3)
        )
        assert abs(far - seen) >= 9
        assert (far > seen) == (row[4] == "apart, though mixed")


def _tsne_is_better(found):
    return found.estimates["misplaced_tsne"].value <= found.estimates["misplaced_umap"].value


def test_the_smaller_of_two_harms_is_large_only_where_both_are():
    from embedding_second_opinion.catalogue.projections.numbers import smaller

    one = Interval(0.2, 0.3, "one", above=lambda x: 0.01)
    two = Interval(0.05, 0.4, "two", above=lambda x: 0.2)
    both = smaller(one, two)
    assert (both.low, both.high) == (0.05, 0.3)
    assert both.above(0.1) == 0.2
    unknown = Interval(None, None, "no interval: why")
    assert smaller(one, unknown).low is None
