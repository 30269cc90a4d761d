"""Files of pairs and of controls are read as they stand, or refused in one sentence."""

from __future__ import annotations

import numpy as np
import pytest

from embedding_second_opinion.data.embeddings import EmbeddingSet, InputError
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.inputs.controls import read_controls
from embedding_second_opinion.inputs.pairs import Pairs, read_pairs
from embedding_second_opinion.request import Request

DATA = EmbeddingSet.from_arrays(
    np.random.default_rng(0).standard_normal((12, 4)), np.repeat(["a", "b", "c"], 4), name="set"
)
FIRST, SECOND = [0, 4, 8, 0, 4, 8], [1, 5, 9, 4, 8, 0]


@pytest.mark.parametrize("form", ["npz", "csv", "lfw"])
def test_pairs_are_read_from_arrays_and_tables(tmp_path, form):
    same, fold = [1, 1, 1, 0, 0, 0], [0, 1, 0, 0, 1, 1]
    path = tmp_path / f"pairs.{'csv' if form == 'csv' else 'npz'}"
    if form == "csv":
        rows = "\n".join(map("{},{},{},{}".format, FIRST, SECOND, same, fold))
        path.write_text(f"first,second,same,fold\n{rows}\n")
    elif form == "npz":
        np.savez(path, first=FIRST, second=SECOND, same=np.array(same, bool), fold=fold)
    else:
        np.savez(path, pair_a=FIRST, pair_b=SECOND, pair_same=same, pair_fold=fold)
    pairs = read_pairs(str(path), DATA)
    assert pairs.first.tolist() == FIRST
    assert pairs.second.tolist() == SECOND
    assert pairs.same.tolist() == [True] * 3 + [False] * 3
    assert pairs.fold.tolist() == fold
    assert not pairs.first.flags.writeable
    assert pairs.notes == (f"{path.name}: 6 pairs, 3 of them of one class.",)


def test_the_labels_say_what_is_the_same_and_the_file_is_believed_over_them():
    assert Pairs.of(DATA, FIRST, SECOND).same.tolist() == [True] * 3 + [False] * 3
    said = Pairs.of(DATA, FIRST, SECOND, [1, 1, 0, 0, 0, 0])
    assert said.same.sum() == 2
    assert said.notes[1] == "pairs: 1 of 6 pairs contradicts the labels; the pairs are believed."
    assert not said.turned
    words = Pairs.of(DATA, FIRST, SECOND, ["True", "TRUE", "same", "0", "false", "0.0"])
    assert words.same.tolist() == [True] * 3 + [False] * 3


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"first": [0, 4, 8, 0, 4, 12]}, "rows from 0 to 11; 1 of 6 in 'first'"),
        ({"first": [0, 4, 8, 0, 4, -1]}, "1 of 6 in 'first'"),
        ({"first": [0.5, 4, 8, 0, 4, 1]}, "row numbers, counted from 0; pair 0 has '0.5'"),
        ({"first": ["x", "4", "8", "0", "4", "1"]}, "row numbers"),
        ({"first": [[0, 1]]}, "must be one column"),
        ({"first": [0]}, "1 first rows and 6 second rows"),
        ({"first": [], "second": []}, "holds no pair"),
        ({"first": [0, 4, 8, 0, 4, 0]}, "with itself in 1 of 6 pairs .first: pair 5"),
        ({"second": [1, 5, 9, 1, 5, 9]}, "same-class pairs only"),
        ({"same": [0] * 6}, "different-class pairs only"),
        ({"same": [1, 1, 1, 0, 0]}, "'same' of pairs has the shape"),
        ({"same": [1, 1, 1, 0, 0, 2]}, "must be 1 or 0 .true or false.; pair 5 has '2'"),
        ({"fold": [0, 0, 0, 1, 1, 1]}, "fold 0 of pairs has same-class pairs only"),
        ({"fold": [3] * 6}, "one fold only"),
        ({"fold": [3]}, "'fold' of pairs has the shape"),
        (
            {"fold": [0, 1, np.nan, 0, 1, 1]},
            "'fold' of pairs must not be missing; 1 of 6 are .first: row 2",
        ),
        ({"fold": ["x", "y", None, "x", "y", "y"]}, "'fold' of pairs must not be missing"),
        ({"fold": ["x", "y", "", "x", "y", "y"]}, "'fold' of pairs must not be missing"),
        ({"fold": ["1", "2", "1.0", "1", "2", "2"]}, "'1' and '1.0' would be two"),
        ({"fold": ["a", "b", "a ", "a", "b", "b"]}, "'a' and 'a ' would be two"),
        ({"fold": ["x", "x", "x", "y", "y", "y"]}, "fold x of pairs has same-class pairs only"),
        ({"first": np.array(FIRST, complex)}, "row numbers, .*complex128 values, such as '0j'"),
        ({"first": np.array(FIRST, bool)}, "row numbers, .*bool values, such as 'False'"),
        ({"second": [True, 5, 9, 4, 8, 0]}, "row numbers, .*such as 'True'"),
        ({"second": np.array([1, 5, True, 4, 8, 0], object)}, "row numbers, .*such as 'True'"),
        ({"first": np.array(FIRST, "datetime64[D]")}, "row numbers, .*datetime64"),
    ],
)
def test_pairs_that_cannot_be_meant_are_refused(change, sentence):
    with pytest.raises(InputError, match=sentence):
        Pairs.of(DATA, **{"first": FIRST, "second": SECOND, **change})


def test_folds_are_named_as_classes_are():
    numbers = Pairs.of(DATA, FIRST, SECOND, fold=[1.0, 2.0, 10.0, 1, 2, 10])
    assert numbers.fold.tolist() == [0, 1, 2, 0, 1, 2]
    assert Pairs.of(DATA, FIRST, SECOND, fold=list("xyzxyz")).fold.tolist() == [0, 1, 2, 0, 1, 2]


def test_a_distance_flag_in_place_of_same_is_said():
    turned = Pairs.of(DATA, FIRST, SECOND, [0, 0, 0, 1, 1, 1])
    assert turned.turned
    assert "6 of 6 pairs contradict the labels" in turned.notes[1]
    assert "probably a distance flag (1 = different): turn it round" in turned.notes[1]
    half = Pairs.of(DATA, FIRST, SECOND, [1, 0, 0, 1, 1, 0])
    assert not half.turned
    assert "distance flag" not in half.notes[1]


def test_pairs_that_are_there_twice_are_counted_and_never_across_folds():
    once = Pairs.of(DATA, FIRST, SECOND)
    assert len(once.notes) == 1
    one, two = [*FIRST, 1, 4], [*SECOND, 0, 8]  # the first one turned round, and the fifth
    twice = Pairs.of(DATA, one, two)
    assert twice.first.tolist() == one
    assert twice.notes[1] == (
        "pairs: 2 of 8 pairs repeat earlier ones, either way round; each counts."
    )
    single = Pairs.of(DATA, one[:7], two[:7], fold=[0, 1, 1, 0, 1, 1, 0])
    assert "1 of 7 pairs repeats an earlier one" in single.notes[1]
    with pytest.raises(
        InputError,
        match=r"in more than one fold, so that a threshold would be judged on what set it: 1 of 7, either "
        r"way round \(first: pair 6, as pair 0\)",
    ):
        Pairs.of(DATA, one[:7], two[:7], fold=[0, 1, 1, 0, 1, 1, 1])
    with pytest.raises(InputError, match="as the same and as different: 1 of 7"):
        Pairs.of(DATA, one[:7], two[:7], [1, 1, 1, 0, 0, 0, 0])


def test_a_file_without_pairs_lists_what_it_has(tmp_path):
    np.savez(tmp_path / "x.npz", embeddings=DATA.vectors)
    with pytest.raises(
        InputError, match=r"no key called first or pair_a .* 'embeddings' \(12 x 4\)"
    ):
        read_pairs(str(tmp_path / "x.npz"), DATA)


def test_controls_are_all_arrays_with_a_row_for_each(tmp_path):
    raw = np.random.default_rng(1).random((12, 3, 3))
    np.savez(
        tmp_path / "c.npz", raw=raw, untrained=DATA.vectors, labels=np.arange(12), other=raw[:5]
    )
    found = read_controls(str(tmp_path / "c.npz"), DATA)
    assert [(c.name, c.words, c.data.d) for c in found] == [
        ("raw", "the raw input", 9),
        ("untrained", "an untrained network", 4),
    ]
    np.testing.assert_allclose(found[0].data.vectors, raw.reshape(12, 9), rtol=1e-6)
    assert (found[0].data.codes == DATA.codes).all()
    np.save(tmp_path / "mine.npy", DATA.vectors)
    assert read_controls(str(tmp_path / "mine.npy"), DATA)[0].words == "'mine'"


def test_controls_that_do_not_fit_are_refused(tmp_path):
    np.savez(tmp_path / "c.npz", raw=np.zeros((11, 3)))
    with pytest.raises(InputError, match=r"none of its keys holds numbers in 12 rows.*11 x 3"):
        read_controls(str(tmp_path / "c.npz"), DATA)
    np.savez(tmp_path / "c.npz", raw=np.full((12, 3), np.nan))
    with pytest.raises(InputError, match=r"the control 'raw' of .*must be finite"):
        read_controls(str(tmp_path / "c.npz"), DATA)


@pytest.mark.parametrize("name", ["pairs", "controls", "triplets"])
def test_row_numbers_and_renumbering_do_not_go_together(name):
    with pytest.raises(InputError, match=f"^{name} is about the rows .* gallery renumbers"):
        Request(data="d.npz", gallery="g.npz", **{name: "x.npz"})
    with pytest.raises(InputError, match="drop_invalid renumbers"):
        Request(drop_invalid=True, **{name: "x.npz"})
    with pytest.raises(InputError, match="needs embeddings"):
        Request(**{name: "x.npz"}).inputs()
    with pytest.raises(InputError, match=f"{name} must be text"):
        Request(**{name: 3})
    with pytest.raises(InputError, match="there is no file"):
        Request(**{name: "nowhere.npz"}).inputs(arrange(DATA))


def test_approximate_is_a_flag():
    assert Request(approximate=True).inputs().approximate
    with pytest.raises(InputError, match="approximate must be True or False"):
        Request(approximate="yes")


def test_a_margin_is_a_distance():
    assert Request(margin=1).inputs().margin == 1.0
    for margin, sentence in (
        (0, "above 0"),
        (float("nan"), "above 0"),
        ("0.2", "must be a number"),
    ):
        with pytest.raises(InputError, match=f"margin must be {sentence}|{sentence}"):
            Request(margin=margin)
