"""Files of triplets are read as they stand, or refused in one sentence."""

from __future__ import annotations

import numpy as np
import pytest

from embedding_second_opinion.data.embeddings import EmbeddingSet, InputError
from embedding_second_opinion.inputs.triplets import Triplets, read_triplets

DATA = EmbeddingSet.from_arrays(
    np.random.default_rng(0).standard_normal((12, 4)), np.repeat(["a", "b", "c"], 4), name="set"
)
COLUMNS = {"anchor": [0, 4, 8, 1], "positive": [1, 5, 9, 2], "negative": [4, 8, 0, 11]}


@pytest.mark.parametrize("form", ["npz", "csv", "short"])
def test_triplets_are_read_from_arrays_and_tables(tmp_path, form):
    batch = [7, 7, 9, 9]
    path = tmp_path / f"t.{'csv' if form == 'csv' else 'npz'}"
    if form == "csv":
        rows = "\n".join(map("{},{},{},{}".format, *COLUMNS.values(), batch))
        path.write_text(f"anchor,positive,negative,batch\n{rows}\n")
    elif form == "npz":
        np.savez(path, **COLUMNS, batch=batch)
    else:
        np.savez(
            path, a=COLUMNS["anchor"], pos=COLUMNS["positive"], neg=COLUMNS["negative"], step=batch
        )
    found = read_triplets(str(path), DATA)
    for column, values in COLUMNS.items():
        assert getattr(found, column).tolist() == values
        assert not getattr(found, column).flags.writeable
    assert found.batch.tolist() == [0, 0, 1, 1]
    assert not found.batch.flags.writeable
    assert found.notes == (f"{path.name}: 4 triplets in 2 batches.",)


def test_one_array_of_three_columns_holds_triplets(tmp_path):
    listed = np.array(list(COLUMNS.values())).T
    np.save(tmp_path / "t.npy", listed)
    found = read_triplets(str(tmp_path / "t.npy"), DATA)
    assert [found.anchor.tolist(), found.positive.tolist(), found.negative.tolist()] == [
        *COLUMNS.values()
    ]
    assert found.batch is None
    np.save(tmp_path / "t.npy", listed.T)
    with pytest.raises(InputError, match=r"'t' \(3 x 4\).* or is one array of these three columns"):
        read_triplets(str(tmp_path / "t.npy"), DATA)
    np.save(tmp_path / "t.npy", listed + 0.5)
    with pytest.raises(InputError, match=r"'anchor' .* counted from 0; triplet 0 has '0.5'"):
        read_triplets(str(tmp_path / "t.npy"), DATA)


def test_the_first_that_is_no_number_is_named():
    with pytest.raises(InputError, match="triplet 2 has 'anchor'"):
        Triplets.of(DATA, ["0", "4", "anchor", "x"], *list(COLUMNS.values())[1:])


def test_wrong_triplets_are_kept_for_the_audit():
    found = Triplets.of(DATA, [0, 0], [0, 5], [1, 0])
    assert found.positive.tolist() == [0, 5]
    assert found.batch is None
    assert found.notes == ("triplets: 2 triplets.",)
    assert Triplets.of(DATA, [0], [1], [5], ["x"]).notes == ("triplets: 1 triplet in 1 batch.",)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"anchor": [0, 4, 8, 12]},
            "triplets name rows from 0 to 11; 1 of 4 in 'anchor' are others",
        ),
        (
            {"negative": [-1, 4, 8, 1]},
            r"1 of 4 in 'negative' are others \(first: -1 in triplet 0\)",
        ),
        ({"anchor": [1, 4, 8, 12]}, "Are they counted from 1?"),
        ({"positive": [0.5, 1, 2, 3]}, "row numbers, counted from 0; triplet 0 has '0.5'"),
        ({"positive": ["x", "1", "2", "3"]}, "'positive' of the triplets must hold row numbers"),
        ({"anchor": [[0, 1]]}, "must be one column"),
        ({"anchor": [True, 4, 8, 1]}, "row numbers, .*such as 'True'"),
        ({"anchor": [0]}, "1 in 'anchor', 4 in 'positive', 4 in 'negative'. Give one row of each"),
        ({"anchor": [], "positive": [], "negative": []}, "the triplets file holds no triplet"),
        ({"batch": [0, 1]}, "'batch' of triplets has the shape .2,.; there are 4 triplets"),
        ({"batch": [0, 1, np.nan, 2]}, "'batch' of triplets must not be missing; 1 of 4 are"),
    ],
)
def test_triplets_that_cannot_be_meant_are_refused(change, sentence):
    with pytest.raises(InputError, match=sentence):
        Triplets.of(DATA, **{**COLUMNS, **change})


def test_a_file_without_triplets_lists_what_it_has(tmp_path):
    np.savez(tmp_path / "x.npz", anchor=[0], positive=[1])
    with pytest.raises(InputError, match="no key called negative or negatives or neg or n; it has"):
        read_triplets(str(tmp_path / "x.npz"), DATA)
