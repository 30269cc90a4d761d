"""Which arrays of a file are controls, and which only look like one?"""

from __future__ import annotations

import numpy as np
import pytest

from embedding_second_opinion.data.embeddings import EmbeddingSet, InputError
from embedding_second_opinion.inputs.controls import read_controls

RAW = np.random.default_rng(1).random((12, 3, 3))
COLUMN = np.arange(12).reshape(12, 1)
DATA = EmbeddingSet.from_arrays(
    np.random.default_rng(0).standard_normal((12, 4)), np.repeat(["a", "b", "c"], 4), name="set"
)


def names(path, **arrays):
    np.savez(path, **arrays)
    return [control.name for control in read_controls(str(path), DATA)]


@pytest.mark.parametrize(
    "name", ["labels", "Label", "y", "targets", "class", "split", "groups", "first", "same", "id"]
)
def test_a_column_beside_the_raw_input_is_no_control(tmp_path, name):
    assert names(tmp_path / "c.npz", raw=RAW, **{name: COLUMN}) == ["raw"]


def test_labels_in_columns_are_no_control(tmp_path):
    one_hot = np.eye(3)[np.repeat([0, 1, 2], 4)]
    assert names(tmp_path / "c.npz", raw=RAW, labels=one_hot) == ["raw"]
    with pytest.raises(InputError, match=r"has no control: by their names 'labels' hold no"):
        names(tmp_path / "c.npz", labels=one_hot)
    with pytest.raises(InputError, match="by their names 'labels', 'fold' hold no vectors"):
        names(tmp_path / "c.npz", labels=COLUMN, fold=COLUMN)


def test_one_number_a_row_is_a_control_where_there_is_nothing_wider(tmp_path):
    assert names(tmp_path / "c.npz", brightness=COLUMN / 7) == ["brightness"]
    assert names(tmp_path / "c.npz", brightness=COLUMN / 7, raw=RAW) == ["raw"]


def test_a_wide_array_may_be_called_like_a_pair(tmp_path):
    assert names(tmp_path / "c.npz", left=RAW, right=RAW + 1) == ["left", "right"]
