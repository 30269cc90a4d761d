"""arrange: every row has one part, by the user's words, and nothing is guessed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from embedding_second_opinion.data.embeddings import EmbeddingSet, InputError
from embedding_second_opinion.data.load import load
from embedding_second_opinion.data.roles import WHOLE, Evaluation, Exclusion, arrange


def made(rows: str, *, split: bool = True) -> EmbeddingSet:
    """A set of rows "split/class", each as often as it stands there."""
    pairs = [row.split("/") for row in rows.split()]
    return EmbeddingSet.from_arrays(
        np.arange(2 * len(pairs), dtype=np.float32).reshape(-1, 2),
        [label for _, label in pairs],
        split=[value for value, _ in pairs] if split else None,
        name="made",
        notes=["Read from a list."],
    )


SPLIT = made("train/a train/a train/b train/b test/a test/b val/a oos/x oos/x test/c train/d val/b")


def refusal(data: EmbeddingSet, **options: object) -> str:
    with pytest.raises(InputError) as error:
        arrange(data, **options)  # type: ignore[arg-type]
    text = str(error.value)
    assert "\n" not in text
    assert text.endswith((".", "?"))
    return text


def check_parts(result: Evaluation) -> None:
    """Every row has exactly one part, and the parts mean what they say."""
    gallery = np.zeros(0, dtype=np.int64) if result.gallery is None else result.gallery
    rows = np.concatenate([result.queries, gallery, result.strangers])
    assert len(np.unique(rows)) == len(rows)
    assert len(rows) + sum(e.count for e in result.exclusions) == len(result.codes)
    assert all(e.count > 0 for e in result.exclusions)
    enrolled = result.codes[result.enrolled]
    assert np.isin(result.codes[result.queries], enrolled).all()
    assert not np.isin(result.codes[result.strangers], enrolled).any() or result.data is not None
    for part in (result.queries, result.enrolled, result.strangers):
        assert part.dtype == np.int64
        assert not part.flags.writeable
        assert (np.diff(part) > 0).all()


def test_train_and_test_are_the_default() -> None:
    result = arrange(SPLIT)
    check_parts(result)
    assert result.queries.tolist() == [4, 5]
    assert result.enrolled.tolist() == [0, 1, 2, 3, 10]
    assert result.strangers.tolist() == [9]
    assert result.exclusions == (
        Exclusion("of split 'oos' (not selected)", 2),
        Exclusion("of split 'val' (not selected)", 2),
    )
    assert (result.query_name, result.gallery_name) == ("test", "train")
    assert not result.leave_one_out
    assert result.notes[:3] == (
        "Read from a list.",
        "--gallery-split was not given: 'train' is taken.",
        "--query-split was not given: 'test' is taken.",
    )
    assert result.notes[3].startswith("1 row of test are of 1 class that the gallery lacks")
    assert result.about() == (
        "2 test queries against 5 train rows of 3 classes; judged apart: 1 stranger; left out: "
        "2 rows of split 'oos' (not selected), 2 rows of split 'val' (not selected)"
    )


def test_without_a_split_all_rows_are_one_set() -> None:
    result = arrange(made("s/a s/a s/b s/b s/c", split=False))
    check_parts(result)
    assert result.leave_one_out
    assert result.gallery is None
    assert result.queries is result.enrolled
    assert result.queries.tolist() == [0, 1, 2, 3, 4]
    assert (result.query_name, result.gallery_name) == (WHOLE, WHOLE)
    assert result.singletons == 1
    assert result.notes[1] == "Alone in their class: 1 row, enrolled but never looked up."
    assert result.about() == (
        "5 rows of 3 classes, each against all others (1 row alone in their class, never looked up)"
    )


def test_a_split_without_train_and_test_is_not_used_and_said_so() -> None:
    result = arrange(made("dev/a dev/a dev/b eval/b"))
    check_parts(result)
    assert result.leave_one_out
    assert len(result.queries) == 4
    assert "'dev' (3 rows), 'eval' (1 row)" in result.notes[1]
    assert "--gallery-split" in result.notes[1]


@pytest.mark.parametrize(
    ("gallery", "queries", "found"),
    [
        ("train", (), ("train", ("test",))),
        (None, ("val",), ("train", ("val",))),
        ("train", ("test", "val", "test"), ("train", ("test", "val"))),
        (None, "val", ("train", ("val",))),
    ],
)
def test_what_is_named_is_taken(
    gallery: str | None, queries: tuple[str, ...], found: tuple[str, tuple[str, ...]]
) -> None:
    result = arrange(SPLIT, gallery_split=gallery, query_split=queries)
    check_parts(result)
    assert (result.gallery_name, result.query_name) == (found[0], " + ".join(found[1]))
    assert SPLIT.split is not None
    assert set(SPLIT.split[result.queries].tolist()) == set(found[1])


def test_one_split_for_both_is_leave_one_out_inside_it() -> None:
    result = arrange(SPLIT, gallery_split="train", query_split=["train"])
    check_parts(result)
    assert result.leave_one_out
    assert result.queries.tolist() == [0, 1, 2, 3, 10]
    assert result.query_name == "train"
    assert result.about().startswith("5 train rows of 3 classes, each against all others (1 row")


def test_strangers_by_split_and_by_class() -> None:
    assert arrange(SPLIT, strangers=["oos"]).strangers.tolist() == [7, 8, 9]
    # All rows of its split are strangers, so the class stands for that split.
    assert arrange(SPLIT, strangers="x").strangers.tolist() == [7, 8, 9]
    # Rows in the gallery are barred; those of a split that is not selected stay out.
    result = arrange(SPLIT, strangers=["a", "x"])
    check_parts(result)
    assert result.strangers.tolist() == [4, 7, 8, 9]  # row 9: class c is not enrolled
    assert result.enrolled.tolist() == [2, 3, 10]
    assert result.exclusions == (
        Exclusion("of split 'train' named as strangers", 2),
        Exclusion("of split 'val' (not selected)", 2),
    )
    assert "Strangers by the name 'a' (class): 4 rows." in result.notes


def test_strangers_without_a_split_are_never_looked_up_nor_enrolled() -> None:
    result = arrange(made("s/a s/a s/b s/b s/c", split=False), strangers=["c"])
    check_parts(result)
    assert result.queries.tolist() == [0, 1, 2, 3]
    assert result.strangers.tolist() == [4]
    assert (
        result.about() == "4 rows of 2 classes, each against all others; judged apart: 1 stranger"
    )


def test_where_no_class_is_shared_all_are_strangers() -> None:
    result = arrange(made("train/a train/b test/c test/d"))
    check_parts(result)
    assert len(result.queries) == 0
    assert result.strangers.tolist() == [2, 3]
    assert "of 2 classes that the gallery lacks" in result.notes[-1]


def test_many_splits_make_no_long_sentence() -> None:
    rows = " ".join(f"s{i}/a" for i in range(40))
    result = arrange(made(f"train/a train/b test/a {rows}"))
    check_parts(result)
    assert result.about().endswith(", 36 rows for 36 more reasons")


@pytest.mark.parametrize(
    ("data", "options", "said"),
    [
        (SPLIT, {"gallery_split": "tarin"}, ["no value 'tarin'", "'train' (5 rows)", "Name one"]),
        (SPLIT, {"query_split": ["test", "dev"]}, ["no value 'dev'", "'oos' (2 rows)"]),
        (
            made("a/x a/y b/x"),
            {"gallery_split": "a"},
            ["--query-split is missing", "no 'test'", "'b' (1 row)"],
        ),
        (made("a/x a/y b/x"), {"query_split": "a"}, ["--gallery-split is missing", "no 'train'"]),
        (
            SPLIT,
            {"gallery_split": "train", "query_split": ["train", "test"]},
            ["'train' is the gallery split and one of 2 query splits", "name it alone"],
        ),
        (
            made("s/a s/a s/b", split=False),
            {"gallery_split": "train"},
            ["made has no split column", "--split"],
        ),
        (made("s/a s/a s/b", split=False), {"query_split": ["x"]}, ["made has no split column"]),
        (
            SPLIT,
            {"strangers": ["ooz"]},
            ["'ooz' is none of the 5 classes and 4 split values", "Did you mean 'oos'?"],
        ),
        (SPLIT, {"strangers": ["test"]}, ["'test' is a selected split", "3 rows cannot be"]),
        (SPLIT, {"strangers": ["train"]}, ["'train' is a selected split"]),
        (SPLIT, {"strangers": ["a", "b", "d"]}, ["no row is left to enrol", "Name fewer"]),
        (SPLIT, {"strangers": ["a", "b", "c"]}, ["no row is left to look up"]),
        (made("s/a s/a s/a", split=False), {}, ["at least two classes; all 3 rows of made", "'a'"]),
        (made("train/a train/a test/b"), {}, ["at least two classes; all 2 rows of 'train'"]),
        (made("s/a s/b s/c", split=False), {}, ["every class has one row", "3 rows", "--gallery"]),
        (SPLIT, {"strangers": ["b", "x", "c"], "query_split": ["train"]}, []),
    ],
)
def test_what_cannot_be_judged_is_one_sentence(
    data: EmbeddingSet, options: dict[str, object], said: list[str]
) -> None:
    if not said:
        check_parts(arrange(data, **options))  # type: ignore[arg-type]
        return
    text = refusal(data, **options)
    for part in said:
        assert part in text


def test_random_arrangements_give_every_row_one_part() -> None:
    rng = np.random.default_rng(0)
    made_any = 0
    for _ in range(200):
        splits = rng.choice(["train", "test", "val", "oos"], 30)
        labels = rng.choice(list("abcdefgh"), 30)
        data = made(" ".join(f"{s}/{y}" for s, y in zip(splits, labels, strict=True)))
        named = rng.choice([*"abcdefgh", "val", "oos"], rng.integers(0, 4), replace=False).tolist()
        queries = [("test",), ("train",), ("test", "oos")][rng.integers(3)]
        try:
            result = arrange(data, query_split=queries, strangers=named)
        except InputError:
            continue
        check_parts(result)
        made_any += 1
    assert made_any > 100


def test_clinc(shared_data: Path) -> None:
    data = load(shared_data / "clinc150_minilm" / "data.npz")
    for named, count in ((["oos_test"], 1000), (["oos"], 1200), (["oos_test", "oos_val"], 1100)):
        result = arrange(data, strangers=named)
        check_parts(result)
        assert (len(result.queries), len(result.enrolled)) == (4500, 15000)
        assert len(result.strangers) == count
        assert "4,500 test queries against 15,000 train rows of 150 classes" in result.about()


def test_omniglot(shared_data: Path) -> None:
    data = load(shared_data / "omniglot_triplet" / "data.npz")
    result = arrange(data, strangers=["unknown"])
    check_parts(result)
    assert (len(result.queries), len(result.enrolled), len(result.strangers)) == (915, 2196, 1180)
    result = arrange(data, query_split=["unknown"])
    assert (len(result.queries), len(result.strangers)) == (0, 1180)


def test_lfw(shared_data: Path) -> None:
    result = arrange(load(shared_data / "lfw_dlib" / "data.npz"))
    check_parts(result)
    assert result.singletons == 4068


def test_rows_set_apart_for_validation_are_of_enrolled_classes_and_play_no_other_part():
    rows = "train/a train/a train/b test/a Dev/b val/a val/z val/b extra/a"
    both = arrange(made(rows))
    assert {name: at.tolist() for name, at in both.validation().items()} == {
        "Dev": [4],
        "val": [5, 7],
    }
    assert both.called == "test "
    looked_up = arrange(made(rows), gallery_split="train", query_split=["val"])
    assert list(looked_up.validation()) == ["Dev"]
    alone = arrange(made(rows, split=False))
    assert alone.validation() == {}
    assert alone.called == ""
