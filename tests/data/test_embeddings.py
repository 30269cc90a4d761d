"""EmbeddingSet: everything that can be judged passes, and the rest is one sentence."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import ArrayLike

from embedding_second_opinion.data.embeddings import EmbeddingSet, InputError, class_names, sizes

X = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
Y = ["a", "a", "b", "b", "c", "c"]


def sentence(error: pytest.ExceptionInfo[InputError]) -> str:
    """The message, after the promises that hold for every one of them."""
    text = str(error.value)
    assert "\n" not in text
    assert "Traceback" not in text
    assert text.endswith((".", "?", ")"))
    return text


@pytest.mark.parametrize(
    "vectors",
    [
        X,
        X.astype(np.float64),
        X.tolist(),
        np.asfortranarray(X),
        pd.DataFrame(X),
        torch.tensor(X, requires_grad=True),
        np.array([*X, None], dtype=object)[:6],
    ],
    ids=["float32", "float64", "list", "fortran", "pandas", "torch", "objects"],
)
def test_vectors_of_every_kind_are_the_same(vectors: ArrayLike) -> None:
    data = EmbeddingSet.from_arrays(vectors, Y)
    np.testing.assert_array_equal(data.vectors, X)
    assert data.vectors.dtype == np.float32
    assert data.vectors.flags.c_contiguous
    assert (data.n, data.d) == (6, 3)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float8_e4m3fn])
def test_narrow_tensors_keep_their_values(dtype: torch.dtype) -> None:
    tensor = torch.tensor(X).to(dtype)
    data = EmbeddingSet.from_arrays(tensor, Y)
    np.testing.assert_array_equal(data.vectors, tensor.float().numpy())


def test_nothing_can_be_changed_and_nothing_of_the_user_is_frozen() -> None:
    mine = X.copy()
    data = EmbeddingSet.from_arrays(mine, Y, split=list("ttteee"), images=np.zeros((6, 2, 2), "u1"))
    for array in (data.vectors, data.codes, data.split, data.images):
        assert array is not None
        assert not array.flags.writeable
    mine[0, 0] = 9
    assert data.vectors[0, 0] == X[0, 0]


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ([10, 9, 10, 9, 2, 2], ("2", "9", "10")),
        ([1.0, 1.0, 2.5, 2.5, -3.0, -3.0], ("-3", "1", "2.5")),
        (np.array([1, 1, 2, 2, 3, 3], dtype=np.float32), ("1", "2", "3")),
        ([True, False] * 3, ("False", "True")),
        (["b", "10", "9", "B", "b", "9"], ("9", "10", "B", "b")),
        ([b"a", b"a", b"b", b"b", b"c", b"c"], ("a", "b", "c")),
        (pd.Series(Y, dtype="category"), ("a", "b", "c")),
        (pd.Series([1, 1, 2, 2, 3, 3], dtype="Int64"), ("1", "2", "3")),
        (torch.tensor([[1], [1], [2], [2], [3], [3]]), ("1", "2", "3")),
        ([np.int64(1), 1, 2, 2.0, "x", "x"], ("1", "2", "x")),
        (np.array(["2020-01-02"] * 3 + ["2020-01-01"] * 3, "M8[D]"), ("2020-01-01", "2020-01-02")),
        (["a\nb", "a\nb", "c", "c", "d\ud800", "d\ud800"], ("a\\nb", "c", "d\\ud800")),
        (["1.1", "1.10", "10", "1_0", "x\x9b", "x\x9b"], ("1.1", "1.10", "10", "1_0", "x\\x9b")),
    ],
)
def test_labels_of_any_type_become_names_in_natural_order(
    labels: ArrayLike, classes: tuple[str, ...]
) -> None:
    data = EmbeddingSet.from_arrays(X, labels)
    assert data.classes == classes
    assert sizes(data.codes, len(classes)).sum() == 6
    assert all(name.encode() for name in data.classes)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["a", "a", None, "b", "b", "b"], "1 of 6 are (first: row 2)"),
        (["a", "a", float("nan"), "b", "b", "b"], "1 of 6 are (first: row 2)"),
        ([1.0, 1.0, 2.0, np.nan, np.nan, 1.0], "2 of 6 are (first: row 3)"),
        (["a", "a", "", " ", "b", "b"], "2 of 6 are (first: row 2)"),
        (pd.array([1, 1, None, 2, 2, 2]), "1 of 6 are (first: row 2)"),
        (np.array(["NaT"] + ["2020-01-01"] * 5, "M8[ns]"), "1 of 6 are (first: row 0)"),
        (["a", "a", "b"], "there are 3 labels for 6 rows"),
        (np.eye(6), "One-hot rows: pass labels.argmax(axis=1)"),
        ([1, "1", 2, 2, 3, 3], "1 (int) and '1' (str) would both be called '1'"),
        (["1", "1", "1.0", "2", "2", "2"], "'1' and '1.0' would be two. Write them alike"),
        (["7", "7", "007", "2", "2", "2"], "'7' and '007' would be two"),
        (["c1", "c1", "c1 ", "b", "b", "b"], "'c1' and 'c1 ' would be two"),
        (["x" * 1001, "a", "a", "a", "b", "b"], "that of row 0 has 1001"),
        ("label", "their shape is ()"),
        (np.ma.array([1, 1, 2, 2, 3, 3], mask=np.arange(6) == 1), "1 of 6 values are"),
    ],
)
def test_bad_labels_are_one_sentence(labels: ArrayLike, said: str) -> None:
    with pytest.raises(InputError, match=r"^labels ") as error:
        EmbeddingSet.from_arrays(X, labels)
    assert said in sentence(error)


@pytest.mark.parametrize(
    ("vectors", "said"),
    [
        (
            np.where(np.arange(18).reshape(6, 3) == 4, np.nan, X),
            "1 of 6 rows are not (first: row 1)",
        ),
        (
            np.where(np.arange(18).reshape(6, 3) >= 12, np.inf, X),
            "2 of 6 rows are not (first: row 4)",
        ),
        (X[:, 0], "these have 1 (shape (6,))"),
        (X.reshape(6, 3, 1), "pass flatten=True (--flatten)"),
        (X[:0], "0 rows of 3 dimensions"),
        (X[:, :0], "6 rows of 0 dimensions"),
        (X.astype(np.complex64), "of type complex64"),
        (X.astype(np.str_), "must be real numbers"),
        ([[1, 2], [3]], "rows of equal length"),
        (np.array([[1, "a"]] * 6, dtype=object), "np.stack(list_of_vectors)"),
        (X.astype(np.float64) * 1e300, "6 of 6 rows do not (first: row 0)"),
        (X.astype(np.float64) * 1e-3 + 1e8, "Subtract the column means first"),
        (X.astype(np.float64) + 1e6, "3 of 3 columns by more than 1/1000 (first: column 0)"),
        ((X * 1000).astype(np.int64) + 10**11, "Subtract the column means first"),
        ((X * 9).astype(np.int64) + 2**60, "Subtract the column means first"),
        (X + np.array([0.0, 1e8, 0.0]), "1 of 3 columns by more than 1/1000 (first: column 1)"),
        (torch.tensor(X).to_sparse(), "Use .to_dense()"),
        (np.ma.array(X, mask=np.abs(X) > 0.1), "values are. Fill them"),
    ],
)
def test_bad_vectors_are_one_sentence(vectors: ArrayLike, said: str) -> None:
    with pytest.raises(InputError, match=r"^vectors ") as error:
        EmbeddingSet.from_arrays(vectors, Y)
    assert said in sentence(error)


@pytest.mark.parametrize(
    "vectors",
    [X + 1e4, np.column_stack([X, np.full(6, 1e9 + 0.3)]), np.column_stack([X, X[:, 0] / 1e6 + 9])],
    ids=["offset", "constant", "irrelevant"],
)
def test_what_float32_holds_well_enough_is_not_refused(vectors: ArrayLike) -> None:
    assert EmbeddingSet.from_arrays(np.asarray(vectors, dtype=np.float64), Y).n == 6


def test_rows_that_are_not_finite_can_be_dropped_and_are_counted() -> None:
    bad = X.copy()
    bad[1, 0], bad[4, 2] = np.nan, -np.inf
    pictures = np.arange(24, dtype=np.uint8).reshape(6, 2, 2)
    data = EmbeddingSet.from_arrays(
        bad, Y, split=list("uvwxyz"), groups=range(6), images=pictures, on_invalid="drop"
    )
    keep = [0, 2, 3, 5]
    np.testing.assert_array_equal(data.vectors, X[keep])
    assert [data.classes[code] for code in data.codes] == [Y[i] for i in keep]
    np.testing.assert_array_equal(data.split, ["u", "w", "x", "z"])
    np.testing.assert_array_equal(data.groups, ["0", "2", "3", "5"])
    np.testing.assert_array_equal(data.images, pictures[keep])
    assert data.notes == ("2 of 6 rows were dropped because they are not finite.",)
    with pytest.raises(InputError, match="none of the 6 rows is"):
        EmbeddingSet.from_arrays(X * np.nan, Y, on_invalid="drop")


def test_on_invalid_takes_two_words_only() -> None:
    with pytest.raises(InputError, match="on_invalid must be 'raise' or 'drop'; it is 'skip'"):
        EmbeddingSet.from_arrays(X, Y, on_invalid="skip")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (np.zeros((6, 4), "u1"), "theirs is (6, 4)"),
        (np.zeros((5, 4, 4), "u1"), "theirs is (5, 4, 4)"),
        (np.zeros((6, 4, 4, 2), "u1"), "theirs is (6, 4, 4, 2)"),
        (np.zeros((6, 0, 4), "u1"), "theirs is (6, 0, 4)"),
        (np.zeros((6, 4, 4)), "these are float64"),
    ],
)
def test_bad_images_are_one_sentence(images: ArrayLike, said: str) -> None:
    with pytest.raises(InputError, match=r"^images ") as error:
        EmbeddingSet.from_arrays(X, Y, images=images)
    assert said in sentence(error)


def test_more_dimensions_are_flattened_on_request() -> None:
    data = EmbeddingSet.from_arrays(X.reshape(6, 3, 1), Y, flatten=True)
    np.testing.assert_array_equal(data.vectors, X)


def test_the_fingerprint_is_of_the_content() -> None:
    one = EmbeddingSet.from_arrays(X, Y, name="one").fingerprint
    assert re.fullmatch("[0-9a-f]{64}", one)
    assert (
        one == EmbeddingSet.from_arrays(X.astype(np.float64), np.array(Y), name="two").fingerprint
    )
    assert one != EmbeddingSet.from_arrays(X + 1, Y).fingerprint
    assert one != EmbeddingSet.from_arrays(X, Y[::-1]).fingerprint
    assert one != EmbeddingSet.from_arrays(X, Y, split=Y).fingerprint


def test_class_names_says_what_it_names() -> None:
    with pytest.raises(InputError, match="gallery labels must be as many as the vectors"):
        class_names(["a"], 2, "gallery labels")
