"""open_evaluation: the command line's options, and whatever a notebook passes on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from embedding_second_opinion.data.embeddings import InputError
from embedding_second_opinion.request import open_evaluation

RNG = np.random.default_rng(0)
X = RNG.normal(size=(8, 3)).astype(np.float32)
Y = np.array(list("aabbccdd"))
S = np.array(["train", "test"] * 3 + ["oos"] * 2)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, with a.npz, its gallery b.npz of other rows, and a file of labels."""
    np.savez(
        tmp_path / "a.npz",
        embeddings=X,
        labels=Y,
        split=S,
        groups=Y,
        images=np.zeros((8, 2, 2), "u1"),
    )
    np.savez(
        tmp_path / "b.npz", embeddings=X[:5] + 1, labels=Y[:5], images=np.ones((5, 2, 2), "u1")
    )
    (tmp_path / "y.txt").write_text("\n".join(Y))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refusal(*args: object, **options: object) -> str:
    with pytest.raises(InputError) as error:
        open_evaluation(*args, **options)  # type: ignore[arg-type]
    text = str(error.value)
    assert "\n" not in text
    assert text.endswith((".", "?"))
    return text


def test_a_file_with_nothing_given(folder: Path) -> None:
    result = open_evaluation("a.npz")
    assert result.about() == (
        "3 test queries against 3 train rows of 3 classes; "
        "left out: 2 rows of split 'oos' (not selected)"
    )
    assert result.name == "a.npz"
    assert result.notes[0].startswith("a.npz: embeddings from key 'embeddings' (8 x 3), labels")


def test_every_option_arrives(folder: Path) -> None:
    bad = X.copy()
    bad[0, 0] = np.nan
    np.savez("c.npz", v=bad.reshape(8, 3, 1), w=X, who=Y, fold=S, team=Y)
    result = open_evaluation(
        "c.npz",
        labels="who",
        key="v",
        split="fold",
        groups="team",
        gallery_split="test",
        query_split=["train"],
        strangers="oos",
        flatten=True,
        drop_invalid=True,
    )
    assert (len(result.queries), len(result.enrolled), len(result.strangers)) == (2, 3, 2)
    assert result.data is not None
    np.testing.assert_array_equal(result.data.vectors, X[1:])
    np.testing.assert_array_equal(result.data.groups, Y[1:])
    assert any("1 of 8 rows were dropped" in note for note in result.notes)


def test_another_file_as_the_gallery(folder: Path) -> None:
    result = open_evaluation("a.npz", gallery="b.npz", strangers=["d"])
    assert result.data is not None
    assert result.queries.tolist() == [0, 1, 2, 3, 4, 5]
    assert result.enrolled.tolist() == [8, 9, 10, 11, 12]
    assert result.strangers.tolist() == [6, 7]
    np.testing.assert_array_equal(result.data.vectors, np.concatenate([X, X[:5] + 1]))
    assert [result.classes[c] for c in result.codes] == [*Y, *Y[:5]]
    assert (result.query_name, result.gallery_name, result.name) == ("query", "gallery", "a.npz")
    assert result.data.groups is None
    assert result.data.images is not None
    assert result.data.images[:, 0, 0].tolist() == [0] * 8 + [1] * 5
    assert any(note.startswith("b.npz: embeddings") for note in result.notes)
    assert "The split column of a.npz is not used beside --gallery." in result.notes
    assert result.about().startswith("6 queries against 5 gallery rows of 3 classes; judged apart")


def test_queries_unknown_to_the_gallery_are_strangers(folder: Path) -> None:
    assert open_evaluation("a.npz", gallery="b.npz").strangers.tolist() == [6, 7]


@pytest.mark.parametrize("name", ["digits", "planted:healthy"])
def test_samples_by_name(name: str) -> None:
    assert open_evaluation(f"sample:{name}").data is not None


@pytest.mark.parametrize(
    ("data", "options", "said"),
    [
        ("", {}, ["data is empty", "sample:NAME"]),
        ("nowhere.npz", {}, ["there is no file nowhere.npz"]),
        ("sample:nothing", {}, ["nothing", "digits"]),
        ("sample:digits", {"labels": "y"}, ["bundled set", "and labels is for files only"]),
        ("sample:digits", {"key": "x", "gallery": "b.npz"}, ["key and gallery are for files"]),
        (
            "a.npz",
            {"gallery": "b.npz", "gallery_split": "train", "query_split": "test"},
            ["gallery_split and query_split are", "Give one or the other"],
        ),
        ("a.npz", {"gallery": "b.npz", "split": "split"}, ["and split is to choose them"]),
        ("a.npz", {"gallery": "b.npz", "labels": "y.txt"}, ["labels of both a.npz and b.npz"]),
        ("a.npz", {"gallery": "c.npz"}, ["there is no file c.npz", "Did you mean"]),
        ("a.npz", {"gallery": "a.npz"}, ["same 8 vectors", "Leave out gallery"]),
        ("a.npz", {"gallery_split": "valid"}, ["no value 'valid'", "'oos' (2 rows)"]),
        (7, {}, ["data must be text; it is '7' of type int"]),
        (None, {}, ["data must be text; it is 'None' of type NoneType"]),
        ("a.npz", {"labels": ["y"]}, ["labels must be text", "of type list"]),
        ("a.npz", {"key": 0}, ["key must be text; it is '0' of type int"]),
        ("a.npz", {"gallery": False}, ["gallery must be text", "bool"]),
        ("a.npz", {"gallery_split": 1.5}, ["gallery_split must be text", "float"]),
        ("a.npz", {"query_split": 3}, ["query_split must be text or a list of texts", "int"]),
        ("a.npz", {"query_split": {"test": 1}}, ["query_split must be", "dict"]),
        ("a.npz", {"strangers": ["oos", 3]}, ["strangers[1] must be text; it is '3'", "-r NAME"]),
        ("a\udce9.npz", {}, ["a\\udce9.npz cannot be written as UTF-8", "Rename it"]),
        ("a.npz", {"strangers": ["\ud83d"]}, ["\\ud83d cannot be written as UTF-8"]),
        ("a.npz", {"flatten": "yes"}, ["flatten must be True or False; it is 'yes' of type str"]),
        ("a.npz", {"drop_invalid": 1}, ["drop_invalid must be True or False", "int"]),
    ],
)
def test_bad_input_is_one_sentence(
    data: object, options: dict[str, object], said: list[str], folder: Path
) -> None:
    text = refusal(data, **options)
    for part in said:
        assert part in text


def test_a_gallery_of_other_dimensions(folder: Path) -> None:
    np.savez("c.npz", embeddings=X[:, :2], labels=Y)
    text = refusal("a.npz", gallery="c.npz")
    assert text.startswith("a.npz has 3 dimensions and the gallery c.npz has 2.")


def test_formats_can_differ_between_data_and_gallery(folder: Path) -> None:
    columns = pd.DataFrame(X[:4] + 2, columns=["e0", "e1", "e2"])
    columns.assign(label=Y[:4]).to_csv("c.csv", index=False)
    assert len(open_evaluation("a.npz", gallery="c.csv").enrolled) == 4


def test_a_gallery_that_holds_all_queries_is_refused_in_any_order(folder: Path) -> None:
    order = [3, 1, 0, 2, 7, 6, 5, 4]
    np.savez("c.npz", embeddings=X[order], labels=Y[order])
    assert "has the same 8 vectors as a.npz, so every row" in refusal("a.npz", gallery="c.npz")
    np.savez("c.npz", embeddings=np.concatenate([X + 1, X[order]]), labels=[*Y, *Y[order]])
    assert "same 8 vectors as a.npz among its 16" in refusal("a.npz", gallery="c.npz")


def test_queries_with_an_identical_vector_in_the_gallery_are_counted(folder: Path) -> None:
    np.savez("c.npz", embeddings=np.concatenate([X[:3], X[3:] + 1]), labels=Y)
    note = "3 of 8 queries have an identical vector in the gallery."
    assert note in open_evaluation("a.npz", gallery="c.npz").notes
    assert not any("identical" in note for note in open_evaluation("a.npz").notes)
    copied = X.copy()
    copied[1] = copied[0]
    copied[[0, 1], 0] = 0.0, -0.0  # one number
    np.savez("d.npz", embeddings=copied, labels=Y, split=S)
    note = "1 of 3 queries have an identical vector in the gallery."
    assert note in open_evaluation("d.npz").notes
