"""Copies and sessions that carry the number alarm, harmless ones do not, and rows are really taken away."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import KNeighborsClassifier

from embedding_second_opinion.catalogue import registry
from embedding_second_opinion.catalogue.leakage.check import leakage
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.load import load
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.findings.charts import Bars, Curve, Table
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples import sample
from embedding_second_opinion.samples.planted import NAMED_BY, planted
from embedding_second_opinion.story.summary import summarise
from tests.planting import FLAWS, HEALTHY
from tests.verdicts import found as said

MINE = [flaw for flaw in FLAWS if NAMED_BY.get(flaw) == "leakage"]


def judge(data, metric="euclidean", **selection):
    return leakage(Geometry(arrange(data, **selection), metric=metric))


def made(classes=60, train=8, test=6, d=16, noise=1.0, seed=0):
    """Centres and rows of each class, split; hard enough that a copy is worth something."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), train + test)
    split = np.tile(np.repeat(["train", "test"], [train, test]), classes)
    vectors = rng.standard_normal((classes, d))[labels]
    return vectors + noise * rng.standard_normal(vectors.shape), labels, split, rng


def with_copies(share=0.25, blur=0.01, seed=0, **shape):
    """The set, and which of its test rows are copies of a train row of their class."""
    vectors, labels, split, rng = made(seed=seed, **shape)
    queries = np.flatnonzero(split == "test")
    copied = np.sort(rng.choice(queries, int(share * len(queries)), replace=False))
    for q in copied:
        source = rng.choice(np.flatnonzero((labels == labels[q]) & (split == "train")))
        vectors[q] = vectors[source] + blur * rng.standard_normal(vectors.shape[1])
    return EmbeddingSet.from_arrays(vectors, labels, split=split), copied


def answers(matrix, labels):
    """scikit-learn's 1-NN from distances, in which what is taken away stands far off."""
    peer = KNeighborsClassifier(1, metric="precomputed")
    return peer.fit(np.zeros((len(labels), len(labels))), labels).predict(matrix)


@pytest.mark.parametrize("flaw", MINE)
def test_the_planted_flaw_alarms(flaw):
    found = [said(flaw, "leakage", seed) for seed in range(3)]
    assert [f.verdict for f in found].count(Verdict.ALARM) == 3
    named = "own group" if flaw == "sessions" else "without the copies"
    assert all(named in f.explanation for f in found)
    assert len(MINE) == 2


@pytest.mark.parametrize("shape", [*HEALTHY, *(f for f in FLAWS if f not in MINE)])
def test_nothing_else_alarms(shape):
    seeds = range(3 if shape == "healthy_sessions" else 1)
    verdicts = [said(shape, "leakage", seed).verdict for seed in seeds]
    # A sign is a sign: rows of 16 of them coincide, and nobody copied them.
    quiet = Verdict.NOT_APPLICABLE if shape == "binarised" else Verdict.OK
    assert verdicts == [quiet] * len(seeds)


def test_the_copies_are_found_and_next_to_nothing_else():
    true, wrong, honest = 0, 0, 0
    for seed in range(4):
        data, copied = with_copies(seed=seed)
        space = Geometry(data)
        shown = leakage(space)
        queries = space.evaluation.queries
        near = space.neighbors(1).distances[:, 0] <= shown.estimates["copy_distance"].value
        found = queries[near]
        assert len(np.intersect1d(found, copied)) == len(copied)  # recall 1
        assert shown.estimates["leaked_queries"].value == pytest.approx(len(found) / len(queries))
        true, wrong = true + len(copied), wrong + len(found) - len(copied)
        honest += len(queries) - len(copied)
    assert true / (true + wrong) > 0.97  # precision
    assert wrong / honest < 0.01


def test_accuracy_without_copies_against_scikit_learn_with_the_rows_removed():
    data, _ = with_copies()
    found = judge(data)
    threshold = found.estimates["copy_distance"].value
    train, test = (np.flatnonzero(data.split == part) for part in ("train", "test"))
    x, y = data.vectors.astype(np.float64), data.codes
    peer = KNeighborsClassifier(1, algorithm="brute").fit(x[train], y[train])
    assert found.estimates["accuracy_with_copies"].value == pytest.approx(
        peer.score(x[test], y[test]), abs=1e-7
    )
    far = pairwise_distances(x[test], x[train])
    right = answers(np.where(far <= threshold, 1e9, far), y[train]) == y[test]
    after = found.estimates["accuracy_without_copies"].value
    assert after == pytest.approx(np.mean(right), abs=1e-7)
    assert found.estimates["owed_to_copies"].value == pytest.approx(
        peer.score(x[test], y[test]) - np.mean(right), abs=1e-7
    )


def test_the_interval_is_a_jackknife_with_the_classes_really_deleted():
    data, _ = with_copies(classes=20)
    found = judge(data)
    threshold = found.estimates["copy_distance"].value
    x, y = data.vectors.astype(np.float64), data.codes
    matrix = np.linalg.norm(x[:, None] - x[None], axis=-1)

    def owed(keep):
        train, test = (np.flatnonzero((data.split == p) & keep) for p in ("train", "test"))
        far = matrix[np.ix_(test, train)]
        before = y[train][far.argmin(axis=1)] == y[test]
        after = y[train][np.where(far <= threshold, np.inf, far).argmin(axis=1)] == y[test]
        return before.mean() - after.mean()

    value = owed(np.ones(data.n, dtype=bool))
    without = np.array([owed(y != c) for c in range(20)])
    error = np.sqrt(19 / 20 * ((without - without.mean()) ** 2).sum())
    harm = found.estimates["owed_to_copies"]
    assert harm.value == pytest.approx(value, abs=1e-7)
    assert harm.low == pytest.approx(value - t.ppf(0.975, 19) * error, abs=1e-7)
    assert harm.high == pytest.approx(value + t.ppf(0.975, 19) * error, abs=1e-7)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_in_one_set_copies_are_number_for_number(metric):
    vectors, labels, _, rng = made(classes=80)
    doubled = rng.choice(len(labels), 300, replace=False)
    data = EmbeddingSet.from_arrays(
        np.vstack([vectors, vectors[doubled]]), np.append(labels, labels[doubled])
    )
    found = judge(data, metric)
    assert found.verdict is Verdict.ALARM
    assert found.estimates["leaked_queries"].value == pytest.approx(600 / data.n)
    assert (
        found.estimates["accuracy_without_copies"].value
        < found.estimates["accuracy_with_copies"].value
    )
    assert "which has no null of its own" in found.caveats[0]
    assert judge(EmbeddingSet.from_arrays(vectors, labels), metric).verdict is Verdict.OK


def test_copies_within_the_gallery_do_not_hide_those_of_queries():
    data, copied = with_copies(classes=100, train=10)
    x, rng = np.array(data.vectors), np.random.default_rng(5)
    train = np.flatnonzero(data.split == "train")
    twice = rng.choice(train, 100, replace=False)  # a tenth of the gallery is there twice
    more = x[twice] + 0.01 * rng.standard_normal((100, x.shape[1]))
    both = EmbeddingSet.from_arrays(
        np.vstack([x, more]),
        np.append(data.codes, data.codes[twice]),
        split=np.append(data.split, ["train"] * 100),
    )
    found = judge(both)
    share = len(copied) / np.count_nonzero(data.split == "test")
    assert share <= found.estimates["leaked_queries"].value < share + 0.01
    assert found.verdict is Verdict.ALARM


def test_one_row_enrolled_a_class_is_no_copy():
    """Every query is nearer to the row of its class than classes are to one another."""
    vectors, labels, split, _ = made(classes=150, train=1, test=4, noise=0.2)
    found = judge(EmbeddingSet.from_arrays(vectors, labels, split=split))
    assert found.verdict is Verdict.OK
    assert found.estimates["leaked_queries"].value == 0
    assert "too few for a null" in found.caveats[0]


def test_a_copy_under_another_class_is_named_and_flatters_nobody():
    vectors, labels, split, _ = made(noise=0.3)
    train, test = (np.flatnonzero(split == part) for part in ("train", "test"))
    wrong = test[::7]
    source = train[(np.searchsorted(train, wrong) + 100) % len(train)]
    assert (labels[source] != labels[wrong]).all()
    vectors[wrong] = vectors[source]
    found = judge(EmbeddingSet.from_arrays(vectors, labels, split=split))
    assert f"The copy of {len(wrong)} queries is enrolled under another class" in found.meaning
    assert found.harm.value <= 0
    assert found.verdict is Verdict.OK


def test_a_query_with_more_copies_than_are_listed():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(12), 40)
    vectors = rng.standard_normal((12, 6))[labels] + rng.standard_normal((480, 6))
    blob = np.repeat(vectors[:1], 70, axis=0)  # 71 times the same row, of the first class
    data = EmbeddingSet.from_arrays(np.vstack([vectors, blob]), np.append(labels, np.zeros(70)))
    found = judge(data)
    x, y = data.vectors.astype(np.float64), data.codes
    matrix = np.linalg.norm(x[:, None] - x[None], axis=-1)
    matrix[matrix == 0] = np.inf
    right = y[matrix.argmin(axis=1)] == y
    assert found.estimates["leaked_queries"].value == pytest.approx(71 / 550)
    assert found.estimates["accuracy_without_copies"].value == pytest.approx(right.mean(), abs=1e-7)


def test_nothing_but_copies_cannot_be_looked_up():
    vectors = np.repeat(np.random.default_rng(0).standard_normal((20, 6)), 6, axis=0)
    found = judge(EmbeddingSet.from_arrays(vectors, np.repeat(np.arange(20), 6)))
    assert found.verdict is Verdict.NOT_APPLICABLE
    assert "no query has a positive that is no copy of it" in found.explanation
    some = judge(
        EmbeddingSet.from_arrays(
            np.vstack([vectors, np.random.default_rng(1).standard_normal((120, 6))]),
            np.append(np.repeat(np.arange(20), 6), np.repeat(np.arange(20, 40), 6)),
        )
    )
    assert any(c.startswith("120 queries with no other positive") for c in some.caveats)


def test_strangers_with_a_copy_are_counted():
    data, _ = with_copies(share=0.0)
    x, train = np.array(data.vectors), np.flatnonzero(data.split == "train")
    strange = np.random.default_rng(1).standard_normal((60, x.shape[1])) * 1.4
    strange[:15] = x[train[:15]]
    both = EmbeddingSet.from_arrays(
        np.vstack([x, strange]),
        np.append(data.codes, np.repeat(np.arange(100, 120), 3)),
        split=np.append(data.split, ["test"] * 60),
    )
    found = judge(both)
    assert found.estimates["strangers_with_copy"].value == pytest.approx(15 / 60)
    assert "of strangers have a copy in the gallery under a known class" in found.explanation


def test_groups_against_scikit_learn_without_their_rows():
    data = planted("sessions", 1)
    found = judge(data)
    x, y = data.vectors.astype(np.float64), data.codes
    together = data.groups[:, None] == data.groups[None, :]
    right = answers(np.where(together, 1e9, pairwise_distances(x)), y) == y
    assert found.estimates["accuracy_without_own_group"].value == pytest.approx(
        right.mean(), abs=1e-7
    )
    # As many rows: 12 of the 15 others of the class, really drawn.
    rng, drawn = np.random.default_rng(0), []
    for q in rng.choice(data.n, 200, replace=False):
        same = np.flatnonzero((y == y[q]) & (np.arange(data.n) != q))
        keep = np.append(rng.choice(same, 12, replace=False), np.flatnonzero(y != y[q]))
        drawn.append(y[keep[np.linalg.norm(x[keep] - x[q], axis=1).argmin()]] == y[q])
    many = found.estimates["accuracy_among_as_many"].value
    assert many == pytest.approx(np.mean(drawn), abs=0.02)


def test_fewer_rows_alone_are_no_harm():
    """Without its group a query of this set has 1 of 3 positives left: harder, but not the group's fault."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(200), 4)
    vectors = rng.standard_normal((200, 12))[labels] + 0.9 * rng.standard_normal((800, 12))
    groups = np.where(np.arange(800) % 4 == 3, 1, 0)
    found = judge(EmbeddingSet.from_arrays(vectors, labels, groups=groups))
    loss = 1 - found.estimates["accuracy_without_own_group"].value
    plain = judge(EmbeddingSet.from_arrays(vectors, labels))
    assert plain.estimates["leaked_queries"].value == 0
    assert loss > 0.3
    assert found.verdict is not Verdict.ALARM
    assert abs(found.estimates["owed_to_own_group"].value) < 0.02


def test_groups_that_say_nothing():
    vectors, labels, split, _ = made(noise=0.3)
    whole = judge(EmbeddingSet.from_arrays(vectors, labels, split=split, groups=labels))
    assert "groups cannot be told from classes" in whole.explanation
    assert whole.verdict is Verdict.UNSURE  # everything that is right may be owed to the group
    assert whole.harm.high == pytest.approx(
        KNeighborsClassifier(1)
        .fit(vectors[split == "train"], labels[split == "train"])
        .score(vectors[split == "test"], labels[split == "test"])
    )
    assert whole.remedy.startswith("Split by group")
    assert "session" not in whole.meaning
    apart = judge(EmbeddingSet.from_arrays(vectors, labels, split=split, groups=split))
    assert "no query's own group is enrolled" in apart.explanation
    assert apart.estimates["queries_with_own_group"].value == 0
    assert apart.verdict is Verdict.OK
    assert apart.meaning == "Next to nothing of the number is owed to copies."


def test_words_and_charts_of_leaked_queries():
    found = judge(planted("leaked"))
    assert "memory test" in found.meaning
    bars, curve, table = found.charts
    assert isinstance(bars, Bars)
    assert isinstance(curve, Curve)
    assert isinstance(table, Table)
    assert [b.label for b in bars.bars] == ["All enrolled", "Without copies of the query"]
    assert [s.name for s in curve.series] == ["queries", "train rows"]
    for line in curve.series:
        assert list(line.y) == sorted(line.y)
        assert line.y[-1] == 1
    (mark,) = curve.marks
    assert mark.y == found.estimates["leaked_queries"].value
    assert len(table.rows) == 12
    assert [float(row[-1]) for row in table.rows] == sorted(float(row[-1]) for row in table.rows)
    assert all(row[1] == row[3] for row in table.rows)
    assert found.p_value < 1e-3


def test_words_of_sessions():
    found = judge(planted("sessions"))
    assert "of its own session" in found.meaning
    assert "Split by group" in found.remedy
    assert [b.label for b in found.charts[0].bars] == [
        "As many rows, of any group",
        "Without the query's own group",
    ]


def test_few_classes_cannot_tell():
    data, _ = with_copies(classes=5, train=30, test=30, d=3)
    found = judge(data)
    assert found.verdict is Verdict.UNSURE
    assert "5 classes are too few" in found.meaning


def test_what_cannot_be_judged_says_so():
    data = planted("healthy")
    matrix = np.linalg.norm(data.vectors[:, None] - data.vectors[None], axis=-1).astype(float)
    found = leakage(Geometry.from_distances(matrix, data.codes))
    assert (found.verdict, found.explanation) == (
        Verdict.NOT_APPLICABLE,
        "Needs the vectors: from distances alone no copy can be told.",
    )
    split = np.where(data.codes < 30, "train", "test")
    apart = judge(EmbeddingSet.from_arrays(data.vectors, data.codes, split=split))
    assert apart.verdict is Verdict.NOT_APPLICABLE
    coarse = judge(planted("binarised"))
    assert "equal vectors are no sign of copies; sessions were not examined" in coarse.explanation


@pytest.mark.parametrize("name", ["leaked", "sessions", "healthy_sessions"])
def test_row_order_and_names_change_nothing(name):
    data = planted(name)
    order = np.random.default_rng(0).permutation(data.n)
    names = np.array([f"n{(37 * int(c)) % 1009:04d}" for c in data.classes])
    other = EmbeddingSet.from_arrays(
        data.vectors[order],
        names[data.codes[order]],
        split=None if data.split is None else data.split[order],
        groups=None if data.groups is None else [f"g{g}" for g in data.groups[order]],
    )
    one, two = judge(data), judge(other)
    assert one.estimates.keys() == two.estimates.keys()
    for key, estimate in one.estimates.items():
        for part in ("value", "low", "high"):
            a, b = getattr(estimate, part), getattr(two.estimates[key], part)
            assert (a is None and b is None) or b == pytest.approx(a, abs=1e-7), key


def test_glyphs_were_split_by_face():
    found = judge(sample("glyphs"))
    assert found.verdict is Verdict.OK
    assert "no query's own group is enrolled" in found.explanation


def test_the_drawer_of_the_handwriting_does_no_harm(shared_data):
    (path,) = (shared_data / "omniglot_triplet").glob("*.npz")
    data = load(path, groups="drawer")
    whole = EmbeddingSet.from_arrays(data.vectors, data.codes, groups=data.groups)
    found = judge(whole)
    assert found.verdict is Verdict.OK
    assert found.estimates["queries_with_own_group"].value == 1
    assert found.estimates["owed_to_own_group"].high < 0.02
    split = judge(load(path, groups="drawer"), strangers=["unknown"])
    assert split.verdict is Verdict.OK


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["groups", "copies"])
def test_no_headline_praises_a_number_that_leaks(kind, seed):
    """Sessions recognised in place of classes, or copies enrolled: first of all that is told."""
    rng = np.random.default_rng(seed)
    codes, sides = np.repeat(np.arange(40), 12), np.tile(np.repeat(["train", "test"], 6), 40)
    session = np.tile(np.arange(3), 160)
    vectors = 0.6 * rng.standard_normal((40, 16))[codes] + rng.standard_normal((480, 16))
    groups = None
    if kind == "groups":
        vectors = 0.3 * vectors + 3 * rng.standard_normal((120, 16))[3 * codes + session]
        groups = [f"{c}-{s}" for c, s in zip(codes, session, strict=True)]
    else:
        vectors[sides == "test"] = vectors[sides == "train"]
        vectors[sides == "test"] += 1e-6 * rng.standard_normal((240, 16))
    data = EmbeddingSet.from_arrays(vectors, codes, split=sides, groups=groups)
    space = Geometry(arrange(data))
    findings = list(registry.run(space, among=[registry.first(), "leakage"]))
    assert findings[1].verdict is Verdict.ALARM
    headline = summarise(space, findings).headline
    assert headline == findings[1].headline
    assert headline.startswith(
        "Rows of one group" if kind == "groups" else "Copies stand on both sides"
    )
    assert "no fault of the model" not in findings[0].meaning
