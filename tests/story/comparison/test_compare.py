"""Paired differences: those of two single evaluations, with intervals of really deleted classes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import binomtest, t

from embedding_second_opinion.catalogue.triplet_versus_closed_set.measured import measure
from embedding_second_opinion.data.embeddings import EmbeddingSet, InputError
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.findings.charts import Curve, Table
from embedding_second_opinion.findings.finding import Estimate, Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples.planted_pair import paired_model
from embedding_second_opinion.story.comparison.compare import compare, summarise_comparison
from embedding_second_opinion.story.comparison.matched import check_matched
from embedding_second_opinion.story.comparison.paired import (
    by_name,
    changed_classes,
    changed_rows,
    differences,
    other_differences,
)


def opened(name, seed=0):
    return Geometry(arrange(paired_model(name, seed)), seed=seed)


def small(seed, noise, classes=14):
    """Two models of few rows: vectors of either, labels, split."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), 8)
    centres = rng.standard_normal((classes, 2))
    made = [
        (centres[labels] + n * rng.standard_normal((len(labels), 2))).astype(np.float32)
        for n in noise
    ]
    split = np.where(np.arange(len(labels)) % 2 == 0, "train", "test")
    return made, labels, split


def spaces(made, labels, split, kept=None):
    kept = np.ones(len(labels), dtype=bool) if kept is None else kept
    return [
        Geometry(
            arrange(
                EmbeddingSet.from_arrays(v[kept], labels[kept], split=split[kept]),
                gallery_split="train",
                query_split="test",
            )
        )
        for v in made
    ]


def test_differences_are_those_of_two_evaluations():
    one, two = opened("old"), opened("new")
    found = by_name(differences(one, two))
    for name in ("triplet_accuracy", "closed_set_accuracy", "closed_set_accuracy_macro"):
        a, b = (measure(space, None).estimates[name].value for space in (one, two))
        assert found[name].change.value == pytest.approx(b - a, abs=1e-7)


# Of these, errors between two classes are met at both; what is counted twice is taken off, at most half.
OF_PAIRS = ("closed_set_accuracy", "closed_set_accuracy_macro")


NAMES = (
    "triplet_accuracy",
    "triplet_accuracy_all_triplets",
    *OF_PAIRS,
    "recall_at_5",
    "fractional_recall_at_10",
    "r_precision",
    "map_at_r",
)


def test_the_interval_is_that_of_really_deleted_classes():
    made, labels, split = small(1, (0.5, 0.4))
    whole = by_name(differences(*spaces(made, labels, split)))
    without = [by_name(differences(*spaces(made, labels, split, labels != c))) for c in range(14)]
    for name in NAMES:
        left = np.array([each[name].change.value for each in without])
        reach = t.ppf(0.975, 13) * np.sqrt(13 / 14 * ((left - left.mean()) ** 2).sum())
        least = reach / np.sqrt(2) if name in OF_PAIRS else reach
        change = whole[name].change
        assert least - 1e-6 <= change.high - change.value <= reach + 1e-6, name


def test_the_same_model_differs_by_nothing():
    found = differences(opened("old"), opened("old"))
    assert all(each.change.value == 0 and not each.sure for each in found)
    with pytest.raises(InputError, match="old and old hold the same vectors, so that there is no"):
        compare(opened("old"), opened("old"))
    cosine = Geometry(arrange(paired_model("old")), metric="cosine")
    assert compare(opened("old"), cosine, others=()).estimates  # another metric is another model


@pytest.mark.parametrize("seed", range(3))
def test_a_better_model_is_found_and_turned_about_a_worse_one(seed):
    better = compare(opened("old", seed), opened("new", seed), others=())
    assert better.headline.startswith("new is better")
    assert better.verdict is Verdict.OK
    worse = compare(opened("new", seed), opened("old", seed), others=())
    assert worse.headline.startswith("old is worse")
    assert worse.verdict in (Verdict.ALARM, Verdict.WATCH)
    assert worse.harm.value == pytest.approx(-better.harm.value, abs=1e-7)
    assert worse.harm.low == pytest.approx(-better.harm.high, abs=1e-7)


def test_models_as_good_as_each_other_stay_quiet():
    surely = [
        by_name(differences(opened("old", seed), opened("other", seed)))["closed_set_accuracy"].sure
        for seed in range(12)
    ]
    assert sum(surely) <= 2  # 5 in 100 each: three of twelve would be a chance of 2 in 100


def test_the_curve_among_few_is_that_of_galleries_really_drawn():
    made, labels, split = small(5, (0.5, 0.4), classes=16)
    one, two = spaces(made, labels, split)
    change = by_name(differences(one, two))
    name = next(n for n in change if n.startswith("accuracy_among_"))
    among = int(name.split("_")[2])
    assert 1 < among < 16
    rng = np.random.default_rng(0)
    for space, said in ((one, change[name].first), (two, change[name].second)):
        shares = []
        for _ in range(400):
            some = np.isin(labels, rng.choice(16, among, replace=False))
            v, own, side = space.evaluation.data.vectors[some], labels[some], split[some]
            gallery, asked = side == "train", side == "test"
            near = cdist(v[asked], v[gallery]).argmin(axis=1)
            shares.append((own[gallery][near] == own[asked]).mean())
        assert np.mean(shares) == pytest.approx(said, abs=5 * np.std(shares) / np.sqrt(400))


def test_changed_rows_are_those_that_one_alone_answers():
    made, labels, split = small(6, (0.5, 0.4))
    one, two = spaces(made, labels, split)
    gallery, asked = np.flatnonzero(split == "train"), np.flatnonzero(split == "test")
    says = [labels[gallery][cdist(v[asked], v[gallery]).argmin(axis=1)] for v in made]
    right = [each == labels[asked] for each in says]
    table = changed_rows(one, two)
    assert table["row"].tolist() == asked[right[0] != right[1]].tolist()
    for row, own, name, other in table.itertuples(index=False):
        i = int(np.flatnonzero(asked == row)[0])
        assert own == str(labels[row])
        assert other == str(says[1 if right[0][i] else 0][i])
        assert name == ("embeddings (first)" if right[0][i] else "embeddings (second)")
    assert (table["class"] != table["other_says"]).all()


def test_two_files_of_one_name_are_told_apart():
    made, labels, split = small(6, (0.5, 0.4))
    finding = compare(*spaces(made, labels, split), others=())
    assert "embeddings (second)" in finding.headline
    assert "embeddings (first)" in finding.headline


def test_where_next_to_no_class_changes_both_means_have_the_same_bound():
    """A jackknife that sees one class change is blind to all that might have."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(12), 6)
    centres = 10 * rng.standard_normal((12, 4))
    one = centres[labels] + 0.1 * rng.standard_normal((72, 4))
    two = one + 0.01 * rng.standard_normal((72, 4))
    one[0] = centres[1] + 1.0  # one row of one class is lost by the first model only
    spaces_ = [Geometry(arrange(EmbeddingSet.from_arrays(v, labels))) for v in (one, two)]
    found = by_name(differences(*spaces_))
    micro, macro = (found[n].change for n in ("closed_set_accuracy", "closed_set_accuracy_macro"))
    assert micro.value == pytest.approx(1 / 72)
    assert macro.unresolved
    assert (macro.low, macro.high) == (micro.low, micro.high)


def test_a_name_that_two_diagnostics_use_keeps_both():
    def made(code, value):
        e = Estimate(value=value, low=value - 0.1, high=value + 0.1, about="x", method="y")
        found = compare(opened("old"), opened("new"), others=())
        return found.model_copy(update={"code": code, "estimates": {"share": e, "known": e}})

    pairs = [[made("one", 0.4), made("two", 0.6)], [made("one", 0.5), made("two", 0.8)]]
    rest = other_differences(*pairs, ["known"])
    assert [each.name for each in rest] == ["share", "two: share"]
    assert [round(each.change.value, 6) for each in rest] == [0.1, 0.2]


def test_changed_classes_are_counted_and_tested():
    one, two = opened("old"), opened("new")
    asked, lost, won = changed_classes(one.ranks, two.ranks)
    right = [space.ranks.right for space in (one, two)]
    codes = one.ranks.codes
    for c in range(150):
        own = codes == c
        assert asked[c] == own.sum()
        assert lost[c] == (right[0][own] > right[1][own]).sum()
        assert won[c] == (right[1][own] > right[0][own]).sum()
    table = next(
        c
        for c in compare(one, two, others=()).charts
        if isinstance(c, Table) and "net" in c.columns
    )
    p = [binomtest(int(w), int(w + x)).pvalue for w, x in zip(won, lost, strict=True) if w + x]
    assert float(table.rows[0][5]) >= min(p)


def test_other_numbers_are_compared_too_and_said_to_be_unpaired():
    found = compare(opened("old"), opened("new"))
    assert "change_of_eer" in found.estimates
    curve = next(c for c in found.charts if isinstance(c, Curve))
    assert [s.name for s in curve.series] == ["old", "new"]
    assert all(s.x[-1] == 150 for s in curve.series)
    assert "change_of_open_set_auroc" in found.estimates
    assert not [name for name in found.estimates if name.endswith("_deployed")]
    assert "MOVER" in found.estimates["change_of_eer"].method


def test_rows_in_another_order_and_other_names_change_nothing():
    made, labels, split = small(3, (0.5, 0.4))
    order = np.random.default_rng(1).permutation(len(labels))
    names = np.array([f"n{(5 * c) % 14:02d}" for c in labels])
    one = differences(*spaces(made, labels, split))
    two = differences(*spaces([v[order] for v in made], names[order], split[order]))
    for a, b in zip(one, two, strict=True):
        assert a.change.value == pytest.approx(b.change.value, abs=1e-7)
        assert a.change.low == pytest.approx(b.change.low, abs=1e-6)


def test_few_classes_cannot_tell():
    made, labels, split = small(2, (0.5, 0.3), classes=6)
    found = compare(*spaces(made, labels, split), others=())
    assert found.headline.startswith("Cannot tell")
    assert found.verdict is Verdict.UNSURE


def test_what_does_not_match_is_refused_in_a_sentence():
    made, labels, split = small(4, (0.5, 0.4))
    one, two = spaces(made, labels, split)
    other = labels.copy()
    other[[3, 5]] = 9
    turned = np.where(split == "train", "test", "train")
    for wrong, words in (
        (spaces(made, other, split)[1], "2 of 112 have another label (first: row 3, '0' and '9')"),
        (spaces(made, labels, turned)[1], "112 rows are looked up in one"),
        (Geometry(arrange(EmbeddingSet.from_arrays(made[1][:-8], labels[:-8]))), "has 112 and"),
    ):
        with pytest.raises(InputError) as error:
            compare(one, wrong)
        assert words in str(error.value)
        assert "\n" not in str(error.value)
    check_matched(one.evaluation, two.evaluation)


def test_images_and_groups_show_another_order():
    made, labels, split = small(4, (0.5, 0.4))
    order = np.arange(len(labels))
    order[[0, 2]] = [2, 0]  # of one class and one split: labels cannot tell
    assert labels[0] == labels[2]
    images = np.arange(len(labels), dtype=np.uint8)[:, None, None] * np.ones((1, 4, 4), np.uint8)
    for columns, words in (
        ({"images": (images, images[order])}, "2 of 112 have another image (first: row 0)"),
        (
            {"groups": (order.argsort(), np.arange(112))},
            "2 of 112 have another group (first: row 0)",
        ),
        ({"images": (images, images[:, :3])}, "the images of one are of shape (4, 4)"),
    ):
        sides = [
            arrange(
                EmbeddingSet.from_arrays(
                    v, labels, split=split, name=name, **{k: c[i] for k, c in columns.items()}
                )
            )
            for i, (name, v) in enumerate(zip(("one", "two"), made, strict=True))
        ]
        with pytest.raises(InputError) as error:
            check_matched(*sides)
        assert words in str(error.value)


def test_the_summary_is_about_both():
    one, two = opened("old"), opened("new")
    finding = compare(one, two, others=())
    made = summarise_comparison(one, two, finding, {"other": "x"})
    assert made.headline == finding.headline
    assert made.subject.name == "old and new"
    assert made.verdicts == {"comparison": Verdict.OK}
